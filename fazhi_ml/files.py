"""Reading of files that may be anything."""

from __future__ import annotations

import os
from pathlib import Path

from fazhi_ml.errors import FazhiError

__all__ = ["read_limited"]


def read_limited(path: str | os.PathLike[str], limit: int, error: type[FazhiError]) -> bytes:
    """Read a file of at most `limit` bytes.

    Parameters
    ----------
    path : str or path
    limit : int
    error : type
        What to raise.

    Raises
    ------
    FazhiError
        As `error` says: the file is missing, not a regular file, not readable or too large.
    """
    file = Path(path)
    try:
        # Opening a pipe would wait for its writer.
        if not file.is_file():
            raise error("not a file", source=path, remedy="Check the path.")
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as cause:
        raise error(
            f"cannot be read ({cause.strerror})", source=path, remedy="Check the path and its permissions."
        ) from cause
    if len(data) > limit:
        raise error(f"larger than {limit:,} bytes", source=path, remedy="Is this the right file?")
    return data
