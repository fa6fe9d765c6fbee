from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fazhi_ml.archive.walk import Walk, file_stamp, path_text, readable_name
from fazhi_ml.errors import InputError, UnreadableFileError


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def paths(folder: Path, **options: Any) -> list[bytes]:
    return sorted(found.path for found in Walk(folder, **options))


def test_documents_are_found_at_any_depth(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b/c.HTML", "b/d/e.docx", "b/d/f.wps", "报告/二〇二二年.PDF")
    assert paths(tmp_path) == [
        b"a.txt",
        b"b/c.HTML",
        b"b/d/e.docx",
        b"b/d/f.wps",
        "报告/二〇二二年.PDF".encode(),
    ]


def test_a_name_without_an_ending_is_read(tmp_path: Path) -> None:
    make(tmp_path, "报告", "1.关于2022年法治政府建设情况的报告", "2022.法治")
    assert len(paths(tmp_path)) == 3


def test_other_files_are_counted_by_ending(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "b.zip", "c/d.ZIP", "e.xlsx")
    walk = Walk(tmp_path)
    assert [found.path for found in walk] == [b"a.txt"]
    assert walk.skipped == {".zip": 2, ".xlsx": 1}


def test_what_programs_leave_behind_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.docx", "~$a.docx", ".b.txt", ".git/c.txt", ".DS_Store", "Thumbs.db", "__MACOSX/._a.docx")
    walk = Walk(tmp_path)
    assert [found.path for found in walk] == [b"a.docx"]
    assert not walk.skipped


def test_a_saved_page_brings_no_documents_of_its_own(tmp_path: Path) -> None:
    make(tmp_path, "a.html", "a_files/frame.html", "B.HTM", "b.files/x.html", "own_files/c.txt")
    assert paths(tmp_path) == [b"B.HTM", b"a.html", b"own_files/c.txt"]


def test_the_output_is_no_part_of_the_archive(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "out/pages/b.html")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert paths(tmp_path, without=tmp_path / "out") == [b"a.txt"]


def test_outputs_of_other_runs_are_no_part_of_the_archive(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "copy/index.html", "copy/pages/b.html", "copy/.fazhi/manifest.sqlite", "other/c.txt")
    assert paths(tmp_path, without=tmp_path / "out") == [b"a.txt", b"other/c.txt"]


def test_loops_of_links_end_and_real_places_come_first(tmp_path: Path) -> None:
    make(tmp_path, "z/a.txt", "z/y/b.txt")
    (tmp_path / "a-link").symlink_to(tmp_path / "z")
    (tmp_path / "z/y/loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "z/self").symlink_to("self")
    assert paths(tmp_path) == [b"z/a.txt", b"z/self", b"z/y/b.txt"]


def test_a_linked_folder_is_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/a.txt", "elsewhere/below/b.txt")
    archive = tmp_path / "archive"
    archive.mkdir()
    for name in ("one", "two"):
        (archive / name).symlink_to(tmp_path / "elsewhere")
    assert paths(archive) == [b"one/a.txt", b"one/below/b.txt"]


def test_links_to_files_are_read(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    (tmp_path / "broken.txt").symlink_to("missing.txt")
    found = {entry.path: entry for entry in Walk(tmp_path)}
    assert found[b"b.txt"].stamp == found[b"a.txt"].stamp != ""
    assert found[b"broken.txt"] == (b"broken.txt", 0, "")


@pytest.mark.parametrize(
    ("name", "text", "readable"),
    [
        (b"\xb1\xa8\xb8\xe6.txt", "\\xb1\\xa8\\xb8\\xe6.txt", "报告.txt"),
        (b"a/\xff\xff.txt", "a/\\xff\\xff.txt", "a/\\xff\\xff.txt"),
        (rb"\xff.txt", r"\x5cxff.txt", r"\xff.txt"),
        (rb"\a.txt", r"\a.txt", r"\a.txt"),
        ("报告\u3000.txt".encode(), "报告\u3000.txt", "报告\u3000.txt"),
    ],
)
def test_names_in_other_encodings(tmp_path: Path, name: bytes, text: str, readable: str) -> None:
    path = tmp_path / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert paths(tmp_path) == [name]
    assert (path_text(name), readable_name(name)) == (text, readable)


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.txt", "closed/b.txt")
    scandir = os.scandir

    def guarded(path: bytes) -> Iterator[os.DirEntry[bytes]]:
        if path.rstrip(b"/").endswith(b"closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    walk = Walk(tmp_path)
    assert [found.path for found in walk] == [b"a.txt"]
    ((path, error),) = walk.problems
    assert path == b"closed/"
    assert isinstance(error, UnreadableFileError)
    assert error.cause == "the folder cannot be listed (Permission denied)"


@pytest.mark.parametrize("name", ["missing", "file"])
def test_an_archive_is_a_folder(tmp_path: Path, name: str) -> None:
    make(tmp_path, "file")
    with pytest.raises(InputError, match="the folder cannot be listed"):
        Walk(tmp_path / name)


def test_the_stamp_tells_a_change_of_the_same_size(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    before = file_stamp((tmp_path / "a.txt").stat())
    (tmp_path / "b.txt").write_bytes(b"y")
    (tmp_path / "b.txt").replace(tmp_path / "a.txt")
    assert file_stamp((tmp_path / "a.txt").stat()) != before


@pytest.mark.slow
def test_many_files_take_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    for number in range(100_000):
        if number % 1_000 == 0:
            folder = tmp_path / str(number)
            folder.mkdir()
        (folder / f"{number}.txt").touch()
    tracemalloc.start()
    assert sum(1 for _ in Walk(tmp_path)) == 100_000
    assert tracemalloc.get_traced_memory()[1] < 5 * 2**20
    tracemalloc.stop()
