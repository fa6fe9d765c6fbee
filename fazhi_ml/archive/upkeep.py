"""The output folder of an archive: whose it is, who writes it now, and what is left over in it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from fazhi_ml.archive.files import TEMPORARY, output_error
from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.parts import PART_SUFFIXES
from fazhi_ml.errors import OutputError

__all__ = ["check_output", "locked", "page_names", "part_names", "remove_unused_pages", "remove_unused_parts", "sweep"]


def check_output(layout: Layout) -> None:
    """Check that the folder is a tagged archive, or can become one without touching anything of its user's.

    Raises
    ------
    OutputError
        It is not empty and no tagged archive, or cannot be read.
    """
    folder = layout.folder
    try:
        if not layout.work.is_dir() and folder.exists() and any(folder.iterdir()):
            raise OutputError(
                "is not empty and no tagged archive", source=folder, remedy="Choose a new folder; nothing was changed."
            )
        str(folder).encode()
    except OSError as error:
        raise output_error(folder, error) from error
    except UnicodeEncodeError:
        raise OutputError(
            "its name is no UTF-8, which the tables' programs need", source=folder, remedy="Choose another name."
        ) from None


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Make the folders of an output and keep other runs out of them.

    Raises
    ------
    OutputError
        Another run has the folder, or it cannot be written.
    """
    try:
        for folder in (layout.folder, layout.work, layout.work / "parts", layout.pages):
            folder.mkdir(parents=True, exist_ok=True)
        file = (layout.work / "lock").open("ab")
    except OSError as error:
        raise output_error(layout.folder, error) from error
    with file:
        if not _lock(file):
            raise OutputError(
                "another run is writing it", source=layout.folder, remedy="Wait until it has ended, or stop it."
            )
        yield


def _lock(file: IO[bytes]) -> bool:
    """Lock a file for as long as it is open; the system unlocks it for a process that is killed."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sweep(layout: Layout) -> None:
    """Remove what a killed run had not finished."""
    with _removing(layout):
        for folder in (layout.folder, layout.work / "parts", layout.pages, layout.data):
            for path in folder.glob(TEMPORARY):
                if path == layout.work:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def part_names(layout: Layout) -> set[str]:
    """Return the names of the parts that are whole."""
    folder = layout.work / "parts"
    whole = [{path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}")} for suffix in PART_SUFFIXES]
    return set.intersection(*whole)


def page_names(layout: Layout) -> set[str]:
    """Return the file names of the pages that are there."""
    return {path.name for path in layout.pages.glob("*.html")}


def remove_unused_parts(layout: Layout, used: set[str]) -> None:
    """Remove the parts of which no rows are used."""
    with _removing(layout):
        for suffix in PART_SUFFIXES:
            for path in (layout.work / "parts").glob(f"*{suffix}"):
                if path.name.removesuffix(suffix) not in used:
                    path.unlink()


def remove_unused_pages(layout: Layout, used: Iterable[str]) -> None:
    """Remove the pages of reports that are not there any more."""
    names = set(used)
    with _removing(layout):
        for path in layout.pages.glob("*.html"):
            if path.name not in names:
                path.unlink()


@contextmanager
def _removing(layout: Layout) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise output_error(layout.folder, error) from error
