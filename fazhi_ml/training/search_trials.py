"""The trials of a search: Optuna proposes settings, folds are scored by workers, and what falls behind is given up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.codebook import Codebook
from fazhi_ml.features.tokenizer import UserWords
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.data import model_targets, read_training_data
from fazhi_ml.training.search_folds import PreparedCache, load_prepared, score_fold
from fazhi_ml.training.search_metric import Metric
from fazhi_ml.training.search_space import SearchConfig, Value
from fazhi_ml.training.study import n_finished
from fazhi_ml.training.train import read_user_words

if TYPE_CHECKING:
    import optuna

__all__ = ["SearchData", "TrialLoop", "TrialReport"]

# How long training the best settings will take, from what was measured in this search, so that it holds on machines of
# any speed. For each of its folds and for all texts: this many times a fold of theirs, as it fits more precisely, and
# on more texts.
_TRAINING_FOLD = 1.25
# For reading, evaluating and logging: as long as reading and opening the store took, times this.
_TRAINING_REST = 1.0
_LEAST_TEXTS_TO_JUDGE = 200
_RECENT = 20


@dataclass(frozen=True)
class TrialReport:
    """How a trial ended, and where the search stands.

    Attributes
    ----------
    number : int
    value : float
        The metric on the folds that it was scored on.
    values : mapping of str to value
        The settings that it tried.
    pruned : bool
        Whether it was given up before the last fold.
    n_folds : int
        Folds that it was scored on.
    seconds : float
        How long its folds took.
    best_number : int or None
        The best trial so far; None before any was scored on all folds.
    best_value : float or None
    n_finished : int
        Trials so far, those of an earlier search that this one goes on with among them.
    seconds_left : float or None
        Until the best settings have to be trained; None without a budget.
    """

    number: int
    value: float
    values: Mapping[str, Value]
    pruned: bool
    n_folds: int
    seconds: float
    best_number: int | None
    best_value: float | None
    n_finished: int
    seconds_left: float | None


@dataclass(frozen=True)
class SearchData:
    """What trials are scored on: the training side of the split.

    Attributes
    ----------
    codebook : Codebook
    texts : LabelledTexts
    user_words : tuple of (str, int)
    corpus_hash : str
    """

    codebook: Codebook
    texts: LabelledTexts
    user_words: UserWords
    corpus_hash: str

    @classmethod
    def read(cls, config: TrainingConfig) -> SearchData:
        """Read what a training configuration names.

        Raises
        ------
        CodebookError, CorpusError, ConfigError
            The data are malformed.
        """
        data = read_training_data(config.data)
        return cls(data.codebook, data.train, read_user_words(config.data.user_dictionary), data.hash)


@dataclass
class _Running:
    """A trial between its folds."""

    trial: optuna.Trial
    classifier: ThemeClassifier
    path: Path
    scores: NDArray[np.float32]
    n_folds: int = 0
    seconds: float = 0.0


@dataclass
class TrialLoop:
    """Asks Optuna for trials and has their folds scored.

    Attributes
    ----------
    study : optuna.Study
    config : SearchConfig
    metric : Metric
    data : SearchData
    executor : concurrent.futures.Executor
    n_workers : int
        Folds that it scores at once.
    on_trial : callable
        Called after each trial.
    started : float
        When the search began, on the monotonic clock.
    budget : float or None
        Seconds from then on, the training of the best settings included.
    n_trials : int or None
        Trials in all, those that are in the study already among them.
    """

    study: optuna.Study
    config: SearchConfig
    metric: Metric
    data: SearchData
    executor: Executor
    n_workers: int
    on_trial: Callable[[TrialReport], None]
    started: float
    budget: float | None
    n_trials: int | None
    _rest: float = 0.0
    _fold_seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Run trials until the best settings have to be trained, or there are enough."""
        self._rest = _TRAINING_REST * (time.monotonic() - self.started)
        texts = self.data.texts
        pairs = list(zip(texts.texts, texts.headings, strict=True))
        running: dict[Future[tuple[NDArray[np.float32], float]], _Running] = {}
        with tempfile.TemporaryDirectory(prefix="fazhi-search-", ignore_cleanup_errors=True) as scratch:
            cache = PreparedCache(Path(scratch), pairs, model_targets(texts), np.array(texts.groups))
            try:
                while True:
                    while len(running) < self.n_workers and self._may_start(len(running)):
                        one = self._start(cache, [other.path for other in running.values()])
                        running[self._submit(one)] = one
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        one = running[future]
                        goes_on = self._advance(one, *future.result())
                        del running[future]
                        if goes_on:
                            running[self._submit(one)] = one
            finally:
                # Where this is an interruption; one that came while a trial was told of finds it finished.
                for one in running.values():
                    self._tell(one, "FAIL")
                load_prepared.cache_clear()

    def _may_start(self, n_running: int) -> bool:
        n_begun = n_finished(self.study) + n_running
        if self.n_trials is not None and n_begun >= self.n_trials:
            # The best of nothing cannot be trained.
            return not (n_running or self._best())
        return n_begun == 0 or self._has_time()

    def _has_time(self) -> bool:
        """Tell whether another fold would leave enough time to train the best settings; if not, nothing needs it."""
        left = self._seconds_left()
        if left is None or self._best() is None:
            return True
        recent = self._fold_seconds[-_RECENT:]
        return left > (sum(recent) / len(recent) if recent else 0)

    def _seconds_left(self) -> float | None:
        if self.budget is None:
            return None
        best = self._best()
        fold = 0.0 if best is None else best.user_attrs["seconds"] / self.config.folds
        training = self._rest + _TRAINING_FOLD * fold * (self.config.base.model.n_folds + 1)
        return self.started + self.budget - training - time.monotonic()

    def _best(self) -> optuna.trial.FrozenTrial | None:
        complete = [trial for trial in self.study.trials if trial.state.name == "COMPLETE"]
        return self.study.best_trial if complete else None

    def _start(self, cache: PreparedCache, in_use: list[Path]) -> _Running:
        trial = self.study.ask({parameter.key: parameter.distribution() for parameter in self.config.space})
        config = self.config.training_config(trial.params)
        classifier = config.classifier(self.data.codebook, self.data.user_words).set_params(n_folds=self.config.folds)
        scores = np.empty(self.data.texts.labels.shape, dtype=np.float32)
        return _Running(trial, classifier, cache.path(classifier, in_use), scores)

    def _submit(self, one: _Running) -> Future[tuple[NDArray[np.float32], float]]:
        return self.executor.submit(score_fold, one.classifier, one.path, one.n_folds)

    def _advance(self, one: _Running, scores: NDArray[np.float32], seconds: float) -> bool:
        """Take in a fold's scores; return whether the trial goes on."""
        prepared = load_prepared(one.path)
        one.scores[prepared.folds == one.n_folds] = scores
        one.n_folds += 1
        one.seconds += seconds
        self._fold_seconds.append(seconds)
        seen = prepared.folds < one.n_folds
        value = self.metric.value(one.classifier, one.scores[seen], prepared.labels[seen], prepared.folds[seen])
        one.trial.report(value, one.n_folds)
        if one.n_folds == prepared.folds.max() + 1:
            self._finish(one, value, pruned=False)
            return False
        # The base is what all others are compared with, and one fold of a few texts tells nothing.
        may_fall_behind = len(prepared.labels) >= _LEAST_TEXTS_TO_JUDGE and not one.trial.user_attrs.get("base")
        if (may_fall_behind and one.trial.should_prune()) or not self._has_time():
            self._finish(one, value, pruned=True)
            return False
        return True

    def _finish(self, one: _Running, value: float, *, pruned: bool) -> None:
        one.trial.set_user_attr("seconds", one.seconds)
        self._tell(one, "PRUNED" if pruned else "COMPLETE", None if pruned else value)
        best = self._best()
        self.on_trial(
            TrialReport(
                number=one.trial.number,
                value=value,
                values=self.config.rounded(one.trial.params),
                pruned=pruned,
                n_folds=one.n_folds,
                seconds=one.seconds,
                best_number=None if best is None else best.number,
                best_value=None if best is None else best.value,
                n_finished=n_finished(self.study),
                seconds_left=self._seconds_left(),
            )
        )

    def _tell(self, one: _Running, state: str, value: float | None = None) -> None:
        from optuna.trial import TrialState

        self.study.tell(one.trial, value, state=TrialState[state], skip_if_finished=state == "FAIL")
