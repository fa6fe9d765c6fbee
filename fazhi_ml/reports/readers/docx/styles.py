"""What a Word document's styles say about paragraphs: numbers, outline levels, hidden text (ECMA-376, Part 1, 17.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fazhi_ml.reports.readers.docx.package import W

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["BODY_LEVEL", "Style", "Styles", "is_on", "number", "value"]

BODY_LEVEL = 9
"""The outline level of body text, in ``w:outlineLvl``."""

_VAL = f"{W}val"
_HEADING = re.compile(r"(?:heading|标题) ?([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"title|标题", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|目录) ?(?:[1-9]|heading|标题)", re.IGNORECASE)
# Enough for lists to find the style that they name; crafted chains are longer.
_LONGEST_CHAIN = 16


@dataclass(frozen=True, slots=True)
class Style:
    """One style with what it inherits.

    Attributes
    ----------
    chain : tuple of str
        Ids of the style and of the nearest ones that it is based on, itself first.
    num_id, level : str or None, int or None
        Of ``w:numPr``: the list, and the level within it.
    outline : int or None
        0 to 8 for headings, `BODY_LEVEL` for body text; None where no style of the chain says.
    is_hidden : bool
    is_title, is_contents : bool
        The style is that of titles, or of a table of contents.
    """

    chain: tuple[str, ...] = ()
    num_id: str | None = None
    level: int | None = None
    outline: int | None = None
    is_hidden: bool = False
    is_title: bool = False
    is_contents: bool = False


_NO_STYLE = Style()


class Styles:
    """The styles of a document, resolved when first asked for.

    Parameters
    ----------
    root : lxml element or None
        ``w:styles``.
    """

    def __init__(self, root: etree._Element | None) -> None:
        self._elements: dict[str, etree._Element] = {}
        self._resolved: dict[str, Style] = {}
        self._default = ""
        for element in () if root is None else root.iterchildren(f"{W}style"):
            style_id = element.get(f"{W}styleId", "")
            self._elements[style_id] = element
            if element.get(f"{W}type") == "paragraph" and element.get(f"{W}default") in {"1", "true", "on"}:
                self._default = style_id

    def paragraph(self, style_id: str | None) -> Style:
        """Return the style of a paragraph, the default one where it names none.

        Programs name built-in styles without defining them: then the id counts as the name.
        """
        return self._get(style_id or self._default)

    def character(self, style_id: str) -> Style:
        """Return the style of a run."""
        return self._get(style_id)

    def numbering(self, style_id: str) -> str | None:
        """Return the ``w:numId`` of a numbering style."""
        return self._get(style_id).num_id

    def _get(self, style_id: str) -> Style:
        unresolved: dict[str, str] = {}
        while style_id and style_id not in self._resolved and style_id not in unresolved:
            unresolved[style_id] = value(self._elements.get(style_id), "basedOn") or ""
            style_id = unresolved[style_id]
        # Styles that are based on each other in a circle end where the circle closes.
        style = self._resolved.get(style_id, _NO_STYLE)
        for derived in reversed(unresolved):
            style = self._resolved[derived] = _derived(derived, self._elements.get(derived), style)
        return style


def _derived(style_id: str, element: etree._Element | None, base: Style) -> Style:
    """Return a style: what it says itself, and what it inherits."""
    name = value(element, "name") or style_id
    properties = None if element is None else element.find(f"{W}pPr")
    outline = number(value(properties, "outlineLvl"))
    if outline is None:
        heading = _HEADING.fullmatch(name)
        outline = int(heading[1]) - 1 if heading else base.outline
    level = number(value(properties, "numPr", "ilvl"))
    hidden = is_on(element, "rPr", "vanish")
    return Style(
        chain=(style_id, *base.chain[: _LONGEST_CHAIN - 1]),
        num_id=value(properties, "numPr", "numId") or base.num_id,
        level=base.level if level is None else level,
        outline=outline,
        is_hidden=base.is_hidden if hidden is None else hidden,
        is_title=_TITLE.fullmatch(name) is not None,
        is_contents=base.is_contents or _CONTENTS.fullmatch(name) is not None,
    )


def value(element: etree._Element | None, *path: str) -> str | None:
    """Return ``w:val`` of the descendant that `path` names, or None."""
    for name in path:
        if element is None:
            return None
        element = element.find(W + name)
    return None if element is None else element.get(_VAL)


def is_on(element: etree._Element | None, *path: str) -> bool | None:
    """Tell whether the switch that `path` names is on; None where there is none."""
    for name in path:
        if element is None:
            return None
        element = element.find(W + name)
    return None if element is None else element.get(_VAL) not in {"0", "false", "off"}


def number(written: str | None) -> int | None:
    """Read a decimal number of up to nine digits, or return None."""
    # int() takes signs of other scripts and any length.
    if written is None or not written.isascii() or not written.removeprefix("-").isdecimal() or len(written) > 9:
        return None
    return int(written)
