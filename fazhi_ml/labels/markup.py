"""Parser of marked-up reports: one line a unit, its tag in front, the themes of an item between bars.

::

    #id r001                 id, level (province, city, county, town, department), year
    T| title
    C| page chrome
    H1| 一、…   H2| （一）…   H3| 1.… or a bare slogan
    P| legal_publicity | a new paragraph, with its first item
    +| law_enforcement, ?supervision | the next item of the same paragraph

The plain report that a file stands for has title, chrome, headings and paragraphs one a line; the items of a paragraph
are joined without a separator. All spans point into that text.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fazhi_ml.codebook import OTHER, Codebook
from fazhi_ml.errors import CorpusError
from fazhi_ml.files import read_limited
from fazhi_ml.labels.numbering import n_in_force
from fazhi_ml.reports.document import Heading, Role, Span
from fazhi_ml.reports.roles import section_role

__all__ = ["LEVELS", "MAX_HEADING", "MAX_REPORT_BYTES", "LabelledItem", "LabelledReport", "parse_report"]

LEVELS = ("province", "city", "county", "town", "department")

_TAGS = ("T", "C", "H1", "H2", "H3", "P", "+")
MAX_REPORT_BYTES = 5_000_000
_MAX_LINES = 100_000
_MAX_LINE = 50_000
# Every item below a heading carries its text: without a bound a small file could fill the memory.
MAX_HEADING = 500
_MAX_PROBLEMS = 100
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_METADATA: dict[str, tuple[Callable[[str], object], str]] = {
    "id": (re.compile(r"\w[\w.-]{0,63}\Z").match, "Use letters, digits, _, . and -, 64 characters at most."),
    "level": (LEVELS.__contains__, f"Levels: {', '.join(LEVELS)}."),
    "year": (re.compile(r"(?:19|20)[0-9]{2}\Z").match, "Write four digits, 1900 to 2099."),
}


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """An item with its labels.

    Attributes
    ----------
    span, text : Span, str
        Where it stands in the report's text.
    paragraph : int
        Number of its paragraph in the report, from 0.
    item : int
        Its number in the paragraph, from 0.
    headings : tuple of str
        Headings above it, outermost first.
    role : str
        Role of the section it stands in.
    themes : tuple of str
        Themes that it carries, in codebook order; empty for ``other``.
    uncertain : tuple of str
        Themes that only one of two annotators gave, in codebook order.
    line : int
        1-based line of the marked-up file.
    """

    span: Span
    text: str
    paragraph: int
    item: int
    headings: tuple[str, ...]
    role: Role
    themes: tuple[str, ...]
    uncertain: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class LabelledReport:
    """A report of the corpus, and the plain text that its marked-up file stands for.

    Attributes
    ----------
    id : str
    level : {"province", "city", "county", "town", "department"}
    year : int
        The year covered.
    path : pathlib.Path
        The marked-up file.
    sha256 : str
        Of the file's bytes.
    title : str or None
    text : str
        The plain report; all spans point into it.
    headings : tuple of Heading
    chrome : tuple of Span
        Title and page chrome.
    items : tuple of LabelledItem
    """

    id: str
    level: str
    year: int
    path: Path
    sha256: str
    title: str | None
    text: str
    headings: tuple[Heading, ...]
    chrome: tuple[Span, ...]
    items: tuple[LabelledItem, ...]


def parse_report(path: str | os.PathLike[str], codebook: Codebook) -> tuple[LabelledReport | None, list[CorpusError]]:
    """Parse one marked-up file.

    Parameters
    ----------
    path : str or path
    codebook : Codebook
        The labels must be its theme ids.

    Returns
    -------
    report : LabelledReport or None
        None when there are problems.
    problems : list of CorpusError
        Everything that is wrong with the file, in order of lines; the search ends after 100 problems.
    """
    try:
        data = read_limited(path, MAX_REPORT_BYTES, CorpusError)
        lines = _lines(data, path)
    except CorpusError as error:
        return None, [error]
    parser = _Parser(Path(path), codebook)
    for number, line in enumerate(lines, start=1):
        parser.feed(number, line)
        if len(parser.problems) >= _MAX_PROBLEMS:
            return None, parser.problems
    return parser.finish(hashlib.sha256(data).hexdigest())


def _lines(data: bytes, path: str | os.PathLike[str]) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            "not UTF-8",
            source=path,
            line=data.count(b"\n", 0, error.start) + 1,
            remedy="Save the file as UTF-8.",
        ) from error
    lines = text.split("\n")
    if len(lines) > _MAX_LINES:
        raise CorpusError(f"more than {_MAX_LINES:,} lines", source=path, remedy="Write one file a report.")
    return [line.removesuffix("\r") for line in lines]


class _Parser:
    """State of one file while its lines are read."""

    def __init__(self, path: Path, codebook: Codebook) -> None:
        self.path = path
        self.codebook = codebook
        self.problems: list[CorpusError] = []
        self._metadata: dict[str, str] = {}
        self._title: str | None = None
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._open: list[Heading] = []
        self._chrome: list[Span] = []
        self._items: list[LabelledItem] = []
        self._paragraph = -1
        self._in_paragraph = False

    def problem(self, cause: str, remedy: str, line: int | None = None) -> None:
        self.problems.append(CorpusError(cause, source=self.path, line=line, remedy=remedy))

    def feed(self, number: int, line: str) -> None:
        if not line.strip():
            return
        if len(line) > _MAX_LINE:
            self.problem(f"longer than {_MAX_LINE:,} characters", "Split the item.", number)
        elif _CONTROL.search(line):
            self.problem("a control character", "Remove it: tabs, NUL and the like are not text.", number)
        elif line.startswith("#"):
            self._feed_metadata(number, line[1:])
        else:
            self._feed_unit(number, line)

    def _feed_metadata(self, number: int, line: str) -> None:
        key, _, value = line.partition(" ")
        value = value.strip()
        if key not in _METADATA:
            self.problem("unknown metadata", f"Known: {', '.join('#' + name for name in _METADATA)}.", number)
            return
        is_valid, remedy = _METADATA[key]
        if key in self._metadata:
            self.problem(f"#{key} stands twice", "Keep one.", number)
        elif not is_valid(value):
            self.problem(f"#{key} is not valid", remedy, number)
        # A faulty value is kept too: it is then not reported as missing as well.
        self._metadata.setdefault(key, value)

    def _feed_unit(self, number: int, line: str) -> None:
        tag, bar, rest = line.partition("|")
        tag = tag.strip()
        if not bar or tag not in _TAGS:
            self.problem("unknown tag", f"Begin the line with # or one of {'| '.join(_TAGS)}|.", number)
            return
        if tag in ("P", "+"):
            self._feed_item(number, tag, rest)
            return
        self._in_paragraph = False
        text = rest.strip()
        if not text:
            self.problem(f"{tag}| without text", "Write the text or delete the line.", number)
        elif tag == "T" and self._title is not None:
            self.problem("a second title", "Keep one T| line; mark the other as C|.", number)
        elif tag in ("T", "C"):
            self._title = text if tag == "T" else self._title
            self._chrome.append(self._append(text, new_line=True))
        elif len(text) > MAX_HEADING:
            self.problem(f"a heading longer than {MAX_HEADING} characters", "Mark it as P| or C|.", number)
        else:
            self._add_heading(int(tag[1]), text)

    def _add_heading(self, level: int, text: str) -> None:
        heading = Heading(level, self._append(text, new_line=True), text)
        self._headings.append(heading)
        self._open = [above for above in self._open if above.level < level] + [heading]

    def _feed_item(self, number: int, tag: str, rest: str) -> None:
        if tag == "+" and not self._in_paragraph:
            self.problem("+| without a paragraph above it", "Begin the paragraph with P|.", number)
        if tag == "P":
            self._paragraph += 1
            self._in_paragraph = True
        field, bar, text = rest.partition("|")
        text = text.strip()
        labels = self._labels(field, number) if bar else None
        if not bar:
            self.problem("no labels", f"Write: {tag}| themes | text.", number)
        elif not text:
            self.problem(f"{tag}| without text", "Write the text or delete the line.", number)
        if labels is None or not text:
            return
        above = self._items[-1] if self._items else None
        path = self._path(text)
        self._items.append(
            LabelledItem(
                span=self._append(text, new_line=tag == "P"),
                text=text,
                paragraph=self._paragraph,
                item=above.item + 1 if tag == "+" and above is not None else 0,
                headings=path,
                role=section_role(path),
                themes=labels[0],
                uncertain=labels[1],
                line=number,
            )
        )

    def _path(self, text: str) -> tuple[str, ...]:
        headings = tuple(heading.text for heading in self._open)
        n_kept = n_in_force(headings, text)
        del self._open[n_kept:]
        return headings[:n_kept]

    def _labels(self, field: str, number: int) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        names = [name.strip() for name in field.split(",")]
        plain = [name.removeprefix("?") for name in names]
        nothing = self.codebook.multi_label and names == [OTHER]
        if nothing:
            return (), ()
        if self.codebook.multi_label and OTHER in plain:
            self.problem(f"{OTHER!r} together with a theme", f"{OTHER!r} stands alone, without ?.", number)
        elif not set(plain) <= set(self.codebook.ids):
            choices = (*self.codebook.ids, OTHER) if self.codebook.multi_label else self.codebook.ids
            self.problem("unknown theme", f"Themes: {', '.join(choices)}.", number)
        elif len(set(plain)) < len(plain):
            self.problem("a theme stands twice", "Give it once, with or without ?.", number)
        elif not self.codebook.multi_label and (len(names) > 1 or plain != names):
            self.problem("not exactly one theme", "This codebook gives each item exactly one, without ?.", number)
        else:
            ids = self.codebook.ids
            return tuple(t for t in ids if t in names), tuple(t for t in ids if f"?{t}" in names)
        return None

    def _append(self, text: str, *, new_line: bool) -> Span:
        if new_line and self._parts:
            self._parts.append("\n")
            self._length += 1
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return Span(start, self._length)

    def finish(self, sha256: str) -> tuple[LabelledReport | None, list[CorpusError]]:
        for key in _METADATA:
            if key not in self._metadata:
                self.problem(f"#{key} is missing", f"Add a line: #{key} …")
        if not self._items and not self.problems:
            self.problem("no items", "Add at least one P| line.")
        if self.problems:
            return None, self.problems
        report = LabelledReport(
            id=self._metadata["id"],
            level=self._metadata["level"],
            year=int(self._metadata["year"]),
            path=self.path,
            sha256=sha256,
            title=self._title,
            text="".join(self._parts),
            headings=tuple(self._headings),
            chrome=tuple(self._chrome),
            items=tuple(self._items),
        )
        return report, []
