"""Held-out scores from cross-validation by report; what variants have in common is computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from fazhi_ml.classifier.linear import FittedWeights, fit_weights
from fazhi_ml.classifier.scorer import Calibration, LinearModel, pool
from fazhi_ml.codebook import Codebook
from fazhi_ml.features.counts import TermCounts, TermExtractor, learn_vocabulary
from fazhi_ml.features.tokenizer import Tokenizer, UserWords, parse_user_dictionary
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings, Vocabulary
from fazhi_ml.labels import Corpus, LabelledTexts, Splits, load_labelled
from runner.decisions import Outcome, cross_fit, decide
from runner.learners import LEARNERS
from runner.noise import confident_errors, contradictions
from runner.settings import Settings, StopWords

__all__ = ["N_FOLDS", "Data", "Laboratory", "read_data"]

N_FOLDS = 5
# Folds inside a training fold, where labels are judged.
_N_INNER_FOLDS = 4
# Counts of the corpus take about 100 MB a setting of the features.
_KEPT_COUNTS = 3


@dataclass(frozen=True, eq=False)
class Data:
    """What experiments work on.

    Attributes
    ----------
    train : LabelledTexts
        The training reports; the frozen test split is in no experiment.
    real : LabelledTexts or None
        Real reports with gold labels, scored beside the folds and never decided by.
    corpus_hash : str
        Hash of the whole corpus.
    user_words : tuple of (str, int)
    stop_words : frozenset of str
    """

    train: LabelledTexts
    real: LabelledTexts | None
    corpus_hash: str
    user_words: UserWords
    stop_words: frozenset[str]


def read_data(root: Path, real_reports: str | None) -> Data:
    """Read corpus, user dictionary and stop words of the checkout `root`, and gold labels of real reports if named."""
    codebook = Codebook.read(root / "configs" / "codebook.toml")
    corpus = Corpus.read(root / "data" / "corpus", codebook)
    splits = Splits.read(root / "data" / "splits.toml", corpus)
    dictionary = root / "configs" / "userdict.txt"
    stop_words = (root / "experiments" / "stopwords.txt").read_text(encoding="utf-8").split("\n")
    return Data(
        corpus.select(splits.train).labelled_texts(),
        load_labelled(real_reports, codebook) if real_reports else None,
        corpus.hash,
        parse_user_dictionary(dictionary.read_text(encoding="utf-8"), source=str(dictionary)),
        frozenset(line for line in stop_words if line and not line.startswith("#")),
    )


@dataclass(frozen=True)
class _Parts:
    """What texts' scores are made of, float32 arrays of shape (n_texts, n_themes)."""

    wholes: NDArray[np.float32]
    best_sentences: NDArray[np.float32]
    headings: NDArray[np.float32]

    def scores(self, mix: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return scores with and without headings."""
        bare = pool(self.wholes, self.best_sentences, np.arange(len(self.wholes)), mix)
        return bare + self.headings, bare


class Laboratory:
    """Runs variants on one set of data, and remembers term counts and held-out scores.

    Parameters
    ----------
    data : Data
    progress : callable
        Called with a short text before each fit.
    """

    def __init__(self, data: Data, progress: Callable[[str], None]) -> None:
        self.data = data
        self._progress = progress
        self._groups = np.array(data.train.groups)
        self._counts = lru_cache(maxsize=_KEPT_COUNTS)(self._count)
        self._held_out: dict[tuple[object, ...], _Parts] = {}
        self._of_real: dict[tuple[object, ...], _Parts] = {}
        self._judged: dict[tuple[object, ...], NDArray[np.float64]] = {}

    def run(self, settings: Settings, seed: int) -> Outcome:
        """Return what a variant makes of the training reports, each held out once."""
        scores, bare = self._held_out_parts(settings, seed).scores(settings.mix)
        return cross_fit(scores, bare, self.data.train.labels, self._folds(seed), settings)

    def run_real(self, settings: Settings, seed: int) -> Outcome | None:
        """Return what a variant, fitted on all training reports, makes of the real reports; None without them."""
        counts, of_real = self._counts(*settings.counting)
        if of_real is None:
            return None
        key = (settings.fitting, seed)
        if key not in self._of_real:
            self._progress("real reports")
            self._of_real[key] = _parts(self._fit(settings, counts, np.arange(counts.n_texts), seed), of_real)
        known, _ = self._held_out_parts(settings, seed).scores(settings.mix)
        return decide((known, self.data.train.labels), *self._of_real[key].scores(settings.mix), settings)

    def _held_out_parts(self, settings: Settings, seed: int) -> _Parts:
        key = (settings.fitting, seed)
        if key not in self._held_out:
            counts, _ = self._counts(*settings.counting)
            folds = self._folds(seed)
            collected = [np.empty(self.data.train.labels.shape, dtype=np.float32) for _ in range(3)]
            for fold in range(N_FOLDS):
                self._progress(f"seed {seed}, fold {fold + 1} of {N_FOLDS}")
                weights = self._fit(settings, counts, np.flatnonzero(folds != fold), seed)
                held_out = np.flatnonzero(folds == fold)
                parts = _parts(weights, counts.select(held_out))
                for all_texts, of_fold in zip(
                    collected, (parts.wholes, parts.best_sentences, parts.headings), strict=True
                ):
                    all_texts[held_out] = of_fold
            self._held_out[key] = _Parts(*collected)
        return self._held_out[key]

    def _folds(self, seed: int) -> NDArray[np.intp]:
        return _group_folds(self._groups, N_FOLDS, seed)

    def _count(
        self, features: FeatureSettings, user_dictionary: bool, stop_words: StopWords
    ) -> tuple[TermCounts, TermCounts | None]:
        train, real = self.data.train, self.data.real
        tokenizer = Tokenizer(self.data.user_words if user_dictionary else ())
        vocabulary = learn_vocabulary(train.texts, train.headings, features, tokenizer)
        if stop_words != "none":
            vocabulary = _without_stop_words(vocabulary, self.data.stop_words, pairs_too=stop_words == "terms")
        extractor = TermExtractor(features, tokenizer, vocabulary)
        counts = extractor.counts(train.texts, train.headings)
        return counts, None if real is None else extractor.counts(real.texts, real.headings)

    def _fit(self, settings: Settings, counts: TermCounts, texts: NDArray[np.intp], seed: int) -> FittedWeights:
        labels = self.data.train.labels
        if settings.reports:
            texts = self._of_some_reports(texts, settings.reports, seed)
        if settings.noise != "keep":
            labels = self._cleaned(settings, counts, texts, seed)
        return fit_weights(counts, labels, texts, settings.linear(seed), LEARNERS[settings.learner])

    def _of_some_reports(self, texts: NDArray[np.intp], n_reports: int, seed: int) -> NDArray[np.intp]:
        """Return the texts of a random draw of reports; larger draws hold the smaller ones."""
        reports = np.unique(self._groups[texts])
        drawn = np.random.default_rng(seed).permutation(reports)[:n_reports]
        return texts[np.isin(self._groups[texts], drawn)]

    def _cleaned(self, settings: Settings, counts: TermCounts, texts: NDArray[np.intp], seed: int) -> NDArray[np.int8]:
        """Return the labels, with those of the training texts that look wrong dropped or flipped."""
        labels = self.data.train.labels.copy()
        of_texts = labels[texts]
        probabilities = self._judge(replace(settings, noise="keep"), counts, texts, seed)
        if settings.noise == "drop_contradicted":
            wrong = contradictions(probabilities, of_texts) > 0.5
        else:
            wrong = confident_errors(probabilities, of_texts)
        labels[texts] = np.where(wrong, 1 - of_texts if settings.noise == "flip" else -1, of_texts)
        return labels

    def _judge(self, settings: Settings, counts: TermCounts, texts: NDArray[np.intp], seed: int) -> NDArray[np.float64]:
        """Return probabilities of training texts, each from models that were trained on others of them."""
        key = (settings, seed, texts.tobytes())
        if key not in self._judged:
            labels = self.data.train.labels
            scores = np.empty(labels[texts].shape, dtype=np.float32)
            folds = _group_folds(self._groups[texts], _N_INNER_FOLDS, seed)
            for fold in range(_N_INNER_FOLDS):
                weights = self._fit(settings, counts, texts[folds != fold], seed)
                scores[folds == fold], _ = _parts(weights, counts.select(texts[folds == fold])).scores(settings.mix)
            self._judged[key] = cross_fit(scores, scores, labels[texts], folds, settings).probabilities
        return self._judged[key]


def _group_folds(groups: NDArray[np.str_], n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each text: the folds of `fazhi_ml.classifier.estimator.ThemeClassifier`."""
    folds = np.empty(len(groups), dtype=np.intp)
    splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for fold, (_, held_out) in enumerate(splitter.split(folds, groups=groups)):
        folds[held_out] = fold
    return folds


def _parts(weights: FittedWeights, counts: TermCounts) -> _Parts:
    n_themes = len(weights.intercepts)
    model = LinearModel(
        weights.idf,
        weights.coefficients,
        weights.intercepts,
        mix=0.0,
        calibration=Calibration(np.ones(n_themes), np.zeros(n_themes)),
        thresholds=np.full(n_themes, 0.5),
        multi_label=True,
    )
    wholes, sentences = model.sentence_scores(counts)
    return _Parts(wholes, pool(wholes, sentences, counts.text_of, mix=1.0), model.heading_scores(counts))


def _without_stop_words(vocabulary: Vocabulary, stop_words: frozenset[str], *, pairs_too: bool) -> Vocabulary:
    """Return the vocabulary without word terms that are a stop word or, if asked, hold one."""

    def kept(block: str) -> NDArray[np.intp]:
        n_terms = len(vocabulary.keys(block))
        if block == "characters":
            return np.arange(n_terms)
        terms = (vocabulary.term(block, column).split(" ") for column in range(n_terms))
        stopped = [not stop_words.isdisjoint(words) and (pairs_too or len(words) == 1) for words in terms]
        return np.flatnonzero(~np.array(stopped, dtype=bool))

    return vocabulary.keep({block: kept(block) for block in BLOCKS})
