"""Find the lines of a report whose line breaks were lost."""

from __future__ import annotations

import re
from itertools import pairwise

from fazhi_ml.reports.items import Enumerator, runs
from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.numbering import BLANKS, CHINESE_DIGITS, chinese_number

__all__ = ["LONG_LINE", "split_merged"]

LONG_LINE = 1500
"""Code points from which a line may be a whole report; paragraphs are rarely longer."""

_NUMBER = re.compile(
    rf"""
    (?P<cn_dot>[{CHINESE_DIGITS}]{{1,3}})[、.．](?![{CHINESE_DIGITS}])
    | [（(](?P<cn_paren>[{CHINESE_DIGITS}]{{1,3}})[）)]
    | (?P<ar_dot>\d{{1,2}})(?:[.．](?!\d)|[.．](?=20\d\d年)|、(?!\d))
    """,
    re.VERBOSE,
)
_GAP = re.compile(r"[ \t\xa0\u3000]{2,}")
_HEADING_GAP = re.compile(r"[^。；;！!？?\s]{2,60}[ \t\xa0\u3000]+(?=\S)")
_BOUNDARY = frozenset("。；;！!？?：:”’）)」』")
_HEADING = 60


def split_merged(text: str) -> list[tuple[int, int]]:
    """Split a very long line where its numbers, or gaps, show that it holds many lines.

    Parameters
    ----------
    text : str
        One line, without surrounding white space.

    Returns
    -------
    list of (int, int)
        Spans of the lines within `text`, without surrounding white space; one span when nothing shows more.

    Raises
    ------
    ReportTooLargeError
        With more than `MAX_PARTS` numbers.
    """
    chosen = [run for run in runs(_numbers(text)) if len(run) > 1]
    if not any(run[0].family != "ar_dot" for run in chosen):
        return [(0, len(text))]
    numbered = {number.start for run in chosen for number in run}
    gaps = {match.end() for match in _GAP.finditer(text)}
    for start in (0, *numbered):
        gap = _HEADING_GAP.match(text, start)
        if gap:
            gaps.add(gap.end())
    cuts = sorted({0, len(text)} | numbered | gaps)
    return [span for start, end in pairwise(cuts) if (span := _stripped(text, start, end))]


def _numbers(text: str) -> list[Enumerator]:
    """Find numbers at the beginnings of sentences, and first numbers right after a heading."""
    found: list[Enumerator] = []
    for match in _NUMBER.finditer(text):
        family = match.lastgroup or ""
        digits = match[family]
        number = int(digits) if digits.isdecimal() else chinese_number(digits)
        start = match.start()
        before = text[start - 1] if start else ""
        opens = not before or before in _BOUNDARY or before in BLANKS
        if not opens and number == 1 and found and start - found[-1].start <= _HEADING:
            opens = found[-1].family != family and not _BOUNDARY.intersection(text[found[-1].start + 3 : start])
        if opens:
            found.append(Enumerator(family, number, start, strong=True))
            if len(found) > MAX_PARTS:
                raise too_many("numbers in one line")
    return found


def _stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    part = text[start:end]
    kept = part.strip(BLANKS)
    lead = start + len(part) - len(part.lstrip(BLANKS))
    return (lead, lead + len(kept)) if kept else None
