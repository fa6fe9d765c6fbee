from __future__ import annotations

import pytest

from fazhi_ml.labels.numbering import n_in_force, number_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("一、甲", 1),
        ("十二、甲", 1),
        ("三.甲", 1),
        ("第二部分、甲", 1),
        ("（一）甲", 2),
        ("(十)甲", 2),
        ("1.甲", 3),
        ("12、甲", 3),
        ("３．甲", 3),
        ("（1）甲", 4),
        ("(12)甲", 4),
        ("①甲", 5),
        ("一是甲", None),
        ("2023年甲", None),
        ("第一，甲", None),
        ("（2023）3号甲", None),
        ("3.5万人", None),
        ("甲、乙", None),
        ("", None),
    ],
)
def test_number_level(text: str, level: int | None) -> None:
    assert number_level(text) == level


def test_items_close_headings_numbered_alike() -> None:
    path = ["一、甲", "（二）乙", "3.丙"]
    assert n_in_force(path, "文。") == 3
    assert n_in_force(path, "①文。") == 3
    assert n_in_force(path, "4.文。") == 2
    assert n_in_force(path, "（三）文。") == 1
    assert n_in_force([], "（三）文。") == 0
