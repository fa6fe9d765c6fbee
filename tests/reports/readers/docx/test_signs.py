from __future__ import annotations

import pytest

from fazhi_ml.reports.readers.docx.signs import drawn_number, symbol
from tests.reports.readers.docx.word_files import lines, paragraph, run


@pytest.mark.parametrize(
    ("instruction", "number"),
    [
        (r" eq \o\ac(○,2) ", "②"),
        (r"EQ \o\ac(◯,12)", "⑫"),
        (r" eq \o\ac(○,21) ", ""),
        (r" eq \o\ac(○,一) ", ""),
        (r" eq \f(1,2) ", ""),
        (" PAGE ", ""),
        ("eq" * 100_000, ""),
    ],
)
def test_numbers_that_fields_draw(instruction: str, number: str) -> None:
    assert drawn_number(instruction) == number


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [
        ("Wingdings", "F081", "①"),
        ("Wingdings", "8A", "⑩"),
        ("Wingdings", "F08D", "❷"),
        ("Wingdings", "F0FC", ""),
        ("Symbol", "F081", ""),
        ("Wingdings", "+81", ""),
        ("Wingdings", "", ""),
    ],
)
def test_numbers_of_symbol_fonts(font: str, code: str, sign: str) -> None:
    assert symbol(font, code) == sign


def test_drawn_numbers_stand_in_the_text() -> None:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'.format
    pieces = "".join(f"<w:r><w:instrText>{text}</w:instrText></w:r>" for text in (r" eq \o\ac(○,", "2", ")"))
    drawn = paragraph(runs=mark("begin") + pieces + mark("end") + run("完善制度。"))
    sign = paragraph(runs='<w:r><w:sym w:font="Wingdings" w:char="F081"/></w:r>' + run("开展检查。"))
    assert lines(sign + drawn) == ["①开展检查。", "②完善制度。"]
