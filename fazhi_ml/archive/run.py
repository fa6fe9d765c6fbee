"""Tagging an archive: every document once, however often the run is stopped and whatever single documents do."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from fazhi_ml import __version__
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.manifest import Failure, Manifest, Outcome, Tagged
from fazhi_ml.archive.outputs import FORMATS, Format, output_files, write_outputs
from fazhi_ml.archive.pool import run_batches
from fazhi_ml.archive.upkeep import (
    check_output,
    locked,
    page_names,
    part_names,
    remove_unused_pages,
    remove_unused_parts,
    sweep,
)
from fazhi_ml.archive.walk import SUFFIXES, Walk, readable_name
from fazhi_ml.archive.worker import Job, Source, failure_of, fingerprint, load_model, page_name, tag_batch
from fazhi_ml.classifier.audit import read_manifest
from fazhi_ml.classifier.bundle import FORMAT_VERSION
from fazhi_ml.classifier.resolve import resolve_bundle
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import InputError, MissingExtraError, OutputError, ReaderLimitError
from fazhi_ml.tagging.results import GRANULARITIES, Granularity

if TYPE_CHECKING:
    from fazhi_ml.reports.overrides import MetadataTable, Override

__all__ = ["RESULT_VERSION", "ArchiveSummary", "Progress", "tag_archive"]

RESULT_VERSION = 1
"""Raised whenever readers, outline or tables change what comes out of the same documents and model."""

_BATCH_DOCUMENTS = 32
_BATCH_BYTES = 4 * 2**20
_BATCHES_PER_WORKER = 4
"""At least so many where documents are few, so that no worker waits long for the last."""


class Progress(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    stage : {"listing", "tagging", "writing"}
        Looking for documents, tagging them, or writing tables.
    done, total : int
        Documents of this run.
    failed : int
        Those of them that could not be read.
    news : str
        What the user should know now; mostly empty.
    """

    stage: Literal["listing", "tagging", "writing"]
    done: int = 0
    total: int = 0
    failed: int = 0
    news: str = ""


@dataclass(frozen=True)
class ArchiveSummary:
    """What a run did.

    Attributes
    ----------
    layout : Layout
        Where the output lies.
    files : int
        Documents that the archive holds.
    tagged, failed : int
        Documents of this run that were tagged, and that could not be.
    removed : int
        Documents that were there at the run before and are gone.
    errors : int
        Files and folders that cannot be read, of this run and before: the rows of ``errors.csv``.
    written : bool
        Whether the output was written; False when nothing has changed.
    unused_metadata : tuple of str
        Entries of the metadata table that name no document.
    """

    layout: Layout
    files: int
    tagged: int
    failed: int
    removed: int
    errors: int
    written: bool
    unused_metadata: tuple[str, ...]


def tag_archive(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    metadata: MetadataTable | None = None,
    granularity: Granularity = "item",
    format: Format = "parquet",  # noqa: A002 - named like the option of the command
    bom: bool = False,
    pages: bool = True,
    progress: Callable[[Progress], object] | None = None,
) -> ArchiveSummary:
    """Tag all documents below a folder, or what has changed since the last time.

    What is done is kept as it is done: a run that was stopped or killed goes on where it was when it is started again,
    and the result does not depend on how often that happened. Documents are known by their content: only new and
    changed ones are tagged. Another model, granularity, or choice of pages means that all are tagged again.

    Parameters
    ----------
    folder : str or path
        The archive. Documents are all files that are called so (see `fazhi_ml.archive.walk.SUFFIXES`), at any depth.
    output : str or path
        A new or empty folder, or the output of an earlier run. See `Layout` for what it will hold.
    model : str or path, optional
        As for `fazhi_ml.load`.
    workers : int, optional
        Number of processes; by default one for each core.
    metadata : MetadataTable, optional
        Place, level, agency and year where the user knows better.
    granularity : {"item", "paragraph"}
        What a row of ``items.parquet`` is.
    format : {"parquet", "jsonl", "csv"}
        What items and reports are written as besides Parquet.
    bom : bool
        Whether CSV files begin with a byte order mark, without which spreadsheets misread Chinese.
    pages : bool
        Whether each report gets a page to read.
    progress : callable, optional
        Called with a `Progress` now and then.

    Returns
    -------
    ArchiveSummary

    Raises
    ------
    InputError
        An argument is wrong, or the archive holds no documents.
    OutputError
        The output cannot be written, is something else's folder, or another run is writing it.
    BundleError, MissingExtraError
        As `fazhi_ml.load`; or ``fazhi-ml[archive]`` is not installed.
    ConfigError
        An entry of the metadata table fits several documents.
    """
    _check_choice("granularity", granularity, GRANULARITIES)
    _check_choice("format", format, FORMATS)
    if workers is not None and workers < 1:
        raise InputError(f"{workers} is too few", source="workers", remedy="Give 1 or more.")
    _check_installed()
    bundle = resolve_bundle(model).absolute()
    description = read_manifest(bundle, FORMAT_VERSION)
    codebook = Codebook.from_dict(description["codebook"], source=bundle)
    layout = Layout(Path(output).absolute())
    job = Job(Path(folder).absolute(), layout.folder, bundle, description["id"], granularity, pages)
    check_output(layout)
    run = _Run(layout, job, metadata, progress)
    with locked(layout), run:
        run.find_documents()
        run.tag(workers)
        return run.finish(codebook, format, bom=bom)


class _Run:
    """One run on an archive; a context manager that holds its manifest open."""

    def __init__(
        self, layout: Layout, job: Job, metadata: MetadataTable | None, progress: Callable[[Progress], object] | None
    ) -> None:
        self._layout = layout
        self._job = job
        self._metadata = metadata
        self._progress = progress or (lambda _: None)
        self._settings = {
            "version of fazhi": RESULT_VERSION,
            "model": job.model,
            "granularity": job.granularity,
            "choice of pages": job.pages,
        }
        self._walk = Walk(job.folder, without=layout.folder)
        self._files = self._removed = self._pending = self._tagged = self._failed = 0
        self._unused_metadata: tuple[str, ...] = ()

    def __enter__(self) -> None:
        self._manifest = Manifest(self._layout.work / "manifest.sqlite", json.dumps(self._settings))

    def __exit__(self, *exception: object) -> None:
        self._manifest.close()
        if exception[0] is not None:
            # Workers that are ended leave files behind; on a broken disk they stay for the next run.
            with suppress(OutputError):
                sweep(self._layout)

    def find_documents(self) -> None:
        """Find out what is to be tagged."""
        news = self._change_of_settings()
        self._progress(Progress("listing", news=news))
        self._files = self._manifest.see((found, fingerprint(self._override(found.path))) for found in self._walk)
        if not self._files:
            raise InputError(
                "there are no documents in the folder",
                source=self._job.folder,
                remedy=f"Give a folder with files that end in {', '.join(sorted(SUFFIXES))}.",
            )
        if self._metadata is not None:
            # Now rather than at the end, since it also finds out whether an entry fits several documents.
            self._unused_metadata = self._metadata.unused(readable_name(path) for path in self._manifest.seen())
        if self._manifest.is_of_other_documents():
            raise InputError(
                "holds none of the documents that the output was made from",
                source=self._job.folder,
                remedy="Choose a new output folder, or delete the old one.",
            )
        if news:
            # What is there is dropped only for a model that can take its place.
            load_model(self._job.bundle, self._job.model)
        self._manifest.adopt()
        self._removed = self._manifest.forget_missing()
        self._forget_lost()
        self._pending = self._manifest.find_pending()

    def _change_of_settings(self) -> str:
        former = self._manifest.former_settings
        if former is None or former == json.dumps(self._settings):
            return ""
        changed = [name for name, value in self._settings.items() if json.loads(former).get(name) != value]
        return f"all documents are tagged again: another {' and another '.join(changed)} than at the last run"

    def _forget_lost(self) -> None:
        """Have those documents tagged again whose rows or pages somebody removed."""
        sweep(self._layout)
        self._manifest.forget(parts=self._manifest.parts() - part_names(self._layout))
        if self._job.pages:
            pages = page_names(self._layout)
            self._manifest.forget(paths=[path for path, _ in self._manifest.tagged() if page_name(path) not in pages])

    def _override(self, path: bytes) -> Override | None:
        return None if self._metadata is None else self._metadata.for_file(readable_name(path))

    def tag(self, workers: int | None) -> None:
        """Tag what is to be tagged."""
        done = 0
        self._progress(Progress("tagging", 0, self._pending))
        if not self._pending:
            return
        if workers is None:
            from joblib import cpu_count

            workers = cpu_count()
        workers = min(workers, self._pending)
        largest = min(_BATCH_DOCUMENTS, max(1, self._pending // (_BATCHES_PER_WORKER * workers)))
        batches = self._batches(largest)
        results = run_batches(partial(tag_batch, self._job), batches, workers=workers, lost=_killed)
        with closing(results):
            for outcomes in results:
                self._manifest.record(outcomes)
                done += len(outcomes)
                self._tagged += sum(isinstance(outcome.result, Tagged) for outcome in outcomes)
                self._failed += sum(isinstance(outcome.result, Failure) for outcome in outcomes)
                self._progress(Progress("tagging", done, self._pending, self._failed))

    def _batches(self, largest: int) -> Iterator[list[Source]]:
        """Yield neighbours together: the tables are merged from few part files at a time."""
        batch: list[Source] = []
        size = 0
        for path, n_bytes, sha256 in self._manifest.pending():
            if batch and (len(batch) == largest or size + n_bytes > _BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(Source(path, sha256, self._override(path)))
            size += n_bytes
        if batch:
            yield batch

    def finish(self, codebook: Codebook, format_: Format, *, bom: bool) -> ArchiveSummary:
        """Write the output, unless it is there as it should be."""
        problems = [(path, failure_of(error)) for path, error in sorted(self._walk.problems, key=itemgetter(0))]
        facts = {
            "version": __version__,
            "model": self._job.model,
            "granularity": self._job.granularity,
            "files": self._files,
            "skipped": {"total": self._walk.skipped.total(), "by_suffix": dict(sorted(self._walk.skipped.items()))},
        }
        state = hashlib.sha256(
            repr((self._settings, self._manifest.digest(), problems, facts, format_, bom)).encode()
        ).hexdigest()
        complete = self._manifest.state("output") == self._with_data(state) and all(
            path.is_file() for path in output_files(self._layout, format_)
        )
        if not complete:
            self._progress(Progress("writing", self._pending, self._pending, self._failed))
            # Until all files are of one state, they are of none.
            self._manifest.set_state("output", "")
            write_outputs(
                self._layout,
                self._manifest,
                codebook=codebook,
                granularity=self._job.granularity,
                problems=problems,
                facts=facts,
                format_=format_,
                bom=bom,
            )
            self._remove_unused()
            self._manifest.set_state("output", self._with_data(state))
        return ArchiveSummary(
            layout=self._layout,
            files=self._files,
            tagged=self._tagged,
            failed=self._failed,
            removed=self._removed,
            errors=sum(1 for _ in self._manifest.failures()) + len(problems),
            written=not complete,
            unused_metadata=self._unused_metadata,
        )

    def _with_data(self, state: str) -> str:
        """Add to the state of the output which data its page finds: their names hold a hash of their content."""
        return " ".join([state, *sorted(path.name for path in self._layout.data.glob("*.js"))])

    def _remove_unused(self) -> None:
        remove_unused_parts(self._layout, self._manifest.parts())
        pages = (page_name(path) for path, _ in self._manifest.tagged()) if self._job.pages else ()
        remove_unused_pages(self._layout, pages)


def _killed(source: Source) -> Outcome:
    error = ReaderLimitError(
        "its worker was killed, probably for want of memory", remedy="Run fewer workers, or split the document."
    )
    return Outcome(source.path, "", fingerprint(source.override), None, failure_of(error, retry=True))


def _check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise InputError(f"unknown {name}", source=name, remedy=f"Use {' or '.join(map(repr, choices))}.")


def _check_installed() -> None:
    for package in ("pyarrow", "duckdb", "jinja2"):
        if find_spec(package) is None:
            raise MissingExtraError(
                f"{package} is not installed",
                source="archives",
                remedy="Install it with `pip install 'fazhi-ml[archive]'`.",
            )
