"""A tagged report: the report's parts with their themes, and its ways out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from fazhi_ml.codebook import OTHER, Codebook, with_other
from fazhi_ml.errors import InputError, MissingExtraError
from fazhi_ml.reports.document import Heading, Metadata, Provenance, Report, Role, Section, Span
from fazhi_ml.tagging.evidence import Explanation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GRANULARITIES", "Granularity", "TaggedItem", "TaggedParagraph", "TaggedReport"]

Granularity = Literal["paragraph", "item"]
GRANULARITIES: tuple[Granularity, ...] = ("paragraph", "item")


@dataclass(frozen=True, slots=True)
class TaggedItem:
    """An item with its themes.

    Attributes
    ----------
    span, text : Span, str
    themes : tuple of str
        Theme ids in codebook order; empty for ``other``.
    primary : str
        The theme given with the highest probability, or ``"other"``.
    scores : mapping of str to float
        Calibrated probability of every theme, in codebook order.
    explanations : mapping of str to Explanation
        Evidence for each theme given; empty unless asked for.
    """

    span: Span
    text: str
    themes: tuple[str, ...]
    primary: str
    scores: Mapping[str, float]
    explanations: Mapping[str, Explanation]


@dataclass(frozen=True, slots=True)
class TaggedParagraph:
    """A paragraph with its themes: the union of its items' themes, and per theme their highest probability.

    Attributes
    ----------
    span, text : Span, str
    section : tuple of str
        Heading texts above this paragraph, outermost first.
    role : str
    items : tuple of TaggedItem
    themes, primary, scores
        As in TaggedItem.
    """

    span: Span
    text: str
    section: tuple[str, ...]
    role: Role
    items: tuple[TaggedItem, ...]
    themes: tuple[str, ...]
    primary: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TaggedReport:
    """A report whose paragraphs and items carry themes.

    Attributes
    ----------
    report : Report
        The untagged report that it was made from.
    paragraphs : tuple of TaggedParagraph
    codebook : Codebook
    model : str
        Id of the model bundle that tagged it.
    thresholds : mapping of str to float
        The probability from which each theme is given.
    """

    report: Report
    paragraphs: tuple[TaggedParagraph, ...]
    codebook: Codebook
    model: str
    thresholds: Mapping[str, float]

    @property
    def text(self) -> str:
        """The report's text as extracted; all spans point into it."""
        return self.report.text

    @property
    def title(self) -> str | None:
        """The report's title, if one was found."""
        return self.report.title

    @property
    def metadata(self) -> Metadata:
        """Place, level, agency and year covered."""
        return self.report.metadata

    @property
    def provenance(self) -> Provenance:
        """Where the text comes from."""
        return self.report.provenance

    @property
    def headings(self) -> tuple[Heading, ...]:
        """All headings in reading order."""
        return self.report.headings

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections in reading order."""
        return self.report.sections

    @property
    def chrome(self) -> tuple[Span, ...]:
        """Spans of the title, date lines, buttons and the like."""
        return self.report.chrome

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader wants its user to know."""
        return self.report.notes

    @property
    def name(self) -> str | None:
        """File name without its folder; None for text that came as a string."""
        path = self.provenance.path
        return None if path is None else PurePath(path).name

    def to_records(self, granularity: Granularity = "item") -> list[dict[str, Any]]:
        """Return one plain dictionary a paragraph or item, ready for JSON.

        Parameters
        ----------
        granularity : {"item", "paragraph"}

        Returns
        -------
        list of dict
            Fields: report, sha256, title, place, level, agency, year, paragraph, item (items only), start, end (code
            points into ``text``), section, role, text, themes, primary, scores, model.

        Raises
        ------
        InputError
            `granularity` is neither.
        """
        if granularity not in GRANULARITIES:
            raise InputError("unknown granularity", source="granularity", remedy="Use 'item' or 'paragraph'.")
        head = {
            "report": self.name,
            "sha256": self.provenance.sha256,
            "title": self.title,
            "place": self.metadata.place,
            "level": self.metadata.level,
            "agency": self.metadata.agency,
            "year": self.metadata.year,
        }
        records = []
        for number, paragraph in enumerate(self.paragraphs):
            context = {"section": list(paragraph.section), "role": paragraph.role}
            if granularity == "paragraph":
                records.append({**head, "paragraph": number, **self._tail(paragraph, context)})
                continue
            for place, item in enumerate(paragraph.items):
                records.append({**head, "paragraph": number, "item": place, **self._tail(item, context)})
        return records

    def _tail(self, unit: TaggedParagraph | TaggedItem, context: dict[str, Any]) -> dict[str, Any]:
        return {
            "start": unit.span.start,
            "end": unit.span.end,
            **context,
            "text": unit.text,
            "themes": list(unit.themes),
            "primary": unit.primary,
            "scores": dict(unit.scores),
            "model": self.model,
        }

    def to_dataframe(self, granularity: Granularity = "item") -> pd.DataFrame:
        """Return the records as a pandas DataFrame, with one ``score_<theme>`` column a theme instead of ``scores``.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "pandas is not installed", source="to_dataframe", remedy="Install fazhi-ml[train] or pandas."
            ) from error
        records = self.to_records(granularity)
        for record in records:
            scores = record.pop("scores")
            record.update({f"score_{theme}": scores[theme] for theme in self.codebook.ids})
        return pd.DataFrame.from_records(records)

    def to_html(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write a self-contained page to read the tagged report in (no network requests).

        Raises
        ------
        OutputError
            The file cannot be written, or exists and `overwrite` is False.
        MissingExtraError
            jinja2 is not installed.
        """
        from fazhi_ml.tagging.export import write_text
        from fazhi_ml.tagging.page import render_page

        write_text(path, render_page(self), overwrite=overwrite)

    def theme_shares(self) -> dict[str, float]:
        """Return the share of items that carry each theme, and of those that carry none (``other``).

        Shares are fractions of all items; they may add up to more than 1, since an item may carry several themes.
        """
        items = [item for paragraph in self.paragraphs for item in paragraph.items]
        counts = Counter(theme for item in items for theme in item.themes or (OTHER,))
        return {name: counts[name] / len(items) if items else 0.0 for name in with_other(self.codebook.ids)}
