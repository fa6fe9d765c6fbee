"""The runtime of a model: from term counts to calibrated probabilities, with numpy alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.tfidf import weight_terms
from fazhi_ml.features.counts import TermCounts, TermExtractor
from fazhi_ml.features.sparse import SparseRows

__all__ = ["Calibration", "LinearModel", "Scorer", "pool"]

# A batch fills the processor's cache, not the memory; one longer text is a batch of its own.
_BATCH_CODE_POINTS = 100_000


@dataclass(frozen=True)
class Calibration:
    """Platt's sigmoid of each theme: ``p = 1 / (1 + exp(-(slope * score + offset)))``.

    Source: J. Platt, Probabilistic outputs for support vector machines (1999).

    Attributes
    ----------
    slopes, offsets : float64 arrays of shape (n_themes,)
    """

    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def probabilities(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the probability of each score, shape as `scores`: (n_texts, n_themes)."""
        # tanh does not overflow where exp would.
        halves: NDArray[np.float64] = np.tanh(self.log_odds(scores) / 2)
        return (1 + halves) / 2

    def log_odds(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the logarithm of the odds of each score, shape as `scores`."""
        return scores * self.slopes + self.offsets


@dataclass(frozen=True)
class LinearModel:
    """Everything learnt besides the vocabulary.

    Attributes
    ----------
    idf : dict of str to float32 array of shape (n_terms,)
        By block: words, characters, headings.
    coefficients : dict of str to float32 array of shape (n_terms, n_themes)
        By block; the block's weight is already in them.
    intercepts : float32 array of shape (n_themes,)
    mix : float
        Share of the best sentence in a text's score; the rest is the text as a whole.
    calibration : Calibration
    thresholds : float64 array of shape (n_themes,)
        A theme is given when its probability reaches its threshold.
    multi_label : bool
        False: each text gets the one theme with the highest probability, and probabilities add up to 1.
    """

    idf: dict[str, NDArray[np.float32]]
    coefficients: dict[str, NDArray[np.float32]]
    intercepts: NDArray[np.float32]
    mix: float
    calibration: Calibration
    thresholds: NDArray[np.float64]
    multi_label: bool

    def scores(self, counts: TermCounts) -> NDArray[np.float32]:
        """Return raw pooled scores, shape (n_texts, n_themes).

        A text's score is its headings' plus `mix` times its best sentence's plus ``1 - mix`` times its own as a whole.
        """
        return self.text_scores(counts) + self.heading_scores(counts)

    def text_scores(self, counts: TermCounts) -> NDArray[np.float32]:
        """Return raw pooled scores without headings, shape (n_texts, n_themes)."""
        wholes, sentences = self.sentence_scores(counts)
        return pool(wholes, sentences, counts.text_of, self.mix)

    def sentence_scores(self, counts: TermCounts) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return scores without headings, of whole texts (n_texts, n_themes) and sentences (n_sentences, n_themes)."""
        sentences = np.zeros((len(counts.text_of), len(self.intercepts)), dtype=np.float32) + self.intercepts
        firsts, longer = _sentences_of_texts(counts.text_of, counts.n_texts)
        wholes_of_longer = np.zeros((len(longer), len(self.intercepts)), dtype=np.float32) + self.intercepts
        for block, of_block in (("words", counts.words), ("characters", counts.characters)):
            sentences += self._block_scores(of_block.sentences, block)
            wholes_of_longer += self._block_scores(of_block.wholes.select(longer), block)
        # A text of one sentence is that sentence: only longer ones are scored as a whole.
        wholes = sentences[firsts]
        wholes[longer] = wholes_of_longer
        return wholes, sentences

    def heading_scores(self, counts: TermCounts) -> NDArray[np.float32]:
        """Return what headings add to each text's scores, shape (n_texts, n_themes)."""
        scores = np.vstack([self.path_scores(counts.headings), np.zeros_like(self.intercepts)])
        # A text without headings has -1 here: the row of zeros.
        return scores[counts.heading_of]

    def path_scores(self, headings: SparseRows) -> NDArray[np.float32]:
        """Return what heading paths add to the scores of the texts below them, shape (n_headings, n_themes)."""
        return self._block_scores(headings, "headings")

    def probabilities(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return calibrated probabilities of raw scores, shape (n_texts, n_themes)."""
        if self.multi_label:
            return self.calibration.probabilities(scores)
        # In logarithms: far from every theme all probabilities would round to zero and have no sum to divide by.
        logarithms = -np.logaddexp(0, -self.calibration.log_odds(scores))
        shares: NDArray[np.float64] = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def decisions(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which themes each text gets, shape (n_texts, n_themes)."""
        if self.multi_label:
            decisions = probabilities >= self.thresholds
        else:
            decisions = np.arange(len(self.thresholds)) == probabilities.argmax(axis=1)[:, np.newaxis]
        given: NDArray[np.bool_] = decisions
        return given

    def _block_scores(self, counts: SparseRows, block: str) -> NDArray[np.float32]:
        return weight_terms(counts, self.idf[block]).dot(self.coefficients[block])


@dataclass(frozen=True)
class Scorer:
    """Scores texts: a term extractor and a linear model that go together.

    Attributes
    ----------
    extractor : TermExtractor
    model : LinearModel
    """

    extractor: TermExtractor
    model: LinearModel

    def scores(self, texts: Sequence[str], headings: Sequence[str | None]) -> NDArray[np.float32]:
        """Return raw scores, shape (n_texts, n_themes), in batches of bounded memory."""
        scores = self._heading_scores(headings)
        for start, end in _batches(texts):
            counts = self.extractor.counts(texts[start:end], [None] * (end - start))
            scores[start:end] += self.model.text_scores(counts)
        return scores

    def _heading_scores(self, headings: Sequence[str | None]) -> NDArray[np.float32]:
        """Return what headings add to each text's scores; many texts share a path, so each is scored once."""
        place_of = {path: place for place, path in enumerate(dict.fromkeys(path for path in headings if path))}
        paths = list(place_of)
        # The last row is for texts without headings.
        scores = np.zeros((len(paths) + 1, len(self.model.intercepts)), dtype=np.float32)
        for start, end in _batches(paths):
            scores[start:end] = self.model.path_scores(self.extractor.heading_counts(paths[start:end]))
        return scores[np.array([place_of[path] if path else -1 for path in headings], dtype=np.intp)]

    def probabilities(self, texts: Sequence[str], headings: Sequence[str | None]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_themes)."""
        return self.model.probabilities(self.scores(texts, headings))


def pool(
    wholes: NDArray[np.float32], sentences: NDArray[np.float32], text_of: NDArray[np.intp], mix: float
) -> NDArray[np.float32]:
    """Mix each text's own score with that of its best sentence (multi-instance learning with a maximum).

    Parameters
    ----------
    wholes : float32 array of shape (n_texts, n_themes)
    sentences : float32 array of shape (n_sentences, n_themes)
    text_of : intp array of shape (n_sentences,)
        Ascending; every text has a sentence.
    mix : float
        Share of the best sentence.

    Returns
    -------
    float32 array of shape (n_texts, n_themes)
    """
    if not len(wholes):
        return wholes
    firsts, _ = _sentences_of_texts(text_of, len(wholes))
    best = np.maximum.reduceat(sentences, firsts, axis=0)
    return ((1 - mix) * wholes + mix * best).astype(np.float32)


def _sentences_of_texts(text_of: NDArray[np.intp], n_texts: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first sentence of each text, and which texts have more than one."""
    ends = np.searchsorted(text_of, np.arange(n_texts + 1))
    return ends[:-1], np.flatnonzero(np.diff(ends) > 1)


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for place, text in enumerate(texts):
        if size and size + len(text) > _BATCH_CODE_POINTS:
            yield start, place
            start, size = place, 0
        size += len(text) + 1
    if start < len(texts):
        yield start, len(texts)
