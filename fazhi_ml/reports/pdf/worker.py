"""What runs in the process that reads one PDF: PDFium's characters, page by page, handed to the layout."""

from __future__ import annotations

import ctypes
import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fazhi_ml.errors import (
    DamagedFileError,
    DecodingError,
    EmptyReportError,
    EncryptedFileError,
    ReaderLimitError,
    ReportError,
    ReportTooLargeError,
    ScannedFileError,
)
from fazhi_ml.reports.pdf import font
from fazhi_ml.reports.pdf.layout import lay_out
from fazhi_ml.reports.pdf.lines import Frame, Glyph, page_frames

__all__ = ["MAX_CHARACTERS", "MAX_MEMORY", "MAX_PAGES", "main", "read_pdf"]

MAX_PAGES = 2_000
MAX_CHARACTERS = 1_000_000
MAX_MEMORY = 900 * 2**20
"""Address space of the process, in bytes."""

_CPU_SECONDS = 120
_NO_FILES = 0
_SMALLEST = 1.0
_FARTHEST = 1e5
# Objects looked at for pictures; a scanned page consists of one, or of some dozen strips.
_MOST_OBJECTS = 200
# Scanning programs stamp a few words on the pictures that they make.
_STAMP = 50
_RADICALS = dict(
    zip(
        "⺁⺄⺆⺈⺊⺌⺍⺕⺜⺝⺟⺠⺧⺪⺫⺬⺭⺮⺯⺶⺷⺸⺼⺾⻁⻃⻄⻅⻆⻇⻉⻋⻍⻏⻐⻑⻒⻓⻔⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂乙冂刀卜小小彐日月母民牛疋目示示竹糸羊羊羊肉艹虎西西见角角贝车辶阝钅長镸长门雨青韦页风飞食饣食马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)


def main() -> None:
    """Read a PDF from standard input and write its text, or the error, to standard output as JSON."""
    # It imports PDFium, before files are out of reach.
    font.install()
    _limit()
    try:
        text, notes = read_pdf(sys.stdin.buffer.read())
        answer: dict[str, Any] = {"text": text, "notes": notes}
    except ReportError as error:
        answer = {"error": type(error).__name__, "cause": error.cause, "remedy": error.remedy}
    except MemoryError:
        answer = {
            "error": ReaderLimitError.__name__,
            "cause": f"reading it takes more than {MAX_MEMORY // 2**20} MiB of memory",
            "remedy": "Print it to a new PDF, or save it as .docx.",
        }
    sys.stdout.buffer.write(json.dumps(answer).encode("ascii"))


def _limit() -> None:
    """Bound the memory and time of this process, and deny it files and sockets.

    From here on nothing can be imported that is not loaded yet.
    """
    try:
        import resource
    except ImportError:
        # Windows: the time limit of the parent process is what is left.
        return
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_NOFILE: _NO_FILES,
    }
    if sys.platform == "linux":
        # macOS refuses to set it.
        limits[resource.RLIMIT_AS] = MAX_MEMORY
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))


def read_pdf(data: bytes) -> tuple[str, list[str]]:
    """Read a PDF.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    text : str
        One line a paragraph.
    notes : list of str

    Raises
    ------
    EncryptedFileError
        It opens with a password only.
    ScannedFileError
        It holds pictures of pages.
    EmptyReportError
        It holds nothing at all.
    DecodingError
        Most of its characters have no Unicode value.
    DamagedFileError
        PDFium cannot open it, or none of its pages.
    ReportTooLargeError
        It has more than `MAX_PAGES` or `MAX_CHARACTERS`.
    """
    import pypdfium2.raw as pdfium

    font.install()
    with _document(data) as document:
        count = pdfium.FPDF_GetPageCount(document)
        if count < 1:
            raise DamagedFileError("the PDF has no pages", remedy="Save it again from its source.")
        if count > MAX_PAGES:
            raise ReportTooLargeError(
                f"it has {count:,} pages, more than {MAX_PAGES:,}", remedy="Split it into one file a report."
            )
        pages = _Pages()
        for number in range(1, count + 1):
            pages.read(document, number)
    pages.check()
    text = lay_out(pages.frames)
    return text, pages.notes(data)


@contextmanager
def _document(data: bytes) -> Iterator[Any]:
    import pypdfium2.raw as pdfium

    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if pdfium.FPDF_GetLastError() in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
            raise EncryptedFileError(
                "the PDF opens with a password only", remedy="Save a copy without password protection."
            )
        raise DamagedFileError("PDFium cannot open it: the PDF is damaged", remedy="Save it again from its source.")
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


class _Pages:
    """Collects the frames of text of all pages, and what is wrong with some."""

    def __init__(self) -> None:
        self.frames: list[list[Frame]] = []
        self.characters = 0
        self.unmapped = 0
        self.damaged: list[int] = []
        self.scanned: list[int] = []
        self.columns: list[int] = []
        self.turned: list[int] = []
        self.oblique: list[int] = []
        self.blank = 0
        self.gutter: float | None = None

    def read(self, document: Any, number: int) -> None:
        """Read the page with a 1-based number."""
        import pypdfium2.raw as pdfium

        page = pdfium.FPDF_LoadPage(document, number - 1)
        text_page = pdfium.FPDFText_LoadPage(page) if page else None
        if not text_page:
            self.damaged.append(number)
        else:
            self._read(page, text_page, number)
            pdfium.FPDFText_ClosePage(text_page)
        if page:
            pdfium.FPDF_ClosePage(page)

    def _read(self, page: Any, text_page: Any, number: int) -> None:
        import pypdfium2.raw as pdfium

        count = max(pdfium.FPDFText_CountChars(text_page), 0)
        self.characters += count
        if self.characters > MAX_CHARACTERS:
            raise ReportTooLargeError(
                f"it has more than {MAX_CHARACTERS:,} characters", remedy="Split it into one file a report."
            )
        turns: dict[int, list[Glyph]] = {}
        shown = 0
        for turn, glyph in _glyphs(page, text_page, count):
            turns.setdefault(turn, []).append(glyph)
            shown += not glyph.char.isspace()
            self.unmapped += glyph.char == "\ufffd"
        self._judge(page, number, shown)
        if turns.pop(_OBLIQUE, None):
            self.oblique.append(number)
        if len(turns) > 1:
            self.turned.append(number)
        frames: list[Frame] = []
        # The direction of most text first: the rest are stamps and labels in the margin.
        for position, turn in enumerate(sorted(turns, key=lambda turn: -len(turns[turn]))):
            found, gutter = page_frames(turns[turn], None if position else self.gutter)
            frames += found
            if position == 0:
                self.gutter = gutter
        if self.gutter is not None:
            self.columns.append(number)
        self.frames.append(frames)

    def _judge(self, page: Any, number: int, shown: int) -> None:
        objects, coverage = _pictures(page)
        if (shown < _STAMP and coverage > 0.5) or (shown == 0 and objects):
            self.scanned.append(number)
        elif shown == 0:
            self.blank += 1

    def check(self) -> None:
        """Raise what keeps the document as a whole from being read."""
        if len(self.frames) == 0:
            raise DamagedFileError("none of its pages can be read", remedy="Save it again from its source.")
        if self.scanned and len(self.scanned) + self.blank == len(self.frames):
            raise ScannedFileError(
                "the PDF holds pictures of pages and no text", remedy="Run character recognition (OCR) on it first."
            )
        shown = sum(len(line.text) for frames in self.frames for frame in frames for line in frame)
        if shown == 0:
            raise EmptyReportError("the PDF holds no text", remedy="Name a file that holds a report.")
        if 2 * self.unmapped > shown:
            raise DecodingError(
                "most characters of its fonts have no Unicode value",
                remedy="Save it again from its source, or run character recognition (OCR) on it.",
            )

    def notes(self, data: bytes) -> list[str]:
        """Tell what the reader of the text should know."""
        notes = []
        for numbers, what in (
            (self.damaged, "cannot be read: the PDF is damaged"),
            (self.scanned, "without text (scanned?)"),
            (self.columns, "in several columns, read one after the other"),
            (self.turned, "with text in several directions"),
            (self.oblique, "with oblique text (a watermark?), which is left out"),
        ):
            if numbers:
                notes.append(f"{'page' if len(numbers) == 1 else 'pages'} {_ranges(numbers)} {what}")
        if self.unmapped:
            notes.append(f"{self.unmapped:,} characters have no Unicode value")
        if b"%%EOF" not in data[-2048:]:
            notes.append("the end of the PDF is missing: it may have had more pages")
        return notes


_OBLIQUE = -1


def _glyphs(page: Any, text_page: Any, count: int) -> Iterator[tuple[int, Glyph]]:
    """Yield the characters that a reader of the page can see, each with the quarter turns (0-3) of its text.

    Coordinates are those of the text as its reader holds it: `x` grows along the line, `y` from line to line.
    """
    import pypdfium2.raw as pdfium

    bounds, box, matrix = pdfium.FS_RECTF(), pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    pdfium.FPDF_GetPageBoundingBox(page, bounds)
    x, y = ctypes.c_double(), ctypes.c_double()
    at_x, at_y, at_box, at_matrix = (ctypes.byref(value) for value in (x, y, box, matrix))
    high = 0
    for index in range(count):
        if pdfium.FPDFText_IsGenerated(text_page, index) == 1:
            continue
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        # Without a mapping PDFium hands out the font's own code, which means nothing.
        char = "\ufffd" if pdfium.FPDFText_HasUnicodeMapError(text_page, index) == 1 else _character(code, high)
        high = 0
        pdfium.FPDFText_GetCharOrigin(text_page, index, at_x, at_y)
        pdfium.FPDFText_GetLooseCharBox(text_page, index, at_box)
        pdfium.FPDFText_GetMatrix(text_page, index, at_matrix)
        a, b = matrix.a, matrix.b
        size = pdfium.FPDFText_GetFontSize(text_page, index) * max(abs(matrix.c), abs(matrix.d))
        seen = (
            bounds.left - 1 <= x.value <= bounds.right + 1
            and bounds.bottom - 1 <= y.value <= bounds.top + 1
            and _SMALLEST <= size <= _FARTHEST
            and all(abs(edge) < _FARTHEST for edge in (x.value, y.value, box.left, box.right, box.top, box.bottom))
        )
        if not seen or not char:
            continue
        if min(abs(a), abs(b)) > 0.1 * max(abs(a), abs(b)):
            yield _OBLIQUE, Glyph(char, 0, 0, 0, size)
        elif abs(a) >= abs(b):
            yield (
                (0, Glyph(char, box.left, box.right, -y.value, size))
                if a > 0
                else (2, Glyph(char, -box.right, -box.left, y.value, size))
            )
        else:
            yield (
                (1, Glyph(char, box.bottom, box.top, x.value, size))
                if b > 0
                else (3, Glyph(char, -box.top, -box.bottom, -x.value, size))
            )


def _character(code: int, high: int) -> str:
    """Return the character that a reader sees for a code, or "" for none.

    Fonts map glyphs that several characters share to whichever comes first: radicals stand for the ideographs that look
    like them, and ligatures for letters.
    """
    if 0xDC00 <= code < 0xE000:
        return chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00) if high else "\ufffd"
    if code in {0x02, 0xFFFE}:
        return "-"  # PDFium's mark for a hyphen at the end of a line
    if code in {0, 0xFFFD, 0xFFFF} or code > 0x10FFFF:
        return "\ufffd"
    char = chr(code)
    if 0x2E80 <= code <= 0x2FDF or 0xF900 <= code <= 0xFB06:
        return _RADICALS.get(char) or unicodedata.normalize("NFKC", char)
    if code < 0x20 or code in {0x7F, 0xAD, 0x200B, 0xFEFF}:
        return " " if code in {0x09, 0x0A, 0x0D} else ""
    return char


def _pictures(page: Any) -> tuple[int, float]:
    """Return how many objects a page has, and how much of it its largest picture covers."""
    import pypdfium2.raw as pdfium

    bounds = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, bounds)
    area = abs((bounds.right - bounds.left) * (bounds.top - bounds.bottom)) or 1.0
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    objects = pdfium.FPDFPage_CountObjects(page)
    covered = 0.0
    for index in range(min(objects, _MOST_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_IMAGE and pdfium.FPDFPageObj_GetBounds(
            item, left, bottom, right, top
        ):
            covered += abs((right.value - left.value) * (top.value - bottom.value))
    return objects, covered / area


def _ranges(numbers: list[int]) -> str:
    """Write ascending numbers briefly: ``3, 5-7``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
