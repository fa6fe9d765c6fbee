"""Find the outline of a report: headings with levels, sections with roles, paragraphs with items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fazhi_ml.reports.chrome import ends_sentence
from fazhi_ml.reports.document import Heading, Item, Paragraph, Section, Span
from fazhi_ml.reports.items import cut_items, first_enumerator
from fazhi_ml.reports.levels import STANDARD_ORDER, LevelStack, scheme_order
from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.lines import Line
from fazhi_ml.reports.numbering import BLANKS
from fazhi_ml.reports.readers.extracted import HeadingMark
from fazhi_ml.reports.roles import announced_role

__all__ = ["Outline", "read_outline"]

_STOP = re.compile(r"[。；：;:！!？?]")
_SENTENCE_STOP = re.compile(r"[。；;！!？?]")
_LOST_STOP = re.compile(r"(?<![第其统唯之进])(?:一是|一要|[（(]1[）)]|①)")
_FIGURE = re.compile(r"\d(?!\d*年)")
# "… in four respects." introduces what follows instead of naming it.
_ANNOUNCES = re.compile(
    r"(?:[两二三四五六七八九十几]|以下|如下)(?:件事|个?方面|个变化|个方向|项工作|个?问题|几[个件项点])[^，,。：:]{0,3}[。：:]$"
)
_SLOGAN_VERB = re.compile(
    "坚持|围绕|聚焦|突出|强化|深化|加强|推进|推动|健全|完善|规范|严格|全面|持续|着力|落实|优化|提升|注重|立足|紧扣|打造|构建|夯实|筑牢|"
    "抓|创新|依法|统筹|压实|狠抓|织密|营造|维护|畅通|化解|弘扬|增强|提高|建立|始终|牢固|大力|深入|扎实|积极|切实|以"
)
_LONGEST_HEADING = 80
# Right before an enumerator the full stop alone tells; alone on a line, or before prose, a slogan is shorter.
_LONGEST_LEAD_IN = 90
_LONGEST_SLOGAN = 45
_LONGEST_RUN_IN = 32
# Lead-ins head the items after them and rank below the named sections of a report.
_LEAD_IN_LEVEL = 3
# Schemes of headings without a number, by the rank that the document's format gives them.
_MARKED = ("top", "bare", "sub")
# A row of a table, its cells joined by ideographic spaces: the first is a number, the last has a figure, or there are
# three of more than a letter.
_ROW = re.compile(r"^\d{1,3}\u3000|\u3000[^\u3000]*\d[^\u3000]*$|^[^\u3000]{2,}(?:\u3000[^\u3000]{2,}){2,}$")


@dataclass(slots=True)
class _Block:
    """A body line and what it is: `head_end` is where its heading ends (0 = none), `own` when nothing follows it."""

    line: Line
    scheme: str
    number: int
    head_end: int = 0
    own: bool = False
    lead_in: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of a body in reading order."""

    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    paragraphs: tuple[Paragraph, ...]


def read_outline(body: list[Line], marks: Sequence[HeadingMark] = ()) -> Outline:
    """Build the outline of the body lines of a report.

    Parameters
    ----------
    body : list of Line
    marks : sequence of HeadingMark
        Lines that the document's format calls headings. Numbers and wording come first: whole paragraphs are marked in
        many documents.

    Raises
    ------
    ReportTooLargeError
        With more than `MAX_PARTS` items.
    """
    blocks = [_numbered(line, body[i + 1] if i + 1 < len(body) else None) for i, line in enumerate(body)]
    _vote(blocks)
    _find_unnumbered(blocks)
    _heed(blocks, marks)
    return _assemble(blocks)


def _numbered(line: Line, following: Line | None) -> _Block:
    """Judge a line by its own number and wording."""
    marker = line.marker
    if marker is None:
        return _Block(line, "", 0)
    block = _Block(line, marker.scheme, marker.number)
    text = line.text
    block.head_end = _lead_in(text, marker.end, following)
    if block.head_end:
        block.lead_in = True
    elif _is_whole_heading(text, block.scheme, marker.end):
        block.head_end, block.own = len(text), True
    else:
        block.head_end = _run_in(text, marker.end)
    return block


def _lead_in(text: str, start: int, following: Line | None) -> int:
    """Find where a slogan ends that an enumerator follows directly; 0 when there is none."""
    lost = _lead_in_without_stop(text, start, following)
    if lost:
        return lost
    stop = _STOP.search(text, start, start + _LONGEST_LEAD_IN)
    if stop is None or _ANNOUNCES.search(text, start, stop.end()):
        return 0
    rest = stop.end()
    while rest < len(text) and text[rest] in BLANKS:
        rest += 1
    return stop.end() if first_enumerator(text, rest, len(text)) else 0


def _is_whole_heading(text: str, scheme: str, start: int) -> bool:
    """Tell whether a numbered line is no sentence: short, without any stop; a colon may stand in a high-ranking one."""
    if len(text) > _LONGEST_HEADING or text[-1] in ",，、:：":
        return False
    stop = _STOP if STANDARD_ORDER[scheme] >= STANDARD_ORDER["1."] else _SENTENCE_STOP
    return stop.search(text, start) is None


def _run_in(text: str, start: int) -> int:
    """Find where a heading ends that runs into its paragraph; 0 when its first words tell something."""
    stop = _STOP.search(text, start, start + _LONGEST_RUN_IN)
    if stop is None or stop.end() == len(text):
        return 0
    words = text[start : stop.end()]
    longest = {"。": _LONGEST_RUN_IN, "：": _LONGEST_RUN_IN // 2, ":": _LONGEST_RUN_IN // 2}.get(stop[0], 0)
    tells = len(words) > longest or _FIGURE.search(words) or _ANNOUNCES.search(words)
    return 0 if tells else stop.end()


def _lead_in_without_stop(text: str, start: int, following: Line | None) -> int:
    """Find where a slogan ends that lost its full stop before 一是; 0 when there is none."""
    match = _LOST_STOP.search(text, start + 4, start + 70)
    if match is None or _STOP.search(text, start, match.start()) is not None:
        return 0
    rest = text[match.start() :]
    continued = following is not None and following.text.startswith(("二是", "二要", "（2", "(2", "②"))
    return match.start() if continued or len(cut_items(rest)) > 1 else 0


def _single_sentence(block: _Block) -> bool:
    """Tell whether the line is a number and one short sentence, which may be a heading or a point of a list."""
    text = block.line.text
    return (
        not block.head_end
        and block.line.marker is not None
        and len(text) <= _LONGEST_SLOGAN + block.line.marker.end
        and text[-1] in "。：:"
        and _STOP.search(text, block.line.marker.end, len(text) - 1) is None
    )


def _vote(blocks: list[_Block]) -> None:
    """Decide for numbered lines that are one sentence, or have a low rank, whether they are headings.

    Siblings are judged alike: a heading has a body of its own below it, the points of a list follow each other.
    """
    groups: dict[str, list[tuple[_Block, bool]]] = {}
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        if not block.scheme:
            continue
        rank = STANDARD_ORDER[block.scheme]
        if block.own and rank < STANDARD_ORDER["1."]:
            for scheme in [scheme for scheme in groups if STANDARD_ORDER[scheme] >= rank]:
                _settle(groups.pop(scheme))
        elif block.own or _single_sentence(block):
            groups.setdefault(block.scheme, []).append((block, _is_body(following, block)))
    for group in groups.values():
        _settle(group)


def _is_body(following: _Block | None, block: _Block) -> bool:
    """Tell whether the next line stands below `block` rather than beside it."""
    if following is None:
        return False
    if not following.scheme:
        return True
    return following.scheme != block.scheme and (
        following.number == 1 or STANDARD_ORDER[following.scheme] > STANDARD_ORDER[block.scheme]
    )


def _settle(group: list[tuple[_Block, bool]]) -> None:
    headings = 2 * sum(has_body for _, has_body in group) > len(group)
    for block, has_body in group:
        text = block.line.text
        if block.own and not headings:
            block.head_end, block.own = 0, False
        elif not block.own and headings and has_body and (text[-1] in "：:" or not _FIGURE.search(_words(block.line))):
            block.head_end, block.own, block.lead_in = len(text), True, True


def _words(line: Line) -> str:
    return line.text[line.marker.end :] if line.marker else line.text


def _find_unnumbered(blocks: list[_Block]) -> None:
    """Find slogans and plain headings without a number that stand on a line of their own above body text."""
    for block, following in pairwise(blocks):
        text = block.line.text
        if block.scheme or not 2 <= len(text) <= 40 or _ROW.search(text):
            continue
        if not ends_sentence(text):
            below = following.scheme or len(following.line.text) > 40 or ends_sentence(following.line.text)
            if below and text[-1] not in ":：,，、" and not _SENTENCE_STOP.search(text):
                top = announced_role(text) is not None
                block.scheme, block.head_end, block.own = "top" if top else "bare", len(text), True
        elif _is_slogan(text, following):
            block.scheme, block.head_end, block.own, block.lead_in = "slogan", len(text), True, True


def _is_slogan(text: str, following: _Block) -> bool:
    if text[-1] != "。" or len(text) > 32 or _STOP.search(text, 0, len(text) - 1) or following.own:
        return False
    commas = text.count("，") + text.count(",")
    if _FIGURE.search(text) or commas > 1 or len(following.line.text) < 45:
        return False
    return _SLOGAN_VERB.match(text) is not None or (commas == 0 and len(text) <= 16)


def _heed(blocks: list[_Block], marks: Sequence[HeadingMark]) -> None:
    """Take lines for headings that the format marks so, where their own look does not speak against it.

    What is marked ranks as marked among headings without a number; numbers tell their rank better.
    """
    level_of = {mark.start: mark.level for mark in marks}
    marked = [(block, level_of[block.line.start]) for block in blocks if block.line.start in level_of]
    if 2 * sum(len(block.line.text) for block, _ in marked) > sum(len(block.line.text) for block in blocks):
        # Whoever marks most of a document means its look.
        return
    ranks = {level: rank for rank, level in enumerate(sorted({level for _, level in marked}))}
    for block, level in marked:
        if not block.head_end and _may_be_heading(block.line.text):
            block.head_end, block.own = len(block.line.text), True
        if block.own and not block.lead_in and block.line.marker is None:
            block.scheme = _MARKED[min(ranks[level], len(_MARKED) - 1)]


def _may_be_heading(text: str) -> bool:
    longest = _LONGEST_RUN_IN if ends_sentence(text) else _LONGEST_HEADING
    return len(text) <= longest and text[-1] not in ",，、;；" and _SENTENCE_STOP.search(text, 0, len(text) - 1) is None


def _assemble(blocks: list[_Block]) -> Outline:
    stack = LevelStack(scheme_order([(block.scheme, block.number) for block in blocks if block.head_end]))
    deep = {block.scheme for block in blocks if block.lead_in}
    headings: list[Heading] = []
    paragraphs: list[Paragraph] = []
    parts = 0
    for block in blocks:
        line = block.line
        items = () if block.own else _items(line, block.head_end if block.lead_in else 0)
        run_in = not (block.own or block.lead_in)
        if run_in and line.start + block.head_end > items[0].span.end:
            # An enumerator cuts the would-be heading: it tells something.
            block.head_end = 0
        if block.head_end:
            head = line.text[: block.head_end].rstrip(BLANKS)
            level = stack.enter(block.scheme, head, line.start, _LEAD_IN_LEVEL if block.scheme in deep else 1)
            headings.append(Heading(level, Span(line.start, line.start + len(head)), head, run_in))
        if items:
            span = Span(items[0].span.start, line.end)
            text = line.text[span.start - line.start :]
            paragraphs.append(Paragraph(span, text, stack.path, stack.role, items))
            parts += len(items)
            if parts > MAX_PARTS:
                raise too_many("items")
    end = blocks[-1].line.end if blocks else 0
    start = blocks[0].line.start if blocks else 0
    return Outline(tuple(headings), stack.sections(start, end), tuple(paragraphs))


def _items(line: Line, skip: int) -> tuple[Item, ...]:
    """Cut what follows the first `skip` code points of a line, and white space, into items."""
    text = line.text[skip:].lstrip(BLANKS)
    start = line.end - len(text)
    return tuple(
        Item(Span(start + first, start + last), text if last - first == len(text) else text[first:last])
        for first, last in cut_items(text)
    )
