"""``fazhi archive``: tag a folder of reports."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fazhi_ml.archive.outputs import FORMATS, Format
from fazhi_ml.errors import printable
from fazhi_ml.tagging.results import GRANULARITIES, Granularity

if TYPE_CHECKING:
    from rich.progress import TaskID

    from fazhi_ml.archive.run import ArchiveSummary, Progress

__all__ = ["main"]

_DESCRIPTION = """\
Tag all reports below a folder and make tables, trends and a page to look at them.

What is done is kept: a run that was stopped (Ctrl-C) or killed goes on where it was when the same command is given
again. Later runs tag new and changed files only. Files that cannot be read are listed in OUT/errors.csv.
"""

_EPILOG = """\
OUT will hold:
  index.html                 what is in the archive; opens in a browser, needs no network
  pages/                     a page for each report
  items.parquet              one row an item (一是…, 二是…) with its themes and probabilities
  reports.parquet            one row a report: place, year, counts, theme shares
  terms.parquet              in how many items of each theme and year a word stands
  themes_by_place_year.csv   theme shares by place and year
  errors.csv, summary.json   what could not be read, and counts of everything

examples:
  fazhi archive reports/ -o tagged/
  fazhi archive reports/ -o tagged/ --workers 8 --metadata places.csv
  fazhi archive reports/ -o tagged/ --format csv --bom      tables for Excel
  fazhi tables tagged/ --by place,year --theme supervision  what to do next

places.csv: a column `file`, and any of place, level, agency, year; they replace what was read from the documents.
Exit codes: 0 done, 1 some files failed (they are in errors.csv) or the run could not go on (the message says why),
2 wrong usage, 130 stopped.
"""

_SECONDS_BETWEEN_LINES = 10.0
_LINES = 10


class _Options(argparse.Namespace):
    folder: Path
    output: Path
    model: str | None
    workers: int | None
    metadata: Path | None
    granularity: Granularity
    format: Format
    bom: bool
    pages: bool


def main(arguments: Sequence[str]) -> int:
    """Run ``fazhi archive`` and return its exit code.

    Raises
    ------
    FazhiError
        As `fazhi_ml.archive.run.tag_archive`.
    """
    options = _parse(arguments)
    try:
        summary = _run(options)
    except KeyboardInterrupt:
        # A second one would meet the end of the interpreter.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _tell("stopped; run the same command again to go on")
        return 130
    _tell_summary(summary)
    layout = summary.layout
    for path in (layout.index, layout.items, layout.reports, layout.summary):
        sys.stdout.write(f"{printable(str(path))}\n")
    return 1 if summary.errors else 0


def _run(options: _Options) -> ArchiveSummary:
    from fazhi_ml.archive.run import tag_archive

    metadata = None
    if options.metadata is not None:
        from fazhi_ml.reports.overrides import MetadataTable

        metadata = MetadataTable.read(options.metadata)
    with _Bar() if sys.stderr.isatty() else _Lines() as progress:
        return tag_archive(
            options.folder,
            options.output,
            model=options.model,
            workers=options.workers,
            metadata=metadata,
            granularity=options.granularity,
            format=options.format,
            bom=options.bom,
            pages=options.pages,
            progress=progress,
        )


def _parse(arguments: Sequence[str]) -> _Options:
    parser = argparse.ArgumentParser(
        "fazhi archive",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="the archive: text, HTML, Word and PDF files at any depth")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help="a new folder, or that of an earlier run")
    add("-m", "--model", help="model folder or models:/NAME@ALIAS; by default the shipped one")
    add("-w", "--workers", type=int, metavar="N", help="number of processes; by default one for each core")
    add("--metadata", type=Path, metavar="CSV", help="place, level, agency and year where you know better")
    add(
        "-g", "--granularity", choices=GRANULARITIES, default="item",
        help="what a row of items.parquet is: an item (default), or a paragraph",
    )  # fmt: skip
    add("-f", "--format", choices=FORMATS, default="parquet", help="write items and reports in this format as well")
    add("--bom", action="store_true", help="begin CSV files with a byte order mark, so that Excel reads Chinese")
    add("--no-pages", dest="pages", action="store_false", help="make no page for each report")
    return parser.parse_args(arguments, namespace=_Options())


def _tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _tell_summary(summary: ArchiveSummary) -> None:
    for entry in summary.unused_metadata:
        _tell(f"note: the metadata for {printable(entry)} fit no file")
    done = [f"{summary.tagged:,} tagged", f"{summary.failed:,} failed", f"{summary.removed:,} gone"]
    _tell(f"{summary.files:,} documents: {', '.join(done)} in this run" if summary.written else "nothing to do")
    if summary.errors:
        _tell(f"{summary.errors:,} cannot be read: see {printable(str(summary.layout.errors))}")


class _Lines:
    """Tells progress in plain lines: one every tenth of the work, or every ten seconds."""

    def __init__(self) -> None:
        self._stage = ""
        self._begun = self._told = time.monotonic()
        self._tenth = 0

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is open."""

    def __call__(self, progress: Progress) -> None:
        """Tell how far the run is, when it is time to."""
        if progress.news:
            _tell(f"note: {progress.news}")
        now = time.monotonic()
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._begun = self._told = now
            if progress.stage == "writing":
                _tell("writing tables")
            return
        tenth = _LINES * progress.done // progress.total
        if tenth > self._tenth or now - self._told >= _SECONDS_BETWEEN_LINES:
            self._tenth, self._told = tenth, now
            _tell(self._line(progress, now - self._begun))

    def _line(self, progress: Progress, seconds: float) -> str:
        rate = progress.done / seconds if seconds else 0.0
        line = f"{progress.done:,} of {progress.total:,} documents, {rate:.0f} a second"
        if progress.done < progress.total and rate:
            line += f", {_duration((progress.total - progress.done) / rate)} to go"
        return f"{line}, {progress.failed:,} failed" if progress.failed else line


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Bar:
    """Tells progress as a bar with rate, remaining time and errors."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}"),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._begun = time.monotonic()
        self._task: TaskID | None = None

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far the run is."""
        if progress.news:
            self._bar.console.print(f"note: {progress.news}", markup=False, highlight=False)
        if self._task is None or progress.done == 0:
            self._begun = time.monotonic()
        if self._task is None:
            self._task = self._bar.add_task("", total=None, rate="", failed="")
        seconds = time.monotonic() - self._begun
        self._bar.update(
            self._task,
            description=f"{progress.stage.capitalize():<8}",
            completed=progress.done,
            total=progress.total if progress.stage == "tagging" else None,
            rate=f"{progress.done / seconds:.0f}/s" if progress.done and progress.stage == "tagging" else "",
            failed=f"[red]{progress.failed:,} failed" if progress.failed else "",
        )
