"""The file in which Optuna keeps the trials of a search, so that an interrupted search can go on.

It is a journal, one line an event: with few writes it takes a sixth of the time of Optuna's sqlite storage.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.errors import ConfigError, OutputError
from fazhi_ml.training.search_space import SearchConfig

if TYPE_CHECKING:
    import optuna

__all__ = ["has_finished", "locked_study", "n_finished", "open_study"]

_NAME = "search"
_FINISHED = ("COMPLETE", "PRUNED")
_REDUCTION = 3
_LAST_LOOK = 2


@contextmanager
def locked_study(path: Path) -> Iterator[None]:
    """Keep other searches from using a study.

    Raises
    ------
    OutputError
        One does, or the folder cannot be written.
    """
    # As in `fazhi_ml.training.tracking`: an exclusive transaction is a lock that ends with its process.
    lock = path.with_name(f"{path.name}.running")
    try:
        connection = sqlite3.connect(lock, timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        raise OutputError(
            f"another search uses this study, or the folder cannot be written ({error})",
            source=path,
            remedy="Wait for it, or choose another --output.",
        ) from error
    with closing(connection):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def open_study(path: Path, config: SearchConfig, facts: Mapping[str, Any]) -> optuna.Study:
    """Open the study of a search, made when it is not there.

    Parameters
    ----------
    path : pathlib.Path
    config : SearchConfig
    facts : mapping of str to JSON values
        What must not change between the trials of a study.

    Returns
    -------
    optuna.Study
        The base configuration waits in it as the first trial, if it lies in the space.

    Raises
    ------
    ConfigError
        The study was made with other facts.
    OutputError
        The file is no study.
    """
    study = _load(path, config)
    known = study.user_attrs.get("facts")
    if known is None:
        study.set_user_attr("facts", dict(facts))
    elif known != facts:
        changed = ", ".join(name for name in facts if known.get(name) != facts[name])
        raise ConfigError(
            f"the study was made with another: {changed}",
            source=path,
            remedy="Restore what it was made with, or start anew (--force without --resume).",
        )
    for trial in study.trials:
        if trial.state.name == "RUNNING":
            # Its process was interrupted.
            study.tell(trial.number, state=_state("FAIL"))
    base = config.base_values()
    if base is not None and not any(_is_base(trial) for trial in study.trials):
        study.enqueue_trial(base, user_attrs={"base": True})
    return study


def has_finished(trial: optuna.trial.FrozenTrial) -> bool:
    """Tell whether a trial was scored: on all folds, or until it was given up."""
    return trial.state.name in _FINISHED


def n_finished(study: optuna.Study) -> int:
    """Return the number of trials that were scored."""
    return sum(map(has_finished, study.trials))


def _load(path: Path, config: SearchConfig) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    # It reports every trial on stderr.
    logging.getLogger("optuna").setLevel(logging.WARNING)
    try:
        _mend(path)
        backend = JournalFileBackend(os.fspath(path), lock_obj=JournalFileOpenLock(os.fspath(path)))
        storage = JournalStorage(backend)
        study = optuna.create_study(
            storage=storage,
            study_name=_NAME,
            direction="maximize",
            load_if_exists=True,
        )
    except OSError as error:
        raise OutputError(f"cannot be used ({error.strerror})", source=path, remedy="Check its permissions.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError("not the study of a search", source=path, remedy="Start anew (--force).") from error
    # After an interruption the sampler would draw the same again from the same seed.
    study.sampler = optuna.samplers.TPESampler(seed=config.base.seed + len(study.trials))
    study.pruner = _pruner()
    return study


def _pruner() -> optuna.pruners.BasePruner:
    import optuna

    class TopThird(optuna.pruners.BasePruner):
        """Lets a trial go on after its first and second fold if it is among the best third of all scored on as many.

        Source: L. Li et al., A system for massively parallel hyperparameter tuning (2020): successive halving that
        waits for no one. Optuna's own would look at a trial again after the third fold only; one that looks after
        each of many folds lets too few through.
        """

        def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
            step = trial.last_step
            if step is None or step > _LAST_LOOK:
                return False
            # The other trials' and its own.
            values = [other.intermediate_values[step] for other in study.trials if step in other.intermediate_values]
            n_better = sum(value > trial.intermediate_values[step] for value in values)
            return n_better >= max(1, len(values) // _REDUCTION)

    return TopThird()


def _mend(path: Path) -> None:
    """Undo what a killed process left: the lock of the journal, and an event that was not written to its end."""
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def _is_base(trial: optuna.trial.FrozenTrial) -> bool:
    return bool(trial.user_attrs.get("base")) and trial.state.name in (*_FINISHED, "WAITING")


def _state(name: str) -> optuna.trial.TrialState:
    from optuna.trial import TrialState

    return TrialState[name]
