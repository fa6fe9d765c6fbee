"""Arithmetic of scoring against labels that may be uncertain.

Labels are int8 arrays of shape (n_texts, n_themes): 1 = carries the theme, 0 = does not, -1 = uncertain. An uncertain
label is neither rewarded nor punished: it enters no count, whatever was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Figures",
    "Interval",
    "ThemeFigures",
    "bootstrap_intervals",
    "brier_score",
    "exact_matches",
    "expected_calibration_error",
    "f1_scores",
    "outcomes",
    "score",
]

Interval = tuple[float, float]

_CONFIDENCE = (0.025, 0.975)
_DRAWS = 2000
# With fewer reports than this a draw of reports says little: texts are drawn instead.
_MIN_GROUPS = 10
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ThemeFigures:
    """How well one theme is recognised; a figure that is not defined is None.

    Attributes
    ----------
    support : int
        Texts that certainly carry the theme.
    predicted : int
        Texts given the theme, those with an uncertain label aside.
    precision, recall, f1 : float or None
        None where nothing was given, where nothing carries the theme, and where both hold.
    brier, ece : float or None
        Brier score and expected calibration error of its probabilities; None without certain labels.
    """

    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    brier: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How well texts are tagged.

    Attributes
    ----------
    n_texts, n_groups : int
        Texts, and reports that they come from.
    accuracy : float
        Share of texts whose set of themes is right: certain themes ⊆ themes given ⊆ certain or uncertain themes.
    macro_f1 : float or None
        Mean F1 of the themes that have one: a theme that no text carries and none was given is left out.
    micro_f1 : float or None
        F1 over all (text, theme) decisions.
    themes : mapping of str to ThemeFigures
        In codebook order.
    intervals : mapping of str to (float, float)
        95 % bootstrap intervals of ``accuracy``, ``macro_f1``, ``micro_f1`` and each ``f1/<theme>``, as far as they are
        defined; empty for slices.
    """

    n_texts: int
    n_groups: int
    accuracy: float
    macro_f1: float | None
    micro_f1: float | None
    themes: Mapping[str, ThemeFigures]
    intervals: Mapping[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values, rounded to six decimals; every interval stands beside its figure."""
        values: dict[str, Any] = {"texts": self.n_texts, "reports": self.n_groups}
        for name in ("accuracy", "macro_f1", "micro_f1"):
            values |= self._with_interval(name, getattr(self, name), name)
        values["themes"] = {
            theme: {
                "support": figures.support,
                "predicted": figures.predicted,
                "precision": _rounded(figures.precision),
                "recall": _rounded(figures.recall),
                **self._with_interval("f1", figures.f1, f"f1/{theme}"),
                "brier": _rounded(figures.brier),
                "ece": _rounded(figures.ece),
            }
            for theme, figures in self.themes.items()
        }
        return values

    def _with_interval(self, name: str, value: float | None, key: str) -> dict[str, Any]:
        values: dict[str, Any] = {name: _rounded(value)}
        if key in self.intervals:
            values[f"{name}_interval"] = [_rounded(end) for end in self.intervals[key]]
        return values


def outcomes(
    labels: NDArray[np.int8], decisions: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return true positives, false positives and false negatives, three bool arrays of shape (n_texts, n_themes)."""
    present, absent = labels == 1, labels == 0
    return present & decisions, absent & decisions, present & ~decisions


def exact_matches(labels: NDArray[np.int8], decisions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which texts have no wrong and no missing theme, shape (n_texts,)."""
    _, wrong, missed = outcomes(labels, decisions)
    matches: NDArray[np.bool_] = ~np.any(wrong | missed, axis=1)
    return matches


def f1_scores(
    true_positives: NDArray[np.integer], false_positives: NDArray[np.integer], false_negatives: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return ``2 TP / (2 TP + FP + FN)``, NaN where all three are zero; shape as the counts'."""
    return _ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives)


def brier_score(carries: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> float | None:
    """Return the mean squared difference of probabilities and outcomes; None without texts.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability (1950).
    """
    return float(np.mean((probabilities - carries) ** 2)) if len(carries) else None


def expected_calibration_error(
    carries: NDArray[np.bool_], probabilities: NDArray[np.float64], *, n_bins: int = 10
) -> float | None:
    """Return the mean gap between probability and frequency over bins of equal width, weighted by their texts.

    Source: C. Guo et al., On calibration of modern neural networks (2017), here for one theme's probability.
    """
    if not len(carries):
        return None
    bins = np.minimum((probabilities * n_bins).astype(np.intp), n_bins - 1)
    gaps = np.bincount(bins, weights=probabilities - carries, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(carries))


def score(
    labels: NDArray[np.int8],
    decisions: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    *,
    themes: Sequence[str],
    groups: Sequence[str],
    intervals: Mapping[str, Interval] | None = None,
) -> Figures:
    """Compute all figures.

    Parameters
    ----------
    labels : int8 array of shape (n_texts, n_themes), n_texts > 0
    decisions : bool array of shape (n_texts, n_themes)
    probabilities : float64 array of shape (n_texts, n_themes)
    themes : sequence of str, length n_themes
    groups : sequence of str, length n_texts
        The report each text comes from.
    intervals : mapping, optional
        Intervals to hand on, from `bootstrap_intervals`.
    """
    tp, fp, fn = (outcome.sum(axis=0) for outcome in outcomes(labels, decisions))
    f1 = f1_scores(tp, fp, fn)
    precision, recall = _ratio(tp, tp + fp), _ratio(tp, tp + fn)
    of_themes = {}
    for column, theme in enumerate(themes):
        certain = labels[:, column] >= 0
        carries, of_certain = labels[certain, column] == 1, probabilities[certain, column]
        of_themes[theme] = ThemeFigures(
            support=int(tp[column] + fn[column]),
            predicted=int(tp[column] + fp[column]),
            precision=_defined(precision[column]),
            recall=_defined(recall[column]),
            f1=_defined(f1[column]),
            brier=brier_score(carries, of_certain),
            ece=expected_calibration_error(carries, of_certain),
        )
    return Figures(
        n_texts=len(labels),
        n_groups=len(set(groups)),
        accuracy=float(exact_matches(labels, decisions).mean()),
        macro_f1=_defined(_mean_of_defined(f1)),
        micro_f1=_defined(f1_scores(tp.sum(), fp.sum(), fn.sum())),
        themes=of_themes,
        intervals=intervals or {},
    )


def bootstrap_intervals(
    labels: NDArray[np.int8],
    decisions: NDArray[np.bool_],
    *,
    themes: Sequence[str],
    groups: Sequence[str],
    n_draws: int = _DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return 95 % percentile intervals; whole reports are drawn, or texts where there are fewer than ten reports.

    Parameters
    ----------
    labels, decisions, themes, groups
        As in `score`.
    n_draws, seed : int
        Number of draws, and what fixes them.

    Returns
    -------
    dict of str to (float, float)
        See `Figures`; without those that are defined in no draw.

    Notes
    -----
    Source: B. Efron and R. Tibshirani, An introduction to the bootstrap (1993). All figures are ratios of counts, so a
    draw is a weighted sum of the units' counts, and units with equal counts are drawn together.
    """
    n_themes = len(themes)
    counts = np.hstack([*outcomes(labels, decisions), exact_matches(labels, decisions)[:, np.newaxis]]).astype(np.int64)
    counts = np.hstack([counts, np.ones((len(counts), 1), dtype=np.int64)])
    names, unit_of = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) >= _MIN_GROUPS:
        units = np.zeros((len(names), counts.shape[1]), dtype=np.int64)
        np.add.at(units, unit_of, counts)
    else:
        units = counts
    kinds, n_of_kind = np.unique(units, axis=0, return_counts=True)
    weights = np.random.default_rng(seed).multinomial(len(units), n_of_kind / len(units), size=n_draws)
    totals = weights @ kinds
    tp, fp, fn = (totals[:, part * n_themes : (part + 1) * n_themes] for part in range(3))
    f1 = f1_scores(tp, fp, fn)
    drawn = {
        "accuracy": _ratio(totals[:, -2], totals[:, -1]),
        "macro_f1": _mean_of_defined(f1),
        "micro_f1": f1_scores(tp.sum(axis=1), fp.sum(axis=1), fn.sum(axis=1)),
        **{f"f1/{theme}": f1[:, column] for column, theme in enumerate(themes)},
    }
    intervals = {}
    for name, values in drawn.items():
        defined = values[~np.isnan(values)]
        if defined.size:
            low, high = np.quantile(defined, _CONFIDENCE).tolist()
            intervals[name] = (low, high)
    return intervals


def _ratio(numerators: NDArray[np.integer], denominators: NDArray[np.integer]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.where(denominators > 0, numerators / np.maximum(denominators, 1), np.nan)
    return ratio


def _mean_of_defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is."""
    n_defined = (~np.isnan(values)).sum(axis=-1)
    mean: NDArray[np.float64] = np.where(n_defined > 0, np.nansum(values, axis=-1) / np.maximum(n_defined, 1), np.nan)
    return mean


def _defined(value: float | NDArray[np.float64]) -> float | None:
    return None if np.isnan(value) else float(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
