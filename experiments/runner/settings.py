"""An experiment as its config.toml states it: a question, a baseline, and variants that differ from it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from fazhi_ml.classifier.linear import LinearSettings, Uncertain
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.vocabulary import FeatureSettings

__all__ = ["Experiment", "Noise", "Settings", "StopWords", "find_experiment", "read_experiment"]

StopWords = Literal["none", "words", "terms"]
Noise = Literal["keep", "drop", "flip", "drop_contradicted"]

_DECIDING = ("calibration", "threshold")
_SCORING = ("mix", *_DECIDING)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a variant may vary; see `fazhi_ml.classifier.estimator.ThemeClassifier` for what is not told here.

    Attributes
    ----------
    user_dictionary : bool
        Whether the tokenizer uses ``configs/userdict.txt``.
    stop_words : {"none", "words", "terms"}
        Terms left out of the word and heading blocks: none, stop words, or all word n-grams that hold a stop word.
    learner : str
        A key of `runner.learners.LEARNERS`.
    class_weight : {"none", "balanced"}
    noise : {"keep", "drop", "flip", "drop_contradicted"}
        What becomes of training labels that look wrong, judged inside each training fold: those that confident learning
        calls wrong are dropped or flipped, or all that held-out probabilities contradict are dropped.
    reports : int
        Number of reports to train on, drawn from those of each training fold; 0: all.
    calibration : str
        A key of `runner.decisions.CALIBRATIONS`.
    threshold : str
        ``f1``, ``precision:0.9`` or ``fixed:0.5``.
    """

    word_ngrams: int
    char_ngrams: int
    min_sentence: int
    fold_digits: bool
    user_dictionary: bool
    stop_words: StopWords
    min_df: int
    word_weight: float
    char_weight: float
    heading_weight: float
    heading_dropout: float
    sentence_rows: bool
    uncertain: Uncertain
    learner: str
    C: float
    class_weight: Literal["none", "balanced"]
    noise: Noise
    reports: int
    mix: float
    calibration: str
    threshold: str

    @property
    def features(self) -> FeatureSettings:
        """The settings that say how terms are made."""
        return FeatureSettings(self.word_ngrams, self.char_ngrams, self.min_sentence, self.fold_digits)

    @property
    def counting(self) -> tuple[FeatureSettings, bool, StopWords]:
        """What term counts depend on: variants that agree in it share them."""
        return self.features, self.user_dictionary, self.stop_words

    @property
    def fitting(self) -> tuple[Any, ...]:
        """What weights depend on: variants that agree in it share them."""
        # Labels are cleaned by scores, which hang on the mix.
        left_out = _SCORING if self.noise == "keep" else _DECIDING
        return tuple(getattr(self, field.name) for field in fields(self) if field.name not in left_out)

    def linear(self, seed: int) -> LinearSettings:
        """Return the settings of the linear layer."""
        return LinearSettings(
            min_df=self.min_df,
            word_weight=self.word_weight,
            char_weight=self.char_weight,
            heading_weight=self.heading_weight,
            heading_dropout=self.heading_dropout,
            sentence_rows=self.sentence_rows,
            uncertain=self.uncertain,
            C=self.C,
            class_weight=None if self.class_weight == "none" else self.class_weight,
            seed=seed,
        )


@dataclass(frozen=True)
class Experiment:
    """A question and the variants that answer it.

    Attributes
    ----------
    folder : pathlib.Path
    question : str
    seeds : tuple of int
        Each shuffles the folds, the headings that drop out, and the learner.
    columns : tuple of str
        Measures shown in the table, keys of `runner.measures.MEASURES`.
    baseline : str
        Name of the baseline.
    variants : mapping of str to Settings
        The baseline first.
    reliability : bool
        Whether to draw a reliability diagram of each variant.
    audit : bool
        Whether to list the labels that held-out probabilities contradict most.
    """

    folder: Path
    question: str
    seeds: tuple[int, ...]
    columns: tuple[str, ...]
    baseline: str
    variants: Mapping[str, Settings]
    reliability: bool
    audit: bool


def find_experiment(folder: Path, number: str) -> Path:
    """Return the folder of the experiment with a number such as ``001``.

    Raises
    ------
    ConfigError
        There is not exactly one.
    """
    found = [path for path in sorted(folder.glob(f"{number}-*")) if path.is_dir()]
    if len(found) != 1:
        raise ConfigError(f"{len(found)} experiments have this number", source=number, remedy="Give e.g. 001.")
    return found[0]


def read_experiment(folder: Path) -> Experiment:
    """Read the config.toml of an experiment.

    Raises
    ------
    ConfigError
        A key is unknown or missing.
    """
    source = folder / "config.toml"
    values = tomllib.loads(source.read_text(encoding="utf-8"))
    _check_keys(
        values,
        ("question", "seeds", "columns", "baseline", "settings", "variants"),
        ("reliability", "audit"),
        source,
    )
    names = tuple(field.name for field in fields(Settings))
    _check_keys(values["settings"], names, (), source)
    baseline = Settings(**values["settings"])
    variants = {values["baseline"]: baseline}
    for name, overrides in values["variants"].items():
        _check_keys(overrides, (), names, source)
        variants[name] = replace(baseline, **overrides)
    return Experiment(
        folder,
        values["question"],
        tuple(values["seeds"]),
        tuple(values["columns"]),
        values["baseline"],
        variants,
        values.get("reliability", False),
        values.get("audit", False),
    )


def _check_keys(table: Mapping[str, Any], needed: Sequence[str], optional: Sequence[str], source: Path) -> None:
    missing = [name for name in needed if name not in table]
    unknown = [name for name in table if name not in (*needed, *optional)]
    if missing or unknown:
        wrong = f"{missing[0]!r} is missing" if missing else f"unknown key {unknown[0]!r}"
        raise ConfigError(wrong, source=source, remedy=f"Keys: {', '.join((*needed, *optional))}.")
