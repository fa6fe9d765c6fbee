from __future__ import annotations

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.classifier.sklearn_export import SentencePooledClassifier
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.labels import LabelledTexts
from tests.classifier.test_estimator import quick, single_labels
from tests.conftest import pairs

ODD_TEXTS = [
    "",
    "  ",
    "\ud800\0",
    "，。！",
    "hello world ; 2023 foo bar baz qux!  9 lives for everybody in here",
    "甲" * 100,
]


@pytest.fixture(scope="module")
def rebuilt(bundle: Bundle) -> SentencePooledClassifier:
    return bundle.to_sklearn()


def test_it_is_made_of_scikit_learns_parts(rebuilt: SentencePooledClassifier, codebook: Codebook) -> None:
    assert isinstance(rebuilt.linear, Pipeline)
    assert rebuilt.classes_.tolist() == list(codebook.ids)


def test_it_decides_as_the_bundle_does(
    rebuilt: SentencePooledClassifier, bundle: Bundle, other_texts: LabelledTexts
) -> None:
    labelled = other_texts.select(np.arange(200))
    scores = bundle.scorer.scores(labelled.texts, labelled.headings)
    probabilities = bundle.scorer.model.probabilities(scores)
    assert (bundle.scorer.extractor.counts(labelled.texts, labelled.headings).text_of.size) > 250
    np.testing.assert_allclose(rebuilt.decision_function(pairs(labelled)), scores, atol=1e-5)
    np.testing.assert_allclose(rebuilt.predict_proba(pairs(labelled)), probabilities, atol=1e-6)
    assert (rebuilt.predict(pairs(labelled)) == bundle.scorer.model.decisions(probabilities)).all()


def test_it_agrees_on_odd_texts(rebuilt: SentencePooledClassifier, bundle: Bundle) -> None:
    expected = bundle.scorer.probabilities(ODD_TEXTS, ODD_TEXTS[::-1])
    actual = rebuilt.predict_proba(list(zip(ODD_TEXTS, ODD_TEXTS[::-1], strict=True)))
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_it_cuts_english_sentences_as_the_bundle_does() -> None:
    texts = [
        "law enforcement checks were many here! 9 cases were closed in the county",
        "publicity for all; a b c d e f",
    ] * 2
    estimator = quick(min_sentence=5).fit(texts, [[1, 0], [0, 1]] * 2)
    codebook = Codebook("en", "1", True, (Theme("enforcement"), Theme("publicity")))
    rebuilt = Bundle(codebook, estimator.scorer_, {}, "").to_sklearn()
    actual = rebuilt.decision_function([(text, None) for text in texts])
    np.testing.assert_allclose(actual, estimator.decision_function(texts), atol=1e-5)


def test_single_label_models_are_rebuilt_too(few_texts: LabelledTexts) -> None:
    estimator: ThemeClassifier = quick(multi_label=False).fit(
        pairs(few_texts), single_labels(few_texts), few_texts.groups
    )
    codebook = Codebook("one", "1", False, tuple(Theme(name) for name in estimator.classes_.tolist()))
    rebuilt = Bundle(codebook, estimator.scorer_, {}, "").to_sklearn()
    some = pairs(few_texts)[:100]
    assert (rebuilt.predict(some) == estimator.predict(some)).all()
    np.testing.assert_allclose(rebuilt.predict_proba(some), estimator.predict_proba(some), atol=1e-6)
