"""Which labels are likely wrong, by confident learning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["confident_errors", "contradictions"]


def contradictions(probabilities: NDArray[np.float64], labels: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return how far held-out probabilities are from the labels, 0 to 1 (uncertain ones: 0), in the labels' shape."""
    return np.where(labels >= 0, np.abs(probabilities - labels), 0.0)


def confident_errors(probabilities: NDArray[np.float64], labels: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return the labels that held-out probabilities contradict with confidence, shape (n_texts, n_themes).

    Each theme is a question of its own, with the classes present and absent. A class is believed where its probability
    reaches the mean probability that texts labelled with it get; a label is called wrong where the other class is
    believed.

    Parameters
    ----------
    probabilities : float64 array of shape (n_texts, n_themes)
        Calibrated, of texts the model was not trained on.
    labels : int8 array of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain, which is never called wrong.

    Notes
    -----
    Source: C. Northcutt, L. Jiang, I. Chuang, Confident learning: estimating uncertainty in dataset labels (2021).
    """
    wrong = np.zeros(labels.shape, dtype=bool)
    for theme in range(labels.shape[1]):
        present, absent = labels[:, theme] == 1, labels[:, theme] == 0
        if not present.any() or not absent.any():
            continue
        carries = probabilities[:, theme]
        wrong[:, theme] = (absent & (carries >= carries[present].mean())) | (
            present & (1 - carries >= (1 - carries[absent]).mean())
        )
    return wrong
