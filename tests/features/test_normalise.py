from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fazhi_ml.features.normalise import NEWLINE, decode, encode, fold
from tests.features import reference
from tests.features.strategies import anything, mixed


def folded(text: str, *, fold_digits: bool = True) -> str:
    return decode(fold(encode(text), fold_digits=fold_digits)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("ＡＢｃ１２", "abc00"),
        ("法治 政府\u3000建设", "法治政府建设"),
        ("2023 年", "0000年"),
        ("App  Store", "app store"),
        ("零\u200b宽\ufeff字\0符", "零宽字符"),
        ("（一）；！？", "(一);!?"),
        ("㈠½", "㈠½"),
        ("\ud800甲\udfff", "\ufffd甲\ufffd"),
        ("𠮷野家", "𠮷野家"),
        ("豈", "豈"),
        ("甲\n乙", "甲\n乙"),
        ("甲\r乙\u2028丙\x85丁", "甲乙丙丁"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


def test_digits_stay_when_they_count() -> None:
    assert folded("２０23年", fold_digits=False) == "2023年"


def test_layout_after_punctuation_leaves_no_trace() -> None:
    assert folded("推进工作， 2023年") == folded("推进工作，2023年")
    assert folded("第一条； (2)") == folded("第一条；(2)")


@settings(max_examples=300, deadline=None)
@given(mixed, st.booleans())
@example("\ud83d\ude00 a b", True)
def test_positions_point_at_what_was_folded(text: str, fold_digits: bool) -> None:
    text = text.replace("\n", "")
    codes, positions = fold(encode(text), fold_digits=fold_digits)
    assert codes.dtype == np.uint32
    assert len(codes) == len(positions) <= len(text)
    assert NEWLINE not in codes
    assert all(before < after for before, after in pairwise(positions.tolist()))
    assert all(0 <= position < len(text) for position in positions.tolist())
    assert list(zip(decode(codes), positions.tolist(), strict=True)) == reference.fold(text, fold_digits=fold_digits)


@settings(max_examples=200, deadline=None)
@given(st.lists(mixed, max_size=5))
def test_a_batch_folds_like_its_lines(lines: list[str]) -> None:
    lines = [line.replace("\n", "") for line in lines]
    assert folded("\n".join(lines)) == "\n".join(map(folded, lines))


@settings(max_examples=300, deadline=None)
@given(mixed)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    # With digits folded it need not hold: ① becomes 1, which is then a digit.
    once = folded(text, fold_digits=False)
    assert folded(once, fold_digits=False) == once


def test_every_code_point_has_a_form_without_line_break_or_case() -> None:
    text = "".join(map(chr, range(0x110000))).replace("\n", "")
    forms = folded(text)
    assert not set("\n\r\t\0\u200b\u3000\u2028ＡA１") & set(forms)
    assert "\ufffd" in forms
    assert not any("\ud800" <= form <= "\udfff" for form in forms)


@given(anything)
def test_encode_has_one_number_a_character(text: str) -> None:
    assert encode(text).tolist() == [ord(character) for character in text]
