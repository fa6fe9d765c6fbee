"""A page as lines, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Container", "Page", "PageLine"]


@dataclass(slots=True)
class PageLine:
    """A line of a page.

    Attributes
    ----------
    text : str
    level : int
        1 to 6 within ``<h1>`` to ``<h6>``, else 0.
    linked : int
        Number of its characters that lead to another page.
    links : int
        Number of links they form.
    """

    text: str
    level: int = 0
    linked: int = 0
    links: int = 0


class Container(NamedTuple):
    """The lines ``first`` to ``last - 1``, in an element that is called as those of articles are.

    Attributes
    ----------
    tier : int
        How far the name can be trusted: 0 (an editor's) to 2 (any box).
    name : str
    first, last : int
    """

    tier: int
    name: str
    first: int
    last: int


@dataclass(slots=True)
class Page:
    """A page as its reader sees it.

    Attributes
    ----------
    lines : list of PageLine
    containers : list of Container
        In the order of their ends.
    chrome : list of (int, int)
        Ranges of lines in elements that are chrome by their names, in the order of their ends.
    titles : list of str
        Texts of headings and of elements that are called as those of titles are.
    declared_titles : list of str
        What the page's metadata call its title.
    window_title : str
    signs : set of str
        What else tells of the page: ``frame``, ``script``, ``refresh``, ``password``, ``app``, ``hidden``.
    elements : int
    attributes : int
        The most that one element has.
    """

    lines: list[PageLine] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    chrome: list[tuple[int, int]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    declared_titles: list[str] = field(default_factory=list)
    window_title: str = ""
    signs: set[str] = field(default_factory=set)
    elements: int = 0
    attributes: int = 0

    def replace(self, first: int, line: PageLine) -> None:
        """Put one line for those from `first` on, and forget containers and chrome among them."""
        self.lines[first:] = [line]
        while self.containers and self.containers[-1].first >= first:
            self.containers.pop()
        while self.chrome and self.chrome[-1][0] >= first:
            self.chrome.pop()
