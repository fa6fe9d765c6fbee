from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.labels.duplicates import SIMILARITY, near_duplicates, same_texts


def similarity(one: str, other: str) -> float:
    first, second = ({text[place : place + 3] for place in range(len(text) - 2)} for text in (one, other))
    return len(first & second) / len(first | second)


def test_white_space_width_and_case_make_no_difference() -> None:
    texts = ["执法检查Ab１次", "别的", "执法 检查ａＢ1次\n", "", " ", "别的", "别的"]
    assert same_texts(texts) == [[0, 2], [1, 5, 6]]


def test_near_duplicates_are_found_with_their_similarity() -> None:
    text = "全市共开展行政执法检查三千余次，查处违法案件四百余件，移送司法机关十二件"
    changed = text.replace("十二件", "二十件")
    other = "组织领导干部旁听庭审，举办宪法宣传周活动，发放普法读物两万余册"
    assert near_duplicates([other, text, changed]) == [(1, 2, similarity(text, changed))]
    assert (1, 3, 1.0) in near_duplicates([other, text, changed, text])


def test_short_texts_and_no_texts_are_left_alone() -> None:
    assert near_duplicates([]) == []
    assert near_duplicates(["", "好", "很好", "很好", "非常好吃", "非常好吃"]) == []


@given(st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E10), max_size=40), max_size=8))
def test_what_is_found_is_true(texts: list[str]) -> None:
    for first, second, value in near_duplicates(texts):
        assert first < second
        assert value >= SIMILARITY
        assert value == similarity(texts[first], texts[second])


def test_most_planted_pairs_are_found_among_many_texts() -> None:
    letters = np.random.default_rng(0).integers(0x4E00, 0x5E00, size=(2_000, 60))
    planted = letters[:200].copy()
    planted[:, 30] = 0x4E00
    rows = np.vstack([letters, planted])
    found = {(first, second) for first, second, _ in near_duplicates(["".join(map(chr, row)) for row in rows])}
    assert found <= {(row, 2_000 + row) for row in range(200)}
    assert len(found) >= 195


def test_a_thousand_copies_are_compared_with_some_of_the_others() -> None:
    assert len(near_duplicates(["全市共开展行政执法检查三千余次，查处违法案件四百余件"] * 1_000)) < 12_000
