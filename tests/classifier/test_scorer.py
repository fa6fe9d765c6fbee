from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.classifier.scorer import Calibration, Scorer, pool
from fazhi_ml.labels import LabelledTexts
from tests.conftest import pairs
from tests.features.strategies import mixed, sentences


@pytest.fixture(scope="module")
def scorer(bundle: Bundle) -> Scorer:
    return bundle.scorer


def test_the_scorer_equals_the_estimator(
    scorer: Scorer, classifier: ThemeClassifier, other_texts: LabelledTexts
) -> None:
    texts, headings = other_texts.texts, other_texts.headings
    assert (scorer.scores(texts, headings) == classifier.decision_function(pairs(other_texts))).all()
    probabilities = scorer.probabilities(texts, headings)
    assert (probabilities == classifier.predict_proba(pairs(other_texts))).all()
    assert (scorer.model.decisions(probabilities) == classifier.predict(pairs(other_texts))).all()


def test_scores_are_the_sum_of_their_parts(scorer: Scorer, other_texts: LabelledTexts) -> None:
    counts = scorer.extractor.counts(other_texts.texts, other_texts.headings)
    wholes, of_sentences = scorer.model.sentence_scores(counts)
    best = np.array([of_sentences[counts.text_of == text].max(axis=0) for text in range(len(other_texts))])
    mix = scorer.model.mix
    expected = (1 - mix) * wholes + mix * best + scorer.model.heading_scores(counts)
    np.testing.assert_allclose(scorer.scores(other_texts.texts, other_texts.headings), expected, atol=1e-5)
    assert (best > wholes).any()


@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_the_mix_goes_from_the_whole_to_the_best_sentence(scorer: Scorer, mix: float) -> None:
    model = replace(scorer.model, mix=mix)
    counts = scorer.extractor.counts(
        ["开展行政执法检查，查处案件12件。" * 3 + "组织宪法宣传周普法活动三十余场次。"], [None]
    )
    wholes, of_sentences = model.sentence_scores(counts)
    assert len(of_sentences) > 1
    np.testing.assert_allclose(model.scores(counts), of_sentences.max(axis=0, keepdims=True) if mix else wholes)


def test_headings_matter_and_may_be_missing(scorer: Scorer) -> None:
    text = "进一步加大工作力度。"
    none, empty, blank = scorer.scores([text] * 3, [None, "", " \u3000"])
    (publicity,) = scorer.scores([text], ["三、加强普法宣传教育"])
    assert (none == empty).all()
    assert (none == blank).all()
    assert (none != publicity).any()


def test_batches_do_not_change_scores(scorer: Scorer, other_texts: LabelledTexts) -> None:
    # More text than one batch holds, a giant one in the middle.
    giant = "".join(other_texts.texts) * 6
    texts = [*other_texts.texts[:150], giant, "", *other_texts.texts[150:300]] * 2
    headings = [*other_texts.headings[:150], None, "一、执法", *other_texts.headings[150:300]] * 2
    together = scorer.scores(texts, headings)
    half = len(texts) // 2
    assert len(giant) > 100_000
    assert (together[:half] == together[half:]).all()
    assert (together[:150] == scorer.scores(texts[:150], headings[:150])).all()
    for place in (0, 149, 150, 151, 152):
        assert (together[place] == scorer.scores([texts[place]], [headings[place]])[0]).all()


def test_no_texts_have_no_scores(scorer: Scorer) -> None:
    assert scorer.probabilities([], []).shape == (0, 5)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(mixed | sentences, max_size=4))
def test_any_text_has_probabilities(scorer: Scorer, texts: list[str]) -> None:
    probabilities = scorer.probabilities(texts, [text[:5] or None for text in texts])
    assert probabilities.shape == (len(texts), 5)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@given(hnp.arrays(np.float32, (6, 2), elements=st.floats(-9, 9, width=32)), st.floats(0, 1))
def test_pooling_mixes_the_whole_with_the_best_sentence(values: NDArray[np.float32], mix: float) -> None:
    text_of = np.array([0, 1, 1, 2, 2, 2])
    wholes = values[[5, 3, 1]]
    expected = [(1 - mix) * wholes[text] + mix * values[text_of == text].max(axis=0) for text in range(3)]
    np.testing.assert_allclose(pool(wholes, values, text_of, mix), expected, rtol=1e-4, atol=1e-5)


def test_calibration_is_platts_sigmoid_and_never_overflows() -> None:
    calibration = Calibration(np.array([2.0, 1e6]), np.array([-1.0, 0.0]))
    probabilities = calibration.probabilities(np.array([[0.5, -1e9], [3.0, 1e9]], dtype=np.float32))
    np.testing.assert_allclose(probabilities, [[0.5, 0.0], [1 / (1 + np.exp(-5)), 1.0]], atol=1e-9)


def test_single_label_probabilities_add_up_to_one_even_far_out(scorer: Scorer) -> None:
    model = replace(scorer.model, multi_label=False)
    probabilities = model.probabilities(np.array([[-50, -60, -70, -80, -90], [1, 2, 3, 4, 5]], dtype=np.float32) * 9)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert model.decisions(probabilities).sum(axis=1).tolist() == [1, 1]


def test_a_theme_is_given_from_its_threshold_on(scorer: Scorer) -> None:
    model = replace(scorer.model, thresholds=np.array([0.5, 0.5, 0.0, 2.0, 1.0]))
    decided = model.decisions(np.array([[0.5, np.nextafter(0.5, 0), 0.0, 1.0, 1.0]]))
    assert decided.tolist() == [[True, False, True, False, True]]
