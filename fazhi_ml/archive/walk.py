"""Finding the documents of an archive: every file below a folder, each by one path, whatever its name."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fazhi_ml.errors import FazhiError, InputError, UnreadableFileError

__all__ = ["SUFFIXES", "Found", "Walk", "file_stamp", "path_text", "readable_name"]

SUFFIXES = frozenset(
    ".txt .html .htm .shtml .xhtml .mht .mhtml .docx .docm .doc .wps .rtf .pdf".split()  # noqa: SIM905 - one glance
)
"""Endings of names, in lower case, of what is read; names without an ending are read too."""

# What follows the last dot of 关于2022年.法治政府建设情况的报告 is no ending.
_SUFFIX = re.compile(rb".+(\.[A-Za-z0-9]{1,8})\Z", re.DOTALL)
_HIDDEN = (b".", b"~$")
_SYSTEM_FILES = frozenset((b"thumbs.db", b"desktop.ini"))
# Browsers keep the pictures and frames of a saved page in such a folder beside it.
_COMPANION = re.compile(rb"(.+)(?:_files|\.files)\Z", re.DOTALL)
_PAGES = (b".html", b".htm", b".shtml", b".xhtml")


class Found(NamedTuple):
    """A file to read.

    Attributes
    ----------
    path : bytes
        Relative to the archive's folder, with forward slashes, as the file system has it.
    size : int
        In bytes; 0 for a link that leads nowhere.
    stamp : str
        As `file_stamp` gives it; empty for a link that leads nowhere.
    """

    path: bytes
    size: int
    stamp: str


class Walk:
    """The files below a folder, in no particular order.

    Links to files are read. Links to folders are followed, each folder once and by its real place first, so that loops
    end. Left out are hidden files, what office programs and systems leave behind, the folders that browsers save
    beside a page, and the outputs of other runs.

    Parameters
    ----------
    folder : path
    without : path, optional
        A folder that is left out, wherever it lies.

    Attributes
    ----------
    skipped : Counter
        Once iterated: files whose ending says that they are no documents, by ending.
    problems : list of (bytes, FazhiError)
        Once iterated: folders that cannot be listed, and why.

    Raises
    ------
    InputError
        `folder` is no folder, or may not be listed.
    """

    def __init__(self, folder: Path, *, without: Path | None = None) -> None:
        self._root = os.fsencode(folder) + b"/"
        self.skipped: Counter[str] = Counter()
        self.problems: list[tuple[bytes, FazhiError]] = []
        self._without = without
        self._visited: set[tuple[int, int]] = set()
        try:
            os.scandir(self._root).close()
        except OSError as error:
            raise InputError(
                f"the folder cannot be listed ({error.strerror})", source=folder, remedy="Give the archive's folder."
            ) from error

    def __iter__(self) -> Iterator[Found]:
        if self._without is not None and self._without.is_dir():
            self._visited.add(_identity(os.fsencode(self._without)))
        links = [b""]
        while links:
            later: list[bytes] = []
            for link in sorted(links):
                yield from self._tree(link, later)
            links = later

    def _tree(self, top: bytes, links: list[bytes]) -> Iterator[Found]:
        """Yield the files below one folder, and collect the links to folders that are met."""
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                identity = _identity(self._root + folder)
                if identity in self._visited:
                    continue
                self._visited.add(identity)
                with os.scandir(self._root + folder) as entries:
                    listed = list(entries)
            except OSError as error:
                problem = UnreadableFileError(
                    f"the folder cannot be listed ({error.strerror})", remedy="Check its permissions."
                )
                self.problems.append((folder, problem))
                continue
            if folder and _is_output(self._root + folder):
                continue
            names = {entry.name.lower() for entry in listed}
            for entry in listed:
                path = folder + entry.name
                if _is_left_out(entry.name.lower(), names):
                    continue
                if _is_folder(entry):
                    (links if entry.is_symlink() else folders).append(path + b"/")
                elif self._is_document(entry.name):
                    yield _found(path, entry)

    def _is_document(self, name: bytes) -> bool:
        match = _SUFFIX.match(name)
        if match is None:
            return True
        suffix = match[1].decode("ascii").lower()
        if suffix in SUFFIXES:
            return True
        self.skipped[suffix] += 1
        return False


def _is_output(folder: bytes) -> bool:
    """Tell whether an archive was tagged into a folder, perhaps by another name: its pages are no documents."""
    return os.path.isfile(folder + b".fazhi/manifest.sqlite")  # noqa: PTH113 - names here are bytes


def _identity(path: bytes) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - names here are bytes
    return status.st_dev, status.st_ino


def _is_left_out(name: bytes, siblings: set[bytes]) -> bool:
    if name.startswith(_HIDDEN) or name in _SYSTEM_FILES:
        return True
    companion = _COMPANION.match(name)
    return companion is not None and any(companion[1] + ending in siblings for ending in _PAGES)


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link into a place that may not be entered: reading it as a file says so
        return False


def _found(path: bytes, entry: os.DirEntry[bytes]) -> Found:
    try:
        status = entry.stat()
    except OSError:
        return Found(path, 0, "")
    return Found(path, status.st_size, file_stamp(status))


def file_stamp(status: os.stat_result) -> str:
    """Return what changes when a file's content does: kind, size, times of change, and inode."""
    return f"{stat.S_IFMT(status.st_mode)}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def path_text(path: bytes) -> str:
    """Return a path as tables hold it, different for each: bytes that are no UTF-8 become escapes."""
    # Characters that look like an escape become one themselves.
    return path.replace(rb"\x", rb"\x5cx").decode("utf-8", "backslashreplace")


def readable_name(path: bytes) -> str:
    """Return a path as people read it: names that are no UTF-8 were mostly written in GB18030."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return path.decode(encoding)
        except UnicodeDecodeError:
            continue
    return path_text(path)
