"""Files of an archive's output: each takes its name when it is whole, and what cannot be written says what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fazhi_ml.errors import OutputError

__all__ = ["AGAIN", "TEMPORARY", "output_error", "replacing"]

TEMPORARY = ".fazhi-*"
"""Pattern of the names of files that are not whole, and of folders for a moment, also those of other modules."""

AGAIN = "then run the same command again: what was done is kept."

_REMEDIES = {
    errno.ENOSPC: f"Free some disk space, {AGAIN}",
    errno.EDQUOT: f"Free some disk space, {AGAIN}",
    errno.EFBIG: f"Lift the limit on the size of files, {AGAIN}",
    errno.EACCES: "Choose a place that you may write to.",
    errno.EPERM: "Choose a place that you may write to.",
    errno.EROFS: "Choose a place that is not read-only.",
    errno.ENOTDIR: "A part of the path is a file; choose another path.",
    errno.EEXIST: "There is a file of that name; choose another path.",
    errno.ENOENT: "Choose a place where folders can be made.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EMFILE: f"Allow more open files (ulimit -n), {AGAIN}",
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Return the error that says why `path` cannot be written and what to do."""
    remedy = _REMEDIES.get(error.errno or 0, f"Check the disk, {AGAIN}")
    # The text of pyarrow's errors holds the name of a temporary file.
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return OutputError(f"cannot be written ({reason})", source=path, remedy=remedy)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the name of a temporary file beside `path`, which takes its place when all went well.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    temporary = path.with_name(f".fazhi-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error
