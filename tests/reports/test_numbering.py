from __future__ import annotations

import pytest

from fazhi_ml.reports.numbering import chinese_number, circled_number, parse_marker


@pytest.mark.parametrize(
    ("text", "scheme", "number", "rest"),
    [
        ("一、工作情况", "一、", 1, "工作情况"),
        ("十二．保障", "一、", 12, "保障"),
        ("二 、保障", "一、", 2, "保障"),
        ("（三）规范执法", "(一)", 3, "规范执法"),
        ("( 二十一 )、规范执法", "(一)", 21, "规范执法"),
        ("四)规范执法", "(一)", 4, "规范执法"),
        ("㈡规范执法", "(一)", 2, "规范执法"),
        ("1.加强领导", "1.", 1, "加强领导"),
        ("１２．加强领导", "1.", 12, "加强领导"),
        ("3、加强领导", "1.", 3, "加强领导"),
        ("⒊加强领导", "1.", 3, "加强领导"),
        ("1.2023年以来", "1.", 1, "2023年以来"),
        ("（2）查案", "(1)", 2, "查案"),
        ("⑵查案", "(1)", 2, "查案"),
        ("2)查案", "1)", 2, "查案"),
        ("③查案", "circled", 3, "查案"),
        ("第一部分：回顾", "part", 1, "回顾"),
        ("第2章 回顾", "part", 2, " 回顾"),
        ("第三节 回顾", "第一节", 3, " 回顾"),
        ("一\u200b、工作情况", "一、", 1, "工作情况"),
    ],
)
def test_numbers_in_their_variants(text: str, scheme: str, number: int, rest: str) -> None:
    marker = parse_marker(text)
    assert marker is not None
    assert (marker.scheme, marker.number, text[marker.end :]) == (scheme, number, rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.5万人",
        "2023年，我县",
        "12月31日",
        "5、6月份",
        "一、二级市场",
        "二〇二二年",
        "（2015—2020年）",
        "第一节课",
        "一是抓学习",
        "打印",
    ],
)
def test_what_only_looks_like_a_number(text: str) -> None:
    assert parse_marker(text) is None


@pytest.mark.parametrize(
    ("digits", "value"),
    [("一", 1), ("十", 10), ("十九", 19), ("二十", 20), ("三十四", 34)],
)
def test_chinese_numbers(digits: str, value: int) -> None:
    assert chinese_number(digits) == value


def test_circled_numbers_are_not_other_signs() -> None:
    assert circled_number("⑳") == 20
    assert circled_number("⑴") is None
    assert circled_number("一") is None
