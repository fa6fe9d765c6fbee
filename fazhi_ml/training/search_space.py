"""What a search may change: a TOML file that names a training configuration and ranges for some of its settings."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.vocabulary import FeatureSettings
from fazhi_ml.training.config import MODEL_NAME, FeatureConfig, ModelConfig, TrainingConfig, read_config, read_toml

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["Parameter", "SearchConfig", "config_toml", "read_search_config", "searchable_keys"]

Value = bool | int | float | str

_TABLES: dict[str, type[BaseModel]] = {"features": FeatureConfig, "model": ModelConfig}
# The search has folds of its own.
_FIXED = ("model.n_folds",)
_MAX_FOLDS = 20
_DIGITS = 4


@dataclass(frozen=True)
class Parameter:
    """A setting that is searched: a range, or a list of choices.

    Attributes
    ----------
    key : str
        As in a training configuration, such as ``model.C``.
    choices : tuple
        Empty for a range.
    low, high : int or float
        Ends of the range, both included; integers for settings that are.
    log : bool
        Whether the logarithm is drawn evenly, not the value.
    """

    key: str
    choices: tuple[Value, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False

    def distribution(self) -> BaseDistribution:
        """Return the same for Optuna."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.choices:
            return CategoricalDistribution(self.choices)
        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(self.low, self.high, log=self.log)

    def extremes(self) -> tuple[Value, ...]:
        """Return values that are in order only if all are."""
        return self.choices or (self.low, self.high)

    def __contains__(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        return not isinstance(value, str) and self.low <= value <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return it as it stands in the file."""
        if self.choices:
            return {"choices": list(self.choices)}
        return {"low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class SearchConfig:
    """What to search.

    Attributes
    ----------
    name : str
        Name of the model that comes of it.
    base : TrainingConfig
        Everything that is not searched.
    folds : int
        Folds that a trial is scored on, whole reports each.
    space : tuple of Parameter
    source : pathlib.Path
        The file it was read from.
    """

    name: str
    base: TrainingConfig
    folds: int
    space: tuple[Parameter, ...]
    source: Path

    def rounded(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return values of searched settings as they are tried: reals to four digits, which are easier to read."""
        return {
            key: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value for key, value in values.items()
        }

    def training_config(self, values: Mapping[str, Value]) -> TrainingConfig:
        """Return the training configuration with some settings changed, rounded.

        Raises
        ------
        pydantic.ValidationError
            A value is of the wrong kind.
        """
        # Settings are chosen here, and not once more in training.
        tree = {**self.base.model_dump(), "name": self.name, "choose": False}
        for key, value in self.rounded(values).items():
            table, _, setting = key.partition(".")
            tree[table][setting] = value
        return TrainingConfig.model_validate(tree)

    def base_values(self) -> dict[str, Value] | None:
        """Return the base's values of the searched settings; None when one is outside its range."""
        tree = self.base.model_dump()
        values: dict[str, Value] = {}
        for parameter in self.space:
            table, _, setting = parameter.key.partition(".")
            values[parameter.key] = tree[table][setting]
            if values[parameter.key] not in parameter:
                return None
        return values

    def check(self, codebook: Codebook) -> None:
        """Check that every value of the space is one that training accepts.

        Raises
        ------
        ConfigError
            One is not; the message names the setting.
        """
        for parameter in self.space:
            for value in parameter.extremes():
                source = f"{self.source}: space.{parameter.key}"
                try:
                    config = self.training_config({parameter.key: value})
                    FeatureSettings(**config.features.model_dump())
                    config.classifier(codebook, ()).check_parameters()
                except ValidationError as error:
                    raise ConfigError(
                        "a value of the wrong kind", source=source, remedy=f"{error.errors()[0]['msg']}."
                    ) from None
                except ConfigError as error:
                    raise ConfigError(error.cause, source=source, remedy=error.remedy) from None


def searchable_keys() -> tuple[str, ...]:
    """Return the dotted keys of the settings that a space may hold."""
    keys = (f"{table}.{setting}" for table, model in _TABLES.items() for setting in model.model_fields)
    return tuple(key for key in keys if key not in _FIXED)


def read_search_config(path: Path, overrides: Sequence[str] = ()) -> SearchConfig:
    """Read what to search.

    Parameters
    ----------
    path : pathlib.Path
        TOML file; paths in it are relative to its folder.
    overrides : sequence of str
        ``key=value``, settings of the training configuration to change.

    Returns
    -------
    SearchConfig

    Raises
    ------
    ConfigError
        A file cannot be read or is not TOML, or a key is unknown, missing or has a wrong value.
    """
    values = read_toml(path)
    _check_keys(values, ("name", "base", "folds", "space"), path)
    for key in ("base", "space"):
        if key not in values:
            raise ConfigError(f"{key} is missing", source=path, remedy="See configs/search.toml for an example.")
    name, base, folds = values.get("name", "searched"), values["base"], values.get("folds", 3)
    if not isinstance(name, str) or not re.match(MODEL_NAME, name):
        raise ConfigError("name has a wrong value", source=path, remedy="Use letters, digits, ., - and _.")
    if not isinstance(base, str):
        raise ConfigError("base has a wrong value", source=path, remedy="Give the path of a training configuration.")
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= _MAX_FOLDS:
        raise ConfigError("folds has a wrong value", source=path, remedy=f"Give a whole number from 2 to {_MAX_FOLDS}.")
    space = tuple(_parameters(values["space"], path))
    if not space:
        raise ConfigError("the space is empty", source=path, remedy=_known_keys())
    return SearchConfig(name, read_config(path.parent / base, overrides), folds, space, path)


def config_toml(config: TrainingConfig, folder: Path) -> str:
    """Return a training configuration as the TOML file that `fazhi_ml.training.config.read_config` reads.

    Parameters
    ----------
    config : TrainingConfig
    folder : pathlib.Path
        Where the file will lie: paths in it are relative to this folder, where that is possible.
    """
    tables: list[tuple[str, list[str]]] = [("", [])]
    for key, value in config:
        if isinstance(value, BaseModel):
            lines = [f"{name} = {_toml(entry, folder)}" for name, entry in value if entry is not None]
            tables.append((f"[{key}]", lines))
        else:
            tables[0][1].append(f"{key} = {_toml(value, folder)}")
    return "\n\n".join("\n".join(filter(None, [head, *lines])) for head, lines in tables) + "\n"


def _toml(value: Value | Path, folder: Path) -> str:
    if isinstance(value, Path):
        try:
            # Without links: `..` leads out of what a link points to.
            path = Path(os.path.relpath(value.resolve(), folder.resolve()))
        except ValueError:  # on another drive
            path = value.absolute()
        value = path.as_posix()
    # JSON's strings are TOML's, but for the one control character that JSON does not escape.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parameters(space: Any, path: Path) -> Iterator[Parameter]:
    if not isinstance(space, dict):
        raise ConfigError("space is not a table", source=path, remedy="Write [space.model] and [space.features].")
    _check_keys(space, _TABLES, path, "space.")
    for table, entries in space.items():
        if not isinstance(entries, dict):
            raise ConfigError(f"space.{table} is not a table", source=path, remedy=f"Write [space.{table}].")
        for setting, entry in entries.items():
            key = f"{table}.{setting}"
            if key not in searchable_keys():
                raise ConfigError(f"space.{key} cannot be searched", source=path, remedy=_known_keys())
            yield _parameter(key, entry, path)


def _parameter(key: str, entry: Any, path: Path) -> Parameter:
    source = f"{path}: space.{key}"
    if not isinstance(entry, dict) or ("choices" in entry) == ("low" in entry or "high" in entry):
        raise ConfigError(
            "neither a range nor a list of choices",
            source=source,
            remedy="Write { low = 0.1, high = 1.0 }, with log = true or not, or { choices = [1, 2] }.",
        )
    if "choices" in entry:
        _check_keys(entry, ("choices",), path, f"space.{key}.")
        choices = entry["choices"]
        if (
            not isinstance(choices, list)
            or not choices
            or not all(isinstance(c, (bool, int, float, str)) for c in choices)
        ):
            raise ConfigError("choices is not a list of values", source=source, remedy="Write, e.g., choices = [1, 2].")
        return Parameter(key, choices=tuple(dict.fromkeys(choices)))
    _check_keys(entry, ("low", "high", "log"), path, f"space.{key}.")
    return _range(key, entry, source)


def _range(key: str, entry: Mapping[str, Any], source: str) -> Parameter:
    table, _, setting = key.partition(".")
    kind = _TABLES[table].model_fields[setting].annotation
    log = entry.get("log", False)
    if kind not in (int, float):
        raise ConfigError("has no range", source=source, remedy="Give choices.")
    number = int if kind is int else (int, float)
    for name in ("low", "high"):
        value = entry.get(name)
        if isinstance(value, bool) or not isinstance(value, number):
            raise ConfigError(
                f"{name} is not a {'whole ' if kind is int else ''}number", source=source, remedy="Give low and high."
            )
    if not isinstance(log, bool):
        raise ConfigError("log is not true or false", source=source, remedy="Give log = true, or leave it out.")
    low, high = kind(entry["low"]), kind(entry["high"])
    if not (low > 0 or not log) or not low < high < float("inf"):
        raise ConfigError("not a range", source=source, remedy="Give low below high; and above zero where log = true.")
    return Parameter(key, low=low, high=high, log=log)


def _check_keys(values: Mapping[str, Any], known: Collection[str], path: Path, prefix: str = "") -> None:
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {prefix + key!r}", source=path, remedy=f"Keys: {', '.join(known)}.")


def _known_keys() -> str:
    return f"Settings that can be: {', '.join(searchable_keys())}."
