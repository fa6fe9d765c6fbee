from __future__ import annotations

import errno
from pathlib import Path

import pytest

from fazhi_ml.archive.files import TEMPORARY, output_error, replacing
from fazhi_ml.errors import OutputError


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert temporary.match(TEMPORARY)
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_raised_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_file_that_was_never_begun_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), replacing(tmp_path / "a.txt"):
        pass


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Free some disk space, then run the same command again: what was done is kept."),
        (errno.EROFS, "Choose a place that is not read-only."),
        (errno.EIO, "Check the disk, then run the same command again: what was done is kept."),
        (None, "Check the disk, then run the same command again: what was done is kept."),
    ],
)
def test_errors_say_what_to_do(number: int | None, remedy: str) -> None:
    error = OSError(number, "secret /tmp/.fazhi-1.tmp") if number else OSError("secret")
    told = output_error(Path("out/items.parquet"), error)
    assert told.remedy == remedy
    assert "secret" not in str(told)
    assert str(told).startswith("out/items.parquet: cannot be written (")
