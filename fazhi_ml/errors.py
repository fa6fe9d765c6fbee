"""The one exception tree of fazhi_ml.

Every message names the file (or argument) at fault, the cause and the remedy, and never echoes document text.
"""

from __future__ import annotations

import os

__all__ = [
    "BundleError",
    "CodebookError",
    "ConfigError",
    "CorpusError",
    "DamagedFileError",
    "DecodingError",
    "EmptyReportError",
    "EncryptedFileError",
    "FazhiError",
    "InputError",
    "MissingExtraError",
    "MissingProgramError",
    "OutputError",
    "ReaderLimitError",
    "ReportError",
    "ReportTooLargeError",
    "ScannedFileError",
    "TrackingError",
    "UnreadableFileError",
    "UnsupportedFormatError",
]


class FazhiError(Exception):
    """Root of every error that fazhi_ml raises on purpose.

    Parameters
    ----------
    cause : str
        What is wrong, without document text.
    source : str or path, optional
        The file, folder or argument at fault.
    line : int, optional
        1-based line within `source`.
    remedy : str, optional
        What the user can do about it, as a sentence.
    """

    def __init__(
        self,
        cause: str,
        *,
        source: str | os.PathLike[str] | None = None,
        line: int | None = None,
        remedy: str | None = None,
    ) -> None:
        self.cause = cause
        self.source = None if source is None else printable(os.fspath(source))
        self.line = line
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        where = self.source or ""
        if self.line is not None:
            where = f"{where}:{self.line}"
        message = f"{where}: {self.cause}" if where else self.cause
        return f"{message.rstrip('.')}. {self.remedy}" if self.remedy else message

    def __reduce__(self) -> tuple[object, ...]:
        # The default pickling of exceptions loses keyword-only arguments, and errors cross processes in batch work.
        return (_rebuild, (type(self), self.cause, self.source, self.line, self.remedy))


def _rebuild(
    kind: type[FazhiError], cause: str, source: str | None, line: int | None, remedy: str | None
) -> FazhiError:
    return kind(cause, source=source, line=line, remedy=remedy)


def printable(name: str) -> str:
    """Make a file name safe to print: undecodable bytes and control characters become escapes."""
    safe = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in safe)


class ReportError(FazhiError):
    """A document could not be read as a report."""


class UnreadableFileError(ReportError):
    """The file is missing, a folder, or may not be opened."""


class EmptyReportError(ReportError):
    """The document holds no text."""


class DecodingError(ReportError):
    """The bytes are not text in any supported encoding."""


class UnsupportedFormatError(ReportError):
    """The content is of a kind that no reader accepts."""


class ReportTooLargeError(ReportError):
    """The document is larger than the reader's limit."""


class DamagedFileError(ReportError):
    """The file claims a format whose rules it breaks."""


class EncryptedFileError(ReportError):
    """The document is locked with a password."""


class ScannedFileError(ReportError):
    """The document holds pictures of pages and no text."""


class ReaderLimitError(ReportError):
    """Reading the document took more time or memory than allowed."""


class MissingProgramError(ReportError):
    """The format is read by a program that is not installed."""


class CodebookError(FazhiError):
    """A codebook is malformed."""


class CorpusError(FazhiError):
    """Labelled data are malformed or do not fit the codebook."""


class ConfigError(FazhiError):
    """A training configuration is malformed."""


class BundleError(FazhiError):
    """A model bundle is missing, damaged or of an unknown version."""


class TrackingError(FazhiError):
    """The MLflow store cannot be used."""


class OutputError(FazhiError):
    """A result cannot be written."""


class InputError(FazhiError, ValueError):
    """An argument of a Python call has the wrong type or shape."""


class MissingExtraError(FazhiError, ImportError):
    """An optional dependency is not installed."""
