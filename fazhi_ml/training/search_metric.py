"""What a search maximises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.classifier.scorer import Calibration
from fazhi_ml.classifier.thresholds import tune_thresholds
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.training.metrics import exact_matches, f1_scores, outcomes

__all__ = ["Metric", "parse_metric"]

_OVERALL = ("macro_f1", "micro_f1", "exact_match")
_OF_THEME = ("precision@recall", "recall@precision")


@dataclass(frozen=True)
class Metric:
    """A figure of held-out texts.

    Attributes
    ----------
    name : str
        As the user writes it.
    kind : str
        ``macro_f1``, ``micro_f1``, ``exact_match``, ``precision@recall`` or ``recall@precision``.
    theme : int
        Column of the theme, of the last two.
    floor : float
        The least recall or precision, of the last two.
    """

    name: str
    kind: str
    theme: int = -1
    floor: float = 0.0

    @property
    def key(self) -> str:
        """The name as MLflow takes it."""
        return self.name.replace("@", "_at_")

    def value(
        self,
        classifier: ThemeClassifier,
        scores: NDArray[np.float32],
        labels: NDArray[np.int8],
        folds: NDArray[np.intp],
    ) -> float:
        """Return the figure, 0 where it is not defined.

        Parameters
        ----------
        classifier : ThemeClassifier
            Calibrates the scores and chooses thresholds.
        scores : float32 array of shape (n_texts, n_themes)
            Of texts that were held out.
        labels : int8 array of shape (n_texts, n_themes)
        folds : intp array of shape (n_texts,)
            The first folds, at least one; thresholds that a fold is judged by come from the others. Of one fold alone
            every other text is judged by the rest.
        """
        if self.kind in _OF_THEME:
            certain = labels[:, self.theme] >= 0
            return self._at_floor(labels[certain, self.theme] == 1, scores[certain, self.theme])
        decisions = _decisions(classifier, scores, labels, folds if folds.any() else np.arange(len(folds)) % 2)
        if self.kind == "exact_match":
            return float(exact_matches(labels, decisions).mean())
        counts = [outcome.sum(axis=0) for outcome in outcomes(labels, decisions)]
        f1 = f1_scores(*counts) if self.kind == "macro_f1" else f1_scores(*(count.sum() for count in counts))
        defined = np.atleast_1d(f1)[~np.isnan(f1)]
        return float(defined.mean()) if defined.size else 0.0

    def _at_floor(self, carries: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
        from sklearn.metrics import precision_recall_curve

        if not carries.any():
            return 0.0
        precision, recall, _ = precision_recall_curve(carries, scores)
        wanted, bounded = (precision, recall) if self.kind == "precision@recall" else (recall, precision)
        return float(wanted[bounded >= self.floor].max())


def _decisions(
    classifier: ThemeClassifier, scores: NDArray[np.float32], labels: NDArray[np.int8], folds: NDArray[np.intp]
) -> NDArray[np.bool_]:
    if not classifier.multi_label:
        return classifier.cross_fit(scores, labels, folds).decisions
    # Calibration keeps the order of scores, so thresholds decide alike without it, and that takes a tenth of the time.
    probabilities = Calibration(np.array(1.0), np.array(0.0)).probabilities(scores)
    decisions = np.empty(labels.shape, dtype=bool)
    for fold in range(folds.max() + 1):
        held_out = folds == fold
        thresholds = tune_thresholds(probabilities[~held_out], labels[~held_out], classifier.threshold)
        decisions[held_out] = probabilities[held_out] >= thresholds
    return decisions


def parse_metric(text: str, codebook: Codebook) -> Metric:
    """Read the name of a metric.

    Parameters
    ----------
    text : str
        ``macro_f1``, ``micro_f1``, ``exact_match``, ``precision@recall:R:THEME`` (the best precision with a recall of
        at least R) or ``recall@precision:P:THEME``.
    codebook : Codebook

    Raises
    ------
    ConfigError
        The metric or the theme is unknown; the message lists those there are.
    """
    if text in _OVERALL:
        return Metric(text, text)
    kind, _, rest = text.partition(":")
    floor, _, theme = rest.partition(":")
    if kind not in _OF_THEME:
        raise ConfigError(
            f"unknown metric {text!r}",
            source="--metric",
            remedy=f"Use {', '.join(_OVERALL)}, precision@recall:0.9:THEME or recall@precision:0.9:THEME.",
        )
    if theme not in codebook.ids:
        raise ConfigError(
            f"unknown theme {theme!r}", source=f"--metric {kind}", remedy=f"Themes: {', '.join(codebook.ids)}."
        )
    try:
        number = float(floor)
    except ValueError:
        number = np.nan
    if not 0 < number <= 1:
        raise ConfigError(
            f"{floor!r} is not above 0 and at most 1", source=f"--metric {kind}", remedy=f"Write {kind}:0.9:{theme}."
        )
    return Metric(text, kind, codebook.ids.index(theme), number)
