"""Word documents (.docx)."""

from __future__ import annotations

from fazhi_ml.errors import UnsupportedFormatError
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["DocxReader"]


class DocxReader:
    """Word documents (.docx)."""

    name = "docx"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell by the content."""
        return data.startswith(b"PK\x03\x04")

    def extract(self, data: bytes) -> Extracted:
        """Extract the text."""
        raise UnsupportedFormatError("not read yet")
