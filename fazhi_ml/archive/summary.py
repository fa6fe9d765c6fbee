"""What an archive holds, in numbers: ``summary.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fazhi_ml.archive.schema import SCOPES

__all__ = ["Tally"]

_UNKNOWN = "unknown"


class Tally:
    """Counts the reports of an archive.

    Parameters
    ----------
    names : sequence of str
        Theme ids and ``other``, as `share_names` gives them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._reports = 0
        self._levels: Counter[str] = Counter()
        self._years: Counter[str] = Counter()
        self._items: Counter[str] = Counter(dict.fromkeys(SCOPES, 0))
        self._characters: Counter[str] = Counter(dict.fromkeys(SCOPES, 0))
        self._themes: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a report by its row of the table of reports."""
        self._reports += 1
        self._levels[row["level"] or _UNKNOWN] += 1
        self._years[str(row["year"] or _UNKNOWN)] += 1
        self._items.update(row["items"])
        self._characters.update(row["characters"])
        shares = (row["shares"]["all"] or {"items": {}})["items"]
        # Shares are quotients of the counts that we want back.
        self._themes.update({name: round(share * row["items"]["all"]) for name, share in shares.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON values.

        Returns
        -------
        dict
            ``reports``; ``items`` and ``characters`` by role, ``all`` among them; ``themes``: the share of items that
            carry each theme; ``levels`` and ``years``: the number of reports, ``unknown`` last.
        """
        n_items = self._items["all"]
        return {
            "reports": self._reports,
            "items": dict(self._items),
            "characters": dict(self._characters),
            "themes": {name: round(self._themes[name] / n_items, 6) if n_items else 0.0 for name in self._names},
            "levels": _ordered(self._levels),
            "years": _ordered(self._years),
        }


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts, key=lambda name: (name == _UNKNOWN, name))}
