"""From scores to probabilities and decisions, with calibration and thresholds from other folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from fazhi_ml.classifier.scorer import Calibration
from fazhi_ml.classifier.thresholds import fit_calibration, tune_thresholds
from runner.settings import Settings

__all__ = ["CALIBRATIONS", "Outcome", "cross_fit", "decide"]

_Scores = NDArray[np.float32]
_Calibrator = Callable[[_Scores], NDArray[np.float64]]


@dataclass(frozen=True)
class Outcome:
    """What a variant makes of texts it was not trained on.

    Attributes
    ----------
    probabilities : float64 array of shape (n_texts, n_themes)
    decisions, bare_decisions : bool arrays of shape (n_texts, n_themes)
        With the texts' headings, and with the headings withheld.
    """

    probabilities: NDArray[np.float64]
    decisions: NDArray[np.bool_]
    bare_decisions: NDArray[np.bool_]


def cross_fit(
    scores: _Scores, bare_scores: _Scores, labels: NDArray[np.int8], folds: NDArray[np.intp], settings: Settings
) -> Outcome:
    """Decide each fold by the calibration and thresholds of the others.

    Parameters
    ----------
    scores, bare_scores : float32 arrays of shape (n_texts, n_themes)
        Held-out scores with headings, which calibration and thresholds come from, and without.
    labels : int8 array of shape (n_texts, n_themes)
    folds : intp array of shape (n_texts,)
    settings : Settings

    Returns
    -------
    Outcome
    """
    probabilities = np.empty(labels.shape)
    decisions, bare_decisions = np.empty(labels.shape, dtype=bool), np.empty(labels.shape, dtype=bool)
    for fold in range(folds.max() + 1):
        held_out = folds == fold
        outcome = decide((scores[~held_out], labels[~held_out]), scores[held_out], bare_scores[held_out], settings)
        probabilities[held_out] = outcome.probabilities
        decisions[held_out], bare_decisions[held_out] = outcome.decisions, outcome.bare_decisions
    return Outcome(probabilities, decisions, bare_decisions)


def decide(
    known: tuple[_Scores, NDArray[np.int8]], scores: _Scores, bare_scores: _Scores, settings: Settings
) -> Outcome:
    """Decide texts by calibration and thresholds fitted to held-out scores and labels of others."""
    known_scores, labels = known
    calibrate = CALIBRATIONS[settings.calibration](known_scores, labels)
    thresholds = _thresholds(calibrate(known_scores), labels, settings.threshold)
    probabilities = calibrate(scores)
    return Outcome(probabilities, probabilities >= thresholds, calibrate(bare_scores) >= thresholds)


def _thresholds(probabilities: NDArray[np.float64], labels: NDArray[np.int8], objective: str) -> NDArray[np.float64]:
    name, _, value = objective.partition(":")
    if name == "fixed":
        return np.full(labels.shape[1], float(value))
    return tune_thresholds(probabilities, labels, objective)


def _platt(scores: _Scores, labels: NDArray[np.int8]) -> _Calibrator:
    return fit_calibration(scores, labels).probabilities


def _logistic_function(scores: _Scores, labels: NDArray[np.int8]) -> _Calibrator:
    del scores
    return Calibration(np.ones(labels.shape[1]), np.zeros(labels.shape[1])).probabilities


def _temperature(scores: _Scores, labels: NDArray[np.int8]) -> _Calibrator:
    """Fit one slope a theme and no offset, as C. Guo et al., On calibration of modern neural networks (2017)."""
    slopes = []
    for theme in range(labels.shape[1]):
        certain = labels[:, theme] >= 0
        regression = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky")
        slopes.append(regression.fit(scores[certain, theme, np.newaxis], labels[certain, theme]).coef_[0, 0])
    return Calibration(np.array(slopes), np.zeros(len(slopes))).probabilities


def _isotonic(scores: _Scores, labels: NDArray[np.int8]) -> _Calibrator:
    """Fit a rising step curve a theme, as B. Zadrozny and C. Elkan (2002)."""
    curves = []
    for theme in range(labels.shape[1]):
        certain = labels[:, theme] >= 0
        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curves.append(curve.fit(scores[certain, theme].astype(np.float64), labels[certain, theme]))

    def calibrate(of: _Scores) -> NDArray[np.float64]:
        columns = [curve.predict(of[:, theme].astype(np.float64)) for theme, curve in enumerate(curves)]
        return np.stack(columns, axis=1)

    return calibrate


CALIBRATIONS: Mapping[str, Callable[[_Scores, NDArray[np.int8]], _Calibrator]] = {
    "platt": _platt,
    "isotonic": _isotonic,
    "temperature": _temperature,
    "none": _logistic_function,
}
