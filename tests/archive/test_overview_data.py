from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.distinctive import DistinctiveTerm
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.overview_data import Chunk, ReportChunks, error_chunks, term_chunk
from fazhi_ml.archive.schema import share_names
from fazhi_ml.codebook import Codebook
from fazhi_ml.reports.document import ROLES
from tests.archive.synthetic import synthetic_rows, write_tables
from tests.tagging.builders import CODEBOOK, codebook_of


def chunks_of(layout: Layout, codebook: Codebook) -> tuple[ReportChunks, dict[str, list[Any]]]:
    reports = ReportChunks(layout.reports, share_names(codebook))
    values: dict[str, list[Any]] = {"counts": [], "titles": [], "places": []}
    for chunk in reports:
        assert chunk.number == len(values[chunk.kind])
        values[chunk.kind].append(chunk.value)
    return reports, values


def unpacked(counts: dict[str, list[int]]) -> list[dict[int, tuple[int, int]]]:
    """Cells of each report: position → (items, characters)."""
    cells = iter(counts["cells"])
    return [{next(cells): (next(cells), next(cells)) for _ in range(n)} for n in counts["n"]]


@pytest.mark.parametrize(
    "codebook", [CODEBOOK, codebook_of(40), codebook_of(2, multi_label=False)], ids=["5", "40", "2"]
)
def test_counts_are_those_of_the_shares(tmp_path: Path, codebook: Codebook) -> None:
    rows, names = list(synthetic_rows(30, codebook)), share_names(codebook)
    write_tables(Layout(tmp_path), codebook, rows, [], [])
    _, values = chunks_of(Layout(tmp_path), codebook)
    (counts,) = values["counts"]
    for row, cells in zip(rows, unpacked(counts), strict=True):
        for number, role in enumerate(ROLES):
            base, shares = number * (1 + len(names)), row["shares"][role]
            totals = (row["items"][role], row["characters"][role])
            assert cells.get(base, (0, 0)) == totals
            for place, name in enumerate(names, start=1):
                expected = round(shares["items"][name] * totals[0]) if shares else 0
                assert cells.get(base + place, (0, 0))[0] == expected
                assert cells.get(base + place, (0, 0))[1] == expected * 80


def test_reports_come_a_thousand_a_chunk_in_the_order_of_the_table(tmp_path: Path) -> None:
    rows = list(synthetic_rows(2_300, CODEBOOK))
    write_tables(Layout(tmp_path), CODEBOOK, rows, [], [])
    reports, values = chunks_of(Layout(tmp_path), CODEBOOK)
    assert [len(chunk["years"]) for chunk in values["counts"]] == [1000, 1000, 300]
    assert [len(chunk) for chunk in values["titles"]] == [1000, 1000, 300]
    places = values["places"][0]
    found = [
        (year or None, None if level < 0 else reports.levels[level], None if place < 0 else places[place])
        for chunk in values["counts"]
        for year, level, place in zip(chunk["years"], chunk["levels"], chunk["places"], strict=True)
    ]
    assert found == [(row["year"], row["level"], row["place"]) for row in rows]
    assert reports.years == set(range(2012, 2024))
    assert reports.models == {"default-0123456789ab"}


def test_titles_fall_back_to_names_and_addresses_stay_in_the_folder(tmp_path: Path) -> None:
    row = next(synthetic_rows(1, CODEBOOK))
    rows = [
        {**row, "title": None, "page": None},
        {**row, "title": None, "report": None, "page": "pages/a b?#.html"},
        {**row, "title": "报告\x00", "page": "javascript:alert(1)"},
        {**row, "page": "//example.org/x"},
    ]
    write_tables(Layout(tmp_path), CODEBOOK, rows, [], [])
    _, values = chunks_of(Layout(tmp_path), CODEBOOK)
    titles, _, pages = zip(*values["titles"][0], strict=True)
    assert titles == ("000000.docx", "000/000000.docx", "报告\u2400", row["title"])
    assert pages == (None, "./pages/a%20b%3F%23.html", "./javascript%3Aalert%281%29", ".///example.org/x")


def test_a_level_of_the_users_own_comes_after_the_known_ones(tmp_path: Path) -> None:
    row = next(synthetic_rows(1, CODEBOOK))
    write_tables(Layout(tmp_path), CODEBOOK, [{**row, "level": "区域"}, {**row, "level": "town"}], [], [])
    reports, values = chunks_of(Layout(tmp_path), CODEBOOK)
    assert [reports.levels[level] for level in values["counts"][0]["levels"]] == ["区域", "town"]
    assert reports.levels == ["province", "city", "county", "town", "department", "区域"]


def test_an_archive_without_reports_has_no_chunks(tmp_path: Path) -> None:
    write_tables(Layout(tmp_path), CODEBOOK, [], [], [])
    _, values = chunks_of(Layout(tmp_path), CODEBOOK)
    assert values == {"counts": [], "titles": [], "places": []}


def test_the_name_of_a_chunk_follows_its_content() -> None:
    chunk = Chunk("places", 7, ["</script>\u2028"])
    assert chunk.name.startswith("places-007-")
    assert chunk.name.endswith(".js")
    assert chunk.name != Chunk("places", 7, ["other"]).name
    assert chunk.script.isascii()
    assert "<" not in chunk.script
    assert json.loads(chunk.script.removeprefix('receive("places",7,').removesuffix(");\n")) == ["</script>\u2028"]


def test_terms_by_comparison_and_year() -> None:
    terms = [DistinctiveTerm("themes", None, "执法", 9, 7.123), DistinctiveTerm("years", 2020, "数字", 3, 2.6)]
    assert term_chunk(2, terms).value == {"themes": {0: [("执法", 9, 7.12)]}, "years": {2020: [("数字", 3, 2.6)]}}


def test_errors_a_thousand_a_chunk(tmp_path: Path) -> None:
    errors = [(f"{number}.pdf", "pdf", "ScannedFileError", 'a, "b"\nc') for number in range(1_001)]
    write_tables(Layout(tmp_path), CODEBOOK, [], [], errors)
    first, second = error_chunks(Layout(tmp_path).errors)
    assert (len(first.value), second.value) == (1000, [["1000.pdf", "ScannedFileError", 'a, "b"\nc']])
    assert list(error_chunks(tmp_path / "none.csv")) == []
