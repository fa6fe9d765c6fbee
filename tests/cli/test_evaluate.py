from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.cli.app import main
from fazhi_ml.cli.evaluate import evaluate_model
from fazhi_ml.errors import BundleError, CodebookError, CorpusError
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.train import TrainingResult
from tests.training.conftest import ROOT, config, project, trained

__all__ = ["config", "project", "trained"]


@pytest.fixture(scope="module")
def model(trained: TrainingResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "small"
    trained.bundle.save(folder)
    return str(folder)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """Two items beside their report: one certain, one with an uncertain theme."""
    first, second = "开展行政执法案卷评查，抽查案卷40宗。", "办理行政复议案件12件，均在期限内审结。"
    (tmp_path / "plain.txt").write_text(f"{first}\n{second}\n", encoding="utf-8")
    rows = [
        {"start": 0, "end": len(first), "text": first[:6], "must": ["law_enforcement"], "may": ["supervision"]},
        {
            "start": len(first) + 1,
            "end": len(first) + 1 + len(second),
            "text": second[:6],
            "must": [],
            "may": ["dispute_resolution"],
        },
    ]
    path = tmp_path / "gold.jsonl"
    lines = [json.dumps({"report": "plain.txt", "kind": "item", **row}, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["evaluate", *arguments]) == 0
    return capsys.readouterr().out


def test_json_has_the_figures_of_the_run(
    project: Path, model: str, trained: TrainingResult, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(project / "corpus")
    values = json.loads(run(capsys, "-m", model, "--data", data, "--split", "test", "--format", "json"))
    expected = trained.bundle.info["metrics"]["test"]
    assert values == {"model": trained.bundle.id, **expected}
    assert {"accuracy", "macro_f1", "micro_f1", "macro_f1_interval", "themes"} <= set(values)
    blind = json.loads(run(capsys, "-m", model, "--data", data, "--split", "test", "--no-headings", "--format", "json"))
    assert blind["macro_f1"] == trained.bundle.info["metrics"]["test_without_headings"]["macro_f1"]


def test_parts_of_a_corpus(project: Path, model: str, tmp_path: Path) -> None:
    corpus = project / "corpus"
    n_texts = {
        part: len(evaluate_model(corpus, model=model, part=part)[1].labelled) for part in ("all", "train", "test")
    }
    assert n_texts["all"] == n_texts["train"] + n_texts["test"]
    other = tmp_path / "other.toml"
    other.write_text('version = 1\ntest = ["r002"]')
    _, evaluation = evaluate_model(corpus, model=model, part="test", splits=other)
    assert set(evaluation.labelled.groups) == {"r002"}


def test_gold_data_with_may(gold: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(run(capsys, "-m", model, "--data", str(gold), "--format", "json"))
    assert (values["texts"], values["reports"]) == (2, 1)
    assert values["themes"]["law_enforcement"]["support"] == 1
    assert values["themes"]["dispute_resolution"]["support"] == 0
    assert main(["evaluate", "-m", model, "--data", str(gold)]) == 0
    captured = capsys.readouterr()
    assert "law_enforcement" in captured.out
    assert "left out of macro-F1" in captured.err


def test_one_report(project: Path, model: str) -> None:
    _, evaluation = evaluate_model(project / "corpus" / "r003.txt", model=model)
    assert set(evaluation.labelled.groups) == {"r003"}


@pytest.mark.parametrize("per", ["report", "role"])
def test_slices_in_every_format(
    project: Path, model: str, trained: TrainingResult, capsys: pytest.CaptureFixture[str], per: str
) -> None:
    arguments = ["-m", model, "--data", str(project / "corpus"), "--split", "test", "--per", per]
    expected = trained.evaluations["test"].slices("report" if per == "report" else "role")
    values = json.loads(run(capsys, *arguments, "--format", "json"))[f"per_{per}"]
    assert values == {name: figures.to_dict() for name, figures in expected.items()}
    rows = list(csv.DictReader(io.StringIO(run(capsys, *arguments, "--format", "csv"), newline="")))
    assert [row[per] for row in rows] == list(expected)
    for row, figures in zip(rows, expected.values(), strict=True):
        assert float(row["macro_f1"]) == pytest.approx(figures.macro_f1)
        assert int(row["texts"]) == figures.n_texts
        f1 = figures.themes["supervision"].f1
        assert row["f1_supervision"] == ("" if f1 is None else str(f1))
    table = run(capsys, *arguments)
    assert all(name in table for name in [*expected, "all"])


def test_themes_as_table_and_csv(
    project: Path, model: str, trained: TrainingResult, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["-m", model, "--data", str(project / "corpus"), "--split", "test"]
    figures = trained.evaluations["test"].figures
    rows = list(csv.DictReader(io.StringIO(run(capsys, *arguments, "--format", "csv"), newline="")))
    assert [row["theme"] for row in rows] == list(figures.themes)
    assert [int(row["support"]) for row in rows] == [theme.support for theme in figures.themes.values()]
    table = run(capsys, *arguments)
    low, high = figures.intervals["f1/supervision"]
    assert f"{low:.3f}–{high:.3f}" in table
    assert trained.bundle.id in table
    assert max(map(len, table.splitlines())) <= 80


def test_a_codebook_of_the_data_scores_the_common_themes(model: str, tmp_path: Path) -> None:
    codebook = tmp_path / "codebook.toml"
    codebook.write_text(
        '[[themes]]\nid = "extra"\n[[themes]]\nid = "supervision"\n[[themes]]\nid = "law_enforcement"\n'
    )
    report = tmp_path / "r1.txt"
    report.write_text(
        "#id r1\n#level county\n#year 2023\nP| supervision, extra | 办理检察建议12件。\n"
        "P| law_enforcement | 作出行政处罚决定30件。\nP| extra | 天气晴朗。\n",
        encoding="utf-8",
    )
    _, evaluation = evaluate_model(report, model=model, codebook=codebook)
    ids = evaluation.labelled.codebook.ids
    known = [ids.index("supervision"), ids.index("law_enforcement")]
    np.testing.assert_array_equal(evaluation.labelled.labels[:, known], [[1, 0], [0, 1], [0, 0]])
    unknown = [column for column in range(len(ids)) if column not in known]
    assert (evaluation.labelled.labels[:, unknown] == -1).all()
    assert evaluation.figures.themes["legal_publicity"].f1 is None
    with pytest.raises(CorpusError, match="unknown theme"):
        evaluate_model(report, model=model)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[themes]]\nid = "extra"\n', "shares no theme with the model's codebook"),
        ('multi_label = false\n[[themes]]\nid = "supervision"\n', "single-label against multi-label"),
    ],
)
def test_codebooks_that_do_not_fit(model: str, tmp_path: Path, text: str, message: str) -> None:
    codebook = tmp_path / "codebook.toml"
    codebook.write_text(text)
    theme = "extra" if "extra" in text else "supervision"
    report = tmp_path / "r1.txt"
    report.write_text(f"#id r1\n#level county\n#year 2023\nP| {theme} | 文。\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=message):
        evaluate_model(report, model=model, codebook=codebook)


def test_faults_are_named(project: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BundleError):
        evaluate_model(project / "corpus", model=str(tmp_path / "missing"))
    with pytest.raises(CorpusError, match="not a file"):
        evaluate_model(tmp_path / "missing", model=model)
    assert main(["evaluate", "-m", model, "--data", str(tmp_path / "missing")]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert main(["evaluate", "-m", model, "--data", str(project / "corpus"), "--splits", "a.toml"]) == 2
    assert "--splits: without effect" in capsys.readouterr().err
    assert main(["evaluate", "-m", model]) == 2


def test_evaluation_needs_no_training_library(project: Path, model: str, config: TrainingConfig) -> None:
    import subprocess
    import sys

    code = f"""
import sys
from fazhi_ml.cli.app import main
code = main(["evaluate", "-m", {model!r}, "--data", {str(config.data.corpus)!r}])
assert code == 0
heavy = {{"mlflow", "matplotlib", "sklearn", "pandas", "fazhi_ml.training.config"}} & set(sys.modules)
sys.exit(", ".join(heavy) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
