"""MLflow tracking: a store that is safe to open, and runs that never stay half-finished.

mlflow is imported when a store is opened, with its telemetry off.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.classifier.registered import SQLITE, local_folder, quieten_mlflow
from fazhi_ml.errors import MissingExtraError, TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

__all__ = [
    "Store",
    "TrackedRun",
    "as_tracking_errors",
    "check_database",
    "locked",
    "open_client",
    "open_store",
    "sqlite_file",
    "store_uri",
]

_LOCK_SECONDS = 120
# What one request of MLflow may hold.
_BATCH_METRICS = 1000
_BATCH_OTHER = 100


@dataclass(frozen=True)
class TrackedRun:
    """A run that is being logged.

    Attributes
    ----------
    id : str
    client : mlflow.MlflowClient
    """

    id: str
    client: MlflowClient

    def log(
        self,
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Log parameters, tags and metrics, in as few requests as MLflow allows.

        Raises
        ------
        TrackingError
            The store refuses them.
        """
        from mlflow.entities import Metric, Param, RunTag

        with as_tracking_errors(self.client.tracking_uri):
            for params_batch in _batches([Param(key, value) for key, value in (params or {}).items()], _BATCH_OTHER):
                self.client.log_batch(self.id, params=params_batch)
            for tags_batch in _batches([RunTag(key, value) for key, value in (tags or {}).items()], _BATCH_OTHER):
                self.client.log_batch(self.id, tags=tags_batch)
            measured = [Metric(key, value, timestamp=0, step=0) for key, value in (metrics or {}).items()]
            for metrics_batch in _batches(measured, _BATCH_METRICS):
                self.client.log_batch(self.id, metrics=metrics_batch)

    def log_dataset(self, name: str, *, digest: str, path: str, profile: str, context: str) -> None:
        """Log a data set that the run used.

        Parameters
        ----------
        name, digest : str
            MLflow cuts a digest at 36 characters.
        path : str
            Where the data lie.
        profile : str
            JSON, what they hold.
        context : str
            ``training`` or ``testing``.

        Raises
        ------
        TrackingError
            The store refuses it.
        """
        import json

        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = json.dumps({"uri": path})
        dataset = Dataset(name, digest[:36], source_type="local", source=source, profile=profile)
        with as_tracking_errors(self.client.tracking_uri):
            self.client.log_inputs(self.id, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])

    def log_artifacts(self, folder: Path) -> None:
        """Copy the content of a folder into the run's artifacts.

        Raises
        ------
        TrackingError
            The artifacts cannot be written.
        """
        with as_tracking_errors(self.client.tracking_uri):
            self.client.log_artifacts(self.id, str(folder))


@dataclass(frozen=True)
class Store:
    """An MLflow store and the experiment to log to.

    Attributes
    ----------
    uri : str
        Tracking URI; with an absolute path when it is an sqlite file.
    experiment_id : str
    client : mlflow.MlflowClient
    """

    uri: str
    experiment_id: str
    client: MlflowClient

    @contextmanager
    def run(self, name: str, *, parent: str | None = None, resumed: str | None = None) -> Iterator[TrackedRun]:
        """Open a run; it ends as FINISHED, as FAILED after an error, or as KILLED when the process is interrupted.

        Parameters
        ----------
        name : str
        parent : str, optional
            Id of the run that it is nested under.
        resumed : str, optional
            Id of an earlier run to go on with; a new one is made when the store does not have it.

        Raises
        ------
        TrackingError
            The store refuses the run.
        """
        with as_tracking_errors(self.uri):
            if resumed is not None and self._has(resumed):
                run_id = resumed
                self.client.update_run(run_id, "RUNNING")
            else:
                tags = {"mlflow.parentRunId": parent} if parent is not None else {}
                run_id = self.client.create_run(self.experiment_id, run_name=name, tags=tags).info.run_id
        try:
            yield TrackedRun(run_id, self.client)
        except BaseException as error:
            # A store that fails here as well must not hide what went wrong before.
            with suppress(Exception):
                self.client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
            raise
        with as_tracking_errors(self.uri):
            self.client.set_terminated(run_id, "FINISHED")

    def _has(self, run_id: str) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_run(run_id).info.experiment_id == self.experiment_id
        except MlflowException:
            return False


def open_store(uri: str | None, experiment: str) -> Store:
    """Open a tracking store, made on first use.

    Parameters
    ----------
    uri : str or None
        MLflow tracking URI; None: that of the environment variable ``MLFLOW_TRACKING_URI``, else the sqlite file
        ``mlflow.db`` in the current folder. Artifacts of an sqlite store go to the folder ``mlartifacts`` beside its
        file.
    experiment : str
        Name of the experiment; made if there is none.

    Returns
    -------
    Store

    Raises
    ------
    TrackingError
        The store is damaged, was moved, or cannot be written; or the experiment was deleted.
    MissingExtraError
        mlflow is not installed.
    """
    uri = store_uri(uri)
    database = sqlite_file(uri)
    if database is None:
        return _open(uri, experiment, artifacts=None)
    # MLflow retries a database that it cannot open for a very long time.
    _check_folder(database)
    with locked(database):
        check_database(database)
        return _open(SQLITE + database.as_posix(), experiment, artifacts=database.parent / "mlartifacts" / experiment)


def _open(uri: str, experiment: str, artifacts: Path | None) -> Store:
    client = open_client(uri)
    with as_tracking_errors(uri):
        found = client.get_experiment_by_name(experiment)
        if found is None:
            if artifacts is not None:
                artifacts.mkdir(parents=True, exist_ok=True)
            # A relative location, MLflow's default, would depend on where each run was started.
            location = None if artifacts is None else artifacts.as_uri()
            return Store(uri, client.create_experiment(experiment, artifact_location=location), client)
        _check_experiment(found, client, uri)
        return Store(uri, found.experiment_id, client)


def open_client(uri: str) -> MlflowClient:
    """Return a client of a store, with MLflow's telemetry and chatter off.

    Raises
    ------
    TrackingError
        The store cannot be used.
    MissingExtraError
        mlflow is not installed.
    """
    quieten_mlflow()
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingExtraError(
            "mlflow is not installed", source=uri, remedy="Install fazhi-ml[train], or train with --no-tracking."
        ) from error
    for noisy in ("mlflow.store.db.utils", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    with as_tracking_errors(uri):
        return MlflowClient(tracking_uri=uri)


def store_uri(uri: str | None) -> str:
    """Return a store's URI; by default that of ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the current folder."""
    return uri or os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}mlflow.db"


def sqlite_file(uri: str) -> Path | None:
    """Return the absolute path of an sqlite store's file; None for other stores."""
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None


def _check_folder(database: Path) -> None:
    if not database.parent.is_dir():
        raise TrackingError("the folder does not exist", source=database.parent, remedy="Create it first.")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the lock of a file that need not exist: one process at a time has it.

    An exclusive transaction on a database of its own is a lock that works on every system and ends with its process.
    """
    lock = database.with_name(f"{database.name}.lock")
    try:
        with closing(sqlite3.connect(lock, timeout=_LOCK_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
    except sqlite3.Error as error:
        raise TrackingError(
            f"the lock of the store cannot be taken ({_reason(error)})",
            source=lock,
            remedy="Check that the folder can be written and that no other process hangs.",
        ) from error


def check_database(database: Path) -> None:
    """Check that an existing file is a database that can be written."""
    try:
        with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise TrackingError(
            f"not a database that can be written ({_reason(error)})",
            source=database,
            remedy="Restore it, or move it away to start a new one.",
        ) from error


def _check_experiment(experiment: Experiment, client: MlflowClient, uri: str) -> None:
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"the experiment {experiment.name!r} was deleted",
            source=uri,
            remedy="Restore it (mlflow experiments restore), or choose another (--set tracking.experiment=NAME).",
        )
    folder = local_folder(experiment.artifact_location)
    if folder is None or folder.is_dir():
        return
    if client.search_runs([experiment.experiment_id], max_results=1):
        raise TrackingError(
            f"the artifacts of experiment {experiment.name!r} are gone: the store was moved, or its folder deleted",
            source=folder,
            remedy="Move it back, or choose another experiment (--set tracking.experiment=NAME).",
        )
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def as_tracking_errors(uri: str) -> Iterator[None]:
    """Turn what MLflow and the parts below it raise into errors that name the store."""
    try:
        yield
    except Exception as error:
        if not _is_store_error(error):
            raise
        raise TrackingError(
            f"the tracking store failed ({_reason(error)})",
            source=uri,
            remedy="Check that it can be reached and written and fits the installed mlflow (mlflow db upgrade).",
        ) from error


def _is_store_error(error: Exception) -> bool:
    kinds: list[type[Exception]] = [OSError, sqlite3.Error]
    for module, name in (
        ("mlflow.exceptions", "MlflowException"),
        ("sqlalchemy.exc", "SQLAlchemyError"),
        ("alembic.util.exc", "CommandError"),
    ):
        # A module that was never imported cannot have raised.
        if module in sys.modules:
            kinds.append(getattr(sys.modules[module], name))
    return isinstance(error, tuple(kinds))


def _reason(error: Exception) -> str:
    """Return the first line of an error's message, or its type: the rest may be a page of SQL."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _batches(entries: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
