"""The outline of a document as people see it in the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from fazhi_ml.errors import printable
from fazhi_ml.reports.document import Heading, Report, Span

__all__ = ["render_outline"]

_BOLD, _DIM, _PLAIN, _RESET = "\x1b[1m", "\x1b[2m", "", "\x1b[0m"
_HEADING = "\x1b[1;36m"
_KIND_WIDTH = 6
_GAP = "  "
_NARROWEST_TEXT = 20
"""Columns that text gets at least, however narrow the terminal."""
_PREVIEW = 400
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class _Row:
    span: Span
    kind: str
    text: str
    depth: int
    style: str
    remark: str = ""


def render_outline(report: Report, *, width: int, colour: bool) -> str:
    """Render what was read from a document: facts, then one line a heading, paragraph, item and line of chrome.

    Parameters
    ----------
    report : Report
    width : int
        Columns of the terminal; a Chinese character takes two.
    colour : bool
        Whether to write styles as escape sequences. The text of the document never brings any of its own.

    Returns
    -------
    str
        Ends with a line end.
    """
    rows = sorted(_rows(report), key=lambda row: row.span.start)
    digits = len(str(len(report.text)))
    lines = [*_facts(report, width, colour), ""]
    for row in rows:
        span = f"{row.span.start:>{digits}}-{row.span.end:<{digits}}"
        kind = f"{row.kind:<{_KIND_WIDTH}}"
        lead = span + _GAP + kind + _GAP + "  " * row.depth
        remark = _GAP + row.remark if row.remark else ""
        room = width - len(lead) - len(remark)
        if room < _NARROWEST_TEXT:
            room, remark = max(width - len(lead), _NARROWEST_TEXT), ""
        text = _clipped(_one_line(row.text), room)
        lines.append(
            f"{_styled(span, _DIM, colour)}{_GAP}{_styled(kind, row.style, colour)}{lead[len(span + _GAP + kind) :]}"
            f"{_styled(text, row.style, colour)}{_styled(remark, _DIM, colour)}"
        )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _facts(report: Report, width: int, colour: bool) -> Iterator[str]:
    metadata, provenance = report.metadata, report.provenance
    yield _styled(_clipped(_one_line(report.title or "(no title)"), width), _BOLD, colour)
    facts = {name: getattr(metadata, name) for name in ("place", "level", "agency", "year")}
    yield _clipped(" · ".join(f"{name} {_one_line(str(fact or '-'))}" for name, fact in facts.items()), width)
    source = [_one_line(provenance.path or "-"), provenance.reader, provenance.encoding, provenance.sha256[:12]]
    yield _styled(_clipped(" · ".join(part for part in source if part), width), _DIM, colour)
    n_items = sum(len(paragraph.items) for paragraph in report.paragraphs)
    counts = {
        "headings": len(report.headings), "paragraphs": len(report.paragraphs), "items": n_items,
        "lines of chrome": len(report.chrome), "characters": len(report.text),
    }  # fmt: skip
    yield _styled(_clipped(" · ".join(f"{count:,} {name}" for name, count in counts.items()), width), _DIM, colour)
    for note in report.notes:
        yield _clipped(f"note: {_one_line(note)}", width)


def _rows(report: Report) -> Iterator[_Row]:
    """Yield what a document consists of; of parts that start together the outer one comes first."""
    roles = {section.path: section.role for section in report.sections}
    starts = {section.span.start: section for section in report.sections if section.path}
    for span in report.chrome:
        text = span.of(report.text)
        yield _Row(span, "title" if text == report.title else "chrome", text, 0, _DIM)
    for heading in report.headings:
        section = starts[heading.span.start]
        above = roles.get(section.path[:-1])
        yield _heading_row(heading, "" if section.role == above else section.role)
    for paragraph in report.paragraphs:
        depth = min(len(paragraph.section), _DEEPEST)
        yield _Row(paragraph.span, "par", paragraph.text, depth, _PLAIN)
        if len(paragraph.items) > 1:
            for item in paragraph.items:
                yield _Row(item.span, "item", item.text, depth + 1, _PLAIN)


def _heading_row(heading: Heading, role: str) -> _Row:
    kind = f"H{heading.level}" + ("+" if heading.run_in else "")
    return _Row(heading.span, kind, heading.text, min(heading.level - 1, _DEEPEST), _HEADING, role)


def _styled(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_RESET}" if colour and style and text else text


def _one_line(text: str) -> str:
    return printable(" ".join(text[:_PREVIEW].split()))


def _clipped(text: str, width: int) -> str:
    """Cut `text` to `width` columns, with an ellipsis where something is lost."""
    used = 0
    fits = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used <= width - 1:
            fits = index + 1
        if used > width:
            return text[:fits] + "…"
    return text


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
