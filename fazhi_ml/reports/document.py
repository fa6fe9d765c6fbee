"""The parts of a report, as immutable values whose spans point into one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["ROLES", "Heading", "Item", "Metadata", "Paragraph", "Provenance", "Report", "Role", "Section", "Span"]

Role = Literal["achievements", "problems", "plans", "leadership", "other"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points: ``report.text[span.start:span.end]``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the slice of `text` that this span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, numbered or not.

    Attributes
    ----------
    level : int
        1 for the outermost level of the document, 2 below it, and so on; lead-in slogans are 3 or deeper.
    span, text : Span, str
        Where it stands, number included.
    run_in : bool
        True when the heading runs into its paragraph (``（一）加强组织领导。2023年……``): its text is then also part of
        that paragraph and of its first item.
    """

    level: int
    span: Span
    text: str
    run_in: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """The extent of one heading: from the heading itself to the next one of the same or a shallower level.

    Text before the first heading forms a section of its own with an empty path. Sections nest.

    Attributes
    ----------
    path : tuple of str
        Heading texts from the outermost level down to this section's own heading.
    role : str
        What the section does: achievements, problems, plans, leadership or other.
    span : Span
    """

    path: tuple[str, ...]
    role: Role
    span: Span


@dataclass(frozen=True, slots=True)
class Item:
    """The smallest unit that is tagged: a whole paragraph, or the part that an enumerator (一是, 其次, ①) opens."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of body text.

    Attributes
    ----------
    span, text : Span, str
    section : tuple of str
        Heading texts above this paragraph, outermost first, its own run-in heading included.
    role : str
        Role of the innermost section that has one.
    items : tuple of Item
        In reading order; they cover the paragraph without gaps other than white space.
    """

    span: Span
    text: str
    section: tuple[str, ...]
    role: Role
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a report says about itself; None where it does not say.

    Attributes
    ----------
    place : str or None
        The most specific place named, such as ``分宜县``.
    level : {"province", "city", "county", "town", "department"} or None
    agency : str or None
        The issuing department when it is not the government itself.
    year : int or None
        The year covered, not the year published.
    """

    place: str | None = None
    level: str | None = None
    agency: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a report's text comes from.

    Attributes
    ----------
    path : str or None
        As given by the caller; None for text passed as a string.
    sha256 : str
        Of the file's bytes, or of the UTF-8 text when there is no file.
    reader : str
        Name of the reader that extracted the text.
    encoding : str or None
        Character encoding found; None where the format fixes it.
    """

    path: str | None
    sha256: str
    reader: str
    encoding: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report cut into its parts, without tags.

    Every span points into `text`, and the slice equals the part's own ``.text``.

    Attributes
    ----------
    text : str
        The text exactly as extracted.
    title : str or None
    metadata : Metadata
    provenance : Provenance
    headings : tuple of Heading
    sections : tuple of Section
    paragraphs : tuple of Paragraph
    chrome : tuple of Span
        Title, date and source lines, buttons and the like; kept, and never tagged.
    notes : tuple of str
        What the reader wants its user to know, such as that the text does not look like a report.
    """

    text: str
    title: str | None
    metadata: Metadata
    provenance: Provenance
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    paragraphs: tuple[Paragraph, ...]
    chrome: tuple[Span, ...]
    notes: tuple[str, ...] = ()
