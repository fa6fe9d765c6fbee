"""Reports as the lines that renderers lay out."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from fazhi_ml.codebook import Codebook
from fazhi_ml.labels import Corpus
from fazhi_ml.labels.markup import LabelledReport

__all__ = ["Line", "Page", "corpus_lines", "lines_of"]

ROOT = Path(__file__).resolve().parents[2]


class Line(NamedTuple):
    """One line of a report.

    Attributes
    ----------
    text : str
    kind : {"title", "chrome", "heading", "text"}
        ``heading`` only where the whole line is one.
    level : int
        Of a heading, 1 to 3.
    """

    text: str
    kind: Literal["title", "chrome", "heading", "text"]
    level: int = 0


class Page(NamedTuple):
    """The lines of a report by their place on a web page.

    Attributes
    ----------
    above : list of str
        What stands above the title, such as where on the site the page is.
    title : str
        Empty when the report has none.
    fields : list of str
        Date, source and the like, below the title.
    body : list of Line
        The article, its signature included.
    buttons : list of str
        What the site puts below the article.
    """

    above: list[str]
    title: str
    fields: list[str]
    body: list[Line]
    buttons: list[str]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Page:
        """Sort the lines of a report into the parts of a page."""
        named = next((i for i, line in enumerate(lines) if line.kind == "title"), None)
        above = [] if named is None else [line.text for line in lines[:named]]
        rest = list(lines if named is None else lines[named + 1 :])
        first = next((i for i, line in enumerate(rest) if line.kind != "chrome"), len(rest))
        last = next((i for i in range(len(rest), first, -1) if not _is_button(rest[i - 1])), first)
        return cls(
            above=above,
            title="" if named is None else lines[named].text,
            fields=[line.text for line in rest[:first]],
            body=rest[first:last],
            buttons=[line.text for line in rest[last:]],
        )


_BUTTONS = ("打印", "关闭", "扫一扫", "扫码", "上一篇", "相关链接", "责任编辑", "附件")


def _is_button(line: Line) -> bool:
    return line.kind == "chrome" and any(word in line.text for word in _BUTTONS)


def lines_of(
    text: str, title: str | None, headings: Mapping[tuple[int, int], int], chrome: Container[tuple[int, int]]
) -> list[Line]:
    """Cut a report into lines.

    Parameters
    ----------
    text : str
        One line a paragraph.
    title : str or None
    headings : mapping
        Level of each heading by its span; spans of a part of a line are passed over.
    chrome : container of (int, int)
        Spans that are no body text.
    """
    lines: list[Line] = []
    start = 0
    for raw in text.splitlines(keepends=True):
        content = raw.strip()
        first = start + raw.find(content) if content else start
        span = (first, first + len(content))
        start += len(raw)
        if not content:
            continue
        if content == title:
            lines.append(Line(content, "title"))
        elif span in headings:
            lines.append(Line(content, "heading", headings[span]))
        else:
            lines.append(Line(content, "chrome" if span in chrome else "text"))
    return lines


def corpus_lines() -> dict[str, list[Line]]:
    """Read ``data/corpus`` as lines, by the id of the report."""
    corpus = Corpus.read(ROOT / "data" / "corpus", Codebook.read(ROOT / "configs" / "codebook.toml"))
    return {report.id: _labelled_lines(report) for report in corpus.reports}


def _labelled_lines(report: LabelledReport) -> list[Line]:
    headings = {(heading.span.start, heading.span.end): heading.level for heading in report.headings}
    chrome = {(span.start, span.end) for span in report.chrome}
    return lines_of(report.text, report.title, headings, chrome)
