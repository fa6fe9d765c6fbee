from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.passages import find_passages
from fazhi_ml.cli import app
from fazhi_ml.cli.answer import render
from fazhi_ml.cli.passages import render_passage
from fazhi_ml.reports.document import Metadata
from tests.archive.conftest import write_archive
from tests.tagging.builders import CODEBOOK, Head, Unit, tagged_report

HOSTILE = "\x1b[31m红\x9b2J</script><b>\u2028县"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = tagged_report(
        Head(1, f"一、{HOSTILE}", "problems"),
        [Unit(f"{HOSTILE}行政复议。", {"supervision": 0.9})],
        title=HOSTILE,
        metadata=Metadata(HOSTILE, None, HOSTILE, 2023),
    )
    return write_archive(tmp_path_factory.mktemp("hostile") / "out 1", [("=a\n.txt", report)]).folder


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_passages_to_read(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--theme", "supervision", "--role", "problems", "--limit", "3"]
    assert app.main(["passages", str(archive), *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    passages = find_passages(Layout(archive), theme="supervision", role="problems", limit=3)
    blocks = out.strip().split("\n\n")
    assert len(blocks) == 3
    for number, (block, passage) in enumerate(zip(blocks, passages, strict=True), start=1):
        lines = block.splitlines()
        assert lines[0] == f"{number}. {passage['title']}"
        flat = "".join(line.rstrip() for line in lines)
        assert passage["text"].replace(" ", "") in flat.replace(" ", "")
        assert f"{passage['path']} [{passage['start']}:{passage['end']}]" in flat
        assert f"supervision {passage['scores']['supervision']:.0%}" in flat
        assert passage["page"] in flat
        assert max(map(columns, lines)) <= 100


def test_hits_are_marked_on_a_terminal(archive: Path) -> None:
    passage = find_passages(Layout(archive), query="行政复议", limit=1)[0]
    text = render_passage(passage, 1, "行政复议")
    marked = [text.plain[span.start : span.end] for span in text.spans if "yellow" in str(span.style)]
    assert marked == ["行政复议"] * passage["text"].count("行政复议")
    assert "\x1b" not in "".join(render([text], to_file=True))


def test_jsonl_holds_the_records(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["passages", str(archive), "--query", "执法 监督", "--year", "2018", "--format", "jsonl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == find_passages(Layout(archive), query="执法 监督", year=2018)
    assert lines


def test_csv_has_a_column_for_each_score(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "passages.csv"
    assert app.main(["passages", str(archive), "--place", "莲泾县", "-n", "5", "-f", "csv", "-o", str(file)]) == 0
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    passages = find_passages(Layout(archive), place="莲泾县", limit=5)
    assert [row["text"] for row in rows] == [passage["text"] for passage in passages]
    assert {f"score_{theme}" for theme in CODEBOOK.ids} | {"page"} < set(rows[0])


def test_csv_without_passages_has_the_same_header(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headers = []
    for query in ("行政", "没有这个词"):
        assert app.main(["passages", str(archive), "--query", query, "--format", "csv"]) == 0
        headers.append(capsys.readouterr().out.splitlines()[0])
    assert headers[0] == headers[1]


def test_links_of_a_page_lead_to_the_reports(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "页" / "passages.html"
    file.parent.mkdir()
    assert app.main(["passages", str(hostile), "--format", "html", "--output", str(file)]) == 0
    assert app.main(["passages", str(hostile), "--format", "html"]) == 0
    for page, base in ((file.read_text(encoding="utf-8"), file.parent), (capsys.readouterr().out, Path("/"))):
        [link] = re.findall('<h2><a href="(.*?)">', page)
        parts = urlsplit(link)
        assert parts.scheme == ("file" if base == Path("/") else "")
        target = base / unquote(parts.path)
        assert f'id="{parts.fragment}"' in target.read_text(encoding="utf-8")


def test_a_page_marks_the_hits(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["passages", str(archive), "-q", "行政复议", "-n", "4", "-f", "html"]) == 0
    page = capsys.readouterr().out
    passages = find_passages(Layout(archive), query="行政复议", limit=4)
    assert page.count("<mark>行政复议</mark>") == sum(passage["text"].count("行政复议") for passage in passages)
    assert page.count('<li class="card">') == 4
    assert "行政复议</dd>" in page


def test_nothing_of_a_document_reaches_the_terminal_raw(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "jsonl"):
        assert app.main(["passages", str(hostile), "--query", "复议", "--format", form]) == 0
        out = capsys.readouterr().out
        assert not {"\x1b", "\x9b", "\u2028"} & set(out)
        assert "行政复议" in out


def test_nothing_of_a_document_becomes_markup(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["passages", str(hostile), "--place", HOSTILE, "--query", "<b>", "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert "<mark>&lt;b&gt;</mark>" in page
    assert "<b>" not in page
    assert page.count("</script>") == 1


def test_cells_are_no_formulas(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["passages", str(hostile), "--format", "csv"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["path"] == "'=a\n.txt"


def test_no_passage_is_said(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "jsonl", "csv", "html"):
        assert app.main(["passages", str(archive), "--query", "不存在的词", "--format", form]) == 0
        out, err = capsys.readouterr()
        assert err == "no passage meets the conditions\n"
        assert form != "html" or "No passage meets the conditions" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--theme", "x"], "unknown value 'x'. Valid: business_environment"),
        (["--query", " "], "holds no word"),
        (["--limit", "0"], "not a positive number"),
        (["--year", "last"], "--year: not a year"),
    ],
)
def test_wrong_usage_is_explained(
    archive: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["passages", str(archive), *arguments]) == 2
    assert message in capsys.readouterr().err
