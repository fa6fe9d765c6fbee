from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.cli import models
from fazhi_ml.errors import ConfigError, FazhiError, InputError, MissingExtraError
from fazhi_ml.training.registry import PromotionRefusedError, Registry
from tests.training.conftest import CORPUS, QUIET_MLFLOW, project
from tests.training.registry_store import RegisterAll, better, new_store, register_all, worse

__all__ = ["better", "new_store", "project", "register_all"]

# Importing mlflow.pyfunc warns about type hints.
pytestmark = [pytest.mark.filterwarnings(QUIET_MLFLOW), pytest.mark.filterwarnings("ignore::UserWarning:mlflow")]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def registry(register_all: RegisterAll, bundle: Bundle, better: Bundle, tmp_path: Path) -> Registry:
    """A store with three versions; the last is the worst."""
    return register_all(tmp_path, bundle, better, worse(bundle))[0]


@pytest.fixture
def data(project: Path) -> list[str]:
    return ["--data", str(project / "corpus")]


def run(*arguments: str) -> None:
    command = typer.main.get_group(models.app)
    command.main(args=list(arguments), prog_name="fazhi models", standalone_mode=False)


def test_list(registry: Registry, bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    run("list")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert "aliases" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["3", "2", "1"]
    assert "challenger" in lines[2]
    assert bundle.id in lines[4]
    assert "0.5000" in lines[4]
    run("list", "--format", "json")
    assert [version["version"] for version in json.loads(capsys.readouterr().out)] == [3, 2, 1]
    run("list", "--name", "unknown", "--format", "json")
    assert json.loads(capsys.readouterr().out) == []
    run("list", "--name", "unknown")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "fazhi train --register" in captured.err


def test_the_store_comes_from_the_option_or_the_environment(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(FazhiError, match="no MLflow store"):
        run("list")
    run("list", "--store", registry.uri, "--format", "json")
    by_option = capsys.readouterr().out
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    run("list", "--format", "json")
    assert capsys.readouterr().out == by_option
    assert list((tmp_path / "empty").iterdir()) == []


def test_promote_compare_show_and_roll_back(
    registry: Registry, data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("promote", "1", "--reason", "the first")
    assert "Version 1 of fazhi is the champion." in capsys.readouterr().err
    run("promote", "2", *data)
    captured = capsys.readouterr()
    assert "Version 2 of fazhi is the champion, in the place of version 1." in captured.err
    assert "macro-F1" in captured.out
    assert "+0.0000 to +0.0000" in captured.out

    run("show")
    shown = capsys.readouterr().out
    for word in ("version", "champion", "20 reports", "promoted", "1 → 2"):
        assert word in shown
    run("show", "1", "--format", "json")
    values = json.loads(capsys.readouterr().out)
    assert [event["action"] for event in values["trail"]] == ["promoted", "replaced"]
    assert values["info"]["name"] == "small"

    run("rollback", "--format", "json", "--reason", "complaints")
    values = json.loads(capsys.readouterr().out)
    assert (values["champion"]["version"], values["previous"]["version"]) == (1, 2)
    assert values["champion"]["trail"][-1]["reason"] == "complaints"


def test_a_refused_promotion_shows_why(registry: Registry, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run("promote", "1")
    capsys.readouterr()
    with pytest.raises(PromotionRefusedError, match="macro-F1 falls"):
        run("promote", *data)
    assert "legal_publicity" in capsys.readouterr().out
    with pytest.raises(InputError, match="needs a reason"):
        run("promote", *data, "--force")
    run("promote", *data, "--force", "--reason", "recall counts", "--format", "json")
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert values["champion"]["version"] == 3
    assert len(values["objections"]) == 2
    assert captured.err.count("overruled: ") == 2
    assert values["comparison"]["differences"]["macro_f1"]["value"] < 0


def test_margins(registry: Registry, data: list[str]) -> None:
    run("promote", "2")
    with pytest.raises(PromotionRefusedError) as caught:
        run("promote", *data, "--theme-f1-loss", "1", "--macro-f1-loss", "1")
    # What is certain is refused within the margin as well.
    assert "F1 of" not in str(caught.value)


def test_compare(registry: Registry, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run("compare", "1", "challenger", *data, "--format", "json")
    values = json.loads(capsys.readouterr().out)
    assert (values["first"], values["second"]) == ("1", "challenger")
    assert values["champion"]["reports"] == 2
    assert values["differences"]["f1/legal_publicity"]["interval"][1] < 0
    run("compare", "1", "challenger", "--data", str(CORPUS / "r050.txt"), "--split", "all")
    out = capsys.readouterr().out
    assert "exact match" in out
    assert "legal_publicity" in out
    with pytest.raises(ConfigError, match="without effect"):
        run("compare", "1", "2", *data, "--split", "all", "--splits", "splits.toml")


def test_export(registry: Registry, better: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("export", "2", "--output", "out/model")
    assert Bundle.load(tmp_path / "out" / "model").id == better.id
    assert "Wrote version 2" in capsys.readouterr().err
    with pytest.raises(FazhiError, match="exists already"):
        run("export", "1", "--output", "out/model")
    run("export", "1", "--output", "out/model", "--force")
    assert Bundle.load(tmp_path / "out" / "model").id != better.id


def test_an_unknown_version_lists_the_known(registry: Registry) -> None:
    with pytest.raises(FazhiError, match="There are: 3, challenger, 2, 1"):
        run("show", "champion")


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setattr(models, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[train\]"):
        run("list")
