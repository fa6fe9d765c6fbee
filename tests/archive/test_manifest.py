from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fazhi_ml.archive.manifest import Failure, Manifest, Outcome, Tagged
from fazhi_ml.archive.walk import Found
from fazhi_ml.errors import OutputError

ROW = b'{"path": "a"}'


def tagged(
    path: bytes, *, stamp: str = "1", override: str = "", sha256: str = "aa", part: str = "p", batch: int = 0
) -> Outcome:
    return Outcome(path, stamp, override, sha256, Tagged(part, batch, ROW))


def failed(path: bytes, *, retry: bool = False) -> Outcome:
    return Outcome(path, "1", "", "bb", Failure("text", "DecodingError", "No text.", retry))


class Archive:
    """Runs one after the other on one manifest, with files that are given by path, stamp and override."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "manifest.sqlite"

    def run(self, *files: tuple[bytes, str, str], settings: str = "{}") -> Manifest:
        manifest = Manifest(self.path, settings)
        manifest.see((Found(path, 10, stamp), override) for path, stamp, override in files)
        manifest.adopt()
        manifest.forget_missing()
        manifest.find_pending()
        return manifest


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_all_is_pending_at_first_in_order_of_bytes(archive: Archive) -> None:
    manifest = archive.run((b"b/\xb1.txt", "1", ""), ("a/报告.txt".encode(), "1", ""), (b"a.txt", "1", ""))
    assert list(manifest.pending()) == [
        (b"a.txt", 10, None),
        ("a/报告.txt".encode(), 10, None),
        (b"b/\xb1.txt", 10, None),
    ]


def test_what_is_recorded_is_there_for_the_next_run(archive: Archive) -> None:
    files = ((b"a", "1", ""), (b"b", "1", ""), (b"c", "1", ""))
    manifest = archive.run(*files)
    manifest.record([tagged(b"c", part="q", batch=3), failed(b"b")])
    manifest.close()
    manifest = archive.run(*files)
    assert list(manifest.pending()) == [(b"a", 10, None)]
    assert list(manifest.tagged()) == [(b"c", Tagged("q", 3, ROW))]
    assert list(manifest.failures()) == [(b"b", Failure("text", "DecodingError", "No text.", False))]
    assert manifest.parts() == {"q"}


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ((b"a", "2", ""), "aa"),  # touched: its content may be the old one
        ((b"a", "1", "place=x"), None),  # the same content with other metadata gives other rows
        ((b"a", "2", "place=x"), None),
    ],
)
def test_a_change_makes_it_pending(archive: Archive, file: tuple[bytes, str, str], known: str | None) -> None:
    manifest = archive.run((b"a", "1", ""))
    manifest.record([tagged(b"a")])
    manifest.close()
    assert list(archive.run(file).pending()) == [(b"a", 10, known)]


@pytest.mark.parametrize("retry", [False, True])
def test_errors_are_retried_when_that_may_help(archive: Archive, *, retry: bool) -> None:
    manifest = archive.run((b"a", "1", ""))
    manifest.record([failed(b"a", retry=retry)])
    manifest.close()
    assert list(archive.run((b"a", "1", "")).pending()) == ([(b"a", 10, None)] if retry else [])


def test_the_same_content_keeps_its_rows_under_the_new_stamp(archive: Archive) -> None:
    manifest = archive.run((b"a", "1", ""))
    manifest.record([tagged(b"a")])
    digest = manifest.digest()
    manifest.record([Outcome(b"a", "2", "", "aa", None)])
    assert manifest.digest() == digest
    manifest.close()
    assert not list(archive.run((b"a", "2", "")).pending())


def test_files_that_are_gone_are_forgotten(archive: Archive) -> None:
    manifest = archive.run((b"a", "1", ""), (b"b", "1", ""))
    manifest.record([tagged(b"a"), tagged(b"b")])
    manifest.close()
    manifest = Manifest(archive.path, "{}")
    assert manifest.see([(Found(b"b", 1, "1"), "")]) == 1
    assert manifest.forget_missing() == 1
    assert [path for path, _ in manifest.tagged()] == [b"b"]


def test_other_settings_drop_all_results(archive: Archive) -> None:
    manifest = archive.run((b"a", "1", ""), settings='{"model": "x"}')
    assert manifest.former_settings is None
    manifest.record([tagged(b"a")])
    manifest.close()
    manifest = archive.run((b"a", "1", ""), settings='{"model": "y"}')
    assert manifest.former_settings == '{"model": "x"}'
    assert len(list(manifest.pending())) == 1
    manifest.close()
    assert archive.run((b"a", "1", ""), settings='{"model": "y"}').former_settings == '{"model": "y"}'


def test_results_of_other_settings_stay_until_they_are_given_up(archive: Archive) -> None:
    manifest = archive.run((b"a", "1", ""), settings="{}")
    manifest.record([tagged(b"a")])
    manifest.close()
    manifest = Manifest(archive.path, '{"model": "y"}')
    manifest.close()
    manifest = archive.run((b"a", "1", ""), settings="{}")
    assert [path for path, _ in manifest.tagged()] == [b"a"]


def test_results_for_none_of_the_files_are_of_other_documents(archive: Archive) -> None:
    manifest = archive.run((b"a", "1", ""))
    assert not manifest.is_of_other_documents()
    manifest.record([tagged(b"a")])
    assert not manifest.is_of_other_documents()
    manifest.close()
    manifest = Manifest(archive.path, "{}")
    manifest.see([(Found(b"b", 1, "1"), "")])
    assert manifest.is_of_other_documents()


def test_documents_may_be_forgotten_by_path_or_part(archive: Archive) -> None:
    manifest = archive.run()
    manifest.record([tagged(b"a"), tagged(b"b", part="q"), tagged(b"c", part="r")])
    manifest.forget(paths=[b"a"], parts=["q"])
    assert [path for path, _ in manifest.tagged()] == [b"c"]


def test_duplicates_are_documents_of_the_same_bytes(archive: Archive) -> None:
    manifest = archive.run()
    manifest.record([tagged(b"b"), tagged(b"a"), tagged(b"c", sha256="cc"), failed(b"d"), failed(b"e")])
    assert list(manifest.duplicates()) == [[b"a", b"b"]]


def test_the_digest_follows_the_results_alone(archive: Archive) -> None:
    manifest = archive.run()
    manifest.record([tagged(b"a"), failed(b"b")])
    before = manifest.digest()
    manifest.record([tagged(b"a", stamp="9", part="z", batch=7)])
    assert manifest.digest() == before
    manifest.record([tagged(b"a", override="place=x")])
    assert manifest.digest() != before


def test_a_batch_is_recorded_whole_or_not_at_all(archive: Archive) -> None:
    manifest = archive.run()
    with pytest.raises(TypeError):
        manifest.record([tagged(b"a"), None])  # type: ignore[list-item]
    assert not list(manifest.tagged())
    manifest.record([tagged(b"a")])
    assert len(list(manifest.tagged())) == 1


def test_recording_does_not_disturb_what_is_being_read(archive: Archive) -> None:
    names = [f"{number:03}".encode() for number in range(500)]
    manifest = archive.run(*((name, "1", "") for name in names))
    for pending in manifest.pending():
        manifest.record([tagged(pending.path)])
    assert [path for path, _ in manifest.tagged()] == names


@pytest.mark.parametrize("content", [b"no database at all, " * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_manifest_says_what_to_do(archive: Archive, content: bytes) -> None:
    archive.path.write_bytes(content)
    with pytest.raises(OutputError, match=r"damaged .* Delete the folder"):
        Manifest(archive.path, "{}")


def test_a_manifest_of_another_version_is_begun_anew(archive: Archive) -> None:
    database = sqlite3.connect(archive.path)
    database.executescript("CREATE TABLE documents (other); PRAGMA user_version = 99;")
    database.close()
    manifest = archive.run((b"a", "1", ""))
    manifest.record([tagged(b"a")])
    assert len(list(manifest.tagged())) == 1


def test_a_full_disk_says_what_to_do(archive: Archive) -> None:
    manifest = archive.run()
    # The limit is that of the connection; SQLite reports it as a full disk.
    manifest._database.execute("PRAGMA max_page_count = 6")
    with pytest.raises(OutputError, match=r"SQLITE_FULL.*run the same command again"):
        manifest.record([tagged(f"{number}".encode() * 500) for number in range(100)])
    assert not list(manifest.tagged())
