"""File → Report."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from fazhi_ml.errors import EmptyReportError, InputError, ReportTooLargeError, UnreadableFileError
from fazhi_ml.reports.document import Provenance, Report, Span
from fazhi_ml.reports.limits import MAX_BYTES
from fazhi_ml.reports.lines import read_page
from fazhi_ml.reports.metadata import read_metadata
from fazhi_ml.reports.outline import read_outline
from fazhi_ml.reports.readers import extract
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["parse_report", "read_bytes", "read_report"]

_TOPICS = ("法治", "依法行政", "依法治", "依法履", "行政执法", "法制")


def read_report(path: str | os.PathLike[str]) -> Report:
    """Read a report from a file.

    Parameters
    ----------
    path : str or path
        A text, HTML, Word or PDF file of at most `MAX_BYTES`.

    Returns
    -------
    Report

    Raises
    ------
    UnreadableFileError
        The file is missing, no regular file, or may not be opened.
    ReportTooLargeError
        The file is larger than `MAX_BYTES`, or has more than `MAX_PARTS` lines or items.
    EmptyReportError
        The file holds no text.
    UnsupportedFormatError, DecodingError
        No reader accepts the content; or it is no text in a supported encoding.
    MissingExtraError
        The format needs ``fazhi-ml[documents]``.
    InputError
        `path` is no path.
    """
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(name, str):
        raise InputError(f"a path must be a str or a path object, not {type(path).__name__}", source="path")
    try:
        # Asked before opening: opening a named pipe would wait for its writer.
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableFileError(
                "it is a folder", source=name, remedy="Name a file; `fazhi archive` reads whole folders."
            )
        if not stat.S_ISREG(mode):
            raise UnreadableFileError("it is no regular file", source=name, remedy="Name a file of text or HTML.")
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableFileError("there is no such file", source=name, remedy="Check the path.") from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "the path is malformed"
        raise UnreadableFileError(
            f"it cannot be opened ({cause})", source=name, remedy="Check the path and its permissions."
        ) from error
    return read_bytes(data, name=name)


def read_bytes(data: bytes, *, name: str) -> Report:
    """Read a report from the bytes of a file.

    Parameters
    ----------
    data : bytes
    name : str
        Path or name of the file: kept as provenance, used in messages, and read for place and year.

    Returns
    -------
    Report

    Raises
    ------
    ReportError, MissingExtraError
        As `read_report`.
    """
    if len(data) > MAX_BYTES:
        raise ReportTooLargeError(
            f"it has more than {MAX_BYTES // 2**20} MiB", source=name, remedy="Split the file into one report each."
        )
    if not data:
        raise EmptyReportError("the file is empty", source=name, remedy="Name a file that holds a report.")
    reader, extracted = extract(data, name)
    provenance = Provenance(name, hashlib.sha256(data).hexdigest(), reader, extracted.encoding)
    return _build(extracted, None, provenance)


def parse_report(text: str, *, title: str | None = None, provenance: Provenance | None = None) -> Report:
    """Read a report from a string.

    Parameters
    ----------
    text : str
        Any string; it is kept as it is.
    title : str, optional
        Title of the report where the caller knows it; by default it is looked for in the text.
    provenance : Provenance, optional
        Where the text comes from.

    Returns
    -------
    Report

    Raises
    ------
    EmptyReportError
        `text` holds nothing but white space.
    ReportTooLargeError
        `text` has more than `MAX_PARTS` lines or items.
    InputError
        `text` is no string.
    """
    if not isinstance(text, str):
        raise InputError(f"text must be a str, not {type(text).__name__}", source="text")
    if provenance is None:
        # Callers may pass lone surrogates, which UTF-8 has no bytes for.
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        provenance = Provenance(None, digest, "string", None)
    return _build(Extracted(text, None), title, provenance)


def _build(extracted: Extracted, title: str | None, provenance: Provenance) -> Report:
    """Build a report; `title` overrules a title found in the text, that of the format stands in for one."""
    text = extracted.text
    source = provenance.path or "text"
    try:
        page = read_page(text, title, extracted.title)
        outline = read_outline(page.body, extracted.headings)
    except ReportTooLargeError as error:
        raise ReportTooLargeError(error.cause, source=source, remedy=error.remedy) from None
    if not (page.body or page.chrome):
        raise EmptyReportError("it holds no text", source=source, remedy="Name a file that holds a report.")
    opening = "\n".join(line.text[:600] for line in page.body[:5])
    chrome = (text[start:end] for start, end in (*page.chrome[:20], *page.chrome[20:][-10:]))
    margin = "\n".join((*extracted.surroundings, *chrome))
    return Report(
        text=text,
        title=page.title,
        metadata=read_metadata(page.title, provenance.path, opening, margin),
        provenance=provenance,
        headings=outline.headings,
        sections=outline.sections,
        paragraphs=outline.paragraphs,
        chrome=tuple(Span(start, end) for start, end in page.chrome),
        notes=(*extracted.notes, *_notes(page.title, text, bool(outline.headings), bool(outline.paragraphs))),
    )


def _notes(title: str | None, text: str, has_headings: bool, has_paragraphs: bool) -> tuple[str, ...]:
    notes = []
    if not any(topic in (title or "") or topic in text for topic in _TOPICS):
        notes.append("does not look like a rule-of-law report")
    if not has_paragraphs:
        notes.append("has no body text")
    elif not has_headings:
        notes.append("has no headings")
    return tuple(notes)
