"""The generator of archives says truly what it made."""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from pathlib import Path

import pytest

from fazhi_ml.errors import ReportError
from fazhi_ml.reports.read import read_report
from tests.conftest import ROOT

# A script's folder is on the path when it runs; here it has to be put there.
sys.path.insert(0, str(ROOT / "benchmarks"))

from make_archive import files, write

COUNT = 300


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    write(folder, files(COUNT, 7, 0.0))
    return folder


@pytest.fixture(scope="module")
def expected(archive: Path) -> list[dict[str, str]]:
    with (archive / "expected.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_every_file_is_expected_once(archive: Path, expected: list[dict[str, str]]) -> None:
    made = {
        path.relative_to(archive / "reports").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (archive / "reports").rglob("*")
        if path.is_file()
    }
    assert len(expected) == COUNT
    assert made == {row["path"]: row["sha256"] for row in expected}


def test_formats_are_mixed_and_one_in_a_hundred_is_broken(expected: list[dict[str, str]]) -> None:
    forms = Counter(row["format"] for row in expected if row["readable"] == "yes")
    assert forms.keys() == {"txt", "html", "docx", "pdf"}
    assert forms["txt"] > forms["html"] > forms["docx"] > forms["pdf"]
    assert sum(row["readable"] == "no" for row in expected) == COUNT // 100


def test_reports_differ(expected: list[dict[str, str]]) -> None:
    assert len({row["sha256"] for row in expected if row["readable"] == "yes"}) == COUNT - COUNT // 100


def test_place_and_year_are_those_of_the_folder(archive: Path, expected: list[dict[str, str]]) -> None:
    readable = [row["path"] for row in expected if row["readable"] == "yes" and row["format"] != "pdf"]
    for path in readable[::5]:
        metadata = read_report(archive / "reports" / path).metadata
        _, place, year, _ = path.split("/")
        assert (metadata.place, str(metadata.year)) == (place, year)


def test_broken_files_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, (file for file in files(800, 1, 0.0) if not file.readable))
    broken = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(broken) == 8  # one of each kind
    for path in broken:
        with pytest.raises(ReportError):
            read_report(path)


def test_the_same_seed_makes_the_same_archive() -> None:
    assert list(files(60, 5, 0.0)) == list(files(60, 5, 0.0))
    assert list(files(60, 5, 0.0)) != list(files(60, 6, 0.0))
