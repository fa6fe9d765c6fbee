"""Parquet files whose bytes depend on their rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fazhi_ml.archive.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["gathered", "write_parquet"]

_ROWS = 32_768
_BYTES = 64 * 2**20


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield tables of some record batches each: enough to be worth a step, few enough to be held in memory."""
    import pyarrow as pa

    group: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            # Cut where the count says, so that nothing depends on how rows come in batches.
            piece = batch.slice(start, _ROWS - rows)
            start += piece.num_rows
            group.append(piece)
            rows += piece.num_rows
            size += piece.nbytes
            if rows == _ROWS or size >= _BYTES:
                yield pa.Table.from_batches(group)
                group, rows, size = [], 0, 0
    if group:
        yield pa.Table.from_batches(group)


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write record batches to a file, some of them a row group: whole, or not at all.

    Parameters
    ----------
    path : path
    schema : pyarrow.Schema
        The columns of the batches may be of types that convert to its.
    batches : iterable of pyarrow.RecordBatch
        No more than a row group of them is held in memory.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import pyarrow.parquet

    with (
        replacing(path) as temporary,
        temporary.open("xb") as file,
        pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for table in gathered(batches):
            # In one piece, since the pages of a column end where pieces do.
            writer.write_table(table.combine_chunks().cast(schema))
