"""What readers hand over: text, and what the format says about it beyond its characters."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Extracted", "HeadingMark"]


@dataclass(frozen=True, slots=True)
class HeadingMark:
    """A line that the format itself calls a heading: an outline level of Word, an ``<h2>``.

    Attributes
    ----------
    start : int
        Offset of the line's first character in the text.
    level : int
        As the format counts, 1 for the outermost. Only the order of levels within one document means anything.
    """

    start: int
    level: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader found in a file.

    Attributes
    ----------
    text : str
        One line a paragraph.
    encoding : str or None
        None where the format fixes it.
    title : str or None
        A title that the format keeps outside its text.
    headings : tuple of HeadingMark
        In reading order. They are hints: the outline decides.
    notes : tuple of str
        What the reader's user should know, such as pages without text; never text of the document.
    surroundings : tuple of str
        Lines of a page around the text that may tell who published it, and when: fields and breadcrumbs.
    """

    text: str
    encoding: str | None
    title: str | None = None
    headings: tuple[HeadingMark, ...] = ()
    notes: tuple[str, ...] = ()
    surroundings: tuple[str, ...] = ()
