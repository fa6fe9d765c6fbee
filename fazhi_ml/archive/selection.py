"""Which reports and items a question is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fazhi_ml.errors import InputError
from fazhi_ml.reports.document import ROLES
from fazhi_ml.tagging.standalone import LEVEL_NAMES

__all__ = ["LEVELS", "Choice", "Selection", "Years", "choices", "is_text"]

LEVELS: tuple[str, ...] = tuple(LEVEL_NAMES)
"""The administrative levels, from the top down."""

Choice = str | Sequence[str] | None
"""One value, several of which any will do, or None for all."""

Years = int | tuple[int, int] | None
"""One year, the first and the last year, or None for all."""


def choices(value: Choice, source: str, valid: Iterable[str] | None = None) -> tuple[str, ...]:
    """Return the values of a choice, each once.

    Parameters
    ----------
    value : str, sequence of str or None
    source : str
        Name of the argument, for messages.
    valid : iterable of str, optional
        The values that there are.

    Raises
    ------
    InputError
        `value` is of another type, or holds a value that is not valid; the message lists those that are.
    """
    given: Any = () if value is None else (value,) if isinstance(value, str) else value
    if not isinstance(given, Sequence) or not all(isinstance(entry, str) for entry in given):
        raise InputError("not a string or a sequence of strings", source=source, remedy="Give e.g. ['city', 'town'].")
    values = tuple(dict.fromkeys(given))
    if any(not is_text(entry) for entry in values):
        raise InputError("not valid Unicode", source=source, remedy="Give it in the encoding of the terminal.")
    if valid is not None:
        known = tuple(valid)
        unknown = [entry for entry in values if entry not in known]
        if unknown:
            raise InputError(f"unknown value {unknown[0]!r}", source=source, remedy=f"Valid: {', '.join(known)}.")
    return values


def is_text(value: str) -> bool:
    """Tell whether a string is valid Unicode: an argument of the command line in another encoding is not."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all have to hold; an empty one holds always.

    Attributes
    ----------
    roles, places, levels : tuple of str
        Any of them will do.
    years : (int, int) or None
        First and last year covered.
    """

    roles: tuple[str, ...]
    places: tuple[str, ...]
    levels: tuple[str, ...]
    years: tuple[int, int] | None

    @classmethod
    def of(cls, *, role: Choice = None, place: Choice = None, level: Choice = None, year: Years = None) -> Selection:
        """Build a selection from a caller's arguments.

        Raises
        ------
        InputError
            An argument has the wrong type or an unknown value.
        """
        return cls(
            choices(role, "role", ROLES), choices(place, "place"), choices(level, "level", LEVELS), _year_range(year)
        )

    def of_items(self, table: str) -> tuple[list[str], list[Any]]:
        """Return SQL conditions on the items of `table`, and the values of their placeholders."""
        return ([f"list_contains(?::VARCHAR[], {table}.role)"], [list(self.roles)]) if self.roles else ([], [])

    def of_reports(self, table: str) -> tuple[list[str], list[Any]]:
        """Return SQL conditions on the reports of `table`, and the values of their placeholders."""
        conditions: list[str] = []
        parameters: list[Any] = []
        for column, values in (("place", self.places), ("level", self.levels)):
            if values:
                conditions.append(f"list_contains(?::VARCHAR[], {table}.{column})")
                parameters.append(list(values))
        if self.years is not None:
            conditions.append(f"{table}.year BETWEEN ? AND ?")
            parameters.extend(self.years)
        return conditions, parameters


def _year_range(year: Years) -> tuple[int, int] | None:
    if year is None:
        return None
    bounds: Any = (year, year) if isinstance(year, int) else year
    is_range = isinstance(bounds, Sequence) and len(bounds) == 2 and all(type(bound) is int for bound in bounds)
    if not is_range or not 0 <= bounds[0] <= bounds[1] <= 9999:
        raise InputError("not a year or a first and a last year", source="year", remedy="Give e.g. (2021, 2023).")
    return bounds[0], bounds[1]
