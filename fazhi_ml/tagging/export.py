"""Tagged reports as JSON Lines and CSV, and the one way in which result files are written."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fazhi_ml.errors import OutputError
from fazhi_ml.tagging.results import Granularity, TaggedReport

__all__ = ["check_target", "explained_records", "to_csv", "to_jsonl", "write_text"]

# Fields of a record in the order of DESIGN; `item` is absent at paragraph granularity.
_COLUMNS = (
    "report", "sha256", "title", "place", "level", "agency", "year", "paragraph", "item", "start", "end", "section",
    "role", "text", "themes", "primary", "scores", "model",
)  # fmt: skip

# What JSON allows in a string but a reader of lines or a terminal may act on: C1 controls (U+0085 ends a line for
# str.splitlines, U+009B begins an escape sequence), the two Unicode line ends, and surrogates, which UTF-8 cannot hold.
_UNSAFE_IN_JSONL = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# Spreadsheets read a cell that begins so as a formula, the full-width forms too in some locales.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LIST_SEPARATOR = "; "

_TERMS_PER_THEME = 10
_REMEDIES = {
    errno.ENOENT: "Create the folder first.",
    errno.ENOTDIR: "A part of the path is a file; choose another path.",
    errno.EACCES: "Choose a place that you may write to.",
    errno.EPERM: "Choose a place that you may write to.",
    errno.EROFS: "Choose a place that is not read-only.",
    errno.ENOSPC: "Free some disk space.",
    errno.EDQUOT: "Free some disk space.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}


def explained_records(report: TaggedReport, granularity: Granularity = "item") -> list[dict[str, Any]]:
    """Return the records of a report with one more field, ``evidence``.

    Parameters
    ----------
    report : TaggedReport
        Tagged with ``explain=True``; without explanations every ``evidence`` is empty.
    granularity : {"item", "paragraph"}
        A paragraph's evidence for a theme is that of all its items.

    Returns
    -------
    list of dict
        Records as `TaggedReport.to_records` gives them. ``evidence`` maps each theme given to a list of at most ten
        dictionaries, strongest first: ``term``, ``block``, ``contribution`` (to the raw score, positive) and ``spans``
        (a list of ``[start, end]``, code points into the report's text like the record's own ``start`` and ``end``).

    Raises
    ------
    InputError
        `granularity` is neither.
    """
    records = report.to_records(granularity)
    groups = [
        group
        for paragraph in report.paragraphs
        for group in ([paragraph.items] if granularity == "paragraph" else [(item,) for item in paragraph.items])
    ]
    for record, items in zip(records, groups, strict=True):
        evidence: dict[str, list[dict[str, Any]]] = {}
        for item in items:
            for theme, explanation in item.explanations.items():
                evidence.setdefault(theme, []).extend(
                    {
                        "term": term.term,
                        "block": term.block,
                        "contribution": term.contribution,
                        "spans": [[item.span.start + span.start, item.span.start + span.end] for span in term.spans],
                    }
                    for term in explanation.evidence
                    if term.contribution > 0
                )
        for terms in evidence.values():
            terms.sort(key=lambda term: -term["contribution"])
            del terms[_TERMS_PER_THEME:]
        record["evidence"] = {theme: evidence[theme] for theme in report.codebook.ids if theme in evidence}
    return records


def to_jsonl(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line of JSON a record, line end included.

    Chinese stays readable. Lone surrogates, DEL and C1 controls and the Unicode line ends are written as JSON escapes,
    so that every line can be encoded, printed and split.
    """
    for record in records:
        line = json.dumps(record, ensure_ascii=False, allow_nan=False)
        yield _UNSAFE_IN_JSONL.sub(lambda char: f"\\u{ord(char.group()):04x}", line) + "\n"


def to_csv(
    records: Iterable[Mapping[str, Any]], themes: Sequence[str], fields: Sequence[str] = _COLUMNS
) -> Iterator[str]:
    """Yield the header and then one row a record, as RFC 4180 has it.

    Parameters
    ----------
    records : iterable of mapping
        All of one granularity, as `TaggedReport.to_records` or `explained_records` give them.
    themes : sequence of str
        Theme ids; each gets a column ``score_<theme>`` in place of ``scores``.
    fields : sequence of str
        What the header names where there are no records.

    Notes
    -----
    ``section`` and ``themes`` are joined with ``"; "``, and ``evidence`` reads ``theme: term, term; theme: term``: CSV
    is for spreadsheets, JSON Lines is the lossless form. Text that a spreadsheet would take for a formula gets an
    apostrophe in front. Lone surrogates are written as escapes.
    """
    columns: list[str] | None = None
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for record in records:
        if columns is None:
            columns = list(record)
            writer.writerow(_header(columns, themes))
        writer.writerow(_row(record, columns, themes))
        yield _taken(buffer)
    if columns is None:
        writer.writerow(_header(fields, themes))
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _header(columns: Sequence[str], themes: Sequence[str]) -> list[str]:
    scores = [f"score_{theme}" for theme in themes]
    return [name for column in columns for name in (scores if column == "scores" else [column])]


def _row(record: Mapping[str, Any], columns: Sequence[str], themes: Sequence[str]) -> list[Any]:
    row: list[Any] = []
    for column in columns:
        value = record[column]
        if column == "scores":
            row.extend(value[theme] for theme in themes)
        else:
            row.append(_cell(value))
    return row


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = [f"{theme}: {', '.join(term['term'] for term in terms)}" for theme, terms in value.items()]
    if isinstance(value, (list, tuple)):
        value = _LIST_SEPARATOR.join(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check that a result file may be written at `path`, before the work that makes it.

    Raises
    ------
    OutputError
        The folder is missing, `path` is not a regular file, or it exists and `overwrite` is False.
    """
    target = Path(path)
    try:
        if not target.parent.is_dir():
            raise OutputError("the folder does not exist", source=path, remedy="Create it first.")
        if target.is_dir():
            raise OutputError("is a folder", source=path, remedy="Name a file in it.")
        if not target.exists():
            return
        if not target.is_file():
            raise OutputError("is not a regular file", source=path, remedy="Write to standard output instead.")
    except (OSError, ValueError) as error:
        raise _output_error(path, error) from error
    if not overwrite:
        raise OutputError(
            "exists already", source=path, remedy="Choose another name, or ask to overwrite it (--force)."
        )


def write_text(path: str | os.PathLike[str], text: str | Iterable[str], *, overwrite: bool = False) -> None:
    """Write `text` to a file in UTF-8, all of it or nothing.

    It goes to a temporary file in the same folder, which then takes the name. Lone surrogates, which UTF-8 cannot hold,
    are written as escapes.

    Parameters
    ----------
    path : str or path
        Its folder must exist. A symbolic link is followed.
    text : str or iterable of str
        The content, or its pieces in order; an iterable that raises leaves no file behind.
    overwrite : bool
        Whether a file that exists may be replaced.

    Raises
    ------
    OutputError
        The file exists and `overwrite` is False, or it cannot be written.
    """
    check_target(path, overwrite=overwrite)
    try:
        # Through a link, so that the link stays one.
        target = Path(os.path.realpath(path))
        temporary = target.with_name(f".fazhi-{os.getpid()}-{os.urandom(4).hex()}.tmp")
        file = temporary.open("xb")
    except (OSError, ValueError) as error:
        raise _output_error(path, error) from error
    try:
        with file:
            for piece in (text,) if isinstance(text, str) else text:
                file.write(piece.encode("utf-8", "backslashreplace"))
        temporary.replace(target)
    except OSError as error:
        raise _output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _output_error(path: str | os.PathLike[str], error: OSError | ValueError) -> OutputError:
    if isinstance(error, OSError):
        remedy = _REMEDIES.get(error.errno or 0, "Choose another place.")
        return OutputError(f"cannot be written ({error.strerror or type(error).__name__})", source=path, remedy=remedy)
    return OutputError("is not a valid path", source=path, remedy="Choose another name.")
