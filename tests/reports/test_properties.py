from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fazhi_ml.errors import EmptyReportError
from fazhi_ml.reports.items import cut_items
from fazhi_ml.reports.merged import split_merged
from fazhi_ml.reports.numbering import BLANKS, parse_marker
from fazhi_ml.reports.read import parse_report
from tests.reports.invariants import check_report

NUMBERS = ["一、", "二、", "三.", "（一）", "(二)", "1.", "2、", "３．", "（1）", "①", "②", "第一部分"]
ENUMERATORS = ["一是", "二是", "三是", "一要", "首先，", "其次，"]
WORDS = ["加强组织领导", "深入推进“放管服”改革", "2023年", "存在的问题", "下一步工作打算", "法治政府建设情况的报告"]
CHROME = ["特此报告", "来源：县政府", "打印"]
MARKS = ["。", "；", "：", "，", ",", ";", ":", "“", "”", "《", "》", "(", ")", "%"]
BREAKS = ["\n", "\r\n", "\n\n", " ", "\u3000\u3000", "\u200b", "\ufeff", "\0", "\ud800"]
PIECES = [*NUMBERS, *ENUMERATORS, *WORDS, *CHROME, *MARKS, *BREAKS]
outlines = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
anything = st.text(st.characters(codec=None), max_size=80)


def parsed(text: str) -> None:
    try:
        report = parse_report(text)
    except EmptyReportError:
        assert not text.strip(BLANKS + "\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        return
    assert report.text == text
    check_report(report)


@settings(max_examples=400, deadline=None)
@given(outlines)
@example("1.一是甲，二是乙。")
@example("1.（1）甲。（2）乙。")
@example("1.甲：①乙②丙")
def test_promises_hold_for_anything_like_an_outline(text: str) -> None:
    parsed(text)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_promises_hold_for_any_string(text: str) -> None:
    parsed(text)


@settings(max_examples=100, deadline=None)
@given(outlines)
def test_promises_hold_for_one_giant_line(text: str) -> None:
    parsed("一、工作情况" + text.replace("\n", "").replace("\r", "") * 40 + "。二、存在问题。")


@settings(max_examples=200, deadline=None)
@given(outlines.map(lambda text: text.strip(BLANKS)).filter(bool))
def test_items_tile_their_paragraph(text: str) -> None:
    spans = cut_items(text)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    assert spans == sorted(spans)


@settings(max_examples=200, deadline=None)
@given(outlines.map(lambda text: text.strip(BLANKS)).filter(bool))
def test_split_lines_tile_the_line(text: str) -> None:
    end = 0
    for start, stop in split_merged(text):
        assert not text[end:start].strip(BLANKS)
        end = stop
    assert not text[end:].strip(BLANKS)


@given(anything)
def test_a_marker_never_reaches_beyond_its_text(text: str) -> None:
    marker = parse_marker(text)
    assert marker is None or 0 < marker.end <= len(text)
