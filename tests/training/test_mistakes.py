from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.mistakes import (
    accuracy_by_n_themes,
    confusion_labels,
    confusion_matrix,
    error_kinds,
    worst_errors,
)
from tests.training.conftest import MakeTexts

LABELS = [[1, 1], [1, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, -1], [1, -1]]
DECISIONS = np.array(
    [[1, 0], [0, 0], [0, 1], [1, 1], [1, 0], [0, 0], [0, 1], [1, 0]],
    dtype=bool,
)


@pytest.fixture
def evaluation(make_texts: MakeTexts) -> Evaluation:
    probabilities = np.where(DECISIONS, 0.9, 0.2)
    probabilities[1, 0] = 0.01
    return Evaluation(make_texts(LABELS), probabilities, DECISIONS)


def test_confusion_matrix(evaluation: Evaluation) -> None:
    assert confusion_labels(evaluation) == ("a", "b", "other")
    expected = [
        # given:  a, b, other
        [2, 1, 1],  # a: found in texts 0 and 7, taken for b in 2, missed in 1
        [0, 1, 1],  # b: found in 3, missed beside a in 0
        [2, 0, 1],  # nothing missed: a wrongly given in 3 and 4; 5 has none and got none, 6 is uncertain
    ]
    np.testing.assert_array_equal(confusion_matrix(evaluation), expected)


def test_single_label_confusions_are_the_usual_matrix(make_texts: MakeTexts) -> None:
    import sklearn.metrics

    random = np.random.default_rng(0)
    gold, given = random.integers(3, size=50), random.integers(3, size=50)

    def one_hot(classes: NDArray[np.int64]) -> NDArray[np.bool_]:
        hot: NDArray[np.bool_] = classes[:, np.newaxis] == np.arange(3)
        return hot

    texts = make_texts(one_hot(gold).astype(int).tolist(), multi_label=False)
    evaluation = Evaluation(texts, one_hot(given).astype(np.float64), one_hot(given))
    assert confusion_labels(evaluation) == ("a", "b", "c")
    np.testing.assert_array_equal(confusion_matrix(evaluation), sklearn.metrics.confusion_matrix(gold, given))


def test_error_kinds_exclude_each_other_and_cover_all_errors(evaluation: Evaluation) -> None:
    assert error_kinds(evaluation) == {
        "a theme is missed, another found": 1,
        "all themes are missed, nothing is given instead": 1,
        "a theme is given in place of another": 1,
        "a theme is given besides the right ones": 1,
        "a theme is given to a text without one": 1,
    }
    assert sum(error_kinds(evaluation).values()) == round((1 - evaluation.figures.accuracy) * len(LABELS))


def test_accuracy_by_number_of_themes(evaluation: Evaluation) -> None:
    assert accuracy_by_n_themes(evaluation) == {
        "no theme": (3, 2 / 3),
        "one theme": (4, 1 / 4),
        "several themes": (1, 0.0),
    }


def test_worst_errors_come_first_and_only_errors_come(evaluation: Evaluation) -> None:
    errors = worst_errors(evaluation)
    assert [error["source"] for error in errors] == [f"r1.txt:{line}" for line in (2, 3, 4, 5, 1)]
    first = errors[0]
    assert (first["gold"], first["predicted"], first["surprise"], first["p_a"]) == ("a", "other", 0.99, 0.01)
    assert (errors[-1]["gold"], errors[-1]["predicted"], errors[-1]["uncertain"]) == ("a b", "a", "")
    assert worst_errors(evaluation, limit=2) == errors[:2]


def test_without_errors_there_are_none(make_texts: MakeTexts) -> None:
    right = np.array([[True, False]])
    assert worst_errors(Evaluation(make_texts([[1, -1]]), right.astype(np.float64), right)) == []
