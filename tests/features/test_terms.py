from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.features.normalise import NEWLINE, decode
from fazhi_ml.features.terms import Rows, is_word, ngram_keys, split_rows, word_symbols
from tests.features import reference
from tests.features.strategies import mixed, sentences

texts_of_any_kind = st.lists(mixed | sentences, max_size=5)


def rows_of(rows: Rows) -> list[tuple[int, str]]:
    return list(zip(rows.texts.tolist(), decode(rows.codes).split("\n")[:-1], strict=True))


@settings(max_examples=300, deadline=None)
@given(texts_of_any_kind, st.integers(1, 30))
def test_sentences_are_those_of_the_description(texts: list[str], min_sentence: int) -> None:
    rows = split_rows(texts, fold_digits=True, min_sentence=min_sentence)
    expected = [
        (owner, sentence) for owner, text in enumerate(texts) for sentence in reference.sentences(text, min_sentence)
    ]
    assert rows_of(rows) == expected
    assert len(rows) == len(expected)
    assert rows.n_texts == len(texts)


@settings(max_examples=200, deadline=None)
@given(texts_of_any_kind)
def test_uncut_texts_are_one_row_each(texts: list[str]) -> None:
    rows = split_rows(texts, fold_digits=False, min_sentence=None)
    assert rows_of(rows) == [
        (owner, reference.folded_text(text, fold_digits=False)) for owner, text in enumerate(texts)
    ]


@settings(max_examples=200, deadline=None)
@given(mixed | sentences)
def test_positions_and_starts_point_into_the_text(text: str) -> None:
    rows = split_rows([text], fold_digits=True, min_sentence=18)
    assert (np.diff(rows.positions) >= 0).all()
    assert ((rows.positions >= 0) & (rows.positions <= len(text))).all()
    assert [decode(rows.codes)[start:].split("\n")[0] for start in rows.starts] == [row for _, row in rows_of(rows)]


def test_short_sentences_join_their_neighbour() -> None:
    text = "好。" + "甲" * 20 + "。" + "乙" * 20 + "。完。"
    rows = split_rows([text], fold_digits=True, min_sentence=18)
    assert [row for _, row in rows_of(rows)] == ["好。" + "甲" * 20 + "。", "乙" * 20 + "。完。"]


def test_no_texts_have_no_rows() -> None:
    rows = split_rows([], fold_digits=True, min_sentence=18)
    assert (len(rows), rows.n_texts, rows.codes.size, rows.starts.size) == (0, 0, 0, 0)


def test_a_giant_text_is_cut_at_every_sentence() -> None:
    text = "加强行政执法监督检查工作，落实各项制度。" * 20_000
    assert len(split_rows([text], fold_digits=True, min_sentence=18)) == 20_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 2**21 - 1), max_size=12), st.integers(1, 3))
def test_keys_pack_their_symbols_without_collision(symbols: list[int], max_n: int) -> None:
    sequence = [*symbols, NEWLINE]
    keys = ngram_keys(np.array(sequence, dtype=np.int64), max_n=max_n, bits=21)
    padded = sequence + [NEWLINE] * max_n
    assert keys.shape == (max_n, len(sequence))
    for n in range(max_n):
        for place in range(len(sequence)):
            expected = 0
            for symbol in padded[place : place + n + 1]:
                expected = expected << 21 | symbol
            assert keys[n, place] == expected > 0


def test_no_symbols_have_no_keys() -> None:
    assert ngram_keys(np.array([], dtype=np.int64), max_n=3, bits=21).shape == (3, 0)


@pytest.mark.parametrize("token", ["法治", "2023", "a", "ß", "𠮷"])
def test_words(token: str) -> None:
    assert is_word(token)


@pytest.mark.parametrize("token", ["，", "\n", " ", "“", "%", "\ufffd"])
def test_what_parts_words(token: str) -> None:
    assert not is_word(token)


def test_unknown_tokens_have_one_symbol() -> None:
    assert word_symbols(["法治", "监督", "\n"], {"法治": 3, "\n": 1}).tolist() == [3, 2, 1]
