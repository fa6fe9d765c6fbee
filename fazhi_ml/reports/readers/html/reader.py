"""Saved web pages."""

from __future__ import annotations

from fazhi_ml.reports.readers.extracted import Extracted
from fazhi_ml.reports.readers.html.sniff import head_of, is_page, is_xml

__all__ = ["HtmlReader"]


class HtmlReader:
    """Reads HTML; nothing is fetched, no entity is expanded beyond HTML's own, scripts and forms are left out."""

    name = "html"

    def accepts(self, data: bytes, path_hint: str) -> bool:
        """Tell whether `data` begins like a web page or XML, or is called a page and holds tags."""
        return is_page(data, path_hint) or is_xml(head_of(data))

    def extract(self, data: bytes) -> Extracted:
        """Return the article's text, one line a paragraph or ``<br>``, its title, and the headings it marks.

        Raises
        ------
        UnsupportedFormatError
            The content is XML but no page, or the page is an error message.
        EmptyReportError
            The text is in a frame, behind a redirect, or put in by a script.
        ReaderLimitError, ReportTooLargeError
            The page is larger than any report.
        DamagedFileError, MissingExtraError
        """
        # Imported here: most reports are text, and their start should not wait for this.
        from fazhi_ml.reports.readers.html.reading import read_page

        return read_page(data)
