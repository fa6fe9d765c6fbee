"""Walk the body of a Word document and lay out its text: one line a paragraph or a row of a table.

What stands in the text is what a reader sees once all tracked changes are accepted. Elements are those of ECMA-376,
Part 1, 17. Nothing here recurses: tables nest as deep as a file likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fazhi_ml.reports.numbering import BLANKS
from fazhi_ml.reports.readers.docx.numbering import Numbering
from fazhi_ml.reports.readers.docx.package import MATH, W
from fazhi_ml.reports.readers.docx.signs import drawn_number, symbol
from fazhi_ml.reports.readers.docx.styles import BODY_LEVEL, Style, Styles, is_on, number, value

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["BodyWalker", "Line"]

_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Properties, what tracked changes took away, phonetic guides, and what Word itself reads instead of showing.
_SKIPPED = (
    *(f"{W}{name}" for name in ("pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr")),
    *(f"{W}{name}" for name in ("del", "moveFrom", "rt", "ffData", "rubyPr")),
    f"{MATH}rPr",
)
# Of links and tables of contents; those of interest are short.
_LONGEST_INSTRUCTION = 200
_NO_LINE_BREAKS = str.maketrans("\t\r\n", "   ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with the outline level of its paragraph: 1 for the outermost, 0 for body text."""

    text: str
    level: int = 0
    is_title: bool = False


@dataclass(slots=True)
class _Paragraph:
    """An open paragraph: `boxes` are the lines of text boxes that it anchors, `fields` its open fields.

    An open field is True while its instruction is read, and `instructions` counts those; `instruction` is the last.
    """

    properties: etree._Element | None
    style: Style
    pieces: list[str] = field(default_factory=list)
    boxes: list[Line] = field(default_factory=list)
    fields: list[bool] = field(default_factory=list)
    instructions: int = 0
    instruction: str = ""


@dataclass(slots=True)
class _Story:
    """A run of lines: the body, a cell, a text box. `carried` is text whose paragraph mark is gone."""

    lines: list[Line] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)


class BodyWalker:
    """Lays out a body as lines.

    Parameters
    ----------
    styles : Styles
    numbering : Numbering

    Attributes
    ----------
    has_embedded : bool
        Whether the body embeds other documents, which are not read.
    """

    def __init__(self, styles: Styles, numbering: Numbering) -> None:
        self.has_embedded = False
        self._styles = styles
        self._numbering = numbering
        self._stories = [_Story()]
        self._paragraphs: list[_Paragraph] = []
        self._rows: list[list[list[Line]]] = []
        # An opener returns False for an element that is to be left out.
        self._openers: dict[str, Callable[[etree._Element], bool]] = {
            **dict.fromkeys(_SKIPPED, lambda _: False),
            **dict.fromkeys((f"{W}t", f"{MATH}t"), self._text),
            **dict.fromkeys((f"{W}tab", f"{W}ptab"), lambda _: self._add(" ")),
            **dict.fromkeys((f"{W}br", f"{W}cr"), lambda _: self._add("\n")),
            f"{W}noBreakHyphen": lambda _: self._add("-"),
            f"{W}sym": lambda sign: self._add(symbol(sign.get(f"{W}font", ""), sign.get(f"{W}char", ""))),
            f"{W}instrText": self._instruct,
            f"{W}r": self._is_shown,
            f"{W}p": self._open_paragraph,
            f"{W}fldChar": self._mark_field,
            f"{W}tbl": lambda _: self._end_carried(),
            f"{W}tr": self._open_row,
            f"{W}tc": self._open_cell,
            f"{W}txbxContent": self._open_story,
            f"{W}sdt": _is_content,
            f"{W}altChunk": self._note_embedded,
            f"{W}subDoc": self._note_embedded,
            f"{_COMPATIBLE}AlternateContent": lambda _: True,
            f"{_COMPATIBLE}Choice": _is_first,
            f"{_COMPATIBLE}Fallback": _is_first,
        }
        self._closers: dict[str, Callable[[], None]] = {
            f"{W}p": self._close_paragraph,
            f"{W}tr": self._close_row,
            f"{W}tc": self._close_cell,
            f"{W}txbxContent": self._close_box,
        }

    def walk(self, body: etree._Element) -> list[Line]:
        """Return the lines of ``w:body``; a walker walks once."""
        from lxml import etree

        walk = etree.iterwalk(body, events=("start", "end"))
        is_left_out = False
        for event, element in walk:
            if event == "start":
                opener = self._openers.get(element.tag)
                if opener is not None and not opener(element):
                    walk.skip_subtree()
                    is_left_out = True
            elif is_left_out:
                # The end of an element that was left out follows its start.
                is_left_out = False
            else:
                closer = self._closers.get(element.tag)
                if closer is not None:
                    closer()
        return self._close_story()

    def _text(self, element: etree._Element) -> bool:
        return self._add((element.text or "").translate(_NO_LINE_BREAKS))

    def _add(self, text: str) -> bool:
        if self._paragraphs and not self._paragraphs[-1].instructions:
            self._paragraphs[-1].pieces.append(text)
        return True

    def _is_shown(self, run: etree._Element) -> bool:
        """Tell whether a run is no hidden text; styles of paragraph and run toggle, the run itself decides."""
        properties = run.find(f"{W}rPr")
        hidden = is_on(properties, "vanish")
        if hidden is None:
            style_id = value(properties, "rStyle")
            hidden = bool(self._paragraphs) and self._paragraphs[-1].style.is_hidden
            if style_id is not None:
                hidden ^= self._styles.character(style_id).is_hidden
        return not hidden

    def _mark_field(self, mark: etree._Element) -> bool:
        """Follow a field from its instruction, which is no text, to its result, which is."""
        if not self._paragraphs:
            return True
        paragraph = self._paragraphs[-1]
        kind = mark.get(f"{W}fldCharType")
        if kind == "begin":
            paragraph.fields.append(True)
            paragraph.instructions += 1
            paragraph.instruction = ""
        elif paragraph.fields and kind in {"separate", "end"}:
            is_drawn = paragraph.fields.pop()
            paragraph.instructions -= is_drawn
            if kind == "separate":
                paragraph.fields.append(False)
            elif is_drawn:
                # A field without a result shows what its instruction draws.
                self._add(drawn_number(paragraph.instruction))
        return True

    def _instruct(self, element: etree._Element) -> bool:
        if self._paragraphs and len(self._paragraphs[-1].instruction) < _LONGEST_INSTRUCTION:
            self._paragraphs[-1].instruction += (element.text or "")[:_LONGEST_INSTRUCTION]
        return True

    def _open_paragraph(self, element: etree._Element) -> bool:
        properties = element.find(f"{W}pPr")
        style = self._styles.paragraph(value(properties, "pStyle"))
        if style.is_contents:
            return False
        self._paragraphs.append(_Paragraph(properties, style))
        return True

    def _close_paragraph(self) -> None:
        paragraph = self._paragraphs.pop()
        story = self._stories[-1]
        mark = None if paragraph.properties is None else paragraph.properties.find(f"{W}rPr")
        pieces = paragraph.pieces
        if mark is not None and (mark.find(f"{W}del") is not None or mark.find(f"{W}moveFrom") is not None):
            story.carried += pieces
        elif is_on(mark, "vanish"):
            # Hidden as a whole, or a heading that runs into the paragraph after it.
            if any(map(str.strip, pieces)):
                story.carried += (self._numbering.next_number(paragraph.properties, paragraph.style), *pieces)
        else:
            self._end_line(paragraph)
        story.lines += paragraph.boxes

    def _end_line(self, paragraph: _Paragraph) -> None:
        story = self._stories[-1]
        text = "".join((*story.carried, *paragraph.pieces))
        story.carried.clear()
        written = self._numbering.next_number(paragraph.properties, paragraph.style)
        text = text.strip(BLANKS)
        if not text:
            return
        level = number(value(paragraph.properties, "outlineLvl"))
        if level is None:
            level = paragraph.style.outline
        level = level + 1 if level is not None and 0 <= level < BODY_LEVEL else 0
        for line in f"{written}{text}".split("\n"):
            kept = line.strip(BLANKS)
            if kept:
                story.lines.append(Line(kept, level, paragraph.style.is_title))
                level = 0

    def _open_row(self, row: etree._Element) -> bool:
        properties = row.find(f"{W}trPr")
        if properties is not None and properties.find(f"{W}del") is not None:
            return False
        self._rows.append([])
        return True

    def _open_cell(self, cell: etree._Element) -> bool:
        properties = cell.find(f"{W}tcPr")
        if properties is not None and (_continues(properties) or properties.find(f"{W}cellDel") is not None):
            return False
        return self._open_story(cell)

    def _open_story(self, _: etree._Element) -> bool:
        self._stories.append(_Story())
        return True

    def _close_story(self) -> list[Line]:
        self._end_carried()
        return self._stories.pop().lines

    def _end_carried(self) -> bool:
        """End the line of text that no paragraph of the story is left to take up."""
        story = self._stories[-1]
        text = "".join(story.carried).strip(BLANKS)
        story.carried.clear()
        story.lines += (Line(line) for line in text.split("\n") if line)
        return True

    def _close_cell(self) -> None:
        lines = self._close_story()
        if self._rows:
            self._rows[-1].append(lines)
        else:
            self._stories[-1].lines += lines

    def _close_row(self) -> None:
        """Join the cells of a row; cells of several lines stand for themselves."""
        together: list[Line] = []
        lines = self._stories[-1].lines
        for cell in [*self._rows.pop(), None]:
            if cell is not None and len(cell) <= 1:
                together += cell
                continue
            if together:
                lines.append(together[0] if len(together) == 1 else Line("\u3000".join(one.text for one in together)))
                together = []
            lines += cell or ()

    def _close_box(self) -> None:
        lines = self._close_story()
        if self._paragraphs:
            self._paragraphs[-1].boxes += lines
        else:
            self._stories[-1].lines += lines

    def _note_embedded(self, _: etree._Element) -> bool:
        self.has_embedded = True
        return False


def _continues(cell_properties: etree._Element) -> bool:
    """Tell whether a cell is the hidden rest of the merged cell above it, or to its left."""
    for name in ("vMerge", "hMerge"):
        merged = cell_properties.find(W + name)
        if merged is not None and merged.get(f"{W}val", "continue") == "continue":
            return True
    return False


def _is_content(control: etree._Element) -> bool:
    """Tell whether a content control is neither a table of contents nor a prompt that waits to be filled in."""
    gallery = value(control, "sdtPr", "docPartObj", "docPartGallery")
    return gallery != "Table of Contents" and not is_on(control, "sdtPr", "showingPlcHdr")


def _is_first(alternative: etree._Element) -> bool:
    """Tell whether an alternative is the first: all show the same, the later ones to older programs."""
    return alternative.getprevious() is None
