"""Readers turn the bytes of a file into text; the registry picks one by content."""

from __future__ import annotations

from typing import Protocol

from fazhi_ml.errors import FazhiError, UnsupportedFormatError
from fazhi_ml.reports.readers.html import HtmlReader
from fazhi_ml.reports.readers.text import Extracted, TextReader

__all__ = ["READERS", "Extracted", "Reader", "extract"]


class Reader(Protocol):
    """Turns the bytes of one format into text.

    Attributes
    ----------
    name : str
        Kept in the report's provenance.
    """

    name: str

    def accepts(self, data: bytes, path_hint: str) -> bool:
        """Tell whether `data` is of this reader's format; `path_hint` may add what the content leaves open."""

    def extract(self, data: bytes) -> Extracted:
        """Extract the text, or raise a `ReportError`."""


READERS: tuple[Reader, ...] = (HtmlReader(), TextReader())
"""Tried in order; the first that accepts the content reads it."""

_BINARY_KINDS = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip container such as .docx or .xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document such as .doc"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def extract(data: bytes, name: str) -> tuple[str, Extracted]:
    """Extract text with the first reader that accepts the content.

    Returns
    -------
    reader : str
        Name of the reader.
    extracted : Extracted

    Raises
    ------
    UnsupportedFormatError
        No reader accepts it; the message names the kind found, or what was tried.
    ReportError, MissingExtraError
        As the reader raises them.
    """
    kind = next((kind for magic, kind in _BINARY_KINDS if data.startswith(magic)), None)
    if kind is None:
        for reader in READERS:
            if reader.accepts(data, name):
                try:
                    return reader.name, reader.extract(data)
                except FazhiError as error:
                    raise type(error)(
                        f"{error.cause} (read as {reader.name})", source=name, remedy=error.remedy
                    ) from error
        kind = f"binary (tried: {', '.join(reader.name for reader in READERS)})"
    raise UnsupportedFormatError(
        f"the content is {kind}, which cannot be read", source=name, remedy="Export it as .txt or .html first."
    )
