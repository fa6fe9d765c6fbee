"""What the page of an archive loads: its reports' counts, titles, places, terms and errors, in chunks of script."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from fazhi_ml.archive.distinctive import DistinctiveTerm
from fazhi_ml.reports.document import ROLES
from fazhi_ml.tagging.standalone import LEVEL_NAMES, script_json, shown

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Chunk", "ReportChunks", "error_chunks", "term_chunk"]

T = TypeVar("T")

_COLUMNS = [
    "title", "report", "path", "page", "year", "level", "place", "model", "items", "characters", "shares",
]  # fmt: skip
_REPORTS_PER_CHUNK = 1_000
_ERRORS_PER_CHUNK = 1_000
_PLACES_PER_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """One file of data: a script that hands a value to the page.

    Attributes
    ----------
    kind : str
        What it holds: counts, titles, places, terms or errors.
    number : int
        0-based within its kind.
    value : object
        Plain values; all text in it is showable.
    """

    kind: str
    number: int
    value: Any

    @property
    def name(self) -> str:
        """File name; it holds a hash of the content, so that a page never loads another edition's data."""
        return f"{self.kind}-{self.number:03}-{hashlib.sha256(self._json.encode()).hexdigest()[:12]}.js"

    @property
    def script(self) -> str:
        """Content of the file."""
        return f'receive("{self.kind}",{self.number},{self._json});\n'

    @property
    def _json(self) -> str:
        return script_json(self.value)


class ReportChunks:
    """Reads ``reports.parquet`` once, and remembers what the page must know of all reports.

    Parameters
    ----------
    path : path
    names : sequence of str
        Theme ids and ``other``, as `fazhi_ml.archive.schema.share_names` gives them.

    Attributes
    ----------
    years : set of int
    models : set of str
        Complete, like the others, once the chunks have been taken.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.years: set[int] = set()
        self.models: set[str] = set()
        self._path = path
        self._names = names
        self._levels = {level: number for number, level in enumerate(LEVEL_NAMES)}
        self._places: dict[str, int] = {}

    @property
    def levels(self) -> list[str]:
        """Levels by their number in the chunks: the known ones, then any others."""
        return list(self._levels)

    def __iter__(self) -> Iterator[Chunk]:
        """Yield a chunk of counts and one of titles for every thousand reports, in path order, and then the places."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._path) as file:
            batches = file.iter_batches(batch_size=_REPORTS_PER_CHUNK, columns=_COLUMNS)
            for number, batch in enumerate(batches):
                yield Chunk("counts", number, self._counts(batch))
                yield Chunk("titles", number, _titles(batch))
        for number, places in enumerate(_batched(self._places, _PLACES_PER_CHUNK)):
            yield Chunk("places", number, [shown(place) for place in places])

    def _counts(self, batch: pa.RecordBatch) -> dict[str, list[int]]:
        """Return year (0: unknown), level and place (-1: unknown) of each report, and its counts that are not 0.

        ``n`` says how many cells each report has in ``cells``, where every cell is three numbers: its position, items
        and characters. Position ``role * (1 + len(names))`` is the role's total, and those after it are the themes.
        """
        years = [year or 0 for year in batch.column("year").to_pylist()]
        levels = _numbers(batch.column("level").to_pylist(), self._levels)
        places = _numbers(batch.column("place").to_pylist(), self._places)
        self.years.update(year for year in years if year)
        self.models.update(batch.column("model").to_pylist())
        items, characters = _cells(batch, "items", self._names), _cells(batch, "characters", self._names)
        rows, positions = items.nonzero()
        cells = [positions, items[rows, positions], characters[rows, positions]]
        flat = [number for cell in zip(*(column.tolist() for column in cells), strict=True) for number in cell]
        per_report = (items != 0).sum(axis=1).tolist()
        return {"years": years, "levels": levels, "places": places, "n": per_report, "cells": flat}


def _numbers(values: Iterable[str | None], known: dict[str, int]) -> list[int]:
    """Return the number of each string, by first appearance; a missing one is -1."""
    return [-1 if value is None else known.setdefault(value, len(known)) for value in values]


def _cells(batch: pa.RecordBatch, measure: str, names: Sequence[str]) -> NDArray[np.int64]:
    """Return counts of items or characters, of shape (n_reports, roles * (1 + themes))."""
    import numpy as np

    columns = []
    for role in ROLES:
        total = _numbers_of(batch.column(measure).field(role))
        shares = batch.column("shares").flatten()[batch.column("shares").type.get_field_index(role)]
        of_measure = shares.flatten()[shares.type.get_field_index(measure)]
        columns.append(total)
        # A role without items has no shares (null): its counts are 0 like its total.
        by_theme = dict(zip((one.name for one in of_measure.type), of_measure.flatten(), strict=True))
        columns.extend(np.rint(_numbers_of(by_theme[name]) * total) for name in names)
    return np.stack(columns, axis=1).astype(np.int64)


def _numbers_of(column: pa.Array) -> NDArray[np.float64]:
    import numpy as np

    values: NDArray[np.float64] = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.nan_to_num(values)


def _titles(batch: pa.RecordBatch) -> list[list[str | None]]:
    """Return title (or file name), path and address of the page of each report."""
    columns = [batch.column(name).to_pylist() for name in ("title", "report", "path", "page")]
    return [
        # "./" and the quoting of ":" keep the address inside the archive's folder, whatever the table holds.
        [shown(title or report or path), shown(path), None if page is None else f"./{quote(page)}"]
        for title, report, path, page in zip(*columns, strict=True)
    ]


def term_chunk(number: int, terms: Iterable[DistinctiveTerm]) -> Chunk:
    """Return the words of one theme: by comparison and year (0: all years) a list of word, items and z."""
    tables: dict[str, dict[int, list[tuple[str, int, float]]]] = {"themes": {}, "years": {}}
    for term in terms:
        tables[term.comparison].setdefault(term.year or 0, []).append((shown(term.term), term.items, round(term.z, 2)))
    return Chunk("terms", number, tables)


def error_chunks(path: Path) -> Iterator[Chunk]:
    """Yield file, error class and message of the rows of ``errors.csv``, a thousand a chunk; none without the file."""
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = ([shown(row[name] or "") for name in ("file", "error", "message")] for row in csv.DictReader(stream))
        for number, chunk in enumerate(_batched(rows, _ERRORS_PER_CHUNK)):
            yield Chunk("errors", number, chunk)


def _batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
