"""The numbering of labelled headings and items.

Labels do not lean on the outline grammar of `fazhi_ml.reports`, which they are there to measure: this is the plain
numbering of the genre, enough for units whose boundaries are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["n_in_force", "number_level"]

_NUMBERINGS = (
    (1, re.compile(r"[一二三四五六七八九十]{1,3}[、.．]|第[一二三四五六七八九十]{1,3}部分")),
    (2, re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]")),
    (3, re.compile(r"[0-9０-９]{1,2}[.．、](?![0-9０-９])")),
    (4, re.compile(r"[（(][0-9０-９]{1,2}[）)]")),
    (5, re.compile(r"[①-⑳]")),
)


def number_level(text: str) -> int | None:
    """Return the level of the number that a text opens with: 一、 1, (一) 2, 1. 3, (1) 4, ① 5; None without one."""
    return next((level for level, pattern in _NUMBERINGS if pattern.match(text)), None)


def n_in_force(headings: Sequence[str], text: str) -> int:
    """Return how many of the headings above an item hold for it.

    An item that opens with a number is the sibling of a heading numbered alike: below the lead-in ``2.…``, the item
    ``3.…`` ends the lead-in's section.

    Parameters
    ----------
    headings : sequence of str
        Outermost first.
    text : str
        The item.
    """
    level = number_level(text)
    if level is None:
        return len(headings)
    return next((n for n, heading in enumerate(headings) if number_level(heading) == level), len(headings))
