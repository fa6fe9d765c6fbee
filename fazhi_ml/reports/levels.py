"""Choose heading levels per document from the sequence of its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fazhi_ml.reports.document import Role, Section, Span
from fazhi_ml.reports.roles import UNANNOUNCED, announced_role, section_role

__all__ = ["STANDARD_ORDER", "LevelStack", "SchemeOrder", "scheme_order"]

# The order that official documents use; `top`, `bare` and `sub` are headings without a number, `slogan` a
# lead-in without one.
STANDARD_ORDER = {
    scheme: rank
    for rank, scheme in enumerate(
        ("part", "第一节", "top", "一、", "(一)", "bare", "sub", "slogan", "1.", "(1)", "1)", "circled")
    )
}


class SchemeOrder:
    """Which numbering scheme contains which, in one document.

    Parameters
    ----------
    votes : Counter of (str, str)
        How often the first scheme was seen to contain the second.
    """

    def __init__(self, votes: Counter[tuple[str, str]]) -> None:
        self._votes = votes

    def contains(self, outer: str, inner: str) -> bool:
        """Tell whether headings of scheme `outer` stand above those of scheme `inner`."""
        balance = self._votes[outer, inner] - self._votes[inner, outer]
        return balance > 0 or (balance == 0 and STANDARD_ORDER[outer] < STANDARD_ORDER[inner])


def scheme_order(numbers: Iterable[tuple[str, int]]) -> SchemeOrder:
    """Learn the nesting of schemes from the numbers of a document's headings, in reading order.

    Between 一、 and 二、 of one scheme everything that starts at 1 lies within it: each such case is a vote. Ties, and
    schemes never seen together, keep the standard order.
    """
    votes: Counter[tuple[str, str]] = Counter()
    last: dict[str, int] = {}
    opened: dict[str, set[str]] = {}
    for scheme, number in numbers:
        if number == last.get(scheme, -1) + 1:
            votes.update((scheme, inner) for inner in opened.get(scheme, ()))
        opened[scheme] = set()
        if number == 1:
            for outer, inner in opened.items():
                if outer != scheme:
                    inner.add(scheme)
        last[scheme] = number
    return SchemeOrder(votes)


@dataclass(slots=True)
class _Open:
    scheme: str
    level: int
    role: Role
    start: int
    index: int


class LevelStack:
    """The headings above the current place of a document, and the sections that they opened.

    Parameters
    ----------
    order : SchemeOrder
    """

    def __init__(self, order: SchemeOrder) -> None:
        self._order = order
        self._open: list[_Open] = []
        self._sections: list[Section] = []
        self.path: tuple[str, ...] = ()

    @property
    def role(self) -> Role:
        """Role of the innermost open section."""
        return self._open[-1].role if self._open else section_role(())

    def enter(self, scheme: str, heading: str, start: int, at_least: int) -> int:
        """Open the section of a heading at offset `start`; return its level, `at_least` or deeper."""
        while self._open and not self._order.contains(self._open[-1].scheme, scheme):
            self._close(start)
        level = max((self._open[-1].level if self._open else 0) + 1, at_least)
        # The same as section_role(path), at the cost of one heading instead of all.
        role = announced_role(heading) or (self._open[-1].role if self._open else UNANNOUNCED)
        self.path = (*self.path[: len(self._open)], heading)
        self._open.append(_Open(scheme, level, role, start, len(self._sections)))
        self._sections.append(Section(self.path, role, Span(start, start)))
        return level

    def sections(self, start: int, end: int) -> tuple[Section, ...]:
        """Close what is open and return all sections of a body that spans `start` to `end`, in reading order."""
        while self._open:
            self._close(end)
        first = self._sections[0].span.start if self._sections else end
        lead = (Section((), section_role(()), Span(start, first)),) if start < first else ()
        return (*lead, *self._sections)

    def _close(self, end: int) -> None:
        opened = self._open.pop()
        section = self._sections[opened.index]
        self._sections[opened.index] = Section(section.path, section.role, Span(opened.start, end))
