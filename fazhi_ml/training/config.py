"""The training configuration: a TOML file, and overrides from the command line.

Paths in the file are relative to its folder, paths in an override to the current folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.classifier.linear import Uncertain
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.files import read_limited

__all__ = [
    "MODEL_NAME",
    "DataConfig",
    "FeatureConfig",
    "ModelConfig",
    "TrackingConfig",
    "TrainingConfig",
    "config_keys",
    "read_config",
    "read_toml",
]

_MAX_BYTES = 1_000_000
_PATHS = ("corpus", "codebook", "splits", "test", "user_dictionary")
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_AT_LINE = re.compile(r"\(at line (\d+),")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DataConfig(_Table):
    """What to learn from.

    Attributes
    ----------
    corpus : pathlib.Path
        Folder of marked-up reports, or a JSON Lines or CSV file, see `fazhi_ml.labels.exchange`.
    codebook : pathlib.Path, optional
        Codebook of the labels; without it they are taken from the data, which only JSON Lines and CSV allow.
    splits : pathlib.Path, optional
        Ids of the reports held out for the test; without it all reports are trained on and only folds are scored.
    test : pathlib.Path, optional
        Further labelled data held out for the test, instead of `splits`.
    user_dictionary : pathlib.Path, optional
        Words for the tokenizer.
    description : str
        What the model card says about the corpus: where texts and labels come from.
    """

    corpus: Path
    codebook: Path | None = None
    splits: Path | None = None
    test: Path | None = None
    user_dictionary: Path | None = None
    description: str = ""


class FeatureConfig(_Table):
    """How texts become terms; see `fazhi_ml.features.vocabulary.FeatureSettings`."""

    word_ngrams: int = 2
    char_ngrams: int = 3
    min_sentence: int = 8
    fold_digits: bool = True


class ModelConfig(_Table):
    """How the model is fitted; see `fazhi_ml.classifier.estimator.ThemeClassifier`.

    ``class_weight = "none"`` is the estimator's None, which TOML cannot write.
    """

    min_df: int = 2
    word_weight: float = 1.0
    char_weight: float = 1.5
    heading_weight: float = 0.5
    heading_dropout: float = 0.5
    sentence_rows: bool = True
    mix: float = 0.6
    uncertain: Uncertain = "drop"
    C: float = 0.3
    class_weight: Literal["none", "balanced"] = "none"
    n_folds: int = 5
    threshold: str = "f1"


class TrackingConfig(_Table):
    """Where runs are logged.

    Attributes
    ----------
    experiment : str
    uri : str, optional
        MLflow tracking URI; by default that of the environment variable ``MLFLOW_TRACKING_URI``, else an sqlite file
        ``mlflow.db`` in the current folder.
    """

    experiment: Annotated[str, Field(pattern=r"^[\w][\w .-]{0,99}$")] = "fazhi"
    uri: str | None = None


class TrainingConfig(_Table):
    """Everything that decides how a model turns out, and where its run is logged.

    Attributes
    ----------
    name : str
        Name of the model; it is written to ``models/<name>``.
    seed : int
        Fixes everything that is drawn at random.
    choose : bool
        Whether settings of the model that are not set here are chosen by cross-validation, see
        `fazhi_ml.training.choose`.
    data : DataConfig
    features : FeatureConfig
    model : ModelConfig
    tracking : TrackingConfig
    """

    name: Annotated[str, Field(pattern=MODEL_NAME)] = "default"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    choose: bool = False
    data: DataConfig
    features: FeatureConfig = FeatureConfig()
    model: ModelConfig = ModelConfig()
    tracking: TrackingConfig = TrackingConfig()

    def settings(self) -> dict[str, Any]:
        """Return the settings that shape the model, as JSON values: no paths and no tracking."""
        return self.model_dump(mode="json", include={"seed", "features", "model"})

    def flat(self) -> dict[str, str]:
        """Return every setting as text under its dotted key; settings left out are empty."""
        tree = self.model_dump(mode="json")
        return {key: "" if value is None else str(value) for key, value in _leaves(tree)}

    def classifier(self, codebook: Codebook, user_words: Sequence[tuple[str, int]]) -> ThemeClassifier:
        """Return the unfitted estimator that this configuration describes."""
        model = self.model.model_dump()
        if model["class_weight"] == "none":
            model["class_weight"] = None
        return ThemeClassifier(
            themes=codebook.ids,
            multi_label=codebook.multi_label,
            user_words=user_words,
            random_state=self.seed,
            **self.features.model_dump(),
            **model,
        )


def config_keys() -> tuple[str, ...]:
    """Return the dotted keys that a configuration may set."""
    return tuple(_model_keys(TrainingConfig))


def read_config(
    path: Path | None, overrides: Sequence[str] = (), *, data: Mapping[str, Path] | None = None
) -> TrainingConfig:
    """Read a training configuration.

    Parameters
    ----------
    path : pathlib.Path or None
        TOML file; None: built-in defaults, with at least ``data.corpus`` in `overrides` or `data`.
    overrides : sequence of str
        ``key=value`` with a dotted key and a TOML value, such as ``model.C=0.5``; what is no TOML value is a string.
    data : mapping of str to pathlib.Path, optional
        What stands in for the whole table ``[data]`` of the file.

    Returns
    -------
    TrainingConfig

    Raises
    ------
    ConfigError
        The file cannot be read or is not TOML, or a key is unknown, missing or has a wrong value.
    """
    values = {} if path is None else read_toml(path)
    _resolve_paths(values, Path() if path is None else path.parent)
    if data is not None:
        values["data"] = dict(data)
    overridden = set()
    for override in overrides:
        key, value = _parse_override(override)
        overridden.add(key)
        changes: dict[str, Any] = {}
        *tables, leaf = key.split(".")
        _place(changes, tables, leaf, value)
        _resolve_paths(changes, Path())
        _merge(values, changes)
    # So that an error names the paths that are missing in it.
    values.setdefault("data", {})
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        raise _config_error(error, path, overridden) from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a configuration's tables.

    Raises
    ------
    ConfigError
        The file cannot be read, is too large or not TOML; the message names the line where there is one.
    """
    data = read_limited(path, _MAX_BYTES, ConfigError)
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not TOML, or a number of 5,000 digits
        line = _AT_LINE.search(str(error))
        raise ConfigError(
            f"not valid TOML ({type(error).__name__})",
            source=path,
            line=int(line.group(1)) if line else None,
            remedy="Mend the file.",
        ) from error


def _parse_override(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals:
        raise ConfigError("not of the form key=value", source="--set", remedy="Write, for example, model.C=0.5.")
    if key not in config_keys():
        raise ConfigError("unknown key", source=f"--set {key}", remedy=f"Keys: {', '.join(config_keys())}.")
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return key, text.strip()
    return key, parsed["value"] if set(parsed) == {"value"} else text.strip()


def _place(tree: dict[str, Any], tables: Sequence[str], leaf: str, value: Any) -> None:
    for table in tables:
        tree = tree.setdefault(table, {})
    tree[leaf] = value


def _merge(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Put changes over values, table by table; keys are at most two deep."""
    for key, change in changes.items():
        if isinstance(change, dict) and isinstance(values.get(key), dict):
            values[key].update(change)
        else:
            values[key] = change


def _resolve_paths(values: dict[str, Any], folder: Path) -> None:
    table = values.get("data")
    if not isinstance(table, dict):
        return
    for key in _PATHS:
        if isinstance(table.get(key), str):
            table[key] = folder / table[key]


def _config_error(error: ValidationError, path: Path | None, overridden: set[str]) -> ConfigError:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    # What was written wrong comes before what was not written: it may be the misspelt form of it.
    first = min(faults, key=lambda fault: fault["type"] == "missing")
    key = ".".join(map(str, first["loc"]))
    source = f"--set {key}" if key in overridden else path or "configuration"
    if first["type"] == "extra_forbidden":
        table = key.rpartition(".")[0]
        known = [name for name in config_keys() if name.startswith(f"{table}." if table else "")]
        return ConfigError(f"unknown key {key!r}", source=source, remedy=f"Keys: {', '.join(known)}.")
    if first["type"] == "missing":
        return ConfigError(
            f"{key} is missing", source=source, remedy="Set it in the configuration (--config) or with --set."
        )
    return ConfigError(f"{key} has a wrong value", source=source, remedy=f"{first['msg']}.")


def _model_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _model_keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
