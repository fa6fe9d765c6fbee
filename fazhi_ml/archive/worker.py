"""What a worker process does: read documents, tag them, and write their rows and pages."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, NamedTuple

from fazhi_ml.archive.files import replacing
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.manifest import Failure, Outcome, Tagged
from fazhi_ml.archive.parts import PartWriter
from fazhi_ml.archive.walk import file_stamp, path_text, readable_name
from fazhi_ml.errors import (
    BundleError,
    FazhiError,
    MissingExtraError,
    MissingProgramError,
    UnreadableFileError,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from fazhi_ml.reports.document import Report
    from fazhi_ml.reports.overrides import Override
    from fazhi_ml.tagging.results import Granularity, TaggedReport
    from fazhi_ml.tagging.tagger import Tagger

__all__ = ["Job", "Source", "failure_of", "fingerprint", "load_model", "page_name", "tag_batch"]

_RETRIED = (UnreadableFileError, MissingExtraError, MissingProgramError)
"""Errors that another run on the same bytes need not meet."""

_TICK = 0.1
"""Seconds within which two changes of a file may bear the same time."""


@dataclass(frozen=True)
class Job:
    """What is the same for all documents of a run.

    Attributes
    ----------
    folder : path
        The archive.
    output : path
    bundle : path
        The model's folder.
    model : str
        The model's id.
    granularity : {"item", "paragraph"}
    pages : bool
        Whether each report gets a page.
    """

    folder: Path
    output: Path
    bundle: Path
    model: str
    granularity: Granularity
    pages: bool


class Source(NamedTuple):
    """A document to tag.

    Attributes
    ----------
    path : bytes
        Relative to the archive.
    sha256 : str or None
        Of the content for which results are there already.
    override : Override or None
        The metadata that its user gave.
    """

    path: bytes
    sha256: str | None
    override: Override | None


def fingerprint(override: Override | None) -> str:
    """Return what changes when the metadata that a user gave for a document do; empty for none."""
    return "" if override is None else override.fingerprint


def failure_of(error: FazhiError, *, reader: str = "", retry: bool = False) -> Failure:
    """Return an error as the manifest keeps it; `retry` adds to the errors that are worth it anyway."""
    message = " ".join(filter(None, (f"{error.cause.rstrip('.')}.", error.remedy)))
    return Failure(reader, type(error).__name__, message, retry or isinstance(error, _RETRIED))


def page_name(path: bytes) -> str:
    """Return the file name of a report's page."""
    return f"{hashlib.sha256(path).hexdigest()[:16]}.html"


@cache
def load_model(folder: Path, model: str) -> Tagger:
    """Load a model once a process.

    Raises
    ------
    BundleError
        It cannot be loaded, or is no longer the model that the run began with.
    """
    from fazhi_ml.tagging.tagger import load

    tagger = load(folder)
    if tagger.bundle.id != model:
        raise BundleError("the model changed during the run", source=folder, remedy="Run the same command again.")
    return tagger


def tag_batch(job: Job, sources: Sequence[Source]) -> list[Outcome]:
    """Tag documents and write their rows as a new part.

    Parameters
    ----------
    job : Job
    sources : sequence of Source

    Returns
    -------
    list of Outcome
        One a document. What is wrong with a document is in its outcome, and harms no other.

    Raises
    ------
    OutputError
        The part or a page cannot be written.
    BundleError
        The model cannot be loaded.
    """
    from fazhi_ml.archive.schema import item_schema
    from fazhi_ml.archive.terms import part_term_schema

    layout = Layout(job.output)
    schemas = item_schema(load_model(job.bundle, job.model).themes, job.granularity), part_term_schema()
    with PartWriter(layout.work / "parts", os.urandom(8).hex(), schemas) as writer:
        return [_outcome(job, layout, writer, source) for source in sources]


class _Rendered(NamedTuple):
    """All that is written of a report: its record batches, its row of the table of reports, and its page."""

    batches: tuple[pa.RecordBatch, ...]
    row: bytes
    page: bytes | None


def _outcome(job: Job, layout: Layout, writer: PartWriter, source: Source) -> Outcome:
    path = source.path
    data, stamp, sha256 = b"", "", None
    result: _Rendered | Failure | None
    try:
        data, stamp = _read(job.folder / os.fsdecode(path))
        sha256 = hashlib.sha256(data).hexdigest()
        result = None if sha256 == source.sha256 else _render(job, source, data)
    except FazhiError as error:
        result = failure_of(error, reader=_reader(data, path))
    except MemoryError:
        result = Failure(
            _reader(data, path), "MemoryError", "It takes more memory than there is. Run fewer workers.", True
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"The system failed while it was read ({reason}). Check the disk, and run again."
        result = Failure(_reader(data, path), type(error).__name__, message, True)
    except Exception as error:  # noqa: BLE001 - one document must not end the run, whatever is wrong with it
        result = Failure(_reader(data, path), type(error).__name__, _defect(error), False)
    written = _write(layout, writer, path, result) if isinstance(result, _Rendered) else result
    return Outcome(path, stamp, fingerprint(source.override), sha256, written)


def _read(file: Path) -> tuple[bytes, str]:
    """Read a file as it was at one time, and return its bytes and stamp."""
    from fazhi_ml.reports.limits import MAX_BYTES

    for _ in range(2):
        try:
            now, before = time.time(), file.stat()
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableFileError("it is no regular file", remedy="Put a copy of the document in its place.")
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
                after = os.fstat(stream.fileno())
        except FileNotFoundError:
            raise UnreadableFileError("there is no such file", remedy="Was it moved during the run?") from None
        except OSError as error:
            raise UnreadableFileError(
                f"it cannot be read ({error.strerror})", remedy="Check its permissions and the disk."
            ) from error
        if file_stamp(before) == file_stamp(after):
            # A change within the same tick of the clock would not show.
            return data, file_stamp(after) if after.st_ctime < now - _TICK else ""
    raise UnreadableFileError("it changes while it is read", remedy="Run again when it is complete.")


def _render(job: Job, source: Source, data: bytes) -> _Rendered:
    import json

    import pyarrow as pa

    from fazhi_ml.archive.schema import item_rows, item_schema, report_row
    from fazhi_ml.archive.terms import count_terms

    tagger, path = load_model(job.bundle, job.model), path_text(source.path)
    report = tagger.tag_report(_report(source, data))
    page = _page(report) if job.pages else None
    rows = item_rows(report, path, job.granularity)
    items = pa.RecordBatch.from_pylist(rows, schema=item_schema(tagger.themes, job.granularity))
    row = report_row(report, path, n_bytes=len(data), page=f"pages/{page_name(source.path)}" if job.pages else None)
    terms = count_terms(report, tagger.bundle.scorer.extractor.tokenizer)
    return _Rendered((items, terms), json.dumps(row, ensure_ascii=False).encode(), page)


def _report(source: Source, data: bytes) -> Report:
    from fazhi_ml.reports.read import read_bytes

    # Place and year are read from a name that people can read; the tables need one that no other file has.
    report = read_bytes(data, name=readable_name(source.path))
    if source.override is not None:
        report = source.override.apply(report)
    return replace(report, provenance=replace(report.provenance, path=path_text(source.path)))


def _page(report: TaggedReport) -> bytes:
    from fazhi_ml.tagging.page import render_page

    return render_page(report).encode()


def _write(layout: Layout, writer: PartWriter, path: bytes, rendered: _Rendered) -> Tagged:
    if rendered.page is not None:
        with replacing(layout.pages / page_name(path)) as temporary:
            temporary.write_bytes(rendered.page)
    return Tagged(writer.name, writer.write(rendered.batches), rendered.row)


def _reader(data: bytes, path: bytes) -> str:
    """Return the name of the reader that takes on a document; empty for none."""
    from fazhi_ml.reports.readers import READERS

    name = readable_name(path)
    try:
        return next((reader.name for reader in READERS if data and reader.accepts(data, name)), "")
    except Exception:  # noqa: BLE001 - what brought us here may do so again
        return ""


def _defect(error: Exception) -> str:
    """Say where an error came up that nobody foresaw; its own text may hold text of the document."""
    frame = extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"An unexpected error ({place}): a defect of fazhi_ml. Please report it with this line."
