"""Lines of all pages → paragraphs: page numbers and running headers out, hard-wrapped lines joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from fazhi_ml.reports.pdf.lines import HEADING, NUMBER, Frame, Line, is_wide

__all__ = ["lay_out"]

# Lines at the upper and lower edge of a page that may be its header or footer.
_EDGE = 3
_REPEATED = 0.4
_PAGE_NUMBER = re.compile(r"(?:第|page|p\.)?\d{1,4}页?(?:[/／,，|]?(?:共|of)?(?<!\d)\d{1,4}页?)?", re.IGNORECASE)
_RULES = " \t\xa0\u3000-—–―─－_·•.~～|"
_DIGITS = re.compile(r"\d+")
_SPACES = re.compile(r"\s+")

# What no line is broken within: opening signs, a character, closing signs. Some programs also keep numbers on the line
# of what follows them, and quotation marks, or numbers after a closing sign, on that of what stands before them.
_CLOSING = r"”’）》〉」』】〕)\]，。、；：！？,.;:!?%％"
_CORE = rf"(?:[A-Za-z0-9.,:%/~\-–]{{1,40}}[^”’）》，。、；：]?|—{{2}}|…{{1,2}}|.)[{_CLOSING}]{{0,8}}"
_UNIT = re.compile(
    rf"[“‘（《〈「『【〔(\[]{{0,8}}{_CORE}(?:[“‘]{_CORE}|(?<=[{_CLOSING}])(?=[0-9]){_CORE}){{0,2}}", re.DOTALL
)
_WIDE_LATIN = {"%": 1.0}  # of the Latin signs that numbers have, in a font whose characters differ in width
_HANGING = frozenset("，。、；：！？”’）》,.;:")
_SENTENCE_END = frozenset("。！？；：!?;:…")

# In units of the size of body text:
_INDENT = 0.8
_DEEPEST_INDENT = 4
_NARROWEST = 16  # text is never set in shorter lines, but a short document may have no longer ones
_SLACK = 0.35
_FLUSH = 0.1
_MOSTLY = 0.8
_SHORT = 4.0  # room that only the last line of a paragraph leaves, more often than not
_RAGGED = 6.0  # room that lines leave at most which end in the middle of a sentence
_SAME_EDGE = 0.6
_OFF_CENTRE = 1.5
_OTHER_SIZE = 0.12
_FEWEST_LINES = 4
# Distances of lines, as ratios: to that within a paragraph, and of a title to its size.
_SPACED = 1.12
_TITLE_SPACED = 2.2


@dataclass(slots=True)
class _Style:
    """Body text.

    Attributes
    ----------
    size, pitch : float
        Of characters, and from line to line within a paragraph (0 = unknown).
    hanging : float
        Indent of the lines that go on with a paragraph.
    indented, spaced : bool
        Whether the first line of a paragraph has another indent than those after it, or is set apart from those above.
    flush : bool
        Whether numbered headings have the indent of lines that go on with a paragraph.
    justified : bool
        Whether lines end at the right margin, but for the last of a paragraph.
    """

    size: float
    pitch: float = 0.0
    hanging: float = 0.0
    indented: bool = True
    spaced: bool = False
    flush: bool = False
    justified: bool = False

    def goes_on(self, indent: float) -> bool:
        """Tell whether lines that go on with a paragraph have this indent."""
        return abs(indent - self.hanging) <= _INDENT * self.size


@dataclass(slots=True)
class _Placed:
    """A line within the margins of its frame; `frame` numbers the frames of the document."""

    line: Line
    frame: int
    left: float
    right: float

    @property
    def indent(self) -> float:
        """Distance from the left margin."""
        return self.line.x0 - self.left

    @property
    def rest(self) -> float:
        """Distance to the right margin."""
        return self.right - self.line.x1


def lay_out(pages: list[list[Frame]]) -> str:
    """Join the lines of all pages into paragraphs.

    Parameters
    ----------
    pages : list of list of Frame
        The frames of each page in reading order.

    Returns
    -------
    str
        One line a paragraph.
    """
    frames = _without_edges(pages)
    lines = [line for frame in frames for line in frame]
    if not lines:
        return ""
    style = _Style(_common_size(lines))
    placed = list(_place(frames, style.size))
    _measure(placed, style)
    paragraphs: list[list[_Placed]] = []
    for line in placed:
        if paragraphs and not _begins(paragraphs[-1], line, style):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return "\n".join(_text([placed.line.text for placed in paragraph]) for paragraph in paragraphs)


def _without_edges(pages: list[list[Frame]]) -> list[Frame]:
    """Drop page numbers, and lines that repeat up to their digits at the same height of many pages."""
    edges = [list(_edges(frames)) for frames in pages]
    repeats = Counter(key for page in edges for key in {_key(line) for side in page for line in side})
    enough = max(2.0, _REPEATED * sum(map(bool, pages)))
    kept: list[Frame] = []
    for number, (frames, sides) in enumerate(zip(pages, edges, strict=True), 1):
        dropped: set[int] = set()
        for side in sides:
            for line in side:
                if repeats[_key(line)] < enough and not _is_page_number(line.text, number):
                    # Only what stands outside of everything else is a header or footer.
                    break
                dropped.add(id(line))
        kept += [[line for line in frame if id(line) not in dropped] for frame in frames]
    return kept


def _edges(frames: list[Frame]) -> Iterator[list[Line]]:
    """Yield the lines at the top of a page, and those at its bottom, outermost first."""
    lines = sorted((line for frame in frames for line in frame), key=lambda line: line.y)
    yield lines[:_EDGE]
    yield lines[::-1][:_EDGE]


def _key(line: Line) -> tuple[str, int]:
    return _DIGITS.sub("#", _SPACES.sub("", line.text)), round(line.y / 2)


def _is_page_number(text: str, page: int) -> bool:
    """Tell whether a line at the edge of a page is its number; a bare number has to be the right one."""
    bare = _SPACES.sub("", text.strip(_RULES))
    if not _PAGE_NUMBER.fullmatch(bare):
        return False
    return bare == str(page) or not _SPACES.sub("", text).isdigit()


def _common_size(lines: Sequence[Line]) -> float:
    """Return the size that most characters have."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(2 * line.size) / 2] += len(line.text)
    return max(sizes, key=sizes.__getitem__)


def _place(frames: list[Frame], size: float) -> Iterator[_Placed]:
    """Find the margins of all frames.

    The margins of a frame with little text are those of the others. Where all lines of a page are indented, its left
    margin follows from the right one and the width of the text.
    """
    own = [_edge_margins(frame, size) for frame in frames]
    known = [margins for margins in own if margins]
    widths = Counter(round((right - left) / size) for left, right in known)
    common = max(widths, key=widths.__getitem__) * size if widths else 0.0
    typical = [margins for margins in known if abs(margins[1] - margins[0] - common) <= size]
    for number, (frame, margins) in enumerate(zip(frames, own, strict=True)):
        if margins:
            left, right = margins
            if size < common - (right - left) < 3 * size:
                left = right - common
        elif typical and frame:
            left, right = min(typical, key=lambda margins: _misfit(frame, *margins))
        else:
            left = min((line.x0 for line in frame), default=0.0)
            right = max((line.x1 for line in frame), default=0.0)
        right = max(right, left + _NARROWEST * size)
        yield from (_Placed(line, number, left, right) for line in frame)


def _misfit(frame: Frame, left: float, right: float) -> float:
    """Measure how badly lines fit between margins, which differ between left and right pages."""
    first, last = min(line.x0 for line in frame), max(line.x1 for line in frame)
    return abs(first - left) + 10 * max(left - first, 0.0) + 10 * max(last - right, 0.0)


def _edge_margins(frame: Frame, size: float) -> tuple[float, float] | None:
    """Find where at least two lines begin and end; None for a frame of few lines."""
    body = [line for line in frame if not line.cells and abs(line.size - size) <= _OTHER_SIZE * size]
    if len(body) < _FEWEST_LINES:
        return None
    starts = [line.x0 for line in body]
    left = -_supported([-start for start in starts], _SAME_EDGE * size)
    if left - min(starts) <= _DEEPEST_INDENT * size:
        left = min(starts)
    # Punctuation may hang out of the text.
    ends = [line.x1 for line in body if line.text[-1] not in _HANGING]
    ends = ends if len(ends) >= 2 else [line.x1 for line in body]
    right = max(ends) if len(body) < 2 * _FEWEST_LINES else _supported(ends, _SAME_EDGE * size)
    return left, right


def _supported(values: list[float], tolerance: float) -> float:
    """Return the largest value with another one near it."""
    ordered = sorted(values, reverse=True)
    return next((value for value, lower in pairwise(ordered) if value - lower <= tolerance), ordered[0])


def _measure(placed: list[_Placed], style: _Style) -> None:
    """Learn distances and indents from lines whose place in a paragraph is beyond doubt."""
    pairs = [
        (above, below)
        for above, below in pairwise(placed)
        if above.frame == below.frame and not (above.line.cells or below.line.cells)
    ]
    going_on = [
        (above, below)
        for above, below in pairs
        if above.rest <= style.size and above.line.text[-1] not in _SENTENCE_END
    ]
    if going_on:
        style.pitch = median(below.line.y - above.line.y for above, below in going_on)
        style.hanging = max(median(below.indent for _, below in going_on), 0.0)
        ends = sum(above.rest <= _FLUSH * style.size for above, _ in going_on)
        style.justified = ends >= _MOSTLY * len(going_on)
    elif pairs:
        style.pitch = min(below.line.y - above.line.y for above, below in pairs)
    begun = [(above, below) for above, below in pairs if above.rest > _SHORT * style.size]
    heads = [below for _, below in begun if HEADING.match(below.line.text)]
    style.flush = 2 * sum(style.goes_on(below.indent) for below in heads) >= len(heads)
    begun = [(above, below) for above, below in begun if below.rest <= style.size]
    style.indented = 2 * sum(not style.goes_on(below.indent) for _, below in begun) >= len(begun)
    style.spaced = 2 * sum(below.line.y - above.line.y > _SPACED * style.pitch for above, below in begun) > len(begun)


def _begins(paragraph: list[_Placed], below: _Placed, style: _Style) -> bool:
    """Tell whether a line begins a paragraph after the lines of the last one."""
    above = paragraph[-1]
    upper, lower = above.line, below.line
    if upper.cells or lower.cells or abs(upper.size - lower.size) > _OTHER_SIZE * style.size:
        return True
    same_frame = above.frame == below.frame
    distance = lower.y - upper.y
    larger = upper.size > (1 + _OTHER_SIZE) * style.size
    centred = (_centred(above, style) and _centred(below, style)) or _share_centre(above, below, style)
    if larger and same_frame and centred:
        return distance > _TITLE_SPACED * upper.size
    if same_frame and 0 < _SPACED * style.pitch * max(upper.size / style.size, 1) < distance:
        return True
    if _goes_on_centred(paragraph, below, style):
        return False
    if above.rest > _room(above, below, style) * style.size or _stands_alone(paragraph, below, style):
        return True
    return _is_indented(paragraph, below, style) or _is_start(paragraph, below, style)


def _centred(placed: _Placed, style: _Style) -> bool:
    return abs(placed.indent - placed.rest) <= _OFF_CENTRE * style.size


def _share_centre(above: _Placed, below: _Placed, style: _Style) -> bool:
    """Tell whether one line is centred on another, as in a title across columns, which has wider margins than text."""
    upper, lower = above.line, below.line
    offset = abs(upper.x0 + upper.x1 - lower.x0 - lower.x1) / 2
    return offset <= _SAME_EDGE * style.size and abs(upper.x0 - lower.x0) > style.size


def _goes_on_centred(paragraph: list[_Placed], below: _Placed, style: _Style) -> bool:
    """Tell whether a line goes on with a centred one that had no room for more."""
    above = paragraph[-1]
    if len(paragraph) > 1 or below.indent <= _INDENT * style.size:
        return False
    centred = all(abs(placed.indent - placed.rest) <= _SAME_EDGE * style.size for placed in (above, below))
    return centred and above.indent + above.rest <= (_unit_width(below.line.text) + _SLACK) * style.size


def _stands_alone(paragraph: list[_Placed], below: _Placed, style: _Style) -> bool:
    """Tell whether a paragraph is centred and the line below it is not; an indented first line may look like that."""
    depth = (3.0 if style.indented and len(paragraph) == 1 else _INDENT) * style.size
    slack = _SLACK * style.size
    if any(abs(line.indent - line.rest) > slack or line.indent < depth for line in (paragraph[0], paragraph[-1])):
        return False
    return style.goes_on(below.indent) or abs(below.indent - below.rest) > slack


def _room(above: _Placed, below: _Placed, style: _Style) -> float:
    """Return how much room a line may leave, in character sizes, when the next one goes on with its paragraph."""
    needed = _unit_width(below.line.text) + _SLACK
    unfinished = above.line.text[-1] not in _SENTENCE_END
    if style.indented and unfinished and style.goes_on(below.indent):
        return max(needed, _RAGGED)
    return needed


def _is_indented(paragraph: list[_Placed], below: _Placed, style: _Style) -> bool:
    """Tell whether a line stands farther right, or left, than the rest of the paragraph would go on."""
    above = paragraph[-1]
    if len(paragraph) > 1:
        return abs(below.indent - above.indent) > _INDENT * style.size
    if style.goes_on(below.indent):
        # No first line is indented as far as a signature or date on the right.
        return above.indent - style.hanging > _DEEPEST_INDENT * style.size
    # A hanging indent: the lines below a number begin where the words after it do.
    words = above.line.words
    return words is None or abs(below.line.x0 - below.left - (words - above.left)) > _SAME_EDGE * style.size


def _is_start(paragraph: list[_Placed], below: _Placed, style: _Style) -> bool:
    """Tell whether a paragraph begins where a sentence or heading ends with a line, whose place tells nothing more."""
    above = paragraph[-1]
    if above.line.text[-1] not in _SENTENCE_END:
        # A section's heading is no sentence, and the first one within the section begins below it.
        return len(paragraph) == 1 and all(HEADING.match(placed.line.text) for placed in (above, below))
    if style.indented or (style.spaced and above.frame == below.frame):
        # A paragraph would be set apart; numbers also stand within paragraphs.
        return style.flush and HEADING.match(below.line.text) is not None
    if style.justified and above.rest > _SLACK * style.size:
        return True
    stretched = style.justified and above.rest <= _FLUSH * style.size
    return (above.frame != below.frame and not stretched) or NUMBER.match(below.line.text) is not None


def _unit_width(text: str) -> float:
    """Estimate the room that the first unbreakable part of a line takes, in character sizes."""
    match = _UNIT.match(text)
    return _width(match[0]) if match else 1.0


def _width(text: str) -> float:
    return sum(1.0 if is_wide(char) else _WIDE_LATIN.get(char, 0.5) for char in text)


def _text(lines: list[str]) -> str:
    """Join the lines of a paragraph: without spaces between Chinese characters, with one between Latin words."""
    pieces = [lines[0]]
    for last, line in pairwise(lines):
        if is_wide(last[-1]) or is_wide(line[0]):
            pieces.append(line)
        elif last[-1] == "-" and last[-2:-1].isalpha() and line[0].islower():
            pieces[-1] = pieces[-1][:-1]
            pieces.append(line)
        elif last[-1] == "-" or (last[-1].isdigit() and line[0].isdigit()):
            pieces.append(line)
        else:
            pieces += [" ", line]
    return "".join(pieces)
