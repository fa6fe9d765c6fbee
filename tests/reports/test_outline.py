from __future__ import annotations

import pytest

from fazhi_ml.errors import ReportTooLargeError
from fazhi_ml.reports import outline
from fazhi_ml.reports.document import Provenance, Report
from fazhi_ml.reports.read import _build as build
from fazhi_ml.reports.read import parse_report
from fazhi_ml.reports.readers.extracted import Extracted, HeadingMark
from tests.reports.invariants import check_report

BODY = "2022年，全县各级各部门依法履行职责，各项工作取得了新的成效，群众满意度不断提高，社会大局和谐稳定。"


def read(*lines: str) -> Report:
    report = parse_report("\n".join(lines))
    check_report(report)
    return report


def headings(report: Report) -> list[tuple[int, str, bool]]:
    return [(heading.level, heading.text, heading.run_in) for heading in report.headings]


def test_headings_on_lines_of_their_own() -> None:
    report = read("一、工作情况", "（一）领导有力", BODY, "（二）执法严格", BODY, "二、存在的问题", BODY)
    assert headings(report) == [
        (1, "一、工作情况", False),
        (2, "（一）领导有力", False),
        (2, "（二）执法严格", False),
        (1, "二、存在的问题", False),
    ]
    assert [paragraph.section for paragraph in report.paragraphs] == [
        ("一、工作情况", "（一）领导有力"),
        ("一、工作情况", "（二）执法严格"),
        ("二、存在的问题",),
    ]
    assert [paragraph.role for paragraph in report.paragraphs] == ["achievements", "achievements", "problems"]


def test_run_in_heading_stays_part_of_its_paragraph() -> None:
    report = read("一、工作情况", f"(一)加强组织领导。{BODY}", BODY)
    assert headings(report)[1] == (2, "(一)加强组织领导。", True)
    first, second = report.paragraphs
    assert first.text.startswith("(一)加强组织领导。2022年")
    assert first.section == second.section == ("一、工作情况", "(一)加强组织领导。")


def test_lead_in_before_an_enumerator_is_a_heading() -> None:
    report = read("一、工作情况", "2.深入推进“放管服”改革。一是减事项。二是减材料。")
    assert headings(report)[1] == (3, "2.深入推进“放管服”改革。", False)
    assert [item.text for item in report.paragraphs[0].items] == ["一是减事项。", "二是减材料。"]
    assert report.paragraphs[0].section[-1] == "2.深入推进“放管服”改革。"


def test_lead_in_whose_items_go_on_on_the_next_line() -> None:
    report = read("一、工作情况", "1.抓学习。一是上课，全年六次。", "二是自学，人人有笔记。")
    assert headings(report)[1] == (3, "1.抓学习。", False)
    assert [paragraph.text for paragraph in report.paragraphs] == ["一是上课，全年六次。", "二是自学，人人有笔记。"]
    assert {paragraph.section[-1] for paragraph in report.paragraphs} == {"1.抓学习。"}


def test_lead_in_that_lost_its_full_stop() -> None:
    report = read("一、工作情况", "(一)转变政府职能一是减事项。二是减材料。")
    assert headings(report)[1] == (3, "(一)转变政府职能", False)


def test_what_introduces_a_count_is_an_item() -> None:
    report = read("一、工作情况", "1.下沉服务方面重点做了三件事。（1）建窗口。（2）派干部。（3）送上门。")
    assert headings(report) == [(1, "一、工作情况", False)]
    assert len(report.paragraphs[0].items) == 4


def test_numbered_sentences_with_a_body_below_are_headings() -> None:
    report = read("一、工作情况", "1.规范执法行为。", BODY, "2.强化执法监督。", BODY)
    assert [text for _, text, _ in headings(report)] == ["一、工作情况", "1.规范执法行为。", "2.强化执法监督。"]


def test_numbered_sentences_one_after_the_other_are_a_list() -> None:
    points = ["1.规范执法行为。", "2.强化执法监督。", "3.抓好普法宣传。"]
    report = read("三、下一步打算", *points, f"以上打算三月前分解。{BODY}")
    assert headings(report) == [(1, "三、下一步打算", False)]
    assert [paragraph.text for paragraph in report.paragraphs[:3]] == points


def test_unfinished_points_without_a_body_are_a_list() -> None:
    report = read("二、存在问题", "1.意识不强", "2.能力不足", "3.力量薄弱")
    assert headings(report) == [(1, "二、存在问题", False)]


def test_slogans_without_numbers() -> None:
    report = read("一、工作情况", "坚持靠前服务，打造一流环境。", BODY, "坚持严格执法，守护一方平安。", BODY)
    assert headings(report)[1:] == [
        (3, "坚持靠前服务，打造一流环境。", False),
        (3, "坚持严格执法，守护一方平安。", False),
    ]


def test_headings_without_numbers() -> None:
    report = read("某县2022年法治政府建设报告", "来源：县政府", "组织领导", BODY, "行政执法", BODY, "存在的问题", BODY)
    assert headings(report) == [(1, "组织领导", False), (1, "行政执法", False), (1, "存在的问题", False)]


def test_short_sentences_are_no_slogans() -> None:
    report = read(
        "二、存在问题",
        "普法资料文字多图画少，识字不多的老人看不懂。",
        "县法制办3个编制管全县，业务不连贯。",
        "特此报告。",
    )
    assert headings(report) == [(1, "二、存在问题", False)]


def test_short_lines_in_a_row_are_text() -> None:
    report = read("春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少")
    assert not report.headings
    assert len(report.paragraphs) == 4


def test_figures_make_no_run_in_heading() -> None:
    assert headings(read("一、工作情况", f"1.全年开会12次。{BODY}")) == [(1, "一、工作情况", False)]


def test_a_sequence_cut_within_the_first_sentence_is_no_heading() -> None:
    report = read("1.一是甲，二是乙。")
    assert not report.headings
    assert [item.text for item in report.paragraphs[0].items] == ["1.一是甲，", "二是乙。"]


def test_half_width_and_full_width_agree() -> None:
    full = read("一、工作情况", "（一）加强领导，压实责任", f"1．抓部署。{BODY}")
    half = read("一.工作情况", "(一)加强领导,压实责任", f"1.抓部署。{BODY}")
    assert [(level, run_in) for level, _, run_in in headings(full)] == [
        (level, run_in) for level, _, run_in in headings(half)
    ]
    assert len(full.headings) == 3


def test_too_many_items_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "MAX_PARTS", 10)
    with pytest.raises(ReportTooLargeError):
        read(*["一是学习。二是执法。"] * 6)


def read_marked(lines: list[tuple[str, int]]) -> Report:
    """Read lines of which those with a level above 0 are marked as headings."""
    text = "\n".join(line for line, _ in lines)
    starts = [sum(len(line) + 1 for line, _ in lines[:place]) for place in range(len(lines))]
    marks = tuple(HeadingMark(start, level) for start, (_, level) in zip(starts, lines, strict=True) if level)
    report = build(Extracted(text, None, headings=marks), None, Provenance(None, "", "docx", None))
    check_report(report)
    return report


def test_marks_of_the_format_rank_headings_without_a_number() -> None:
    long = "在推进法治政府建设的过程中坚持以人民为中心的发展思想并且取得了新的进展和成效的各项主要工作"
    report = read_marked(
        [("工作情况", 2), ("领导", 3), (long, 4), (BODY, 0), ("执法", 3), (BODY, 0), ("问题", 2), (BODY, 0)]
    )
    assert headings(report) == [
        (1, "工作情况", False),
        (2, "领导", False),
        (3, long, False),
        (2, "执法", False),
        (1, "问题", False),
    ]


def test_numbers_tell_more_than_marks() -> None:
    report = read_marked([("一、工作情况", 3), ("（一）领导有力", 1), (BODY, 0), (BODY, 0), (BODY, 0)])
    assert headings(report) == [(1, "一、工作情况", False), (2, "（一）领导有力", False)]


def test_marked_paragraphs_are_no_headings() -> None:
    report = read_marked([(BODY, 1), ("工作情况", 1), (BODY, 0), (BODY, 0)])
    assert headings(report) == [(1, "工作情况", False)]


def test_marks_on_most_of_a_document_mean_nothing() -> None:
    report = read_marked([("抓住关键少数", 1), ("提升执法水平", 1), (BODY, 1), (BODY, 1), (BODY, 0)])
    assert [heading.text for heading in report.headings] == ["提升执法水平"]


def test_rows_of_tables_are_no_headings() -> None:
    report = read(BODY, "2　行政处罚　35件", BODY, "行政许可　214件", BODY, "强化领导　压实责任", BODY)
    assert [heading.text for heading in report.headings] == ["强化领导　压实责任"]


def test_the_head_of_a_table_above_its_rows_is_no_heading() -> None:
    report = read("一、工作情况", "序号\u3000文件名称\u3000文号", f"1\u3000{BODY}")
    assert [text for _, text, _ in headings(report)] == ["一、工作情况"]
