from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fazhi_ml.errors import ConfigError
from fazhi_ml.reports.document import Metadata
from fazhi_ml.reports.overrides import MetadataTable, Override
from fazhi_ml.reports.read import parse_report


def table_of(folder: Path, text: str | bytes) -> MetadataTable:
    path = folder / "metadata.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return MetadataTable.read(path)


def changes(table: MetadataTable, file: str) -> dict[str, str | int | None] | None:
    row = table.for_file(file)
    return None if row is None else dict(row.changes)


def refusal(folder: Path, text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        table_of(folder, text)
    assert error.value.source is not None
    assert error.value.source.endswith("metadata.csv")
    assert error.value.remedy
    return error.value


def test_a_row_changes_clears_and_leaves(tmp_path: Path) -> None:
    table = table_of(tmp_path, "file,place,level,agency,year\na.txt,分宜县,county,-,2021\nb.txt,,,,\n")
    report = parse_report("莲泾县司法局2022年法治政府建设报告\n开展行政执法检查。")
    row = table.for_file("a.txt")
    assert row is not None
    corrected = row.apply(report)
    assert corrected.metadata == Metadata("分宜县", "county", None, 2021)
    assert (corrected.text, corrected.paragraphs) == (report.text, report.paragraphs)
    unchanged = table.for_file("b.txt")
    assert unchanged is not None
    assert unchanged.apply(report) == report


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [("file", "place", "year"), ("2022\\报告.txt", "“分宜县”", "2022"), ('"a, b; c.txt"', "渝水区", "")]
    text = "\r\n".join(delimiter.join(cells) for cells in lines)
    table = table_of(tmp_path, text.encode(encoding))
    assert changes(table, "2022/报告.txt") == {"place": "“分宜县”", "year": 2022}
    assert changes(table, "a, b; c.txt") == {"place": "渝水区"}


def test_columns_in_any_order_and_case_with_empty_ones_at_the_end(tmp_path: Path) -> None:
    table = table_of(tmp_path, "\n Year ,FILE,,\n\n2022,a.txt,,\n")
    assert changes(table, "a.txt") == {"year": 2022}
    assert len(table) == 1


def test_paths_are_compared_in_one_form(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Übersicht é.txt")
    table = table_of(tmp_path, f"file,year\n.\\x\\{name},2022\n")
    assert changes(table, "x/Übersicht é.txt") == {"year": 2022}
    assert changes(table, "x//./Übersicht é.txt") == {"year": 2022}


def test_a_path_goes_before_a_name(tmp_path: Path) -> None:
    table = table_of(tmp_path, "file,year\na.txt,2020\nx/a.txt,2021\n")
    assert changes(table, "a.txt") == {"year": 2020}
    assert changes(table, "x/a.txt") == {"year": 2021}
    assert changes(table, "y/a.txt") == {"year": 2020}
    assert changes(table, "y/b.txt") is None


def test_a_bare_name_finds_the_one_row_with_it(tmp_path: Path) -> None:
    table = table_of(tmp_path, "file,year\nx/a.txt,2021\nx/b.txt,2021\ny/b.txt,2022\n")
    assert changes(table, "a.txt") == {"year": 2021}
    assert changes(table, "y/a.txt") is None
    with pytest.raises(ConfigError, match=r"metadata.csv:4: b.txt may be x/b.txt and y/b.txt"):
        table.for_file("b.txt")


def test_unused_rows_are_named_and_rows_for_two_files_refused(tmp_path: Path) -> None:
    table = table_of(tmp_path, "file,year\na.txt,2020\nx/b.txt,2021\nc.txt,2022\n")
    assert table.unused(["y/a.txt", "z/b.txt"]) == ("x/b.txt", "c.txt")
    assert table.unused(["y\\a.txt", "y/a.txt", "x/b.txt", "c.txt"]) == ()
    with pytest.raises(ConfigError, match=r"metadata.csv:2: a.txt may be x/a.txt and y/a.txt"):
        table.unused(["x/a.txt", "y/a.txt"])


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("", None, "the table is empty"),
        ("place,year\n分宜县,2022\n", 1, "there is no column file"),
        ("file,town\na.txt,x\n", 1, "the column town is unknown"),
        ("file,,year\na.txt,,2022\n", 1, "a column has no name"),
        ("file,year,Year\na.txt,1,2\n", 1, "the column year comes twice"),
        ("file,level\na.txt,county\nb.txt,village\n", 3, "village is no level"),
        ("file,year\na.txt,22\n", 2, "22 is no year"),
        ("file,year\na.txt,２０２２\n", 2, "２０２２ is no year"),
        ("file,year\na.txt,2022,x\n", 2, "more cells than there are columns"),
        ("file,year\n,2022\n", 2, "the file is no path within the archive"),
        ("file,year\n/etc/a.txt,2022\n", 2, "the file is no path within the archive"),
        ("file,year\nC:\\a.txt,2022\n", 2, "the file is no path within the archive"),
        ("file,year\nx/../a.txt,2022\n", 2, "the file is no path within the archive"),
        ("file,year\nx/a.txt,2021\nx\\a.txt,2022\n", 3, "two rows for x/a.txt, the first in line 2"),
        ("file,place\na.txt," + "县" * 201 + "\n", 2, "the place has more than 200 characters"),
        ('file,place\na.txt,"x\n', 2, "is no CSV"),
        ('file,place\na.txt,"x"y\n', 2, "is no CSV"),
        ("file,place\na.txt," + "x" * 200_000 + "\n", 2, "is no CSV"),
    ],
)
def test_malformed_tables(tmp_path: Path, text: str, line: int | None, cause: str) -> None:
    error = refusal(tmp_path, text)
    assert error.line == line
    assert cause in error.cause


def test_remedies_list_what_is_valid(tmp_path: Path) -> None:
    assert "province, city, county, town, department" in str(refusal(tmp_path, "file,level\na.txt,x\n"))
    assert "place, level, agency, year" in str(refusal(tmp_path, "file,x\n"))


def test_control_characters_do_not_reach_the_message(tmp_path: Path) -> None:
    assert "\x1b" not in str(refusal(tmp_path, "file,\x1b[31m\n"))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    assert "UTF-8" in refusal(tmp_path, b"file,year\n\xff\xff\n").cause


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.reports.overrides._MAX_ROWS", 2)
    assert len(table_of(tmp_path, "file\na\nb\n")) == 2
    assert "more than 2 rows" in refusal(tmp_path, "file\na\nb\nc\n").cause
    monkeypatch.setattr("fazhi_ml.reports.overrides._MAX_BYTES", 5)
    assert "larger than 5 bytes" in refusal(tmp_path, "file\na\n").cause


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file"):
        MetadataTable.read(tmp_path / "none.csv")


def test_fingerprint_tells_changes_apart() -> None:
    rows: list[dict[str, str | int | None]] = [
        {},
        {"place": "x"},
        {"place": None},
        {"agency": "x"},
        {"year": 2021},
        {"place": "x", "year": 2021},
    ]
    prints = [Override("a.txt", 2, row).fingerprint for row in rows]
    assert len(set(prints)) == len(prints)
    assert Override("b.txt", 9, {"year": 2021, "place": "x"}).fingerprint == prints[-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(alphabet='file,place;year\t\r\n"a-20-/\\2é县', max_size=80).map(str.encode))
def test_any_bytes_give_a_table_or_a_config_error(tmp_path: Path, data: bytes) -> None:
    try:
        table = table_of(tmp_path, data)
    except ConfigError as error:
        assert error.remedy  # noqa: PT017 - either outcome is fine, but not another error
    else:
        for file in table.unused([]):
            row = table.for_file(file)
            assert row is not None
            assert row.file == file
