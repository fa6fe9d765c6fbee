"""Linear learners to compare with the support vector machine; `C` is the inverse strength of regularisation in all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from fazhi_ml.classifier.linear import Learner, LinearSettings, fit_linear_svc

__all__ = ["LEARNERS"]

_Fitted = tuple[NDArray[np.float64], float]


def _logistic(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    machine = LogisticRegression(
        C=settings.C,
        solver="liblinear",
        dual=True,
        class_weight=settings.class_weight,
        random_state=settings.seed,
    ).fit(rows, target)
    return machine.coef_[0], float(machine.intercept_[0])


def _hinge(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    return _descent("hinge", rows, target, settings)


def _modified_huber(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    return _descent("modified_huber", rows, target, settings)


def _descent(loss: str, rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    machine = SGDClassifier(
        loss=loss,
        # The mean loss plus alpha / 2 times the squared norm, where the others have C times the sum of losses.
        alpha=1 / (settings.C * len(target)),
        average=True,
        class_weight=settings.class_weight,
        random_state=settings.seed,
    ).fit(rows, target)
    return machine.coef_[0], float(machine.intercept_[0])


def _ridge(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    machine = RidgeClassifier(
        alpha=1 / (2 * settings.C), solver="sparse_cg", tol=1e-3, class_weight=settings.class_weight
    ).fit(rows, target)
    return np.ravel(machine.coef_), float(np.ravel(machine.intercept_)[0])


def _complement_nb(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    """Fit the complement naive Bayes of J. Rennie et al. (2003); a term's pseudo-count is ``1 / C``."""
    machine = ComplementNB(alpha=1 / settings.C).fit(rows, target)
    return machine.feature_log_prob_[1] - machine.feature_log_prob_[0], 0.0


def _nb_svm(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    """Fit a support vector machine on terms scaled by their naive Bayes log-count ratio.

    Source: S. Wang and C. Manning, Baselines and bigrams (2012), here on TF-IDF weights with a pseudo-count of 1.
    """
    positive, negative = (1 + np.asarray(rows[target == label].sum(axis=0)).ravel() for label in (1, 0))
    ratios = np.log((positive / positive.sum()) / (negative / negative.sum()))
    coefficients, intercept = fit_linear_svc(sp.csr_array(rows @ sp.diags_array(ratios)), target, settings)
    return coefficients * ratios, intercept


def _hinge_svc(rows: sp.csr_array, target: NDArray[np.int8], settings: LinearSettings) -> _Fitted:
    """Fit the support vector machine with the plain hinge in place of its square."""
    machine = LinearSVC(
        C=settings.C,
        loss="hinge",
        max_iter=20_000,
        tol=1e-3,
        class_weight=settings.class_weight,
        random_state=settings.seed,
    ).fit(rows, target)
    return machine.coef_[0], float(machine.intercept_[0])


LEARNERS: Mapping[str, Learner] = {
    "linear_svc": fit_linear_svc,
    "linear_svc_hinge": _hinge_svc,
    "logistic": _logistic,
    "sgd_hinge": _hinge,
    "sgd_modified_huber": _modified_huber,
    "ridge": _ridge,
    "complement_nb": _complement_nb,
    "nb_svm": _nb_svm,
}
