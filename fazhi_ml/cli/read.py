"""``fazhi read``: show what the readers make of a document."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from fazhi_ml.errors import FazhiError, OutputError, printable
from fazhi_ml.reports.document import Report, Span
from fazhi_ml.reports.overrides import MetadataTable
from fazhi_ml.reports.read import read_bytes, read_report

__all__ = ["STDIN", "STDIN_NAME", "main", "read_files", "report_data"]

STDIN = "-"
STDIN_NAME = "stdin"

_DESCRIPTION = """\
Show what is read from a document, before any tagging: its title and metadata, the tree of headings with their roles,
paragraphs and items with their places in the text, and the page chrome that is left out.
"""

_EPILOG = """\
examples:
  fazhi read report.docx                          the outline, to look at
  fazhi read report.pdf --format text             the text that offsets point into
  fazhi read *.html --format json > read.jsonl    everything, one JSON object a file
  fazhi read report.pdf --metadata metadata.csv   with metadata corrected
  curl -s https://example.org/1.html | fazhi read -

the outline, line by line:
  0-24     start and end in the text, in code points
  H1 H2…   a heading of that level, and the role of its section where it is not that of the section around it;
           H3+ runs into the paragraph below it
  par      a paragraph; item: a part of it that 一是, 其次, ① opens (none where the paragraph is one item)
  chrome   a line that is no body text: date, source, buttons, signature; title: the line that is the title

the table of metadata is a CSV file with the columns file and any of place, level, agency, year:
  file,place,level,agency,year
  2022/report-17.pdf,分宜县,county,-,2022         a cell - clears what was read, an empty one leaves it
"""


def read_files(files: Sequence[str], table: MetadataTable | None = None) -> Iterator[Report | FazhiError]:
    """Read files one after the other.

    Parameters
    ----------
    files : sequence of str
        Paths; ``"-"`` is standard input.
    table : MetadataTable, optional
        Corrections of metadata.

    Yields
    ------
    Report or FazhiError
        For each file, in order, its report or the error that says why it has none.

    Raises
    ------
    ConfigError
        The table has several rows that may be meant for a file.
    """
    for file in files:
        override = table.for_path(file) if table and file != STDIN else None
        try:
            report = _read_stdin() if file == STDIN else read_report(file)
        except FazhiError as error:
            yield error
            continue
        yield override.apply(report) if override else report


def _read_stdin() -> Report:
    from fazhi_ml.reports.limits import MAX_BYTES

    # One byte more than allowed is enough for the reader to see that there are too many.
    return read_bytes(sys.stdin.buffer.read(MAX_BYTES + 1), name=STDIN_NAME)


def report_data(report: Report) -> dict[str, Any]:
    """Return all that is read from a document as values that JSON has.

    Parameters
    ----------
    report : Report

    Returns
    -------
    dict
        ``title``, ``metadata`` (place, level, agency, year), ``provenance`` (path, sha256, reader, encoding),
        ``notes``, ``headings`` (level, run_in, role, start, end, text), ``sections`` (path, role, start, end),
        ``paragraphs`` (section, role, start, end, text, items), ``chrome`` and ``text``. Items and
        chrome are objects with start, end and text; ``start`` and ``end`` are code points into ``text``.
    """
    from dataclasses import asdict

    roles = {section.span.start: section.role for section in report.sections}
    return {
        "title": report.title,
        "metadata": asdict(report.metadata),
        "provenance": asdict(report.provenance),
        "notes": list(report.notes),
        "headings": [
            {"level": heading.level, "run_in": heading.run_in, "role": roles.get(heading.span.start)}
            | _part(heading.span, heading.text)
            for heading in report.headings
        ],
        "sections": [
            {"path": list(section.path), "role": section.role, "start": section.span.start, "end": section.span.end}
            for section in report.sections
        ],
        "paragraphs": [
            {"section": list(paragraph.section), "role": paragraph.role}
            | _part(paragraph.span, paragraph.text)
            | {"items": [_part(item.span, item.text) for item in paragraph.items]}
            for paragraph in report.paragraphs
        ],
        "chrome": [_part(span, span.of(report.text)) for span in report.chrome],
        "text": report.text,
    }


def _part(span: Span, text: str) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "text": text}


def main(arguments: Sequence[str]) -> int:
    """Run ``fazhi read`` and return its exit code.

    Raises
    ------
    FazhiError
        The table of metadata is malformed, or the output cannot be written.
    """
    options = _parse(arguments)
    if options.output:
        _check_output(options.output, options)
    table = MetadataTable.read(options.metadata) if options.metadata else None
    failures: list[FazhiError] = []
    reports = _successes(read_files(options.files, table), failures, options)
    # No report, no file.
    first = next(reports, None)
    if first is not None:
        _write(_pieces(chain([first], reports), options), options)
    for failure in failures:
        sys.stderr.write(f"error: {failure}\n")
    if failures and len(options.files) > 1:
        sys.stderr.write(f"{len(failures)} of {len(options.files)} files failed\n")
    return 1 if failures else 0


class _Options(argparse.Namespace):
    files: list[str]
    format: Literal["outline", "text", "json"]
    output: Path | None
    metadata: Path | None
    force: bool


def _parse(arguments: Sequence[str]) -> _Options:
    parser = argparse.ArgumentParser(
        "fazhi read",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a document; - is standard input")
    add(
        "-f", "--format", choices=("outline", "text", "json"), default="outline",
        help="outline (default) is to look at, text is the text as extracted, json is everything",
    )  # fmt: skip
    add("-o", "--output", type=Path, help="file to write; by default standard output")
    add("--metadata", type=Path, metavar="CSV", help="table that corrects place, level, agency and year")
    add("--force", action="store_true", help="replace a file that exists")
    options = parser.parse_intermixed_args(arguments, namespace=_Options())
    if options.files.count(STDIN) > 1:
        parser.error("standard input (-) can be read once only")
    return options


def _check_output(output: Path, options: _Options) -> None:
    from fazhi_ml.tagging.export import check_target

    inputs = [file for file in options.files if file != STDIN] + [os.fspath(options.metadata or "")]
    if os.path.realpath(output) in {os.path.realpath(file) for file in inputs if file}:
        raise OutputError("is one of the files to read", source=output, remedy="Write to another place.")
    check_target(output, overwrite=options.force)


def _successes(
    results: Iterable[Report | FazhiError], failures: list[FazhiError], options: _Options
) -> Iterator[Report]:
    """Hand on the reports and keep the errors for the end; tell notes that the format has no place for."""
    for result in results:
        if isinstance(result, FazhiError):
            failures.append(result)
            continue
        if options.format == "text":
            for note in result.notes:
                sys.stderr.write(f"note: {printable(result.provenance.path or '')}: {note}\n")
        yield result


def _pieces(reports: Iterable[Report], options: _Options) -> Iterator[str]:
    """Yield the output for `reports`, piece by piece, in the format asked for."""
    terminal = options.output is None and sys.stdout.isatty()
    if options.format == "json":
        from fazhi_ml.tagging.export import to_jsonl

        yield from to_jsonl(map(report_data, reports))
    elif options.format == "text":
        several = len(options.files) > 1
        for number, report in enumerate(reports):
            if several:
                yield f"{chr(10) if number else ''}==> {printable(report.provenance.path or '')} <==\n"
            text = report.text
            # A file gets the text as it is; a terminal would act on control characters.
            yield "".join(f"{printable(line)}\n" for line in text.splitlines()) if terminal else text
            if several and not terminal and not text.endswith("\n"):
                yield "\n"
    else:
        from fazhi_ml.cli.outline import render_outline

        width = shutil.get_terminal_size((120, 24)).columns
        colour = terminal and not os.environ.get("NO_COLOR")
        for number, report in enumerate(reports):
            yield ("\n" if number else "") + render_outline(report, width=width, colour=colour)


def _write(pieces: Iterator[str], options: _Options) -> None:
    if options.output is None:
        sys.stdout.writelines(pieces)
        return
    from fazhi_ml.tagging.export import write_text

    write_text(options.output, pieces, overwrite=options.force)
