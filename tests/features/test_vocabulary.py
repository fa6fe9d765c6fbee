from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fazhi_ml.errors import ConfigError
from fazhi_ml.features.counts import learn_vocabulary
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings, Vocabulary

TEXTS = ["推进行政执法公示，公示4项。", "推进普法宣传。", ""]
HEADINGS = ["一、行政执法", None, "二、普法"]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return learn_vocabulary(TEXTS, HEADINGS, FeatureSettings(), Tokenizer())


def terms(vocabulary: Vocabulary, block: str) -> list[str]:
    return [vocabulary.term(block, column) for column in range(len(vocabulary.keys(block)))]


def test_keys_ascend_and_terms_differ(vocabulary: Vocabulary) -> None:
    assert list(vocabulary.tokens) == sorted(vocabulary.tokens)
    for block in BLOCKS:
        assert (np.diff(vocabulary.keys(block)) > 0).all()
        names = terms(vocabulary, block)
        assert len(set(names)) == len(names) > 0


def test_terms_read_as_text(vocabulary: Vocabulary) -> None:
    assert {"推进", "推进 行政", "公示", "0"} <= set(terms(vocabulary, "words"))
    assert "公示 公示" not in terms(vocabulary, "words")
    assert {"法", "公示,", "示,公", "00"[:1]} <= set(terms(vocabulary, "characters"))
    assert {"普法", "一"} <= set(terms(vocabulary, "headings"))
    assert "推进" not in terms(vocabulary, "headings")


def test_keeping_all_columns_changes_nothing(vocabulary: Vocabulary) -> None:
    kept = vocabulary.keep({block: np.arange(len(vocabulary.keys(block))) for block in BLOCKS})
    assert kept.tokens == vocabulary.tokens
    for block in BLOCKS:
        assert (kept.keys(block) == vocabulary.keys(block)).all()


def test_keeping_some_columns_keeps_their_terms_and_no_other_words(vocabulary: Vocabulary) -> None:
    columns = {block: np.arange(1, len(vocabulary.keys(block)), 3) for block in BLOCKS}
    kept = vocabulary.keep(columns)
    for block in BLOCKS:
        assert terms(kept, block) == [vocabulary.term(block, int(column)) for column in columns[block]]
        assert (np.diff(kept.keys(block)) > 0).all()
    used = {word for block in ("words", "headings") for term in terms(kept, block) for word in term.split(" ")}
    assert set(kept.tokens) == used


def test_nothing_can_be_kept(vocabulary: Vocabulary) -> None:
    kept = vocabulary.keep({block: np.array([], dtype=np.intp) for block in BLOCKS})
    assert kept.tokens == ()
    assert kept.indexes["words"].find(vocabulary.words).max() == -1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("word_ngrams", 0),
        ("word_ngrams", 3),
        ("word_ngrams", True),
        ("word_ngrams", "2"),
        ("char_ngrams", 4),
        ("char_ngrams", None),
        ("char_ngrams", 1.0),
        ("min_sentence", 0),
        ("min_sentence", 10_001),
        ("fold_digits", 1),
        ("fold_digits", None),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        FeatureSettings(**{name: value})
    assert caught.value.source == name
