"""``fazhi tag``: tag reports."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fazhi_ml.cli.read import STDIN, STDIN_NAME, read_files
from fazhi_ml.errors import FazhiError, OutputError, printable
from fazhi_ml.tagging.results import GRANULARITIES, Granularity, TaggedReport

if TYPE_CHECKING:
    from fazhi_ml.reports.overrides import MetadataTable
    from fazhi_ml.tagging.tagger import Tagger

__all__ = ["main", "page_paths", "tag_files"]

_DESCRIPTION = """\
Tag reports with themes, paragraph by paragraph. Reads text, HTML, Word and PDF.
Files that cannot be read are named at the end; the others are done.
"""

_EPILOG = """\
examples:
  fazhi tag report.html
  fazhi tag report.html --granularity item --explain
  fazhi tag report.html --format html -o page.html
  fazhi tag reports/*.txt --format jsonl > tagged.jsonl
  fazhi tag reports/*.txt --format html -o pages/
  fazhi tag report.pdf --metadata places.csv
  cat report.txt | fazhi tag - --format csv -o report.csv
"""


def tag_files(
    tagger: Tagger, files: Sequence[str], table: MetadataTable | None = None, *, explain: bool = False
) -> Iterator[TaggedReport | FazhiError]:
    """Tag files one after the other.

    Parameters
    ----------
    tagger : Tagger
    files : sequence of str
        Paths; ``"-"`` is standard input.
    table : MetadataTable, optional
        Corrections of metadata.
    explain : bool
        Whether items carry the evidence for their themes.

    Yields
    ------
    TaggedReport or FazhiError
        For each file, in order, its tagged report or the error that says why it has none.
    """
    for report in read_files(files, table):
        yield report if isinstance(report, FazhiError) else tagger.tag_report(report, explain=explain)


def page_paths(files: Sequence[str], folder: Path) -> list[Path]:
    """Return where the page of each file goes: ``<name without its ending>.html``, numbered where names meet."""
    taken: set[str] = set()
    paths = []
    for file in files:
        stem = STDIN_NAME if file == STDIN else Path(file).stem
        name, number = stem, 1
        # Some file systems take upper and lower case for the same.
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        paths.append(folder / f"{name}.html")
    return paths


def main(arguments: Sequence[str]) -> int:
    """Run ``fazhi tag`` and return its exit code.

    Raises
    ------
    FazhiError
        The model cannot be loaded, or the output cannot be written.
    """
    options = _parse(arguments)
    pages = options.format == "html"
    targets = _targets(options.files, options.output, pages=pages, force=options.force)
    from fazhi_ml.tagging.tagger import load

    tagger = load(options.model)
    table = _table(options.metadata)
    results = tag_files(tagger, options.files, table, explain=options.explain or pages)
    if sys.stderr.isatty() and len(options.files) > 1 and (targets or not sys.stdout.isatty()):
        results = _with_progress(results, len(options.files))
    failures: list[FazhiError] = []
    if pages:
        _write_pages(results, targets, failures, force=options.force)
    else:
        reports = _successes(results, failures)
        # No report, no file.
        first = next(reports, None)
        if first is not None:
            _write(_pieces(chain([first], reports), options, tagger.themes), options)
    for failure in failures:
        _tell(f"error: {failure}")
    if failures and len(options.files) > 1:
        _tell(f"{len(failures)} of {len(options.files)} files failed")
    return 1 if failures else 0


def _table(path: Path | None) -> MetadataTable | None:
    if path is None:
        return None
    from fazhi_ml.reports.overrides import MetadataTable

    return MetadataTable.read(path)


def _tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")


class _Options(argparse.Namespace):
    files: list[str]
    model: str | None
    granularity: Granularity
    format: Literal["table", "jsonl", "csv", "html"]
    output: Path | None
    metadata: Path | None
    force: bool
    explain: bool


def _parse(arguments: Sequence[str]) -> _Options:
    parser = argparse.ArgumentParser(
        "fazhi tag",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a report; - is standard input")
    add("-m", "--model", help="model folder or models:/NAME@ALIAS; by default the shipped one")
    add(
        "-g", "--granularity", choices=GRANULARITIES, default="paragraph",
        help="what a row or record is: a paragraph (default), or an item of one (一是…, 二是…)",
    )  # fmt: skip
    add(
        "-f", "--format", choices=("table", "jsonl", "csv", "html"), default="table",
        help="table (default) and html are to read, jsonl and csv to process",
    )  # fmt: skip
    add("-o", "--output", type=Path, help="file to write, or a folder for pages; by default standard output")
    add("--metadata", type=Path, metavar="CSV", help="table that corrects place, level, agency and year")
    add("--force", action="store_true", help="replace files that exist")
    add("--explain", action="store_true", help="add the terms that speak for each theme (pages always have them)")
    options = parser.parse_intermixed_args(arguments, namespace=_Options())
    if options.files.count(STDIN) > 1:
        parser.error("standard input (-) can be read once only")
    if options.format == "html" and len(options.files) > 1 and options.output is None:
        parser.error("several pages need a folder: add --output FOLDER")
    return options


def _targets(files: Sequence[str], output: Path | None, *, pages: bool, force: bool) -> list[Path]:
    """Return the files to write (none for stdout), after a check that each may be written."""
    from fazhi_ml.tagging.export import check_target

    if output is None:
        return []
    if pages and (len(files) > 1 or _is_folder(output)):
        _make_folder(output)
        targets = page_paths(files, output)
    else:
        targets = [output]
    inputs = {os.path.realpath(file) for file in files if file != STDIN}
    for target in targets:
        if os.path.realpath(target) in inputs:
            raise OutputError("is one of the files to tag", source=target, remedy="Write to another place.")
        check_target(target, overwrite=force)
    return targets


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be made ({error.strerror})", source=folder, remedy="Choose another place."
        ) from error


def _successes(results: Iterable[TaggedReport | FazhiError], failures: list[FazhiError]) -> Iterator[TaggedReport]:
    """Hand on the reports, their notes told on stderr, and keep the errors for the end."""
    for result in results:
        if isinstance(result, FazhiError):
            failures.append(result)
        else:
            _tell_notes(result)
            yield result


def _tell_notes(report: TaggedReport) -> None:
    for note in report.notes:
        _tell(f"note: {printable(report.provenance.path or STDIN_NAME)}: {note}")


def _pieces(reports: Iterable[TaggedReport], options: _Options, themes: Sequence[str]) -> Iterator[str]:
    """Yield the output for `reports`, piece by piece, in the format asked for (not html)."""
    from fazhi_ml.tagging.export import explained_records, to_csv, to_jsonl

    if options.format == "table":
        from fazhi_ml.cli.console import render_table

        width = shutil.get_terminal_size((120, 24)).columns
        colour = options.output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for report in reports:
            yield render_table(report, options.granularity, explain=options.explain, width=width, colour=colour)
        return
    to_records = explained_records if options.explain else TaggedReport.to_records
    records = (record for report in reports for record in to_records(report, options.granularity))
    yield from to_jsonl(records) if options.format == "jsonl" else to_csv(records, themes)


def _write(pieces: Iterator[str], options: _Options) -> None:
    if options.output is None:
        sys.stdout.writelines(pieces)
        return
    from fazhi_ml.tagging.export import write_text

    # Spreadsheets take a CSV file for UTF-8 only when it begins with a byte order mark.
    mark = ["\ufeff"] if options.format == "csv" else []
    write_text(options.output, chain(mark, pieces), overwrite=options.force)


def _write_pages(
    results: Iterable[TaggedReport | FazhiError], targets: Sequence[Path], failures: list[FazhiError], *, force: bool
) -> None:
    from fazhi_ml.tagging.export import write_text
    from fazhi_ml.tagging.page import render_page

    for number, result in enumerate(results):
        if isinstance(result, FazhiError):
            failures.append(result)
            continue
        _tell_notes(result)
        page = render_page(result)
        if targets:
            write_text(targets[number], page, overwrite=force)
        else:
            sys.stdout.write(page)


def _with_progress(results: Iterator[TaggedReport | FazhiError], total: int) -> Iterator[TaggedReport | FazhiError]:
    from rich.console import Console
    from rich.progress import Progress

    # What we write to stdout are data: the bar must not take them for its own lines.
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        yield from progress.track(results, total=total, description="Tagging")
