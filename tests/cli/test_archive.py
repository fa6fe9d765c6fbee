from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.run import ArchiveSummary, Progress
from fazhi_ml.cli.app import main

SUMMARY = ArchiveSummary(
    layout=Layout(Path("/tagged")),
    files=1200,
    tagged=1198,
    failed=2,
    removed=0,
    errors=2,
    written=True,
    unused_metadata=("missing.txt",),
)


class Run:
    """Stands for the run: keeps the arguments, and reports progress as asked."""

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.events: list[Progress] = []
        self.result: ArchiveSummary | BaseException = SUMMARY

    def __call__(
        self, folder: Path, output: Path, *, progress: Callable[[Progress], object], **options: Any
    ) -> ArchiveSummary:
        self.arguments = {"folder": folder, "output": output, **options}
        for event in self.events:
            progress(event)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    run = Run()
    monkeypatch.setattr("fazhi_ml.archive.run.tag_archive", run)
    return run


def test_options_reach_the_run(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "meta.csv"
    table.write_text("file,year\na.txt,2020\n", encoding="utf-8")
    options = ["-m", "models/x", "-w", "3", "-g", "paragraph", "-f", "csv", "--bom", "--no-pages"]
    main(["archive", "in", "-o", "out", "--metadata", str(table), *options])
    metadata = run.arguments.pop("metadata")
    assert len(metadata) == 1
    assert run.arguments == {
        "folder": Path("in"),
        "output": Path("out"),
        "model": "models/x",
        "workers": 3,
        "granularity": "paragraph",
        "format": "csv",
        "bom": True,
        "pages": False,
    }


def test_defaults(run: Run) -> None:
    main(["archive", "in", "-o", "out"])
    assert {name: value for name, value in run.arguments.items() if name not in {"folder", "output"}} == {
        "metadata": None,
        "model": None,
        "workers": None,
        "granularity": "item",
        "format": "parquet",
        "bom": False,
        "pages": True,
    }


def test_paths_go_to_stdout_and_all_else_to_stderr(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "in", "-o", "out"]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "/tagged/index.html",
        "/tagged/items.parquet",
        "/tagged/reports.parquet",
        "/tagged/summary.json",
    ]
    assert captured.err.splitlines() == [
        "note: the metadata for missing.txt fit no file",
        "1,200 documents: 1,198 tagged, 2 failed, 0 gone in this run",
        "2 cannot be read: see /tagged/errors.csv",
    ]


def test_nothing_to_do_is_no_failure(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.result = ArchiveSummary(Layout(Path("/tagged")), 5, 0, 0, 0, 0, written=False, unused_metadata=())
    assert main(["archive", "in", "-o", "out"]) == 0
    assert capsys.readouterr().err == "nothing to do\n"


def test_ctrl_c_says_how_to_go_on(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.result = KeyboardInterrupt()
    assert main(["archive", "in", "-o", "out"]) == 130
    assert capsys.readouterr() == ("", "stopped; run the same command again to go on\n")


@pytest.mark.parametrize("arguments", [["in"], ["-o", "out"], ["in", "-o", "out", "--format", "xlsx"]])
def test_wrong_usage(run: Run, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", *arguments]) == 2
    assert not run.arguments


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "index.html" in shown
    assert "fazhi archive reports/ -o tagged/" in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_lines_come_every_tenth(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(number * 0.1 for number in range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    run.events = [
        Progress("listing", news="all documents are tagged again"),
        Progress("tagging", 0, 100),
        *(Progress("tagging", done, 100, done // 50) for done in range(1, 101)),
        Progress("writing", 100, 100, 2),
    ]
    main(["archive", "in", "-o", "out"])
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "note: all documents are tagged again"
    lines = told[1:11]
    assert [int(line.split()[0]) for line in lines] == list(range(10, 101, 10))
    assert lines[4] == "50 of 100 documents, 10 a second, 0:05 to go, 1 failed"
    assert lines[9] == "100 of 100 documents, 10 a second, 2 failed"
    assert told[11] == "writing tables"


def test_slow_runs_tell_a_line_now_and_then(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(number * 4.0 for number in range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    run.events = [Progress("tagging", 0, 90_000), *(Progress("tagging", done, 90_000) for done in range(1, 10))]
    main(["archive", "in", "-o", "out"])
    told = capsys.readouterr().err
    assert len(re.findall(r" of 90,000 documents, 0 a second, \d+:\d\d:\d\d to go\n", told)) == 3


def test_a_terminal_gets_a_bar(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import pty
    import sys

    reader, writer = pty.openpty()
    run.events = [
        Progress("listing", news="all [documents] are tagged again"),
        Progress("tagging", 0, 4),
        Progress("tagging", 2, 4, 1),
        Progress("writing", 4, 4, 1),
    ]
    with os.fdopen(writer, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("COLUMNS", "100")
        main(["archive", "in", "-o", "out"])
        terminal.flush()
        shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert "note: all [documents] are tagged again" in shown
    assert "Writing" in shown
    assert "1 failed" in shown
    assert "1,200 documents: 1,198 tagged" in shown
