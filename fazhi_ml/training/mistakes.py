"""What a model gets wrong: confusions between themes, kinds of errors, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.codebook import OTHER
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import exact_matches, outcomes

__all__ = [
    "accuracy_by_n_themes",
    "confusion_labels",
    "confusion_matrix",
    "error_kinds",
    "ranked_errors",
    "worst_errors",
]


def confusion_labels(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the names of the rows and columns of `confusion_matrix`: the theme ids, and ``other`` if multi-label."""
    codebook = evaluation.labelled.codebook
    return (*codebook.ids, OTHER) if codebook.multi_label else codebook.ids


def confusion_matrix(evaluation: Evaluation) -> NDArray[np.intp]:
    """Count which themes are taken for which.

    Returns
    -------
    intp array of shape (n_labels, n_labels)
        Rows are gold themes, columns themes given, see `confusion_labels`. The diagonal counts themes found. A theme
        missed in a text counts once for every theme wrongly given to that text, or under the column ``other`` when
        none was; a theme wrongly given to a text without missed themes counts in the row ``other``. The last cell
        counts texts that have no theme and got none. Uncertain labels count nowhere. With a single-label codebook this
        is the usual confusion matrix.
    """
    labels, decisions = evaluation.labelled.labels, evaluation.decisions
    found, wrong, missed = outcomes(labels, decisions)
    matrix = missed.astype(np.intp).T @ wrong.astype(np.intp)
    np.fill_diagonal(matrix, found.sum(axis=0))
    if not evaluation.labelled.codebook.multi_label:
        return matrix
    only_missed = missed[~wrong.any(axis=1)].sum(axis=0)
    only_wrong = wrong[~missed.any(axis=1)].sum(axis=0)
    neither = np.sum(~(labels != 0).any(axis=1) & ~decisions.any(axis=1))
    return np.block([[matrix, only_missed[:, np.newaxis]], [only_wrong[np.newaxis], neither]])


def error_kinds(evaluation: Evaluation) -> dict[str, int]:
    """Count texts with a wrong set of themes by what is wrong with it; the kinds exclude each other."""
    found, wrong, missed = (
        outcome.any(axis=1) for outcome in outcomes(evaluation.labelled.labels, evaluation.decisions)
    )
    certain = (evaluation.labelled.labels == 1).any(axis=1)
    kinds = {
        "a theme is missed, another found": missed & ~wrong & found,
        "all themes are missed, nothing is given instead": missed & ~wrong & ~found,
        "a theme is given in place of another": missed & wrong,
        "a theme is given besides the right ones": wrong & ~missed & certain,
        "a theme is given to a text without one": wrong & ~missed & ~certain,
    }
    return {kind: int(texts.sum()) for kind, texts in kinds.items()}


def accuracy_by_n_themes(evaluation: Evaluation) -> dict[str, tuple[int, float]]:
    """Return for texts with no, one, and several certain themes how many there are and the share tagged exactly."""
    n_themes = np.minimum((evaluation.labelled.labels == 1).sum(axis=1), 2)
    exact = exact_matches(evaluation.labelled.labels, evaluation.decisions)
    rows = {}
    for number, name in enumerate(("no theme", "one theme", "several themes")):
        texts = exact[n_themes == number]
        if len(texts):
            rows[name] = (len(texts), float(texts.mean()))
    return rows


def ranked_errors(evaluation: Evaluation) -> NDArray[np.intp]:
    """Return the rows with a wrong set of themes, the most confident errors first."""
    surprise = _surprise(evaluation)
    return np.argsort(-surprise, kind="stable")[: int((surprise >= 0).sum())]


def worst_errors(evaluation: Evaluation, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return the texts with a wrong set of themes, the most confident errors first.

    Parameters
    ----------
    evaluation : Evaluation
    limit : int
        Number of texts at most.

    Returns
    -------
    list of dict
        ``source``, ``report``, ``role``, ``gold``, ``uncertain``, ``predicted`` (theme ids joined with a space),
        ``surprise`` (largest distance of a probability from a label that was decided wrongly), ``p_<theme>`` for each
        theme, ``headings`` and ``text``.
    """
    labelled, ids = evaluation.labelled, evaluation.labelled.codebook.ids
    surprise = _surprise(evaluation)
    order = ranked_errors(evaluation)[:limit]

    def names(chosen: Iterable[bool]) -> str:
        return " ".join(theme for theme, is_chosen in zip(ids, chosen, strict=True) if is_chosen)

    def rows() -> Iterator[dict[str, Any]]:
        for row in order.tolist():
            probabilities = evaluation.probabilities[row].tolist()
            yield {
                "source": labelled.sources[row],
                "report": labelled.groups[row],
                "role": labelled.roles[row],
                "gold": names(labelled.labels[row] == 1) or OTHER,
                "uncertain": names(labelled.labels[row] == -1),
                "predicted": names(evaluation.decisions[row]) or OTHER,
                "surprise": round(float(surprise[row]), 4),
                **{f"p_{theme}": round(value, 4) for theme, value in zip(ids, probabilities, strict=True)},
                "headings": labelled.headings[row] or "",
                "text": labelled.texts[row],
            }

    return list(rows())


def _surprise(evaluation: Evaluation) -> NDArray[np.float64]:
    """Return the largest distance of a probability from a label that was decided wrongly, -1 without such a label."""
    _, wrong, missed = outcomes(evaluation.labelled.labels, evaluation.decisions)
    distances = np.abs(evaluation.probabilities - (evaluation.labelled.labels == 1))
    surprise: NDArray[np.float64] = np.where(wrong | missed, distances, -1.0).max(axis=1)
    return surprise
