from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import fazhi_ml
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.cli.app import main
from fazhi_ml.cli.train import train_model
from fazhi_ml.errors import ConfigError, MissingExtraError
from tests.training.conftest import CORPUS, QUIET_MLFLOW, ROOT, project

__all__ = ["project"]

pytestmark = pytest.mark.filterwarnings(QUIET_MLFLOW)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_train_writes_a_model_and_says_where(project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["train", "--config", str(project / "config.toml"), "--set", "model.C=0.2"]) == 0
    captured = capsys.readouterr()
    bundle = Bundle.load(tmp_path / "models" / "small")
    assert bundle.info["config"]["model"]["C"] == 0.2
    for word in ("folds", "test (no headings)", "macro-F1", f"{bundle.info['metrics']['test']['macro_f1']:.3f}"):
        assert word in captured.out
    lines = captured.err.splitlines()
    assert lines[:2] == ["Opening the tracking store …", "Reading the corpus …"]
    assert lines[-2] == f"Wrote {bundle.id} to models/small: see models/small/MODEL_CARD.md."
    assert lines[-1] == f"To look at the run: mlflow ui --backend-store-uri sqlite:///{tmp_path}/mlflow.db"
    assert (tmp_path / "mlflow.db").is_file()


def test_json_without_tracking(project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = CORPUS / "r050.txt"
    arguments = ["train", "-c", str(project / "config.toml"), "--no-tracking", "-o", "out", "--format", "json"]
    assert main([*arguments, "--also-evaluate", f"extra={report}"]) == 0
    captured = capsys.readouterr()
    summary = json.loads(captured.out)
    bundle = Bundle.load(tmp_path / "out")
    assert (summary["model"], summary["path"], summary["run_id"]) == (bundle.id, "out", None)
    assert summary["metrics"] == bundle.info["metrics"]
    assert summary["metrics"]["extra"]["reports"] == 1
    assert "mlflow" not in captured.err
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]

    assert main(arguments) == 1
    assert "out: exists already" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0


def test_the_default_configuration_is_that_of_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"data\.corpus is missing"):
        train_model(tracking=False)
    monkeypatch.chdir(ROOT)
    # Far enough to know that the file was read: this setting is refused after the corpus.
    with pytest.raises(ConfigError, match="C: out of range"):
        train_model(overrides=["model.C=1e9"], output=tmp_path / "out", tracking=False)


def test_rows_without_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f'{{"text": "{label}的第{number}件", "labels": "{label}"}}' for label in "甲乙" for number in range(5)]
    data = tmp_path / "rows.jsonl"
    data.write_text("\n".join(rows), encoding="utf-8")
    arguments = ["train", "--data", str(data), "--test", str(data), "--output", "out", "--no-tracking"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "Choosing the settings …" in captured.err
    assert "warning: 2 themes with fewer than 10 texts in the training data: add some (乙: 5, 甲: 5)." in captured.err
    assert "chosen" in Bundle.load(tmp_path / "out").info
    assert main(["evaluate", "--model", "out", "--data", str(data), "--format", "json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"accuracy", "macro_f1", "micro_f1"} <= figures.keys()
    assert set(figures["themes"]) == {"甲", "乙"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "model.c=1"], "error: --set model.c: unknown key. Keys: name, seed"),
        (["--set", "model.C"], "error: --set: not of the form key=value"),
        (["--config", "missing.toml"], "error: missing.toml: not a file"),
        (["--test", "test.jsonl"], "error: --test: without effect"),
        (["--codebook", "my.toml"], "error: --codebook: without effect"),
        (["--also-evaluate", "gold.jsonl"], "error: --also-evaluate: not of the form NAME=PATH"),
        (["--also-evaluate", "test=gold.jsonl"], "not a usable name for a data set"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_leaves_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert main(["train", "--config", str(project / "config.toml"), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.cli.train.find_spec", lambda name: None if name == "mlflow" else sys.__spec__)
    with pytest.raises(MissingExtraError, match=r"mlflow is not installed\. Install fazhi-ml\[train\]"):
        train_model()


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    out = capsys.readouterr().out
    assert "fazhi train --also-evaluate real=labelled/gold.jsonl" in out
    assert "configs/default.toml" in out


@pytest.mark.filterwarnings("ignore::UserWarning:mlflow")
def test_registering_makes_a_challenger_of_the_run(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arguments = ["train", "-c", str(project / "config.toml"), "--register", "--name", "county", "--format", "json"]
    assert main([*arguments, "--no-tracking"]) == 2
    assert "--register: needs a tracked run" in capsys.readouterr().err
    assert main(arguments) == 0
    captured = capsys.readouterr()
    summary = json.loads(captured.out)
    assert summary["version"] == 1
    assert "Registered as version 1 of county" in captured.err
    assert main(["models", "show", "challenger", "--name", "county", "--format", "json"]) == 0
    version = json.loads(capsys.readouterr().out)
    assert (version["run_id"], version["model"]) == (summary["run_id"], summary["model"])
    assert version["macro_f1"]["test"] == summary["metrics"]["test"]["macro_f1"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert fazhi_ml.load("models:/county@challenger").bundle.id == summary["model"]
