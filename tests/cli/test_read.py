from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from fazhi_ml.cli.outline import render_outline
from fazhi_ml.cli.read import main, read_files, report_data
from fazhi_ml.errors import ConfigError, OutputError, UnreadableFileError
from fazhi_ml.reports.document import Report
from fazhi_ml.reports.read import parse_report
from tests.reports.gold import VARIATIONS, corpus_units

ROOT = Path(__file__).parents[2]
TEXT = """\
首页 > 政务公开
分宜县2022年法治政府建设情况报告
发布时间：2023-01-10
一、主要做法
（一）加强组织领导。2022年，召开会议6次，研究法治工作12项，解决问题9个，推动任务落实到位。
一是抓学习，举办专题讲座四场。二是抓督察，开展实地督察两轮。
二、存在的问题
基层力量薄弱，案多人少的矛盾仍然突出。
"""
HOSTILE = "分宜县2022年法治政府建设\x1b]0;x\x07报告\n一、做法\x9b2J\n开展\x1b[31m执法\u202e检查，\x00查处案件12件。\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a report to read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def outline(text: str, width: int = 100) -> list[str]:
    return render_outline(parse_report(text), width=width, colour=False).splitlines()


def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)


def read(file: str) -> Report:
    (report,) = read_files([file])
    assert isinstance(report, Report)
    return report


def test_the_outline_shows_every_part_in_the_order_of_the_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["a.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "分宜县2022年法治政府建设情况报告",
        "place 分宜县 · level county · agency - · year 2022",
        f"a.txt · text · utf-8 · {read('a.txt').provenance.sha256[:12]}",
        "3 headings · 3 paragraphs · 4 items · 3 lines of chrome · 161 characters",
        "",
    ]
    rows = [line.split(maxsplit=2) for line in lines[5:]]
    assert [(kind, text) for _, kind, text in rows] == [
        ("chrome", "首页 > 政务公开"),
        ("title", "分宜县2022年法治政府建设情况报告"),
        ("chrome", "发布时间：2023-01-10"),
        ("H1", "一、主要做法  achievements"),
        ("H2+", "（一）加强组织领导。"),
        ("par", "（一）加强组织领导。2022年，召开会议6次，研究法治工作12项，解决问题9个，推动任务落实到位。"),
        ("par", "一是抓学习，举办专题讲座四场。二是抓督察，开展实地督察两轮。"),
        ("item", "一是抓学习，举办专题讲座四场。"),
        ("item", "二是抓督察，开展实地督察两轮。"),
        ("H1", "二、存在的问题  problems"),
        ("par", "基层力量薄弱，案多人少的矛盾仍然突出。"),
    ]
    for span, _, shown in rows:
        start, end = map(int, span.split("-"))
        assert TEXT[start:end] == shown.split("  ")[0]


def test_parts_are_indented_by_their_depth() -> None:
    lines = outline(TEXT)
    depths = [line.index(words) for words in ("一、主要", "（一）加强", "一是抓") for line in lines if words in line]
    assert depths == [17, 19, 21, 21, 23]


def test_notes_stand_in_the_outline() -> None:
    assert "note: has no headings" in outline("分宜县2022年法治政府建设报告\n开展行政执法检查，查处案件12件。")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_outline_fits_the_terminal(width: int) -> None:
    for change in VARIATIONS.values():
        lines = outline(change(corpus_units()[4])[0], width)
        assert max(map(columns, lines)) <= width
    assert any(line.endswith("…") for line in lines)


def test_colours_are_for_terminals_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["a.txt"])
    plain = capsys.readouterr().out
    assert "\x1b" not in plain
    terminal(monkeypatch)
    main(["a.txt"])
    assert "\x1b[1;36m一、主要做法\x1b[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["a.txt"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("form", ["outline", "text"])
def test_no_control_character_of_the_document_reaches_the_terminal(
    folder: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x.txt").write_text(HOSTILE, encoding="utf-8")
    terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["x.txt", "-f", form]) == 0
    captured = capsys.readouterr()
    assert all(char == "\n" or char.isprintable() for char in captured.out + captured.err)
    assert "\\x1b" in captured.out


def test_text_is_as_extracted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("crlf.txt").write_bytes(HOSTILE.replace("\n", "\r\n").encode("gb18030"))
    assert main(["crlf.txt", "-f", "text", "-o", "out.txt"]) == 0
    assert Path("out.txt").read_bytes() == HOSTILE.replace("\n", "\r\n").encode()
    assert "note:" not in capsys.readouterr().err


def test_text_of_several_files_is_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.txt").write_text("没有换行", encoding="utf-8")
    assert main(["b.txt", "a.txt", "-f", "text"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"==> b.txt <==\n没有换行\n\n==> a.txt <==\n{TEXT}"
    assert "note: b.txt: does not look like a rule-of-law report" in captured.err


def test_json_holds_everything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.txt", "a.txt", "-f", "json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == second == report_data(read("a.txt"))
    assert first["text"] == TEXT
    assert first["metadata"] == {"place": "分宜县", "level": "county", "agency": None, "year": 2022}
    assert first["provenance"]["path"] == "a.txt"
    assert [(heading["level"], heading["run_in"], heading["role"]) for heading in first["headings"]] == [
        (1, False, "achievements"), (2, True, "achievements"), (1, False, "problems")
    ]  # fmt: skip
    assert first["paragraphs"][1]["section"] == ["一、主要做法", "（一）加强组织领导。"]
    parts = first["headings"] + first["paragraphs"] + first["chrome"] + first["paragraphs"][1]["items"]
    assert all(TEXT[part["start"] : part["end"]] == part["text"] for part in parts)
    assert len(parts) == 11


def test_a_table_corrects_metadata(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in/x").mkdir(parents=True)
    Path("in/x/a.txt").write_text(TEXT, encoding="utf-8")
    Path("m.csv").write_text("file,place,year\nx/a.txt,渝水区,-\ny/b.txt,高新区,\n", encoding="utf-8")
    # From the archive's folder, from above it, and by the name alone.
    for file in ("in/x/a.txt", str(folder / "in/x/a.txt"), "a.txt"):
        assert main([file, "--metadata", "m.csv"]) == 0
        assert "place 渝水区 · level county · agency - · year -" in capsys.readouterr().out
    Path("in/b.txt").write_text(TEXT, encoding="utf-8")
    assert main(["in/b.txt", "--metadata", "m.csv"]) == 0
    assert "place 分宜县 · level county · agency - · year 2022" in capsys.readouterr().out


def test_a_malformed_table_stops_before_reading(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("m.csv").write_text("file,year\na.txt,soon\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"m\.csv:2"):
        main(["a.txt", "--metadata", "m.csv"])
    assert capsys.readouterr().out == ""


def test_failed_files_are_listed_at_the_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x.txt", "a.txt", "y.txt", "-f", "json"]) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert captured.err.splitlines() == [
        "error: x.txt: there is no such file. Check the path.",
        "error: y.txt: there is no such file. Check the path.",
        "2 of 3 files failed",
    ]


def test_read_files_gives_reports_and_errors_in_order(folder: Path) -> None:
    assert [type(result) for result in read_files(["a.txt", "x.txt", "a.txt"])] == [
        Report, UnreadableFileError, Report
    ]  # fmt: skip


def test_a_dash_reads_stdin(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode("gb18030"))))
    assert main(["-"]) == 0
    assert "stdin · text · gb18030" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["-", "-"], ["a.txt", "-f", "xml"]])
def test_wrong_usage(folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: fazhi read" in capsys.readouterr().err


def test_a_file_is_replaced_only_by_force(folder: Path) -> None:
    Path("out.txt").write_text("old")
    with pytest.raises(OutputError, match="--force"):
        main(["a.txt", "-o", "out.txt"])
    assert Path("out.txt").read_text() == "old"
    assert main(["a.txt", "-o", "out.txt", "--force"]) == 0
    assert "一、主要做法" in Path("out.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("output", ["./a.txt", "m.csv", "link.txt"])
def test_an_input_is_never_replaced(folder: Path, output: str) -> None:
    Path("link.txt").symlink_to("a.txt")
    Path("m.csv").write_text("file\n")
    with pytest.raises(OutputError, match="one of the files to read"):
        main(["a.txt", "--metadata", "m.csv", "-o", output, "--force"])
    assert Path("a.txt").read_text(encoding="utf-8") == TEXT


def test_no_file_is_written_when_all_failed(folder: Path) -> None:
    assert main(["x.txt", "-o", "out.txt"]) == 1
    assert not Path("out.txt").exists()


def test_the_outline_of_a_text_imports_nothing_heavy(folder: Path) -> None:
    code = """
import sys
from fazhi_ml.cli.read import main
assert main(["a.txt"]) == 0
heavy = {"numpy", "typer", "rich", "jinja2", "lxml", "sklearn", "pandas"}
sys.exit(", ".join(heavy & set(sys.modules)) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "一、主要做法" in done.stdout
