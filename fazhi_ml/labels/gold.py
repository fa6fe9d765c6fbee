"""Gold labels beside plain reports: a ``gold.jsonl`` whose rows point into the ``.txt`` files of its folder.

One row a unit, in reading order, as a JSON object: ``report`` (file name), ``start`` and ``end`` (code points into
that file decoded as UTF-8, end exclusive), ``kind`` (heading, leadin, chrome or item), ``text`` (how the unit begins),
and for items ``must`` and ``may`` (themes that both annotators gave, and themes that only one gave). Lead-ins count as
headings; themes that annotators gave them are kept and not scored.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import CorpusError
from fazhi_ml.files import read_limited
from fazhi_ml.labels.dataset import LabelledTexts, label_matrix
from fazhi_ml.labels.markup import MAX_HEADING, MAX_REPORT_BYTES
from fazhi_ml.labels.numbering import n_in_force, number_level
from fazhi_ml.reports.document import Role, Span
from fazhi_ml.reports.roles import section_role

__all__ = ["Gold", "GoldReport", "GoldUnit", "UnitKind"]

UnitKind = Literal["heading", "leadin", "chrome", "item"]

_MAX_BYTES = 10_000_000
_MAX_LINE = 10_000
# One name in the gold file's own folder: no separators, drive letters, control characters or hidden files.
_REPORT = re.compile(r"(?!\.)[^/\\:\x00-\x1f\x7f]{1,250}\.txt\Z")
_LEADIN_LEVEL = 3
_HEADING_KINDS = ("heading", "leadin")


@dataclass(frozen=True, slots=True)
class GoldUnit:
    """One unit of a report.

    Attributes
    ----------
    kind : {"heading", "leadin", "chrome", "item"}
    span, text : Span, str
        Where it stands in the report, in full.
    headings : tuple of str
        Headings and lead-ins above it, outermost first.
    role : str
        Role of the section it stands in.
    themes, uncertain : tuple of str
        Of an item (or a lead-in): themes that both annotators gave, and themes that only one gave, in codebook order.
    line : int
        1-based line of the gold file.
    """

    kind: UnitKind
    span: Span
    text: str
    headings: tuple[str, ...]
    role: Role
    themes: tuple[str, ...]
    uncertain: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class GoldReport:
    """A plain report and its gold units.

    Attributes
    ----------
    id : str
        The file's name without ``.txt``.
    path : pathlib.Path
    text : str
        The file decoded as UTF-8, line ends as they stand; all spans point into it.
    units : tuple of GoldUnit
        In reading order, without overlaps.
    """

    id: str
    path: Path
    text: str
    units: tuple[GoldUnit, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """Gold reports and the codebook of their labels.

    Attributes
    ----------
    path : pathlib.Path
        The gold file.
    codebook : Codebook
    reports : tuple of GoldReport
        In order of the gold file.
    """

    path: Path
    codebook: Codebook
    reports: tuple[GoldReport, ...]

    @classmethod
    def read(cls, path: str | os.PathLike[str], codebook: Codebook) -> Gold:
        """Read a gold file and the reports beside it.

        Raises
        ------
        CorpusError
            A row or a report is missing, malformed, or does not fit the other; the message names file and line.
        """
        reader = _Reader(Path(path), codebook)
        reports = [reader.report(name, list(rows)) for name, rows in groupby(reader.rows(), key=_report_name)]
        if not reports:
            raise CorpusError("no rows", source=path, remedy="Write one JSON object a line.")
        return cls(reader.path, codebook, tuple(reports))

    def labelled_texts(self) -> LabelledTexts:
        """Return the items as arrays, in order of the gold file."""
        pairs = [(report, unit) for report in self.reports for unit in report.units if unit.kind == "item"]
        return LabelledTexts(
            texts=tuple(unit.text for _, unit in pairs),
            headings=tuple(" ".join(unit.headings) or None for _, unit in pairs),
            labels=label_matrix(((unit.themes, unit.uncertain) for _, unit in pairs), self.codebook),
            groups=tuple(report.id for report, _ in pairs),
            roles=tuple(unit.role for _, unit in pairs),
            sources=tuple(f"{self.path.name}:{unit.line}" for _, unit in pairs),
            codebook=self.codebook,
        )


_Row = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _InForce:
    """A heading that the units after it stand under."""

    level: int
    numbered: bool
    text: str


def _report_name(row: _Row) -> str:
    return str(row[1]["report"])


class _Reader:
    """Checks rows and reports against each other; every error names the gold file and the line."""

    def __init__(self, path: Path, codebook: Codebook) -> None:
        self.path = path
        self.codebook = codebook
        self._seen: set[str] = set()

    def error(self, cause: str, line: int, remedy: str) -> CorpusError:
        return CorpusError(cause, source=self.path, line=line, remedy=remedy)

    def rows(self) -> list[_Row]:
        """Return (line, row) pairs whose rows have every field in its type."""
        rows = []
        for number, line in enumerate(read_limited(self.path, _MAX_BYTES, CorpusError).split(b"\n"), start=1):
            if not line.strip():
                continue
            if len(line) > _MAX_LINE:
                raise self.error(f"longer than {_MAX_LINE:,} bytes", number, "Keep only how the unit begins in text.")
            try:
                row = json.loads(line.decode())
            except (ValueError, RecursionError) as error:
                raise self.error("not a JSON object in UTF-8", number, "Mend the row.") from error
            fault = _fault(row)
            if fault:
                raise self.error(fault, number, "Fields: report, start, end, kind, text; of items also must and may.")
            rows.append((number, row))
        return rows

    def report(self, name: str, rows: Sequence[_Row]) -> GoldReport:
        """Build the report that a run of rows describes."""
        first = rows[0][0]
        if name in self._seen:
            raise self.error("the rows of a report do not stand together", first, "Sort the rows by report.")
        self._seen.add(name)
        path = self.path.parent / name
        text = self._text(path, first)
        units: list[GoldUnit] = []
        in_force: list[_InForce] = []
        for number, row in rows:
            span = self._span(row, number, text, after=units[-1].span.end if units else 0)
            heading = _heading(span.of(text), row["kind"], in_force) if row["kind"] in _HEADING_KINDS else None
            if heading is not None:
                in_force = [above for above in in_force if above.level < heading.level]
            elif row["kind"] == "item":
                in_force = in_force[: n_in_force([above.text for above in in_force], span.of(text))]
            units.append(self._unit(row, number, span, text, tuple(above.text for above in in_force)))
            if heading is not None:
                in_force.append(heading)
        return GoldReport(name.removesuffix(".txt"), path, text, tuple(units))

    def _text(self, path: Path, line: int) -> str:
        try:
            # The name is a bare one already, but a link could still lead out of the folder.
            is_there = path.is_file() and not path.is_symlink()
        except OSError:
            is_there = False
        if not is_there:
            raise self.error("the report is not a file beside the gold file", line, "Put its .txt file there.")
        try:
            return read_limited(path, MAX_REPORT_BYTES, CorpusError).decode()
        except UnicodeDecodeError as error:
            raise CorpusError("not UTF-8", source=path, remedy="Offsets count in UTF-8 text: save it so.") from error

    def _span(self, row: Mapping[str, Any], line: int, text: str, after: int) -> Span:
        start, end = row["start"], row["end"]
        if not after <= start < end <= len(text):
            raise self.error(
                "start and end do not fit", line, "Keep rows in reading order, without overlaps or empty units."
            )
        if row["kind"] in _HEADING_KINDS and end - start > MAX_HEADING:
            raise self.error(f"a heading longer than {MAX_HEADING} characters", line, "Mark it as item or chrome.")
        if not text.startswith(row["text"], start, end):
            raise self.error("the report does not read so there", line, "Restore the report or mend the offsets.")
        return Span(start, end)

    def _unit(self, row: Mapping[str, Any], line: int, span: Span, text: str, path: tuple[str, ...]) -> GoldUnit:
        must, may = row.get("must", []), row.get("may", [])
        if not {*must, *may} <= set(self.codebook.ids):
            raise self.error("unknown theme", line, f"Themes: {', '.join(self.codebook.ids)}.")
        if len({*must, *may}) < len(must) + len(may):
            raise self.error("a theme stands twice", line, "Give it once, in must or in may.")
        if row["kind"] == "item" and not self.codebook.multi_label and (len(must) != 1 or may):
            raise self.error("not exactly one theme", line, "This codebook gives each item exactly one, in must.")
        return GoldUnit(
            kind=row["kind"],
            span=span,
            text=span.of(text),
            headings=path,
            role=section_role(path),
            themes=tuple(theme for theme in self.codebook.ids if theme in must),
            uncertain=tuple(theme for theme in self.codebook.ids if theme in may),
            line=line,
        )


def _fault(row: object) -> str | None:
    """Say what is wrong with the shape of a row; None when nothing is."""
    if not isinstance(row, dict):
        return "not a JSON object"
    needed = ("must", "may") if row.get("kind") == "item" else ()
    checks = (
        (_is_report_name(row.get("report")), "report is not the plain name of a .txt file"),
        (all(type(row.get(key)) is int for key in ("start", "end")), "start and end must be whole numbers"),
        (row.get("kind") in get_args(UnitKind), f"kind must be one of {', '.join(get_args(UnitKind))}"),
        (isinstance(row.get("text"), str), "text must be a string"),
        (all(key in row for key in needed), "an item needs must and may"),
        (all(_is_list_of_str(row.get(key, [])) for key in ("must", "may")), "must and may must be lists of themes"),
    )
    return next((fault for sound, fault in checks if not sound), None)


def _is_report_name(value: object) -> bool:
    return isinstance(value, str) and _REPORT.match(value) is not None


def _is_list_of_str(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _heading(text: str, kind: str, in_force: Sequence[_InForce]) -> _InForce:
    """Give a heading its level from its number; without one it stands below the numbered headings in force."""
    level = number_level(text)
    numbered = level is not None
    if level is None:
        level = 1 + max((above.level for above in in_force if above.numbered), default=0)
    return _InForce(max(level, _LEADIN_LEVEL) if kind == "leadin" else level, numbered, text)
