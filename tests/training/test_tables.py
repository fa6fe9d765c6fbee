from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from fazhi_ml.training.tables import csv_text


def test_a_table_reads_back() -> None:
    rows: list[list[Any]] = [["a,b", 'say "c"', 0.5], ["一\n二", "", None]]
    found = list(csv.reader(io.StringIO(csv_text(("x", "y", "z"), rows), newline="")))
    assert found == [["x", "y", "z"], ["a,b", 'say "c"', "0.5"], ["一\n二", "", ""]]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "＝1", "\t=1"])
def test_text_never_becomes_a_formula(cell: str) -> None:
    assert next(csv.reader(io.StringIO(csv_text([cell], []), newline=""))) == [cell]
    table: list[tuple[str | float]] = [(cell,), (-1.5,)]
    rows = list(csv.reader(io.StringIO(csv_text(["x"], table), newline="")))
    assert rows[1:] == [[f"'{cell}"], ["-1.5"]]
