"""ThemeClassifier: the model as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from fazhi_ml.classifier.inputs import Text, assign_folds, encode_classes, encode_label_matrix, split_pairs
from fazhi_ml.classifier.linear import (
    FittedWeights,
    Learner,
    LinearSettings,
    Uncertain,
    fit_linear_svc,
    fit_weights,
)
from fazhi_ml.classifier.scorer import Calibration, LinearModel, Scorer
from fazhi_ml.classifier.thresholds import fit_calibration, parse_objective, tune_thresholds
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.counts import TermCounts, TermExtractor, learn_vocabulary
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings, Vocabulary

__all__ = ["OutOfFold", "PreparedTexts", "ThemeClassifier"]


@dataclass(frozen=True)
class OutOfFold:
    """What the model gives texts it was not trained on, from folds grouped by report.

    Attributes
    ----------
    folds : intp array of shape (n_texts,)
        The fold that each text was held out in.
    scores : float32 array of shape (n_texts, n_themes)
    decisions : bool array of shape (n_texts, n_themes)
        Calibration and thresholds of each fold come from the other folds, so figures computed from them are fair.
    probabilities : float64 array of shape (n_texts, n_themes)
        Likewise.
    """

    folds: NDArray[np.intp]
    scores: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    decisions: NDArray[np.bool_]


@dataclass(frozen=True)
class PreparedTexts:
    """Counted texts with their labels and folds: all that fitting needs besides the settings of the linear layer.

    Attributes
    ----------
    counts : TermCounts
    labels : int8 array of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain.
    folds : intp array of shape (n_texts,)
        The fold that each text is held out in.
    """

    counts: TermCounts
    labels: NDArray[np.int8]
    folds: NDArray[np.intp]


class ThemeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Tags texts with themes: TF-IDF of words, characters and headings, linear SVMs, sentence pooling, calibration.

    Parameters
    ----------
    themes : sequence of str, optional
        Names of the label columns, in order. Default: the classes found (single-label) or the column numbers.
    multi_label : bool
        Whether a text may carry several themes or none.
    word_ngrams, char_ngrams, min_sentence, fold_digits
        See `fazhi_ml.features.vocabulary.FeatureSettings`.
    user_words : sequence of (str, int)
        User dictionary of the tokenizer: words with their frequencies.
    min_df : int
        A term counts when it stands in at least this many training texts.
    word_weight, char_weight, heading_weight : float
        Weight of each block; each block has unit length before.
    heading_dropout : float
        Share of training texts that are shown without their headings, so that the model does not lean on them.
    sentence_rows : bool
        Whether sentences of texts with at most one theme are training rows of their own.
    mix : float
        Share of the best sentence in a text's score; 0 switches sentence pooling off.
    uncertain : {"drop", "absent", "present"}
        What an uncertain label (-1) is taken for in training. It never counts in calibration and thresholds.
    C : float
        Inverse strength of regularisation.
    class_weight : {"balanced"} or None
    n_folds : int
        Folds for the out-of-fold scores behind calibration and thresholds; lowered to the number of groups.
    threshold : str
        ``f1`` or, for example, ``precision:0.9``.
    random_state : int

    Attributes
    ----------
    classes_ : array of shape (n_themes,)
    scorer_ : Scorer
    out_of_fold_ : OutOfFold

    Notes
    -----
    TF-IDF follows scikit-learn's TfidfVectorizer; the union of word and character n-grams under a linear SVM follows
    T. Joachims, Text categorization with support vector machines (1998); scoring a bag by its best instance follows
    S. Andrews et al., Support vector machines for multiple-instance learning (2002).
    """

    def __init__(
        self,
        *,
        themes: Sequence[str] | None = None,
        multi_label: bool = True,
        word_ngrams: int = 2,
        char_ngrams: int = 3,
        min_sentence: int = 8,
        fold_digits: bool = True,
        user_words: Sequence[tuple[str, int]] = (),
        min_df: int = 2,
        word_weight: float = 1.0,
        char_weight: float = 1.5,
        heading_weight: float = 0.5,
        heading_dropout: float = 0.5,
        sentence_rows: bool = True,
        mix: float = 0.6,
        uncertain: Uncertain = "drop",
        C: float = 0.3,
        class_weight: Literal["balanced"] | None = None,
        n_folds: int = 5,
        threshold: str = "f1",
        random_state: int = 0,
    ) -> None:
        self.themes = themes
        self.multi_label = multi_label
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.min_sentence = min_sentence
        self.fold_digits = fold_digits
        self.user_words = user_words
        self.min_df = min_df
        self.word_weight = word_weight
        self.char_weight = char_weight
        self.heading_weight = heading_weight
        self.heading_dropout = heading_dropout
        self.sentence_rows = sentence_rows
        self.mix = mix
        self.uncertain = uncertain
        self.C = C
        self.class_weight = class_weight
        self.n_folds = n_folds
        self.threshold = threshold
        self.random_state = random_state

    def fit(self, X: Sequence[Text], y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn vocabulary, weights, calibration and thresholds.

        Parameters
        ----------
        X : sequence of str, or of (text, headings) pairs, length n_texts
        y : array-like of shape (n_texts, n_themes), or (n_texts,) when single-label
            Multi-label: 1 = carries the theme, 0 = does not, -1 = uncertain. Single-label: one class a text.
        groups : array-like of shape (n_texts,), optional
            The report each text comes from; texts of one report never stand on both sides of a fold. Default: each
            text is a group of its own.

        Returns
        -------
        ThemeClassifier

        Raises
        ------
        InputError
            Lengths differ, labels have the wrong shape or values, or there are fewer than two groups.
        ConfigError
            A parameter is out of range.
        """
        settings = self.check_parameters()
        prepared, extractor = self.prepare_texts(X, y, groups)
        labels, folds = prepared.labels, prepared.folds
        scores = np.empty(labels.shape, dtype=np.float32)
        for fold, held_out in enumerate(_held_out(folds)):
            scores[held_out] = self.held_out_scores(prepared, fold)
        self.out_of_fold_ = self.cross_fit(scores, labels, folds)

        weights = fit_weights(prepared.counts, labels, np.arange(len(labels)), settings)
        self.scorer_ = Scorer(
            TermExtractor(extractor.settings, extractor.tokenizer, _pruned(extractor.vocabulary, weights)),
            self._decide(_only_counting(weights), scores, labels),
        )
        return self

    def prepare_texts(
        self, X: Sequence[Text], y: ArrayLike, groups: ArrayLike | None = None
    ) -> tuple[PreparedTexts, TermExtractor]:
        """Do the part of `fit` that depends on the texts and on how they become terms alone.

        Parameters
        ----------
        X, y, groups
            As in `fit`.

        Returns
        -------
        prepared : PreparedTexts
            The same for all values of `min_df` and of the parameters listed after it, `n_folds` and `random_state`
            (which make the folds) aside.
        extractor : TermExtractor
            It knows every term of the texts.

        Raises
        ------
        InputError, ConfigError
            As in `fit`.
        """
        features = FeatureSettings(
            *map(_plain, (self.word_ngrams, self.char_ngrams, self.min_sentence, self.fold_digits))
        )
        texts, headings = split_pairs(X)
        encode = encode_label_matrix if self.multi_label else encode_classes
        classes, labels = encode(y, len(texts), self.themes)
        folds = assign_folds(groups, len(texts), n_folds=self.n_folds, seed=self.random_state)
        tokenizer = Tokenizer(self.user_words)
        self.classes_ = classes
        vocabulary = learn_vocabulary(texts, headings, features, tokenizer)
        extractor = TermExtractor(features, tokenizer, vocabulary)
        return PreparedTexts(extractor.counts(texts, headings), labels, folds), extractor

    def held_out_scores(
        self, prepared: PreparedTexts, fold: int, learner: Learner = fit_linear_svc
    ) -> NDArray[np.float32]:
        """Return raw scores of the texts of one fold by a model of all the others.

        Parameters
        ----------
        prepared : PreparedTexts
        fold : int
        learner : Learner
            What fits each theme.

        Returns
        -------
        float32 array of shape (n_held_out, n_themes)

        Raises
        ------
        ConfigError
            A parameter is out of range.
        """
        held_out = prepared.folds == fold
        weights = fit_weights(
            prepared.counts, prepared.labels, np.flatnonzero(~held_out), self.check_parameters(), learner
        )
        return self._model(weights).scores(prepared.counts.select(np.flatnonzero(held_out)))

    def cross_fit(self, scores: NDArray[np.float32], labels: NDArray[np.int8], folds: NDArray[np.intp]) -> OutOfFold:
        """Calibrate and decide each fold by the others.

        Parameters
        ----------
        scores : float32 array of shape (n_texts, n_themes)
            Of texts that were held out, see `held_out_scores`.
        labels : int8 array of shape (n_texts, n_themes)
        folds : intp array of shape (n_texts,)
            From 0 up, at least two.

        Returns
        -------
        OutOfFold
        """
        weights = FittedWeights({}, {}, np.zeros(labels.shape[1], dtype=np.float32))
        probabilities = np.empty(labels.shape)
        decisions = np.empty(labels.shape, dtype=bool)
        for held_out in _held_out(folds):
            model = self._decide(weights, scores[~held_out], labels[~held_out])
            probabilities[held_out] = model.probabilities(scores[held_out])
            decisions[held_out] = model.decisions(probabilities[held_out])
        return OutOfFold(folds, scores, probabilities, decisions)

    def decision_function(self, X: Sequence[Text]) -> NDArray[np.float32]:
        """Return raw pooled scores, shape (n_texts, n_themes)."""
        check_is_fitted(self, "scorer_")
        return self.scorer_.scores(*split_pairs(X))

    def predict_proba(self, X: Sequence[Text]) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_texts, n_themes); columns follow ``classes_``."""
        check_is_fitted(self, "scorer_")
        return self.scorer_.probabilities(*split_pairs(X))

    def predict(self, X: Sequence[Text]) -> NDArray[np.int8] | NDArray[np.object_]:
        """Return a label matrix of shape (n_texts, n_themes), or when single-label the class of each text."""
        probabilities = self.predict_proba(X)
        decisions = self.scorer_.model.decisions(probabilities)
        if self.multi_label:
            return decisions.astype(np.int8)
        predicted: NDArray[np.object_] = self.classes_[decisions.argmax(axis=1)]
        return predicted

    def check_parameters(self) -> LinearSettings:
        """Check every parameter but those of the features, and return those of the linear layer.

        Raises
        ------
        ConfigError
            One is out of range.
        """
        parse_objective(self.threshold)
        if self.uncertain not in ("drop", "absent", "present"):
            raise ConfigError("unknown value", source="uncertain", remedy="Use 'drop', 'absent' or 'present'.")
        if self.class_weight not in (None, "balanced"):
            raise ConfigError("unknown value", source="class_weight", remedy="Use 'balanced' or None.")
        for name in ("multi_label", "sentence_rows"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError("not true or false", source=name, remedy="Give true or false.")
        self._number("mix", 0, 1)
        self._whole("n_folds", 2, 100)
        return LinearSettings(
            min_df=self._whole("min_df", 1, 10**6),
            word_weight=self._number("word_weight", 0, 100),
            char_weight=self._number("char_weight", 0, 100),
            heading_weight=self._number("heading_weight", 0, 100),
            heading_dropout=self._number("heading_dropout", 0, 1),
            sentence_rows=self.sentence_rows,
            uncertain=self.uncertain,
            C=self._number("C", 1e-6, 1e6),
            class_weight=self.class_weight,
            seed=self._whole("random_state", 0, 2**32 - 1),
        )

    def _number(self, name: str, low: float, high: float) -> float:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
            raise ConfigError("out of range", source=name, remedy=f"Give a number from {low} to {high}.")
        return float(value)

    def _whole(self, name: str, low: int, high: int) -> int:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
            raise ConfigError("out of range", source=name, remedy=f"Give a whole number from {low} to {high}.")
        return int(value)

    def _model(self, weights: FittedWeights) -> LinearModel:
        """Return a model that scores but does not decide yet."""
        n_themes = len(weights.intercepts)
        return LinearModel(
            weights.idf,
            weights.coefficients,
            weights.intercepts,
            float(self.mix),
            Calibration(np.ones(n_themes), np.zeros(n_themes)),
            np.full(n_themes, 0.5),
            self.multi_label,
        )

    def _decide(self, weights: FittedWeights, scores: NDArray[np.float32], labels: NDArray[np.int8]) -> LinearModel:
        """Return the model with calibration and thresholds from held-out scores."""
        model = replace(self._model(weights), calibration=fit_calibration(scores, labels, shared=not self.multi_label))
        return replace(model, thresholds=tune_thresholds(model.probabilities(scores), labels, self.threshold))


def _plain(value: Any) -> Any:
    """Return a number of numpy's as Python's, which JSON knows."""
    return value.item() if isinstance(value, np.generic) else value


def _held_out(folds: NDArray[np.intp]) -> Iterator[NDArray[np.bool_]]:
    for fold in range(folds.max() + 1):
        yield folds == fold


def _counting(weights: FittedWeights) -> dict[str, NDArray[np.intp]]:
    return {block: np.flatnonzero(weights.idf[block]) for block in BLOCKS}


def _pruned(vocabulary: Vocabulary, weights: FittedWeights) -> Vocabulary:
    """Return the vocabulary of the terms that count."""
    return vocabulary.keep(_counting(weights))


def _only_counting(weights: FittedWeights) -> FittedWeights:
    columns = _counting(weights)
    return FittedWeights(
        {block: weights.idf[block][columns[block]] for block in BLOCKS},
        {block: weights.coefficients[block][columns[block]] for block in BLOCKS},
        weights.intercepts,
    )
