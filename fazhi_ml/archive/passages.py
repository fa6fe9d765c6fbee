"""Passages of an archive: the items on a theme, or with certain words, each with the place that it comes from."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.query import ArchiveTables, open_tables
from fazhi_ml.archive.selection import Choice, Selection, Years, choices, is_text
from fazhi_ml.codebook import OTHER, with_other
from fazhi_ml.errors import InputError
from fazhi_ml.reports.document import Span

__all__ = ["find_passages", "hit_spans", "page_link", "passage_fields"]

# Full-width ASCII and the ideographic space: both sides have the same length, so offsets stay.
_FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + " "
_TO_HALF_WIDTH = str.maketrans(_FULL_WIDTH, _HALF_WIDTH)


def find_passages(
    layout: Layout,
    *,
    theme: Choice = None,
    role: Choice = None,
    place: Choice = None,
    level: Choice = None,
    year: Years = None,
    query: str | None = None,
    limit: int = 20,
) -> list[dict[str, Any]]:
    """Find items by theme, source and words.

    Parameters
    ----------
    layout : Layout
    theme : str or sequence of str, optional
        Theme ids or ``other``, any of which an item has to carry.
    role, place, level : str or sequence of str, optional
        Any of them will do.
    year : int or (int, int), optional
        Year covered, or the first and the last.
    query : str, optional
        Words parted by white space, all of which have to occur. They are taken literally, but upper and lower case are
        the same, and so are full and half width.
    limit : int
        How many passages at most.

    Returns
    -------
    list of dict
        The record of each item (the columns of ``items.parquet``), and ``page``: its report's page, relative to the
        archive's folder, or None. Those with the most occurrences of the words come first, then those with the highest
        probability of a theme asked for (of any theme, if none was); without words and theme, and where these are
        equal, they come as they stand in the archive.

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
    if type(limit) is not int or limit < 1:
        raise InputError("not a positive number", source="limit", remedy="Give e.g. 20.")
    selection = Selection.of(role=role, place=place, level=level, year=year)
    words = None if query is None else _words(query)
    with open_tables(layout) as tables:
        names = with_other(tables.themes)
        themes = choices(theme, "theme", names)
        columns = [f'i."{name}"' for name in tables.item_columns]
        columns[tables.item_columns.index("scores")] = f"[{', '.join(map(_score, range(len(tables.themes))))}]"
        conditions, values = _conditions(selection, themes, words)
        order, order_values = _order(tables, themes, words)
        rows = tables.query(
            f"""
            SELECT {", ".join(columns)}, r.page
            FROM items AS i JOIN reports AS r ON i.path = r.path
            WHERE {" AND ".join(conditions)}
            ORDER BY {", ".join(order)}
            LIMIT ?
            """,  # noqa: S608 - made of the words of this module: what users give are values of placeholders
            [*values, *order_values, limit],
        )
    passages = [dict(zip((*tables.item_columns, "page"), row, strict=True)) for row in rows]
    for passage in passages:
        passage["scores"] = dict(zip(tables.themes, passage["scores"], strict=True))
    return passages


def passage_fields(layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields of a passage, as `find_passages` gives it, and the themes among its ``scores``.

    Raises
    ------
    InputError, DamagedFileError, MissingExtraError
        As `find_passages`.
    """
    with open_tables(layout) as tables:
        return (*tables.item_columns, "page"), tables.themes


def hit_spans(text: str, query: str) -> list[Span]:
    """Return where the words of a query stand in a text, as `find_passages` finds them, in order and without overlap.

    Raises
    ------
    InputError
        `query` holds no word.
    """
    folded = _folded(text)
    found = []
    for word in _words(query):
        start = folded.find(word)
        while start >= 0:
            found.append(Span(start, start + len(word)))
            start = folded.find(word, start + len(word))
    merged: list[Span] = []
    for span in sorted(found):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def page_link(passage: dict[str, Any]) -> str | None:
    """Return the address of a passage in its report's page, relative to the archive's folder; None without a page."""
    if passage["page"] is None:
        return None
    item = f"-{passage['item']}" if "item" in passage else ""
    return f"{quote(passage['page'])}#p{passage['paragraph']}{item}"


def _words(query: str) -> list[str]:
    if not (isinstance(query, str) and is_text(query)):
        raise InputError("not a valid string", source="query", remedy="Give words parted by spaces.")
    words = list(dict.fromkeys(_folded(query).split()))
    if not words:
        raise InputError("holds no word", source="query", remedy="Give words parted by spaces.")
    return words


def _folded(text: str) -> str:
    """Return a text in half width and lower case, of the same length."""
    narrow = text.translate(_TO_HALF_WIDTH)
    lower = narrow.lower()
    # One letter (U+0130) becomes two in lower case.
    return lower if len(lower) == len(narrow) else "".join(char.lower()[:1] for char in narrow)


def _score(position: int) -> str:
    # By position: names that differ in case alone are one name to DuckDB.
    return f"struct_extract_at(i.scores, {position + 1})"


def _haystack(word: str) -> tuple[str, list[Any]]:
    """Return SQL for a text in the form in which a word is looked for: half width only where that can matter."""
    if any("!" <= char <= "~" for char in word):
        return "lower(translate(i.text, ?, ?))", [_FULL_WIDTH, _HALF_WIDTH]
    return "lower(i.text)", []


def _conditions(selection: Selection, themes: tuple[str, ...], words: list[str] | None) -> tuple[list[str], list[Any]]:
    conditions, values = ["true"], []
    for more, more_values in (selection.of_items("i"), selection.of_reports("r")):
        conditions += more
        values += more_values
    if themes:
        conditions.append(f"list_has_any(CASE WHEN len(i.themes) = 0 THEN ['{OTHER}'] ELSE i.themes END, ?::VARCHAR[])")
        values.append(list(themes))
    for word in words or ():
        text, text_values = _haystack(word)
        conditions.append(f"contains({text}, ?)")
        values += [*text_values, word]
    return conditions, values


def _order(tables: ArchiveTables, themes: tuple[str, ...], words: list[str] | None) -> tuple[list[str], list[Any]]:
    order, values = [], []
    if words:
        counts = []
        for word in words:
            text, text_values = _haystack(word)
            counts.append(f"(length({text}) - length(replace({text}, ?, ''))) / length(?)")
            values += [*text_values, *text_values, word, word]
        order.append(f"{' + '.join(counts)} DESC")
    if words or themes:
        scored = [number for number, theme in enumerate(tables.themes) if not themes or theme in themes]
        if scored:
            order.append(f"greatest({', '.join(map(_score, scored))}) DESC")
    return [*order, "i.path", "i.paragraph", "i.start"], values
