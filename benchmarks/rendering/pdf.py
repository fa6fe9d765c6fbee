"""Reports as PDF files of our own writing: the same bytes every time, fonts named but not embedded.

LibreOffice's files are what offices publish; these need no program, and can be made by the thousand.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from rendering.lines import Line

__all__ = ["LOCKED", "render_pdf"]

# A4 in points; 22 lines of 28 characters of 16 points, as official documents are printed (GB/T 9704).
_WIDTH, _HEIGHT = 595, 842
_SIZE = 16
_COLUMNS = 28
_ROWS = 22
_LEFT = 74
_TOP = 722
_PITCH = 28
# What may not begin a line hangs over the end of the one before.
_HANGING = "，。；：、！？）》”’"

LOCKED = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"5a" * 32 + b"> /U <" + b"c3" * 32 + b"> >>"
"""A trailer entry that locks a file with a password that nobody knows."""

_DESCENDANT_FONT = (
    b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500] "
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor << /Type "
    b"/FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 "
    b"/Descent -120 /CapHeight 880 /StemV 93 >> >>"
)

_Row = tuple[float, str]


def render_pdf(lines: Sequence[Line], *, trailer: bytes = b"") -> bytes:
    """Render a PDF file of printed pages, with a running header and page numbers.

    Parameters
    ----------
    lines : sequence of Line
    trailer : bytes
        Further entries of the trailer, such as `LOCKED`.
    """
    title = next((line.text for line in lines if line.kind == "title"), "")
    rows = [row for line in lines for row in _rows(line)]
    pages = [rows[first : first + _ROWS] for first in range(0, len(rows), _ROWS)]
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        _DESCENDANT_FONT,
    ]
    for number, page in enumerate(pages, 1):
        content = zlib.compress(_content(page, title, number))
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {4 + 2 * number} 0 R >>".encode(),
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        ]
    return _file(objects, trailer)


def _rows(line: Line) -> Iterator[_Row]:
    """Wrap a line; a row is its indent, in characters, and its text."""
    if line.kind == "title":
        yield max(0.0, (_COLUMNS - _cells(line.text)) / 2), line.text
        return
    indent = 2.0
    row = ""
    for character in line.text:
        if indent + _cells(row + character) > _COLUMNS and character not in _HANGING:
            yield indent, row
            indent, row = 0.0, ""
        row += character
    yield indent, row


def _cells(text: str) -> float:
    return sum(0.5 if character.isascii() else 1.0 for character in text)


def _content(rows: Sequence[_Row], title: str, number: int) -> bytes:
    """Return the operators that write one page."""
    header = _show(_LEFT, _HEIGHT - 50, 10, title)
    body = b"".join(
        _show(_LEFT + indent * _SIZE, _TOP - row * _PITCH, _SIZE, text) for row, (indent, text) in enumerate(rows)
    )
    return header + body + _show(_WIDTH / 2 - 20, 60, 14, f"— {number} —")


def _show(x: float, y: float, size: int, text: str) -> bytes:
    codes = text.encode("utf-16-be", "replace").hex()
    return f"BT /F1 {size} Tf {x:g} {y:g} Td <{codes}> Tj ET\n".encode()


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    """Put numbered objects, their table and the trailer together."""
    content = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    identity = b"%016x" % (zlib.crc32(content) & 0xFFFFFFFF) * 2
    content += b"trailer\n<< /Size %d /Root 1 0 R /ID [<%b> <%b>] %b >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        identity,
        identity,
        trailer,
        table,
    )
    return bytes(content)
