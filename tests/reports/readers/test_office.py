from __future__ import annotations

import http.server
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fazhi_ml.errors import (
    DamagedFileError,
    EncryptedFileError,
    MissingProgramError,
    ReaderLimitError,
    ReportError,
    UnsupportedFormatError,
)
from fazhi_ml.reports.read import read_bytes
from fazhi_ml.reports.readers import office
from fazhi_ml.reports.readers.office import OfficeReader

SECTOR = 512
PICTURES: list[str] = []


def ole(*names: str, flags: int = 0) -> bytes:
    """A file in Microsoft's container format, as far as its directory goes: entries, then the stream of each."""
    header = bytearray(SECTOR)
    header[:8] = office._OLE
    header[30:32] = (9).to_bytes(2, "little")
    directory = bytearray()
    for number, name in enumerate(("Root Entry", *names)):
        entry = bytearray(128)
        encoded = name.encode("utf-16-le") + b"\0\0"
        entry[: len(encoded)] = encoded
        entry[64:66] = len(encoded).to_bytes(2, "little")
        entry[116:120] = (number + 8).to_bytes(4, "little")
        directory += entry
    stream = bytearray(SECTOR)
    stream[:2] = (0xA5EC).to_bytes(2, "little")
    stream[10:12] = flags.to_bytes(2, "little")
    return bytes(header + directory.ljust(8 * SECTOR, b"\0") + bytes(stream) * (len(names) + 1))


def rtf(*lines: str) -> bytes:
    paragraphs = "".join("".join(f"\\u{ord(char)}?" for char in line) + "\\par\n" for line in lines)
    return f"{{\\rtf1\\ansi\\uc1\n{paragraphs}}}".encode()


def program(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in the place of LibreOffice."""
    path = folder / "soffice"
    path.write_text(f"#!{sys.executable}\nimport sys, os, pathlib, time\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder for temporary files, to see what is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def soffice() -> str:
    found = shutil.which("soffice")
    if found is None:
        if os.environ.get("FAZHI_REQUIRE_TOOLS") == "1":
            pytest.fail("FAZHI_REQUIRE_TOOLS=1, and there is no soffice on PATH")
        pytest.skip("LibreOffice is not installed")
    return found


@pytest.fixture
def site() -> Iterator[str]:
    """A web site on this machine, and in `PICTURES` what was asked of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            PICTURES.append("asked")

    PICTURES.clear()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_accepts_by_content() -> None:
    reader = OfficeReader()
    assert reader.accepts(ole("WordDocument"), "report.docx")
    assert reader.accepts(b"{\\rtf1 x}", "report.doc")
    assert not reader.accepts(b"<html>", "report.doc")
    assert not reader.accepts(b"PK\x03\x04", "report.doc")


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        (ole("Workbook"), UnsupportedFormatError, "an Excel workbook"),
        (ole("Book"), UnsupportedFormatError, "an Excel workbook"),
        (ole("PowerPoint Document"), UnsupportedFormatError, "a PowerPoint presentation"),
        (ole("__nameid_version1.0"), UnsupportedFormatError, "an Outlook message"),
        (ole("CONTENTS"), UnsupportedFormatError, "no Word document"),
        (ole() + "WordDocument".encode("utf-16-le") * 3, UnsupportedFormatError, "no Word document"),
        (ole("WordDocument")[:SECTOR], DamagedFileError, "the end of the document is missing"),
        (ole("EncryptionInfo", "EncryptedPackage"), EncryptedFileError, "password"),
        (ole("WordDocument", flags=0x0100), EncryptedFileError, "password"),
    ],
)
def test_refuses_without_a_conversion(data: bytes, error: type[ReportError], match: str) -> None:
    with pytest.raises(error, match=match):
        OfficeReader().extract(data)


def test_a_word_document_with_a_table_in_it_is_one() -> None:
    office._check_ole(ole("WordDocument", "Workbook"))


def test_without_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", {}.get)
    with pytest.raises(MissingProgramError, match=r"apt-get install libreoffice-writer.*\.docx"):
        OfficeReader().extract(rtf("正文"))


@pytest.mark.skipif(os.name != "posix", reason="the program is a script")
class TestConversion:
    def test_nothing_is_left_of_it(self, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        note = tmp_path / "note"
        body = f"open({str(note)!r}, 'w').write(os.getcwd() + '\\n' + os.environ['HOME'] + '\\n' + sys.argv[-1])"
        program(tmp_path, body, monkeypatch)
        with pytest.raises(DamagedFileError, match="LibreOffice cannot read it"):
            OfficeReader().extract(rtf("正文"))
        _, home, source = note.read_text().splitlines()
        assert Path(home).parent == temporary
        assert Path(source).suffix == ".rtf"
        assert list(temporary.iterdir()) == []

    def test_it_takes_too_long(self, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, "time.sleep(60)", monkeypatch)
        with pytest.raises(ReaderLimitError, match=r"more than 1\.5 s"):
            OfficeReader(seconds=1.5).extract(rtf("正文"))
        assert list(temporary.iterdir()) == []

    def test_its_profile_forbids_macros_and_links(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        note = tmp_path / "note"
        body = (
            "profile = next(a for a in sys.argv if a.startswith('-env:UserInstallation=file://')).partition('://')[2]\n"
            f"text = pathlib.Path(profile, 'user', 'registrymodifications.xcu').read_text()\n"
            f"open({str(note)!r}, 'w').write(text)"
        )
        program(tmp_path, body, monkeypatch)
        with pytest.raises(DamagedFileError):
            OfficeReader().extract(rtf("正文"))
        settings = note.read_text()
        assert '"DisableMacrosExecution" oor:op="fuse"><value>true<' in settings
        assert '"ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1<' in settings


LINES = ("一、加强组织领导", "2023年，全县深入贯彻落实习近平法治思想。", "二、存在的问题", "执法力量不足。")


@pytest.mark.slow
@pytest.mark.usefixtures("soffice")
def test_reads_rtf_and_doc(temporary: Path, tmp_path: Path) -> None:
    source = tmp_path / "report.rtf"
    source.write_bytes(rtf(*LINES))
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--convert-to",
            "doc:MS Word 97",
            "--outdir",
            str(tmp_path),
            str(source),
        ],
        check=True,
        capture_output=True,
    )
    for data in (source.read_bytes(), (tmp_path / "report.doc").read_bytes()):
        report = read_bytes(data, name="report.wps")
        assert report.provenance.reader == "doc"
        assert report.text.split() == list(LINES)
        assert [heading.text for heading in report.headings] == [LINES[0], LINES[2]]
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("soffice")
def test_fetches_nothing(site: str, tmp_path: Path) -> None:
    page = tmp_path / "linked.html"
    page.write_text(f'<html><body><p>正文</p><img src="{site}/picture.png"></body></html>', encoding="utf-8")
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--infilter=HTML (StarWriter)",
            "--convert-to",
            "doc:MS Word 97",
            "--outdir",
            str(tmp_path),
            str(page),
        ],
        check=True,
        capture_output=True,
    )
    # With its own settings, LibreOffice does ask.
    assert PICTURES
    PICTURES.clear()
    data = (tmp_path / "linked.doc").read_bytes()
    assert site.encode() in data or site.encode("utf-16-le") in data
    OfficeReader().extract(data)
    assert PICTURES == []


@pytest.mark.slow
@pytest.mark.usefixtures("soffice")
def test_what_libreoffice_cannot_read(temporary: Path) -> None:
    for data in (ole("WordDocument"), rtf("正文")[:-20] + b"\\bin99999 "):
        with pytest.raises(DamagedFileError, match="LibreOffice cannot read it"):
            OfficeReader().extract(data)
    assert list(temporary.iterdir()) == []
