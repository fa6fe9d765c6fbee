"""The watch over fuzzing sees what it is there for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.reports.fuzzing import Summary, Watch, run


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("/elsewhere/x", "w", 0)),
        ("open", (b"/elsewhere/x", None, os.O_WRONLY | os.O_CREAT)),
        ("os.mkdir", ("relative", 0o777, -1)),
        ("os.rename", ("/elsewhere/a", "/elsewhere/b", -1, -1)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
        ("socket.getaddrinfo", ("example.cn", 80, 0, 0, 0)),
        ("subprocess.Popen", ("program", [], None, None)),
    ],
)
def test_what_a_reader_must_not_do_is_noted(temporary: Path, event: str, arguments: tuple[object, ...]) -> None:
    watch = Watch("docx")
    watch(event, arguments)
    assert len(watch.violations) == 1


def test_what_a_reader_may_do_is_not_noted(temporary: Path) -> None:
    watch = Watch("pdf")
    watch("open", ("/elsewhere/x", "r", os.O_RDONLY))
    watch("open", (str(temporary / "x"), "w", os.O_WRONLY))
    watch("open", (os.devnull, "wb", os.O_WRONLY))
    watch("open", (3, "w", os.O_WRONLY))
    watch("os.mkdir", (str(temporary / "folder"), 0o777, -1))
    watch("subprocess.Popen", ("python", [], None, None))
    watch("socket.connect", (None, "/run/local-pipe"))
    assert not watch.violations


def test_a_file_that_kills_the_process_is_named_and_the_others_are_read() -> None:
    summary = run("text", {"good": "一、组织领导\n全年开会3次。".encode()}, ["good", "not there", "good"])
    assert summary.outcomes == {"report": 2}
    assert summary.failures == ["not there: the process died (1)"]


def test_the_summary_keeps_the_worst() -> None:
    summary = Summary()
    summary.add({"file": "a", "outcome": "report", "failures": [], "seconds": 2.0, "peak": 5})
    summary.add({"file": "b", "outcome": "report", "failures": ["it fell"], "seconds": 1.0, "peak": 9})
    assert (summary.worst_file, summary.worst_seconds, summary.peak_bytes) == ("a", 2.0, 9)
    assert summary.failures == ["b: it fell"]
    assert "2 files: report 2" in str(summary)
