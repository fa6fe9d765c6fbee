from __future__ import annotations

import pytest

from fazhi_ml.errors import DecodingError, UnsupportedFormatError
from fazhi_ml.reports.readers import extract


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"Rar!\x1a\x07", "RAR"),
        (bytes(range(32)) * 10, "tried: docx, pdf, doc, mhtml, html, text"),
    ],
)
def test_unsupported_kinds_are_named(data: bytes, kind: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=kind) as caught:
        extract(data, "report.txt")
    assert caught.value.source == "report.txt"
    assert caught.value.remedy
    assert ".txt" in caught.value.remedy


def test_content_decides_not_the_name() -> None:
    assert extract("<!DOCTYPE html><p>依法行政</p>".encode(), "report.txt")[0] == "html"
    assert extract("依法行政".encode(), "report.html")[0] == "text"


def test_a_failing_reader_is_named_with_the_file() -> None:
    with pytest.raises(DecodingError, match="read as text") as caught:
        extract(b"\x81", "report.txt")
    assert caught.value.source == "report.txt"
