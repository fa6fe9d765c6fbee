from __future__ import annotations

from fazhi_ml.reports.document import Span
from fazhi_ml.reports.levels import LevelStack, scheme_order


def levels(numbers: list[tuple[str, int]]) -> list[int]:
    stack = LevelStack(scheme_order(numbers))
    return [stack.enter(scheme, f"{scheme}{number}", index, 1) for index, (scheme, number) in enumerate(numbers)]


def numbers(*marks: str | tuple[str, int]) -> list[tuple[str, int]]:
    """Bare scheme names are number 1."""
    return [(mark, 1) if isinstance(mark, str) else mark for mark in marks]


def test_standard_order() -> None:
    marks = numbers("一、", "(一)", "1.", ("1.", 2), ("(一)", 2), ("一、", 2))
    assert levels(marks) == [1, 2, 3, 3, 2, 1]


def test_skipped_levels_leave_no_gap() -> None:
    assert levels(numbers("一、", "1.", "(1)", ("一、", 2))) == [1, 2, 3, 1]


def test_sequence_overrules_the_standard_order() -> None:
    marks = numbers("1.", "(一)", ("(一)", 2), ("1.", 2), "(一)", ("(一)", 2), ("1.", 3))
    assert levels(marks) == [1, 2, 2, 1, 2, 2, 1]


def test_doubled_and_missing_numbers_stay_siblings() -> None:
    assert levels([("一、", 1), ("一、", 2), ("一、", 2), ("一、", 4)]) == [1, 1, 1, 1]


def test_numbers_that_run_on_across_sections() -> None:
    assert levels([("一、", 1), ("1.", 1), ("1.", 2), ("一、", 2), ("1.", 3), ("1.", 4)]) == [1, 2, 2, 1, 2, 2]


def test_a_floor_for_lead_ins() -> None:
    stack = LevelStack(scheme_order([("一、", 1)]))
    assert stack.enter("一、", "一、工作", 0, 1) == 1
    assert stack.enter("1.", "1.抓学习。", 5, 3) == 3
    assert stack.path == ("一、工作", "1.抓学习。")
    assert stack.enter("(1)", "(1)上课", 9, 1) == 4


def test_sections_end_where_the_next_of_their_rank_begins() -> None:
    stack = LevelStack(scheme_order([("一、", 1), ("(一)", 1), ("一、", 2)]))
    for scheme, heading, start in (("一、", "一、甲", 10), ("(一)", "(一)乙", 20), ("一、", "二、存在问题", 30)):
        stack.enter(scheme, heading, start, 1)
    sections = stack.sections(0, 40)
    assert [(section.path, section.role, section.span) for section in sections] == [
        ((), "other", Span(0, 10)),
        (("一、甲",), "achievements", Span(10, 30)),
        (("一、甲", "(一)乙"), "achievements", Span(20, 30)),
        (("二、存在问题",), "problems", Span(30, 40)),
    ]
