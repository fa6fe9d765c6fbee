from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import ConfigError, OutputError, TrackingError
from fazhi_ml.training import run as run_module
from fazhi_ml.training.config import TrackingConfig, TrainingConfig
from fazhi_ml.training.run import TrainingRun, run_training
from fazhi_ml.training.train import TrainingResult
from tests.training.conftest import QUIET_MLFLOW

pytestmark = pytest.mark.filterwarnings(QUIET_MLFLOW)


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def tracked_config(config: TrainingConfig, store_folder: Path) -> TrainingConfig:
    return config.model_copy(update={"tracking": TrackingConfig(uri=f"sqlite:///{store_folder / 'mlflow.db'}")})


@pytest.fixture
def tracked(tracked_config: TrainingConfig, tmp_path: Path) -> TrainingRun:
    return run_training(tracked_config, tmp_path / "models" / "small")


def runs(config: TrainingConfig) -> list[Run]:
    client = MlflowClient(config.tracking.uri)
    experiment = client.get_experiment_by_name("fazhi")
    return client.search_runs([experiment.experiment_id]) if experiment else []


def test_the_run_holds_everything(
    tracked: TrainingRun, tracked_config: TrainingConfig, trained: TrainingResult, tmp_path: Path
) -> None:
    assert tracked.run_id is not None
    client = MlflowClient(tracked.tracking_uri)
    found = client.get_run(tracked.run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "small")
    assert found.data.params == tracked_config.flat()
    assert found.data.params["model.n_folds"] == "3"
    tags = found.data.tags
    assert tags["fazhi.bundle_id"] == tracked.result.bundle.id == trained.bundle.id
    assert tags["fazhi.corpus_hash"] == trained.corpus_hash
    assert tags["fazhi.codebook_hash"] == trained.bundle.codebook.hash

    metrics = found.data.metrics
    for name in ("folds", "test", "test_without_headings"):
        figures = trained.evaluations[name].figures
        assert metrics[f"{name}/macro_f1"] == pytest.approx(figures.macro_f1)
        assert metrics[f"{name}/macro_f1/low"] == pytest.approx(figures.intervals["macro_f1"][0])
        for theme, of_theme in figures.themes.items():
            for figure in ("precision", "recall", "f1", "support", "brier", "ece"):
                value = getattr(of_theme, figure)
                assert metrics.get(f"{name}/{figure}/{theme}") == (None if value is None else pytest.approx(value))
    thresholds = trained.bundle.scorer.model.thresholds
    assert [metrics[f"threshold/{theme}"] for theme in trained.bundle.codebook.ids] == thresholds.tolist()

    assert found.inputs is not None
    contexts = {entry.tags[0].value: json.loads(entry.dataset.profile or "") for entry in found.inputs.dataset_inputs}
    assert contexts["training"] == {"reports": 6, "texts": len(trained.train)}
    assert contexts["testing"]["reports"] == 2

    folder = Path(client.download_artifacts(tracked.run_id, "", dst_path=str(tmp_path)))
    artifacts = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    kinds = ("precision_recall", "confusion", "reliability")
    expected = {f"figures/{name}_{kind}.png" for name in ("folds", "test") for kind in kinds}
    expected |= {"folds.html", "test.html", "config.json", "figures.json", "worst_errors.csv", "bundle/MODEL_CARD.md"}
    assert expected <= artifacts
    assert Bundle.load(folder / "bundle").id == trained.bundle.id
    assert json.loads((folder / "figures.json").read_text())["test"] == trained.bundle.info["metrics"]["test"]
    assert "<article" in (folder / "folds.html").read_text(encoding="utf-8")
    # Who reads the errors of the test split would soon tune on it.
    assert "<article" not in (folder / "test.html").read_text(encoding="utf-8")
    with (folder / "worst_errors.csv").open(encoding="utf-8", newline="") as file:
        errors = list(csv.DictReader(file))
    assert errors[0]["source"].startswith("r00")
    assert errors[0]["gold"] != errors[0]["predicted"]
    assert [float(error["surprise"]) for error in errors] == sorted(
        (float(error["surprise"]) for error in errors), reverse=True
    )


def test_the_bundle_is_written(tracked: TrainingRun, tmp_path: Path) -> None:
    assert tracked.output == tmp_path / "models" / "small"
    assert Bundle.load(tracked.output).id == tracked.result.bundle.id
    assert [path.name for path in tracked.output.parent.iterdir()] == ["small"]


def test_an_untracked_run_writes_the_same_bundle_and_no_store(
    config: TrainingConfig, trained: TrainingResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_training(config, tmp_path / "model", tracked=False)
    assert (done.tracking_uri, done.run_id) == (None, None)
    assert Bundle.load(tmp_path / "model").id == trained.bundle.id
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_training_that_fails_is_marked_and_leaves_nothing(tracked_config: TrainingConfig, tmp_path: Path) -> None:
    broken = tracked_config.model_copy(update={"model": tracked_config.model.model_copy(update={"C": 1e9})})
    with pytest.raises(ConfigError, match="C: out of range"):
        run_training(broken, tmp_path / "model")
    latest = runs(broken)[0]
    assert latest.info.status == "FAILED"
    assert latest.data.params["model.C"] == "1000000000.0"
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_be_recorded_leaves_no_bundle(
    tracked_config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TrackingError("no space", source="store")

    monkeypatch.setattr(run_module, "record_run", fail)
    with pytest.raises(TrackingError, match="no space"):
        run_training(tracked_config, tmp_path / "model")
    assert runs(tracked_config)[0].info.status == "FAILED"
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_is_there_is_kept_unless_told(
    config: TrainingConfig, trained: TrainingResult, tmp_path: Path
) -> None:
    trained.bundle.save(tmp_path / "model")
    other = config.model_copy(update={"seed": 1})
    stages: list[str] = []
    with pytest.raises(OutputError, match="exists already"):
        run_training(other, tmp_path / "model", tracked=False, progress=stages.append)
    assert stages == []
    assert Bundle.load(tmp_path / "model").id == trained.bundle.id
    run_training(other, tmp_path / "model", tracked=False, overwrite=True, progress=stages.append)
    assert Bundle.load(tmp_path / "model").id != trained.bundle.id
    assert stages[-1] == "Writing the bundle"
