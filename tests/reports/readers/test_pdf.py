from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fazhi_ml.errors import DamagedFileError, EncryptedFileError, MissingExtraError, ReaderLimitError
from fazhi_ml.reports.read import read_bytes
from fazhi_ml.reports.readers import pdf
from fazhi_ml.reports.readers.pdf import PdfReader
from tests.reports.pdf.files import Page, build, column

pytest.importorskip("pypdfium2")

PAGE = Page(column(["\u3000\u3000一、加强组织领导", "\u3000\u3000推进法治政府建设。", "\u3000\u3000二、其他"]))


@pytest.mark.parametrize(
    ("data", "accepted"),
    [
        (b"%PDF-1.7\n", True),
        (b"\xef\xbb\xbf\r\n%PDF-1.7\n", True),
        (b"\0" * 1000 + b"%PDF-1.7\n", True),
        (b"\0" * 1024 + b"%PDF-1.7\n", False),
        (b"<!DOCTYPE html><p>%PDF-1.7", False),
        (b"\n <html>%PDF-", False),
        (b"report", False),
    ],
)
def test_accepts_by_content(data: bytes, accepted: bool) -> None:
    assert PdfReader().accepts(data, "report.pdf") is accepted


def test_reads_through_the_registry() -> None:
    report = read_bytes(build([PAGE]), name="report.txt")
    assert report.provenance.reader == "pdf"
    assert [heading.text for heading in report.headings] == ["一、加强组织领导", "二、其他"]
    assert [paragraph.text for paragraph in report.paragraphs] == ["推进法治政府建设。"]


def test_notes_reach_the_report() -> None:
    report = read_bytes(build([PAGE, Page(picture=True)]), name="report.pdf")
    assert "page 2 without text (scanned?)" in report.notes


def test_errors_of_the_process_become_those_of_the_reader() -> None:
    with pytest.raises(EncryptedFileError, match=r"^locked\.pdf: the PDF opens with a password only \(read as pdf\)"):
        read_bytes(build([PAGE], locked=True), name="locked.pdf")


def test_a_process_that_takes_too_long() -> None:
    with pytest.raises(ReaderLimitError, match=r"more than 0\.001 s"):
        PdfReader(seconds=0.001).extract(build([PAGE]))


@pytest.mark.parametrize(
    "code", ["import os; os.abort()", "import os; os.kill(os.getpid(), 11)", "raise RuntimeError", "print('{')"]
)
def test_a_process_that_crashes(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_CHILD", code)
    with pytest.raises(DamagedFileError, match="crashes"):
        PdfReader().extract(build([PAGE]))


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "text",
        {},
        {"text": "text"},
        {"text": 1, "notes": []},
        {"text": "text", "notes": "notes"},
        {"text": "text", "notes": [None]},
        {"error": "EncryptedFileError", "cause": "cause"},
        {"error": "EncryptedFileError", "cause": ["cause"], "remedy": "Remedy."},
        {"error": "ConfigError", "cause": "cause", "remedy": "Remedy."},
        {"error": "printable", "cause": "cause", "remedy": "Remedy."},
        {"error": "os", "cause": "cause", "remedy": "Remedy."},
    ],
)
def test_answers_that_the_process_cannot_mean(answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_CHILD", f"print({json.dumps(answer)!r})")
    with pytest.raises(DamagedFileError, match="crashes"):
        PdfReader().extract(build([PAGE]))


def test_an_answer_without_end() -> None:
    assert pdf._understood(b"[" * 1_000_000) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.parametrize(
    "attempt",
    [
        "open({path!r}, 'w')",
        "open('/etc/passwd')",
        "__import__('_socket').socket()",
    ],
)
def test_the_process_reaches_no_file_and_no_network(attempt: str, tmp_path: Path) -> None:
    code = f"from fazhi_ml.reports.pdf import worker; import _socket; worker._limit(); {attempt}"
    done = subprocess.run(
        [sys.executable, "-c", code.format(path=str(tmp_path / "x"))], capture_output=True, check=False
    )
    assert b"Too many open files" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
def test_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    child = "; ".join(
        (
            "import sys",
            "sys.path[:] = sys.argv[1:]",
            "from fazhi_ml.reports.pdf import worker",
            "worker.read_pdf = lambda data: (bytearray(2**30), [])",
            "worker.main()",
        )
    )
    monkeypatch.setattr(pdf, "_CHILD", child)
    with pytest.raises(ReaderLimitError, match="900 MiB"):
        PdfReader().extract(build([PAGE]))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", {}.get)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[documents\]"):
        PdfReader().extract(build([PAGE]))


def test_the_working_directory_is_not_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unicodedata.py").write_text("raise SystemExit(7)", encoding="utf-8")
    (tmp_path / "pypdfium2.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "加强组织领导" in PdfReader().extract(build([PAGE])).text
