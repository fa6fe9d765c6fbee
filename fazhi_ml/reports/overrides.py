"""What users know better than a document says: a table that corrects place, level, agency and year file by file."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from fazhi_ml.errors import ConfigError, DecodingError, printable
from fazhi_ml.files import read_limited
from fazhi_ml.reports.document import Report
from fazhi_ml.reports.places import Level
from fazhi_ml.reports.readers.text import decode

__all__ = ["MetadataTable", "Override"]

_FIELDS = ("place", "level", "agency", "year")
_COLUMNS = ("file", *_FIELDS)
_CLEAR = "-"
_LEVELS: tuple[str, ...] = get_args(Level)
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_ABSOLUTE = re.compile(r"/|[A-Za-z]:")
_DELIMITERS = ",;\t"
_MAX_BYTES = 16 * 2**20
_MAX_ROWS = 500_000
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Override:
    """One row of a table: what it changes in the metadata of one report.

    Attributes
    ----------
    file : str
        Path or name as the table has it, with forward slashes.
    line : int
        1-based line of the table.
    changes : mapping
        Field of `Metadata` → its new value, None to clear it; fields that stay as they were read are absent.
    """

    file: str
    line: int
    changes: Mapping[str, str | int | None]

    @property
    def fingerprint(self) -> str:
        """A short string that changes when the changes do."""
        return hashlib.sha256(repr(sorted(self.changes.items())).encode()).hexdigest()[:16]

    def apply(self, report: Report) -> Report:
        """Return the report with its metadata corrected."""
        changes: dict[str, Any] = dict(self.changes)
        return replace(report, metadata=replace(report.metadata, **changes))


class MetadataTable:
    """Corrections of metadata, looked up by file.

    Parameters
    ----------
    rows : iterable of Override
        One a file.
    source : str
        Name of the table, for messages.

    Examples
    --------
    A table has a column ``file`` and any of ``place``, ``level``, ``agency`` and ``year``. An empty cell leaves what
    was read, ``-`` clears it::

        file,place,level,agency,year
        2022/report-17.pdf,分宜县,county,-,2022
        通知.docx,,,,2021
    """

    def __init__(self, rows: Iterable[Override], source: str) -> None:
        self._source = source
        self._rows: dict[str, Override] = {}
        self._by_name: dict[str, list[Override]] = {}
        for row in rows:
            first = self._rows.setdefault(row.file, row)
            if first is not row:
                raise self._error(f"has two rows for {_shown(row.file)}, the first in line {first.line}", row.line,
                                  "Keep one of them.")  # fmt: skip
            self._by_name.setdefault(_name(row.file), []).append(row)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> MetadataTable:
        """Read a table from a CSV file.

        Parameters
        ----------
        path : str or path
            UTF-8 with or without a byte order mark, UTF-16 with one, or GB18030; commas, semicolons or tabs between
            cells. Paths in ``file`` are relative to the archive's folder, with forward or backward slashes.

        Raises
        ------
        ConfigError
            The table cannot be read; a column is unknown or ``file`` is missing; or a row is malformed.
        """
        source = os.fspath(path)
        try:
            text, _ = decode(read_limited(path, _MAX_BYTES, ConfigError))
        except DecodingError as error:
            raise ConfigError(error.cause, source=source, remedy=error.remedy) from None
        return cls(_rows(text, source), source)

    def __len__(self) -> int:
        return len(self._rows)

    def for_file(self, path: str) -> Override | None:
        """Return the row for a file, or None.

        A row applies to the file of its path, and one without a folder to the file of its name in any folder. A path
        without a folder also finds the one row with that name.

        Parameters
        ----------
        path : str
            Relative to the archive's folder, with forward or backward slashes.

        Raises
        ------
        ConfigError
            `path` has no folder, and several rows name such a file.
        """
        key = _normal(path)
        name = _name(key)
        row = self._rows.get(key) or self._rows.get(name)
        if row is None and key == name and name in self._by_name:
            row, *others = self._by_name[name]
            if others:
                both = f"{_shown(row.file)} and {_shown(others[0].file)}"
                raise self._error(
                    f"{_shown(name)} may be {both}", others[0].line, "Give the path of the file rather than its name."
                )
        return row

    def for_path(self, path: str | os.PathLike[str]) -> Override | None:
        """Return the row for a file given by a path from anywhere: the archive's folder may be any of its folders.

        Raises
        ------
        ConfigError
            As `for_file`.
        """
        parts = Path(path).parts
        paths = ("/".join(parts[first:]) for first in range(max(len(parts) - 1, 1)))
        return next(filter(None, map(self.for_file, paths)), None)

    def unused(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the files of rows that no path has use for, in the order of the table.

        Parameters
        ----------
        paths : iterable of str
            Paths of all files, as `for_file` takes them.

        Raises
        ------
        ConfigError
            A row without a folder has use for several files.
        """
        users: dict[str, str] = {}
        for path in paths:
            row = self.for_file(path)
            if row is None:
                continue
            first = users.setdefault(row.file, path)
            if _normal(first) != _normal(path):
                raise self._error(
                    f"{_shown(row.file)} may be {_shown(first)} and {_shown(path)}",
                    row.line,
                    "Write a row for each of them, with its path.",
                )
        return tuple(file for file in self._rows if file not in users)

    def _error(self, cause: str, line: int, remedy: str) -> ConfigError:
        return ConfigError(cause, source=self._source, line=line, remedy=remedy)


def _rows(text: str, source: str) -> Iterator[Override]:
    import csv
    import io

    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    count = 0
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = _columns(cells, source, reader.line_num)
                continue
            count += 1
            if count > _MAX_ROWS:
                raise ConfigError(f"has more than {_MAX_ROWS:,} rows", source=source, remedy="Is this the right file?")
            yield _row(columns, cells, source, reader.line_num)
    except csv.Error as error:
        raise ConfigError(
            f"is no CSV ({error})", source=source, line=reader.line_num, remedy="Save the table as CSV again."
        ) from None
    if not columns:
        raise ConfigError("the table is empty", source=source, remedy=_help_columns())


def _columns(names: Sequence[str], source: str, line: int) -> list[str]:
    columns = [name.lower() for name in names]
    while not columns[-1]:
        # Spreadsheets write empty columns at the end.
        columns.pop()
    wrong = next((name for name in columns if name not in _COLUMNS or columns.count(name) > 1), None)
    if wrong is not None:
        what = "comes twice" if wrong in _COLUMNS else "is unknown"
        cause = f"the column {_shown(wrong)} {what}" if wrong else "a column has no name"
        raise ConfigError(cause, source=source, line=line, remedy=_help_columns())
    if "file" not in columns:
        raise ConfigError("there is no column file", source=source, line=line, remedy=_help_columns())
    return columns


def _help_columns() -> str:
    return f"The first line names the columns: file, and any of {', '.join(_FIELDS)}."


def _row(columns: Sequence[str], values: Sequence[str], source: str, line: int) -> Override:
    if any(values[len(columns) :]):
        raise ConfigError(
            "the row has more cells than there are columns", source=source, line=line,
            remedy="Put cells that hold a separator between quotation marks.",
        )  # fmt: skip
    cells = dict(zip(columns, values, strict=False))
    file = _normal(cells.pop("file", ""))
    if not file or _ABSOLUTE.match(file) or ".." in file.split("/"):
        raise ConfigError(
            "the file is no path within the archive", source=source, line=line,
            remedy="Write the path relative to the archive's folder, or the file's name.",
        )  # fmt: skip
    try:
        changes = {field: None if cell == _CLEAR else _value(field, cell) for field, cell in cells.items() if cell}
    except ConfigError as error:
        raise ConfigError(error.cause, source=source, line=line, remedy=error.remedy) from None
    return Override(file, line, changes)


def _value(field: str, cell: str) -> str | int:
    """Check one cell; the error does not know its place yet."""
    rule = f"or - to clear the {field}, or leave the cell empty."
    if field == "year":
        if not _YEAR.fullmatch(cell):
            raise ConfigError(f"{_shown(cell)} is no year", remedy=f"Write a year such as 2022, {rule}")
        return int(cell)
    if field == "level" and cell not in _LEVELS:
        raise ConfigError(f"{_shown(cell)} is no level", remedy=f"Write {', '.join(_LEVELS)}, {rule}")
    if len(cell) > _LONGEST_NAME:
        raise ConfigError(f"the {field} has more than {_LONGEST_NAME} characters", remedy=f"Write its name, {rule}")
    return unicodedata.normalize("NFC", " ".join(cell.split()))


def _normal(path: str) -> str:
    parts = unicodedata.normalize("NFC", path).replace("\\", "/").split("/")
    # A first empty part is the root: such a path stays absolute.
    return "/".join(part for index, part in enumerate(parts) if part not in {"", "."} or (not part and index == 0))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _shown(text: str) -> str:
    return printable(text[:80])
