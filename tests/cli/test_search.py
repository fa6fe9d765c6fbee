from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.cli.app import main
from fazhi_ml.cli.search import parse_duration, search_settings
from fazhi_ml.errors import ConfigError, MissingExtraError
from fazhi_ml.training.search_trials import TrialLoop
from tests.training.conftest import QUIET_MLFLOW, ROOT, project

__all__ = ["project"]

pytestmark = pytest.mark.filterwarnings(QUIET_MLFLOW)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def space(project: Path) -> str:
    path = project / "space.toml"
    path.write_text('base = "config.toml"\nspace.model.C = { low = 0.01, high = 1.0, log = true }\n')
    return str(path)


def test_search_writes_a_model_with_its_settings(
    space: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["search", "--config", space, "--trials", "3", "--workers", "1", "--metric", "exact_match"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    bundle = Bundle.load(tmp_path / "models" / "searched")
    for word in ("Best settings", "model.C", "exact_match 0.", "by cross-validation, trial", "test (no headings)"):
        assert word in captured.out
    lines = captured.err.splitlines()
    assert lines[:3] == ["Reading the corpus …", "Opening the tracking store …", "Searching …"]
    assert lines[3].startswith("trial 0: 0.")
    assert "best so far 0." in lines[5]
    assert lines[-2] == f"Wrote {bundle.id} to models/searched, its settings to models/searched.toml."
    assert lines[-1] == f"To look at the trials: mlflow ui --backend-store-uri sqlite:///{tmp_path}/mlflow.db"

    # What it wrote is what training takes.
    assert main(["train", "--config", "models/searched.toml", "-o", "again", "--no-tracking"]) == 0
    assert Bundle.load(tmp_path / "again").id == bundle.id


def test_json_and_going_on(space: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["search", "-c", space, "-o", "out/best", "--no-tracking", "--workers", "1", "--format", "json"]
    assert main([*arguments, "--trials", "2"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["trials"] == 2
    assert first["run_id"] is None
    assert first["metrics"] == Bundle.load(tmp_path / "out" / "best").info["metrics"]
    assert set(first["best"]["settings"]) == {"model.C"}
    assert first["best"]["value"] >= first["base"]
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]

    assert main([*arguments, "--trials", "3"]) == 1
    assert "out/best: exists already. Choose another --output, or add --force" in capsys.readouterr().err
    assert main([*arguments, "--trials", "3", "--resume", "--force"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 3


def test_an_interruption_says_how_to_go_on(
    space: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["search", "-c", space, "--no-tracking", "--workers", "1", "--trials", "3"]

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrialLoop, "_start", interrupted)
        assert main(arguments) == 130
    assert "Interrupted before the first trial ended." in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr("fazhi_ml.training.search.run_training", interrupted)
        assert main([*arguments, "--resume"]) == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Interrupted. Trials kept: 3, best so far 0." in captured.err
    assert "To go on: the same command with --resume." in captured.err
    assert "To train the best so far: with --resume --trials 3." in captured.err
    assert "Traceback" not in captured.err
    assert main([*arguments, "--resume"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metric", "f1"], "error: --metric: unknown metric 'f1'. Use macro_f1, micro_f1"),
        (["--metric", "precision@recall:0.9:speed"], "unknown theme 'speed'. Themes: business_environment, "),
        (["--budget", "10"], "error: --budget: not a duration. Write, for example, 90s, 10m or 1h."),
        (["--set", "model.c=1"], "error: --set model.c: unknown key"),
        (["--config", "none.toml"], "error: none.toml: not a file"),
        (["--trials", "0"], "--trials"),
        (["--resume"], "models/searched.study.log: there is no study to go on with"),
    ],
)
def test_wrong_usage_leaves_nothing(
    space: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert main(["search", "--config", space, *arguments]) in (1, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-1m", "10 m", "0s", "1h30m", "1e3s", "nans", "９m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match="not a duration"):
        parse_duration(text)


def test_the_default_space_is_that_of_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"configs/search\.toml: not a file"):
        search_settings(n_trials=1)
    monkeypatch.chdir(ROOT)
    # Far enough to know that the file was read.
    with pytest.raises(ConfigError, match="unknown metric"):
        search_settings(metric="none", n_trials=1, output=tmp_path / "best")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.cli.search.find_spec", lambda name: None if name == "optuna" else sys.__spec__)
    with pytest.raises(MissingExtraError, match=r"optuna is not installed\. Install fazhi-ml\[train\]"):
        search_settings(n_trials=1)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "--help"]) == 0
    out = capsys.readouterr().out
    assert "fazhi search --trials 50 --metric precision@recall:0.9:supervision" in out
    assert "configs/search.toml" in out
