from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fazhi_ml.errors import (
    EmptyReportError,
    InputError,
    ReportError,
    ReportTooLargeError,
    UnreadableFileError,
)
from fazhi_ml.reports import read as module
from fazhi_ml.reports.document import Provenance, Span
from fazhi_ml.reports.read import parse_report, read_bytes, read_report
from tests.reports.invariants import check_report

TEXT = "莲泾县2022年法治政府建设年度报告\r\n\u3000\u3000一、工作情况\r\n\u200b全县推进依法行政，取得成效。\r\n"


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "报告.txt"
    data = b"\xef\xbb\xbf" + TEXT.encode()
    path.write_bytes(data)
    report = read_report(path)
    check_report(report)
    assert report.text == TEXT
    assert report.provenance == Provenance(str(path), hashlib.sha256(data).hexdigest(), "text", "utf-8-sig")
    assert report.title == "莲泾县2022年法治政府建设年度报告"
    assert report.metadata.place == "莲泾县"
    assert report.chrome == (Span(0, len(report.title)),)
    assert report.notes == ()


def test_every_encoding_gives_the_same_report() -> None:
    reports = [
        read_bytes(TEXT.encode(encoding), name="a.txt") for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030")
    ]
    assert {report.text for report in reports} == {TEXT}
    assert len({report.paragraphs for report in reports}) == 1


def test_strings_need_no_file() -> None:
    report = parse_report("全县推进依法行政。\ud800\0", title="标题")
    check_report(report)
    assert report.title == "标题"
    assert report.provenance.path is None
    assert len(report.provenance.sha256) == 64


def test_a_text_that_is_no_report_is_read_and_says_so() -> None:
    report = parse_report("今天天气很好，我们去公园散步。\n大家都很高兴，玩到天黑才回家。")
    assert len(report.paragraphs) == 2
    assert report.notes[0] == "does not look like a rule-of-law report"
    assert report.metadata.year is None


def test_chrome_alone_has_no_body() -> None:
    assert "has no body text" in parse_report("打印 关闭\n法治政府建设 来源：县政府").notes


@pytest.mark.parametrize("text", ["", " \n\u3000\n", "\u200b\ufeff\0"])
def test_nothing_to_read(text: str) -> None:
    with pytest.raises(EmptyReportError):
        parse_report(text)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file") as caught:
        read_report(tmp_path / "nowhere.txt")
    assert caught.value.source == str(tmp_path / "nowhere.txt")
    assert caught.value.remedy


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="folder"):
        read_report(tmp_path)


def test_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match="regular"):
        read_report(tmp_path / "pipe")


def test_reading_text_imports_no_document_library(tmp_path: Path) -> None:
    path = tmp_path / "报告.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    script = (
        "import sys; from fazhi_ml.reports.read import read_report; read_report(sys.argv[1]); "
        "print(*sorted({'lxml', 'trafilatura', 'numpy', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_malformed_path() -> None:
    with pytest.raises(UnreadableFileError):
        read_report("a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.touch(mode=0)
    with pytest.raises(UnreadableFileError, match="Permission"):
        read_report(path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.touch()
    with pytest.raises(EmptyReportError) as caught:
        read_report(path)
    assert caught.value.source == str(path)


def test_too_large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    path = tmp_path / "large.txt"
    path.write_bytes(b"a" * 11)
    with pytest.raises(ReportTooLargeError):
        read_report(path)


@pytest.mark.parametrize("wrong", [None, 3, b"bytes"])
def test_wrong_types(wrong: object) -> None:
    with pytest.raises(InputError):
        read_report(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        parse_report(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 SECRET",
        b"PK\x03\x04 SECRET",
        b"\x89PNG SECRET",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 SECRET",
        b"SECRET \x81",
        b"<html><title>404 Not Found SECRET</title><p>SECRET</p></html>",
    ],
)
def test_errors_never_echo_the_document(data: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read_bytes(data, name="a.pdf")
    assert "SECRET" not in str(caught.value)


HOSTILE = {
    "one line of 5 MB": "依法行政" * 420_000,
    "100,000 lines": "\n".join(f"（{'一二三四五六七八九'[i % 9]}）加强领导\n推进工作。" for i in range(50_000)),
    "quotation marks": "“" * 500_000,
    "enumerators": "一是，" * 200_000,
    "gaps": "。" + ("一是" + " " * 50) * 20_000,
    "1.": "1." * 500_000,
    "1、": "1、" * 500_000,
    "一、": "一、" * 500_000,
    "brackets": "（" * 500_000,
    "NUL": "\0依" * 500_000,
    "breadcrumbs": (">" * 190 + "\n") * 5_000,
    "labels": ("来源" * 60 + "\n") * 5_000,
    "commas": "一，\n" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_large_and_hostile_texts(text: str) -> None:
    report = parse_report(text)
    assert report.text == text
    assert report.paragraphs
