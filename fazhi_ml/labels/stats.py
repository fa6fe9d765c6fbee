"""Counts that describe a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from fazhi_ml.codebook import OTHER
from fazhi_ml.labels.corpus import Corpus
from fazhi_ml.labels.markup import LabelledItem, LabelledReport
from fazhi_ml.labels.splits import Splits

__all__ = ["corpus_stats"]

_QUANTILES = (("min", 0.0), ("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("q90", 0.9), ("max", 1.0))

_Pair = tuple[LabelledReport, LabelledItem]


def corpus_stats(corpus: Corpus, splits: Splits | None = None) -> dict[str, Any]:
    """Count what a corpus holds.

    Parameters
    ----------
    corpus : Corpus
    splits : Splits, optional
        Adds the share of the test split.

    Returns
    -------
    dict
        Plain values, ready for JSON. ``reports``, ``paragraphs``, ``items``, ``hash``, ``codebook`` (its hash);
        ``themes``: per theme the number of items that carry it for certain, that carry it uncertainly (one annotator of
        two), and the share of all items that carry it for certain; ``other``: items without any theme; ``undecided``:
        items with uncertain themes only; ``themes_per_item``; ``together``: per theme, the items that also carry each
        other theme; ``item_characters`` and ``items_per_report``: quantiles; ``by_level``, ``by_year``, ``by_role``:
        reports (not by role), items, and items a theme; ``test``: reports, items and items a theme of the test split.
        Items "with a theme" carry it for certain.
    """
    pairs: list[_Pair] = [(report, item) for report in corpus.reports for item in report.items]
    items = [item for _, item in pairs]
    ids = corpus.codebook.ids
    certain = Counter(theme for item in items for theme in item.themes)
    uncertain = Counter(theme for item in items for theme in item.uncertain)
    stats: dict[str, Any] = {
        "hash": corpus.hash,
        "codebook": corpus.codebook.hash,
        "reports": len(corpus),
        "paragraphs": sum(report.items[-1].paragraph + 1 for report in corpus.reports),
        "items": len(items),
        "themes": {
            theme: {"items": certain[theme], "uncertain": uncertain[theme], "share": certain[theme] / len(items)}
            for theme in ids
        },
        OTHER: sum(not item.themes and not item.uncertain for item in items),
        "undecided": sum(not item.themes and bool(item.uncertain) for item in items),
        "themes_per_item": _sorted(Counter(len(item.themes) for item in items)),
        "together": {
            theme: {also: sum({theme, also} <= {*item.themes} for item in items) for also in ids if also != theme}
            for theme in ids
        },
        "item_characters": _quantiles([len(item.span) for item in items]),
        "items_per_report": _quantiles([len(report.items) for report in corpus.reports]),
        "by_level": _table(pairs, ids, lambda pair: pair[0].level),
        "by_year": _table(pairs, ids, lambda pair: pair[0].year),
        "by_role": _table(pairs, ids, lambda pair: pair[1].role, with_reports=False),
    }
    if splits is not None:
        held_out = frozenset(splits.test)
        stats["test"] = _counts([pair for pair in pairs if pair[0].id in held_out], ids, with_reports=True)
    return stats


def _table(
    pairs: Sequence[_Pair], ids: Sequence[str], key: Callable[[_Pair], str | int], *, with_reports: bool = True
) -> dict[str, dict[str, Any]]:
    cells: dict[str | int, list[_Pair]] = {}
    for pair in pairs:
        cells.setdefault(key(pair), []).append(pair)
    return {str(cell): _counts(cells[cell], ids, with_reports=with_reports) for cell in sorted(cells)}


def _counts(pairs: Sequence[_Pair], ids: Sequence[str], *, with_reports: bool) -> dict[str, Any]:
    certain = Counter(theme for _, item in pairs for theme in item.themes)
    counts: dict[str, Any] = {"reports": len({report.id for report, _ in pairs})} if with_reports else {}
    counts |= {"items": len(pairs), "themes": {theme: certain[theme] for theme in ids}}
    counts[OTHER] = sum(not item.themes and not item.uncertain for _, item in pairs)
    return counts


def _sorted(counts: Counter[int]) -> dict[str, int]:
    return {str(key): counts[key] for key in sorted(counts)}


def _quantiles(values: Iterable[int]) -> dict[str, int]:
    # Observed values, not interpolated ones: half an item does not exist.
    data = np.fromiter(values, dtype=np.int64)
    return {name: int(np.quantile(data, share, method="inverted_cdf")) for name, share in _QUANTILES}
