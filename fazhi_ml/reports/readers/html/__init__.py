"""Web pages: saved as HTML, or whole in one file (.mht)."""

from fazhi_ml.reports.readers.html.mhtml import MhtmlReader
from fazhi_ml.reports.readers.html.reader import HtmlReader

__all__ = ["HtmlReader", "MhtmlReader"]
