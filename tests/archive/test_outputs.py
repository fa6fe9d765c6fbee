from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.outputs import FORMATS, Format, _leaves, _value, _write_csv, output_files


@pytest.mark.parametrize("format_", FORMATS)
def test_the_files_of_an_output(format_: Format) -> None:
    names = {path.name for path in output_files(Layout(Path("out")), format_)}
    common = {"items.parquet", "reports.parquet", "terms.parquet", "errors.csv", "themes_by_place_year.csv"}
    copies = {"jsonl": {"items.jsonl", "reports.jsonl"}, "csv": {"items.csv", "reports.csv"}, "parquet": set()}
    assert names == {*common, *copies[format_], "summary.json", "index.html"}


def test_nested_columns_get_dotted_names_in_order() -> None:
    inner = pa.struct([("a", pa.float64()), ("b.c", pa.float64())])
    schema = pa.schema(
        [("x", pa.int32()), ("y", pa.struct([("u", inner), ("v", inner)])), ("z", pa.list_(pa.string()))]
    )
    leaves = _leaves(schema)
    assert [".".join(leaf) for leaf in leaves] == ["x", "y.u.a", "y.u.b.c", "y.v.a", "y.v.b.c", "z"]
    row = {"x": 1, "y": {"u": {"a": 0.5, "b.c": 0.25}, "v": None}, "z": ["一"]}
    assert [_value(row, leaf) for leaf in leaves] == [1, 0.5, 0.25, None, None, ["一"]]


def test_a_spreadsheet_takes_no_cell_for_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows: list[dict[str, Any]] = [
        {"file": "=cmd|' /C calc'!A0", "list": ["@x", "y"]},
        {"file": '报告,\n"2"', "list": None},
    ]
    _write_csv(path, rows, ("file", "list"), bom=False)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["file", "list"], ["'=cmd|' /C calc'!A0", "'@x; y"], ['报告,\n"2"', ""]]


@pytest.mark.parametrize("bom", [False, True])
def test_a_table_without_rows_has_its_header(tmp_path: Path, *, bom: bool) -> None:
    _write_csv(tmp_path / "a.csv", [], ("file", "a,b"), bom=bom)
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" * bom + b'file,"a,b"\r\n'
