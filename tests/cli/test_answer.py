from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from fazhi_ml.cli.answer import archive_address, check_output, parse_years, render, write_answer
from fazhi_ml.errors import ConfigError, InputError, OutputError


def test_years_are_one_or_a_range() -> None:
    assert parse_years(None) is None
    assert parse_years("2023") == (2023, 2023)
    assert parse_years("2021-2023") == parse_years("2021–2023") == (2021, 2023)
    for text in ("", "23", "2021-23", "2021-2023-2024", "２０２１", "-2021", "2021\n"):
        with pytest.raises(InputError, match="2021-2023"):
            parse_years(text)


def test_a_page_in_the_archive_links_within_it(tmp_path: Path) -> None:
    assert archive_address(tmp_path, tmp_path / "page.html") == "."
    assert archive_address(tmp_path / "out", tmp_path / "page.html") == "out"
    assert archive_address(tmp_path / "a b#?%", tmp_path / "x" / "page.html") == "../a%20b%23%3F%25"
    absolute = urlsplit(archive_address(tmp_path / "a b", None))
    assert absolute.scheme == "file"
    assert unquote(absolute.path) == str(tmp_path / "a b")


def test_force_without_a_file_has_no_effect(tmp_path: Path) -> None:
    check_output(None, force=False)
    check_output(tmp_path / "new", force=False)
    with pytest.raises(ConfigError, match="--output"):
        check_output(None, force=True)
    with pytest.raises(OutputError):
        check_output(tmp_path / "none" / "new", force=True)


def test_answers_go_to_a_file_or_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(iter(["一", "二"]), None, csv=True, force=False)
    assert capsys.readouterr().out == "一二"
    write_answer(["一", "二"], tmp_path / "a", csv=True, force=False)
    write_answer(["一", "二"], tmp_path / "b", csv=False, force=False)
    assert (tmp_path / "a").read_text(encoding="utf-8") == "\ufeff一二"
    assert (tmp_path / "b").read_text(encoding="utf-8") == "一二"


def test_lines_break_at_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert list(render(["一" * 12, "x"], to_file=True)) == ["一" * 10 + "\n" + "一" * 2 + "\n", "x\n"]
