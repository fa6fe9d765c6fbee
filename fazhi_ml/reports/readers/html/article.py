"""Find the article of a page: the container that holds its prose, else what trafilatura takes for the article."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from fazhi_ml.errors import MissingExtraError
from fazhi_ml.reports.chrome import ends_sentence
from fazhi_ml.reports.numbering import parse_marker
from fazhi_ml.reports.readers.html.page import Container, Page, PageLine

__all__ = ["find_article", "prose_of"]

_Ranges = list[tuple[int, int]]

_LONG_LINE = 40
_SHORTEST_ARTICLE = 100
# The share of the prose that a container must hold: one with a trusted name of what the fullest of these holds, and
# of what any box holds, for boxes take in the page's notices too; a mere box of what the fullest box holds.
_ENOUGH_OF_TRUSTED = 0.98
_ENOUGH_OF_ANY = 0.8
_ENOUGH_FOR_BOX = 0.95
# What misses half of a page's prose is not the article.
_LEAST_OF_PAGE = 0.5
# An element with so much of a page's prose is no chrome, whatever it is called.
_MOST_IN_CHROME = 0.2
_MOST_LINKED = 0.8
_FEWEST_LINKS = 3
# trafilatura needs minutes for a few MB of tables; saved pages have a tenth of this.
_LONGEST_SOURCE = 2**20
_MOST_ELEMENTS = 5000
_MOST_ATTRIBUTES = 200
_SHORTEST_MARK = 4


def find_article(page: Page, source: str) -> list[PageLine]:
    """Return the lines of a page's article.

    Of the containers that hold nearly all the prose that any holds, the one with the most trusted name is taken, and
    of equally trusted ones the tightest. Where none holds most of the page's prose, trafilatura tells where the
    article begins and ends; where it cannot, everything counts but menus and what is called chrome.

    Parameters
    ----------
    page : Page
    source : str
        The page's HTML.

    Raises
    ------
    MissingExtraError
        Without trafilatura, when it is needed.
    """
    kept = _kept(page)
    ranges = _best_container(page, kept)
    if ranges is None:
        lines = [line for line, keep in zip(page.lines, kept, strict=True) if keep]
        return _between_marks(lines, page, source) or lines or page.lines
    chosen = [index for first, last in ranges for index in range(first, last)]
    return [page.lines[index] for index in chosen if kept[index]]


def prose_of(line: PageLine) -> int:
    """Count the characters of a line that are prose: a sentence or a long line, less its links."""
    if len(line.text) < _LONG_LINE and not ends_sentence(line.text):
        return 0
    return 0 if 2 * line.linked > len(line.text) else len(line.text) - line.linked


def _kept(page: Page) -> list[bool]:
    """Tell for each line whether it is neither in chrome nor in a menu."""
    lines = page.lines
    prose = list(accumulate(map(prose_of, lines), initial=0))
    steps = [0] * (len(lines) + 1)
    for first, last in page.chrome:
        if first < last and prose[last] - prose[first] <= _MOST_IN_CHROME * prose[-1]:
            steps[first] += 1
            steps[last] -= 1
    kept = [depth == 0 for depth in accumulate(steps[:-1])]
    for first, last in _menus(lines):
        kept[first:last] = [False] * (last - first)
    return kept


def _menus(lines: list[PageLine]) -> Iterable[tuple[int, int]]:
    """Find runs of lines that are nothing but links, with at least three of them."""
    first = 0
    links = 0
    for index, line in enumerate((*lines, PageLine(""))):
        if line.linked and line.linked >= _MOST_LINKED * len("".join(line.text.split())):
            links += max(line.links, 1)
            continue
        if links >= _FEWEST_LINKS:
            yield first, index
        first = index + 1
        links = 0


def _best_container(page: Page, kept: list[bool]) -> _Ranges | None:
    prose = list(accumulate((prose_of(line) * keep for line, keep in zip(page.lines, kept, strict=True)), initial=0))
    length = list(accumulate((len(line.text) for line in page.lines), initial=0))

    def total(ranges: _Ranges, of: list[int]) -> int:
        return sum(of[last] - of[first] for first, last in ranges)

    candidates = [(tier, ranges, total(ranges, prose)) for tier, ranges in _candidates(page.containers)]
    most = max((held for _, _, held in candidates), default=0)
    if most < max(_LEAST_OF_PAGE * prose[-1], 1):
        return None
    trusted = max((held for tier, _, held in candidates if tier < 2), default=0)
    enough = max(_ENOUGH_OF_TRUSTED * trusted, _ENOUGH_OF_ANY * most)
    full = [
        (tier, total(ranges, length), ranges)
        for tier, ranges, held in candidates
        if held >= (enough if tier < 2 else _ENOUGH_FOR_BOX * most)
    ]
    return min(full)[2]


def _candidates(containers: list[Container]) -> Iterable[tuple[int, _Ranges]]:
    """Yield each container, and those of one trusted name together: some editors leave one for each part."""
    by_name: dict[tuple[int, str], _Ranges] = defaultdict(list)
    for tier, name, first, last in containers:
        if first >= last:
            continue
        yield tier, [(first, last)]
        if tier < 2:
            same = by_name[tier, name]
            # In the order of their ends, so that those within this one come right before it.
            while same and same[-1][0] >= first:
                same.pop()
            same.append((first, last))
    for (tier, _), ranges in by_name.items():
        if len(ranges) > 1:
            yield tier, ranges


def _between_marks(lines: list[PageLine], page: Page, source: str) -> list[PageLine]:
    """Return the lines from the first to the last that trafilatura takes for the article; none where it finds nothing.

    Its own text is not used: it loses numbers, rows and headings.
    """
    if sum(len(line.text) for line in lines) < _SHORTEST_ARTICLE:
        return []
    if len(source) > _LONGEST_SOURCE or page.elements > _MOST_ELEMENTS or page.attributes > _MOST_ATTRIBUTES:
        return []
    try:
        import trafilatura
    except ImportError as error:
        raise MissingExtraError(
            "reading HTML needs trafilatura", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
        ) from error
    extracted = trafilatura.extract(source, include_comments=False, include_tables=True)
    wanted = {_bare(line) for line in str(extracted or "").splitlines()}
    marks = [
        index for index, line in enumerate(lines) if len(line.text) >= _SHORTEST_MARK and _bare(line.text) in wanted
    ]
    if not marks:
        return []
    first, last = marks[0], marks[-1] + 1
    # It sometimes begins late or stops early.
    while first and _belongs(lines[first - 1]):
        first -= 1
    while last < len(lines) and _belongs(lines[last]):
        last += 1
    # And it sometimes takes the news beside an article for the article.
    found = sum(map(prose_of, lines[first:last]))
    return lines[first:last] if found >= _LEAST_OF_PAGE * sum(map(prose_of, lines)) else []


def _belongs(line: PageLine) -> bool:
    """Tell whether a line beside the article is of it: prose, or numbered."""
    return prose_of(line) >= _LONG_LINE or parse_marker(line.text) is not None


def _bare(text: str) -> str:
    return "".join(text.split()).lstrip("-|").rstrip("|")
