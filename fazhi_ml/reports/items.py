"""Cut a paragraph into items at its enumerators: 一是, 一要, 首先, 第一, (1), ①."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.numbering import BLANKS, CHINESE_DIGITS, chinese_number, circled_number, parse_marker

__all__ = ["Enumerator", "cut_items", "first_enumerator", "runs"]

_CN = f"[{CHINESE_DIGITS}]"
# Quotations and titles come first so that an enumerator inside them is never seen; their length is bounded to keep an
# unclosed quotation mark from costing more than linear time.
_ENUMERATOR = re.compile(
    rf"""
    (?=[“《第其首再最（(\d①-⑳❶-❿➀-➓{CHINESE_DIGITS}])  # spares most places the alternatives
    (?:
      “[^“”]{{0,200}}” | 《[^《》]{{0,100}}》
    | (?P<shi>{_CN}{{1,3}})(?:是|要)
    | 第(?P<di>{_CN}{{1,2}})(?=[，,、：:是要])
    | 其(?P<qi>{_CN})(?=[，,、：:是])
    | (?P<order>首先|其次|再次|再者|最后)
    | [（(](?P<ar_paren>\d{{1,2}})[）)]
    | [（(](?P<cn_paren>{_CN}{{1,3}})[）)]
    | (?P<ar_half>\d{{1,2}})[）)]
    | (?P<ar_dot>\d{{1,2}})(?:[.．](?!\d)|[.．](?=20\d\d年)|、(?!\d))
    | (?P<cn_dot>{_CN}{{1,2}})、
    | (?P<circled>[①-⑳❶-❿➀-➓])
    )
    """,
    re.VERBOSE,
)
# Where no second or third member of a sequence stands, nothing can cut: most paragraphs are done after this one scan.
_SECOND = re.compile(
    "[二三23２３第其再②③❷❸➁➂](?:(?<=[②③❷❸➁➂])|(?<=[二三23２３])[是要、）)．.]|(?<=[第其])[二三]|(?<=[其再])次)"
)
_ORDER = {"首先": 1, "其次": 2, "再次": 3, "再者": 3, "最后": 4}
_BLANKS = frozenset(BLANKS)
_STRONG = frozenset("。；;：:！!？?….”’）)」』】》")
# These count things inside a sentence as often ("1、2号井"): nothing less than its end before them will do.
_PLAIN_NUMBERS = frozenset({"ar_dot", "ar_half", "cn_dot", "cn_paren"})
# Signs that open an item even where the punctuation before them was lost.
_SELF_EVIDENT = frozenset({"circled", "ar_paren"})


class Enumerator(NamedTuple):
    """A number at a boundary; `strong` when more than a comma precedes it."""

    family: str
    number: int
    start: int
    strong: bool


def cut_items(text: str) -> list[tuple[int, int]]:
    """Cut one paragraph into its items.

    Enumerators cut only where they form a sequence (二是 follows 一是) at boundaries of sentences or clauses, outside
    quotations; a sequence nested in an item of another one does not cut. What stands before the first enumerator is an
    item of its own unless it is a mere ``2021年，`` that a comma ties to the first item.

    Parameters
    ----------
    text : str
        A paragraph, not empty and without surrounding white space.

    Returns
    -------
    list of (int, int)
        Spans within `text`, in order, without surrounding white space; one span when there is nothing to cut.

    Raises
    ------
    ReportTooLargeError
        With more than `MAX_PARTS` enumerators.
    """
    if _SECOND.search(text) is None and not _opens_late(text):
        return [(0, len(text))]
    # A number of the paragraph itself (1.一是…) is no item without what it counts.
    marker = parse_marker(text)
    first = len(text) - len(text[marker.end :].lstrip(BLANKS)) if marker else 0
    cuts = [cut for cut in _cuts(_outer_sequences(runs(_enumerators(text)))) if cut > first]
    items = []
    for start, end in pairwise([0, *cuts, len(text)]):
        part = text[start:end]
        kept = part.strip(BLANKS)
        if kept:
            lead = len(part) - len(part.lstrip(BLANKS))
            items.append((start + lead, start + lead + len(kept)))
    return items


def _opens_late(text: str) -> bool:
    """Tell whether a paragraph goes on with a sequence that began before it (四是 … 五是)."""
    match = _ENUMERATOR.match(text)
    return match is not None and match.lastgroup is not None


def first_enumerator(text: str, start: int, end: int) -> bool:
    """Tell whether the first enumerator of a sequence (一是, 首先, (1), ①) stands at `start`."""
    match = _ENUMERATOR.match(text, start, min(end, start + 8))
    if match is None or match.lastgroup is None or _number(match) != 1:
        return False
    if match.lastgroup in {"shi", "ar_paren", "circled"}:
        return True
    # 首先 or 第一 alone is an ordinary word.
    return any(len(sequence) > 1 and sequence[0].start == 0 for sequence in runs(_enumerators(text[start:end])))


def _opens_without_stop(family: str, number: int, before: str, *, gap: bool) -> bool:
    """Tell whether an enumerator can open an item though no sentence ends before it."""
    if family in _PLAIN_NUMBERS:
        return False
    if gap or not before.isalnum() or family in _SELF_EVIDENT:
        return True
    # "…作用二是加强…": the full stop was lost. 二是 is no word, unlike 一是 in 统一是 or 唯一是.
    return family == "shi" and number > 1 and before not in "第其期初"


def _number(match: re.Match[str]) -> int:
    family = match.lastgroup or ""
    value = match[family]
    if family == "order":
        return _ORDER[value]
    if family == "circled":
        return circled_number(value) or 0
    return int(value) if value.isdecimal() else chinese_number(value)


def _enumerators(text: str) -> list[Enumerator]:
    """Find every enumerator that stands at a boundary, in order."""
    found = []
    for match in _ENUMERATOR.finditer(text):
        family = match.lastgroup
        if family is None:
            continue
        start = match.start()
        before = start - 1
        while before >= 0 and text[before] in _BLANKS:
            before -= 1
        number = _number(match)
        strong = before < 0 or text[before] in _STRONG
        if strong or _opens_without_stop(family, number, text[before], gap=before < start - 1):
            found.append(Enumerator(family, number, start, strong))
            if len(found) > MAX_PARTS:
                raise too_many("enumerators in one paragraph")
    return found


def runs(enumerators: list[Enumerator]) -> list[list[Enumerator]]:
    """Group enumerators of one family into runs of rising numbers, allowing one missing or one doubled number.

    A restart at 1 opens a nested run; a number that fits an outer run better closes the inner ones.
    """
    stacks: dict[str, list[list[Enumerator]]] = {}
    sequences = []
    for enumerator in enumerators:
        stack = stacks.setdefault(enumerator.family, [])
        run = _run_for(enumerator, stack)
        if run is not None:
            run.append(enumerator)
        elif enumerator.number == 1 or enumerator.start == 0:
            run = [enumerator]
            stack.append(run)
            sequences.append(run)
    return sequences


def _run_for(enumerator: Enumerator, stack: list[list[Enumerator]]) -> list[Enumerator] | None:
    number = enumerator.number
    if number == 1 or not stack:
        return None
    # Runs that ended long ago are not worth a look: nesting in paragraphs is shallow, and the scan stays linear.
    for depth in range(len(stack) - 1, max(len(stack) - 5, -1), -1):
        if stack[depth][-1].number == number - 1:
            del stack[depth + 1 :]
            return stack[depth]
    last = stack[-1][-1].number
    return stack[-1] if number in {last, last + 2} and enumerator.strong else None


def _outer_sequences(sequences: list[list[Enumerator]]) -> list[list[Enumerator]]:
    """Drop sequences of one member and those nested in an item of another sequence."""
    chosen: list[list[Enumerator]] = []
    nested: set[str] = set()
    for sequence in sorted((run for run in sequences if len(run) > 1), key=lambda run: run[0].start):
        family = sequence[0].family
        if chosen and sequence[0].start < chosen[-1][-1].start:
            nested.add(family)
        elif not chosen or family == chosen[-1][0].family or (family == "shi" and family not in nested):
            chosen.append(sequence)
            nested.clear()
    return chosen


def _cuts(sequences: list[list[Enumerator]]) -> list[int]:
    return [
        enumerator.start
        for sequence in sequences
        for position, enumerator in enumerate(sequence)
        if position or enumerator.strong
    ]
