"""Answers of an archive as self-contained HTML pages: a table that sorts, and a list of passages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fazhi_ml.archive.passages import hit_spans, page_link
from fazhi_ml.archive.selection import Selection
from fazhi_ml.archive.tables import ThemeTable, Weight
from fazhi_ml.tagging.page import ROLE_NAMES
from fazhi_ml.tagging.standalone import LEVEL_NAMES, base_style, csp_hash, environment, theme_rules

__all__ = ["render_passages", "render_theme_table"]

Pair = tuple[str, str]
"""Chinese and English."""

Shown = str | int | Pair | None
Fact = tuple[Pair, Shown]

_TEMPLATES = Path(__file__).parent / "templates"

_COLUMN_NAMES: dict[str, Pair] = {
    "place": ("地区", "Place"),
    "level": ("层级", "Level"),
    "agency": ("单位", "Agency"),
    "year": ("年度", "Year"),
    "role": ("部分", "Section"),
    "theme": ("主题", "Theme"),
    "reports": ("报告", "Reports"),
    "items": ("条目", "Items"),
    "share": ("占比", "Share"),
}
_WEIGHT_NOTES: dict[Weight, Pair] = {
    "items": ("占比按条目数计算；", "Shares are of items; "),
    "characters": ("占比按字数计算；", "Shares are of characters; "),
}
_OVERLAP: Pair = (
    "一个条目可属于多个主题，占比之和可超过 100%。",
    "an item may carry several themes, so they may exceed 100 %.",
)
_VALUE_NAMES: dict[str, dict[str, Pair]] = {
    "level": dict(LEVEL_NAMES),
    "role": {str(role): names for role, names in ROLE_NAMES.items()},
}


def render_theme_table(table: ThemeTable, *, archive: str, selection: Selection, weight: Weight) -> str:
    """Render a table whose columns sort.

    Parameters
    ----------
    table : ThemeTable
    archive : str
        Name of the archive.
    selection : Selection
        What was counted.
    weight : {"items", "characters"}
        What shares are of.

    Returns
    -------
    str
        HTML that makes no request.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    facts: list[Fact] = [(("档案", "Archive"), archive), *_facts(selection), (("行数", "Rows"), len(table.rows))]
    return _page(
        ("主题占比", "Theme shares"),
        facts,
        table.theme_ids,
        table={"columns": list(_columns(table)), "rows": list(_rows(table))},
        notes=[(_WEIGHT_NOTES[weight][0] + _OVERLAP[0], _WEIGHT_NOTES[weight][1] + _OVERLAP[1])],
    )


def render_passages(
    passages: Sequence[dict[str, Any]], *, archive: str, address: str, selection: Selection, query: str | None
) -> str:
    """Render a list of passages, the words of the query marked, each with a link into its report's page.

    Parameters
    ----------
    passages : sequence of dict
        As `fazhi_ml.archive.passages.find_passages` returns them.
    archive : str
        Name of the archive.
    address : str
        URL of the archive's folder, absolute or relative to where the page will lie, without a slash at its end.
    selection : Selection
        What was looked through.
    query : str, optional
        The words looked for.

    Returns
    -------
    str
        HTML that makes no request.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    facts: list[Fact] = [(("档案", "Archive"), archive), *_facts(selection)]
    if query is not None:
        facts.append((("检索词", "Query"), query))
    facts.append((("段落", "Passages"), len(passages)))
    themes = list(passages[0]["scores"]) if passages else []
    entries = [_entry(passage, themes, address, query) for passage in passages]
    return _page(("段落", "Passages"), facts, themes, passages=entries)


def _page(
    title: Pair,
    facts: Sequence[Fact],
    themes: Sequence[str],
    *,
    table: dict[str, Any] | None = None,
    passages: Sequence[dict[str, Any]] = (),
    notes: Sequence[Pair] = (),
) -> str:
    template = environment(_TEMPLATES).get_template("answer.html")
    style = base_style() + _asset("answer.css") + theme_rules(len(themes))
    script = _asset("answer.js")
    return template.render(
        title=title,
        facts=facts,
        table=table,
        passages=passages,
        notes=notes,
        style=style,
        script=script,
        style_hash=csp_hash(style),
        script_hash=csp_hash(script),
    )


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _facts(selection: Selection) -> list[Fact]:
    facts: list[Fact] = []
    for column, values in (("place", selection.places), ("level", selection.levels), ("role", selection.roles)):
        if values:
            names = [_name(column, value) for value in values]
            facts.append((_COLUMN_NAMES[column], ("、".join(zh for zh, _ in names), ", ".join(en for _, en in names))))
    if selection.years is not None:
        first, last = selection.years
        facts.append((_COLUMN_NAMES["year"], str(first) if first == last else f"{first}–{last}"))
    return facts


def _name(column: str, value: str) -> Pair:
    return _VALUE_NAMES.get(column, {}).get(value, (value, value))


def _columns(table: ThemeTable) -> Iterator[dict[str, Any]]:
    for key in table.by:
        yield {"name": _COLUMN_NAMES[key], "is_word": True, "is_number": key == "year"}
    for name in ("reports", "items"):
        yield {"name": _COLUMN_NAMES[name], "is_word": False}
    shares = [_COLUMN_NAMES["share"]] if "theme" in table.by else [(theme, theme) for theme in table.themes]
    for pair in shares:
        yield {"name": pair, "is_word": False}


def _rows(table: ThemeTable) -> Iterator[dict[str, Any]]:
    n_keys = len(table.by)
    for row in table.rows:
        shares: Any = row[n_keys + 2 :]
        # In a row of a theme, the one share takes its colour.
        themes = [row[table.by.index("theme")]] if "theme" in table.by else table.themes
        yield {
            "keys": [
                {"value": value, "shown": value if value is None else _name(key, str(value))}
                for key, value in zip(table.by, row[:n_keys], strict=True)
            ],
            "counts": row[n_keys : n_keys + 2],
            "shares": [
                {"value": share, "colour": table.theme_ids.index(theme) if theme in table.theme_ids else -1}
                for theme, share in zip(themes, shares, strict=True)
            ],
        }


def _entry(passage: dict[str, Any], themes: Sequence[str], address: str, query: str | None) -> dict[str, Any]:
    link = page_link(passage)
    level, role = passage["level"], passage["role"]
    facts: Iterable[Shown] = (
        passage["place"],
        level and _name("level", level),
        passage["agency"],
        passage["year"],
        " › ".join(passage["section"]),
        None if role == "other" else _name("role", role),
        passage["path"],
    )
    given = sorted(
        (theme for theme in passage["themes"] if theme in themes), key=lambda theme: -passage["scores"][theme]
    )
    return {
        "link": link and f"{address}/{link}",
        "title": passage["title"] or passage["report"] or passage["path"],
        "where": [fact for fact in facts if fact],
        "pieces": _pieces(passage["text"], query),
        "themes": [
            {"id": theme, "index": themes.index(theme), "percent": round(100 * passage["scores"][theme])}
            for theme in given
        ],
    }


def _pieces(text: str, query: str | None) -> list[tuple[str, bool]]:
    """Cut a text at the ends of its hits: pieces in order, each with whether it is one."""
    pieces, end = [], 0
    for span in hit_spans(text, query) if query is not None else ():
        pieces += [(text[end : span.start], False), (span.of(text), True)]
        end = span.end
    return [*pieces, (text[end:], False)]
