"""How much the readers take on before they refuse, so that hostile input costs bounded time and memory."""

from __future__ import annotations

from fazhi_ml.errors import ReportTooLargeError

__all__ = ["MAX_BYTES", "MAX_PARTS", "too_many"]

MAX_BYTES = 64 * 2**20
"""Largest file that is read, in bytes; reports have some 20 to 200 KiB."""

MAX_PARTS = 1_000_000
"""Most lines, or items, that a report may have; real ones have some hundreds."""


def too_many(parts: str) -> ReportTooLargeError:
    """Return the error for a text with more than `MAX_PARTS` of its `parts`."""
    return ReportTooLargeError(
        f"the text has more than {MAX_PARTS:,} {parts}", remedy="Split it into one file a report."
    )
