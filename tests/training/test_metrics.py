from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from fazhi_ml.training.metrics import (
    Figures,
    bootstrap_intervals,
    brier_score,
    expected_calibration_error,
    f1_scores,
    score,
)

THEMES = ("a", "b", "c")


def figures(labels: NDArray[np.int8], decisions: NDArray[np.bool_]) -> Figures:
    themes = THEMES[: labels.shape[1]]
    return score(labels, decisions, decisions.astype(np.float64), themes=themes, groups=["r"] * len(labels))


def array(rows: list[list[int]]) -> NDArray[np.int8]:
    return np.array(rows, dtype=np.int8)


@st.composite
def problems(draw: st.DrawFn, lowest: int) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    shape = (draw(st.integers(1, 12)), 3)
    labels = draw(arrays.arrays(np.int8, shape, elements=st.integers(lowest, 1)))
    return labels, draw(arrays.arrays(np.bool_, shape))


def test_a_case_worked_out_by_hand() -> None:
    labels = array([[1, 0], [1, -1], [0, 1], [0, 0], [1, 1]])
    decisions = array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]]).astype(bool)
    found = figures(labels, decisions)
    a, b = found.themes["a"], found.themes["b"]
    # a: TP 2, FN 1, FP 1; b: TP 1, FN 1, and one decision over an uncertain label that does not count.
    assert (a.support, a.predicted, a.precision, a.recall, a.f1) == (3, 3, 2 / 3, 2 / 3, 2 / 3)
    assert (b.support, b.predicted, b.precision, b.recall, b.f1) == (2, 1, 1.0, 0.5, 2 / 3)
    assert found.macro_f1 == pytest.approx(2 / 3)
    assert found.micro_f1 == pytest.approx(6 / 9)
    assert found.accuracy == 2 / 5
    assert (found.n_texts, found.n_groups) == (5, 1)


@settings(deadline=None)
@given(problems(lowest=0))
def test_without_uncertain_labels_figures_are_those_of_scikit_learn(
    problem: tuple[NDArray[np.int8], NDArray[np.bool_]],
) -> None:
    labels, decisions = problem
    found = figures(labels, decisions)
    per_theme = sklearn.metrics.f1_score(labels, decisions, average=None, zero_division=np.nan)
    ours = [math.nan if theme.f1 is None else theme.f1 for theme in found.themes.values()]
    np.testing.assert_allclose(ours, per_theme)
    micro = sklearn.metrics.f1_score(labels, decisions, average="micro", zero_division=np.nan)
    np.testing.assert_allclose(math.nan if found.micro_f1 is None else found.micro_f1, micro)
    assert found.accuracy == pytest.approx(sklearn.metrics.accuracy_score(labels, decisions))
    if not np.isnan(per_theme).all():
        assert found.macro_f1 == pytest.approx(np.nanmean(per_theme))


@settings(deadline=None)
@given(problems(lowest=-1))
def test_decisions_over_uncertain_labels_change_nothing(problem: tuple[NDArray[np.int8], NDArray[np.bool_]]) -> None:
    labels, decisions = problem
    turned = np.where(labels == -1, ~decisions, decisions)
    probabilities = np.full(labels.shape, 0.3)
    groups = ["r"] * len(labels)
    assert score(labels, decisions, probabilities, themes=THEMES, groups=groups) == score(
        labels, turned, probabilities, themes=THEMES, groups=groups
    )


def test_a_theme_that_neither_occurs_nor_was_given_is_left_out() -> None:
    labels = array([[1, 0, -1], [0, 0, 0]])
    decisions = array([[1, 0, 1], [0, 0, 0]]).astype(bool)
    found = figures(labels, decisions)
    assert found.macro_f1 == 1
    assert found.themes["b"].f1 is found.themes["b"].precision is found.themes["b"].recall is None
    assert found.themes["c"].f1 is None
    assert found.to_dict()["themes"]["b"]["f1"] is None


def test_a_theme_missed_everywhere_counts_as_zero() -> None:
    found = figures(array([[1, 1]]), np.array([[True, False]]))
    assert (found.themes["b"].f1, found.themes["b"].precision, found.macro_f1) == (0, None, 0.5)


def test_nothing_to_find_and_nothing_given_has_no_f1() -> None:
    found = figures(array([[0, 0]]), np.array([[False, False]]))
    assert (found.macro_f1, found.micro_f1, found.accuracy) == (None, None, 1)


@settings(deadline=None)
@given(arrays.arrays(np.bool_, st.integers(1, 20)), st.data())
def test_brier_score_is_that_of_scikit_learn(carries: NDArray[np.bool_], data: st.DataObject) -> None:
    probabilities = data.draw(arrays.arrays(np.float64, len(carries), elements=st.floats(0, 1)))
    expected = sklearn.metrics.brier_score_loss(carries, probabilities, pos_label=True)
    assert brier_score(carries, probabilities) == pytest.approx(expected)


def test_calibration_error_by_hand() -> None:
    carries = np.array([True, False, True, True])
    probabilities = np.array([0.61, 0.65, 1.0, 0.02])
    # Bins: 0.6–0.7 holds two (gap 1.26 - 1), 0.9–1 one (no gap), 0–0.1 one (gap 0.98).
    assert expected_calibration_error(carries, probabilities) == pytest.approx((0.26 + 0 + 0.98) / 4)


def test_calibration_without_certain_labels_is_undefined() -> None:
    empty = np.zeros(0)
    assert expected_calibration_error(empty.astype(bool), empty) is brier_score(empty.astype(bool), empty) is None
    of_theme = figures(array([[-1]]), np.array([[True]])).themes["a"]
    assert (of_theme.brier, of_theme.ece, of_theme.support) == (None, None, 0)


def test_f1_is_undefined_without_positives() -> None:
    zero = np.array([0, 1])
    np.testing.assert_array_equal(f1_scores(zero, zero * 0, zero * 0), [np.nan, 1])


def naive_interval(labels: NDArray[np.int8], decisions: NDArray[np.bool_], units: NDArray[np.intp]) -> list[float]:
    """The plain bootstrap: draw units, gather their rows, score them."""
    random = np.random.default_rng(1)
    drawn = []
    for _ in range(1500):
        chosen = random.integers(units.max() + 1, size=units.max() + 1)
        rows = np.concatenate([np.flatnonzero(units == unit) for unit in chosen])
        macro = figures(labels[rows], decisions[rows]).macro_f1
        assert macro is not None
        drawn.append(macro)
    return [float(end) for end in np.quantile(drawn, (0.025, 0.975))]


@pytest.mark.parametrize("n_groups", [3, 12])
def test_bootstrap_agrees_with_a_plain_one(n_groups: int) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(-1, 2, size=(120, 3)).astype(np.int8)
    decisions = (labels == 1) ^ (random.random((120, 3)) < 0.2)
    units = np.arange(120) % n_groups
    groups = [f"r{unit}" for unit in units]
    found = bootstrap_intervals(labels, decisions, themes=THEMES, groups=groups)
    # With fewer than ten reports, texts are the units.
    expected = naive_interval(labels, decisions, units if n_groups >= 10 else np.arange(120))
    np.testing.assert_allclose(found["macro_f1"], expected, atol=0.012)
    macro_f1 = figures(labels, decisions).macro_f1
    assert macro_f1 is not None
    assert found["macro_f1"][0] < macro_f1 < found["macro_f1"][1]


def test_bootstrap_is_seeded_and_names_every_defined_figure() -> None:
    labels, decisions = array([[1, 0, 0], [1, 1, 0], [0, 1, 0]]), array([[1, 0, 0], [0, 1, 0], [0, 1, 0]]).astype(bool)
    first = bootstrap_intervals(labels, decisions, themes=THEMES, groups=["r"] * 3)
    assert first == bootstrap_intervals(labels, decisions, themes=THEMES, groups=["r"] * 3)
    assert first != bootstrap_intervals(labels, decisions, themes=THEMES, groups=["r"] * 3, seed=1, n_draws=7)
    assert set(first) == {"accuracy", "macro_f1", "micro_f1", "f1/a", "f1/b"}


def test_to_dict_puts_intervals_beside_their_figures() -> None:
    found = score(
        array([[1]]),
        np.array([[True]]),
        np.array([[0.75]]),
        themes=("a",),
        groups=["r"],
        intervals={"macro_f1": (0.1, 0.9), "f1/a": (0.2, 1 / 3)},
    )
    values = found.to_dict()
    assert (values["macro_f1"], values["macro_f1_interval"]) == (1, [0.1, 0.9])
    assert values["themes"]["a"]["f1_interval"] == [0.2, 0.333333]
    assert "accuracy_interval" not in values
