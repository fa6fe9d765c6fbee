"""Readers turn the bytes of a file into text; the registry picks one by content."""

from __future__ import annotations

from typing import Protocol

from fazhi_ml.errors import FazhiError, UnsupportedFormatError
from fazhi_ml.reports.readers.docx import DocxReader
from fazhi_ml.reports.readers.extracted import Extracted
from fazhi_ml.reports.readers.html import HtmlReader, MhtmlReader
from fazhi_ml.reports.readers.office import OfficeReader
from fazhi_ml.reports.readers.pdf import PdfReader
from fazhi_ml.reports.readers.text import TextReader

__all__ = ["READERS", "Reader", "extract"]


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


READERS: tuple[Reader, ...] = (DocxReader(), PdfReader(), OfficeReader(), MhtmlReader(), HtmlReader(), TextReader())
"""Tried in order; the first that accepts the content reads it. Names of files do not count where the content tells."""

# Magic numbers of what no reader accepts, so that the error can name it.
_FOREIGN_KINDS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
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
    kind = next((kind for magic, kind in _FOREIGN_KINDS if data.startswith(magic)), None)
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
        f"the content is {kind}, which cannot be read", source=name, remedy="Export it as .docx, .html or .txt first."
    )
