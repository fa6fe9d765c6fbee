"""Automatic numbers of a Word document, as a reader sees them (``numbering.xml``; ECMA-376, Part 1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fazhi_ml.reports.readers.docx.package import W
from fazhi_ml.reports.readers.docx.styles import Style, Styles, is_on, number, value
from fazhi_ml.reports.readers.numerals import is_known_format, numeral

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["Numbering"]

_LEVELS = 9
# Word's patterns name each level once; crafted ones would blow up.
_LONGEST_NUMBER = 80
_PLACEHOLDER = re.compile(r"%([1-9])")
_FULL_WIDTH_DIGITS = "０１２３４５６７８９"
# A typist leaves a gap after a bare number (1 总则, 1.1 范围, 第一条 为了), and none after 一、 （一） 1. ① or 第一章.
_NEEDS_GAP = re.compile(
    rf"[0-9A-Za-z{_FULL_WIDTH_DIGITS}〇零一二三四五六七八九十百千甲-癸子丑寅卯辰巳午未申酉戌亥节条]"
)


@dataclass(frozen=True, slots=True)
class _Level:
    """``w:lvl``: how one level of a list counts and looks.

    `restart` is the number of levels above this one whose use makes it start again: all of them by default.
    """

    start: int
    number_format: str
    text: str
    suffix: str
    is_legal: bool
    restart: int
    style: str | None


@dataclass(slots=True)
class _Definition:
    """``w:abstractNum``: the levels of a list and the counts that all lists made from it share."""

    levels: dict[int, _Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


@dataclass(slots=True)
class _List:
    """``w:num``: a list made from a definition, with levels of its own, and starts that count for their first use."""

    definition: _Definition
    levels: dict[int, _Level]
    starts: dict[int, int]


class Numbering:
    """Counts the numbered paragraphs of a document, which must be shown to it in order.

    Parameters
    ----------
    root : lxml element or None
        ``w:numbering``.
    styles : Styles

    Attributes
    ----------
    has_unknown_format : bool
        Whether a number was written in decimal because its format is not known.
    """

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self.has_unknown_format = False
        self._styles = styles
        self._elements: dict[str, etree._Element] = {}
        self._definition_elements: dict[str, etree._Element] = {}
        self._definitions: dict[str, _Definition] = {}
        self._lists: dict[str, _List | None] = {}
        for element in () if root is None else root.iterchildren(f"{W}num", f"{W}abstractNum"):
            if element.tag == f"{W}num":
                self._elements[element.get(f"{W}numId", "")] = element
            else:
                self._definition_elements[element.get(f"{W}abstractNumId", "")] = element

    def next_number(self, properties: etree._Element | None, style: Style) -> str:
        """Count a paragraph and return its number with the gap that a typist would leave.

        Parameters
        ----------
        properties : lxml element or None
            ``w:pPr`` of the paragraph.
        style : Style
            Of the paragraph.

        Returns
        -------
        str
            Empty for paragraphs without a number, and for bullets.
        """
        numbered = self._list(value(properties, "numPr", "numId") or style.num_id or "")
        if numbered is None:
            return ""
        index = number(value(properties, "numPr", "ilvl"))
        if index is None:
            index = _linked_level(numbered, style)
        level = numbered.levels.get(index)
        if level is None:
            return ""
        self._count(numbered, index, level)
        return self._written(numbered, level)

    @staticmethod
    def _count(numbered: _List, index: int, level: _Level) -> None:
        counts = numbered.definition.counts
        for upper in range(index):
            # A level that was passed over counts as if a paragraph of it had come first.
            if counts[upper] is None and upper in numbered.levels:
                counts[upper] = numbered.levels[upper].start
        start, before = numbered.starts.pop(index, None), counts[index]
        if start is None:
            start = level.start if before is None else before + 1
        counts[index] = start
        for deeper in range(index + 1, _LEVELS):
            if deeper in numbered.levels and index < numbered.levels[deeper].restart:
                counts[deeper] = None

    def _written(self, numbered: _List, level: _Level) -> str:
        if level.number_format == "bullet":
            return ""

        counts = numbered.definition.counts

        def place(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            shown, count = numbered.levels.get(index), counts[index]
            # A pattern has no business with the levels below its own, which may not have begun.
            return "" if shown is None or count is None else self._numeral(count, shown.number_format, level.is_legal)

        text = _PLACEHOLDER.sub(place, level.text, count=_LEVELS)[:_LONGEST_NUMBER].lstrip()
        if level.suffix == "nothing":
            return text
        text = text.rstrip()
        return f"{text} " if text and _NEEDS_GAP.match(text[-1]) else text

    def _numeral(self, count: int, number_format: str, is_legal: bool) -> str:
        if not is_known_format(number_format):
            self.has_unknown_format = True
        elif is_legal and number_format not in {"none", "bullet"}:
            number_format = "decimal"
        return numeral(count, number_format)

    def _list(self, num_id: str) -> _List | None:
        if num_id not in self._lists:
            self._lists[num_id] = self._read_list(num_id)
        return self._lists[num_id]

    def _read_list(self, num_id: str) -> _List | None:
        element = self._elements.get(num_id)
        definition = None if element is None else self._definition(element)
        # A list numbered 0 takes the number away, even where a file defines one.
        if element is None or definition is None or num_id == "0":
            return None
        levels, starts = dict(definition.levels), {}
        for override in element.iterchildren(f"{W}lvlOverride"):
            index = number(override.get(f"{W}ilvl"))
            if index is None or not 0 <= index < _LEVELS:
                continue
            level = override.find(f"{W}lvl")
            if level is not None:
                levels[index] = _read_level(level, index)
            start = number(value(override, "startOverride"))
            if start is not None:
                starts[index] = start
        return _List(definition, levels, starts)

    def _definition(self, element: etree._Element) -> _Definition | None:
        """Return the definition of a list, or that of the list style which it names by ``w:numStyleLink``."""
        definition_id = value(element, "abstractNumId") or ""
        link = value(self._definition_elements.get(definition_id), "numStyleLink")
        linked = None if link is None else self._elements.get(self._styles.numbering(link) or "")
        if linked is not None:
            definition_id = value(linked, "abstractNumId") or ""
        found = self._definition_elements.get(definition_id)
        if definition_id not in self._definitions and found is not None:
            self._definitions[definition_id] = _read_definition(found)
        return self._definitions.get(definition_id)


def _linked_level(numbered: _List, style: Style) -> int:
    """Return the level that names the style as its own; the level in the style itself counts less."""
    linked = (i for link in style.chain for i, level in numbered.levels.items() if level.style == link)
    return next(linked, style.level or 0)


def _read_definition(element: etree._Element) -> _Definition:
    levels = {}
    for level in element.iterchildren(f"{W}lvl"):
        index = number(level.get(f"{W}ilvl"))
        if index is not None and 0 <= index < _LEVELS:
            levels[index] = _read_level(level, index)
    return _Definition(levels)


def _read_level(element: etree._Element, index: int) -> _Level:
    # Formats newer than a program stand beside an older one in mc:AlternateContent.
    formats = [found.get(f"{W}val", "") for found in element.iter(f"{W}numFmt")] or ["decimal"]
    restart = number(value(element, "lvlRestart"))
    return _Level(
        start=number(value(element, "start")) or 0,
        number_format=next(filter(is_known_format, formats), formats[0]),
        text=value(element, "lvlText") or "",
        suffix=value(element, "suff") or "tab",
        is_legal=is_on(element, "isLgl") or False,
        restart=index if restart is None else restart,
        style=value(element, "pStyle"),
    )
