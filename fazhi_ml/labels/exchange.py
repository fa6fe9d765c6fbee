"""Labelled rows in JSON Lines or CSV, the form in which other tools hand over data, with any labels.

Both are UTF-8, with or without a byte order mark, and have the fields ``text`` and ``labels``, and may have ``group``
(texts of one group never stand on both sides of a fold; without it a row is its own group) and ``headings`` (what
stands above the text). Other fields are left alone.

JSON Lines: ``labels`` is a list of labels, or one label; an empty list, an empty string or null is no label; a whole
number is taken for its digits. CSV: comma or tab between fields, names in the first line; ``labels`` is one label,
several with ``;`` between, or a JSON list; empty is no label. In multi-label data ``other`` alone is no label either.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import CorpusError
from fazhi_ml.files import read_limited
from fazhi_ml.labels.dataset import LabelledTexts, label_matrix

__all__ = [
    "MAX_LABELS",
    "Row",
    "file_hash",
    "infer_codebook",
    "is_exchange_file",
    "label_fault",
    "read_exchange",
    "read_rows",
    "scan_rows",
    "to_labelled_texts",
]

MAX_LABELS = 200

_MAX_BYTES = 100_000_000
_MAX_ROWS = 1_000_000
_MAX_LINE = 1_000_000
_MAX_TEXT = 100_000
_MAX_NAME = 1_000
_MAX_LABEL = 64
_MAX_PROBLEMS = 100
_DELIMITERS = (",", "\t")
_TABLES = (".csv", ".tsv")
_FIELDS = "Fields: text and labels; group and headings may be left out."
# Names that people write when they mean one of the fields.
_MISNAMED = {"label": "labels", "texts": "text", "groups": "group", "heading": "headings"}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text.

    Attributes
    ----------
    text : str
    labels : tuple of str
        Distinct, as written.
    group, headings : str or None
    line : int
        1-based line of the file that the row begins in.
    """

    text: str
    labels: tuple[str, ...]
    group: str | None
    headings: str | None
    line: int


class _RowError(Exception):
    """What is wrong with a row, and the remedy."""

    def __init__(self, cause: str, remedy: str, line: int | None = None) -> None:
        super().__init__(cause)
        self.cause, self.remedy, self.line = cause, remedy, line


def is_exchange_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is to be read by this module: CSV by its name, JSON Lines unless it holds gold labels."""
    file = Path(path)
    if file.suffix.lower() in _TABLES:
        return True
    return file.suffix.lower() == ".jsonl" and not _begins_as_gold(file)


def _begins_as_gold(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            first = stream.readline(_MAX_LINE).removeprefix(b"\xef\xbb\xbf")
        row = json.loads(first)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(row, dict) and {"report", "kind"} <= row.keys()


def read_exchange(path: str | os.PathLike[str], codebook: Codebook | None = None) -> LabelledTexts:
    """Read a JSON Lines or CSV file.

    Parameters
    ----------
    path : str or path
    codebook : Codebook, optional
        Without one the labels are taken from the data, see `infer_codebook`.

    Raises
    ------
    CorpusError
        A row is malformed or does not fit the codebook; the message names file and line.
    """
    rows = read_rows(path)
    return to_labelled_texts(rows, infer_codebook(rows, source=path) if codebook is None else codebook, source=path)


def read_rows(path: str | os.PathLike[str]) -> list[Row]:
    """Read the rows of a JSON Lines or CSV file.

    Raises
    ------
    CorpusError
        The file cannot be read, holds no rows, or one is malformed; the message names the first such line.
    """
    rows, problems = scan_rows(path)
    if problems:
        raise problems[0]
    return rows


def scan_rows(path: str | os.PathLike[str]) -> tuple[list[Row], list[CorpusError]]:
    """Read the rows that are sound, and list what is wrong with the others.

    Returns
    -------
    rows : list of Row
    problems : list of CorpusError
        In order of lines; the search ends after 100.
    """
    rows: list[Row] = []
    problems: list[CorpusError] = []
    try:
        data = read_limited(path, _MAX_BYTES, CorpusError)
        parse = _parse_csv if Path(path).suffix.lower() in _TABLES else _parse_jsonl
        for line, values in parse(data):
            try:
                rows.append(_row(values(), line))
            except _RowError as fault:
                problems.append(CorpusError(fault.cause, source=path, line=line, remedy=fault.remedy))
            if len(problems) >= _MAX_PROBLEMS:
                break
            if len(rows) > _MAX_ROWS:
                problems.append(
                    CorpusError(f"more than {_MAX_ROWS:,} rows", source=path, line=line, remedy="Split it up.")
                )
                break
    except CorpusError as error:
        problems.append(error)
    except _RowError as fault:
        problems.append(CorpusError(fault.cause, source=path, line=fault.line, remedy=fault.remedy))
    if not rows and not problems:
        problems.append(CorpusError("no rows", source=path, remedy=_FIELDS))
    return rows, problems


def infer_codebook(rows: Sequence[Row], *, source: str | os.PathLike[str] = "rows") -> Codebook:
    """Make a codebook of the labels that stand in some rows, in alphabetical order.

    Returns
    -------
    Codebook
        Single-label when every row has exactly one label. Theme ids and Chinese names are the labels as written.

    Raises
    ------
    CorpusError
        There are fewer than 2 or more than 200 labels.
    """
    multi_label = any(len(row.labels) != 1 for row in rows)
    labels = {label for row in rows for label in row.labels}
    if multi_label:
        labels.discard(OTHER)
    if not 2 <= len(labels) <= MAX_LABELS:
        raise CorpusError(
            f"{len(labels)} different label{'' if len(labels) == 1 else 's'}",
            source=source,
            remedy=f"Give data with 2 to {MAX_LABELS} labels, or a codebook that says which there are.",
        )
    themes = tuple(Theme(label, zh=label) for label in sorted(labels))
    return Codebook("labels", "1", multi_label, themes)


def to_labelled_texts(rows: Sequence[Row], codebook: Codebook, *, source: str | os.PathLike[str]) -> LabelledTexts:
    """Turn rows into arrays.

    Parameters
    ----------
    rows : sequence of Row
    codebook : Codebook
        Its ids are the labels.
    source : str or path
        The file that the rows come from.

    Raises
    ------
    CorpusError
        A row has a label that the codebook lacks, or with a single-label codebook not exactly one.
    """
    for row in rows:
        fault = label_fault(row, codebook)
        if fault is not None:
            raise CorpusError(fault[0], source=source, line=row.line, remedy=fault[1])
    name = Path(source).name
    sources = tuple(f"{name}:{row.line}" for row in rows)
    return LabelledTexts(
        texts=tuple(row.text for row in rows),
        headings=tuple(row.headings for row in rows),
        labels=label_matrix((([label for label in row.labels if label in codebook.ids], ()) for row in rows), codebook),
        groups=tuple(place if row.group is None else row.group for row, place in zip(rows, sources, strict=True)),
        roles=("other",) * len(rows),
        sources=sources,
        codebook=codebook,
    )


def label_fault(row: Row, codebook: Codebook) -> tuple[str, str] | None:
    """Say what keeps a row's labels from fitting a codebook, as cause and remedy; None when they fit."""
    if codebook.multi_label and row.labels == (OTHER,):
        return None
    if not set(row.labels) <= set(codebook.ids):
        known = ", ".join(codebook.ids[:10]) + (", …" if len(codebook.ids) > 10 else "")
        return "a label that is not in the codebook", f"Its {len(codebook.ids)} labels: {known}."
    if not codebook.multi_label and len(row.labels) != 1:
        return f"{len(row.labels)} labels", "This codebook gives each text exactly one."
    return None


def file_hash(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 (hex) of a data file's bytes.

    Raises
    ------
    CorpusError
        It cannot be read.
    """
    return hashlib.sha256(read_limited(path, _MAX_BYTES, CorpusError)).hexdigest()


# A row's line, and what gives its fields: reading them may fail without ending the file.
_Parsed = Iterator[tuple[int, Callable[[], Mapping[str, Any]]]]


def _parse_jsonl(data: bytes) -> _Parsed:
    stream = io.BytesIO(data.removeprefix(b"\xef\xbb\xbf"))
    for number in count(1):
        line = stream.readline()
        if not line:
            return
        if line.strip():
            yield number, lambda line=line: _json_object(line)  # type: ignore[misc]


def _json_object(line: bytes) -> Mapping[str, Any]:
    if len(line) > _MAX_LINE:
        raise _RowError(f"longer than {_MAX_LINE:,} bytes", "Cut the text into paragraphs.")
    try:
        values = json.loads(line.decode())
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, or a number of 5,000 digits
        raise _RowError("not a JSON object in UTF-8", "Write one JSON object a line.") from error
    if not isinstance(values, dict):
        raise _RowError("not a JSON object", "Write one JSON object a line.")
    return values


def _parse_csv(data: bytes) -> _Parsed:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _RowError("not UTF-8", "Save the table as CSV in UTF-8.", line) from error
    header_line = text.partition("\n")[0].rstrip("\r")
    delimiter, header = _header(header_line)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    next(reader)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            remedy = f"Check its quotes; a field holds at most {_MAX_TEXT:,} characters."
            raise _RowError("not a row of CSV", remedy, number) from error
        if cells is None:
            return
        if cells:
            yield number, lambda cells=cells: _csv_fields(header, cells)  # type: ignore[misc]


def _header(line: str) -> tuple[str, list[str]]:
    """Return the delimiter and the field names, from the one delimiter that gives both needed names."""
    for delimiter in _DELIMITERS:
        try:
            names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter, strict=True), [])]
        except csv.Error:
            continue
        if {"text", "labels"} <= set(names):
            if len(set(names)) < len(names):
                raise _RowError("a field name stands twice", "Give every column a name of its own.", 1)
            return delimiter, names
    raise _RowError(
        "the first line does not name the fields text and labels", f"{_FIELDS} Part them by comma or tab.", 1
    )


def _csv_fields(header: Sequence[str], cells: Sequence[str]) -> Mapping[str, Any]:
    if len(cells) != len(header):
        raise _RowError(f"{len(cells)} fields, where the first line names {len(header)}", "Put quotes round texts.")
    fields: dict[str, Any] = dict(zip(header, cells, strict=True))
    labels = fields["labels"].strip()
    if labels.startswith("["):
        try:
            fields["labels"] = json.loads(labels)
        except (ValueError, RecursionError) as error:
            raise _RowError("labels begin as a JSON list and are none", "Mend the list.") from error
    else:
        fields["labels"] = [part for part in map(str.strip, labels.split(";")) if part]
    return fields


def _row(values: Mapping[str, Any], line: int) -> Row:
    for misnamed, meant in _MISNAMED.items():
        if misnamed in values and meant not in values:
            raise _RowError(f"a field {misnamed!r}", f"Name it {meant!r}.")
    text = values.get("text")
    if not isinstance(text, str):
        raise _RowError("text is missing or not a string", _FIELDS)
    if len(text) > _MAX_TEXT:
        raise _RowError(f"text longer than {_MAX_TEXT:,} characters", "Cut it into paragraphs.")
    if "labels" not in values:
        raise _RowError("labels are missing", "Write an empty list for a text without a label.")
    return Row(text, _labels(values["labels"]), _name(values, "group"), _headings(values), line)


def _labels(value: object) -> tuple[str, ...]:
    entries = value if isinstance(value, list) else [] if value is None or value == "" else [value]
    labels = dict.fromkeys(_label(entry) for entry in entries)
    if len(labels) > MAX_LABELS:
        raise _RowError(f"more than {MAX_LABELS} labels", "Give the labels of one text.")
    if OTHER in labels and len(labels) > 1:
        raise _RowError(f"{OTHER!r} together with another label", f"{OTHER!r} stands alone.")
    return tuple(labels)


def _label(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MAX_LABEL:
        return str(value)
    if not isinstance(value, str):
        raise _RowError(
            "labels are neither a string nor a list of strings", 'Write, for example, "labels": ["a", "b"].'
        )
    label = value.strip()
    if not (0 < len(label) <= _MAX_LABEL and label.isprintable()):
        raise _RowError("a malformed label", f"Use 1 to {_MAX_LABEL} printable characters.")
    return label


def _headings(values: Mapping[str, Any]) -> str | None:
    value = values.get("headings")
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        value = " ".join(value)
    return _name({"headings": value}, "headings")


def _name(values: Mapping[str, Any], field: str) -> str | None:
    value = values.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MAX_LABEL:
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _MAX_NAME:
        raise _RowError(f"{field} is not a string of at most {_MAX_NAME:,} characters", _FIELDS)
    return value
