"""Cut a text into lines and tell body text from chrome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fazhi_ml.reports import chrome
from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.merged import LONG_LINE, split_merged
from fazhi_ml.reports.numbering import BLANKS, Marker, parse_marker

__all__ = ["Line", "Page", "read_page"]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# A row of a page's table of fields: 标题：…
_TITLE_LABEL = re.compile(r"(?:信息|文件|公文|公开)?(?:标\s{0,4}题|名\s{0,4}称)[\s\u3000]{0,4}[:：\s\u3000]\s{0,4}")
_WORD = re.compile(r"[\u3400-\u9fff]")
_TITLE_LINES = 3
# Pages put a few dozen short lines around a report: navigation, fields, buttons.
_MARGIN = 40
# Text wrapped to a fixed width: most lines are about as long as the longest, which is as wide as a printed page.
_FEWEST_WRAPPED = 12
_NARROWEST_WRAPPED = 20
_WIDEST_WRAPPED = 60


@dataclass(slots=True)
class Line:
    """One line without surrounding white space; `start` and `end` are offsets into the whole text."""

    start: int
    end: int
    text: str
    marker: Marker | None


@dataclass(slots=True)
class Page:
    """What a text consists of before its outline is known.

    Attributes
    ----------
    title : str or None
    body : list of Line
    chrome : list of (int, int)
        Spans of lines that are no body text, the title among them.
    """

    title: str | None
    body: list[Line]
    chrome: list[tuple[int, int]]


def read_page(text: str, title: str | None = None, fallback: str | None = None) -> Page:
    """Separate the lines of `text` into title, chrome and body.

    Parameters
    ----------
    text : str
    title : str, optional
        The title where it is known.
    fallback : str, optional
        The title to assume when the text begins with none.

    Raises
    ------
    ReportTooLargeError
        With more than `MAX_PARTS` lines.
    """
    lines = _rejoined(text, list(_lines(text)))
    is_chrome = [chrome.is_chrome(line.text) and (line.marker is None or len(line.text) < 80) for line in lines]
    found, title_lines = _find_title(lines, is_chrome, title, fallback)
    for index in title_lines:
        is_chrome[index] = True
    _mark_attachments(lines, is_chrome)
    _mark_margins(lines, is_chrome, title_lines)
    return Page(
        title=found,
        body=[line for line, skip in zip(lines, is_chrome, strict=True) if not skip],
        chrome=[(line.start, line.end) for line, skip in zip(lines, is_chrome, strict=True) if skip],
    )


def _lines(text: str) -> Iterator[Line]:
    count = 0
    for match in _LINE.finditer(text):
        raw = match[0]
        kept = raw.strip(BLANKS)
        if not kept:
            continue
        start = match.start() + len(raw) - len(raw.lstrip(BLANKS))
        for first, last in split_merged(kept) if len(kept) > LONG_LINE else ((0, len(kept)),):
            count += 1
            if count > MAX_PARTS:
                raise too_many("lines")
            part = kept[first:last]
            yield Line(start + first, start + last, part, parse_marker(part))


def _rejoined(text: str, lines: list[Line]) -> list[Line]:
    """Join lines that break off in the middle of a sentence with what follows them.

    A comma at the end always tells so; a full line does in a text wrapped to a fixed width.
    """
    width = _wrapped_width(lines)
    joined: list[Line] = []
    unfinished = False
    for line in lines:
        if unfinished and line.marker is None and not chrome.is_chrome(line.text):
            last = joined[-1]
            joined[-1] = Line(last.start, line.end, "", last.marker)
        else:
            joined.append(line)
        full = width > 0 and len(line.text) >= width and not chrome.ends_sentence(line.text)
        unfinished = line.text[-1] in ",，、" or full
    for line in joined:
        line.text = line.text or text[line.start : line.end]
    return joined


def _wrapped_width(lines: list[Line]) -> int:
    """Return the length from which lines of a text count as full, or 0 when it is not wrapped to a fixed width."""
    plain = [line.text for line in lines if line.marker is None]
    widest = max(map(len, plain), default=0)
    if len(plain) < _FEWEST_WRAPPED or not _NARROWEST_WRAPPED <= widest <= _WIDEST_WRAPPED:
        return 0
    full = widest * 4 // 5
    cut_short = sum(len(text) >= full and not chrome.ends_sentence(text) for text in plain)
    return full if 2 * cut_short > len(plain) else 0


def _top(lines: list[Line], is_chrome: list[bool]) -> int:
    """Count the lines before the first heading or sentence."""
    for index, line in enumerate(lines[:_MARGIN]):
        if is_chrome[index]:
            continue
        if line.marker or len(line.text) > 90 or chrome.ends_sentence(line.text) or line.text[-1] in ":：,，":
            return index
    return min(len(lines), _MARGIN)


def _find_title(
    lines: list[Line], is_chrome: list[bool], given: str | None, fallback: str | None
) -> tuple[str | None, list[int]]:
    """Return the title and the indices of the lines that hold it."""
    top = [index for index in range(_top(lines, is_chrome)) if not is_chrome[index]]
    known = given or fallback
    if known:
        wanted = _bare(known)
        found = _spelling(lines, top, wanted)
        if given or found:
            return known, found
    titles = [index for index in top if chrome.is_title(lines[index].text)]
    on_topic = [index for index in titles if chrome.TOPIC.search(lines[index].text)]
    # Sites put the name of the column above the title; the title is the one that says which year.
    best = next(
        iter([index for index in on_topic if chrome.YEAR.search(lines[index].text)] or on_topic or titles), None
    )
    if best is None:
        first = lines[0].text if top[:1] == [0] and len(lines) > 1 and fallback is None else ""
        plausible = (
            8 <= len(first) <= 60 and chrome.TOPIC.search(first) and chrome.YEAR.search(first) and "，" not in first
        )
        return (first, [0]) if plausible else (fallback, [])
    start = best
    title = _unlabelled(lines[best].text)
    while best - start < _TITLE_LINES - 1 and start - 1 in top and _lacks_beginning(title, lines[start - 1].text):
        start -= 1
        title = lines[start].text + title
    if start < best and not (chrome.TOPIC.search(title) and chrome.YEAR.search(title)):
        start, title = best, _unlabelled(lines[best].text)
    if title.startswith("关于") and start - 1 in top and chrome.is_office_or_date(lines[start - 1].text):
        start -= 1
        title = lines[start].text + title
    return title, list(range(start, best + 1))


def _lacks_beginning(title: str, above: str) -> bool:
    """Tell whether a title set on several lines may begin further up: it lacks its topic or its year."""
    if len(above) > 40 or above[0] in "（(" or chrome.ends_sentence(above):
        return False
    return above.endswith("关于") or not (chrome.TOPIC.search(title) and chrome.YEAR.search(title))


def _spelling(lines: list[Line], top: list[int], wanted: str) -> list[int]:
    """Return the lines that hold a known title, each whole or two or three together."""
    bare = [_bare(lines[index].text) for index in top]
    whole = [index for index, text in zip(top, bare, strict=True) if text == wanted]
    if whole:
        return whole
    for count in (2, 3):
        for first in range(len(top) - count + 1):
            if "".join(bare[first : first + count]) == wanted:
                return top[first : first + count]
    return []


def _mark_attachments(lines: list[Line], is_chrome: list[bool]) -> None:
    """Mark what a list of attachments goes on with: ``附件：1.…`` and, on the lines below it, ``2.…``."""
    expected = 0
    for index, line in enumerate(lines):
        if chrome.opens_attachments(line.text):
            expected = 2
        elif expected and line.marker and line.marker.number == expected and not chrome.ends_sentence(line.text):
            is_chrome[index] = True
            expected += 1
        else:
            expected = 0


def _mark_margins(lines: list[Line], is_chrome: list[bool], title_lines: list[int]) -> None:
    """Mark the short lines around title and body that only their place gives away as chrome."""
    repeated = {_bare(_unlabelled(lines[index].text)) for index in title_lines}
    top = _top(lines, is_chrome)
    # Whatever stands above the title, or between it and the last field, belongs to the page.
    fields = [index for index in range(top) if is_chrome[index]] if title_lines else []
    for index in range(top):
        line = lines[index].text
        lone = bool(title_lines) and (
            line[0] in "（(" or not _WORD.search(line) or _bare(_unlabelled(line)) in repeated
        )
        if index < max(fields, default=0) or lone or chrome.is_office_or_date(line):
            is_chrome[index] = True
    bottom = len(lines)
    for index in range(len(lines) - 1, max(top, len(lines) - _MARGIN) - 1, -1):
        line = lines[index].text
        if is_chrome[index] or (lines[index].marker is None and chrome.is_office_or_date(line)):
            bottom = index
        elif lines[index].marker or not chrome.is_closing(line):
            break
    for index in range(bottom, len(lines)):
        is_chrome[index] = True


def _unlabelled(line: str) -> str:
    label = _TITLE_LABEL.match(line)
    return line[label.end() :] if label else line


def _bare(line: str) -> str:
    return "".join(line.split()).strip(BLANKS)
