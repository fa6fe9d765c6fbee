"""Tables of an archive: how much of its reports is about which theme, by place, year and other marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.query import open_tables
from fazhi_ml.archive.selection import LEVELS, Choice, Selection, Years, choices
from fazhi_ml.codebook import OTHER, with_other
from fazhi_ml.reports.document import ROLES
from fazhi_ml.tagging.export import to_csv, write_text

__all__ = ["KEYS", "WEIGHTS", "ThemeTable", "Weight", "theme_table", "write_shares"]

Weight = Literal["items", "characters"]
WEIGHTS: tuple[Weight, ...] = ("items", "characters")

KEYS = ("place", "level", "agency", "year", "role", "theme")
"""What the rows of a table can be made by."""

_DECIMALS = 6

# Both are null where a report has no such item; a text is as long as its span.
_WEIGHTS: dict[Weight, str] = {"items": "CASE WHEN i.path IS NOT NULL THEN 1 END", "characters": 'i."end" - i.start'}


@dataclass(frozen=True, slots=True)
class ThemeTable:
    """Theme shares by groups of reports.

    Attributes
    ----------
    by : tuple of str
        What a row is made by, of `KEYS`.
    themes : tuple of str
        Themes with a column of their own; empty where `by` has ``theme``, so that a row has one share.
    rows : tuple of tuple
        A value for each of `columns`; None for what is not known, and for the share of nothing.
    theme_ids : tuple of str
        All themes of the archive in codebook order, whichever the table shows.
    """

    by: tuple[str, ...]
    themes: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    theme_ids: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: `by`, ``reports``, ``items``, and ``share_<theme>`` or ``share``."""
        shares = ["share"] if "theme" in self.by else [f"share_{theme}" for theme in self.themes]
        return (*self.by, "reports", "items", *shares)

    def to_records(self) -> list[dict[str, Any]]:
        """Return a dictionary a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_csv(self) -> Iterator[str]:
        """Yield the header and the rows as `fazhi_ml.tagging.export.to_csv` writes them."""
        return to_csv(self.to_records(), (), self.columns)


def theme_table(
    layout: Layout,
    *,
    by: str | Sequence[str] = ("place", "year"),
    theme: Choice = None,
    role: Choice = None,
    place: Choice = None,
    level: Choice = None,
    year: Years = None,
    weight: Weight = "items",
) -> ThemeTable:
    """Count the reports and items of each group, and the share of them that carries each theme.

    Parameters
    ----------
    layout : Layout
    by : str or sequence of str
        What groups are made by, of `KEYS`; nothing for one row in all. With ``theme``, a row is a group's theme.
    theme : str or sequence of str, optional
        Theme ids or ``other``: the shares to give. By default those of all themes and ``other``.
    role : str or sequence of str, optional
        Count only items of sections with one of these roles.
    place, level : str or sequence of str, optional
        Count only reports of one of these places, and of one of these levels.
    year : int or (int, int), optional
        Count only reports that cover this year, or one from the first to the last.
    weight : {"items", "characters"}
        What shares are of.

    Returns
    -------
    ThemeTable
        Sorted by its groups, level and role and theme in their own order, others by code point; unknown values come
        last. ``reports`` counts the reports of a group, whether they have such items or not, except that where groups
        are made by role they have an item of that role; ``items`` counts items of the roles asked for. In a row of a
        theme both count only what carries that theme. An item may carry several themes, so shares may add up to more
        than 1.

    Raises
    ------
    InputError
        An argument has an unknown value, or the folder is no archive.
    DamagedFileError
        A table of the archive cannot be read.
    ReaderLimitError
        The answer does not fit into the memory allowed.
    MissingExtraError
        duckdb or pyarrow is not installed.
    """
    keys = choices(by, "by", KEYS)
    choices(weight, "weight", WEIGHTS)
    selection = Selection.of(role=role, place=place, level=level, year=year)
    with open_tables(layout) as tables:
        names = with_other(tables.themes)
        themes = choices(theme, "theme", names) or names
        rows = tables.query(*_query(keys, themes, selection, weight))
    return ThemeTable(keys, () if "theme" in keys else themes, tuple(rows), tables.themes)


def _query(
    keys: tuple[str, ...], themes: tuple[str, ...], selection: Selection, weight: Weight
) -> tuple[str, list[Any]]:
    """Return the SQL for a table, and the values of its placeholders."""
    of_items, item_values = selection.of_items("i")
    of_reports, report_values = selection.of_reports("r")
    theme_values: list[Any]
    if "theme" in keys:
        of_theme = "list_contains(themes, theme)"
        counts = [
            f"count(DISTINCT path) FILTER ({of_theme})",
            f"count(weight) FILTER ({of_theme})",
            _share("theme"),
        ]
        source, count_values, theme_values = "units, (SELECT unnest(?::VARCHAR[]) AS theme)", [], [list(themes)]
    else:
        counts = ["count(DISTINCT path)", "count(weight)", *[_share("?")] * len(themes)]
        source, count_values, theme_values = "units", list(themes), []
    orders = {"level": LEVELS, "role": ROLES, "theme": themes}
    order = [f"list_position(?::VARCHAR[], {key}), {key}" if key in orders else key for key in keys]
    order_values = [list(orders[key]) for key in keys if key in orders]
    sql = f"""
        WITH units AS (
            SELECT r.path, r.place, r.level, r.agency, r.year, i.role, {_WEIGHTS[weight]} AS weight,
                CASE WHEN len(i.themes) = 0 THEN ['{OTHER}'] ELSE i.themes END AS themes
            FROM reports AS r {"JOIN" if "role" in keys else "LEFT JOIN"} items AS i
                ON {" AND ".join(["i.path = r.path", *of_items])}
            WHERE {" AND ".join(["true", *of_reports])}
        )
        SELECT {", ".join([*keys, *counts])}
        FROM {source}
        {f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(order)}" if keys else ""}
    """  # noqa: S608 - made of the words of this module: what users give are values of placeholders
    return sql, [*item_values, *report_values, *count_values, *theme_values, *order_values]


def _share(theme: str) -> str:
    return f"round(sum(weight * list_contains(themes, {theme})::INT) / nullif(sum(weight), 0), {_DECIMALS})"


def write_shares(layout: Layout, *, bom: bool = False) -> None:
    """Write ``themes_by_place_year.csv``: theme shares of items by place, level and year.

    Parameters
    ----------
    layout : Layout
    bom : bool
        Whether the file begins with a byte order mark, without which spreadsheets take it for another encoding.

    Raises
    ------
    OutputError
        The file cannot be written.
    InputError, DamagedFileError, ReaderLimitError, MissingExtraError
        As `theme_table`.
    """
    table = theme_table(layout, by=("place", "level", "year"))
    write_text(layout.shares, chain(["\ufeff"] if bom else [], table.to_csv()), overwrite=True)
