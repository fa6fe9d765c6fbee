"""Word documents (.docx)."""

from fazhi_ml.reports.readers.docx.reader import DocxReader

__all__ = ["DocxReader"]
