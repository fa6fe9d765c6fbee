"""Old Word documents (.doc, .rtf), through LibreOffice."""

from __future__ import annotations

from fazhi_ml.errors import UnsupportedFormatError
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["OfficeReader"]


class OfficeReader:
    """Old Word documents (.doc, .rtf), through LibreOffice."""

    name = "doc"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell by the content."""
        return data.startswith((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"))

    def extract(self, data: bytes) -> Extracted:
        """Extract the text."""
        raise UnsupportedFormatError("not read yet")
