"""Platt calibration and decision thresholds of each theme, from scores of texts the model was not trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.scorer import Calibration
from fazhi_ml.errors import ConfigError

__all__ = ["best_f1_threshold", "fit_calibration", "parse_objective", "precision_threshold", "tune_thresholds"]

# The threshold of a theme that nothing is known about, and one that no probability reaches.
_UNKNOWN = 0.5
_NEVER = 2.0


def fit_calibration(scores: NDArray[np.floating], labels: NDArray[np.int8], *, shared: bool = False) -> Calibration:
    """Fit Platt's sigmoid of each theme, with his smoothed targets.

    Parameters
    ----------
    scores : float array of shape (n_texts, n_themes)
    labels : int8 array of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain (left out).
    shared : bool
        Whether all themes share one sigmoid, fitted on all their scores. It keeps the order of a text's scores, which
        single-label models decide by.

    Returns
    -------
    Calibration
        A theme that all texts carry, or none, gets the same probability everywhere: its smoothed share of the texts.

    Notes
    -----
    Source: J. Platt, Probabilistic outputs for support vector machines (1999).
    """
    if shared:
        slope, offset = _fit_sigmoid(*_certain(scores.ravel(), labels.ravel()))
        return Calibration(np.full(scores.shape[1], slope), np.full(scores.shape[1], offset))
    fitted = [_fit_sigmoid(*_certain(scores[:, theme], labels[:, theme])) for theme in range(scores.shape[1])]
    slopes, offsets = zip(*fitted, strict=True)
    return Calibration(np.array(slopes), np.array(offsets))


def parse_objective(objective: str) -> float | None:
    """Return the precision asked for by ``precision:0.9``, or None for ``f1``.

    Raises
    ------
    ConfigError
        It is neither.
    """
    if objective == "f1":
        return None
    name, _, value = objective.partition(":") if isinstance(objective, str) else ("", "", "")
    try:
        precision = float(value)
    except ValueError:
        precision = np.nan
    if name != "precision" or not 0 < precision <= 1:
        raise ConfigError("unknown objective", source="threshold", remedy="Use 'f1' or, for example, 'precision:0.9'.")
    return precision


def tune_thresholds(
    probabilities: NDArray[np.float64], labels: NDArray[np.int8], objective: str
) -> NDArray[np.float64]:
    """Choose each theme's threshold.

    Parameters
    ----------
    probabilities : float64 array of shape (n_texts, n_themes)
    labels : int8 array of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain (left out).
    objective : str
        ``f1``, or ``precision:P`` for the best recall at a precision of at least P.

    Returns
    -------
    float64 array of shape (n_themes,)

    Raises
    ------
    ConfigError
        The objective is unknown.
    """
    precision = parse_objective(objective)
    chosen = []
    for theme in range(probabilities.shape[1]):
        known, carries = _certain(probabilities[:, theme], labels[:, theme])
        chosen.append(
            best_f1_threshold(known, carries) if precision is None else precision_threshold(known, carries, precision)
        )
    return np.array(chosen)


def best_f1_threshold(probabilities: NDArray[np.float64], carries: NDArray[np.bool_]) -> float:
    """Return the threshold with the best F1, midway between the two probabilities that it parts.

    Parameters
    ----------
    probabilities : float64 array of shape (n,)
    carries : bool array of shape (n,)

    Returns
    -------
    float
        0.5 where no text carries the theme.
    """
    if not carries.any():
        return _UNKNOWN
    cuts, true_positives, given = _cuts(probabilities, carries)
    f1 = 2 * true_positives / (given + carries.sum())
    return float(cuts[f1.argmax()])


def precision_threshold(probabilities: NDArray[np.float64], carries: NDArray[np.bool_], precision: float) -> float:
    """Return the lowest threshold at which the precision is at least `precision`.

    Returns
    -------
    float
        2, which no probability reaches, where no threshold gives that precision; 0.5 where no text carries the theme.
    """
    if not carries.any():
        return _UNKNOWN
    cuts, true_positives, given = _cuts(probabilities, carries)
    reached = np.flatnonzero(true_positives / given >= precision)
    return float(cuts[reached[-1]]) if reached.size else _NEVER


def _cuts(
    probabilities: NDArray[np.float64], carries: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Return the possible thresholds, highest first, with the true positives and the positives that each gives."""
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order]
    last_of_ties = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
    next_lower = np.append(ordered, 0.0)[last_of_ties + 1]
    cuts: NDArray[np.float64] = (ordered[last_of_ties] + next_lower) / 2
    return cuts, np.cumsum(carries[order], dtype=np.intp)[last_of_ties], last_of_ties + 1


def _certain(values: NDArray[np.floating], labels: NDArray[np.int8]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    certain = labels >= 0
    return values[certain].astype(np.float64), labels[certain] == 1


def _fit_sigmoid(scores: NDArray[np.float64], carries: NDArray[np.bool_]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    n_with, n_without = int(carries.sum()), int((~carries).sum())
    if not len(scores):
        return 1.0, 0.0
    targets = np.where(carries, (n_with + 1) / (n_with + 2), 1 / (n_without + 2))
    if not n_with or not n_without or np.ptp(scores) == 0:
        # Nothing to fit a slope to: only the (smoothed) share of texts that carry the theme is known.
        share = targets.mean()
        return 0.0, float(np.log(share / (1 - share)))
    # A fractional target is one example of each class, weighted by it.
    regression = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(
        np.concatenate([scores, scores])[:, np.newaxis],
        np.repeat([1, 0], len(scores)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    return float(regression.coef_[0, 0]), float(regression.intercept_[0])
