from __future__ import annotations

import pytest

from fazhi_ml.errors import (
    DamagedFileError,
    DecodingError,
    EmptyReportError,
    EncryptedFileError,
    ReportError,
    ReportTooLargeError,
    ScannedFileError,
)
from fazhi_ml.reports.pdf import worker
from fazhi_ml.reports.pdf.worker import read_pdf
from tests.reports.pdf.files import Page, Text, build, column

pytest.importorskip("pypdfium2")

LINES = [
    "\u3000\u3000一、加强组织领导",
    "\u3000\u30002023年，全县各级各部门深入贯彻落实习近平法治思",
    "想，推进 ABC 建设。",
    "\u3000\u3000二、其他",
]
TEXT = "一、加强组织领导\n2023年，全县各级各部门深入贯彻落实习近平法治思想，推进 ABC 建设。\n二、其他"
PAGE = Page(column(LINES))


def test_reads_paragraphs() -> None:
    assert read_pdf(build([PAGE])) == (TEXT, [])


def test_an_empty_password_opens() -> None:
    assert read_pdf(build([PAGE], encrypted=True)) == (TEXT, [])


def test_bytes_before_the_header() -> None:
    assert read_pdf(b"HTTP/1.1 200 OK\r\n\r\n" + build([PAGE]))[0] == TEXT


def test_a_broken_cross_reference_table() -> None:
    data = build([PAGE])
    assert read_pdf(data.replace(b"startxref\n", b"startxref\n9"))[0] == TEXT


def test_characters_outside_the_basic_plane_and_look_alikes() -> None:
    page = Page([Text("\U00020bb7⼀⻔豈ﬁ", 50, 100), Text("看不见", -500, 100), Text("太小", 50, 300, size=0.5)])
    assert read_pdf(build([page]))[0] == "\U00020bb7一门豈fi"


@pytest.mark.parametrize(
    ("rotate", "matrix"),
    [(0, (1, 0, 0, 1)), (90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))],
)
def test_turned_pages(rotate: int, matrix: tuple[float, float, float, float]) -> None:
    c, d = matrix[2:]
    lines = [
        Text(text, 300 - 20 * c * row, 400 - 20 * d * row, matrix=matrix) for row, text in enumerate(("A1.", "B2."))
    ]
    assert read_pdf(build([Page(lines, rotate=rotate)])) == ("A1.\nB2.", [])


def test_text_in_other_directions_comes_last_and_watermarks_not_at_all() -> None:
    stamp = Text("stamp", 20, 300, 10, (0, 1, -1, 0))
    watermark = Text("watermark", 200, 300, 40, (0.7, 0.7, -0.7, 0.7))
    text, notes = read_pdf(build([PAGE, Page([*PAGE.texts, stamp, watermark])]))
    assert text.splitlines()[-1] == "stamp"
    assert notes == [
        "page 2 with text in several directions",
        "page 2 with oblique text (a watermark?), which is left out",
    ]


def test_columns_are_noted() -> None:
    body = "本年度法治政府建设各项工作扎实推进"[:14]
    left, right = ([f"{side}{row:02}{body}" for row in range(8)] for side in "左右")
    columns = [*column(left, size=10, pitch=20), *column(right, x=260, size=10, pitch=20)]
    text, notes = read_pdf(build([Page(columns)]))
    assert text.startswith("左00")
    assert text.index("左07") < text.index("右00")
    assert notes == ["page 1 in several columns, read one after the other"]


def test_scanned_pages_are_noted() -> None:
    scan, stamped = Page(picture=True), Page([Text("CamScanner", 50, 20)], picture=True)
    text, notes = read_pdf(build([scan, PAGE, stamped, scan, Page(), scan]))
    assert text == TEXT + "\nCamScanner"
    assert notes == ["pages 1, 3-4, 6 without text (scanned?)"]


def test_a_page_of_text_on_a_picture_is_no_scan() -> None:
    lines = [f"\u3000\u3000第{number}年法治政府建设取得新的成效。" for number in range(6)]
    assert read_pdf(build([Page(column(lines), picture=True)]))[1] == []


def test_a_lost_end_is_noted() -> None:
    (note,) = read_pdf(build([PAGE]).replace(b"%%EOF", b""))[1]
    assert "may have had more pages" in note


def test_characters_without_meaning_are_counted() -> None:
    page = Page(column([*LINES, "\ufffd\ufffd"]))
    assert read_pdf(build([page]))[1] == ["2 characters have no Unicode value"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (build([]), DamagedFileError),
        (b"%PDF-1.7\n", DamagedFileError),
        (build([PAGE])[:400], DamagedFileError),
        (b"%PDF-1.4\n" + b"[" * 100_000, DamagedFileError),
        (b"%PDF-1.4\n1 0 obj 1 0 R endobj trailer << /Root 1 0 R /Prev 9 >> startxref 9", DamagedFileError),
        (build([PAGE], locked=True), EncryptedFileError),
        (build([Page(picture=True), Page()]), ScannedFileError),
        (build([Page([Text("CamScanner", 50, 20)], picture=True)]), ScannedFileError),
        (build([Page()]), EmptyReportError),
        (build([PAGE], unicode=False), DecodingError),
    ],
)
def test_refusals(data: bytes, error: type[ReportError]) -> None:
    with pytest.raises(error) as caught:
        read_pdf(data)
    assert caught.value.remedy
    assert "组织" not in str(caught.value)


def test_too_many_pages_or_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_PAGES", 2)
    with pytest.raises(ReportTooLargeError, match="3 pages"):
        read_pdf(build([PAGE] * 3))
    monkeypatch.setattr(worker, "MAX_CHARACTERS", 100)
    with pytest.raises(ReportTooLargeError, match="characters"):
        read_pdf(build([PAGE] * 2))
