"""Tables of an archive of any size with made-up numbers, for tests of what is built on them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.schema import SCOPES, report_schema, share_names, term_schema
from fazhi_ml.codebook import Codebook
from fazhi_ml.reports.document import ROLES

__all__ = ["synthetic_rows", "write_synthetic", "write_tables"]

_LEVELS = ("province", "city", "county", "county", "county", "town", "department", None)
_SUFFIXES = {"province": "省", "city": "市", "county": "县", "town": "镇", "department": "市", None: ""}
_SYLLABLES = "安平长宁新泰和丰永兴临江河川山阳南北东西"
_WORDS = (
    "营商环境",
    "审批",
    "执法",
    "案卷",
    "复议",
    "调解",
    "监督",
    "审计",
    "宪法",
    "宣传",
    "数字",
    "综合",
    "改革",
    "服务",
    "企业",
    "群众",
)
# Items of a report of each role, about.
_ITEMS: dict[str, int] = dict(zip(ROLES, (30, 5, 8, 4, 6), strict=True))


def synthetic_rows(size: int, codebook: Codebook, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Rows of reports.parquet; themes drift over the years, and places differ."""
    source = random.Random(seed)  # noqa: S311 - not for secrets
    names = share_names(codebook)
    for number in range(size):
        level = source.choice(_LEVELS)
        stem = "".join(_SYLLABLES[number // 12 // 16**power % 16] for power in (2, 1, 0))
        place = None if level is None else f"{stem}{_SUFFIXES[level]}"
        year = None if number % 50 == 49 else 2012 + number % 12
        items = {role: max(0, round(source.gauss(mean, mean / 4))) for role, mean in _ITEMS.items()}
        counts = {role: _counts(source, names, n, place, (year or 2018) - 2012) for role, n in items.items()}
        characters = {role: n * 80 for role, n in items.items()}
        yield {
            "path": f"{number // 1000:03}/{number:06}.docx",
            "report": f"{number:06}.docx",
            "sha256": f"{number:064x}",
            "title": f"{place or '某地'}{year or ''}年法治政府建设情况报告",
            "place": place,
            "level": level,
            "agency": None,
            "year": year,
            "page": f"pages/{number:016x}.html",
            "bytes": 20_000,
            "reader": "docx",
            "encoding": None,
            "headings": 20,
            "paragraphs": 40,
            "items": {"all": sum(items.values()), **items},
            "characters": {"all": sum(characters.values()), **characters},
            "shares": _shares(names, items, counts),
            "notes": [],
            "model": "default-0123456789ab",
        }


def _counts(source: random.Random, names: tuple[str, ...], items: int, place: str | None, age: int) -> dict[str, int]:
    lean = sum(map(ord, place or "")) % len(names)
    weights = [
        0.08 + 0.25 * (n == lean) + 0.012 * age * (n == 1) + 0.08 * (n == len(names) - 1) for n in range(len(names))
    ]
    return {
        name: sum(source.random() < weight for _ in range(items)) for name, weight in zip(names, weights, strict=True)
    }


def _shares(names: tuple[str, ...], items: dict[str, int], counts: dict[str, dict[str, int]]) -> dict[str, Any]:
    shares: dict[str, Any] = {}
    for scope in SCOPES:
        roles: tuple[str, ...] = ROLES if scope == "all" else (scope,)
        n = sum(items[role] for role in roles)
        of = {name: sum(counts[role][name] for role in roles) / n for name in names} if n else None
        shares[scope] = {"items": of, "characters": of} if of else None
    return shares


def write_tables(
    layout: Layout,
    codebook: Codebook,
    reports: Iterator[dict[str, Any]] | list[dict[str, Any]],
    terms: list[tuple[int | None, str, str, int]],
    errors: list[tuple[str, str, str, str]],
) -> None:
    """Write the tables that the page of an archive is made from."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    layout.folder.mkdir(parents=True, exist_ok=True)
    rows = iter(reports)
    schema = report_schema(share_names(codebook))
    with pq.ParquetWriter(layout.reports, schema) as writer:
        while batch := list(islice(rows, 1500)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    columns = [dict(zip(("year", "theme", "term", "items"), row, strict=True)) for row in terms]
    pq.write_table(pa.Table.from_pylist(columns, schema=term_schema()), layout.terms)
    with layout.errors.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("file", "reader", "error", "message"), *errors])


def _terms(names: tuple[str, ...]) -> list[tuple[int | None, str, str, int]]:
    """Every word in every theme and year; some lean to a theme, some to a year."""
    source = random.Random(1)  # noqa: S311 - not for secrets
    rows: list[tuple[int | None, str, str, int]] = []
    for year in (*range(2012, 2024), None):
        for position, theme in enumerate(names):
            for place, word in enumerate(_WORDS):
                of_theme, of_year = place % len(names) == position, place == (year or 0) % len(_WORDS)
                rows.append((year, theme, word, 2 + source.randrange(60) + 150 * of_theme + 100 * of_year))
    return rows


def write_synthetic(folder: Path, codebook: Codebook, size: int, *, pages: bool = True) -> Layout:
    """Write an archive of `size` reports, one in fifty of no known year, with a failed file for every hundred."""
    layout = Layout(folder)
    terms = _terms(share_names(codebook))
    errors = [
        (f"bad/{number:04}.pdf", "pdf", "ScannedFileError", f"bad/{number:04}.pdf: holds pictures of pages and no text")
        for number in range(size // 100)
    ]
    write_tables(layout, codebook, synthetic_rows(size, codebook), terms, errors)
    layout.pages.mkdir(exist_ok=True)
    for number in range(size if pages else 0):
        (layout.pages / f"{number:016x}.html").write_text(f"<!DOCTYPE html><title>{number}</title>", encoding="utf-8")
    return layout
