from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fazhi_ml.archive.manifest import Tagged
from fazhi_ml.archive.parts import ITEMS, PART_SUFFIXES, TERMS, PartWriter, read_batches
from fazhi_ml.errors import OutputError

NUMBERS = pa.schema([("number", pa.int64())])
WORDS = pa.schema([("word", pa.string())])


def of_document(*numbers: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    return (
        pa.RecordBatch.from_pydict({"number": numbers}, schema=NUMBERS),
        pa.RecordBatch.from_pydict({"word": [f"第{number}" for number in numbers]}, schema=WORDS),
    )


def write(folder: Path, name: str, documents: list[tuple[int, ...]]) -> list[Tagged]:
    with PartWriter(folder, name, (NUMBERS, WORDS)) as part:
        return [Tagged(name, part.write(of_document(*numbers)), b"") for numbers in documents]


def values(folder: Path, suffix: str, places: list[Tagged]) -> list[list[Any]]:
    return [batch.column(0).to_pylist() for batch in read_batches(folder, suffix, places)]


def test_documents_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    first = write(tmp_path, "a", [(1, 2), (), (3,)])
    second = write(tmp_path, "b", [(4,)])
    assert values(tmp_path, ITEMS, [first[2], second[0], first[0], first[1]]) == [[3], [4], [1, 2], []]
    assert values(tmp_path, TERMS, [second[0], first[2]]) == [["第4"], ["第3"]]


def test_more_parts_than_are_held_open(tmp_path: Path) -> None:
    places = [place for number in range(40) for place in write(tmp_path, f"{number}", [(number,)])]
    assert values(tmp_path, ITEMS, places * 2) == [[number] for number in range(40)] * 2


def test_a_part_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    def stopped() -> None:
        with PartWriter(tmp_path, "a", (NUMBERS, WORDS)) as part:
            part.write(of_document(1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="No such file or directory"),
        PartWriter(tmp_path / "gone", "a", (NUMBERS, WORDS)),
    ):
        pass


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
def test_a_damaged_part_says_what_to_do(tmp_path: Path, damage: str) -> None:
    places = write(tmp_path, "a", [(1,)])
    path = tmp_path / f"a{PART_SUFFIXES[0]}"
    data = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(data[:-20] if damage == "cut" else b"no arrow file")
    with pytest.raises(OutputError, match=r"a\.items\.arrow: the part is damaged .* Delete it"):
        values(tmp_path, ITEMS, places)
