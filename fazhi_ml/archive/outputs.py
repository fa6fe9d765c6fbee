"""The files that an archive's users read, made from what the manifest knows and the parts hold."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fazhi_ml.archive.files import output_error
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.manifest import Failure, Manifest
from fazhi_ml.archive.parquet import write_parquet
from fazhi_ml.archive.parts import ITEMS, TERMS, read_batches
from fazhi_ml.archive.schema import item_schema, report_schema, share_names
from fazhi_ml.archive.summary import Tally
from fazhi_ml.archive.terms import write_terms
from fazhi_ml.archive.walk import path_text
from fazhi_ml.codebook import Codebook
from fazhi_ml.tagging.export import to_csv, to_jsonl, write_text
from fazhi_ml.tagging.results import Granularity

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "Format", "output_files", "write_outputs"]

Format = Literal["parquet", "jsonl", "csv"]
FORMATS: tuple[Format, ...] = ("parquet", "jsonl", "csv")

_ERROR_COLUMNS = ("file", "reader", "error", "message")
_ROWS_AT_ONCE = 1_000
_EXAMPLES = 20


def output_files(layout: Layout, format_: Format) -> list[Path]:
    """Return all files of a complete output, pages of reports aside."""
    tables = [layout.items, layout.reports, layout.terms]
    copies = [] if format_ == "parquet" else [table.with_suffix(f".{format_}") for table in tables[:2]]
    return [*tables, *copies, layout.errors, layout.shares, layout.summary, layout.index]


def write_outputs(
    layout: Layout,
    manifest: Manifest,
    *,
    codebook: Codebook,
    granularity: Granularity,
    problems: Sequence[tuple[bytes, Failure]],
    facts: Mapping[str, Any],
    format_: Format,
    bom: bool,
) -> None:
    """Write all files of an output, each whole or not at all.

    Parameters
    ----------
    layout : Layout
    manifest : Manifest
    codebook : Codebook
        Of the model.
    granularity : {"item", "paragraph"}
        What a row of ``items.parquet`` is.
    problems : sequence of (bytes, Failure)
        Folders that cannot be listed, in order of their paths.
    facts : mapping
        What else ``summary.json`` tells.
    format_ : {"parquet", "jsonl", "csv"}
        What the tables of items and reports are written as besides Parquet.
    bom : bool
        Whether CSV files begin with a byte order mark, which spreadsheets need.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    from fazhi_ml.archive.overview import write_overview
    from fazhi_ml.archive.tables import write_shares

    names = share_names(codebook)
    tally = Tally(names)
    schemas = {layout.items: item_schema(codebook.ids, granularity), layout.reports: report_schema(names)}
    parts = layout.work / "parts"
    places = (place for _, place in manifest.tagged())
    write_parquet(layout.items, schemas[layout.items], read_batches(parts, ITEMS, places))
    write_parquet(layout.reports, schemas[layout.reports], _report_batches(manifest, schemas[layout.reports], tally))
    places = (place for _, place in manifest.tagged())
    write_terms(layout.terms, read_batches(parts, TERMS, places))
    failures = heapq.merge(manifest.failures(), problems)
    _write_csv(layout.errors, map(_error_row, failures), _ERROR_COLUMNS, bom=bom)
    for table, schema in schemas.items():
        _write_copies(table, schema, format_, bom=bom)
    write_shares(layout, bom=bom)
    summary = {**facts, **_document_facts(manifest, problems), **tally.to_dict()}
    write_text(layout.summary, json.dumps(summary, ensure_ascii=False, indent=2) + "\n", overwrite=True)
    write_overview(layout, codebook)


def _report_batches(manifest: Manifest, schema: pa.Schema, tally: Tally) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rows = (json.loads(place.row) for _, place in manifest.tagged())
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        for row in chunk:
            tally.add(row)
        yield pa.RecordBatch.from_pylist(chunk, schema=schema)


def _error_row(failure: tuple[bytes, Failure]) -> dict[str, str]:
    path, (reader, error, message, _) = failure
    return {"file": path_text(path), "reader": reader, "error": error, "message": message}


def _document_facts(manifest: Manifest, problems: Sequence[tuple[bytes, Failure]]) -> dict[str, Any]:
    errors: dict[str, int] = {}
    for _, failure in chain(manifest.failures(), problems):
        errors[failure.error] = errors.get(failure.error, 0) + 1
    groups, extra, examples = 0, 0, []
    for paths in manifest.duplicates():
        groups += 1
        extra += len(paths) - 1
        if groups <= _EXAMPLES:
            examples.append([path_text(path) for path in paths])
    return {
        "errors": {"total": sum(errors.values()), "by_class": dict(sorted(errors.items()))},
        "duplicates": {"contents": groups, "copies": extra, "examples": examples},
    }


def _write_copies(table: Path, schema: pa.Schema, format_: Format, *, bom: bool) -> None:
    """Write a table in the format asked for, and remove what an earlier run left in another."""
    rows = _rows(table)
    jsonl, spreadsheet = table.with_suffix(".jsonl"), table.with_suffix(".csv")
    if format_ == "jsonl":
        write_text(jsonl, to_jsonl(rows), overwrite=True)
    elif format_ == "csv":
        leaves = _leaves(schema)
        flat = ({".".join(leaf): _value(row, leaf) for leaf in leaves} for row in rows)
        _write_csv(spreadsheet, flat, [".".join(leaf) for leaf in leaves], bom=bom)
    for path in {jsonl, spreadsheet} - {table.with_suffix(f".{format_}")}:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(path, error) from error


def _rows(table: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet

    with table.open("rb") as file:
        for batch in pyarrow.parquet.ParquetFile(file).iter_batches(_ROWS_AT_ONCE):
            yield from batch.to_pylist()


def _leaves(schema: pa.Schema) -> list[tuple[str, ...]]:
    """Return the way to every column that is not a struct."""
    import pyarrow as pa

    leaves: list[tuple[str, ...]] = []
    fields: list[tuple[tuple[str, ...], Any]] = [((field.name,), field.type) for field in reversed(schema)]
    while fields:
        way, kind = fields.pop()
        if pa.types.is_struct(kind):
            fields += [
                ((*way, kind.field(number).name), kind.field(number).type)
                for number in reversed(range(kind.num_fields))
            ]
        else:
            leaves.append(way)
    return leaves


def _value(row: Mapping[str, Any], way: Sequence[str]) -> Any:
    value: Any = row
    for name in way:
        value = None if value is None else value[name]
    return value


def _write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, bom: bool) -> None:
    write_text(path, chain(["\ufeff"] if bom else [], to_csv(rows, (), columns)), overwrite=True)
