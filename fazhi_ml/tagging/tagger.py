"""The tagger: reports, files and single texts in, themes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.resolve import resolve_bundle
from fazhi_ml.codebook import OTHER, Codebook
from fazhi_ml.errors import FazhiError, InputError
from fazhi_ml.reports.document import Item, Paragraph, Report
from fazhi_ml.tagging.evidence import Explanation, explain_text
from fazhi_ml.tagging.results import GRANULARITIES, Granularity, TaggedItem, TaggedParagraph, TaggedReport

if TYPE_CHECKING:
    from fazhi_ml.reports.overrides import MetadataTable

__all__ = ["Tagger", "load"]

# Probabilities are rounded so that results do not differ in their last digits between machines.
_DECIMALS = 6


def load(model: str | os.PathLike[str] | None = None) -> Tagger:
    """Load a model.

    Parameters
    ----------
    model : str or path, optional
        A bundle's folder, or an MLflow address such as ``models:/fazhi@champion``. Default: the shipped model.

    Returns
    -------
    Tagger

    Raises
    ------
    BundleError
        The bundle is missing, damaged or of an unknown version.
    MissingExtraError
        An MLflow address, but mlflow is not installed.
    """
    return Tagger(Bundle.load(resolve_bundle(model)))


class Tagger:
    """Tags reports and texts with the themes of a model's codebook.

    Parameters
    ----------
    bundle : Bundle
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    @property
    def codebook(self) -> Codebook:
        """The codebook the model was trained for."""
        return self.bundle.codebook

    @property
    def themes(self) -> tuple[str, ...]:
        """Theme ids: the columns of `predict_proba`."""
        return self.bundle.codebook.ids

    @property
    def thresholds(self) -> dict[str, float]:
        """The probability from which each theme is given."""
        return dict(zip(self.themes, self.bundle.scorer.model.thresholds.tolist(), strict=True))

    def tag_file(self, path: str | os.PathLike[str], *, explain: bool = False) -> TaggedReport:
        """Read a document and tag it.

        Parameters
        ----------
        path : str or path
        explain : bool
            Whether items carry the evidence for their themes.

        Raises
        ------
        ReportError
            The document cannot be read.
        """
        from fazhi_ml.reports.read import read_report

        return self.tag_report(read_report(path), explain=explain)

    def tag_files(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        granularity: Granularity = "item",
        metadata: MetadataTable | None = None,
        on_error: Callable[[str, FazhiError], object] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read documents one after the other and tag them, for pipelines: only one is in memory at a time.

        Parameters
        ----------
        paths : iterable of str or path
        granularity : {"item", "paragraph"}
        metadata : MetadataTable, optional
            Place, level, agency and year where the caller knows better, looked up by the path as given.
        on_error : callable, optional
            Called with the path and the error of each document that cannot be read; the others go on. By default the
            error is raised.

        Yields
        ------
        dict
            ``path`` as given, and then the fields of `TaggedReport.to_records`.

        Raises
        ------
        ReportError
            A document cannot be read, and there is no `on_error`.
        InputError
            `paths` is one path, or `granularity` is neither.
        """
        from fazhi_ml.reports.read import read_report

        if isinstance(paths, (str, bytes, os.PathLike)):
            raise InputError("one path instead of several", source="paths", remedy="Give a list, even for one file.")
        if granularity not in GRANULARITIES:
            raise InputError("unknown granularity", source="granularity", remedy="Use 'item' or 'paragraph'.")
        for path in paths:
            name = os.fspath(path)
            try:
                report = read_report(path)
            except FazhiError as error:
                if on_error is None:
                    raise
                on_error(name, error)
                continue
            override = None if metadata is None else metadata.for_file(name)
            tagged = self.tag_report(report if override is None else override.apply(report))
            for record in tagged.to_records(granularity):
                yield {"path": name, **record}

    def tag_bytes(self, data: bytes, *, name: str, explain: bool = False) -> TaggedReport:
        """Read a document from its bytes and tag it; `name` stands for a file name.

        Raises
        ------
        ReportError
            The document cannot be read.
        """
        from fazhi_ml.reports.read import read_bytes

        return self.tag_report(read_bytes(data, name=name), explain=explain)

    def tag_text(self, text: str, title: str | None = None, *, explain: bool = False) -> TaggedReport:
        """Cut a text into its parts and tag it.

        Raises
        ------
        InputError
            `text` or `title` is no string.
        """
        from fazhi_ml.reports.read import parse_report

        if not isinstance(text, str):
            raise InputError("not a string", source="text", remedy="Give the report's text as one string.")
        if not (title is None or isinstance(title, str)):
            raise InputError("not a string", source="title", remedy="Give a string or None.")
        return self.tag_report(parse_report(text, title=title), explain=explain)

    def tag_report(self, report: Report, *, explain: bool = False) -> TaggedReport:
        """Tag a report that was read before."""
        paths = _heading_paths(report)
        items = [
            (item, path) for paragraph, path in zip(report.paragraphs, paths, strict=True) for item in paragraph.items
        ]
        probabilities = self.bundle.scorer.probabilities([item.text for item, _ in items], [path for _, path in items])
        decisions = self.bundle.scorer.model.decisions(probabilities)
        tagged = iter(
            [
                self._tagged_item(item, path, row, given, explain=explain)
                for (item, path), row, given in zip(items, probabilities, decisions, strict=True)
            ]
        )
        paragraphs = tuple(
            self._tagged_paragraph(paragraph, tuple(next(tagged) for _ in paragraph.items))
            for paragraph in report.paragraphs
        )
        return TaggedReport(report, paragraphs, self.codebook, self.bundle.id, self.thresholds)

    def predict(self, texts: Sequence[str], headings: Sequence[str | None] | None = None) -> list[tuple[str, ...]]:
        """Return the themes of each text.

        Parameters
        ----------
        texts : sequence of str
            Paragraphs or items.
        headings : sequence of (str or None), optional
            The heading path above each text, joined with a space.

        Returns
        -------
        list of tuple of str
            Theme ids in codebook order; an empty tuple stands for ``other``.

        Raises
        ------
        InputError
            An argument is not a sequence of strings, or the lengths differ.
        """
        decisions = self.bundle.scorer.model.decisions(self.predict_proba(texts, headings))
        # Many texts share few sets of themes.
        patterns, pattern_of = np.unique(decisions, axis=0, return_inverse=True)
        names = [self._names(pattern) for pattern in patterns]
        return [names[pattern] for pattern in pattern_of.tolist()]

    def predict_proba(self, texts: Sequence[str], headings: Sequence[str | None] | None = None) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_themes); columns follow `themes`.

        Parameters and errors are those of `predict`.
        """
        return self.bundle.scorer.probabilities(*_checked(texts, headings))

    def explain(self, text: str, headings: str | None = None, *, limit: int = 20) -> dict[str, Explanation]:
        """Return what speaks for and against each theme in one text.

        Parameters
        ----------
        text : str
        headings : str, optional
            The heading path above the text, joined with a space.
        limit : int
            How many terms a theme, strongest first.

        Returns
        -------
        dict of str to Explanation
            By theme id, in codebook order.

        Raises
        ------
        InputError
            An argument is no string.
        """
        _checked([text], [headings])
        return explain_text(self.bundle.scorer, self.themes, text, headings, limit=limit)

    def _names(self, given: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(theme for theme, is_given in zip(self.themes, given.tolist(), strict=True) if is_given)

    def _tagged_item(
        self,
        item: Item,
        path: str | None,
        probabilities: NDArray[np.float64],
        given: NDArray[np.bool_],
        *,
        explain: bool,
    ) -> TaggedItem:
        themes = self._names(given)
        scores = dict(zip(self.themes, probabilities.round(_DECIMALS).tolist(), strict=True))
        explanations: dict[str, Explanation] = {}
        if explain and themes:
            of_all = self.explain(item.text, path)
            explanations = {theme: of_all[theme] for theme in themes}
        return TaggedItem(item.span, item.text, themes, _primary(themes, scores), scores, explanations)

    def _tagged_paragraph(self, paragraph: Paragraph, items: tuple[TaggedItem, ...]) -> TaggedParagraph:
        given = {theme for item in items for theme in item.themes}
        themes = tuple(theme for theme in self.themes if theme in given)
        scores = {theme: max(item.scores[theme] for item in items) for theme in self.themes}
        return TaggedParagraph(
            paragraph.span,
            paragraph.text,
            paragraph.section,
            paragraph.role,
            items,
            themes,
            _primary(themes, scores),
            scores,
        )


def _primary(themes: Iterable[str], scores: Mapping[str, float]) -> str:
    return max(themes, key=scores.__getitem__, default=OTHER)


def _heading_paths(report: Report) -> list[str | None]:
    """Return the heading path of each paragraph without its own run-in heading, which is in its text already."""
    run_in = {heading.span.start: heading.text for heading in report.headings if heading.run_in}
    paths = []
    for paragraph in report.paragraphs:
        own = run_in.get(paragraph.span.start)
        paths.append(" ".join(heading for heading in paragraph.section if heading != own) or None)
    return paths


def _checked(texts: Sequence[str], headings: Sequence[str | None] | None) -> tuple[list[str], list[str | None]]:
    checked = _listed(texts, "texts")
    for place, text in enumerate(checked):
        if not isinstance(text, str):
            raise InputError(
                f"entry {place} is {type(text).__name__}, not str", source="texts", remedy="Drop or fill missing texts."
            )
    if headings is None:
        return checked, [None] * len(checked)
    paths = _listed(headings, "headings")
    if len(paths) != len(checked):
        raise InputError(
            f"{len(paths)} headings for {len(checked)} texts", source="headings", remedy="Give one a text."
        )
    for place, path in enumerate(paths):
        if not (path is None or isinstance(path, str)):
            raise InputError(
                f"entry {place} is {type(path).__name__}, not str or None",
                source="headings",
                remedy="Give one string or None a text.",
            )
    return checked, paths


def _listed(values: Any, source: str) -> list[Any]:
    """Return the entries of a sequence; a table or a mapping would give its column names or keys instead."""
    is_one = isinstance(values, (str, bytes, bytearray, Mapping, Set)) or getattr(values, "ndim", 1) != 1
    if is_one or not isinstance(values, Iterable):
        raise InputError("not a sequence of strings", source=source, remedy="Give a list, even for one text.")
    return list(values)
