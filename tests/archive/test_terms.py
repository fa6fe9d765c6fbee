from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fazhi_ml.archive import terms
from fazhi_ml.archive.schema import term_schema
from fazhi_ml.archive.terms import count_terms, part_term_schema, write_terms
from fazhi_ml.errors import OutputError
from fazhi_ml.features.tokenizer import Tokenizer
from tests.tagging.builders import Unit, tagged_report

Row = tuple[int | None, str, str, int, int]


def rows_of(batch: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.to_pylist()
    return rows


def batch(*rows: Row) -> pa.RecordBatch:
    names = part_term_schema().names
    return pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=part_term_schema())


def test_a_part_counts_words_once_an_item() -> None:
    report = tagged_report([Unit("普法宣传，普法宣传。"), Unit("普法A12的\n普法")])
    counts = count_terms(report, Tokenizer())
    assert counts.schema == part_term_schema()
    assert {row["theme"] for row in rows_of(counts)} == {"other"}
    assert {row["year"] for row in rows_of(counts)} == {report.metadata.year}
    words = {row["term"]: row["items"] for row in rows_of(counts)}
    assert words["普法"] == 2
    assert words["宣传"] == 1
    assert all(len(word) > 1 and not word.isascii() for word in words)


def test_words_of_several_documents_are_added_up(tmp_path: Path) -> None:
    path = tmp_path / "terms.parquet"
    batches = [
        batch((2022, "a", "执法", 3, 3), (2022, "b", "执法", 1, 0)),
        batch((2022, "a", "执法", 2, 2), (2021, "a", "普法", 2, 2)),
        batch((None, "a", "执法", 1, 1)),
    ]
    write_terms(path, batches)
    table = pq.read_table(path)
    assert table.schema == term_schema()
    assert [tuple(row.values()) for row in rows_of(table)] == [
        (2021, "a", "普法", 2),
        (2022, "a", "执法", 5),
        (2022, "b", "执法", 1),
        (None, "a", "执法", 1),
    ]


def test_a_word_of_a_single_item_is_left_out_whatever_its_themes(tmp_path: Path) -> None:
    write_terms(
        tmp_path / "t", [batch((2022, "a", "孤例", 1, 1), (2022, "b", "孤例", 1, 0), (2022, "a", "两例", 2, 2))]
    )
    assert pq.read_table(tmp_path / "t")["term"].to_pylist() == ["两例"]


def test_the_order_of_documents_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fazhi_ml.archive.parquet._ROWS", 100)
    monkeypatch.setattr(terms, "_ROWS", 64)
    batches = [
        batch(*((2000 + number % 9, f"t{word % 3}", f"词{word}", 1, 1) for word in range(number, 400, number % 4 + 1)))
        for number in range(30)
    ]
    write_terms(tmp_path / "a", batches)
    write_terms(tmp_path / "b", reversed(batches))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_documents_give_a_table_without_rows(tmp_path: Path) -> None:
    write_terms(tmp_path / "t", [])
    assert pq.read_table(tmp_path / "t").num_rows == 0


def test_want_of_room_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_batches: object) -> Any:
        raise duckdb.OutOfMemoryException("failed to offload data block")

    monkeypatch.setattr(terms, "gathered", fail)
    with pytest.raises(OutputError, match=r"the words cannot be counted \(OutOfMemoryException\)\. Free"):
        write_terms(tmp_path / "t", [])
