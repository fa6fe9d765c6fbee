from __future__ import annotations

from fazhi_ml.training.dataset_card import render_dataset_card
from tests.training.conftest import MakeTexts


def test_counts_of_both_parts(make_texts: MakeTexts) -> None:
    train = make_texts([[1, 0], [1, -1], [0, 0]], groups=["a", "a", "b"])
    test = make_texts([[0, 1]], groups=["c"])
    card = render_dataset_card(train, test, description="Written for this test.", data_hash="ab12")
    first, second = train.codebook.ids
    assert "| train | 2 | 3 |" in card
    assert "| test | 1 | 1 |" in card
    assert f"| `{first}` | 2 | 0 | 0 | 0 |" in card
    assert f"| `{second}` | 0 | 1 | 1 | 0 |" in card
    assert "| none (`other`) | 1 |  | 0 |  |" in card
    assert "ab12" in card
    assert "Written for this test." in card


def test_without_a_test_part(make_texts: MakeTexts) -> None:
    card = render_dataset_card(make_texts([[1, 0]]), None, description="", data_hash="ab12")
    assert "| test |" not in card
    assert "\n\n\n" not in card
