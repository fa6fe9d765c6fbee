from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.reports.numbering import chinese_number
from fazhi_ml.reports.readers.numerals import _WRITERS, is_known_format, numeral


@pytest.mark.parametrize(
    ("number_format", "written"),
    [
        ("decimal", {1: "1", 100: "100", -3: "-3"}),
        ("decimalZero", {9: "09", 10: "10"}),
        ("decimalFullWidth", {12: "１２"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "21", 0: "0"}),
        ("decimalEnclosedCircleChinese", {10: "⑩"}),
        ("decimalEnclosedParen", {1: "⑴", 20: "⒇"}),
        ("decimalEnclosedFullstop", {1: "⒈", 20: "⒛"}),
        ("chineseCounting", {0: "零", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 100: "一〇〇", 101: "一〇一"}),
        (
            "chineseCountingThousand",
            {10: "十", 19: "十九", 100: "一百", 105: "一百零五", 110: "一百一十", 1005: "一千零五", 1010: "一千零一十"},
        ),
        ("chineseLegalSimplified", {1: "壹", 10: "壹拾", 21: "贰拾壹", 105: "壹佰零伍"}),
        ("ideographLegalTraditional", {3: "參"}),
        ("japaneseCounting", {1: "一", 12: "十二", 100: "百", 115: "百十五", 301: "三百一"}),
        ("ideographDigital", {10: "一〇", 23: "二三"}),
        ("ideographTraditional", {1: "甲", 10: "癸", 11: "11"}),
        ("ideographZodiac", {12: "亥", 13: "13"}),
        ("ideographZodiacTraditional", {1: "甲子", 60: "癸亥"}),
        ("ideographEnclosedCircle", {1: "㊀"}),
        ("lowerRoman", {4: "iv", 1994: "mcmxciv", 4000: "4000", 0: "0"}),
        ("upperRoman", {9: "IX"}),
        ("lowerLetter", {1: "a", 26: "z", 27: "aa", 53: "aaa", 781: "781"}),
        ("upperLetter", {28: "BB"}),
        ("none", {5: ""}),
        ("bullet", {5: ""}),
        ("klingon", {5: "5"}),
    ],
)
def test_formats(number_format: str, written: dict[int, str]) -> None:
    assert {value: numeral(value, number_format) for value in written} == written
    assert is_known_format(number_format) == (number_format != "klingon")


@pytest.mark.parametrize("number_format", ["chineseCounting", "chineseCountingThousand", "japaneseCounting"])
def test_the_outline_understands_what_is_written(number_format: str) -> None:
    assert [chinese_number(numeral(value, number_format)) for value in range(1, 100)] == list(range(1, 100))


@given(st.sampled_from(sorted(_WRITERS)), st.integers(-(10**9), 10**9))
def test_any_value_is_written_shortly(number_format: str, value: int) -> None:
    assert len(numeral(value, number_format)) <= 30


@given(st.sampled_from(sorted(set(_WRITERS) - {"none", "bullet"})), st.integers(1, 2000), st.integers(1, 2000))
def test_numbers_of_a_format_are_distinct(number_format: str, one: int, other: int) -> None:
    assert (numeral(one, number_format) == numeral(other, number_format)) == (one == other)
