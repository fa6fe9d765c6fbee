"""The three charts of a theme: figures against threshold, precision against recall, frequency against probability."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.training.charts import Axis, Chart, Point
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import f1_scores

__all__ = ["ThemeCharts", "axis_floor", "wilson_interval"]

_GRID = 201
_MAX_POINTS = 250
_N_BINS = 10
_ISO_F1 = (0.5, 0.6, 0.7, 0.8, 0.9)
_Z = 1.959964  # of a two-sided 95 % interval


def axis_floor(evaluation: Evaluation) -> float:
    """Return where axes of precision and recall begin so that all decisions show, 0.8 at most."""
    figures = evaluation.figures.themes.values()
    reached = [
        value for of_theme in figures if of_theme.support for value in (of_theme.precision or 0, of_theme.recall or 0)
    ]
    return min(max(math.floor(min(reached, default=0) * 10) / 10 - 0.1, 0.0), 0.8)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).

    Parameters
    ----------
    successes, trials : int
        At least one trial.
    """
    share = successes / trials
    scale = 1 + _Z**2 / trials
    middle = (share + _Z**2 / (2 * trials)) / scale
    half = _Z / scale * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, eq=False)
class ThemeCharts:
    """The charts of one theme, over the texts whose label for it is certain.

    Attributes
    ----------
    name : str
        The theme, as those who do not see the charts are told it.
    carries : bool array of shape (n_texts,)
    probabilities : float64 array of shape (n_texts,)
    decision : (float, float) or None
        Recall and precision of the decisions; None where one is undefined.
    """

    name: str
    carries: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    decision: Point | None

    @classmethod
    def of(cls, evaluation: Evaluation, column: int) -> ThemeCharts:
        """Return the charts of the theme in a column."""
        labels = evaluation.labelled.labels[:, column]
        certain = labels >= 0
        theme = evaluation.labelled.codebook.ids[column]
        figures = evaluation.figures.themes[theme]
        decision = None
        if figures.precision is not None and figures.recall is not None:
            decision = (figures.recall, figures.precision)
        return cls(theme, labels[certain] == 1, evaluation.probabilities[certain, column], decision)

    @property
    def average_precision(self) -> float | None:
        """Area under the precision-recall curve as scikit-learn sums it; None without a text that carries the theme."""
        from sklearn.metrics import average_precision_score

        return float(average_precision_score(self.carries, self.probabilities)) if self.carries.any() else None

    def thresholds(self, chosen: float, *, floor: float) -> str:
        """Draw precision, recall and F1 against the threshold, with the chosen one marked.

        Parameters
        ----------
        chosen : float
        floor : float
            Where the vertical axis begins.
        """
        chart = Chart(
            Axis("Threshold"),
            Axis("Precision, recall, F1", floor),
            f"Precision, recall and F1 of {self.name} against the threshold",
        )
        grid = np.linspace(0, 1, _GRID)
        precision, recall, f1 = self._figures_at(grid)
        chart.line([(chosen, 0.0), (chosen, 1.0)], "chosen")
        for values, kind in ((precision, "precision"), (recall, "recall"), (f1, "f1")):
            for run in _defined_runs(grid, values):
                chart.line(run, kind)
        at_chosen = float(self._figures_at(np.array([chosen]))[2][0])
        if not math.isnan(at_chosen):
            chart.dot((chosen, at_chosen), "f1", title=f"threshold {chosen:.3f}, F1 {at_chosen:.3f}")
        return chart.svg()

    def precision_recall(self, *, floor: float) -> str:
        """Draw precision against recall, with thin lines of equal F1 and a dot where the decisions are.

        Parameters
        ----------
        floor : float
            Where both axes begin.
        """
        from sklearn.metrics import precision_recall_curve

        chart = Chart(Axis("Recall", floor), Axis("Precision", floor), f"Precision of {self.name} against its recall")
        for f1 in _ISO_F1:
            recalls = np.linspace(f1 / (2 - f1), 1, 40)
            chart.line(zip(recalls.tolist(), (f1 * recalls / (2 * recalls - f1)).tolist(), strict=True), "iso")
        if self.carries.any():
            precision, recall, _ = precision_recall_curve(self.carries, self.probabilities)
            chart.line(_steps(recall, precision), "theme")
        if self.decision is not None:
            recall_now, precision_now = self.decision
            chart.dot(self.decision, "theme", title=f"recall {recall_now:.3f}, precision {precision_now:.3f}")
        return chart.svg()

    def reliability(self) -> str:
        """Draw how often texts carry the theme against its probability, in ten bins with 95 % intervals."""
        chart = Chart(
            Axis("Mean probability"),
            Axis("Share that carries it"),
            f"How often texts carry {self.name} against the probability given",
        )
        chart.line([(0, 0), (1, 1)], "diagonal")
        bins = np.minimum((self.probabilities * _N_BINS).astype(np.intp), _N_BINS - 1)
        sizes = np.bincount(bins, minlength=_N_BINS).tolist()
        successes = np.bincount(bins, weights=self.carries, minlength=_N_BINS).tolist()
        sums = np.bincount(bins, weights=self.probabilities, minlength=_N_BINS).tolist()
        for size, success, total in zip(sizes, successes, sums, strict=True):
            if not size:
                continue
            mean, share = total / size, success / size
            low, high = wilson_interval(int(success), size)
            chart.line([(mean, low), (mean, high)], "whisker")
            # Most texts stand near 0 and 1: without their size the few in between would seem to matter as much.
            radius = 2.5 + 5 * math.sqrt(size / max(sizes))
            chart.dot((mean, share), "theme", radius=radius, title=f"{size} texts, mean {mean:.3f}, share {share:.3f}")
        return chart.svg()

    def _figures_at(
        self, thresholds: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return precision, recall and F1 at thresholds, NaN where undefined."""
        with_theme, without = np.sort(self.probabilities[self.carries]), np.sort(self.probabilities[~self.carries])
        found = len(with_theme) - np.searchsorted(with_theme, thresholds)
        wrong = len(without) - np.searchsorted(without, thresholds)
        missed = len(with_theme) - found
        nothing = np.full(len(thresholds), np.nan)
        precision = np.divide(found, found + wrong, out=nothing.copy(), where=found + wrong > 0)
        recall = np.divide(found, found + missed, out=nothing, where=found + missed > 0)
        return precision, recall, f1_scores(found, wrong, missed)


def _defined_runs(x: NDArray[np.float64], y: NDArray[np.float64]) -> Iterator[list[Point]]:
    """Yield the stretches of a line between gaps."""
    breaks = np.flatnonzero(np.diff(np.isnan(y))) + 1
    for xs, ys in zip(np.split(x, breaks), np.split(y, breaks), strict=True):
        if not np.isnan(ys[0]):
            yield list(zip(xs.tolist(), ys.tolist(), strict=True))


def _steps(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> list[Point]:
    """Return a curve, given from high to low recall, as steps; of steps that are too many, some evenly spaced ones."""
    # Most points only lower precision where recall stays: the last before recall falls is the best of them.
    best = np.append(np.flatnonzero(np.diff(recall)), len(recall) - 1)
    kept = best[np.unique(np.linspace(0, len(best) - 1, min(len(best), _MAX_POINTS)).astype(np.intp))]
    points: list[Point] = []
    for at, value in zip(recall[kept].tolist(), precision[kept].tolist(), strict=True):
        if points:
            points.append((at, points[-1][1]))
        points.append((at, value))
    return points
