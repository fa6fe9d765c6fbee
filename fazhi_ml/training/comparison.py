"""Whether one model is better than another on the same texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.errors import InputError
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import exact_matches, f1_scores, outcomes

__all__ = ["Comparison", "Difference", "Margins", "paired_bootstrap"]

_CONFIDENCE = (0.025, 0.975)
_DRAWS = 2000
# As for intervals: with fewer reports texts are drawn instead.
_MIN_GROUPS = 10
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of the challenger minus the champion's.

    Attributes
    ----------
    value : float
    low, high : float
        95 % interval of the paired bootstrap.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Margins:
    """How much worse a challenger may be.

    Attributes
    ----------
    macro_f1 : float
        Largest loss of macro-F1.
    theme_f1 : float
        Largest loss of any theme's F1; wider, since a theme's F1 varies more.
    """

    macro_f1: float = 0.005
    theme_f1: float = 0.02

    def __post_init__(self) -> None:
        """Check the range."""
        if not (0 <= self.macro_f1 <= 1 and 0 <= self.theme_f1 <= 1):
            raise InputError("out of range", source="margins", remedy="Give losses of F1 from 0 to 1.")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models on the same labelled texts.

    Attributes
    ----------
    champion, challenger : Evaluation
        Of the same texts.

    Raises
    ------
    InputError
        The evaluations are of different texts.
    """

    champion: Evaluation
    challenger: Evaluation

    def __post_init__(self) -> None:
        """Check that the texts are the same."""
        first, second = self.champion.labelled, self.challenger.labelled
        if first.texts != second.texts or not np.array_equal(first.labels, second.labels):
            raise InputError(
                "the evaluations are of different texts", source="Comparison", remedy="Score both on the same data."
            )

    @cached_property
    def differences(self) -> dict[str, Difference]:
        """Differences of ``accuracy``, ``macro_f1``, ``micro_f1`` and each ``f1/<theme>``, as far as defined."""
        return paired_bootstrap(self.champion, self.challenger)

    def objections(self, margins: Margins) -> list[str]:
        """Return what speaks against putting the challenger in the champion's place; empty when nothing does.

        A challenger is worse when its macro-F1 is lower by more than ``margins.macro_f1``, or lower with 95 %
        confidence by however little (the whole interval of the difference is below zero); and when the F1 of a theme is
        lower by more than ``margins.theme_f1``.
        """
        found = []
        macro = self.differences.get("macro_f1")
        if macro is not None and (macro.value < -margins.macro_f1 or macro.high < 0):
            found.append(f"macro-F1 falls by {-macro.value:.4f} (95 %: {macro.low:+.4f} to {macro.high:+.4f})")
        for name, difference in self.differences.items():
            if name.startswith("f1/") and difference.value < -margins.theme_f1:
                found.append(f"F1 of {name.removeprefix('f1/')} falls by {-difference.value:.4f}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values: the figures of both and their differences, rounded to six decimals."""
        return {
            "champion": self.champion.figures.to_dict(),
            "challenger": self.challenger.figures.to_dict(),
            "differences": {
                name: {
                    "value": round(found.value, _DIGITS),
                    "interval": [round(found.low, _DIGITS), round(found.high, _DIGITS)],
                }
                for name, found in self.differences.items()
            },
        }


def paired_bootstrap(
    first: Evaluation, second: Evaluation, *, n_draws: int = _DRAWS, seed: int = 0
) -> dict[str, Difference]:
    """Return how much better `second` is than `first`, with 95 % percentile intervals.

    Whole reports are drawn, or texts where there are fewer than ten reports; each draw scores both models on the same
    ones, so what makes a report hard for both cancels out.

    Parameters
    ----------
    first, second : Evaluation
        Of the same texts.
    n_draws, seed : int
        Number of draws, and what fixes them.

    Returns
    -------
    dict of str to Difference
        Of ``accuracy``, ``macro_f1``, ``micro_f1`` and each ``f1/<theme>``; without figures that are undefined for one
        of the models, over all texts or in every draw. Only themes with an F1 for both models enter macro-F1.

    Notes
    -----
    Source: B. Efron and R. Tibshirani, An introduction to the bootstrap (1993); for comparing taggers on one test set,
    T. Berg-Kirkpatrick, D. Burkett and D. Klein, An empirical investigation of statistical significance in NLP (2012).
    """
    units = _units(first, second)
    kinds, n_of_kind = np.unique(units, axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(units), n_of_kind / len(units), size=n_draws)
    themes = first.labelled.codebook.ids
    # The first row is the data itself.
    totals = np.vstack([units.sum(axis=0), draws @ kinds])
    differences = _differences(totals, themes)
    found = {}
    for name, values in differences.items():
        drawn = values[1:][~np.isnan(values[1:])]
        if not np.isnan(values[0]) and drawn.size:
            low, high = np.quantile(drawn, _CONFIDENCE).tolist()
            found[name] = Difference(float(values[0]), low, high)
    return found


def _units(first: Evaluation, second: Evaluation) -> NDArray[np.int64]:
    """Return the counts of each report, or text: those of both models side by side, and the number of texts."""
    labels = first.labelled.labels
    columns = []
    for evaluation in (first, second):
        columns += [*outcomes(labels, evaluation.decisions), exact_matches(labels, evaluation.decisions)[:, np.newaxis]]
    counts = np.hstack([*columns, np.ones((len(labels), 1), dtype=np.bool_)]).astype(np.int64)
    names, unit_of = np.unique(np.asarray(first.labelled.groups), return_inverse=True)
    if len(names) < _MIN_GROUPS:
        return counts
    units = np.zeros((len(names), counts.shape[1]), dtype=np.int64)
    np.add.at(units, unit_of, counts)
    return units


def _differences(totals: NDArray[np.int64], themes: tuple[str, ...]) -> Mapping[str, NDArray[np.float64]]:
    """Return each figure's difference in each row of summed counts, NaN where it is undefined."""
    n_themes = len(themes)
    width = 3 * n_themes + 1
    f1, micro, exact = [], [], []
    for model in range(2):
        of_model = totals[:, model * width : (model + 1) * width]
        tp, fp, fn = (of_model[:, part * n_themes : (part + 1) * n_themes] for part in range(3))
        f1.append(f1_scores(tp, fp, fn))
        micro.append(f1_scores(tp.sum(axis=1), fp.sum(axis=1), fn.sum(axis=1)))
        exact.append(of_model[:, -1])
    of_themes = f1[1] - f1[0]
    n_defined = (~np.isnan(of_themes)).sum(axis=1)
    macro = np.where(n_defined > 0, np.nansum(of_themes, axis=1) / np.maximum(n_defined, 1), np.nan)
    return {
        "accuracy": (exact[1] - exact[0]) / totals[:, -1],
        "macro_f1": macro,
        "micro_f1": micro[1] - micro[0],
        **{f"f1/{theme}": of_themes[:, column] for column, theme in enumerate(themes)},
    }
