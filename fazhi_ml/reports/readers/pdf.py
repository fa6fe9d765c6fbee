"""PDF documents."""

from __future__ import annotations

from fazhi_ml.errors import UnsupportedFormatError
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["PdfReader"]


class PdfReader:
    """PDF documents."""

    name = "pdf"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell by the content."""
        return b"%PDF-" in data[:1024]

    def extract(self, data: bytes) -> Extracted:
        """Extract the text."""
        raise UnsupportedFormatError("not read yet")
