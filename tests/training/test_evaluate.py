from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fazhi_ml.errors import InputError
from fazhi_ml.training.evaluate import Evaluation, evaluate
from fazhi_ml.training.train import TrainingResult
from tests.training.conftest import MakeTexts


def test_evaluate_scores_what_the_scorer_decides(trained: TrainingResult) -> None:
    assert trained.test is not None
    scorer = trained.bundle.scorer
    found = evaluate(scorer, trained.test)
    probabilities = scorer.probabilities(trained.test.texts, trained.test.headings)
    np.testing.assert_array_equal(found.probabilities, probabilities)
    np.testing.assert_array_equal(found.decisions, scorer.model.decisions(probabilities))
    assert found.figures.n_texts == len(trained.test)
    assert set(found.figures.intervals) >= {"accuracy", "macro_f1", "micro_f1"}


def test_headings_can_be_withheld(trained: TrainingResult) -> None:
    assert trained.test is not None
    without = evaluate(trained.bundle.scorer, trained.test, headings=False)
    blind = replace(trained.test, headings=(None,) * len(trained.test))
    np.testing.assert_array_equal(without.probabilities, evaluate(trained.bundle.scorer, blind).probabilities)
    assert not np.array_equal(without.probabilities, evaluate(trained.bundle.scorer, trained.test).probabilities)


def test_slices(make_texts: MakeTexts) -> None:
    texts = make_texts([[1, 0], [1, 0], [0, 1]], groups=["x", "y", "x"], roles=["plans", "plans", "problems"])
    decisions = np.array([[True, False], [False, False], [False, True]])
    evaluation = Evaluation(texts, decisions.astype(np.float64), decisions)
    per_report = evaluation.slices("report")
    assert {name: (found.n_texts, found.accuracy) for name, found in per_report.items()} == {"x": (2, 1), "y": (1, 0)}
    per_role = evaluation.slices("role")
    assert list(per_role) == ["plans", "problems"]
    assert (per_role["plans"].n_groups, per_role["plans"].accuracy) == (2, 0.5)
    assert per_role["problems"].themes["a"].f1 is None
    assert per_role["problems"].macro_f1 == 1
    assert not per_role["plans"].intervals


def test_no_texts_and_wrong_shapes_are_errors(make_texts: MakeTexts, trained: TrainingResult) -> None:
    with pytest.raises(InputError, match="no labelled texts"):
        Evaluation(make_texts([]), np.zeros((0, 2)), np.zeros((0, 2), dtype=bool))
    with pytest.raises(InputError, match="shapes differ"):
        evaluate(trained.bundle.scorer, make_texts([[1, 0]]))
