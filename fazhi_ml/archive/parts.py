"""Part files: the rows of some documents in Arrow's file format, one record batch a document."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.archive.files import replacing
from fazhi_ml.errors import OutputError

if TYPE_CHECKING:
    import pyarrow as pa

    from fazhi_ml.archive.manifest import Tagged

__all__ = ["ITEMS", "PART_SUFFIXES", "TERMS", "PartWriter", "read_batches"]

ITEMS = ".items.arrow"
TERMS = ".terms.arrow"
PART_SUFFIXES = (ITEMS, TERMS)
"""A part is a file of each; the record batches of a document have the same number in both."""

_OPEN_FILES = 16


class PartWriter:
    """Writes a part: a context manager, on whose clean exit the files are on disk under their names.

    Parameters
    ----------
    folder : path
    name : str
    schemas : sequence of pyarrow.Schema
        Of the rows in each file of `PART_SUFFIXES`.

    Attributes
    ----------
    name : str

    Raises
    ------
    OutputError
        A file cannot be written.
    """

    def __init__(self, folder: Path, name: str, schemas: Sequence[pa.Schema]) -> None:
        self.name = name
        self._paths = [folder / f"{name}{suffix}" for suffix in PART_SUFFIXES]
        self._schemas = schemas
        self._count = 0

    def __enter__(self) -> PartWriter:
        with ExitStack() as stack:
            files = zip(self._paths, self._schemas, strict=True)
            self._writers = [stack.enter_context(_arrow_file(path, schema)) for path, schema in files]
            self._files = stack.pop_all()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._files.__exit__(*exception)

    def write(self, batches: Sequence[pa.RecordBatch]) -> int:
        """Write the record batches of a document, one for each file, and return their number within it."""
        for writer, batch in zip(self._writers, batches, strict=True):
            writer.write_batch(batch)
        self._count += 1
        return self._count - 1


@contextmanager
def _arrow_file(path: Path, schema: pa.Schema) -> Iterator[Any]:
    import pyarrow.ipc

    # For batches as small as a document's, zstd takes four times as long for a third less.
    options = pyarrow.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with replacing(path) as temporary, temporary.open("xb") as file:
        with pyarrow.ipc.new_file(file, schema, options=options) as writer:
            yield writer
        file.flush()
        # What the manifest is going to rely on must outlast a crash of the machine.
        os.fsync(file.fileno())


def read_batches(folder: Path, suffix: str, places: Iterable[Tagged]) -> Iterator[pa.RecordBatch]:
    """Yield the record batch of each document, from the files of `PART_SUFFIXES` that `suffix` says.

    Raises
    ------
    OutputError
        A part is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.ipc

    # Neighbours mostly lie in the same part.
    @lru_cache(maxsize=_OPEN_FILES)
    def part(name: str) -> Any:
        return pyarrow.ipc.open_file(pa.OSFile(str(folder / f"{name}{suffix}")))

    for place in places:
        try:
            batch = part(place.part).get_batch(place.batch)
        except (OSError, pa.ArrowException) as error:
            raise OutputError(
                f"the part is damaged ({type(error).__name__})",
                source=folder / f"{place.part}{suffix}",
                remedy="Delete it and run the same command again: its documents are tagged anew.",
            ) from error
        yield batch
