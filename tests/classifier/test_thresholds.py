from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fazhi_ml.classifier.thresholds import (
    best_f1_threshold,
    fit_calibration,
    parse_objective,
    precision_threshold,
    tune_thresholds,
)
from fazhi_ml.errors import ConfigError

Scored = tuple[NDArray[np.float64], NDArray[np.bool_]]

# A coarse grid makes ties common.
scored = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30).map(
    lambda rows: (np.array([row[0] / 12 for row in rows]), np.array([row[1] for row in rows]))
)


def f1_at(threshold: float, probabilities: NDArray[np.float64], carries: NDArray[np.bool_]) -> float:
    given_ = probabilities >= threshold
    return float(2 * (given_ & carries).sum() / (given_.sum() + carries.sum()))


@settings(max_examples=500, deadline=None)
@given(scored)
def test_no_threshold_has_a_better_f1(case: Scored) -> None:
    probabilities, carries = case
    chosen = best_f1_threshold(probabilities, carries)
    if not carries.any():
        assert chosen == 0.5
        return
    best = max(f1_at(threshold, probabilities, carries) for threshold in [*probabilities, 2.0])
    assert f1_at(chosen, probabilities, carries) == pytest.approx(best)
    assert chosen not in set(probabilities.tolist()) - {0.0}


@settings(max_examples=500, deadline=None)
@given(scored, st.sampled_from([0.3, 0.5, 0.75, 0.9, 1.0]))
def test_the_precision_is_reached_with_the_best_recall(case: Scored, precision: float) -> None:
    probabilities, carries = case
    chosen = precision_threshold(probabilities, carries, precision)
    if not carries.any():
        assert chosen == 0.5
        return
    reached = [threshold for threshold in probabilities if carries[probabilities >= threshold].mean() >= precision]
    if not reached:
        assert chosen > 1
        return
    given_ = probabilities >= chosen
    assert carries[given_].mean() >= precision
    assert (given_ & carries).sum() == (carries & (probabilities >= min(reached))).sum()


def test_thresholds_lie_between_the_probabilities_they_part() -> None:
    probabilities = np.array([0.9, 0.8, 0.3, 0.1])
    assert best_f1_threshold(probabilities, np.array([True, True, False, False])) == pytest.approx(0.55)
    assert best_f1_threshold(probabilities, np.ones(4, dtype=bool)) == pytest.approx(0.05)


def test_uncertain_labels_do_not_count() -> None:
    probabilities = np.array([[0.9], [0.7], [0.2]])
    certain = tune_thresholds(probabilities[[0, 2]], np.array([[1], [0]], dtype=np.int8), "f1")
    assert tune_thresholds(probabilities, np.array([[1], [-1], [0]], dtype=np.int8), "f1") == certain
    assert tune_thresholds(probabilities, np.full((3, 1), -1, dtype=np.int8), "f1") == [0.5]
    assert tune_thresholds(probabilities, np.array([[0], [1], [0]], dtype=np.int8), "precision:1") > 1


@pytest.mark.parametrize("objective", ["f1", "precision:1", "precision:0.25"])
def test_objectives(objective: str) -> None:
    assert parse_objective(objective) == {"f1": None, "precision:1": 1.0, "precision:0.25": 0.25}[objective]


@pytest.mark.parametrize(
    "objective",
    ["", "F1", "f1:0.5", "recall:0.5", "precision", "precision:", "precision:0", "precision:1.1", "precision:nan"],
)
def test_unknown_objectives_are_refused(objective: str) -> None:
    with pytest.raises(ConfigError):
        tune_thresholds(np.array([[0.5]]), np.array([[1]], dtype=np.int8), objective)


@pytest.mark.parametrize("objective", [None, 5, 0.9, b"f1", ["f1"]])
def test_objectives_that_are_no_strings_are_refused(objective: Any) -> None:
    with pytest.raises(ConfigError):
        parse_objective(objective)


def test_calibration_is_finite_and_monotone_on_separated_scores() -> None:
    scores = np.concatenate([np.linspace(-3, -1, 200), np.linspace(1, 3, 50)])[:, np.newaxis]
    labels = (scores > 0).astype(np.int8)
    calibration = fit_calibration(scores, labels)
    probabilities = calibration.probabilities(scores)[:, 0]
    assert np.isfinite([*calibration.slopes, *calibration.offsets]).all()
    assert (np.diff(probabilities) >= 0).all()
    assert probabilities[0] < 0.05
    assert probabilities[-1] > 0.95


def test_calibrated_probabilities_are_frequencies() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(20_000, 1)).astype(np.float32)
    truth = 1 / (1 + np.exp(-(2 * scores - 0.5)))
    labels = (generator.random(truth.shape) < truth).astype(np.int8)
    calibration = fit_calibration(scores, labels)
    assert calibration.slopes[0] == pytest.approx(2, abs=0.15)
    assert calibration.offsets[0] == pytest.approx(-0.5, abs=0.1)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([[1.0], [2.0]], [[1], [1]]),
        ([[1.0], [2.0]], [[0], [0]]),
        ([[1.0], [2.0]], [[-1], [-1]]),
        ([[1.0], [1.0], [1.0]], [[1], [0], [0]]),
        ([[0.0], [0.0]], [[1], [0]]),
        ([[-1.0], [1.0]], [[0], [1]]),
        ([[1e-6], [2e-6], [3e-6]], [[0], [1], [1]]),
    ],
)
def test_degenerate_scores_calibrate_to_finite_numbers(scores: list[list[float]], labels: list[list[int]]) -> None:
    values = np.array(scores, dtype=np.float32)
    calibration = fit_calibration(values, np.array(labels, dtype=np.int8))
    probabilities = calibration.probabilities(values)
    assert np.isfinite([*calibration.slopes, *calibration.offsets]).all()
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_themes_are_calibrated_one_by_one() -> None:
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(300, 2))
    labels = (scores + generator.normal(size=scores.shape) > 0.3).astype(np.int8)
    labels[:20, 1] = -1
    together = fit_calibration(scores, labels)
    alone = fit_calibration(scores[20:, 1:], labels[20:, 1:])
    assert together.slopes[1] == pytest.approx(alone.slopes[0], rel=1e-6)
    assert together.offsets[1] == pytest.approx(alone.offsets[0], rel=1e-6)


def test_a_shared_calibration_keeps_the_order_of_scores() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(200, 3))
    classes = (scores + generator.normal(size=scores.shape)).argmax(axis=1)
    labels = np.eye(3, dtype=np.int8)[classes]
    calibration = fit_calibration(scores, labels, shared=True)
    assert (calibration.probabilities(scores).argmax(axis=1) == scores.argmax(axis=1)).all()
    assert len(set(calibration.slopes.tolist())) == 1
    assert calibration.slopes[0] > 0
