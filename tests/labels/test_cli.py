from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fazhi_ml.cli.labels import app, corpus_problems, read_corpus_stats
from fazhi_ml.errors import CodebookError, CorpusError
from tests.labels.conftest import CORPUS, ROOT, WriteReport

CODEBOOK = ROOT / "configs" / "codebook.toml"
runner = CliRunner()


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_validate_passes_the_shipped_corpus_by_default() -> None:
    result = runner.invoke(app, ["validate"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 problems in data/corpus\n"


def test_validate_lists_problems_and_fails(write_report: WriteReport) -> None:
    path = write_report("P| nothing | 文。\nX| a\n")
    result = runner.invoke(app, ["validate", str(path)])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [str(problem) for problem in corpus_problems(path, CODEBOOK)]
    assert "2 problems" in result.stderr
    assert result.stdout.startswith(f"{path}:4: unknown theme")


def test_validate_as_json(write_report: WriteReport) -> None:
    path = write_report("P| nothing | 文。\n")
    result = runner.invoke(app, ["validate", str(path), "--format", "json"])
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)
    assert (problem["source"], problem["line"], problem["cause"]) == (str(path), 4, "unknown theme")
    assert "1 problem in" in result.stderr


def test_a_missing_corpus_is_a_problem(tmp_path: Path) -> None:
    result = runner.invoke(app, ["validate", str(tmp_path / "missing")])
    assert result.exit_code == 1
    assert "not a file" in result.stdout


def test_stats_as_json_are_the_counts() -> None:
    result = runner.invoke(app, ["stats", "--format", "json"])
    assert (result.exit_code, result.stderr) == (0, "")
    counts = json.loads(result.stdout)
    assert counts == read_corpus_stats(CORPUS, CODEBOOK, ROOT / "data" / "splits.toml")
    assert counts["test"]["reports"] == 20


def test_stats_as_tables() -> None:
    result = runner.invoke(app, ["stats"])
    assert (result.exit_code, result.stderr) == (0, "")
    counts = read_corpus_stats(CORPUS, CODEBOOK)
    line = next(line for line in result.stdout.splitlines() if "law_enforcement" in line)
    theme = counts["themes"]["law_enforcement"]
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    shown = [str(theme["items"]), str(theme["uncertain"]), f"{theme['share']:.1%}"]
    assert cells == ["law_enforcement", *shown, str(counts["test"]["themes"]["law_enforcement"])]
    for title in ("Corpus", "Themes an item", "Items with both themes", "Lengths", "By level", "By role", "By year"):
        assert title in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_stats_without_a_split(write_report: WriteReport) -> None:
    result = runner.invoke(app, ["stats", str(write_report("P| other | 文。\n"))])
    assert result.exit_code == 0
    assert "in test" not in result.stdout


def test_splits_beside_the_folder_are_found_and_others_can_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("r001.txt", "r002.txt"):
        shutil.copy(CORPUS / name, folder)
    assert "test" not in read_corpus_stats(folder, CODEBOOK)
    (tmp_path / "splits.toml").write_text('version = 1\ntest = ["r002"]')
    assert read_corpus_stats(folder, CODEBOOK)["test"]["reports"] == 1
    other = tmp_path / "other.toml"
    other.write_text('version = 1\ntest = ["r003"]')
    with pytest.raises(CorpusError, match="'r003' is not in the corpus"):
        read_corpus_stats(folder, CODEBOOK, other)


def test_errors_reach_the_main_program(tmp_path: Path) -> None:
    result = runner.invoke(app, ["stats", str(tmp_path)])
    assert isinstance(result.exception, CorpusError)
    result = runner.invoke(app, ["validate", "--codebook", str(tmp_path / "missing.toml")])
    assert isinstance(result.exception, CodebookError)


@pytest.mark.parametrize("arguments", [["stats", "--format", "xml"], ["validate", "a", "b"], ["nothing"]])
def test_wrong_usage(arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
