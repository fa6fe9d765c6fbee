from __future__ import annotations

from pathlib import Path

import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.cli.app import main
from fazhi_ml.cli.init import SKELETON, make_project
from fazhi_ml.cli.labels import debug_data
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import OutputError
from fazhi_ml.labels.exchange import read_exchange


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_project_is_whole_and_sound(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mine"
    assert make_project(folder) == [folder / name for name in SKELETON]
    assert files_in(folder) == set(SKELETON)
    codebook = Codebook.read(folder / "configs" / "codebook.toml")
    for name in ("train", "test"):
        assert set(read_exchange(folder / "data" / f"{name}.jsonl", codebook).labels.sum(axis=0)) <= {4, 10}
    parts = [folder / "data" / "train.jsonl", folder / "data" / "test.jsonl"]
    assert debug_data(parts, folder / "configs" / "codebook.toml") == []


def test_training_works_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "mine")]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [str(tmp_path / "mine" / name) for name in SKELETON]
    assert "read" in captured.err
    monkeypatch.chdir(tmp_path / "mine")
    assert main(["train", "--no-tracking"]) == 0
    bundle = Bundle.load("models/mine")
    assert bundle.codebook.name == "library"
    assert bundle.info["metrics"]["test"]["texts"] == 12


def test_nothing_is_replaced_unless_told(tmp_path: Path) -> None:
    own = tmp_path / "data" / "train.jsonl"
    own.parent.mkdir()
    own.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        make_project(tmp_path)
    assert files_in(tmp_path) == {"data/train.jsonl"}
    make_project(tmp_path, force=True)
    assert own.read_text(encoding="utf-8").startswith('{"text"')
    assert files_in(tmp_path) == set(SKELETON)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        make_project(tmp_path / "file" / "mine")
