"""Questions to the tables of an archive, answered by DuckDB from the Parquet files."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.schema import item_schema, report_schema
from fazhi_ml.errors import DamagedFileError, InputError, MissingExtraError, OutputError, ReaderLimitError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["ArchiveTables", "connect", "duckdb_path", "open_tables"]

MEMORY_LIMIT = "256MB"
THREADS = 2

_REPORT_COLUMNS = ("path", "place", "level", "agency", "year", "page")
_REMEDY = "Run `fazhi archive` again to write it anew."


@contextmanager
def connect() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty DuckDB in memory: `MEMORY_LIMIT`, `THREADS`, nothing loaded from the network, nulls sorted last.

    What does not fit goes to a temporary folder, which is removed at the end.

    Raises
    ------
    MissingExtraError
        duckdb or pyarrow is not installed.
    OutputError
        No temporary folder can be made.
    """
    try:
        import duckdb
        import pyarrow.parquet  # noqa: F401 - the tables' schemas are read with it
    except ImportError as error:
        raise MissingExtraError(
            "duckdb or pyarrow is not installed", source="archive tables", remedy="Install fazhi-ml[archive]."
        ) from error
    try:
        scratch = tempfile.TemporaryDirectory(prefix="fazhi-duckdb-")
    except OSError as error:
        raise OutputError(
            f"no temporary folder can be made ({error.strerror})",
            source=tempfile.gettempdir(),
            remedy="Free some disk space, or name another folder in TMPDIR.",
        ) from error
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "temp_directory": scratch.name,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "default_null_order": "nulls_last",
    }
    with scratch, duckdb.connect(config=settings) as connection:
        yield connection


def duckdb_path(path: Path) -> str:
    """Return a file's name as DuckDB takes it for that file alone: to it ``*``, ``?`` and ``[`` are patterns."""
    return glob.escape(path.absolute().as_posix())


class ArchiveTables:
    """An archive's tables, open for questions as the views ``items`` and ``reports``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    layout : Layout

    Attributes
    ----------
    themes : tuple of str
        Theme ids in codebook order.
    item_columns : tuple of str
        The documented columns of ``items.parquet``.

    Raises
    ------
    InputError
        The folder is no tagged archive.
    DamagedFileError
        A table is no Parquet file, or lacks a column.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
        self._connection = connection
        self._folder = layout.folder
        items, reports = _read_schema(layout, layout.items), _read_schema(layout, layout.reports)
        self.themes = _themes(items, layout.items)
        expected = item_schema(self.themes, "item" if "item" in items.names else "paragraph")
        _check_columns(items, expected, layout.items)
        _check_columns(
            reports, report_schema(self.themes), layout.reports, ("path", "place", "level", "agency", "year", "page")
        )
        self.item_columns = tuple(expected.names)
        for name, path in (("items", layout.items), ("reports", layout.reports)):
            with _damage(path):
                # Folders named like year=2023 would otherwise add columns.
                connection.read_parquet(duckdb_path(path), hive_partitioning=False).create_view(name)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that a query gives.

        Parameters
        ----------
        sql : str
            Made of the program's own words alone: whatever a user gave is a parameter.
        parameters : sequence
            Values of its placeholders (``?``), in order.

        Raises
        ------
        DamagedFileError
            The tables cannot be read to their end.
        ReaderLimitError
            The answer does not fit into the memory allowed.
        """
        with _damage(self._folder):
            return self._connection.execute(sql, list(parameters)).fetchall()


@contextmanager
def open_tables(layout: Layout) -> Iterator[ArchiveTables]:
    """Open the tables of an archive; errors are those of `connect` and `ArchiveTables`."""
    with connect() as connection:
        yield ArchiveTables(connection, layout)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise ReaderLimitError(
            f"the answer needs more than {MEMORY_LIMIT} of memory", source=path, remedy="Ask for fewer rows."
        ) from None
    # UnicodeDecodeError: DuckDB hands out strings that are not UTF-8.
    except (duckdb.Error, UnicodeDecodeError) as error:
        # Messages of DuckDB may quote what they fail on.
        raise DamagedFileError(f"cannot be read ({type(error).__name__})", source=path, remedy=_REMEDY) from None


def _read_schema(layout: Layout, path: Path) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        str(path).encode()
        if not path.is_file():
            raise InputError(
                f"is no tagged archive: it has no {path.name}",
                source=layout.folder,
                remedy="Give the output folder of a finished `fazhi archive`.",
            )
        return pq.read_schema(path)
    except UnicodeEncodeError:
        raise InputError(
            "the path is not UTF-8, which DuckDB needs", source=layout.folder, remedy="Rename the folder."
        ) from None
    except PermissionError as error:
        raise InputError(
            f"cannot be opened ({error.strerror})", source=path, remedy="Check the file's permissions."
        ) from error
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(f"is no Parquet file ({type(error).__name__})", source=path, remedy=_REMEDY) from None


def _themes(items: pa.Schema, path: Path) -> tuple[str, ...]:
    """Return the theme ids: the fields of ``scores``. DuckDB's names would do not, since it ignores case in them."""
    import pyarrow as pa

    position = items.get_field_index("scores")
    if position < 0 or not pa.types.is_struct(items.field(position).type):
        raise DamagedFileError("has no column scores of an archive", source=path, remedy=_REMEDY)
    scores = items.field(position).type
    return tuple(scores.field(number).name for number in range(scores.num_fields))


def _check_columns(found: pa.Schema, expected: pa.Schema, path: Path, names: Sequence[str] | None = None) -> None:
    for name in expected.names if names is None else names:
        position = found.get_field_index(name)
        if position < 0 or found.field(position).type != expected.field(name).type:
            raise DamagedFileError(f"has no column {name} of an archive", source=path, remedy=_REMEDY)
