"""Measures of a variant, and paired bootstrap intervals of what sets it apart from the baseline.

Every measure is computed from sums over texts, so a bootstrap draw of reports is a weighted sum of the reports' sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.metrics import exact_matches, outcomes
from runner.decisions import Outcome

__all__ = ["MEASURES", "N_DRAWS", "Measure", "compare", "measure_by_theme", "measure_once"]

N_DRAWS = 2000

_FIRST_HARDER_REPORT = "r061"
_N_BINS = 10
_DIGITS = 5
_CONFIDENCE = (0.025, 0.975)

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """A figure that follows from sums over texts.

    Attributes
    ----------
    title : str
    sums : callable
        From an outcome and labels to what each text adds, shape (n_texts, n_sums).
    values : callable
        From sums of shape (..., n_sums) to the figure of each theme, shape (..., n_themes), NaN where undefined; the
        measure is their mean.
    texts : callable, optional
        Which texts count; default all.
    """

    title: str
    sums: Callable[[Outcome, NDArray[np.int8]], _Array]
    values: Callable[[_Array], _Array]
    texts: Callable[[LabelledTexts], NDArray[np.bool_]] | None = None


def measure_once(measure: Measure, outcome: Outcome, labelled: LabelledTexts) -> float | None:
    """Return a measure over all its texts."""
    return _number(_mean(measure.values(_text_sums(measure, outcome, labelled).sum(axis=0))))


def measure_by_theme(measure: Measure, runs: Sequence[Outcome], labelled: LabelledTexts) -> list[float | None]:
    """Return a measure of each theme, the mean over seeds."""
    values = [measure.values(_text_sums(measure, outcome, labelled).sum(axis=0)) for outcome in runs]
    return [_number(value) for value in np.mean(values, axis=0)]


def compare(variants: Mapping[str, Sequence[Outcome]], baseline: str, labelled: LabelledTexts) -> dict[str, Any]:
    """Measure variants, and how they differ from the baseline.

    Parameters
    ----------
    variants : mapping of str to sequence of Outcome
        One outcome a seed.
    baseline : str
        One of `variants`.
    labelled : LabelledTexts

    Returns
    -------
    dict
        By variant and measure: ``value`` (mean over seeds) and its 95 % ``interval``; for all but the baseline
        ``difference``, its ``difference_interval``, and ``difference_sd``, the standard deviation over seeds of the
        difference on all reports.

    Notes
    -----
    Reports are drawn with replacement, the same draws for all variants and seeds (B. Efron and R. Tibshirani, An
    introduction to the bootstrap, 1993). The intervals tell how much reports differ, the deviation how much folds do.
    """
    names, report_of = np.unique(np.asarray(labelled.groups), return_inverse=True)
    n_reports = len(names)
    drawn = np.random.default_rng(0).multinomial(n_reports, np.full(n_reports, 1 / n_reports), size=N_DRAWS)
    # The first row is the sample itself.
    weights = np.vstack([np.ones(n_reports), drawn])
    figures: dict[str, Any] = {name: {} for name in variants}
    for key, measure in MEASURES.items():
        values = {
            name: np.stack([_drawn_values(measure, outcome, labelled, report_of, weights) for outcome in runs])
            for name, runs in variants.items()
        }
        for name, of_seeds in values.items():
            of_variant = _with_interval("value", "interval", of_seeds)
            if name != baseline:
                differences = of_seeds - values[baseline]
                of_variant |= _with_interval("difference", "difference_interval", differences)
                of_variant["difference_sd"] = _number(differences[:, 0].std(ddof=1)) if len(differences) > 1 else None
            figures[name][key] = of_variant
    return figures


def _with_interval(name: str, interval: str, of_seeds: _Array) -> dict[str, Any]:
    """Return the mean over seeds and its interval; `of_seeds` has shape (n_seeds, 1 + n_draws)."""
    means = of_seeds.mean(axis=0)
    defined = means[1:][~np.isnan(means[1:])]
    ends = np.quantile(defined, _CONFIDENCE) if defined.size else (np.nan, np.nan)
    return {name: _number(means[0]), interval: [_number(end) for end in ends]}


def _drawn_values(
    measure: Measure, outcome: Outcome, labelled: LabelledTexts, report_of: NDArray[np.intp], weights: _Array
) -> _Array:
    sums = _text_sums(measure, outcome, labelled)
    of_reports = np.zeros((weights.shape[1], sums.shape[1]))
    np.add.at(of_reports, report_of, sums)
    return _mean(measure.values(weights @ of_reports))


def _text_sums(measure: Measure, outcome: Outcome, labelled: LabelledTexts) -> _Array:
    sums = measure.sums(outcome, labelled.labels)
    return sums if measure.texts is None else sums * measure.texts(labelled)[:, np.newaxis]


def _mean(values: _Array) -> _Array:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is."""
    defined = (~np.isnan(values)).sum(axis=-1)
    return _ratio(np.nansum(values, axis=-1), defined)


def _ratio(numerators: NDArray[Any], denominators: NDArray[Any]) -> _Array:
    ratio: _Array = np.where(denominators > 0, numerators / np.maximum(denominators, 1), np.nan)
    return ratio


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), _DIGITS)


def _counts(decisions: NDArray[np.bool_], labels: NDArray[np.int8]) -> _Array:
    return np.hstack(outcomes(labels, decisions)).astype(np.float64)


def _outcome_counts(outcome: Outcome, labels: NDArray[np.int8]) -> _Array:
    return _counts(outcome.decisions, labels)


def _bare_counts(outcome: Outcome, labels: NDArray[np.int8]) -> _Array:
    return _counts(outcome.bare_decisions, labels)


def _f1(sums: _Array) -> _Array:
    right, wrong, missed = np.split(sums, 3, axis=-1)
    return _ratio(2 * right, 2 * right + wrong + missed)


def _precision(sums: _Array) -> _Array:
    right, wrong, _ = np.split(sums, 3, axis=-1)
    return _ratio(right, right + wrong)


def _recall(sums: _Array) -> _Array:
    right, _, missed = np.split(sums, 3, axis=-1)
    return _ratio(right, right + missed)


def _exact(outcome: Outcome, labels: NDArray[np.int8]) -> _Array:
    matches = exact_matches(labels, outcome.decisions)
    return np.stack([matches, np.ones(len(labels))], axis=1).astype(np.float64)


def _squared_errors(outcome: Outcome, labels: NDArray[np.int8]) -> _Array:
    certain = labels >= 0
    return np.hstack([certain * (outcome.probabilities - (labels == 1)) ** 2, certain])


def _share(sums: _Array) -> _Array:
    numerators, denominators = np.split(sums, 2, axis=-1)
    return _ratio(numerators, denominators)


def _calibration_gaps(outcome: Outcome, labels: NDArray[np.int8]) -> _Array:
    """Return the gap between probability and label in the bin that the probability falls into, theme by theme."""
    certain = labels >= 0
    bins = np.minimum((outcome.probabilities * _N_BINS).astype(np.intp), _N_BINS - 1)
    gaps = np.where(certain, outcome.probabilities - (labels == 1), 0.0)
    in_bins = (bins[:, :, np.newaxis] == np.arange(_N_BINS)) * gaps[:, :, np.newaxis]
    return np.hstack([in_bins.reshape(len(labels), -1), certain])


def _calibration_error(sums: _Array) -> _Array:
    n_themes = sums.shape[-1] // (_N_BINS + 1)
    gaps, texts = sums[..., :-n_themes], sums[..., -n_themes:]
    of_bins = gaps.reshape(*gaps.shape[:-1], n_themes, _N_BINS)
    return _ratio(np.abs(of_bins).sum(axis=-1), texts)


def _harder(labelled: LabelledTexts) -> NDArray[np.bool_]:
    return np.asarray(labelled.groups) >= _FIRST_HARDER_REPORT


def _with_several(labelled: LabelledTexts) -> NDArray[np.bool_]:
    several: NDArray[np.bool_] = (labelled.labels == 1).sum(axis=1) >= 2
    return several


MEASURES: Mapping[str, Measure] = {
    "macro_f1": Measure("macro-F1", _outcome_counts, _f1),
    "harder": Measure("harder reports", _outcome_counts, _f1, _harder),
    "several": Measure("2+ themes", _outcome_counts, _f1, _with_several),
    "bare": Measure("no headings", _bare_counts, _f1),
    "exact": Measure("exact set", _exact, _share),
    "precision": Measure("precision", _outcome_counts, _precision),
    "recall": Measure("recall", _outcome_counts, _recall),
    "brier": Measure("Brier", _squared_errors, _share),
    "ece": Measure("ECE", _calibration_gaps, _calibration_error),
}
