"""The one font that PDFium finds on the machine, so that no page reads differently where other fonts are installed.

PDFium leaves out a text object without a width, and takes the width from the outlines of its glyphs: a character that
is drawn alone is lost wherever the font is neither embedded nor installed. Here every glyph has an outline. Advance
widths do not come from it, but from the PDF, and the 14 standard fonts stay those that PDFium brings along.
"""

from __future__ import annotations

import ctypes
from array import array
from functools import cache
from struct import pack
from sys import byteorder
from typing import Any

__all__ = ["font_file", "install"]

_EM = 1000
_ASCENT, _DESCENT = 880, -120
# One for what is no character, and one for every character of a plane: its last two codes are none. A font has no more,
# and needs them all, since PDFium takes a code without a character for the number of a glyph.
_GLYPHS = 0xFFFF
_PLANES = 17
_FIRST_WIDE = 0x2E80
_HANDLE = 1
_TTCF = b"ttcf"
_WHOLE, _COLLECTION = 0, int.from_bytes(_TTCF)
_COLLECTION_HEADER = 16
# The names that PDFium asks for instead of the standard fonts and their many aliases.
_STANDARD = frozenset(
    (
        *(
            f"{family}{style}".encode()
            for family in ("Courier", "Helvetica")
            for style in ("", "-Bold", "-Oblique", "-BoldOblique")
        ),
        *(f"Times-{style}".encode() for style in ("Roman", "Bold", "Italic", "BoldItalic")),
    )
)
_CHINESE_JAPANESE_KOREAN = frozenset({128, 129, 134, 136})


@cache
def install() -> Any:
    """Have PDFium look for fonts here, and nowhere on the machine, as long as this process lives.

    Returns
    -------
    source : pypdfium2.raw.FPDF_SYSFONTINFO
        What PDFium calls from now on: the cache keeps it alive.
    """
    import pypdfium2.raw as pdfium

    methods = dict(pdfium.FPDF_SYSFONTINFO._fields_)
    source = pdfium.FPDF_SYSFONTINFO(version=1)
    source.MapFont = methods["MapFont"](_map_font)
    source.GetFontData = methods["GetFontData"](_get_font_data)
    source.DeleteFont = methods["DeleteFont"](_delete_font)
    pdfium.FPDF_SetSystemFontInfo(source)
    return source


def _map_font(
    _source: Any, _weight: int, _italic: int, charset: int, _pitch_family: int, face: Any, _exact: Any
) -> int | None:
    # PDFium's own fonts are asked for their widths, but have Latin letters only.
    if charset not in _CHINESE_JAPANESE_KOREAN and ctypes.string_at(face) in _STANDARD:
        return None
    return _HANDLE


def _get_font_data(_source: Any, _font: Any, table: int, buffer: Any, size: int) -> int:
    if table not in {_WHOLE, _COLLECTION}:
        return 0
    data = font_file()
    # A font of a collection reaches from its header to the end of the file; PDFium finds it by that.
    start = _COLLECTION_HEADER if table == _WHOLE else 0
    if buffer:
        part = data[start : start + size]
        ctypes.memmove(buffer, part, len(part))
    return len(data) - start


def _delete_font(_source: Any, _font: Any) -> None:
    """Do nothing: there is one font, for good."""


@cache
def font_file() -> bytes:
    """Make a TrueType font of all characters, each a line from corner to corner of the box that such characters fill.

    Returns
    -------
    bytes
        A collection of this one font, since PDFium keeps a single copy of a collection, but of other fonts one for each
        weight in the document; with the tables that FreeType needs, and no checksums, which it does not look at.

    References
    ----------
    OpenType specification 1.9.1, https://learn.microsoft.com/typography/opentype/spec/otff and the pages of its tables.
    """
    glyphs = [_glyph(_EM // 2), _glyph(_EM)]
    narrow = _FIRST_WIDE + 1
    counts = [narrow, _GLYPHS - narrow]
    offsets = array("I", range(0, (_GLYPHS + 1) * len(glyphs[0]), len(glyphs[0])))
    if byteorder == "little":
        offsets.byteswap()
    tables = {
        b"cmap": _character_map(),
        b"glyf": b"".join(glyph * count for glyph, count in zip(glyphs, counts, strict=True)),
        b"head": pack(
            ">HHIIIHHqqhhhhHHhhh", 1, 0, 0, 0, 0x5F0F3CF5, 0, _EM, 0, 0, 0, _DESCENT, _EM, _ASCENT, 0, 8, 2, 1, 0
        ),
        b"hhea": pack(">HHhhhHhhhhhh8xhH", 1, 0, _ASCENT, _DESCENT, 0, _EM, 0, 0, _EM, 1, 0, 0, 0, _GLYPHS),
        b"hmtx": pack(">Hh", _EM // 2, 0) * counts[0] + pack(">Hh", _EM, 0) * counts[1],
        b"loca": offsets.tobytes(),
        b"maxp": pack(">IHHHHHHHHHHHHHH", 0x00010000, _GLYPHS, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    collection = pack(">4sHHII", _TTCF, 1, 0, 1, _COLLECTION_HEADER)
    # numTables, and the powers of two that speed up its search.
    header = pack(">IHHHH", 0x00010000, len(tables), 64, 2, 16 * len(tables) - 64)
    offset = _COLLECTION_HEADER + len(header) + 16 * len(tables)
    records, bodies = [], []
    for tag, body in tables.items():
        records.append(pack(">4sIII", tag, 0, offset, len(body)))
        bodies.append(body + bytes(-len(body) % 4))
        offset += len(bodies[-1])
    return b"".join((collection, header, *records, *bodies))


def _glyph(width: int) -> bytes:
    """Draw a line from the lower left corner to the upper right: what counts is the box around it."""
    box = pack(">hhhhh", 1, 0, _DESCENT, width, _ASCENT)
    return box + pack(">HHBBhhhh", 1, 0, 1, 1, 0, width, _DESCENT, _ASCENT - _DESCENT)


def _character_map() -> bytes:
    """Map the characters of every plane to the glyphs from 1 on: of the first plane for PDFium, of all for FreeType."""
    # The last segment has to be U+FFFF alone.
    first = pack(">HHHHHHH2HH2H2h2H", 4, 32, 0, 4, 4, 1, 0, _GLYPHS - 2, 0xFFFF, 0, 0, 0xFFFF, 1, 1, 0, 0)
    groups = (pack(">III", plane << 16, (plane << 16) + _GLYPHS - 2, 1) for plane in range(_PLANES))
    every = pack(">HHIII", 12, 0, 16 + 12 * _PLANES, 0, _PLANES) + b"".join(groups)
    head = pack(">HHHHIHHI", 0, 2, 3, 1, 20, 3, 10, 20 + len(first))
    return head + first + every
