"""Why a text got its themes: the terms that speak for each, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.scorer import LinearModel, Scorer
from fazhi_ml.classifier.tfidf import weight_terms
from fazhi_ml.errors import InputError
from fazhi_ml.features.counts import TermCounts, TermExtractor
from fazhi_ml.features.normalise import decode
from fazhi_ml.features.terms import Rows
from fazhi_ml.reports.document import Span

__all__ = ["Evidence", "Explanation", "explain_text"]

Block = Literal["words", "characters", "headings"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One term of a text and what it adds to a theme's score.

    Attributes
    ----------
    term : str
        As it stands in the text.
    block : {"words", "characters", "headings"}
        The feature block it belongs to.
    contribution : float
        What it adds to the theme's raw score (its log-odds before calibration); negative when it speaks against.
    spans : tuple of Span
        Where it stands in the text given to `explain`; empty for terms of the headings.
    """

    term: str
    block: Block
    contribution: float
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What speaks for and against one theme in one text.

    Attributes
    ----------
    theme : str
    probability, threshold : float
        The theme is given when the probability reaches the threshold.
    score : float
        Raw pooled score: the contributions of all terms plus `bias`.
    bias : float
    best_sentence : Span
        The sentence that speaks most for the theme.
    evidence : tuple of Evidence
        Strongest contribution first.
    """

    theme: str
    probability: float
    threshold: float
    score: float
    bias: float
    best_sentence: Span
    evidence: tuple[Evidence, ...]


def explain_text(
    scorer: Scorer, themes: Sequence[str], text: str, headings: str | None, *, limit: int
) -> dict[str, Explanation]:
    """Explain the scores of one text.

    The model is linear, so a score is the sum of its terms' weights times coefficients; those of the text as a whole
    and of the best sentence are mixed as the scores are.

    Parameters
    ----------
    scorer : Scorer
    themes : sequence of str
        Theme ids, in the order of the model's columns.
    text : str
    headings : str or None
    limit : int
        How many terms a theme.

    Returns
    -------
    dict of str to Explanation

    Raises
    ------
    InputError
        `limit` is no count.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InputError("not a count", source="limit", remedy="Give a whole number, 0 or more.")
    extractor, model = scorer.extractor, scorer.model
    counts = extractor.counts([text], [headings])
    _, sentences = model.sentence_scores(counts)
    scores = model.scores(counts)
    probabilities = model.probabilities(scores)[0]
    best = sentences.argmax(axis=0)
    # Every n-gram of the text is a term: only those that are shown get their places.
    strongest = [_strongest(model, counts, column, int(best[column]), limit) for column in range(len(themes))]
    rows = extractor.sentences([text])
    places = _places(extractor, rows, {(block, term) for terms in strongest for block, term, _ in terms})
    explanations = {}
    for column, theme in enumerate(themes):
        evidence = []
        for block, term, contribution in strongest[column]:
            spans = tuple(places.get((block, term), ()))
            name = spans[0].of(text) if spans else extractor.vocabulary.term(block, term)
            evidence.append(Evidence(name, block, contribution, spans))
        explanations[theme] = Explanation(
            theme=theme,
            probability=float(probabilities[column]),
            threshold=float(model.thresholds[column]),
            score=float(scores[0, column]),
            bias=float(model.intercepts[column]),
            best_sentence=_sentence_span(rows, int(best[column]), len(text)),
            evidence=tuple(evidence),
        )
    return explanations


def _strongest(
    model: LinearModel, counts: TermCounts, column: int, best: int, limit: int
) -> list[tuple[Block, int, float]]:
    """Return the terms that add most to a theme's score, strongest first: block, column of the term, contribution."""
    added: list[tuple[Block, int, float]] = []
    blocks: tuple[Block, ...] = ("words", "characters", "headings")
    for block in blocks:
        added += [(block, term, value) for term, value in _contributions(model, counts, block, column, best)]
    added.sort(key=lambda term: -term[2])
    return added[:limit]


def _contributions(
    model: LinearModel, counts: TermCounts, block: Block, column: int, best: int
) -> list[tuple[int, float]]:
    """Return the terms of a block with what each adds to a theme's score."""
    coefficients = model.coefficients[block][:, column]
    if block == "headings":
        parts = [(1.0, counts.headings)]
    else:
        of_block = counts.words if block == "words" else counts.characters
        parts = [(1 - model.mix, of_block.wholes), (model.mix, of_block.sentences.select(np.array([best])))]
    added: dict[int, float] = {}
    for share, rows in parts:
        weighted = weight_terms(rows, model.idf[block])
        values = share * weighted.data * coefficients[weighted.indices]
        for term, value in zip(weighted.indices.tolist(), values.tolist(), strict=True):
            added[term] = added.get(term, 0.0) + value
    return list(added.items())


def _places(
    extractor: TermExtractor, rows: Rows, wanted: set[tuple[Block, int]]
) -> dict[tuple[Block, int], list[Span]]:
    """Return where each of some terms stands in the text of `rows`, by block and column."""
    tokens = extractor.tokenizer.cut(decode(rows.codes))
    token_ends = np.fromiter(accumulate(map(len, tokens)), dtype=np.intp, count=len(tokens))
    token_starts = np.append(0, token_ends[:-1])
    symbols: dict[Block, tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]] = {
        "words": (extractor.word_keys(tokens), rows.positions[token_starts], rows.positions[token_ends - 1] + 1),
        "characters": (extractor.character_keys(rows), rows.positions, rows.positions + 1),
    }
    places: dict[tuple[Block, int], list[Span]] = {}
    for block, (keys, starts, ends) in symbols.items():
        columns_wanted = [column for in_block, column in wanted if in_block == block]
        for n, of_length in enumerate(keys):
            columns = extractor.vocabulary.indexes[block].find(of_length)
            for first in np.flatnonzero(np.isin(columns, columns_wanted)).tolist():
                span = Span(int(starts[first]), int(ends[first + n]))
                places.setdefault((block, int(columns[first])), []).append(span)
    return places


def _sentence_span(rows: Rows, sentence: int, text_length: int) -> Span:
    starts = rows.starts
    end = int(rows.positions[starts[sentence + 1]]) if sentence + 1 < len(starts) else text_length
    return Span(int(rows.positions[starts[sentence]]), end)
