from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any, cast

import pytest

from fazhi_ml.cli.app import main
from fazhi_ml.cli.console import one_line, render_table
from fazhi_ml.cli.tag import page_paths, tag_files
from fazhi_ml.errors import FazhiError, UnreadableFileError
from fazhi_ml.reports.document import Report
from fazhi_ml.tagging.results import TaggedReport
from tests.tagging.builders import CODEBOOK, Head, Unit, codebook_of, demo_report, tagged_report

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "data" / "samples" / "weidu-town-2022.txt"
HOSTILE = "\x1b[31m红\x1b]0;title\x07\x9b2J\u202e法治\r\n\ttab\ud800"


class FakeTagger:
    """Tags every report as the demo report, that from stdin as one of a paragraph."""

    themes = CODEBOOK.ids

    def __init__(self) -> None:
        self.explained: list[bool] = []
        self.texts: list[str] = []

    def tag_report(self, report: Report, *, explain: bool = False) -> TaggedReport:
        self.explained.append(explain)
        self.texts.append(report.text)
        return tagged_report([Unit("正文。")], path="stdin") if report.provenance.path == "stdin" else demo_report()


@pytest.fixture
def tagger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeTagger:
    """A tagger in place of the model, and a folder with two reports to tag."""
    tagger = FakeTagger()
    monkeypatch.setattr("fazhi_ml.tagging.tagger.load", lambda _model: tagger)
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("法治政府建设", encoding="utf-8")
    return tagger


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_jsonl_of_several_files_is_one_stream(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "b.txt", "--format", "jsonl", "--granularity", "item"]) == 0
    captured = capsys.readouterr()
    assert [json.loads(line) for line in captured.out.splitlines()] == 2 * demo_report().to_records("item")
    assert captured.err.count("note: 某县2023.txt: Years before 2010") == 2
    assert tagger.explained == [False, False]


def test_granularity_is_the_paragraph_by_default(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tag", "a.txt", "--format", "jsonl"])
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_options_may_stand_between_files(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "-f", "jsonl", "b.txt"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 16


def test_explain_adds_evidence(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "--format", "jsonl", "--explain"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert records[1]["evidence"]["business_environment"][0]["term"] == "企业开办"
    assert tagger.explained == [True]


def test_csv_has_one_header_for_all_files(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "b.txt", "-f", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows[0][0] == "report"
    assert [row[0] for row in rows[1:]] == ["某县2023.txt"] * 16


def test_a_csv_file_opens_in_a_spreadsheet(tagger: FakeTagger) -> None:
    assert main(["tag", "a.txt", "-f", "csv", "-o", "out.csv"]) == 0
    assert Path("out.csv").read_bytes().startswith("\ufeffreport,".encode())


def test_failed_files_are_listed_at_the_end(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "x.txt", "a.txt", "y.txt", "-f", "jsonl"]) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 8
    assert captured.err.splitlines()[-3:] == [
        "error: x.txt: there is no such file. Check the path.",
        "error: y.txt: there is no such file. Check the path.",
        "2 of 3 files failed",
    ]


def test_no_file_is_written_when_all_failed(tagger: FakeTagger) -> None:
    assert main(["tag", "x.txt", "-f", "csv", "-o", "out.csv"]) == 1
    assert not Path("out.csv").exists()


def test_a_file_is_replaced_only_by_force(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.jsonl").write_text("old")
    assert main(["tag", "a.txt", "-f", "jsonl", "-o", "out.jsonl"]) == 1
    assert "--force" in capsys.readouterr().err
    assert tagger.explained == []
    assert Path("out.jsonl").read_text() == "old"
    assert main(["tag", "a.txt", "-f", "jsonl", "-o", "out.jsonl", "--force"]) == 0
    assert len(Path("out.jsonl").read_text(encoding="utf-8").splitlines()) == 8


@pytest.mark.parametrize("arguments", [["-f", "jsonl", "-o", "./a.txt"], ["-f", "csv", "-o", "link.txt"]])
def test_an_input_is_never_replaced(
    tagger: FakeTagger, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("link.txt").symlink_to("a.txt")
    assert main(["tag", "a.txt", "--force", *arguments]) == 1
    assert "one of the files to tag" in capsys.readouterr().err
    assert Path("a.txt").read_text(encoding="utf-8") == "法治政府建设"


def test_pages_beside_the_inputs_never_replace_them(tagger: FakeTagger) -> None:
    Path("a.html").write_text("input")
    assert main(["tag", "a.html", "b.txt", "-f", "html", "-o", ".", "--force"]) == 1
    assert Path("a.html").read_text() == "input"


def test_a_page_goes_to_stdout_a_file_or_a_folder(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "-f", "html"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!DOCTYPE html>")
    assert main(["tag", "a.txt", "-f", "html", "-o", "page.html"]) == 0
    assert Path("page.html").read_text(encoding="utf-8") == page
    Path("pages").mkdir()
    assert main(["tag", "a.txt", "-f", "html", "-o", "pages"]) == 0
    assert Path("pages/a.html").read_text(encoding="utf-8") == page
    assert tagger.explained == [True] * 3


def test_several_pages_go_to_a_folder(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt", "x.txt", "b.txt", "-f", "html", "-o", "new"]) == 1
    assert sorted(path.name for path in Path("new").iterdir()) == ["a.html", "b.html"]
    assert "x.txt" in capsys.readouterr().err


@pytest.mark.parametrize("output", [[], ["-o", "a.txt"], ["-o", "missing/new"]])
def test_several_pages_without_a_folder_are_refused(tagger: FakeTagger, output: list[str]) -> None:
    assert main(["tag", "a.txt", "b.txt", "-f", "html", *output]) == (1 if output else 2)
    assert tagger.explained == []


def test_pages_of_the_same_name_get_numbers() -> None:
    names = [path.name for path in page_paths(["x/r.txt", "y/R.html", "r-2.txt", "-", "z/r.txt"], Path("out"))]
    assert names == ["r.html", "R-2.html", "r-2-2.html", "stdin.html", "r-3.html"]


def test_a_dash_reads_stdin(
    tagger: FakeTagger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("报告".encode("gb18030"))))
    assert main(["tag", "-", "-f", "jsonl"]) == 0
    assert tagger.texts == ["报告"]
    assert json.loads(capsys.readouterr().out)["report"] == "stdin"


def test_stdin_is_read_once(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "-", "-"]) == 2
    assert "once" in capsys.readouterr().err


def test_tag_files_gives_results_and_errors_in_order(tagger: FakeTagger) -> None:
    results = list(tag_files(cast("Any", tagger), ["a.txt", "x.txt", "b.txt"]))
    assert [type(result) for result in results] == [TaggedReport, UnreadableFileError, TaggedReport]
    assert isinstance(results[1], FazhiError)
    assert results[1].source == "x.txt"


def test_a_table_of_metadata_corrects_what_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text("file,place,year\nsamples/weidu-town-2022.txt,苇渡街道,2021\n", encoding="utf-8")
    assert main(["tag", str(REPORT), "--metadata", str(table), "--format", "jsonl"]) == 0
    record = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (record["place"], record["level"], record["year"]) == ("苇渡街道", "town", 2021)


def test_the_table_shows_section_words_themes_and_role(tagger: FakeTagger, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "a.txt"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    (line,) = (line for line in out.splitlines() if "执法人员业务能力" in line)
    for word in ("5", "二、存在的主要问题", "行政执法 88%", "存在问题"):
        assert word in line


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("explain", [False, True])
def test_the_table_fits_the_terminal(width: int, explain: bool) -> None:
    report = tagged_report(
        Head(1, "一、" + "很长的标题" * 20),
        [Unit("全文" * 300, {"supervision": 0.9, "law_enforcement": 0.8}, {"supervision": ["全文"]})],
    )
    table = render_table(report, "item", explain=explain, width=width, colour=False)
    assert max(map(columns, table.splitlines())) <= width
    assert "监督 90%" in table
    assert ("监督: 全文" in table) == explain


def test_the_table_has_colours_for_terminals_only() -> None:
    report = demo_report()
    assert "\x1b[" in render_table(report, width=100, colour=True)
    assert "\x1b" not in render_table(report, width=100, colour=False)


def test_no_text_of_the_document_reaches_the_terminal_raw() -> None:
    codebook = codebook_of(1)
    report = tagged_report(
        Head(1, HOSTILE),
        [Unit(HOSTILE + "[bold]标记[/bold]", {"theme_0": 0.9}, {"theme_0": [HOSTILE]})],
        codebook=codebook,
        title=HOSTILE,
    )
    table = render_table(report, explain=True, width=400, colour=False)
    assert all(char == "\n" or char.isprintable() for char in table)
    assert "[bold]标记[/bold]" in table


def test_one_line_keeps_chinese_and_escapes_controls() -> None:
    assert one_line("\u3000\u3000法治\x1b[0m\n政府") == "法治\\x1b[0m 政府"


# The command in a process of its own, with a tagger of the demo report.
PROCESS = """
import sys, types
from fazhi_ml.cli.app import main
from fazhi_ml.tagging import tagger
from tests.tagging.builders import CODEBOOK, demo_report
tagger.load = lambda model: types.SimpleNamespace(themes=CODEBOOK.ids, tag_report=lambda report, explain: demo_report())
code = main(sys.argv[1:])
"""


def test_tagging_to_jsonl_imports_nothing_heavy() -> None:
    code = (
        PROCESS
        + """
assert code == 0
heavy = {"typer", "rich", "jinja2", "sklearn", "pandas", "mlflow"}
sys.exit(", ".join(heavy & set(sys.modules)) or 0)
"""
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "tag", str(REPORT), "--format", "jsonl"],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 8


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_a_progress_bar_on_the_terminal_leaves_the_data_alone() -> None:
    terminal, other_end = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, "tag", str(REPORT), str(REPORT), "--format", "jsonl"],
        stdout=subprocess.PIPE, stderr=other_end, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    os.close(other_end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert "Tagging" in shown
    assert [json.loads(line) for line in done.stdout.decode().splitlines()] == 2 * demo_report().to_records("paragraph")
