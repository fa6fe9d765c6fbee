from __future__ import annotations

from fazhi_ml.reports.merged import LONG_LINE, split_merged
from fazhi_ml.reports.read import parse_report
from tests.reports.invariants import check_report

PROSE = "某县推进依法行政，取得了新的成效，群众满意度不断提高。" * 12


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_merged(text)]


def test_numbers_after_sentences_begin_lines() -> None:
    parts = [PROSE, f"一、领导有力。{PROSE}", f"二、执法严格。{PROSE}"]
    assert split("".join(parts)) == parts


def test_a_heading_right_before_a_first_number_is_a_line() -> None:
    parts = [PROSE, "一、工作情况", f"(一)领导有力。{PROSE}", f"(二)执法严格。{PROSE}", "二、存在问题", PROSE]
    assert split("".join(parts[:4]) + "二、存在问题 " + PROSE) == parts


def test_gaps_separate_lines_where_numbers_show_an_outline() -> None:
    parts = ["一、工作情况", PROSE, "二、存在问题", PROSE]
    assert split("\u3000\u3000".join(parts)) == parts


def test_a_long_paragraph_with_a_list_is_no_outline() -> None:
    text = f"主要工作：1.{PROSE}2.{PROSE}3.{PROSE}"
    assert split(text) == [text]


def test_a_report_in_one_line_has_its_outline() -> None:
    text = (
        f"2022年{PROSE}一、工作情况(一)领导有力。{PROSE}(二)执法严格一是办案。{PROSE}二是评查。{PROSE}"
        f"二、存在的问题一是{PROSE}二是{PROSE}三、下一步打算 {PROSE}"
    )
    assert len(text) > LONG_LINE
    report = parse_report(text)
    check_report(report)
    assert [(h.text, h.run_in) for h in report.headings] == [
        ("一、工作情况", False),
        ("(一)领导有力。", True),
        ("(二)执法严格", False),
        ("二、存在的问题", False),
        ("三、下一步打算", False),
    ]
    assert [paragraph.role for paragraph in report.paragraphs][-2:] == ["problems", "plans"]
    assert [len(paragraph.items) for paragraph in report.paragraphs] == [1, 1, 2, 2, 1]
