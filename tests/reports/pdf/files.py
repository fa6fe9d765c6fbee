"""PDF files written by hand: text at given places in a font without a file, as small as PDFium reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SIZE = 16.0
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Identity def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange
%d beginbfrange %s endbfrange endcmap CMapName currentdict /CMap defineresource pop end end"""


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


def build(pages: Sequence[Page], *, encrypted: bool = False, locked: bool = False, unicode: bool = True) -> bytes:
    """Write a PDF; `encrypted` opens with an empty password, `locked` with none, without `unicode` no text is known."""
    kids = [6 + 2 * number for number in range(len(pages))]
    ranges = b" ".join(b"<%02x00> <%02xff> <%02x00>" % (high, high, high) for high in range(256))
    bodies: dict[int, tuple[bytes, bytes | None]] = {
        1: (b"/Type /Catalog /Pages 2 0 R", None),
        2: (b"/Type /Pages /Count %d /Kids [%s]" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)), None),
        3: (
            b"/Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /DescendantFonts ["
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /DW 1000 /W [32 126 500] /CIDSystemInfo "
            b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor "
            b"/FontName /Song /Flags 4 /FontBBox [0 -120 1000 880] /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 "
            b"/ItalicAngle 0 >> >>]" + (b" /ToUnicode 4 0 R" if unicode else b""),
            None,
        ),
        4: (b"", _TO_UNICODE % (256, ranges)),
        5: (b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", b"\x7f"),
    }
    for kid, page in zip(kids, pages, strict=True):
        bodies[kid] = (
            b"/Type /Page /Parent 2 0 R /MediaBox [%g %g %g %g] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> /XObject << /I 5 0 R >> >>" % (*page.box, page.rotate, kid + 1),
            None,
        )
        bodies[kid + 1] = (b"", _content(page))
    return _file(bodies, encrypted=encrypted, locked=locked)


def _content(page: Page) -> bytes:
    drawn = [b"q %g 0 0 %g 0 0 cm /I Do Q" % page.box[2:]] if page.picture else []
    for text in page.texts:
        codes = text.text.encode("utf-16-be").hex().encode()
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
