"""A model rebuilt from scikit-learn's own parts, for use where scikit-learn is expected and to check the scorer by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import LabelBinarizer
from sklearn.svm import LinearSVC

from fazhi_ml.classifier.scorer import LinearModel, Scorer
from fazhi_ml.features.normalise import NEWLINE, decode
from fazhi_ml.features.terms import is_word, split_rows
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings

__all__ = ["SentencePooledClassifier", "rebuild"]

Pair = tuple[str, str | None]


class SentencePooledClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Pools a linear pipeline's scores of a text and of its sentences, then calibrates and decides.

    Parameters
    ----------
    linear : sklearn.pipeline.Pipeline
        A fitted pipeline over (text, headings) pairs with a ``decision_function``.
    model : LinearModel
        Gives the mix, the calibration and the thresholds.
    settings : FeatureSettings
        How sentences are cut.
    """

    def __init__(self, linear: Pipeline, model: LinearModel, settings: FeatureSettings) -> None:
        self.linear = linear
        self.model = model
        self.settings = settings

    @property
    def classes_(self) -> NDArray[np.str_]:
        """Theme ids, shape (n_themes,)."""
        classes: NDArray[np.str_] = self.linear[-1].label_binarizer_.classes_
        return classes

    def decision_function(self, X: Sequence[Pair]) -> NDArray[np.float64]:
        """Return raw pooled scores, shape (n_texts, n_themes)."""
        wholes = self.linear.decision_function(X)
        best = [
            self.linear.decision_function([(sentence, headings) for sentence in _sentences(text, self.settings)]).max(0)
            for text, headings in X
        ]
        pooled: NDArray[np.float64] = (1 - self.model.mix) * wholes + self.model.mix * np.array(best)
        return pooled

    def predict_proba(self, X: Sequence[Pair]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_themes)."""
        return self.model.probabilities(self.decision_function(X))

    def predict(self, X: Sequence[Pair]) -> NDArray[np.int8] | NDArray[np.str_]:
        """Return a label matrix of shape (n_texts, n_themes), or when single-label the class of each text."""
        decisions = self.model.decisions(self.predict_proba(X))
        return decisions.astype(np.int8) if self.model.multi_label else self.classes_[decisions.argmax(axis=1)]


class TermAnalyzer:
    """The `analyzer` of a TfidfVectorizer: the terms of one block of a (text, headings) pair, as strings.

    Parameters
    ----------
    block : {"words", "characters", "headings"}
    settings : FeatureSettings
    tokenizer : Tokenizer
    """

    def __init__(self, block: str, settings: FeatureSettings, tokenizer: Tokenizer) -> None:
        self.block = block
        self.settings = settings
        self.tokenizer = tokenizer

    def __call__(self, pair: Pair) -> list[str]:
        """Return every term, as often as it stands in the pair."""
        text, headings = pair
        if self.block == "headings":
            return self._words(_fold(headings, self.settings, cut=False)) if headings else []
        rows = _fold(text, self.settings, cut=True)
        if self.block == "words":
            return self._words(rows)
        return [gram for row in rows for gram in _ngrams(row, self.settings.char_ngrams, "")]

    def _words(self, rows: Sequence[str]) -> list[str]:
        terms = []
        for row in rows:
            run: list[str] = []
            for token in [*self.tokenizer.cut(row), "\n"]:
                if is_word(token):
                    run.append(token)
                    continue
                terms += _ngrams(run, self.settings.word_ngrams, " ")
                run = []
        return terms


def rebuild(scorer: Scorer, themes: Sequence[str]) -> SentencePooledClassifier:
    """Rebuild a scorer as a scikit-learn estimator; see `fazhi_ml.classifier.bundle.Bundle.to_sklearn`."""
    extractor, model = scorer.extractor, scorer.model
    vectorizers = []
    # TfidfVectorizer takes no empty vocabulary, as of headings that were all missing in training.
    blocks = [block for block in BLOCKS if len(model.idf[block])]
    for block in blocks:
        terms = [extractor.vocabulary.term(block, column) for column in range(len(model.idf[block]))]
        analyzer = TermAnalyzer(block, extractor.settings, extractor.tokenizer)
        vectorizer = TfidfVectorizer(analyzer=analyzer, vocabulary=terms, sublinear_tf=True)
        vectorizer.idf_ = model.idf[block].astype(np.float64)
        vectorizers.append((block, vectorizer))
    coefficients = np.vstack([model.coefficients[block] for block in blocks]).astype(np.float64)
    one_vs_rest = OneVsRestClassifier(LinearSVC())
    one_vs_rest.estimators_ = [
        _fitted_svm(coefficients[:, theme], float(model.intercepts[theme])) for theme in range(len(themes))
    ]
    one_vs_rest.label_binarizer_ = LabelBinarizer().fit(np.eye(len(themes), dtype=int))
    one_vs_rest.label_binarizer_.classes_ = np.array(themes)
    linear = Pipeline([("terms", FeatureUnion(vectorizers)), ("themes", one_vs_rest)])
    return SentencePooledClassifier(linear, model, extractor.settings)


def _fitted_svm(coefficients: NDArray[np.float64], intercept: float) -> LinearSVC:
    machine = LinearSVC()
    machine.classes_ = np.array([0, 1])
    machine.coef_ = coefficients[np.newaxis]
    machine.intercept_ = np.array([intercept])
    return machine


def _sentences(text: str, settings: FeatureSettings) -> list[str]:
    """Return the sentences of a text as they stand in it."""
    rows = split_rows([text], fold_digits=settings.fold_digits, min_sentence=settings.min_sentence)
    ends = np.flatnonzero(rows.codes == NEWLINE)
    starts = np.append(0, rows.positions[ends[:-1]])
    return [text[start:end] for start, end in zip(starts, np.append(starts[1:], len(text)), strict=True)]


def _fold(text: str, settings: FeatureSettings, *, cut: bool) -> list[str]:
    min_sentence = settings.min_sentence if cut else None
    rows = split_rows([text], fold_digits=settings.fold_digits, min_sentence=min_sentence)
    return decode(rows.codes).split("\n")[:-1]


def _ngrams(symbols: Sequence[str], longest: int, joint: str) -> list[str]:
    return [
        joint.join(symbols[start : start + n]) for n in range(1, longest + 1) for start in range(len(symbols) - n + 1)
    ]
