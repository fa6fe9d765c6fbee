from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.upkeep import (
    check_output,
    locked,
    part_names,
    remove_unused_pages,
    remove_unused_parts,
    sweep,
)
from fazhi_ml.errors import OutputError


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "out")


def test_a_new_an_empty_and_a_tagged_folder_will_do(layout: Layout) -> None:
    check_output(layout)
    layout.folder.mkdir()
    check_output(layout)
    layout.work.mkdir()
    layout.items.touch()
    check_output(layout)


def test_a_folder_of_something_else_will_not_do(layout: Layout) -> None:
    layout.folder.mkdir()
    layout.items.touch()
    with pytest.raises(OutputError, match="not empty and no tagged archive"):
        check_output(layout)


def test_a_name_that_is_no_utf8_will_not_do(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no UTF-8"):
        check_output(Layout(tmp_path / os.fsdecode(b"\xb1\xa8")))


def test_one_process_at_a_time(layout: Layout) -> None:
    script = f"""
from pathlib import Path
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.upkeep import locked
with locked(Layout(Path({str(layout.folder)!r}))):
    print("locked", flush=True)
    input()
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    with pytest.raises(OutputError, match="another run is writing it"), locked(layout):
        pass
    process.kill()
    process.communicate()
    # A process that was killed holds no lock.
    with locked(layout):
        assert layout.pages.is_dir()


def test_only_what_is_half_done_is_swept(layout: Layout) -> None:
    with locked(layout):
        (layout.pages / ".fazhi-1-a.tmp").touch()
        (layout.pages / "a.html").touch()
        (layout.folder / ".fazhi-spill" / "deep").mkdir(parents=True)
        sweep(layout)
    assert [path.name for path in layout.pages.iterdir()] == ["a.html"]
    assert layout.work.is_dir()
    assert not (layout.folder / ".fazhi-spill").exists()


def test_parts_are_pairs_of_files(layout: Layout) -> None:
    with locked(layout):
        parts = layout.work / "parts"
        for name in ("a.items.arrow", "a.terms.arrow", "b.items.arrow", "c.items.arrow", "c.terms.arrow"):
            (parts / name).touch()
        assert part_names(layout) == {"a", "c"}
        remove_unused_parts(layout, {"c"})
        assert part_names(layout) == {"c"}
        assert len(list(parts.iterdir())) == 2


def test_pages_that_are_not_used_go(layout: Layout) -> None:
    with locked(layout):
        for name in ("a.html", "b.html"):
            (layout.pages / name).touch()
        remove_unused_pages(layout, ["b.html"])
    assert [path.name for path in layout.pages.iterdir()] == ["b.html"]
