from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.tables import theme_table
from fazhi_ml.cli import app
from fazhi_ml.cli.tables import render_theme_table
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.reports.document import Metadata
from tests.archive.conftest import write_archive
from tests.tagging.builders import CODEBOOK, Unit, tagged_report

HOSTILE = "\x1b[31m红\x9b2J<b>&县"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose place and themes hold what terminals and browsers act on."""
    codebook = Codebook("hostile", "1", True, (Theme("</script><b>"), Theme("=x")))
    report = tagged_report([Unit("甲。", {"=x": 0.9})], codebook=codebook, metadata=Metadata(HOSTILE))
    return write_archive(tmp_path_factory.mktemp("hostile") / "out", [("a.txt", report)]).folder


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_a_table_to_read(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["tables", str(archive), "--by", "year", "--theme", "supervision", "--role", "problems"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert lines[0] == ["year", "reports", "items", "supervision"]
    table = theme_table(Layout(archive), by="year", theme="supervision", role="problems")
    expected = [
        [str(year or "–"), str(reports), str(items), f"{share:.1%}"] for year, reports, items, share in table.rows
    ]
    assert lines[2:] == expected


@pytest.mark.parametrize("width", [72, 80, 100, 160])
def test_a_table_fits_the_terminal(
    archive: Path, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert app.main(["tables", str(archive)]) == 0
    out = capsys.readouterr().out
    assert max(map(columns, out.splitlines())) <= width
    assert len(re.findall("%", out)) == 54 * 6
    # Themes have their names above their columns, or numbers there and names below.
    assert ("1: business_environment" in out) == (width < 100)


def test_long_words_are_cut_in_a_narrow_terminal(tmp_path: Path) -> None:
    metadata = Metadata("很长的名字" * 20, None, "name " * 20)
    layout = write_archive(tmp_path / "out", [("a.txt", tagged_report([Unit("甲。")], metadata=metadata))])
    lines = list(render_theme_table(theme_table(layout, by=("place", "agency")), 80))
    assert {columns(line.rstrip("\n")) for line in lines[1:3]} == {80}
    assert lines[2].startswith("很长的名字")
    assert lines[2].count("…") == 2


def test_csv_goes_to_stdout_as_it_is_and_to_a_file_with_a_mark(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tables", str(archive), "--by", "level, theme", "--weight", "characters", "--format", "csv"]
    assert app.main(arguments) == 0
    out = capsys.readouterr().out
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["level", "theme", "reports", "items", "share"]
    assert len(rows) == 1 + 6 * 6
    file = tmp_path / "table.csv"
    assert app.main([*arguments, "-o", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert file.read_bytes() == b"\xef\xbb\xbf" + out.encode()


def test_a_file_is_not_replaced_without_force(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.html"
    file.write_text("mine")
    arguments = ["tables", str(archive), "-f", "html", "-o", str(file)]
    assert app.main(arguments) == 1
    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert app.main([*arguments, "--force"]) == 0
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [file]


def test_a_page_shows_what_was_asked(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--role", "problems", "--year", "2016-2018", "--place", "莲泾县", "--format", "html"]
    assert app.main(["tables", str(archive), *arguments]) == 0
    page = capsys.readouterr().out
    facts = [re.sub("<.*?>", " ", fact).split() for fact in re.findall(r"<dd>(.*?)</dd>", page, flags=re.DOTALL)]
    assert facts == [[archive.name], ["莲泾县"] * 2, ["存在问题", "Problems"], ["2016–2018"], ["3"]]
    assert page.count("<tr>") == 1 + len(theme_table(Layout(archive), place="莲泾县", year=(2016, 2018)).rows)
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_an_empty_table_says_so(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("table", "csv", "html"):
        assert app.main(["tables", str(archive), "--place", "nowhere", "--format", form]) == 0
        out, err = capsys.readouterr()
        assert err == "no report meets the conditions\n"
        assert form != "html" or "No report meets the conditions" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "place,colour"], "unknown value 'colour'. Valid: place, level, agency, year, role, theme."),
        (["--theme", "x"], f"unknown value 'x'. Valid: {', '.join(CODEBOOK.ids)}, other."),
        (["--year", "2021-"], "--year: not a year or a range of years"),
        (["--year", "2023-2021"], "not a year or a first and a last year"),
        (["--force"], "--force: without effect"),
    ],
)
def test_wrong_usage_is_explained(
    archive: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["tables", str(archive), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_a_folder_that_is_no_archive_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["tables", str(tmp_path)]) == 2
    assert f"error: {tmp_path}: is no tagged archive" in capsys.readouterr().err


def test_nothing_of_a_document_reaches_the_terminal_raw(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--by", "theme"]):
        assert app.main(["tables", str(hostile), *arguments]) == 0
        out = capsys.readouterr().out
        assert not {"\x1b", "\x9b"} & set(out)
    assert app.main(["tables", str(hostile)]) == 0
    assert "\\x1b[31m红\\x9b2J<b>&县" in capsys.readouterr().out


def test_nothing_of_a_document_becomes_markup(hostile: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["tables", str(hostile), "--format", "html", "--place", HOSTILE]) == 0
    page = capsys.readouterr().out
    assert "<b>" not in page
    assert not {"\x1b", "\x9b"} & set(page)
    assert page.count("</script>") == 1
