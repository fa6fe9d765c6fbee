from __future__ import annotations

import base64
import quopri

import pytest

from fazhi_ml.errors import DamagedFileError, EmptyReportError
from fazhi_ml.reports.readers.html.mhtml import MhtmlReader
from tests.reports.readers.html.web import CONTAINERS, paragraphs, report_lines, site_page

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")

HEADERS = (
    b"From: <Saved by Blink>\r\nSnapshot-Content-Location: http://example.org/\r\nSubject: =?utf-8?Q?=E6=B3=95?=\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----=_Part"\r\n\r\n'
)


def part(body: bytes, kind: str = "text/html", encoding: str = "binary") -> bytes:
    return b"------=_Part\r\nContent-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n" % (
        kind.encode(),
        encoding.encode(),
        body,
    )


def message(*parts: bytes) -> bytes:
    return HEADERS + b"".join(parts) + b"------=_Part--\r\n"


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "binary"])
def test_a_page_and_its_pictures(encoding: str, charset: str) -> None:
    title, lines = report_lines(3)
    html = site_page(title, paragraphs(lines), CONTAINERS["TRS"], charset=charset).encode(charset)
    body = {"quoted-printable": quopri.encodestring(html), "base64": base64.encodebytes(html), "binary": html}[encoding]
    data = message(part(body, encoding=encoding), part(b"iVBORw0KGgo=", "image/png", "base64"))
    reader = MhtmlReader()
    assert reader.accepts(data, "a.mht")
    extracted = reader.extract(data)
    assert extracted.text.split("\n") == lines
    assert (extracted.title, extracted.encoding) == (title, charset)


def test_the_text_may_be_in_a_frame_or_nested() -> None:
    title, lines = report_lines(3)
    page = part(site_page(title, paragraphs(lines), CONTAINERS["TRS"]).encode())
    shell = part(b"<html><body><iframe src=cid:1></iframe></body></html>")
    inner = part(
        b"--in\r\nContent-Type: text/html\r\n\r\n" + page.partition(b"\r\n\r\n")[2], "multipart/mixed; boundary=in"
    )
    for data in (message(shell, page), message(inner)):
        assert MhtmlReader().extract(data).text.split("\n") == lines


def test_messages_without_a_page() -> None:
    with pytest.raises(DamagedFileError):
        MhtmlReader().extract(message(part(b"x", "text/plain")))
    with pytest.raises(DamagedFileError):
        MhtmlReader().extract(message(part(b"A", encoding="base64")))
    with pytest.raises(EmptyReportError, match="frame"):
        MhtmlReader().extract(message(part(b"<html><body><iframe src=cid:1></iframe></body></html>")))


@pytest.mark.parametrize("data", [b"<html>", b"From: a\r\n\r\ntext", "标题：甲\nMIME-Version: 1".encode(), b""])
def test_other_text_is_not_accepted(data: bytes) -> None:
    assert not MhtmlReader().accepts(data, "a.mht")
