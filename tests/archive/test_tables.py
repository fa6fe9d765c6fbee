from __future__ import annotations

import csv
import io
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive import tables
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.query import connect
from fazhi_ml.archive.tables import KEYS, ThemeTable, theme_table, write_shares
from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import DamagedFileError, InputError, MissingExtraError, ReaderLimitError
from fazhi_ml.reports.document import Metadata
from tests.archive.conftest import write_archive
from tests.tagging.builders import CODEBOOK, Head, Unit, tagged_report

NAMES = (*CODEBOOK.ids, OTHER)
AWKWARD = ("a.b", "A.B", '"', "it's; --", "theme", "share_theme", "items", "[x] y", "%s ?")


@pytest.fixture(scope="module")
def layout(archive: Path) -> Layout:
    return Layout(archive)


def rows_of(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def in_python(layout: Layout, by: Iterable[str], *, role: str | None = None, weight: str = "items") -> dict[Any, Any]:
    """Return by group the reports, the items, and the share of each theme, counted with loops."""
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    paths: dict[Any, set[str]] = defaultdict(set)
    for report in rows_of(layout.reports):
        if "role" not in by:
            key = tuple(report[mark] for mark in by)
            groups[key] = []
            paths[key].add(report["path"])
    for item in rows_of(layout.items):
        if role in (None, item["role"]):
            key = tuple(item[mark] for mark in by)
            groups[key].append(item)
            paths[key].add(item["path"])
    counted = {}
    for key, items in groups.items():
        sizes = [1 if weight == "items" else len(item["text"]) for item in items]
        total = sum(sizes)
        shares = []
        for theme in NAMES:
            part = sum(size for size, item in zip(sizes, items, strict=True) if theme in (item["themes"] or [OTHER]))
            shares.append(pytest.approx(part / total, abs=1e-6) if total else None)
        counted[key] = (len(paths[key]), len(items), *shares)
    return counted


def as_dict(table: ThemeTable) -> dict[Any, Any]:
    n_keys = len(table.by)
    return {row[:n_keys]: row[n_keys:] for row in table.rows}


@pytest.mark.parametrize("weight", ["items", "characters"])
@pytest.mark.parametrize("role", [None, "problems"])
@pytest.mark.parametrize("by", [(), ("year",), ("place", "year"), ("level", "agency"), ("role",), ("year", "role")])
def test_counts_are_those_of_a_loop(layout: Layout, by: tuple[str, ...], role: str | None, weight: Any) -> None:
    table = theme_table(layout, by=by, role=role, weight=weight)
    assert as_dict(table) == in_python(layout, by, role=role, weight=weight)
    assert len(table.rows) == len(as_dict(table)) > 0


def test_a_row_of_a_theme_counts_what_carries_it(layout: Layout) -> None:
    table = theme_table(layout, by=("level", "theme"), role="problems")
    assert table.columns == ("level", "theme", "reports", "items", "share")
    assert table.themes == ()
    wide = in_python(layout, ("level",), role="problems")
    items = [item for item in rows_of(layout.items) if item["role"] == "problems"]
    for level, theme, reports, number, share in table.rows:
        carriers = [item for item in items if item["level"] == level and theme in (item["themes"] or [OTHER])]
        assert number == len(carriers)
        assert reports == len({item["path"] for item in carriers})
        assert share == wide[level,][2 + NAMES.index(str(theme))]
    assert [row[1] for row in table.rows[: len(NAMES)]] == list(NAMES)


def test_rows_are_sorted_and_the_unknown_comes_last(layout: Layout) -> None:
    by_year = [row[0] for row in theme_table(layout, by=("year",)).rows]
    assert by_year == [*range(2015, 2025), None]
    by_level = [row[0] for row in theme_table(layout, by=("level",)).rows]
    assert by_level == ["province", "city", "county", "town", "department", None]
    by_place = [row[0] for row in theme_table(layout, by=("place",)).rows]
    known = [place for place in by_place if place is not None]
    assert by_place == [*sorted(known), None]


def test_conditions_restrict_reports(layout: Layout) -> None:
    assert {row[0] for row in theme_table(layout, year=(2016, 2018), by=("year",)).rows} == {2016, 2017, 2018}
    assert {row[0] for row in theme_table(layout, year=2016, by=("year",)).rows} == {2016}
    assert {row[0] for row in theme_table(layout, level=["city", "town"], by=("level",)).rows} == {"city", "town"}
    assert {row[0] for row in theme_table(layout, place="莲泾县").rows} == {"莲泾县"}
    assert theme_table(layout, place="' OR true --").rows == ()
    assert theme_table(layout, by="place") == theme_table(layout, by=["place"])


def test_a_theme_restricts_the_columns_alone(layout: Layout) -> None:
    whole, part = theme_table(layout), theme_table(layout, theme=["supervision", OTHER])
    assert part.columns == ("place", "year", "reports", "items", "share_supervision", "share_other")
    chosen = [whole.columns.index(name) for name in part.columns]
    assert part.rows == tuple(tuple(row[place] for place in chosen) for row in whole.rows)
    assert part.theme_ids == CODEBOOK.ids


@pytest.mark.parametrize(
    ("arguments", "valid"),
    [
        ({"by": ("place", "colour")}, "place, level, agency, year, role, theme"),
        ({"theme": "weather"}, ", ".join(NAMES)),
        ({"role": "intro"}, "achievements, problems, plans, leadership, other"),
        ({"level": ["city", "planet"]}, "province, city, county, town, department"),
        ({"weight": "words"}, "items, characters"),
    ],
)
def test_an_error_lists_the_valid_values(layout: Layout, arguments: dict[str, Any], valid: str) -> None:
    with pytest.raises(InputError, match=f"unknown value .*Valid: {valid}") as caught:
        theme_table(layout, **arguments)
    assert caught.value.source == next(iter(arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        {"year": (2020, 2019)},
        {"year": "2020"},
        {"year": True},
        {"place": 3},
        {"place": [3]},
        {"theme": b"x"},
        {"place": "\udcff"},
        {"by": 1},
    ],
)
def test_values_of_a_wrong_type_are_refused(layout: Layout, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        theme_table(layout, **arguments)


def test_theme_ids_may_be_anything(tmp_path: Path) -> None:
    codebook = Codebook("awkward", "1", True, tuple(map(Theme, AWKWARD)))
    reports = [
        (f"{number}.txt", tagged_report([Unit(f"正文{number}。", {theme: 0.9})], codebook=codebook))
        for number, theme in enumerate(AWKWARD)
    ]
    layout = write_archive(tmp_path / "out", reports)
    table = theme_table(layout, by=())
    assert table.columns == ("reports", "items", *(f"share_{theme}" for theme in AWKWARD), "share_other")
    share = round(1 / len(AWKWARD), 6)
    assert table.rows == ((len(AWKWARD), len(AWKWARD), *[share] * len(AWKWARD), 0.0),)
    assert theme_table(layout, by=("theme",), theme=AWKWARD[1]).rows == ((AWKWARD[1], 1, 1, share),)


def test_a_single_label_codebook_may_have_a_theme_other(tmp_path: Path) -> None:
    codebook = Codebook("single", "1", False, (Theme("news"), Theme(OTHER)))
    units = [Unit("甲。", {"news": 0.9}), Unit("乙。", {OTHER: 0.8})]
    layout = write_archive(tmp_path / "out", [("a.txt", tagged_report(units, codebook=codebook))])
    table = theme_table(layout, by=())
    assert table.columns == ("reports", "items", "share_news", "share_other")
    assert table.rows == ((1, 2, 0.5, 0.5),)


def test_reports_without_such_items_count_as_reports(tmp_path: Path) -> None:
    with_problems = tagged_report(Head(1, "存在的问题", "problems"), [Unit("甲。")], metadata=Metadata("甲县"))
    without = tagged_report([Unit("乙。")], metadata=Metadata("乙县"))
    layout = write_archive(tmp_path / "out", [("a.txt", with_problems), ("b.txt", without)])
    rows = theme_table(layout, by=("place",), role="problems", theme=OTHER).rows
    assert set(rows) == {("甲县", 1, 1, 1.0), ("乙县", 1, 0, None)}


def test_folders_may_have_any_utf8_name(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "year=1999" / "a[b]*? 'c' \"d\" 县"
    shutil.copytree(archive, folder)
    assert theme_table(Layout(folder), by=()) == theme_table(Layout(archive), by=())
    assert {row[0] for row in theme_table(Layout(folder), by=("year",)).rows} == {*range(2015, 2025), None}


@pytest.mark.parametrize("name", ["out[12]", "out?", "out*"])
def test_a_folder_named_like_a_pattern_is_no_pattern(archive: Path, tmp_path: Path, name: str) -> None:
    for other in ("out1", "out2"):
        shutil.copytree(archive, tmp_path / other)
    shutil.copytree(archive, tmp_path / name)
    assert theme_table(Layout(tmp_path / name), by=KEYS) == theme_table(Layout(archive), by=KEYS)


def test_a_folder_that_duckdb_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        theme_table(Layout(tmp_path / "\udcff"))


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no tagged archive: it has no items\.parquet"):
        theme_table(Layout(tmp_path))
    with pytest.raises(InputError, match="no tagged archive"):
        theme_table(Layout(tmp_path / "missing"))


@pytest.fixture
def copy(archive: Path, tmp_path: Path) -> Layout:
    return Layout(Path(shutil.copytree(archive, tmp_path / "copy")))


@pytest.mark.parametrize("name", ["items", "reports"])
def test_a_table_that_is_not_parquet_is_named(copy: Layout, name: str) -> None:
    path: Path = getattr(copy, name)
    path.write_bytes(b"PAR1 secret text PAR1")
    with pytest.raises(DamagedFileError, match=f"{name}.parquet: is no Parquet file") as caught:
        theme_table(copy)
    assert "secret" not in str(caught.value)


def test_a_table_cut_short_is_named(copy: Layout) -> None:
    data = copy.items.read_bytes()
    copy.items.write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedFileError, match=r"items\.parquet"):
        theme_table(copy)


def test_damage_within_a_table_is_reported(copy: Layout) -> None:
    data = bytearray(copy.items.read_bytes())
    # The columns begin after the magic number: the paths, which every question reads.
    data[4:2000] = bytes(1996)
    copy.items.write_bytes(data)
    with pytest.raises(DamagedFileError, match="cannot be read"):
        theme_table(copy)


def test_tables_of_other_columns_are_named(copy: Layout) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    items = pq.read_table(copy.items)
    pq.write_table(items.drop_columns("scores"), copy.items)
    with pytest.raises(DamagedFileError, match="no column scores"):
        theme_table(copy)
    year = items.schema.get_field_index("year")
    pq.write_table(items.set_column(year, "year", pa.array(["x"] * len(items))), copy.items)
    with pytest.raises(DamagedFileError, match="no column year"):
        theme_table(copy)


def test_a_missing_library_is_named(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[archive\]"):
        theme_table(layout)


def test_the_connection_is_bounded_and_leaves_nothing() -> None:
    with connect() as connection:
        settings = dict(connection.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        scratch = Path(settings["temp_directory"])
        assert scratch.is_dir()
    assert settings["memory_limit"] == "244.1 MiB"
    assert settings["threads"] == "2"
    assert settings["autoinstall_known_extensions"] == settings["autoload_known_extensions"] == "false"
    assert not scratch.exists()


def test_an_answer_too_large_is_refused(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.archive.query.MEMORY_LIMIT", "100KB")
    with pytest.raises(ReaderLimitError, match="more than 100KB of memory"):
        theme_table(layout, by=("place", "theme"))


def test_shares_are_written_as_csv(copy: Layout) -> None:
    write_shares(copy)
    first = copy.shares.read_bytes()
    rows = list(csv.DictReader(io.StringIO(first.decode())))
    table = theme_table(copy, by=("place", "level", "year"))
    assert tuple(rows[0]) == table.columns
    assert len(rows) == len(table.rows)
    assert rows[-1]["place"] == ""
    assert sum(int(row["reports"]) for row in rows) == 60
    write_shares(copy, bom=True)
    assert copy.shares.read_bytes() == b"\xef\xbb\xbf" + first
    assert {path.name for path in copy.folder.iterdir()} >= {"items.parquet", copy.shares.name}
    assert not list(copy.folder.glob("*.tmp"))


def test_csv_guards_formulas_and_keeps_its_header_without_rows(tmp_path: Path) -> None:
    report = tagged_report([Unit("甲。")], metadata=Metadata("=1+1"))
    layout = write_archive(tmp_path / "out", [("a.txt", report)])
    text = "".join(theme_table(layout, theme=OTHER).to_csv())
    assert text == "place,year,reports,items,share_other\r\n'=1+1,,1,1,1.0\r\n"
    empty = "".join(theme_table(layout, theme=OTHER, place="nowhere").to_csv())
    assert empty == "place,year,reports,items,share_other\r\n"


def test_the_keys_are_what_the_docstring_promises() -> None:
    assert KEYS == ("place", "level", "agency", "year", "role", "theme")
    assert set(tables.WEIGHTS) == {"items", "characters"}
