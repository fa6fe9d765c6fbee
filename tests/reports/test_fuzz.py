"""Whatever the bytes: a report or a `ReportError`, in bounded time and memory, and nothing touched on the way."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from fazhi_ml.errors import DamagedFileError
from fazhi_ml.reports.read import read_bytes
from tests.reports.fuzzing import SUFFIXES, fuzz, read_hostile
from tests.reports.mutations import MUTATORS, mutate
from tests.reports.seeds import has_office, hostile, pack, paragraph, seeds

READERS = ("text", "html", "docx", "pdf")
FORBIDDEN = "此处文字不得读出"


@pytest.mark.parametrize("reader", READERS)
def test_mutants(reader: str) -> None:
    summary = fuzz(reader, seeds(reader), 150)
    assert not summary.failures, summary
    assert summary.outcomes.total() == 150


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_many_mutants(reader: str) -> None:
    summary = fuzz(reader, seeds(reader), 2000, first=1_000_000)
    assert not summary.failures, summary
    assert summary.outcomes.total() == 2000


@pytest.mark.slow
def test_mutants_of_old_word_files() -> None:
    if not has_office():
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail("FAZHI_REQUIRE_TOOLS=1, and there is no soffice on PATH")
        pytest.skip("LibreOffice is not installed")
    summary = fuzz("doc", seeds("doc"), 20)
    assert not summary.failures, summary
    assert summary.outcomes.total() == 20


@pytest.mark.parametrize("reader", READERS)
def test_hostile_files(reader: str) -> None:
    files = hostile(reader)
    summary = read_hostile(reader, files)
    assert not summary.failures, summary
    assert summary.outcomes.total() == len(files)


@pytest.mark.parametrize("reader", READERS)
def test_seeds_are_good(reader: str) -> None:
    """Mutants of files that cannot be read would test nothing."""
    for seed in seeds(reader):
        assert read_bytes(seed, name=f"seed.{SUFFIXES[reader]}").paragraphs


@pytest.mark.parametrize("reader", READERS)
def test_mutants_are_repeatable_and_differ(reader: str) -> None:
    files = [b"<p>1 0 obj</p>" * 20, seeds("docx")[0]]
    mutants = [mutate(MUTATORS[reader], files, number) for number in range(20)]
    assert mutants == [mutate(MUTATORS[reader], files, number) for number in range(20)]
    assert len(set(mutants)) > 10


class Listener:
    """A server on this machine that only counts who calls."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.dtd"
        self.calls = 0
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/styles.xml", "word/numbering.xml", "word/_rels/document.xml.rels"]
)
def test_no_external_entity_of_a_word_document_is_read(part: str, tmp_path: Path, listener: Listener) -> None:
    document = pack(paragraph("甲"), parts={part: _with_entities(_part(part), tmp_path, listener)})
    _check_nothing_was_read(document, "a.docx", listener)


def test_no_external_entity_of_a_page_is_read(tmp_path: Path, listener: Listener) -> None:
    links = f'<link rel="stylesheet" href="{listener.url}"><img src="{listener.url}">'
    page = f"<html><body>{links}<p>甲乙丙&file;</p></body></html>"
    _check_nothing_was_read(_with_entities(page, tmp_path, listener).encode(), "a.html", listener)


def _part(name: str) -> str:
    """Return a part of a good document, the entity in its text."""
    with ZipFile(BytesIO(pack(paragraph("甲（实体）")))) as archive:
        return archive.read(name).decode().replace("（实体）", "&file;")


def _with_entities(xml: str, folder: Path, listener: Listener) -> str:
    secret = folder / "secret.txt"
    secret.write_text(FORBIDDEN, encoding="utf-8")
    doctype = (
        f'<!DOCTYPE x SYSTEM "{listener.url}" [<!ENTITY file SYSTEM "{secret.as_uri()}">'
        f'<!ENTITY % remote SYSTEM "{listener.url}"> %remote; <!ENTITY far SYSTEM "{listener.url}">]>'
    )
    declaration, found, rest = xml.partition("?>")
    return f"{declaration}?>{doctype}{rest}" if found else doctype + xml


def _check_nothing_was_read(data: bytes, name: str, listener: Listener) -> None:
    try:
        text = read_bytes(data, name=name).text
    except DamagedFileError as error:
        text = str(error)
    assert FORBIDDEN not in text
    assert listener.calls == 0
