from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.classifier.tfidf import document_frequencies, inverse_document_frequencies, weight_terms
from fazhi_ml.features.counts import TermCounts
from fazhi_ml.features.sparse import SparseRows
from fazhi_ml.features.vocabulary import BLOCKS
from fazhi_ml.labels import LabelledTexts
from tests.features import reference

Analyzer = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def analyzers(classifier: ThemeClassifier) -> dict[str, Analyzer]:
    """Return what gives each block's terms as strings, made without the code under test."""
    tokenizer, shortest = classifier.scorer_.extractor.tokenizer, classifier.scorer_.extractor.settings.min_sentence
    return {
        "words": lambda text: reference.word_terms(reference.sentences(text, shortest), tokenizer),
        "characters": lambda text: reference.character_terms(reference.sentences(text, shortest)),
        "headings": lambda path: reference.word_terms([reference.folded_text(path)], tokenizer),
    }


@pytest.fixture(scope="module")
def vectorizers(analyzers: dict[str, Analyzer], training_texts: LabelledTexts) -> dict[str, TfidfVectorizer]:
    return {
        block: TfidfVectorizer(analyzer=analyzers[block], sublinear_tf=True, min_df=2).fit(
            source(training_texts, block)
        )
        for block in BLOCKS
    }


def source(labelled: LabelledTexts, block: str) -> Sequence[str]:
    return [path or "" for path in labelled.headings] if block == "headings" else labelled.texts


def weights_of(counts: TermCounts, block: str, idf: NDArray[np.float32]) -> sp.csr_array:
    """Return the weights of texts, an empty row where a text has no headings."""
    if block == "headings":
        weights, empty = weight_terms(counts.headings, idf).to_scipy(), sp.csr_array((1, len(idf)), dtype=np.float32)
        rows: sp.csr_array = sp.vstack([weights, empty], format="csr")[counts.heading_of]
        return rows
    return weight_terms((counts.words if block == "words" else counts.characters).wholes, idf).to_scipy()


@pytest.mark.parametrize("block", BLOCKS)
def test_the_vocabulary_is_that_of_scikit_learn(
    block: str, classifier: ThemeClassifier, vectorizers: dict[str, TfidfVectorizer]
) -> None:
    vocabulary = classifier.scorer_.extractor.vocabulary
    terms = [vocabulary.term(block, column) for column in range(len(vocabulary.keys(block)))]
    assert len(terms) > 100
    assert len(terms) == len(set(terms))
    assert set(terms) == set(vectorizers[block].vocabulary_)


@pytest.mark.parametrize("block", BLOCKS)
def test_term_weights_are_those_of_scikit_learn(
    block: str, classifier: ThemeClassifier, vectorizers: dict[str, TfidfVectorizer], other_texts: LabelledTexts
) -> None:
    extractor, model = classifier.scorer_.extractor, classifier.scorer_.model
    counts = extractor.counts(other_texts.texts, other_texts.headings)
    weights = weights_of(counts, block, model.idf[block])
    vectorizer = vectorizers[block]
    columns = [vectorizer.vocabulary_[extractor.vocabulary.term(block, column)] for column in range(weights.shape[1])]
    expected = vectorizer.transform(source(other_texts, block))[:, columns]
    assert expected.nnz > 1000
    np.testing.assert_allclose(model.idf[block], vectorizer.idf_[columns], rtol=1e-6)
    assert abs(weights - expected).max() < 1e-6


def test_sentences_are_weighted_like_texts(
    classifier: ThemeClassifier, vectorizers: dict[str, TfidfVectorizer], other_texts: LabelledTexts
) -> None:
    extractor, model = classifier.scorer_.extractor, classifier.scorer_.model
    texts = other_texts.texts[:60]
    counts = extractor.counts(texts, [None] * len(texts))
    weights = weight_terms(counts.characters.sentences, model.idf["characters"]).to_scipy()
    vectorizer = vectorizers["characters"]
    columns = [
        vectorizer.vocabulary_[extractor.vocabulary.term("characters", column)] for column in range(weights.shape[1])
    ]
    sentences = [sentence for text in texts for sentence in reference.sentences(text, extractor.settings.min_sentence)]
    counted = TfidfVectorizer(
        analyzer=lambda sentence: reference.character_terms([sentence]),
        sublinear_tf=True,
        vocabulary=vectorizer.vocabulary_,
    )
    counted.idf_ = vectorizer.idf_
    assert len(sentences) > len(texts)
    assert abs(weights - counted.transform(sentences)[:, columns]).max() < 1e-6


def rows_of(matrix: list[list[float]]) -> SparseRows:
    rows = sp.csr_array(np.array(matrix, dtype=np.float32))
    return SparseRows(rows.data, rows.indices.astype(np.int32), rows.indptr.astype(np.intp), rows.shape[1])


def test_document_frequencies_count_rows() -> None:
    assert document_frequencies(rows_of([[3, 0, 1], [1, 0, 0]])).tolist() == [2, 0, 1]
    np.testing.assert_allclose(
        inverse_document_frequencies(np.array([2, 0, 1]), 2), [1, np.log(3) + 1, np.log(1.5) + 1], rtol=1e-6
    )


def test_rows_have_unit_length_or_none() -> None:
    counts = rows_of([[4, 1, 1], [0, 0, 0], [0, 0, 2]])
    before = counts.data.copy()
    weights = weight_terms(counts, np.array([1, 2, 0], dtype=np.float32)).to_scipy().toarray()
    np.testing.assert_allclose(np.sqrt((weights * weights).sum(axis=1)), [1, 0, 0], rtol=1e-6)
    assert weights.dtype == np.float32
    assert (counts.data == before).all()


def test_no_rows_weigh_nothing() -> None:
    assert weight_terms(rows_of([[1, 1, 1]]).select(np.array([], dtype=np.intp)), np.ones(3, np.float32)).shape == (
        0,
        3,
    )
