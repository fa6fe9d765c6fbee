from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from fazhi_ml.classifier.linear import FittedWeights, LinearSettings, fit_weights
from fazhi_ml.features.counts import TermCounts, TermExtractor, learn_vocabulary
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings
from fazhi_ml.labels import LabelledTexts

SETTINGS = LinearSettings(
    min_df=2,
    word_weight=1.0,
    char_weight=2.0,
    heading_weight=0.5,
    heading_dropout=0.5,
    sentence_rows=True,
    uncertain="drop",
    C=0.3,
    class_weight=None,
    seed=0,
)


@pytest.fixture(scope="module")
def counts(few_texts: LabelledTexts) -> TermCounts:
    features, tokenizer = FeatureSettings(), Tokenizer()
    vocabulary = learn_vocabulary(few_texts.texts, few_texts.headings, features, tokenizer)
    return TermExtractor(features, tokenizer, vocabulary).counts(few_texts.texts, few_texts.headings)


def fit(counts: TermCounts, labels: NDArray[np.int8], settings: LinearSettings = SETTINGS) -> FittedWeights:
    return fit_weights(counts, labels, np.arange(counts.n_texts), settings)


def equal(one: FittedWeights, other: FittedWeights) -> bool:
    return (one.intercepts == other.intercepts).all() and all(
        (one.coefficients[block] == other.coefficients[block]).all() and (one.idf[block] == other.idf[block]).all()
        for block in BLOCKS
    )


def test_weights_have_one_column_a_theme(counts: TermCounts, few_texts: LabelledTexts) -> None:
    weights = fit(counts, few_texts.labels)
    for block in BLOCKS:
        assert weights.coefficients[block].shape == (len(weights.idf[block]), 5)
        assert weights.coefficients[block].dtype == weights.idf[block].dtype == np.float32
        assert not weights.coefficients[block][weights.idf[block] == 0].any()
        assert weights.coefficients[block].any()


def test_texts_that_are_left_out_do_not_count(counts: TermCounts, few_texts: LabelledTexts) -> None:
    texts = np.arange(0, counts.n_texts, 2)
    labels = few_texts.labels.copy()
    labels[1::2] = 1 - labels[1::2]
    assert equal(fit_weights(counts, few_texts.labels, texts, SETTINGS), fit_weights(counts, labels, texts, SETTINGS))


def test_uncertain_labels_are_taken_as_asked(counts: TermCounts, few_texts: LabelledTexts) -> None:
    uncertain, absent, present = (few_texts.labels.copy() for _ in range(3))
    rows = np.flatnonzero(few_texts.labels.any(axis=1))[::5]
    uncertain[rows, 2], absent[rows, 2], present[rows, 2] = -1, 0, 1
    no_sentences = replace(SETTINGS, sentence_rows=False)
    dropped = fit(counts, uncertain, no_sentences)
    as_absent = fit(counts, uncertain, replace(no_sentences, uncertain="absent"))
    as_present = fit(counts, uncertain, replace(no_sentences, uncertain="present"))
    assert equal(as_absent, fit(counts, absent, no_sentences))
    assert equal(as_present, fit(counts, present, no_sentences))
    assert not equal(dropped, as_absent)
    assert not equal(dropped, as_present)


def test_a_theme_of_one_kind_gets_a_constant_score(counts: TermCounts, few_texts: LabelledTexts) -> None:
    labels = few_texts.labels.copy()
    labels[:, 0], labels[:, 1], labels[:, 2] = 0, 1, -1
    weights = fit(counts, labels)
    assert weights.intercepts[:3].tolist() == [-1, 1, -1]
    assert not any(weights.coefficients[block][:, :3].any() for block in BLOCKS)


def test_headings_that_all_drop_out_have_no_weight(counts: TermCounts, few_texts: LabelledTexts) -> None:
    weights = fit(counts, few_texts.labels, replace(SETTINGS, heading_dropout=1.0))
    assert not weights.coefficients["headings"].any()
    assert fit(counts, few_texts.labels, replace(SETTINGS, heading_dropout=0.0)).coefficients["headings"].any()


def test_block_weights_of_zero_switch_a_block_off(counts: TermCounts, few_texts: LabelledTexts) -> None:
    weights = fit(counts, few_texts.labels, replace(SETTINGS, word_weight=0.0))
    assert not weights.coefficients["words"].any()
    assert weights.coefficients["characters"].any()


def test_min_df_counts_texts_not_sentences(counts: TermCounts, few_texts: LabelledTexts) -> None:
    weights = fit(counts, few_texts.labels, replace(SETTINGS, min_df=5))
    frequencies = np.diff(counts.words.wholes.to_scipy().tocsc().indptr)
    assert ((weights.idf["words"] > 0) == (frequencies >= 5)).all()
