"""PDF documents, read by PDFium in a process of their own."""

from __future__ import annotations

import sys
from pathlib import Path

from fazhi_ml import errors
from fazhi_ml.errors import DamagedFileError, MissingExtraError, ReaderLimitError, ReportError
from fazhi_ml.reports.readers.extracted import Extracted
from fazhi_ml.reports.readers.limited import OutOfTimeError, run_limited

__all__ = ["PdfReader"]

_SECONDS = 60.0
_HEAD = 1024
_MAGIC = b"%PDF-"
# The child gets this process's module search path, without its working directory.
_CHILD = "import sys; sys.path[:] = sys.argv[1:]; from fazhi_ml.reports.pdf import worker; worker.main()"
_ROOT = str(Path(__file__).parents[3])


class PdfReader:
    """Reads the text layer of PDF documents, laid out as paragraphs.

    PDFium is not thread-safe, and written in C++: every document is read in a process of its own with limits to its
    time, memory and files.

    Parameters
    ----------
    seconds : float
        Time limit for a document; a report of ten pages takes a fraction of a second.
    """

    name = "pdf"

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.seconds = seconds

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell whether a PDF header stands within the first kilobyte, as PDF readers allow, and no page of HTML."""
        before, magic, _ = data[:_HEAD].partition(_MAGIC)
        return bool(magic) and not before.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def extract(self, data: bytes) -> Extracted:
        """Return the text, one line a paragraph, without page numbers and running headers.

        Raises
        ------
        MissingExtraError
            pypdfium2 is not installed.
        EncryptedFileError, ScannedFileError, DamagedFileError, EmptyReportError, DecodingError, ReportTooLargeError
            As `worker.read_pdf`; also when PDFium crashes on the document.
        ReaderLimitError
            It takes longer than `seconds`, or more memory than `worker.MAX_MEMORY`.
        """
        from importlib.util import find_spec

        if find_spec("pypdfium2") is None:
            raise MissingExtraError(
                "reading PDF needs pypdfium2", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
            )
        path = [entry for entry in sys.path if entry]
        try:
            code, output = run_limited(
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", _CHILD, *path, _ROOT], seconds=self.seconds, data=data
            )
        except OutOfTimeError:
            raise ReaderLimitError(
                f"reading it takes more than {self.seconds:g} s", remedy="Print it to a new PDF, or save it as .docx."
            ) from None
        answer = _understood(output) if code == 0 else None
        if answer is None:
            raise DamagedFileError(
                f"its reader crashes on it (exit code {code})", remedy="Print it to a new PDF, or save it as .docx."
            )
        if isinstance(answer, ReportError):
            raise answer
        return answer


def _understood(output: bytes) -> Extracted | ReportError | None:
    """Return what the process answers, or None for anything that `worker.main` does not write.

    A document that takes the process over writes what it likes.
    """
    import json

    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        return None
    match answer:
        case {"text": str(text), "notes": list(notes)} if all(isinstance(note, str) for note in notes):
            return Extracted(text, None, notes=tuple(notes))
        case {"error": str(name), "cause": str(cause), "remedy": str(remedy)}:
            kind = getattr(errors, name, None)
            if isinstance(kind, type) and issubclass(kind, ReportError):
                return kind(cause, remedy=remedy)
    return None
