"""Fitting of the linear layer: from term counts and labels to weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from fazhi_ml.classifier.tfidf import document_frequencies, inverse_document_frequencies, weight_terms
from fazhi_ml.features.counts import TermCounts
from fazhi_ml.features.sparse import SparseRows
from fazhi_ml.features.vocabulary import BLOCKS

__all__ = ["FittedWeights", "Learner", "LinearSettings", "Uncertain", "fit_linear_svc", "fit_weights"]

Uncertain = Literal["drop", "absent", "present"]


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """How the linear layer is fitted; see `fazhi_ml.classifier.estimator.ThemeClassifier`."""

    min_df: int
    word_weight: float
    char_weight: float
    heading_weight: float
    heading_dropout: float
    sentence_rows: bool
    uncertain: Uncertain
    C: float
    class_weight: Literal["balanced"] | None
    seed: int

    @property
    def block_weights(self) -> dict[str, float]:
        """Weight of each block."""
        return dict(zip(BLOCKS, (self.word_weight, self.char_weight, self.heading_weight), strict=True))


@dataclass(frozen=True)
class FittedWeights:
    """The fitted linear layer over all terms; those that do not count have an IDF of zero.

    Attributes
    ----------
    idf : dict of str to float32 array of shape (n_terms,)
    coefficients : dict of str to float32 array of shape (n_terms, n_themes)
    intercepts : float32 array of shape (n_themes,)
    """

    idf: dict[str, NDArray[np.float32]]
    coefficients: dict[str, NDArray[np.float32]]
    intercepts: NDArray[np.float32]


Learner = Callable[[sp.csr_array, NDArray[np.int8], LinearSettings], tuple[NDArray[np.float64], float]]
"""Fits one theme: from weighted rows (n_rows, n_terms), targets of 0 and 1 (both occur) and settings to coefficients
(n_terms,) and an intercept."""


def fit_linear_svc(
    rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings
) -> tuple[NDArray[np.float64], float]:
    """Fit a linear support vector machine; a `Learner`."""
    machine = LinearSVC(C=settings.C, class_weight=settings.class_weight, random_state=settings.seed)
    machine.fit(rows, target)
    return machine.coef_[0], float(machine.intercept_[0])


def fit_weights(
    counts: TermCounts,
    labels: NDArray[np.int8],
    texts: NDArray[np.intp],
    settings: LinearSettings,
    learner: Learner = fit_linear_svc,
) -> FittedWeights:
    """Fit one linear model a theme on some of the texts.

    Parameters
    ----------
    counts : TermCounts
    labels : int8 array of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain.
    texts : intp array of shape (n,)
        The texts to train on, ascending.
    settings : LinearSettings
    learner : Learner
        What fits each theme.

    Returns
    -------
    FittedWeights

    Notes
    -----
    A training row is a whole text or, with `sentence_rows`, a sentence of a longer text with at most one theme: such a
    sentence most likely reports that theme, and the model learns what single sentences look like.
    """
    idf = _fit_idf(counts, texts, settings.min_df)
    no_rows = np.empty(0, dtype=np.intp)
    sentences = _sentences_of_one_theme(counts, labels, texts) if settings.sentence_rows else no_rows
    rows = _design_matrix(counts, texts, sentences, idf, settings)
    text_of_row = np.concatenate([texts, counts.text_of[sentences]])
    targets = _targets(labels[text_of_row], settings.uncertain)
    coefficients, intercepts = _fit_themes(rows, targets, settings, learner)
    ends = np.cumsum([len(idf[block]) for block in BLOCKS])[:-1]
    by_block = zip(BLOCKS, np.split(coefficients, ends), strict=True)
    return FittedWeights(
        idf,
        {block: (part * settings.block_weights[block]).astype(np.float32) for block, part in by_block},
        intercepts.astype(np.float32),
    )


def _fit_idf(counts: TermCounts, texts: NDArray[np.intp], min_df: int) -> dict[str, NDArray[np.float32]]:
    idf = {}
    heading_of = counts.heading_of[texts]
    blocks = (
        counts.words.wholes.select(texts),
        counts.characters.wholes.select(texts),
        counts.headings.select(heading_of[heading_of >= 0]),
    )
    for block, of_texts in zip(BLOCKS, blocks, strict=True):
        frequencies = document_frequencies(of_texts)
        idf[block] = np.where(
            frequencies >= min_df, inverse_document_frequencies(frequencies, len(texts)), np.float32(0)
        )
    return idf


def _sentences_of_one_theme(counts: TermCounts, labels: NDArray[np.int8], texts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the sentences of those texts that have several sentences and at most one theme."""
    chosen = np.zeros(counts.n_texts, dtype=bool)
    chosen[texts] = True
    chosen &= ((labels != 0).sum(axis=1) <= 1) & (np.bincount(counts.text_of, minlength=counts.n_texts) > 1)
    return np.flatnonzero(chosen[counts.text_of])


def _design_matrix(
    counts: TermCounts,
    texts: NDArray[np.intp],
    sentences: NDArray[np.intp],
    idf: dict[str, NDArray[np.float32]],
    settings: LinearSettings,
) -> sp.csr_array:
    """Return the weighted terms of some texts, then of some sentences; shape (n_rows, n_terms of all blocks)."""
    weighted = {}
    for block, of_block in (("words", counts.words), ("characters", counts.characters)):
        wholes = weight_terms(of_block.wholes.select(texts), idf[block])
        parts = weight_terms(of_block.sentences.select(sentences), idf[block])
        weighted[block] = sp.vstack([wholes.to_scipy(), parts.to_scipy()], format="csr")
    text_of_row = np.concatenate([texts, counts.text_of[sentences]])
    is_shown = np.random.default_rng(settings.seed).random(counts.n_texts) >= settings.heading_dropout
    weighted["headings"] = _heading_rows(
        weight_terms(counts.headings, idf["headings"]), np.where(is_shown, counts.heading_of, -1)[text_of_row]
    )
    rows: sp.csr_array = sp.hstack(
        [weighted[block] * np.float32(settings.block_weights[block]) for block in BLOCKS], format="csr"
    )
    rows.eliminate_zeros()
    return rows


def _heading_rows(headings: SparseRows, heading_of: NDArray[np.intp]) -> sp.csr_array:
    """Return the heading row of each text, an empty one where it has none (-1)."""
    empty = sp.csr_array((1, headings.n_columns), dtype=np.float32)
    rows: sp.csr_array = sp.vstack([headings.to_scipy(), empty], format="csr")[heading_of]
    return rows


def _targets(labels: NDArray[np.int8], uncertain: Uncertain) -> NDArray[np.int8]:
    if uncertain == "drop":
        return labels
    return np.where(labels < 0, np.int8(uncertain == "present"), labels)


def _fit_themes(
    rows: sp.csr_array, targets: NDArray[np.int8], settings: LinearSettings, learner: Learner
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients (n_terms, n_themes) and intercepts (n_themes,); rows with a target of -1 are left out."""
    coefficients = np.zeros((rows.shape[1], targets.shape[1]))
    intercepts = np.zeros(targets.shape[1])
    for theme in range(targets.shape[1]):
        certain = np.flatnonzero(targets[:, theme] >= 0)
        target = targets[certain, theme]
        if len(np.unique(target)) < 2:
            # Nothing to tell apart: every text gets the score of the one class there is.
            intercepts[theme] = 1.0 if target.any() else -1.0
            continue
        coefficients[:, theme], intercepts[theme] = learner(rows[certain], target, settings)
    return coefficients, intercepts
