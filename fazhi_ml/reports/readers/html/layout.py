"""Lay a page out as its reader sees it, while it is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from fazhi_ml.errors import ReaderLimitError
from fazhi_ml.reports.chrome import is_title
from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.numbering import BLANKS, parse_marker
from fazhi_ml.reports.readers.html.head import add_window_title, read_unseen
from fazhi_ml.reports.readers.html.lists import ListNumbers, number_format
from fazhi_ml.reports.readers.html.page import Container, Page, PageLine
from fazhi_ml.reports.readers.html.rows import Row, end_row
from fazhi_ml.reports.readers.html.styles import BLOCKS, UNSEEN, Role, Style, read_role, read_style

__all__ = ["PageBuilder"]

_SPACES = re.compile(r"[ \t\r\n\f]+")
# A line break in the source between two Chinese characters is no space to the reader.
_CJK = "[\u2014-\u201d\u3000-\u9fff\uff00-\uffef]"
_SOURCE_BREAK = re.compile(f"(?<={_CJK})\n(?={_CJK})")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")
# Editors that know no paragraphs indent by blanks: after the end of a sentence, or before a number, a new one begins.
_INDENT = re.compile(
    "(?:(?<=[。；！？])|(?<=[。；！？]”))(?: ?[\u00a0\u2002\u2003\u3000]){2,}+ ?"
    "|(?<![ \u00a0\u2002\u2003\u3000])(?: ?[\u00a0\u2002\u2003\u3000]){2,}+ ?"
    "(?=[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])"
)
_NUMBER_SIGN = re.compile(r"[\d０-９一二三四五六七八九十①-⑳㈠-㈩]|[A-Za-z]{1,5}[.．、)）]")
# 大汉, 方正, and what authors of templates write.
_OPENING = re.compile(
    r"\[信息内容\]>(?:begin|start)|content\.begin|^enpcontent$|(?:正文|内容|文章)\s{0,2}(?:开始|begin|start)"
)
_CLOSING = re.compile(r"\[信息内容\]>end|content\.end|^/enpcontent$|(?:正文|内容|文章)\s{0,2}(?:结束|end)")
_LONGEST_COMMENT = 200
_CHROME_TAGS = frozenset({"nav", "header", "footer", "aside"})
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})
# Hidden until a script has run.
_WHOLE = frozenset({"body", "html"})
_APPS = frozenset({"app", "root", "__next", "__nuxt"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LOWEST_TITLE = 3
_LISTS = frozenset({"dir", "menu", "ol", "ul"})
_STRUCTURE = _HEADINGS | _LISTS | {"a", "br", "li", "table", "td", "th", "tr"}
_MOST_TITLE_LINES = 3
_MOST_TITLES = 1000
_NO_ROLE = Role()
_NO_STYLE = Style()

_Undo = list[Callable[[], None]]


class PageBuilder:
    """Takes the parts of a page as a parser comes across them, and lays them out.

    No tree is built: trees of hostile pages take gigabytes, and libxml2 cuts those that are nested deeply.
    What an element changes is undone when it ends: `_undo` holds, for each open element, what to call then.

    Parameters
    ----------
    deepest : int
        How deep elements may be nested.
    uncovered : bool
        Lay out as well what styles hide.
    """

    def __init__(self, deepest: int, *, uncovered: bool = False) -> None:
        self.page = Page()
        self._deepest = deepest
        self._uncovered = uncovered
        self._unseen = 0
        self._in_title = False
        self._undo: list[_Undo] = []
        self._pieces: list[str] = []
        self._linked = 0
        self._links = 0
        self._in_link = 0
        self._in_pre = 0
        self._level = 0
        self._number = ""
        self._lists: list[ListNumbers | None] = []
        self._rows: list[Row] = []
        self._marked: list[int] = []
        self._roles: dict[str, Role] = {}
        self._styles: dict[str, Style] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the start of an element.

        Raises
        ------
        ReaderLimitError
            Elements are nested too deeply.
        """
        self.page.elements += 1
        self.page.attributes = max(self.page.attributes, len(attributes))
        if len(self._undo) + self._unseen >= self._deepest:
            raise ReaderLimitError(
                f"its elements are nested more than {self._deepest:,} deep",
                remedy="Open the page in a browser and save its text as .txt.",
            )
        style = self._style(attributes)
        if self._unseen or tag in UNSEEN or self._is_hidden(tag, style, attributes):
            self._start_unseen(tag, attributes)
            return
        undo: _Undo = []
        self._undo.append(undo)
        if tag in BLOCKS or style.block:
            self._flush()
            undo.append(self._flush)
        self._start_role(self._role(tag, attributes), undo)
        self._start_style(style, tag, undo)
        if tag in _STRUCTURE:
            self._start_structure(tag, attributes, style, undo)

    def end(self, tag: str) -> None:  # noqa: ARG002 - parsers pass it
        """Take the end of an element."""
        if self._unseen:
            self._unseen -= 1
            self._in_title = False
        elif self._undo:
            for undo in self._undo.pop():
                undo()

    def data(self, text: str) -> None:
        """Take a piece of text."""
        if self._unseen:
            if self._in_title:
                add_window_title(self.page, text)
            return
        if self._in_link:
            self._linked += len("".join(text.split()))
        if not self._in_pre:
            self._pieces.append(text)
            return
        first, *others = text.split("\n")
        self._pieces.append(first)
        for line in others:
            self._flush()
            self._pieces.append(line)

    def comment(self, text: str) -> None:
        """Take a comment: some systems put an article between two of them."""
        if self._unseen or len(text) > _LONGEST_COMMENT:
            return
        if self._marked and _CLOSING.search(text):
            self._flush()
            self._end_container(Role(0, "comment"), self._marked.pop())
        elif _OPENING.search(text):
            self._flush()
            self._marked.append(len(self.page.lines))

    def close(self) -> Page:
        """End the page."""
        self._flush()
        return self.page

    def _is_hidden(self, tag: str, style: Style, attributes: Mapping[str, str]) -> bool:
        if tag in _WHOLE or not (style.unseen or "hidden" in attributes):
            return False
        self.page.signs.add("hidden")
        return not self._uncovered

    def _start_unseen(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._unseen += 1
        self._in_title = tag == "title" and not self.page.window_title
        read_unseen(self.page, tag, attributes)

    def _flush(self) -> None:
        """End the line under way."""
        if not self._pieces:
            return
        raw = "".join(self._pieces).strip(BLANKS)
        self._pieces.clear()
        if raw:
            self._emit([part.strip(BLANKS) for part in _INDENT.split(_tidy(raw))])
        self._linked = 0
        self._links = 1 if self._in_link else 0

    def _emit(self, parts: list[str]) -> None:
        lines = self.page.lines
        if len(lines) + len(parts) > MAX_PARTS:
            raise too_many("lines")
        if self._number:
            # A number that is typed as well would come twice.
            if parse_marker(parts[0]) is None:
                parts[0] = self._number + parts[0]
            self._number = ""
        for part in parts:
            if part:
                text = part.replace("\u00a0", " ")
                lines.append(PageLine(text, self._level, min(self._linked, len(text)), self._links))

    def _style(self, attributes: Mapping[str, str]) -> Style:
        text = attributes.get("style")
        if not text:
            return _NO_STYLE
        style = self._styles.get(text)
        if style is None:
            style = self._styles[text] = read_style(text)
        return style

    def _role(self, tag: str, attributes: Mapping[str, str]) -> Role:
        identity = attributes.get("id")
        names = attributes.get("class") or ""
        if identity:
            names = f"{names} {identity}"
            if identity in _APPS:
                self.page.signs.add("app")
        role = self._roles.get(names) if names else _NO_ROLE
        if role is None:
            role = self._roles[names] = read_role(names)
        if role.tier is None:
            if attributes.get("itemprop") == "articleBody":
                return Role(0, "articlebody")
            if tag in {"article", "main"}:
                return Role(2, tag)
        if tag in _CHROME_TAGS or attributes.get("role") in _CHROME_ROLES or attributes.get("aria-hidden") == "true":
            return role._replace(chrome=True)
        return role

    def _start_role(self, role: Role, undo: _Undo) -> None:
        if role is _NO_ROLE or not (role.chrome or role.title or role.tier is not None):
            return
        self._flush()
        first = len(self.page.lines)
        undo.append(self._flush)
        if role.title:
            undo.append(partial(self._end_title, first))
        if role.tier is not None:
            undo.append(partial(self._end_container, role, first))
            if role.tier < 2 and self._rows:
                self._rows[-1].places_blocks = True
        if role.chrome:
            undo.append(partial(self._end_chrome, first))

    def _start_style(self, style: Style, tag: str, undo: _Undo) -> None:
        if style.number:
            undo.append(partial(self._end_number, len(self._pieces)))
        if style.pre or tag in {"pre", "listing", "plaintext", "xmp"}:
            self._in_pre += 1
            undo.append(self._end_pre)

    def _end_title(self, first: int) -> None:
        """Make one line of a title that stands on two or three, and keep it as a candidate."""
        parts = self.page.lines[first:]
        if not 1 <= len(parts) <= _MOST_TITLE_LINES or len(self.page.titles) >= _MOST_TITLES:
            return
        text = "".join(part.text for part in parts)
        if sum(part.linked for part in parts) * 2 > len(text):
            return
        if len(parts) > 1 and is_title(text):
            self.page.replace(first, PageLine(text, parts[0].level))
        self.page.titles.append(text if is_title(text) else parts[0].text)

    def _end_container(self, role: Role, first: int) -> None:
        self.page.containers.append(Container(role.tier or 0, role.name, first, len(self.page.lines)))

    def _end_chrome(self, first: int) -> None:
        self.page.chrome.append((first, len(self.page.lines)))

    def _end_number(self, first: int) -> None:
        """Keep the number that Word drew before an item of a list, without its gap; drop a bullet."""
        number = "".join(self._pieces[first:]).strip(BLANKS)
        del self._pieces[first:]
        if _NUMBER_SIGN.search(number):
            self._pieces.append(number + " " if number[-1].isalnum() else number)

    def _end_pre(self) -> None:
        self._flush()
        self._in_pre -= 1

    def _start_structure(self, tag: str, attributes: Mapping[str, str], style: Style, undo: _Undo) -> None:
        if tag == "a":
            self._start_link(attributes.get("href"), undo)
        elif tag == "br":
            self._flush()
        elif tag == "li":
            self._start_item(attributes, style, undo)
        elif tag in _HEADINGS:
            self._start_heading(int(tag[1]), undo)
        elif tag in _LISTS:
            self._start_list(tag, attributes, style, undo)
        elif tag == "tr":
            self._start_row(undo)
        elif self._rows:
            self._start_in_row(tag, undo)

    def _start_link(self, target: str | None, undo: _Undo) -> None:
        if target and not target.startswith("#"):
            self._in_link += 1
            self._links += 1
            undo.append(self._end_link)

    def _end_link(self) -> None:
        self._in_link -= 1

    def _start_heading(self, level: int, undo: _Undo) -> None:
        outer, self._level = self._level, level
        if level <= _LOWEST_TITLE:
            undo.append(partial(self._end_title, len(self.page.lines)))
        undo.append(partial(self._set_level, outer))

    def _set_level(self, level: int) -> None:
        self._level = level

    def _start_list(self, tag: str, attributes: Mapping[str, str], style: Style, undo: _Undo) -> None:
        numbers = None
        if tag == "ol":
            format_ = number_format(attributes.get("type"), style.list_type, attributes.get("class") or "")
            numbers = ListNumbers(format_, attributes.get("start"))
        self._lists.append(numbers)
        undo.append(self._end_list)

    def _end_list(self) -> None:
        self._lists.pop()

    def _start_item(self, attributes: Mapping[str, str], style: Style, undo: _Undo) -> None:
        numbers = self._lists[-1] if self._lists else None
        self._number = numbers.take(attributes.get("value"), style.list_type) if numbers else ""
        undo.append(self._end_item)

    def _end_item(self) -> None:
        self._number = ""

    def _start_row(self, undo: _Undo) -> None:
        self._rows.append(Row(len(self.page.lines)))
        undo.append(self._end_row)

    def _end_row(self) -> None:
        end_row(self.page, self._rows.pop())

    def _start_in_row(self, tag: str, undo: _Undo) -> None:
        if tag == "table":
            self._rows[-1].places_blocks = True
        else:
            undo.append(partial(self._end_cell, self._rows[-1], len(self.page.lines)))

    def _end_cell(self, row: Row, first: int) -> None:
        row.add_cell(first, len(self.page.lines))


def _tidy(text: str) -> str:
    """Collapse white space as a browser does, and take out what has no width."""
    text = _INVISIBLE.sub("", text)
    text = _SPACES.sub(lambda match: "\n" if "\n" in match[0] else " ", text)
    return _SOURCE_BREAK.sub("", text).replace("\n", " ")
