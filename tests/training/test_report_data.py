from __future__ import annotations

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.report_data import (
    MAX_CONFUSED,
    comparison_rows,
    confusion_table,
    influential_terms,
)
from tests.training.conftest import MakeTexts
from tests.training.evaluated import evaluation

__all__ = ["evaluation"]


def test_influential_terms_are_the_largest_weights(bundle: Bundle) -> None:
    model, vocabulary = bundle.scorer.model, bundle.scorer.extractor.vocabulary
    for block in ("words", "characters", "headings"):
        weights = model.coefficients[block][:, 2] * model.idf[block]
        terms = influential_terms(bundle, 2, block)
        assert terms["positive"][0]["term"] == vocabulary.term(block, int(weights.argmax()))
        assert terms["negative"][0]["weight"] == pytest.approx(float(weights.min()))
        for direction, sign in (("positive", 1), ("negative", -1)):
            values = [sign * entry["weight"] for entry in terms[direction]]
            assert values == sorted(values, reverse=True)
            assert min(values) > 0
            assert all(0 < entry["strength"] <= 1 for entry in terms[direction])


def test_a_model_does_not_differ_from_itself(evaluation: Evaluation) -> None:
    table = comparison_rows(Comparison(evaluation, evaluation))
    assert {row["verdict"] for row in table["rows"]} == {"unclear"}


def test_confusions_keep_the_most_mistaken_labels(make_texts: MakeTexts) -> None:
    n_themes = MAX_CONFUSED + 6
    labels = np.eye(n_themes, dtype=np.int8)
    texts = make_texts(labels.tolist(), multi_label=False)
    decisions = labels.astype(bool)
    # The last two are taken for each other.
    decisions[[-1, -2]] = decisions[[-2, -1]]
    table = confusion_table(Evaluation(texts, decisions.astype(np.float64), decisions))
    assert len(table["labels"]) == len(table["rows"]) == MAX_CONFUSED
    assert table["left_out"] == 6
    assert table["labels"][-2:] == [n_themes - 2, n_themes - 1]
    assert table["rows"][-1][-2] == {"count": 1, "heat": 8, "found": False}
    assert table["rows"][0][0] == {"count": 1, "heat": 8, "found": True}
