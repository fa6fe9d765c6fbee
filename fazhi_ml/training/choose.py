"""Choosing model settings by cross-validation among a few that differ in what kind of text they suit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fazhi_ml.features.tokenizer import UserWords
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.data import model_targets
from fazhi_ml.training.metrics import exact_matches, f1_scores, outcomes

__all__ = ["CANDIDATES", "choose_settings"]

_AS_A_WHOLE: Mapping[str, Any] = {"mix": 0.0, "sentence_rows": False}

CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    # Terms that stand in one text are noise.
    "whole texts": {**_AS_A_WHOLE, "char_weight": 1.0, "min_df": 2, "C": 0.3},
    # Titles have few terms: every one helps, and fits need to be closer.
    "titles": {**_AS_A_WHOLE, "char_weight": 1.0, "min_df": 1, "C": 2.0},
    # Where there are few texts, most words are new, and most of their characters are not.
    "few texts": {**_AS_A_WHOLE, "char_weight": 3.0, "min_df": 2, "C": 0.3},
    # Texts of several sentences, of which one is enough to carry a label: the built-in settings.
    "best sentence": {},
}
"""Values of ``[model]`` by what they are called."""

_MAX_TEXTS = 10_000
_N_FOLDS = 3
# What is closer to the best than this is as good: the candidate named first wins.
_MARGIN = 0.002


def choose_settings(
    config: TrainingConfig, texts: LabelledTexts, user_words: UserWords
) -> tuple[TrainingConfig, dict[str, float]]:
    """Try `CANDIDATES` on folds and keep the best; of those as good, the one named first.

    Settings that `config` sets itself stay as they are. Of more than 10,000 texts a draw of whole groups is used.

    Parameters
    ----------
    config : TrainingConfig
    texts : LabelledTexts
    user_words : sequence of (str, int)

    Returns
    -------
    config : TrainingConfig
        With the settings of the winner.
    figures : dict of str to float
        Of each candidate: the share of texts whose labels are right (single-label), or macro-F1 (multi-label). The
        winner's is a little too good, as it was chosen by it.
    """
    sample = _sample(texts, config.seed)
    given = config.model.model_fields_set
    figures: dict[str, float] = {}
    configs: dict[str, TrainingConfig] = {}
    for name, settings in CANDIDATES.items():
        changes = {key: value for key, value in settings.items() if key not in given}
        candidate = config.model_copy(update={"model": config.model.model_copy(update=changes)})
        if candidate.model in [other.model for other in configs.values()]:
            continue
        configs[name] = candidate
        figures[name] = _figure(candidate, sample, user_words)
    best = max(figures.values())
    return next(configs[name] for name, figure in figures.items() if figure >= best - _MARGIN), figures


def _figure(config: TrainingConfig, texts: LabelledTexts, user_words: UserWords) -> float:
    classifier = config.classifier(texts.codebook, user_words)
    classifier.set_params(n_folds=min(_N_FOLDS, config.model.n_folds))
    classifier.fit(list(zip(texts.texts, texts.headings, strict=True)), model_targets(texts), texts.groups)
    decisions = classifier.out_of_fold_.decisions
    if not texts.codebook.multi_label:
        return float(exact_matches(texts.labels, decisions).mean())
    f1 = f1_scores(*(outcome.sum(axis=0) for outcome in outcomes(texts.labels, decisions)))
    return float(np.nanmean(f1)) if not np.isnan(f1).all() else 0.0


def _sample(texts: LabelledTexts, seed: int) -> LabelledTexts:
    if len(texts) <= _MAX_TEXTS:
        return texts
    groups = sorted(set(texts.groups))
    place_of = dict(zip(groups, np.random.default_rng(seed).permutation(len(groups)).tolist(), strict=True))
    places = np.array([place_of[group] for group in texts.groups])
    # Whole groups in drawn order, as many as fit; at least two, for folds need them.
    sizes = np.cumsum(np.bincount(places, minlength=len(groups)))
    n_groups = max(2, int(np.searchsorted(sizes, _MAX_TEXTS, side="right")))
    return texts.select(places < n_groups)
