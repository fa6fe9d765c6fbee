"""PDF files written by hand: text at given places in fonts without files, as small as PDFium reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

SIZE = 16.0
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Identity def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange
%d beginbfrange %s endbfrange endcmap CMapName currentdict /CMap defineresource pop end end"""


@dataclass(frozen=True)
class Font:
    """The dictionary of a font without a file, and the codec that makes its codes of characters."""

    body: bytes
    codec: str


def composite_font(
    encoding: str, ordering: str, codec: str, *, name: str = "Song", kind: int = 2, flags: int = 4, widths: str = ""
) -> Font:
    """Describe a font of many characters, an em wide but for `widths`."""
    body = (
        f"/Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [<< /Type /Font "
        f"/Subtype /CIDFontType{kind} /BaseFont /{name} /DW 1000 /W [{widths}] "
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering}) /Supplement 0 >> /FontDescriptor "
        f"<< /Type /FontDescriptor /FontName /{name} /Flags {flags} /FontBBox [0 -120 1000 880] /Ascent 880 "
        "/Descent -120 /CapHeight 880 /StemV 80 /ItalicAngle 0 >> >>]"
    )
    return Font(body.encode(), codec)


SONG = composite_font("Identity-H", "Identity", "utf-16-be", widths="32 126 500")
"""Its codes are UTF-16, which nothing but a map to Unicode says."""


@dataclass(frozen=True)
class Text:
    """A line of text: its left end on its baseline, in points from the lower left corner of the page."""

    text: str
    x: float
    y: float
    size: float = SIZE
    matrix: tuple[float, float, float, float] = (1, 0, 0, 1)


@dataclass(frozen=True)
class Page:
    texts: Sequence[Text] = ()
    picture: bool = False
    rotate: int = 0
    box: tuple[float, float, float, float] = field(default=(0, 0, 595, 842))


def column(
    lines: Iterable[str], *, x: float = 80, top: float = 750, pitch: float = 28, size: float = SIZE
) -> list[Text]:
    """Place lines below each other; ideographic spaces at their beginning indent them."""
    placed = []
    for number, line in enumerate(lines):
        bare = line.lstrip("\u3000")
        placed.append(Text(bare, x + (len(line) - len(bare)) * size, top - number * pitch, size))
    return [text for text in placed if text.text]


def apart(line: Text) -> list[Text]:
    """Draw every character of a line on its own: ASCII half an em wide, the rest an em."""
    x, y, drawn = line.x, line.y, []
    for char in line.text:
        drawn.append(replace(line, text=char, x=x, y=y))
        width = line.size / 2 if char.isascii() else line.size
        x, y = x + width * line.matrix[0], y + width * line.matrix[1]
    return drawn


def build(
    pages: Sequence[Page], *, font: Font = SONG, encrypted: bool = False, locked: bool = False, unicode: bool = True
) -> bytes:
    """Write a PDF; `encrypted` opens with an empty password, `locked` with none.

    With `unicode` the font's codes are said to be UTF-16; without, its encoding has to tell.
    """
    kids = [6 + 2 * number for number in range(len(pages))]
    ranges = b" ".join(b"<%02x00> <%02xff> <%02x00>" % (high, high, high) for high in range(256))
    bodies: dict[int, tuple[bytes, bytes | None]] = {
        1: (b"/Type /Catalog /Pages 2 0 R", None),
        2: (b"/Type /Pages /Count %d /Kids [%s]" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)), None),
        3: (font.body + (b" /ToUnicode 4 0 R" if unicode else b""), None),
        4: (b"", _TO_UNICODE % (256, ranges)),
        5: (b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", b"\x7f"),
    }
    for kid, page in zip(kids, pages, strict=True):
        bodies[kid] = (
            b"/Type /Page /Parent 2 0 R /MediaBox [%g %g %g %g] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> /XObject << /I 5 0 R >> >>" % (*page.box, page.rotate, kid + 1),
            None,
        )
        bodies[kid + 1] = (b"", _content(page, font.codec))
    return _file(bodies, encrypted=encrypted, locked=locked)


def _content(page: Page, codec: str) -> bytes:
    drawn = [b"q %g 0 0 %g 0 0 cm /I Do Q" % page.box[2:]] if page.picture else []
    for text in page.texts:
        codes = text.text.encode(codec).hex().encode()
        drawn.append(b"BT /F %g Tf %g %g %g %g %g %g Tm <%s> Tj ET" % (text.size, *text.matrix, text.x, text.y, codes))
    return b"\n".join(drawn)


def _file(bodies: dict[int, tuple[bytes, bytes | None]], *, encrypted: bool, locked: bool) -> bytes:
    owner, permissions, identity = b"\x41" * 32, -4, b"\x42" * 16
    trailer = b"/Size %d /Root 1 0 R" % (len(bodies) + 1)
    key = b""
    if encrypted or locked:
        salted = _PADDING + owner + permissions.to_bytes(4, "little", signed=True) + identity
        key = hashlib.md5(salted, usedforsecurity=False).digest()[:5]
        user = b"\x43" * 32 if locked else _rc4(key, _PADDING)
        trailer += b" /Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >> /ID [<%s> <%s>]" % (
            owner.hex().encode(),
            user.hex().encode(),
            permissions,
            identity.hex().encode(),
            identity.hex().encode(),
        )
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number in sorted(bodies):
        head, stream = bodies[number]
        offsets.append(len(out))
        out += b"%d 0 obj << %s" % (number, head)
        if stream is None:
            out += b" >> endobj\n"
        else:
            if key:
                own = key + number.to_bytes(3, "little") + b"\0\0"
                stream = _rc4(hashlib.md5(own, usedforsecurity=False).digest()[:10], stream)
            out += b" /Length %d >> stream\n%s\nendstream endobj\n" % (len(stream), stream)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << %s >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return bytes(out)


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
