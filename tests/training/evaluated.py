"""Fixtures of evaluations: the small model of the session on reports that it has not seen."""

from __future__ import annotations

import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation, evaluate
from fazhi_ml.training.report import Baseline


@pytest.fixture(scope="session")
def evaluation(bundle: Bundle, other_texts: LabelledTexts) -> Evaluation:
    return evaluate(bundle.scorer, other_texts)


@pytest.fixture(scope="session")
def baseline(evaluation: Evaluation, bundle: Bundle) -> Baseline:
    """The same model without headings."""
    without = evaluate(bundle.scorer, evaluation.labelled, headings=False)
    return Baseline("without headings", Comparison(champion=without, challenger=evaluation))
