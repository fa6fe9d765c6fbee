from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.errors import ConfigError
from fazhi_ml.training.metrics import exact_matches, f1_scores, outcomes
from fazhi_ml.training.search_metric import parse_metric

AB = Codebook("letters", "1", True, (Theme("a"), Theme("b")))


@pytest.fixture
def labels() -> NDArray[np.int8]:
    return np.random.default_rng(0).choice([-1, 0, 0, 1], size=(300, 2)).astype(np.int8)


@pytest.fixture
def scores(labels: NDArray[np.int8]) -> NDArray[np.float32]:
    noise: NDArray[np.float64] = np.random.default_rng(1).normal(size=labels.shape)
    return np.asarray(noise + 2 * (labels == 1), dtype=np.float32)


FOLDS = np.arange(300) % 3


def value(metric: str, scores: NDArray[np.float32], labels: NDArray[np.int8], folds: NDArray[np.intp] = FOLDS) -> float:
    return parse_metric(metric, AB).value(ThemeClassifier(), scores, labels, folds)


def test_figures_are_those_of_training(scores: NDArray[np.float32], labels: NDArray[np.int8]) -> None:
    decisions = ThemeClassifier().cross_fit(scores, labels, FOLDS).decisions
    tp, fp, fn = (outcome.sum(axis=0) for outcome in outcomes(labels, decisions))
    # The same thresholds but for where they part two neighbours.
    assert value("macro_f1", scores, labels) == pytest.approx(f1_scores(tp, fp, fn).mean(), abs=0.005)
    assert value("micro_f1", scores, labels) == pytest.approx(f1_scores(tp.sum(), fp.sum(), fn.sum()), abs=0.005)
    assert value("exact_match", scores, labels) == pytest.approx(exact_matches(labels, decisions).mean(), abs=0.005)


def test_precision_and_recall_at_a_floor() -> None:
    scores = np.array([[5, 0], [4, 0], [3, 0], [2, 0], [9, 0]], dtype=np.float32)
    # The uncertain text counts for nothing, though it has the highest score.
    labels = np.array([[1, 0], [0, 0], [1, 0], [0, 0], [-1, 0]], dtype=np.int8)
    folds = np.zeros(5, dtype=np.intp)
    assert value("precision@recall:0.5:a", scores, labels, folds) == 1.0
    assert value("precision@recall:0.6:a", scores, labels, folds) == pytest.approx(2 / 3)
    assert value("recall@precision:0.9:a", scores, labels, folds) == 0.5
    assert value("recall@precision:0.6:a", scores, labels, folds) == 1.0
    assert value("recall@precision:0.9:a", -scores, labels, folds) == 0.0
    assert value("precision@recall:0.5:b", scores, labels, folds) == 0.0


def test_one_fold_is_judged_by_thresholds_of_its_other_half() -> None:
    labels = np.tile(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.int8), (10, 1))
    scores = np.where(labels == 1, 1.0, -1.0).astype(np.float32)
    folds = np.zeros(len(labels), dtype=np.intp)
    assert value("macro_f1", scores, labels, folds) == 1.0
    assert value("macro_f1", -scores, labels, folds) < 0.7


@pytest.mark.parametrize("metric", ["macro_f1", "micro_f1"])
def test_what_is_undefined_is_zero(metric: str) -> None:
    nothing = np.full((4, 2), -1, dtype=np.int8)
    assert value(metric, np.zeros((4, 2), dtype=np.float32), nothing, np.arange(4) % 2) == 0.0


def test_a_single_label_text_gets_the_likeliest_class() -> None:
    labels = np.eye(2, dtype=np.int8)[np.arange(40) % 2]
    scores = np.where(labels == 1, 0.5, -0.5).astype(np.float32)
    metric = parse_metric("exact_match", AB)
    assert metric.value(ThemeClassifier(multi_label=False), scores, labels, np.arange(40) % 4 // 2) == 1.0


def test_names_for_mlflow() -> None:
    assert parse_metric("macro_f1", AB).key == "macro_f1"
    assert parse_metric("precision@recall:0.9:a", AB).key == "precision_at_recall:0.9:a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("macro-f1", "unknown metric 'macro-f1'. Use macro_f1, micro_f1, exact_match, precision@recall:0.9:THEME"),
        ("", "unknown metric ''"),
        ("macro_f1:a", "unknown metric"),
        ("precision@recall", "unknown theme ''. Themes: a, b."),
        ("precision@recall:0.9", "unknown theme ''"),
        ("recall@precision:0.9:c", "unknown theme 'c'. Themes: a, b."),
        ("recall@precision:x:a", "'x' is not above 0 and at most 1. Write recall@precision:0.9:a."),
        ("recall@precision:0:a", "'0' is not above 0"),
        ("recall@precision:nan:a", "'nan' is not above 0"),
        ("recall@precision:1.1:a", "'1.1' is not above 0"),
    ],
)
def test_unknown_metrics(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_metric(text, AB)
    assert message in str(caught.value)
