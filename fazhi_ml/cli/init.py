"""``fazhi init``: make a project for labels of your own."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fazhi_ml.errors import OutputError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["SKELETON", "command", "make_project"]

SKELETON = (
    "README.md",
    "configs/codebook.toml",
    "configs/default.toml",
    "data/train.jsonl",
    "data/test.jsonl",
)
"""The files of a new project."""


def make_project(folder: Path, *, force: bool = False) -> list[Path]:
    """Write a project skeleton: codebook, training configuration, example data and instructions.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there.
    force : bool
        Whether files that are there are replaced.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    OutputError
        A file is there and `force` is False (then nothing was written), or cannot be written.
    """
    contents = {folder / name: (_skeleton() / name).read_bytes() for name in SKELETON}
    there = [path for path in contents if path.exists()]
    if there and not force:
        raise OutputError("exists already", source=there[0], remedy="Choose another folder, or replace it (--force).")
    for path, content in contents.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        except OSError as error:
            raise OutputError(
                f"cannot be written ({error.strerror})", source=path, remedy="Check the path and its permissions."
            ) from error
    return list(contents)


def _skeleton() -> Traversable:
    return files("fazhi_ml.cli") / "skeleton"


def _write(path: Path, content: bytes) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def command(
    folder: Annotated[Path, typer.Argument(help="Folder of the project; made if it is not there.", show_default=False)],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Make a project for labels of your own: codebook, configuration, data and instructions.

    \b
      fazhi init mine
      cd mine
      fazhi labels debug data/train.jsonl data/test.jsonl
      fazhi train
    """  # noqa: D301
    for path in make_project(folder, force=force):
        typer.echo(str(path))
    typer.echo(f"Made a project in {folder}: read {folder / 'README.md'}.", err=True)
