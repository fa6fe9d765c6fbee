"""Training: from a configuration to a bundle and its figures."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fazhi_ml
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.scorer import Scorer
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.tokenizer import UserWords, parse_user_dictionary
from fazhi_ml.files import read_limited
from fazhi_ml.labels import LabelledTexts, load_labelled
from fazhi_ml.training.card import render_card
from fazhi_ml.training.choose import choose_settings
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.data import model_targets, read_training_data
from fazhi_ml.training.evaluate import Evaluation, evaluate

__all__ = ["WITHOUT_HEADINGS", "Progress", "TrainingResult", "check_names", "read_user_words", "train"]

Progress = Callable[[str], None]
"""Called with the name of each stage when it begins."""

WITHOUT_HEADINGS = "_without_headings"
"""Ends the name of an evaluation in which the model was not shown the headings."""

_RESERVED = ("folds", "test")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_MAX_DICTIONARY = 10_000_000
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "rjieba", "jieba", "safetensors")


@dataclass(frozen=True)
class TrainingResult:
    """A trained model and how good it is.

    Attributes
    ----------
    config : TrainingConfig
        With the settings that were chosen.
    bundle : Bundle
    train, test : LabelledTexts
        What was trained on, and what was held out (None without a split).
    corpus_hash : str
    evaluations : mapping of str to Evaluation
        ``folds`` (texts of the training reports, each tagged by a model that did not see its report), ``test`` and
        ``test_without_headings`` (what was held out, if anything was), and two likewise for each further data set;
        texts without any headings are scored once.
    notes : tuple of str
        What to know about the data before trusting the model.
    """

    config: TrainingConfig
    bundle: Bundle
    train: LabelledTexts
    test: LabelledTexts | None
    corpus_hash: str
    evaluations: Mapping[str, Evaluation]
    notes: tuple[str, ...] = ()


def train(
    config: TrainingConfig,
    *,
    also_evaluate: Mapping[str, Path] | None = None,
    progress: Progress = lambda _: None,
) -> TrainingResult:
    """Train a model; nothing is written or logged.

    Parameters
    ----------
    config : TrainingConfig
    also_evaluate : mapping of str to pathlib.Path, optional
        Further labelled data to score, by name; their figures enter the bundle and its card, their texts do not.
    progress : callable

    Returns
    -------
    TrainingResult
        Same corpus, configuration and further data: equal bundles, byte for byte.

    Raises
    ------
    ConfigError
        A setting is out of range, the user dictionary is malformed, or a name in `also_evaluate` is.
    CodebookError, CorpusError
        The data are malformed.
    """
    check_names(also_evaluate or {})
    progress("Reading the corpus")
    data = read_training_data(config.data)
    train_texts, test_texts = data.train, data.test
    user_words = read_user_words(config.data.user_dictionary)
    further = {name: load_labelled(path, data.codebook) for name, path in (also_evaluate or {}).items()}
    chosen: dict[str, float] = {}
    if config.choose:
        progress("Choosing the settings")
        config, chosen = choose_settings(config, train_texts, user_words)

    progress("Fitting the model")
    classifier = config.classifier(data.codebook, user_words)
    pairs = list(zip(train_texts.texts, train_texts.headings, strict=True))
    classifier.fit(pairs, model_targets(train_texts), train_texts.groups)

    progress("Evaluating")
    held_out = classifier.out_of_fold_
    evaluations = {"folds": Evaluation(train_texts, held_out.probabilities, held_out.decisions)}
    scored = further if test_texts is None else {"test": test_texts, **further}
    for name, texts in scored.items():
        evaluations |= _with_and_without_headings(name, texts, classifier.scorer_)
    info = {
        "name": config.name,
        "config": config.settings(),
        "corpus": data.info,
        "metrics": {name: evaluation.figures.to_dict() for name, evaluation in evaluations.items()},
        "libraries": _library_versions(),
    }
    if chosen:
        info["chosen"] = {name: round(figure, 6) for name, figure in chosen.items()}
    # The card names the id, which does not depend on the card.
    bundle = Bundle(data.codebook, classifier.scorer_, info, card="")
    bundle = replace(bundle, card=render_card(bundle, evaluations))
    return TrainingResult(config, bundle, train_texts, test_texts, data.hash, evaluations, data.notes)


def check_names(also_evaluate: Mapping[str, Path]) -> None:
    """Check the names of further data sets: they become parts of metric names.

    Raises
    ------
    ConfigError
        One is malformed or taken.
    """
    for name in also_evaluate:
        if not _NAME.match(name) or name in _RESERVED or name.endswith(WITHOUT_HEADINGS):
            raise ConfigError(
                "not a usable name for a data set",
                source="also_evaluate",
                remedy=f"Use letters, digits, - and _; not {' or '.join(_RESERVED)}, nor an end in {WITHOUT_HEADINGS}.",
            )


def _with_and_without_headings(name: str, texts: LabelledTexts, scorer: Scorer) -> dict[str, Evaluation]:
    evaluations = {name: evaluate(scorer, texts)}
    if any(texts.headings):
        evaluations[f"{name}{WITHOUT_HEADINGS}"] = evaluate(scorer, texts, headings=False)
    return evaluations


def read_user_words(path: Path | None) -> UserWords:
    """Read a user dictionary; None stands for none.

    Raises
    ------
    ConfigError
        The file cannot be read, is too large, not UTF-8 or malformed.
    """
    if path is None:
        return ()
    data = read_limited(path, _MAX_DICTIONARY, ConfigError)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8", source=path, remedy="Save it as UTF-8.") from error
    return parse_user_dictionary(text, source=str(path))


def _library_versions() -> dict[str, Any]:
    versions = {"python": platform.python_version(), "fazhi-ml": fazhi_ml.__version__}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return versions
