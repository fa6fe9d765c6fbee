from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fazhi_ml.errors import TrackingError
from fazhi_ml.training.tracking import open_store
from tests.training.conftest import QUIET_MLFLOW

pytestmark = pytest.mark.filterwarnings(QUIET_MLFLOW)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An initialised database, since making one takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    subprocess.run(
        [sys.executable, "-c", f"from mlflow import MlflowClient; MlflowClient({uri!r}).get_experiment('0')"],
        check=True,
        capture_output=True,
    )
    return folder / "mlflow.db"


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    path.write_bytes(template.read_bytes())
    return path


def uri_of(database: Path) -> str:
    return f"sqlite:///{database}"


def test_a_run_reads_back(database: Path) -> None:
    store = open_store(uri_of(database), "letters")
    with store.run("first") as run:
        run.log(
            params={"model.C": "0.3"}, tags={"kind": "一"}, metrics={f"m/{number}": number for number in range(1500)}
        )
        run.log_dataset("corpus", digest="d" * 64, path="/data", profile="{}", context="training")
        (database.parent / "out").mkdir()
        (database.parent / "out" / "a.txt").write_text("a")
        run.log_artifacts(database.parent / "out")
    found = store.client.get_run(run.id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "first")
    assert found.data.params == {"model.C": "0.3"}
    assert found.data.tags["kind"] == "一"
    assert len(found.data.metrics) == 1500
    assert found.inputs is not None
    (dataset,) = found.inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("corpus", "d" * 36)
    assert [artifact.path for artifact in store.client.list_artifacts(run.id)] == ["a.txt"]
    assert list((database.parent / "mlartifacts" / "letters").rglob("a.txt"))


def test_a_store_is_made_in_the_current_folder_and_found_again(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    store = open_store(None, "letters")
    assert store.uri == uri_of(database)
    assert open_store("sqlite:///mlflow.db", "letters").experiment_id == store.experiment_id
    location = store.client.get_experiment(store.experiment_id).artifact_location
    assert location == (database.parent / "mlartifacts" / "letters").as_uri()


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_that_breaks_off_is_marked(database: Path, error: type[BaseException], status: str) -> None:
    store = open_store(uri_of(database), "letters")
    with pytest.raises(error), store.run("broken") as run:
        raise error
    assert store.client.get_run(run.id).info.status == status


def test_two_processes_may_make_a_store_at_once(tmp_path: Path) -> None:
    code = f"""
from fazhi_ml.training.tracking import open_store
store = open_store("sqlite:///{tmp_path}/mlflow.db", "letters")
with store.run("first use") as run:
    run.log(metrics={{"x": 1.0}})
print(store.experiment_id)
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    assert len({stdout for stdout, _ in results}) == 1
    # Setting up is quiet, telemetry and migration logs included.
    assert [stderr for _, stderr in results] == ["", ""]
    store = open_store(uri_of(tmp_path / "mlflow.db"), "letters")
    assert [run.info.status for run in store.client.search_runs([store.experiment_id])] == ["FINISHED"] * 2


def test_the_environment_may_name_the_store(database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri_of(database))
    monkeypatch.chdir(tmp_path.parent)
    assert open_store(None, "letters").uri == uri_of(database)


def test_telemetry_is_off_before_mlflow_is_imported() -> None:
    code = """
import os, sys
from fazhi_ml.training import tracking
assert "mlflow" not in sys.modules
tracking.open_client("sqlite:///:memory:")
print(os.environ["MLFLOW_DISABLE_TELEMETRY"])
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "true\n"


def test_a_store_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"not a database, whatever it is" * 100)
    with pytest.raises(TrackingError, match="not a database that can be written") as caught:
        open_store(uri_of(path), "letters")
    assert str(caught.value).startswith(str(path))
    assert path.read_bytes().startswith(b"not a database")


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="the folder does not exist"):
        open_store(uri_of(tmp_path / "missing" / "mlflow.db"), "letters")
    (tmp_path / "mlflow.db").mkdir()
    with pytest.raises(TrackingError, match="not a database"):
        open_store(uri_of(tmp_path / "mlflow.db"), "letters")


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE experiments (x)")
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('000000000000')")
        connection.commit()
    with pytest.raises(TrackingError, match="the tracking store failed"):
        open_store(uri_of(path), "letters")


def test_a_moved_store_is_noticed(database: Path) -> None:
    folder = database.parent
    store = open_store(uri_of(database), "letters")
    # An experiment without runs has lost nothing: its folder is made again.
    (folder / "mlartifacts" / "letters").rmdir()
    open_store(uri_of(database), "letters")
    with store.run("first"):
        pass
    (folder / "mlartifacts").rename(folder / "elsewhere")
    with pytest.raises(TrackingError, match="the store was moved"):
        open_store(uri_of(database), "letters")
    assert open_store(uri_of(database), "other").experiment_id != store.experiment_id


def test_a_deleted_experiment_is_not_written_to(database: Path) -> None:
    store = open_store(uri_of(database), "letters")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(TrackingError, match="'letters' was deleted"):
        open_store(uri_of(database), "letters")


def test_a_store_that_breaks_during_a_run_does_not_hide_why(database: Path) -> None:
    store = open_store(uri_of(database), "letters")

    def break_store_and_fail() -> None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("ALTER TABLE runs RENAME TO gone")
            connection.commit()
        raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"), store.run("broken"):
        break_store_and_fail()
    with pytest.raises(TrackingError, match="the tracking store failed"), store.run("second"):
        pass
