"""What the evaluation report shows, computed from an evaluation and its model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training.charts import Axis, interval_bar
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import Figures, Interval, outcomes
from fazhi_ml.training.mistakes import confusion_matrix, error_kinds
from fazhi_ml.training.slices import Slice
from fazhi_ml.training.theme_charts import ThemeCharts, axis_floor

__all__ = [
    "MAX_CONFUSED",
    "comparison_rows",
    "confusion_table",
    "headline",
    "influential_terms",
    "slice_tables",
    "theme_cards",
    "theme_rows",
]

MAX_CONFUSED = 20
"""Labels in the table of confusions at most."""

_MAX_THEME_COLUMNS = 8
_HEATS = 9
_SLICE_REACH = 0.2
_N_TERMS = {"words": 14, "characters": 14, "headings": 8}


def headline(figures: Figures) -> list[dict[str, Any]]:
    """Return the figures at the top of the page: key, value and interval."""
    return [
        {"key": key, "value": value, "interval": figures.intervals.get(key)}
        for key, value in (
            ("macro_f1", figures.macro_f1),
            ("micro_f1", figures.micro_f1),
            ("accuracy", figures.accuracy),
        )
    ]


def theme_rows(evaluation: Evaluation, thresholds: Sequence[float] | None) -> dict[str, Any]:
    """Return the table of themes.

    Parameters
    ----------
    evaluation : Evaluation
    thresholds : sequence of float or None
        None when the most probable theme is given, whatever its probability.

    Returns
    -------
    dict
        ``rows`` and ``scale`` (the ends of the axis of F1 intervals).
    """
    figures = evaluation.figures
    axis = _interval_axis(figures.intervals.get(f"f1/{theme}") for theme in figures.themes)
    _, wrong, missed = (outcome.sum(axis=0) for outcome in outcomes(evaluation.labelled.labels, evaluation.decisions))
    rows = []
    for column, (theme, of_theme) in enumerate(figures.themes.items()):
        rows.append(
            {
                "figures": of_theme,
                "wrong": int(wrong[column]),
                "missed": int(missed[column]),
                "interval": figures.intervals.get(f"f1/{theme}"),
                "bar": _bar(axis, of_theme.f1, figures.intervals.get(f"f1/{theme}"), marks=[figures.macro_f1]),
                "average_precision": ThemeCharts.of(evaluation, column).average_precision,
                "threshold": None if thresholds is None else thresholds[column],
            }
        )
    return {"rows": rows, "scale": (axis.low, axis.high)}


def theme_cards(evaluation: Evaluation, bundle: Bundle) -> list[dict[str, Any]]:
    """Return charts and influential terms of each theme; without a threshold chart where the most probable one wins."""
    floor = axis_floor(evaluation)
    thresholds = bundle.scorer.model.thresholds.tolist()
    cards = []
    for column, threshold in enumerate(thresholds):
        charts = ThemeCharts.of(evaluation, column)
        cards.append(
            {
                "thresholds": charts.thresholds(threshold, floor=floor) if bundle.codebook.multi_label else None,
                "precision_recall": charts.precision_recall(floor=floor),
                "reliability": charts.reliability(),
                "terms": {block: influential_terms(bundle, column, block) for block in _N_TERMS},
            }
        )
    return cards


def influential_terms(bundle: Bundle, column: int, block: str) -> dict[str, list[dict[str, Any]]]:
    """Return the terms that speak most for and against a theme.

    Parameters
    ----------
    bundle : Bundle
    column : int
        Number of the theme.
    block : {"words", "characters", "headings"}

    Returns
    -------
    dict
        ``positive`` and ``negative``: lists of ``term``, ``weight`` (coefficient times inverse document frequency: what
        the term adds to the raw score before texts are scaled to unit length) and ``strength`` (of 0 to 1, in
        proportion to the strongest of the block).
    """
    model, vocabulary = bundle.scorer.model, bundle.scorer.extractor.vocabulary
    weights = model.coefficients[block][:, column] * model.idf[block]
    order = np.argsort(weights, kind="stable")
    limit = _N_TERMS[block]
    highest = float(np.abs(weights).max(initial=0.0)) or 1.0

    def entries(columns: NDArray[np.intp]) -> list[dict[str, Any]]:
        return [
            {
                "term": vocabulary.term(block, term),
                "weight": float(weights[term]),
                "strength": abs(float(weights[term])) / highest,
            }
            for term in columns.tolist()
        ]

    positive, negative = order[::-1][:limit], order[:limit]
    return {
        "positive": entries(positive[weights[positive] > 0]),
        "negative": entries(negative[weights[negative] < 0]),
    }


def confusion_table(evaluation: Evaluation) -> dict[str, Any]:
    """Return the confusions between the labels that take part in most, `MAX_CONFUSED` of them.

    Returns
    -------
    dict
        ``labels`` (numbers of themes, -1 for no theme), ``rows`` (lists of ``count`` and ``heat``, 0 to 8, by the share
        of the row; the square root lets errors, which are few, be seen), ``left_out`` (number of labels) and ``kinds``.
    """
    matrix = confusion_matrix(evaluation)
    errors = matrix - np.diag(np.diag(matrix))
    mistaken = errors.sum(axis=0) + errors.sum(axis=1)
    chosen = np.sort(np.argsort(-mistaken, kind="stable")[:MAX_CONFUSED])
    shares = np.sqrt(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    heats = np.minimum((shares * _HEATS).astype(np.intp), _HEATS - 1)
    n_themes = len(evaluation.labelled.codebook.ids)
    return {
        "labels": [label if label < n_themes else -1 for label in chosen.tolist()],
        "rows": [
            [
                {"count": int(matrix[row, column]), "heat": int(heats[row, column]), "found": row == column}
                for column in chosen.tolist()
            ]
            for row in chosen.tolist()
        ],
        "left_out": len(matrix) - len(chosen),
        "kinds": error_kinds(evaluation),
    }


def slice_tables(evaluation: Evaluation, slices: Sequence[Slice]) -> dict[str, Any]:
    """Return the tables of slices.

    Returns
    -------
    dict
        ``tables`` (dimension and rows), ``scale`` (the ends of the axis of the intervals of macro-F1) and ``themes``
        (whether rows have a cell for each theme: only up to eight themes fit).
    """
    overall = evaluation.figures
    axis = _interval_axis(found.figures.intervals.get("macro_f1") for found in slices if _carries(found.figures))
    if overall.macro_f1 is not None:
        # The widest interval, of the smallest slice, must not flatten all others.
        axis = Axis("F1", max(axis.low, math.floor(overall.macro_f1 * 10) / 10 - _SLICE_REACH))
    has_cells = len(overall.themes) <= _MAX_THEME_COLUMNS
    tables = []
    for dimension, found in groupby(slices, key=lambda one: one.dimension):
        rows = [_slice_row(one, overall, axis, has_cells=has_cells) for one in found]
        tables.append({"dimension": dimension, "rows": rows})
    return {"tables": tables, "scale": (axis.low, axis.high), "themes": has_cells}


def comparison_rows(comparison: Comparison) -> dict[str, Any]:
    """Return the differences of two models: a row for each figure, and the ends of the axis of their intervals."""
    found = comparison.differences
    reach = max((abs(end) for difference in found.values() for end in (difference.low, difference.high)), default=0.0)
    axis = Axis("difference", -_rounded_up(reach), _rounded_up(reach))
    before, now = comparison.champion.figures, comparison.challenger.figures
    positions = {f"f1/{theme}": column for column, theme in enumerate(now.themes)}
    rows = []
    for key, difference in found.items():
        theme = key.removeprefix("f1/")
        values = [figures.themes[theme].f1 if key in positions else getattr(figures, key) for figures in (before, now)]
        rows.append(
            {
                "key": key,
                "theme": positions.get(key),
                "before": values[0],
                "now": values[1],
                "difference": difference,
                "bar": interval_bar(axis, difference.value, difference.low, difference.high, marks=[0.0]),
                "verdict": "better" if difference.low > 0 else "worse" if difference.high < 0 else "unclear",
            }
        )
    return {"rows": rows, "scale": (axis.low, axis.high)}


def _slice_row(one: Slice, overall: Figures, axis: Axis, *, has_cells: bool) -> dict[str, Any]:
    figures = one.figures
    carries = _carries(figures)
    interval = figures.intervals.get("macro_f1") if carries else None
    below = interval is not None and overall.macro_f1 is not None and interval[1] < overall.macro_f1
    cells = []
    for of_theme in figures.themes.values() if has_cells else ():
        # F1 of a theme that no text of the slice carries is 0 or undefined, and says nothing.
        f1 = of_theme.f1 if of_theme.support else None
        heat = 0 if f1 is None else min(int(_HEATS * math.sqrt(1 - f1)), _HEATS - 1)
        cells.append({"f1": f1, "support": of_theme.support, "heat": heat})
    return {
        "name": one.name,
        "figures": figures,
        "macro_f1": figures.macro_f1 if carries else None,
        "micro_f1": figures.micro_f1 if carries else None,
        "interval": interval,
        "accuracy_interval": figures.intervals.get("accuracy"),
        "bar": _bar(axis, figures.macro_f1, interval, marks=[overall.macro_f1]),
        "below": below,
        "cells": cells,
    }


def _carries(figures: Figures) -> bool:
    """Tell whether any text carries a theme: without one F1 measures nothing."""
    return any(of_theme.support for of_theme in figures.themes.values())


def _interval_axis(intervals: Iterable[Interval | None]) -> Axis:
    """Return an axis that ends at 1 and begins at a round value below all intervals."""
    lowest = min((interval[0] for interval in intervals if interval is not None), default=0.0)
    return Axis("F1", min(math.floor(lowest * 10) / 10, 0.9))


def _bar(axis: Axis, value: float | None, interval: Interval | None, *, marks: Sequence[float | None]) -> str:
    if value is None or interval is None:
        return ""
    return interval_bar(axis, value, *interval, marks=[mark for mark in marks if mark is not None])


def _rounded_up(reach: float) -> float:
    """Return the next of 0.01, 0.02, 0.05, 0.1, 0.2, 0.5 and 1."""
    return next((end for end in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if reach <= end), 1.0)
