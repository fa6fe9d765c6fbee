"""The columns of an archive's tables, as documented for their users, and the rows that fill them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fazhi_ml.codebook import OTHER, Codebook, with_other
from fazhi_ml.reports.document import ROLES
from fazhi_ml.tagging.results import Granularity, TaggedReport

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SCOPES", "item_rows", "item_schema", "report_row", "report_schema", "share_names", "term_schema"]

SCOPES: tuple[str, ...] = ("all", *ROLES)
"""What theme shares are taken over: the whole report, or its sections of one role."""


def share_names(codebook: Codebook) -> tuple[str, ...]:
    """Return the theme ids and ``other``, in the order of their share columns."""
    return with_other(codebook.ids)


def item_schema(themes: Sequence[str], granularity: Granularity = "item") -> pa.Schema:
    """Return the schema of ``items.parquet``: the fields of a record, and before them the path within the archive.

    Parameters
    ----------
    themes : sequence of str
        Theme ids.
    granularity : {"item", "paragraph"}
        What a row is; rows of paragraphs have no ``item``.
    """
    import pyarrow as pa

    number = [("item", pa.int32())] if granularity == "item" else []
    return pa.schema(
        [
            *_report_fields(),
            ("paragraph", pa.int32()),
            *number,
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("section", pa.list_(pa.string())),
            ("role", pa.string()),
            ("text", pa.string()),
            ("themes", pa.list_(pa.string())),
            ("primary", pa.string()),
            ("scores", pa.struct([(theme, pa.float64()) for theme in themes])),
            ("model", pa.string()),
        ]
    )


def report_schema(names: Sequence[str]) -> pa.Schema:
    """Return the schema of ``reports.parquet``.

    ``items`` and ``characters`` count by scope (`SCOPES`): all of the report, or its sections of one role. ``shares``
    holds, by scope, the share of items and of characters that carry each theme; it is null where a scope has no items.

    Parameters
    ----------
    names : sequence of str
        Theme ids and ``other``, as `share_names` gives them.
    """
    import pyarrow as pa

    of_themes = pa.struct([(name, pa.float64()) for name in names])
    of_scope = pa.struct([("items", of_themes), ("characters", of_themes)])
    return pa.schema(
        [
            *_report_fields(),
            ("page", pa.string()),
            ("bytes", pa.int64()),
            ("reader", pa.string()),
            ("encoding", pa.string()),
            ("headings", pa.int32()),
            ("paragraphs", pa.int32()),
            ("items", pa.struct([(scope, pa.int32()) for scope in SCOPES])),
            ("characters", pa.struct([(scope, pa.int32()) for scope in SCOPES])),
            ("shares", pa.struct([(scope, of_scope) for scope in SCOPES])),
            ("notes", pa.list_(pa.string())),
            ("model", pa.string()),
        ]
    )


def term_schema() -> pa.Schema:
    """Return the schema of ``terms.parquet``: in how many items of a theme and year a word stands.

    ``theme`` may be ``other``; ``year`` is null for reports whose year is not known.
    """
    import pyarrow as pa

    return pa.schema([("year", pa.int16()), ("theme", pa.string()), ("term", pa.string()), ("items", pa.int64())])


def _report_fields() -> list[Any]:
    import pyarrow as pa

    names = ("path", "report", "sha256", "title", "place", "level", "agency")
    return [*((name, pa.string()) for name in names), ("year", pa.int16())]


def item_rows(report: TaggedReport, path: str, granularity: Granularity = "item") -> list[dict[str, Any]]:
    """Return the rows of one report for `item_schema`.

    Parameters
    ----------
    report : TaggedReport
    path : str
        Where the document lies, relative to the archive's folder, with forward slashes.
    granularity : {"item", "paragraph"}
    """
    return [{"path": path, **record} for record in report.to_records(granularity)]


def report_row(report: TaggedReport, path: str, *, n_bytes: int, page: str | None = None) -> dict[str, Any]:
    """Return the row of one report for `report_schema`.

    Parameters
    ----------
    report : TaggedReport
    path : str
        As for `item_rows`.
    n_bytes : int
        Size of the document.
    page : str, optional
        Path of the report's page, relative to the output folder.
    """
    units = [
        (paragraph.role, item.themes or (OTHER,), len(item.text))
        for paragraph in report.paragraphs
        for item in paragraph.items
    ]
    scopes = {scope: [unit for unit in units if scope in ("all", unit[0])] for scope in SCOPES}
    names = share_names(report.codebook)
    metadata, provenance = report.metadata, report.provenance
    return {
        "path": path,
        "report": report.name,
        "sha256": provenance.sha256,
        "title": report.title,
        "place": metadata.place,
        "level": metadata.level,
        "agency": metadata.agency,
        "year": metadata.year,
        "page": page,
        "bytes": n_bytes,
        "reader": provenance.reader,
        "encoding": provenance.encoding,
        "headings": len(report.headings),
        "paragraphs": len(report.paragraphs),
        "items": {scope: len(members) for scope, members in scopes.items()},
        "characters": {scope: sum(length for _, _, length in members) for scope, members in scopes.items()},
        "shares": {scope: _shares(members, names) if members else None for scope, members in scopes.items()},
        "notes": list(report.notes),
        "model": report.model,
    }


def _shares(units: Iterable[tuple[str, Sequence[str], int]], names: Sequence[str]) -> dict[str, dict[str, float]]:
    items: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    n_items = n_characters = 0
    for _, themes, length in units:
        n_items += 1
        n_characters += length
        items.update(themes)
        characters.update(dict.fromkeys(themes, length))
    return {
        "items": {name: items[name] / n_items for name in names},
        "characters": {name: characters[name] / n_characters for name in names},
    }
