"""Pages that a browser or word processor saved whole in one file: .mht, .mhtml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from fazhi_ml.errors import DamagedFileError, ReportError
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["MhtmlReader"]

_HEAD = 8192
_HEADER = re.compile(rb"^[A-Za-z][A-Za-z-]{1,40}:", re.MULTILINE)
_MULTIPART = re.compile(rb"^content-type:\s{0,20}multipart/", re.IGNORECASE | re.MULTILINE)
_VERSION = re.compile(rb"^mime-version:", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEADERS = 64 * 1024
# Frames and advertisements come as pages of their own.
_MOST_PAGES = 1000
_MOST_FRAMES = 3
_MOST_PARTS = 10_000
_DEEPEST = 4


class _Part(NamedTuple):
    """A part of a MIME message: what its headers say, and its body as transferred."""

    kind: str
    charset: str | None
    boundary: str | None
    encoding: str
    body: bytes


class MhtmlReader:
    """Reads the pages of a MIME message; its pictures and styles are not decoded."""

    name = "mhtml"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell whether `data` begins with the headers of a MIME message of several parts."""
        head = data[:_HEAD].lstrip(b"\xef\xbb\xbf\r\n\t ")
        return bool(_HEADER.match(head) and _VERSION.search(head) and _MULTIPART.search(head))

    def extract(self, data: bytes) -> Extracted:
        """Return what `HtmlReader` makes of the page with the longest text: a frame's, where the text is in a frame.

        Raises
        ------
        DamagedFileError
            The message holds no page, or breaks off before it.
        ReportError, MissingExtraError
            As `HtmlReader`, of the first page, when no page can be read.
        """
        from fazhi_ml.reports.readers.html.reading import read_page

        found: Extracted | None = None
        failure: ReportError | None = None
        pages = list(islice(_pages(data), _MOST_PAGES))
        frames = sorted(pages[1:], key=lambda part: len(part.body), reverse=True)
        for part in (*pages[:1], *frames[:_MOST_FRAMES]):
            try:
                extracted = read_page(_decoded(part), part.charset)
            except ReportError as error:
                failure = failure or error
                continue
            if found is None or len(extracted.text) > len(found.text):
                found = extracted
        if found is None:
            raise failure or DamagedFileError(
                "it holds no page", remedy="Save the page again, as .mhtml or as .html, complete."
            )
        return found


def _pages(data: bytes) -> Iterator[_Part]:
    """Yield the parts that are HTML, in reading order."""
    waiting = [(_part(data), 0)]
    count = 0
    while waiting and count < _MOST_PARTS:
        part, depth = waiting.pop()
        count += 1
        if part.kind in {"text/html", "application/xhtml+xml"}:
            yield part
        elif part.kind.startswith("multipart/") and part.boundary and depth < _DEEPEST:
            pieces = part.body.split(b"--" + part.boundary.encode("utf-8", "surrogateescape"), _MOST_PARTS)[1:]
            # A closing delimiter is followed by two dashes.
            inner = [(_part(piece), depth + 1) for piece in pieces if not piece.startswith(b"--")]
            waiting.extend(reversed(inner))


def _part(data: bytes) -> _Part:
    from email.parser import BytesHeaderParser

    data = data.lstrip(b"\xef\xbb\xbf\r\n\t ")
    blank = _BLANK_LINE.search(data, 0, _LONGEST_HEADERS)
    headers = BytesHeaderParser().parsebytes(data[: blank.start()] if blank else b"")
    return _Part(
        headers.get_content_type(),
        headers.get_content_charset(),
        headers.get_boundary(),
        str(headers.get("content-transfer-encoding", "")).strip().lower(),
        data[blank.end() :] if blank else b"",
    )


def _decoded(part: _Part) -> bytes:
    import binascii

    if part.encoding == "quoted-printable":
        return binascii.a2b_qp(part.body)
    if part.encoding == "base64":
        try:
            return binascii.a2b_base64(part.body)
        except binascii.Error as error:
            raise DamagedFileError(
                "its page is encoded in broken base64", remedy="Save the page again, as .html, complete."
            ) from error
    return part.body
