from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HEAVY = (
    "sklearn",
    "scipy",
    "pandas",
    "mlflow",
    "matplotlib",
    "jieba",
    "pyspark",
    "optuna",
    "pydantic",
    "lxml",
    "jinja2",
)


def imported_by(script: str, *arguments: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has imported after a script."""
    script += "\nimport sys\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stdout.split())


def test_tagging_imports_nothing_of_training(saved_bundle: Path) -> None:
    script = """
import sys
import fazhi_ml
tagger = fazhi_ml.load(sys.argv[1])
report = tagger.tag_text("某县2023年法治政府建设报告\\n一、工作\\n开展行政执法检查，查处案件12件。", explain=True)
report.to_records("item"), report.theme_shares()
tagger.predict(["开展普法宣传。"]), tagger.explain("开展普法宣传。", "一、普法")
"""
    imported = imported_by(script, str(saved_bundle))
    assert {"fazhi_ml", "numpy", "rjieba", "safetensors"} <= imported
    assert not imported & set(HEAVY)


def test_a_file_of_text_needs_no_document_library(saved_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("某县2023年法治政府建设报告\n一、工作\n开展行政执法检查，查处案件12件。\n", encoding="utf-8")
    imported = imported_by(
        "import sys, fazhi_ml; fazhi_ml.load(sys.argv[1]).tag_file(sys.argv[2])", str(saved_bundle), str(path)
    )
    assert "fazhi_ml" in imported
    assert not imported & {*HEAVY, "trafilatura", "docx", "pypdfium2"}


def test_imports_run_downward() -> None:
    pytest.importorskip("importlinter")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "0 broken" in done.stdout
