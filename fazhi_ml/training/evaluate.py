"""Evaluation of a model on labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.scorer import Scorer
from fazhi_ml.errors import InputError
from fazhi_ml.labels.dataset import LabelledTexts
from fazhi_ml.training.metrics import Figures, bootstrap_intervals, score

__all__ = ["Evaluation", "Per", "evaluate"]

Per = Literal["report", "role"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labelled texts and what a model made of them.

    Attributes
    ----------
    labelled : LabelledTexts
        At least one text.
    probabilities : float64 array of shape (n_texts, n_themes)
    decisions : bool array of shape (n_texts, n_themes)

    Raises
    ------
    InputError
        There is no text, or the shapes differ from the labels'.
    """

    labelled: LabelledTexts
    probabilities: NDArray[np.float64]
    decisions: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check that there is something to score, and that everything has the labels' shape."""
        if not len(self.labelled):
            raise InputError("no labelled texts", source="labelled", remedy="Give at least one.")
        if not self.labelled.labels.shape == self.probabilities.shape == self.decisions.shape:
            raise InputError(
                "the shapes differ", source="Evaluation", remedy="Give one row a text, one column a theme."
            )

    @cached_property
    def figures(self) -> Figures:
        """All figures over all texts, with bootstrap intervals."""
        labelled = self.labelled
        intervals = bootstrap_intervals(
            labelled.labels, self.decisions, themes=labelled.codebook.ids, groups=labelled.groups
        )
        return score(
            labelled.labels,
            self.decisions,
            self.probabilities,
            themes=labelled.codebook.ids,
            groups=labelled.groups,
            intervals=intervals,
        )

    def slices(self, per: Per) -> dict[str, Figures]:
        """Return the figures of each report or section role, without intervals, in order of first appearance."""
        keys: Sequence[str] = {"report": self.labelled.groups, "role": self.labelled.roles}[per]
        rows: dict[str, list[int]] = {}
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(row)
        return {
            key: score(
                self.labelled.labels[chosen],
                self.decisions[chosen],
                self.probabilities[chosen],
                themes=self.labelled.codebook.ids,
                groups=[self.labelled.groups[row] for row in chosen],
            )
            for key, chosen in rows.items()
        }


def evaluate(scorer: Scorer, labelled: LabelledTexts, *, headings: bool = True) -> Evaluation:
    """Score a model on labelled texts.

    Parameters
    ----------
    scorer : Scorer
        Its themes are those of ``labelled.codebook``, in the same order.
    labelled : LabelledTexts
    headings : bool
        Whether the model is shown the texts' headings.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        There is no text, or the model has another number of themes.
    """
    shown = labelled.headings if headings else (None,) * len(labelled)
    probabilities = scorer.probabilities(labelled.texts, shown)
    return Evaluation(labelled, probabilities, scorer.model.decisions(probabilities))
