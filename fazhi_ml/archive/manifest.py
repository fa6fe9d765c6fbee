"""What a run has done so far, kept in SQLite so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from fazhi_ml.archive.files import AGAIN
from fazhi_ml.archive.walk import Found
from fazhi_ml.errors import OutputError

__all__ = ["Failure", "Manifest", "Outcome", "Pending", "Tagged"]

_VERSION = 1
_DROP = "DROP TABLE IF EXISTS documents; DROP TABLE IF EXISTS state;"
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS documents (
    path BLOB PRIMARY KEY, stamp TEXT NOT NULL, override TEXT NOT NULL, sha256 TEXT,
    part TEXT, batch INTEGER, reader TEXT, error TEXT, message TEXT, retry INTEGER NOT NULL, row BLOB
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = {_VERSION};
CREATE TEMP TABLE seen (path BLOB PRIMARY KEY, size INTEGER NOT NULL, stamp TEXT NOT NULL, override TEXT NOT NULL);
CREATE TEMP TABLE pending (path BLOB PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT);
"""

_DAMAGES = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")

# A document whose content turns out to be the old one (`sha256`) need not be tagged again.
_FIND_PENDING = """
INSERT INTO pending
SELECT path, size, iif(old.override = seen.override AND NOT old.retry, sha256, NULL)
FROM seen LEFT JOIN documents AS old USING (path)
WHERE old.path IS NULL OR old.stamp != seen.stamp OR old.override != seen.override OR old.retry
"""

_DUPLICATES = """
SELECT sha256, path FROM documents
WHERE part IS NOT NULL AND sha256 IN (
    SELECT sha256 FROM documents WHERE part IS NOT NULL GROUP BY sha256 HAVING count(*) > 1
)
ORDER BY sha256, path
"""


class Failure(NamedTuple):
    """Why a document has no rows.

    Attributes
    ----------
    reader : str
        Name of the reader that gave it up; empty where none had begun.
    error, message : str
        Name of the error's class, and what went wrong.
    retry : bool
        Whether the next run may fare better with the same bytes.
    """

    reader: str
    error: str
    message: str
    retry: bool


class Tagged(NamedTuple):
    """Where the rows of a document lie.

    Attributes
    ----------
    part : str
        Name of the part.
    batch : int
        Number of its record batch within the part.
    row : bytes
        Its row of the table of reports, as JSON.
    """

    part: str
    batch: int
    row: bytes


class Outcome(NamedTuple):
    """What became of one document.

    Attributes
    ----------
    path : bytes
    stamp : str
        Of the file as it was read; empty where it must be read again to know whether it changed.
    override : str
        Fingerprint of the metadata that its user gave; empty for none.
    sha256 : str or None
        Of its bytes; None when they could not be read.
    result : Tagged, Failure or None
        None: the content is what it was before.
    """

    path: bytes
    stamp: str
    override: str
    sha256: str | None
    result: Tagged | Failure | None


class Pending(NamedTuple):
    """A document to tag.

    Attributes
    ----------
    path : bytes
    size : int
    sha256 : str or None
        Of the content for which results are there already.
    """

    path: bytes
    size: int
    sha256: str | None


class Manifest:
    """The state of an archive's run.

    Parameters
    ----------
    path : path
        The database; made where there is none.
    settings : str
        All that decides results besides the documents; `adopt` drops those of other settings.

    Attributes
    ----------
    former_settings : str or None
        Those of the run before; None where there was none.

    Raises
    ------
    OutputError
        The database is damaged, or cannot be written; every method may raise it.
    """

    def __init__(self, path: Path, settings: str) -> None:
        self._path = path
        with self._guarded():
            self._database = sqlite3.connect(path, isolation_level=None)
        self._settings = settings
        try:
            self._prepare()
            self.former_settings = self.state("settings")
        except OutputError:
            self.close()
            raise

    def _prepare(self) -> None:
        with self._guarded():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                self._database.executescript(_DROP)
            self._database.executescript(_SCHEMA)

    def adopt(self) -> None:
        """Drop the results of other settings, if there are any."""
        if self.former_settings != self._settings:
            with self._transaction():
                self._database.execute("DELETE FROM documents")
                self._set_state("settings", self._settings)

    def is_of_other_documents(self) -> bool:
        """Tell whether there are results, and none for any file that was seen."""
        with self._guarded():
            (answer,) = self._database.execute(
                "SELECT EXISTS (SELECT * FROM documents)"
                " AND NOT EXISTS (SELECT * FROM documents JOIN seen USING (path))"
            ).fetchone()
        return bool(answer)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def state(self, name: str) -> str | None:
        """Return a value that `set_state` kept, or None."""
        with self._guarded():
            row = self._database.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_state(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        with self._transaction():
            self._set_state(name, value)

    def _set_state(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def see(self, files: Iterable[tuple[Found, str]]) -> int:
        """Take in the files that are there now, each with its override's fingerprint, and return their number."""
        with self._transaction():
            self._database.executemany(
                "INSERT INTO seen VALUES (?, ?, ?, ?)",
                ((found.path, found.size, found.stamp, override) for found, override in files),
            )
            return int(self._database.execute("SELECT count(*) FROM seen").fetchone()[0])

    def seen(self) -> Iterator[bytes]:
        """Yield the paths of the files that are there now, in order."""
        for (path,) in self._rows("SELECT path FROM seen ORDER BY path"):
            yield path

    def forget_missing(self) -> int:
        """Drop the results of documents that were not seen, and return their number."""
        with self._transaction():
            return int(
                self._database.execute("DELETE FROM documents WHERE path NOT IN (SELECT path FROM seen)").rowcount
            )

    def forget(self, *, paths: Iterable[bytes] = (), parts: Iterable[str] = ()) -> None:
        """Drop the results of documents, given by their paths or parts, so that they are tagged again."""
        with self._transaction():
            self._database.executemany("DELETE FROM documents WHERE path = ?", ((path,) for path in paths))
            self._database.executemany("DELETE FROM documents WHERE part = ?", ((part,) for part in parts))

    def find_pending(self) -> int:
        """Find out which documents are to be tagged, and return their number."""
        with self._transaction():
            return int(self._database.execute(_FIND_PENDING).rowcount)

    def pending(self) -> Iterator[Pending]:
        """Yield the documents that `find_pending` found, in order of their paths."""
        for row in self._rows("SELECT path, size, sha256 FROM pending ORDER BY path"):
            yield Pending(*row)

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Keep what became of documents: of all of them, or of none."""
        with self._transaction():
            for path, stamp, override, sha256, result in outcomes:
                if result is None:
                    self._database.execute("UPDATE documents SET stamp = ? WHERE path = ?", (stamp, path))
                    continue
                tagged = result if isinstance(result, Tagged) else (None, None, None)
                failure = result if isinstance(result, Failure) else (None, None, None, False)
                self._database.execute(
                    "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (path, stamp, override, sha256, *tagged[:2], *failure, tagged[2]),
                )

    def tagged(self) -> Iterator[tuple[bytes, Tagged]]:
        """Yield the documents that have rows, in order of their paths."""
        for path, *places in self._rows(
            "SELECT path, part, batch, row FROM documents WHERE part IS NOT NULL ORDER BY path"
        ):
            yield path, Tagged(*places)

    def failures(self) -> Iterator[tuple[bytes, Failure]]:
        """Yield the documents that have no rows, in order of their paths."""
        for path, *fields in self._rows(
            "SELECT path, reader, error, message, retry FROM documents WHERE error IS NOT NULL ORDER BY path"
        ):
            yield path, Failure(*fields)

    def duplicates(self) -> Iterator[list[bytes]]:
        """Yield the paths of documents that have rows and the same bytes."""
        for _, copies in groupby(self._rows(_DUPLICATES), key=itemgetter(0)):
            yield [path for _, path in copies]

    def parts(self) -> set[str]:
        """Return the names of the parts in which rows lie."""
        return {part for (part,) in self._rows("SELECT DISTINCT part FROM documents WHERE part IS NOT NULL")}

    def digest(self) -> str:
        """Return a hash of the results of all documents."""
        digest = hashlib.sha256()
        for row in self._rows("SELECT path, sha256, override, reader, error, message FROM documents ORDER BY path"):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with self._guarded():
            for row in self._database.execute(query):  # noqa: UP028 - that would close it after the database is
                yield row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            finally:
                # An error of the disk may have ended the transaction already.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> OutputError:
        # Errors of Python's own checks carry no name.
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if name in _DAMAGES:
            return OutputError(
                f"the record of what was done is damaged ({name})",
                source=self._path,
                remedy=f"Delete the folder {self._path.parent.name} and run again: everything is tagged anew.",
            )
        return OutputError(
            f"the record of what was done cannot be written ({name})",
            source=self._path,
            remedy=f"Check permissions and free space, {AGAIN}",
        )
