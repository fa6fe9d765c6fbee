"""``fazhi tables``: theme shares of an archive by place, year and other marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

import typer

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.tables import ThemeTable, Weight, theme_table
from fazhi_ml.cli.answer import (
    ArchiveArgument,
    ForceOption,
    LevelOption,
    OutputOption,
    PlaceOption,
    RoleOption,
    YearOption,
    check_output,
    parse_years,
    tell,
    terminal_width,
    write_answer,
)
from fazhi_ml.errors import printable

__all__ = ["command", "render_theme_table"]

_UNKNOWN = "–"
_GAP = "  "
_LEAST_WIDTH = 8


def render_theme_table(table: ThemeTable, width: int) -> Iterator[str]:
    """Lay a table out for a terminal.

    Parameters
    ----------
    table : ThemeTable
    width : int
        Columns of the terminal; a Chinese character takes two. Where the themes' names do not fit, their columns have
        numbers, explained below the table; where even that is too wide, long words are cut.

    Yields
    ------
    str
        A line, its end included. Control characters are escaped.

    Notes
    -----
    Tables of an archive have thousands of rows, for which `rich.table` takes seconds.
    """
    shares = ["share"] if "theme" in table.by else table.themes
    names = [*table.by, "reports", "items", *shares]
    cells = [[_cell(value) for value in row] for row in table.rows]
    # Names of themes break where words end.
    headers = [printable(name).split("_") for name in names]
    widths = _widths(headers, cells)
    is_numbered = _total(widths) > width
    if is_numbered:
        headers[len(names) - len(table.themes) :] = [[str(number)] for number in range(1, len(table.themes) + 1)]
        widths = _narrowed(_widths(headers, cells), len(table.by), width)
    height = max(map(len, headers))
    top = zip(*([""] * (height - len(header)) + header for header in headers), strict=True)
    is_word = [place < len(table.by) and name != "year" for place, name in enumerate(names)]
    yield from (_line(row, widths, is_word) for row in top)
    yield "─" * _total(widths) + "\n"
    yield from (_line(row, widths, is_word) for row in cells)
    if is_numbered:
        yield from (f"{number}: {printable(theme)}\n" for number, theme in enumerate(table.themes, start=1))


def _widths(headers: Sequence[Sequence[str]], cells: Iterable[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    widths = [max(map(cell_len, header)) for header in headers]
    for row in cells:
        widths = list(map(max, widths, map(cell_len, row)))
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(widths: list[int], n_keys: int, width: int) -> list[int]:
    """Take from the widest of the first `n_keys` columns until all fit, or none has more than a few characters."""
    narrowed = list(widths)
    while _total(narrowed) > width and max(narrowed[:n_keys], default=0) > _LEAST_WIDTH:
        narrowed[narrowed.index(max(narrowed[:n_keys]))] -= 1
    return narrowed


def _line(cells: Sequence[str], widths: Sequence[int], is_word: Sequence[bool]) -> str:
    """Pad the cells of a row, words on the right and numbers on the left."""
    from rich.cells import cell_len, set_cell_size

    padded = []
    for cell, width, is_left in zip(cells, widths, is_word, strict=True):
        text = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        space = " " * (width - cell_len(text))
        padded.append(text + space if is_left else space + text)
    return _GAP.join(padded).rstrip() + "\n"


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float):
        return f"{value:.1%}"
    return _UNKNOWN if value is None else str(value)


def command(
    archive: ArchiveArgument,
    *,
    by: Annotated[
        str, typer.Option(metavar="KEY,KEY", help="Rows: place, level, agency, year, role, theme; any of them.")
    ] = "place,year",
    theme: Annotated[list[str] | None, typer.Option(help="Only this theme's share, or other; may be repeated.")] = None,
    role: RoleOption = None,
    place: PlaceOption = None,
    level: LevelOption = None,
    year: YearOption = None,
    weight: Annotated[Weight, typer.Option(help="Shares of the items, or of their characters.")] = "items",
    output_format: Annotated[
        Literal["table", "csv", "html"], typer.Option("--format", "-f", help="table and html to read, csv to process.")
    ] = "table",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Count themes in an archive.

    A row gives the reports of its group, the items counted, and the share of
    them that carries each theme. What is not known comes last.

    \b
      fazhi tables out --by year
      fazhi tables out --by place,year --theme supervision --role problems
      fazhi tables out --by level,theme --year 2021-2023 --format csv -o shares.csv
      fazhi tables out --by place --weight characters --format html -o places.html
    """  # noqa: D301
    check_output(output, force=force)
    years = parse_years(year)
    keys = [key.strip() for key in by.split(",")]
    table = theme_table(
        Layout(archive), by=keys, theme=theme, role=role, place=place, level=level, year=years, weight=weight
    )
    pieces: Iterable[str]
    if output_format == "csv":
        pieces = table.to_csv()
    elif output_format == "html":
        from fazhi_ml.archive.answers import render_theme_table as to_html
        from fazhi_ml.archive.selection import Selection

        selection = Selection.of(role=role, place=place, level=level, year=years)
        pieces = [to_html(table, archive=archive.absolute().name, selection=selection, weight=weight)]
    else:
        pieces = render_theme_table(table, terminal_width())
    write_answer(pieces, output, csv=output_format == "csv", force=force)
    if not table.rows:
        tell("no report meets the conditions")
