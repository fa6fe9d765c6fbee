from __future__ import annotations

from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.archive import parquet
from fazhi_ml.archive.parquet import gathered, write_parquet
from fazhi_ml.errors import OutputError

SCHEMA = pa.schema([("number", pa.int64())])


def batch(numbers: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"number": numbers}, schema=SCHEMA)


@given(st.lists(st.lists(st.integers(0, 9), max_size=30), max_size=20))
def test_rows_are_gathered_in_order_and_in_bounded_tables(lists: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS", 50)
        tables = list(gathered(map(batch, lists)))
    assert [number for table in tables for number in table["number"].to_pylist()] == list(chain.from_iterable(lists))
    assert all(table.num_rows == 50 for table in tables[:-1])


def test_large_rows_make_small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BYTES", 800)
    assert [table.num_rows for table in gathered(map(batch, [[1] * 60] * 5))] == [120, 120, 60]


def test_a_file_holds_all_rows_in_its_schema(tmp_path: Path) -> None:
    schema = pa.schema([("number", pa.int16())])
    write_parquet(tmp_path / "a.parquet", schema, map(batch, [[1, 2], [], [3]]))
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema == schema
    assert table["number"].to_pylist() == [1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


def test_no_rows_give_a_table_without_rows(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", SCHEMA, [])
    assert pq.read_table(tmp_path / "a.parquet").schema == SCHEMA


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"old")

    def failing() -> list[pa.RecordBatch]:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"a\.parquet: cannot be written \(No space left on device\)\. Free some"):
        write_parquet(path, SCHEMA, (failing() for _ in range(1)))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@given(st.lists(st.integers(0, 9), max_size=200), st.integers(1, 40))
def test_the_bytes_do_not_depend_on_how_rows_come(numbers: list[int], size: int) -> None:
    import tempfile

    batches = [batch(numbers[start : start + size]) for start in range(0, len(numbers), size)]
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(parquet, "_ROWS", 50)
        write_parquet(Path(folder, "a"), SCHEMA, batches)
        write_parquet(Path(folder, "b"), SCHEMA, [batch(numbers)])
        assert Path(folder, "a").read_bytes() == Path(folder, "b").read_bytes()
