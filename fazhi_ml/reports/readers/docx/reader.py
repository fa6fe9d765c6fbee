"""Word documents (.docx): the text as a reader sees it, automatic numbers included."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from fazhi_ml.errors import DamagedFileError
from fazhi_ml.reports.limits import MAX_PARTS, too_many
from fazhi_ml.reports.readers.extracted import Extracted, HeadingMark

if TYPE_CHECKING:
    from fazhi_ml.reports.readers.docx.body import Line

__all__ = ["DocxReader"]

_LONGEST_TITLE = 120


class DocxReader:
    """Reads Word documents; tracked changes count as accepted, notes, comments, headers and footers are left out."""

    name = "docx"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell whether `data` is a zip: `extract` names the zips that hold no Word document."""
        return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    def extract(self, data: bytes) -> Extracted:
        """Return the text, one line a paragraph or a row of a table, with its title and outline levels.

        Raises
        ------
        UnsupportedFormatError, DamagedFileError, EncryptedFileError, ReportTooLargeError, MissingExtraError
            As `open_package`; the text may also have more than `MAX_PARTS` lines.
        """
        # Imported here: most reports are text or HTML, and their start should not wait for this.
        from fazhi_ml.reports.readers.docx.body import BodyWalker
        from fazhi_ml.reports.readers.docx.numbering import Numbering
        from fazhi_ml.reports.readers.docx.package import W, open_package
        from fazhi_ml.reports.readers.docx.styles import Styles

        package = open_package(data)
        body = package.document.find(f"{W}body")
        if body is None:
            raise DamagedFileError("it has no body", remedy="Open the file in Word or WPS and save it again.")
        styles = Styles(package.styles)
        numbering = Numbering(package.numbering, styles)
        walker = BodyWalker(styles, numbering)
        lines = walker.walk(body)
        if len(lines) > MAX_PARTS:
            raise too_many("lines")
        notes = []
        if walker.has_embedded:
            notes.append("embeds other documents, which are not read")
        if numbering.has_unknown_format:
            notes.append("has automatic numbers of an unknown kind, written as 1, 2, 3")
        return Extracted(
            text="\n".join(line.text for line in lines),
            encoding=None,
            title=_title(lines, package.title),
            headings=_marks(lines),
            notes=tuple(notes),
        )


def _marks(lines: list[Line]) -> tuple[HeadingMark, ...]:
    marks = []
    start = 0
    for line in lines:
        if line.level:
            marks.append(HeadingMark(start, line.level))
        start += len(line.text) + 1
    return tuple(marks)


def _title(lines: list[Line], declared: str | None) -> str | None:
    """Return the first lines in the style of titles, else the declared title if it reads like one of a report.

    What programs declare is mostly their own name, or the title of the document that served as a pattern.
    """
    first = next((i for i, line in enumerate(lines) if line.is_title), len(lines))
    styled = "".join(line.text for line in takewhile(lambda line: line.is_title, lines[first:]))
    if styled:
        return styled[:_LONGEST_TITLE]
    declared = "".join((declared or "").split())
    says = any(topic in declared for topic in ("法治", "依法行政", "法制"))
    is_report = any(kind in declared for kind in ("报告", "总结", "情况"))
    return declared if says and is_report and len(declared) <= _LONGEST_TITLE else None
