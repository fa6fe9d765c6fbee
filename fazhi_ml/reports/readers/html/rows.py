"""Rows of tables: one line each where they hold data, the lines of their cells where they only place blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from fazhi_ml.reports.chrome import ends_sentence
from fazhi_ml.reports.readers.html.page import Page, PageLine

__all__ = ["Row", "end_row"]

_LONGEST_CELL = 200
_SHORTEST_SENTENCE = 25


@dataclass(slots=True)
class Row:
    """A row under way.

    Attributes
    ----------
    first : int
        Index of its first line.
    cells : list of (int, int)
        Ranges of the lines of cells that hold text.
    places_blocks : bool
        Known to be no row of data, for a table or an article's container stands in it.
    """

    first: int
    cells: list[tuple[int, int]] = field(default_factory=list)
    places_blocks: bool = False

    def add_cell(self, first: int, last: int) -> None:
        """Add a cell; in place of those that stand within it, as only broken tables have them."""
        while self.cells and self.cells[-1][0] >= first:
            self.cells.pop()
        if last > first:
            self.cells.append((first, last))


def end_row(page: Page, row: Row) -> None:
    """Make one line of a row of data, its cells joined by an ideographic space."""
    lines = page.lines
    if row.places_blocks or len(row.cells) < 2 or any(_is_prose(lines[first:last]) for first, last in row.cells):
        return
    parts = lines[row.first :]
    cells = (" ".join(line.text for line in lines[first:last]) for first, last in row.cells)
    page.replace(
        row.first,
        PageLine("\u3000".join(cells), 0, sum(part.linked for part in parts), sum(part.links for part in parts)),
    )


def _is_prose(cell: list[PageLine]) -> bool:
    """Tell whether a cell holds paragraphs rather than a datum."""
    if any(line.level or len(line.text) > _LONGEST_CELL for line in cell):
        return True
    return len(cell) > 1 and any(len(line.text) >= _SHORTEST_SENTENCE and ends_sentence(line.text) for line in cell)
