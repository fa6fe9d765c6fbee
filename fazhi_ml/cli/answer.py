"""What the commands that ask an archive have in common: their options, and where the answer goes."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from fazhi_ml.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "ArchiveArgument",
    "ForceOption",
    "LevelOption",
    "OutputOption",
    "PlaceOption",
    "RoleOption",
    "YearOption",
    "archive_address",
    "check_output",
    "parse_years",
    "render",
    "tell",
    "terminal_width",
    "write_answer",
]

ArchiveArgument = Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `fazhi archive` wrote.")]
RoleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role", help="Only items under achievements, problems, plans, leadership or other; may be repeated."
    ),
]
PlaceOption = Annotated[list[str] | None, typer.Option("--place", help="Only reports of this place; may be repeated.")]
LevelOption = Annotated[
    list[str] | None,
    typer.Option("--level", help="Only reports of province, city, county, town or department; may be repeated."),
]
YearOption = Annotated[
    str | None, typer.Option("--year", metavar="YEAR[-YEAR]", help="Only reports that cover these years.")
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; by default stdout.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]

_YEARS = re.compile(r"([0-9]{4})(?:[-–—~]([0-9]{4}))?\Z")


def parse_years(text: str | None) -> tuple[int, int] | None:
    """Read ``2023`` or ``2021-2023`` as a first and a last year.

    Raises
    ------
    InputError
        It is neither.
    """
    if text is None:
        return None
    found = _YEARS.match(text)
    if found is None:
        raise InputError("not a year or a range of years", source="--year", remedy="Give e.g. 2023 or 2021-2023.")
    first = int(found[1])
    return first, int(found[2] or first)


def check_output(output: Path | None, *, force: bool) -> None:
    """Check before the work that the answer can be written.

    Raises
    ------
    OutputError
        The file exists and `force` is False, or cannot be written.
    ConfigError
        `force` is given without a file.
    """
    from fazhi_ml.tagging.export import check_target

    if output is not None:
        check_target(output, overwrite=force)
    elif force:
        raise ConfigError("without effect", source="--force", remedy="Add --output FILE.")


def write_answer(pieces: Iterable[str], output: Path | None, *, csv: bool, force: bool) -> None:
    """Write an answer to a file, or to stdout where there is none.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    if output is None:
        sys.stdout.writelines(pieces)
        return
    from fazhi_ml.tagging.export import write_text

    # Spreadsheets take a CSV file for UTF-8 only when it begins with a byte order mark.
    write_text(output, chain(["\ufeff"] if csv else [], pieces), overwrite=force)


def archive_address(archive: Path, output: Path | None) -> str:
    """Return the URL of an archive's folder: relative to a page's file, so that both can move, else absolute."""
    if output is None:
        return archive.absolute().as_uri()
    return quote(os.path.relpath(os.path.realpath(archive), os.path.realpath(output.parent)).replace(os.sep, "/"))


def terminal_width() -> int:
    """Return the columns of the terminal; a Chinese character takes two."""
    return shutil.get_terminal_size((120, 24)).columns


def render(parts: Iterable[RenderableType], *, to_file: bool) -> Iterator[str]:
    """Yield what rich prints of each part, as wide as the terminal, with colours only on one."""
    from rich.console import Console

    colour = not to_file and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    console = Console(
        width=terminal_width(), force_terminal=colour, no_color=not colour, legacy_windows=False, highlight=False
    )
    for part in parts:
        with console.capture() as capture:
            console.print(part)
        yield capture.get()


def tell(message: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{message}\n")
