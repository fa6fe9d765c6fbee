"""The work of a search that is done many times: counting texts once for each feature setting, and scoring folds.

Worker processes import this module, so it needs neither mlflow nor optuna.
"""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Collection, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import joblib
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from fazhi_ml.classifier.estimator import PreparedTexts, ThemeClassifier
from fazhi_ml.classifier.inputs import Text
from fazhi_ml.classifier.linear import LinearSettings

__all__ = ["PreparedCache", "open_executor", "score_fold"]

FeatureKey = tuple[int, int, int, bool]

_MAX_PREPARED = 8
# That of liblinear's own programs, where scikit-learn, and so training, takes 0.0001: three times as fast for large C.
# On the shipped corpus macro-F1 by cross-validation differs by 0.0002 at most.
_TOLERANCE = 0.1


class PreparedCache:
    """Prepared texts of each feature setting: counted once, and mapped into memory by every process that needs them.

    Parameters
    ----------
    folder : pathlib.Path
        For files that are of no use later.
    X, y, groups
        As in `fazhi_ml.classifier.estimator.ThemeClassifier.fit`.
    """

    def __init__(self, folder: Path, X: Sequence[Text], y: NDArray[np.generic], groups: NDArray[np.str_]) -> None:
        self._folder = folder
        self._texts = (X, y, groups)
        self._paths: dict[FeatureKey, Path] = {}
        self._n_written = 0

    def path(self, classifier: ThemeClassifier, in_use: Collection[Path] = ()) -> Path:
        """Return the file with the texts as a classifier counts them.

        Parameters
        ----------
        classifier : ThemeClassifier
        in_use : collection of pathlib.Path
            Files that must stay; of the others only those used last do.
        """
        key = (classifier.word_ngrams, classifier.char_ngrams, classifier.min_sentence, classifier.fold_digits)
        if key in self._paths:
            # The order is that of last use.
            path = self._paths.pop(key)
        else:
            path = self._folder / f"{self._n_written}.joblib"
            self._n_written += 1
            joblib.dump(classifier.prepare_texts(*self._texts)[0], path)
        self._paths[key] = path
        idle = [old for old, file in self._paths.items() if file != path and file not in in_use]
        for old in idle[: max(0, len(self._paths) - _MAX_PREPARED)]:
            self._paths.pop(old).unlink()
        return path


def open_executor(n_workers: int) -> Executor:
    """Return what scores folds: one thread, or several processes.

    Not several threads: LinearSVC lets other threads run, but all share liblinear's one random generator, so that
    results would depend on their timing.
    """
    if n_workers == 1:
        return ThreadPoolExecutor(1)
    # A forked process would inherit locks that other threads hold.
    return ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)


def score_fold(classifier: ThemeClassifier, path: Path, fold: int) -> tuple[NDArray[np.float32], float]:
    """Score one fold of prepared texts by a model of the others.

    Parameters
    ----------
    classifier : ThemeClassifier
    path : pathlib.Path
        See `PreparedCache.path`.
    fold : int

    Returns
    -------
    scores : float32 array of shape (n_held_out, n_themes)
    seconds : float
        How long it took.
    """
    start = time.perf_counter()
    scores = classifier.held_out_scores(load_prepared(path), fold, _fit_roughly)
    return scores, time.perf_counter() - start


@lru_cache(maxsize=2)
def load_prepared(path: Path) -> PreparedTexts:
    """Return prepared texts whose arrays are read from their file when they are needed."""
    prepared: PreparedTexts = joblib.load(path, mmap_mode="r")
    return prepared


def _fit_roughly(
    rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings
) -> tuple[NDArray[np.float64], float]:
    """Fit a linear support vector machine as training does, but stop sooner; a `Learner`."""
    machine = LinearSVC(C=settings.C, class_weight=settings.class_weight, random_state=settings.seed, tol=_TOLERANCE)
    with warnings.catch_warnings():
        # Settings that do not converge show it in their figures.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(rows, target)
    return machine.coef_[0], float(machine.intercept_[0])


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of a terminal; the main one stops the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
