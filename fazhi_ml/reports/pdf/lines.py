"""Characters of a PDF page → lines in reading order, column by column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

__all__ = ["HEADING", "NUMBER", "Frame", "Glyph", "Line", "is_wide", "page_frames"]

# In units of the character size:
_SAME_LINE = 0.45  # baselines closer than this belong to one line; lines stand a whole unit apart at least
_RAISED = (0.5, 0.7)  # sizes of raised and lowered characters, which count by the size of what they stand beside
_COLUMN_GAP = 1.4  # wider gaps separate cells or columns: justified text is spaced less
_TAB = 3.5  # after a number there may be a tab stop this far away
_WORD_GAP = 0.2
_MIXED_GAP = 0.6  # between Latin and Chinese, which word processors set a quarter of a unit apart without a space
_OVERPRINT = 0.3  # of a character's width: the same one again this near is one, printed twice to look bold
# Columns: many lines begin at one place well inside the page, and what stands beside them ends before it, mostly right
# before it, as running text does and cells of tables do not.
_FEWEST_COLUMN_LINES = 6
_NARROWEST_COLUMN = 8
_WIDEST_GUTTER = 4
_FULL = 0.5
_MOST_ACROSS = 0.2
_CN = "一二三四五六七八九十"
_HEADING = rf"第[{_CN}百\d]{{1,4}}[章节篇条部]|[{_CN}]{{1,3}}[、.．]|[（(][{_CN}]{{1,3}}[)）]"
_ITEM = r"[（(]\d{1,3}[)）]|\d{1,3}(?:[.．](?!\d)|、)|[①-⑳]"
HEADING = re.compile(_HEADING)
"""The number of a heading."""
NUMBER = re.compile(f"{_HEADING}|{_ITEM}")
"""The number of a heading, or of an item of a list."""
_LONGEST_NUMBER = 8
_WIDE_SIGNS = frozenset("“”‘’—…·①②③④⑤⑥⑦⑧⑨⑩●■◆★")


class Glyph(NamedTuple):
    """A character where it stands: from `x0` to `x1` on a baseline `y`, which grows downward; all in points."""

    char: str
    x0: float
    x1: float
    y: float
    size: float


@dataclass(slots=True)
class Line:
    """A line of text without surrounding white space.

    `cells` when wide gaps cut it, as in a row of a table; `words` is where they begin after its number, if it has one.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    cells: bool = False
    words: float | None = None


Frame = list[Line]
"""Lines that share their margins, from top to bottom: a page, or a column of a part of it."""


def is_wide(char: str) -> bool:
    """Tell whether a character fills a square, and so stands without spaces between words."""
    return char >= "\u2e80" or char in _WIDE_SIGNS


def page_frames(glyphs: list[Glyph], gutter: float | None = None) -> tuple[list[Frame], float | None]:
    """Lay out the characters of a page.

    Parameters
    ----------
    glyphs : list of Glyph
        In the order in which the page draws them, which need not be that of reading.
    gutter : float, optional
        Where the page before has the gap between two columns: on a last page, there may be too little text to tell.

    Returns
    -------
    frames : list of Frame
        One for a page without columns, none for an empty one.
    gutter : float or None
        Where the gap between two columns is.
    """
    rows = [segments for row in _rows(glyphs) if (segments := list(_segments(row)))]
    found = _gutter(rows)
    if found is None and gutter is not None and _is_gutter(rows, gutter):
        found = gutter
    if found is None:
        return ([[_joined(row) for row in rows]] if rows else []), None
    return list(_columns(rows, found)), found


def _columns(rows: list[list[Line]], gutter: float) -> Iterator[Frame]:
    """Yield what stands left of the gutter, then what stands right of it, between lines that run across."""
    columns: tuple[Frame, Frame] = [], []
    across: Frame = []
    for row in rows:
        left = [part for part in row if part.x1 <= gutter]
        right = [part for part in row if part.x0 >= gutter and part.x1 > gutter]
        if len(left) + len(right) < len(row):
            # A line across the gutter ends the columns above it.
            yield from filter(None, columns)
            columns = [], []
            across.append(_joined(row))
            continue
        if across:
            yield across
            across = []
        for column, parts in zip(columns, (left, right), strict=True):
            if parts:
                column.append(_joined(parts))
    yield from filter(None, (*columns, across))


def _is_gutter(rows: list[list[Line]], gutter: float) -> bool:
    """Tell whether lines stand on both sides of a gutter, and hardly any across it."""
    across = sum(any(part.x0 < gutter < part.x1 for part in row) for row in rows)
    both = sum(row[0].x1 <= gutter <= row[-1].x0 for row in rows)
    return both > 0 and across <= _MOST_ACROSS * len(rows)


def _rows(glyphs: list[Glyph]) -> Iterator[list[Glyph]]:
    """Group characters by baseline, from top to bottom, and from left to right within each."""
    row: list[Glyph] = []
    largest = 0.0
    baseline = 0.0
    for glyph in sorted(glyphs, key=lambda glyph: glyph.y):
        if row and glyph.y - baseline > _SAME_LINE * _line_size(largest, glyph.size):
            yield sorted(row, key=lambda glyph: glyph.x0)
            row, largest = [], 0.0
        if glyph.size > largest and not glyph.char.isspace():
            largest, baseline = glyph.size, glyph.y
        elif not row:
            baseline = glyph.y
        row.append(glyph)
    if row:
        yield sorted(row, key=lambda glyph: glyph.x0)


def _line_size(first: float, second: float) -> float:
    smaller, larger = sorted((first, second))
    return larger if _RAISED[0] * larger <= smaller <= _RAISED[1] * larger else smaller


def _segments(row: list[Glyph]) -> Iterator[Line]:
    """Cut a row where wide gaps show cells or columns; typed spaces bridge a gap."""
    part: list[Glyph] = []
    end = 0.0
    is_first = True
    for glyph in _printed_once(row):
        gap = (glyph.x0 - end) / min(glyph.size, part[-1].size) if part else 0.0
        if gap > _COLUMN_GAP and (gap > _TAB or not is_first or not _is_number(part)):
            is_first = False
            yield from _line(part)
            part = []
        end = max(end, glyph.x1) if part else glyph.x1
        part.append(glyph)
    yield from _line(part)


def _is_number(part: list[Glyph]) -> bool:
    return len(part) <= _LONGEST_NUMBER and NUMBER.fullmatch("".join(glyph.char for glyph in part).strip()) is not None


def _printed_once(row: list[Glyph]) -> Iterator[Glyph]:
    last: Glyph | None = None
    for glyph in row:
        width = min(glyph.x1 - glyph.x0, glyph.size)
        if last is None or glyph.char != last.char or glyph.x0 - last.x0 > _OVERPRINT * width:
            yield glyph
            last = glyph


def _line(glyphs: list[Glyph]) -> Iterator[Line]:
    """Make a line of neighbouring characters, unless they are all white space."""
    shown = [index for index, glyph in enumerate(glyphs) if not glyph.char.isspace()]
    if not shown:
        return
    kept = glyphs[shown[0] : shown[-1] + 1]
    pairs = list(pairwise(kept))
    # Justified text is spaced evenly between Chinese characters; a space stands out from that.
    even = sorted(glyph.x0 - last.x1 for last, glyph in pairs if is_wide(last.char) and is_wide(glyph.char))
    spacing = max(even[len(even) // 2], 0.0) if even else 0.0
    pieces = [kept[0].char]
    for last, glyph in pairs:
        gap = glyph.x0 - last.x1
        if gap > _space(last, glyph, spacing) and not (last.char.isspace() or glyph.char.isspace()):
            pieces.append(" ")
        pieces.append(glyph.char)
    sizes = sorted(glyphs[index].size for index in shown)
    yield Line(
        "".join(pieces),
        kept[0].x0,
        max(glyph.x1 for glyph in kept),
        kept[0].y,
        sizes[len(sizes) // 2],
        words=_words(kept),
    )


def _words(glyphs: list[Glyph]) -> float | None:
    """Return where the words after a number begin, or None for a line without a number."""
    number = NUMBER.match("".join(glyph.char for glyph in glyphs[: _LONGEST_NUMBER + 1]))
    after = glyphs[number.end() :] if number else []
    return next((glyph.x0 for glyph in after if not glyph.char.isspace()), None)


def _space(last: Glyph, glyph: Glyph, spacing: float) -> float:
    """Return the distance from which there is a space between two characters."""
    size = max(last.size, glyph.size)
    wide = is_wide(last.char[-1]) + is_wide(glyph.char[0])
    return _WORD_GAP * size + spacing if wide == 2 else (_MIXED_GAP if wide else _WORD_GAP) * size


def _joined(row: list[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    text = "\u3000".join(part.text for part in row)
    return Line(text, row[0].x0, row[-1].x1, row[0].y, max(part.size for part in row), cells=True)


def _gutter(rows: list[list[Line]]) -> float | None:
    """Find the place between two columns of running text, or return None."""
    parts = [part for row in rows for part in row]
    if len(parts) < 2 * _FEWEST_COLUMN_LINES:
        return None
    size = median(part.size for part in parts)
    margin = min(part.x0 for part in parts)
    begins = Counter(round(part.x0 / size) for part in parts if part.x0 - margin > _NARROWEST_COLUMN * size)
    if not begins:
        return None
    common = max(begins, key=begins.__getitem__)
    right = [part for part in parts if abs(part.x0 / size - common) <= 1]
    start = min(part.x0 for part in right)
    top, bottom = min(part.y for part in right), max(part.y for part in right)
    beside = [part for part in parts if part.x0 < start and top - size < part.y < bottom + size]
    left = [part for part in beside if part.x1 < start]
    full = [part.x1 for part in left if start - part.x1 < _WIDEST_GUTTER * size]
    found = (
        min(len(left), len(right)) >= _FEWEST_COLUMN_LINES
        and len(full) >= _FULL * len(left)
        and len(beside) - len(left) <= _MOST_ACROSS * len(beside)
    )
    return (max(full) + start) / 2 if found else None
