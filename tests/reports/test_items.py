from __future__ import annotations

import pytest

from fazhi_ml.errors import ReportTooLargeError
from fazhi_ml.reports import items
from fazhi_ml.reports.items import cut_items, first_enumerator


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in cut_items(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["一是抓学习。", "二是抓执法。", "三是抓监督。"],
        ["还有不足：", "一是意识不强；", "二是能力不足。"],
        ["抓好以下工作。", "一要学习;", "二要执法。"],
        ["首先，学习。", "其次，执法。", "最后，监督。"],
        ["第一，学习。", "第二，执法。"],
        ["其一，学习。", "其二，执法。"],
        ["(1)学习;", "(2)执法;", "(3)监督。"],
        ["①学习，", "②执法。"],
        ["1.学习；", "2.执法；", "3.监督。"],
        ["重点抓好以下几项：", "（一）学习；", "（二）执法。"],
        ["二是抓执法。", "三是抓监督。"],
        ["四是抓执法。", "五是抓监督。"],
        ["一是学习。", "三是监督。"],
        ["一是学习。", "二是执法。", "二是监督。", "三是宣传。"],
        ["一是意识不强，", "二是能力不足，", "三是力量薄弱。"],
        ["一是发挥作用", "二是加强监督。"],
        ["一是办结率100%", "二是加强监督。"],
        ["问题有：", "一是不强。", "二是不足。", "打算是：", "一是补强。", "二是补足。"][:3],
        ["第一，加强领导。一是开会。二是发文。", "第二，强化宣传。一是上街。二是进村。"],
        ["一是抓执法。（1）查案；（2）整改。", "二是抓学习。（1）集中；（2）自学。"],
        ["一是甲。一是子；二是丑。", "二是乙。", "三是丙。"],
        ["1.（1）学习。", "（2）执法。"],
    ],
)
def test_sequences_cut(parts: list[str]) -> None:
    assert cut("".join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "进一步加强领导，统一是前提，唯一是目的。",
        "“一是一、二是二”的作风得到弘扬。",
        "落实《一是什么、二是什么》的要求。",
        "首先想到的是群众。",
        "一是抓学习。",
        "培训1、2号楼的执法人员。",
        "一、二、三产业融合发展。",
        "12345热线受理2.5万件；3.6万件办结。",
        "坚持安全第一、预防为主。",
        "印发方案(2)和清单(3)。",
    ],
)
def test_words_that_only_look_like_enumerators(text: str) -> None:
    assert cut(text) == [text]


def test_a_stub_before_the_first_enumerator_stays_with_it() -> None:
    assert cut("2021年，一是抓学习；二是抓执法。") == ["2021年，一是抓学习；", "二是抓执法。"]


def test_a_sequence_after_another_cuts_too() -> None:
    text = "做法：一是学习。二是执法。三是监督。不足：一是不强。二是不足。"
    assert cut(text) == ["做法：", "一是学习。", "二是执法。", "三是监督。不足：", "一是不强。", "二是不足。"]


def test_white_space_between_items_belongs_to_none() -> None:
    text = "一是学习。\u3000 二是执法。"
    assert cut_items(text) == [(0, 5), (7, 12)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("一是甲", True), ("（1）甲", True), ("二是甲", False), ("首先甲", False), ("首先甲。其次乙", True)],
)
def test_first_enumerator(text: str, expected: bool) -> None:
    assert first_enumerator(text, 0, len(text)) is expected


def test_too_many_enumerators_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_PARTS", 100)
    with pytest.raises(ReportTooLargeError):
        cut_items("①②③" * 100)
