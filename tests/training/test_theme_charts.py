from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.theme_charts import ThemeCharts, axis_floor, wilson_interval
from tests.training.conftest import MakeTexts
from tests.training.evaluated import evaluation

__all__ = ["evaluation"]


def test_threshold_curve_passes_through_the_decisions(evaluation: Evaluation, bundle: Bundle) -> None:
    for column, (theme, of_theme) in enumerate(evaluation.figures.themes.items()):
        charts = ThemeCharts.of(evaluation, column)
        threshold = float(bundle.scorer.model.thresholds[column])
        svg = charts.thresholds(threshold, floor=0.0)
        assert f"threshold {threshold:.3f}, F1 {of_theme.f1:.3f}" in svg
        assert f"recall {of_theme.recall:.3f}, precision {of_theme.precision:.3f}" in charts.precision_recall(floor=0.0)
        assert theme in ET.fromstring(svg).attrib["aria-label"]  # noqa: S314 - our own


def test_charts_of_themes_without_texts(make_texts: MakeTexts) -> None:
    texts = make_texts([[1, 0], [1, -1]])
    decisions = np.zeros((2, 2), dtype=np.bool_)
    evaluation = Evaluation(texts, np.array([[0.4, 0.2], [0.9, 0.3]]), decisions)
    never = ThemeCharts.of(evaluation, 1)
    assert never.average_precision is None
    assert axis_floor(evaluation) == 0
    for charts in (never, ThemeCharts.of(evaluation, 0)):
        for svg in (charts.thresholds(0.5, floor=0), charts.precision_recall(floor=0), charts.reliability()):
            assert "nan" not in svg
            ET.fromstring(svg)  # noqa: S314 - our own


def test_reliability_has_a_dot_a_bin(make_texts: MakeTexts) -> None:
    texts = make_texts([[1], [0], [1], [1]])
    probabilities = np.array([[0.11], [0.15], [0.9], [1.0]])
    svg = ThemeCharts.of(Evaluation(texts, probabilities, probabilities > 0.5), 0).reliability()
    assert re.findall(r"<title>(.*?)</title>", svg) == [
        "2 texts, mean 0.130, share 0.500", "2 texts, mean 0.950, share 1.000",
    ]  # fmt: skip


@given(st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_intervals_hold_their_share(case: tuple[int, int]) -> None:
    successes, trials = case
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_wilson_interval_of_a_known_case() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
