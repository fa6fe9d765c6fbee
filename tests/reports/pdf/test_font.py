from __future__ import annotations

from struct import unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.reports.pdf.font import font_file
from fazhi_ml.reports.pdf.worker import read_pdf
from fazhi_ml.reports.readers.pdf import PdfReader
from tests.reports.pdf.files import SONG, Font, Page, Text, apart, build, column, composite_font

pytest.importorskip("pypdfium2")

LINES = ["\u3000\u3000一、加强组织领导", "\u3000\u3000推进“一法一条例”（ABC 12）①。", "\u3000\u3000二、其他"]
TEXT = "\n".join(line.strip() for line in LINES)
SCATTERED = Page([char for line in column(LINES) for char in apart(line)])
# The half-width characters of Adobe-GB1.
GB1 = "814 939 500 1 95 500"
# Every way in which Chinese fonts go without their files.
FONTS = {
    "codes of the font, mapped to Unicode": SONG,
    "the same, not symbolic": composite_font("Identity-H", "Identity", "utf-16-be", flags=32, widths="32 126 500"),
    "Unicode": composite_font("UniGB-UCS2-H", "GB1", "utf-16-be", widths=GB1),
    "Unicode, PostScript": composite_font(
        "UniGB-UTF16-H", "GB1", "utf-16-be", name="STSong-Light", kind=0, flags=32, widths=GB1
    ),
    "Unicode, under a Latin name": composite_font(
        "UniGB-UCS2-H", "GB1", "utf-16-be", name="TimesNewRomanPSMT", flags=32, widths=GB1
    ),
    "GBK": composite_font("GBK-EUC-H", "GB1", "gbk", widths=GB1),
    "GBK, as Windows programs write it": Font(
        b"/Type /Font /Subtype /TrueType /BaseFont /#CB#CE#CC#E5 /Encoding /WinAnsiEncoding", "gbk"
    ),
}


def records(data: bytes) -> list[tuple[bytes, int, int]]:
    """Tags, offsets and lengths of the tables of the first font of a collection."""
    (start,) = unpack_from(">12xI", data)
    (count,) = unpack_from(">4xH", data, start)
    return [unpack_from(">4s4xII", data, start + 12 + 16 * number) for number in range(count)]


def glyph_of(table: bytes, code: int) -> int:
    """Look a character up in the subtable of format 12, the second."""
    (offset,) = unpack_from(">I", table, 16)
    (count,) = unpack_from(">I", table, offset + 12)
    for number in range(count):
        first, last, glyph = unpack_from(">III", table, offset + 16 + 12 * number)
        if first <= code <= last:
            return int(glyph + code - first)
    return 0


@given(st.characters(exclude_categories=("Cs", "Cn")) | st.sampled_from("一龥\U00020000\U0002a6d6ａA1"))
def test_every_character_has_a_box(char: str) -> None:
    data = font_file()
    parts = {tag: data[offset : offset + length] for tag, offset, length in records(data)}
    glyph = glyph_of(parts[b"cmap"], ord(char))
    assert 0 < glyph < unpack_from(">4xH", parts[b"maxp"])[0]
    start, end = unpack_from(">II", parts[b"loca"], 4 * glyph)
    assert start < end <= len(parts[b"glyf"])
    left, bottom, right, top = unpack_from(">2xhhhh", parts[b"glyf"], start)
    assert (left, bottom, top) == (0, -120, 880)
    (width,) = unpack_from(">H", parts[b"hmtx"], 4 * glyph)
    assert right == width
    if ord(char) < 0x10000:
        assert width == (500 if char < "\u2e80" else 1000)


def test_the_tables_stand_apart_and_in_order() -> None:
    data = font_file()
    tags, offsets, lengths = zip(*records(data), strict=True)
    assert list(tags) == sorted(tags)
    end = 16 + 12 + 16 * len(tags)
    for offset, length in zip(offsets, lengths, strict=True):
        assert offset == end
        assert offset % 4 == 0
        end = offset + length + -length % 4
    assert end == len(data)


@pytest.mark.parametrize("kind", FONTS)
def test_characters_drawn_alone_are_read(kind: str) -> None:
    data = build([SCATTERED], font=FONTS[kind], unicode=FONTS[kind].codec == "utf-16-be")
    assert read_pdf(data) == (TEXT, [])
    # Its process may open no file, the fonts of the machine among them.
    assert PdfReader().extract(data).text == TEXT


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)])
def test_turned_characters_drawn_alone(matrix: tuple[float, float, float, float]) -> None:
    lines = [
        char
        for row, text in enumerate(("一、加强领导", "二、其他 A1"))
        for char in apart(Text(text, 300 - 28 * matrix[2] * row, 400 - 28 * matrix[3] * row, matrix=matrix))
    ]
    assert read_pdf(build([Page(lines)])) == ("一、加强领导\n二、其他 A1", [])


def test_characters_outside_the_basic_plane_drawn_alone() -> None:
    assert read_pdf(build([Page(apart(Text("\U00020bb7\U00020000野家", 80, 700)))]))[0] == "\U00020bb7\U00020000野家"


def test_a_character_drawn_alone_and_without_meaning_is_counted() -> None:
    page = Page([*SCATTERED.texts, *apart(Text("\ufffd\ufffd", 80, 400))])
    assert read_pdf(build([page]))[1] == ["2 characters have no Unicode value"]


def test_standard_fonts_keep_their_widths() -> None:
    helvetica = Font(b"/Type /Font /Subtype /Type1 /BaseFont /Helvetica", "latin-1")
    # M is 833 thousandths of an em wide, i 222.
    end = 80 + 16 * (0.833 + 5 * 0.222)
    for gap, text in ((0.5, "MiiiiiW"), (6, "Miiiii W")):
        page = Page([Text("Miiiii", 80, 700), Text("W", end + gap, 700)])
        assert read_pdf(build([page], font=helvetica, unicode=False)) == (text, [])
