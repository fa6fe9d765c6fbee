from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fazhi_ml.features.counts import TermCounts, TermExtractor, learn_vocabulary
from fazhi_ml.features.sparse import SparseRows
from fazhi_ml.features.tokenizer import Tokenizer, UserWords
from fazhi_ml.features.vocabulary import FeatureSettings, Vocabulary
from fazhi_ml.labels import LabelledTexts
from tests.features import reference
from tests.features.strategies import mixed, sentences

SETTINGS = FeatureSettings()
any_texts = st.lists(mixed | sentences | st.sampled_from(["", "  ", "\u3000\n"]), max_size=6)


@pytest.fixture(scope="module")
def tokenizer(user_words: UserWords) -> Tokenizer:
    return Tokenizer(user_words)


def extractor_for(
    texts: Sequence[str], headings: Sequence[str | None], tokenizer: Tokenizer, settings: FeatureSettings = SETTINGS
) -> TermExtractor:
    return TermExtractor(settings, tokenizer, learn_vocabulary(texts, headings, settings, tokenizer))


def tallies(matrix: SparseRows, vocabulary: Vocabulary, block: str) -> list[Counter[str]]:
    """Return each row as a Counter of readable terms."""
    assert matrix.data.dtype == np.float32
    rows = []
    for row in range(matrix.shape[0]):
        cells = slice(matrix.indptr[row], matrix.indptr[row + 1])
        names = [vocabulary.term(block, column) for column in matrix.indices[cells].tolist()]
        assert len(set(names)) == len(names)
        rows.append(Counter(dict(zip(names, map(int, matrix.data[cells]), strict=True))))
    return rows


def dense(matrix: SparseRows) -> NDArray[np.float32]:
    return matrix.to_scipy().toarray()


def assert_counts_are_right(
    counts: TermCounts,
    extractor: TermExtractor,
    texts: Sequence[str],
    headings: Sequence[str | None],
) -> None:
    vocabulary, tokenizer, setting = extractor.vocabulary, extractor.tokenizer, extractor.settings
    cut = [reference.sentences(text, setting.min_sentence, fold_digits=setting.fold_digits) for text in texts]
    assert counts.n_texts == len(texts)
    assert counts.text_of.tolist() == [owner for owner, rows in enumerate(cut) for _ in rows]
    for block, of_block in (("words", counts.words), ("characters", counts.characters)):

        def terms(rows: list[str], block: str = block) -> Counter[str]:
            if block == "words":
                return Counter(reference.word_terms(rows, tokenizer, setting.word_ngrams))
            return Counter(reference.character_terms(rows, setting.char_ngrams))

        assert tallies(of_block.wholes, vocabulary, block) == [terms(rows) for rows in cut]
        assert tallies(of_block.sentences, vocabulary, block) == [terms([row]) for rows in cut for row in rows]
    in_headings = tallies(counts.headings, vocabulary, "headings")
    for row, path in zip(counts.heading_of.tolist(), headings, strict=True):
        assert (row >= 0) == bool(path)
        if path:
            folded = [reference.folded_text(path, fold_digits=setting.fold_digits)]
            assert in_headings[row] == Counter(reference.word_terms(folded, tokenizer, setting.word_ngrams))


def test_counts_of_corpus_items_are_those_of_a_counter(other_texts: LabelledTexts, tokenizer: Tokenizer) -> None:
    texts, headings = other_texts.texts[:150], other_texts.headings[:150]
    extractor = extractor_for(texts, headings, tokenizer)
    assert_counts_are_right(extractor.counts(texts, headings), extractor, texts, headings)


@settings(max_examples=100, deadline=None)
@given(any_texts, st.integers(1, 2), st.integers(1, 3), st.booleans())
def test_counts_of_any_text_are_those_of_a_counter(
    tokenizer: Tokenizer, texts: list[str], word_ngrams: int, char_ngrams: int, fold_digits: bool
) -> None:
    headings = [None if place % 3 == 0 else text[:9] for place, text in enumerate(texts)]
    setting = FeatureSettings(word_ngrams, char_ngrams, 5, fold_digits)
    extractor = extractor_for(texts, headings, tokenizer, setting)
    assert_counts_are_right(extractor.counts(texts, headings), extractor, texts, headings)


def test_terms_outside_the_vocabulary_do_not_count(tokenizer: Tokenizer) -> None:
    extractor = extractor_for(["行政执法监督"], [None], tokenizer)
    counts = extractor.counts(["普法 行政执法监督 宣传"], ["行政执法"])
    assert tallies(counts.words.wholes, extractor.vocabulary, "words")[0] == Counter(
        reference.word_terms(["行政执法监督"], tokenizer)
    )
    assert counts.headings.data.size == 0


def test_an_empty_batch_has_no_rows(tokenizer: Tokenizer) -> None:
    counts = extractor_for(["行政执法"], ["普法"], tokenizer).counts([], [])
    assert counts.n_texts == 0
    assert [matrix.shape[0] for matrix in (counts.words.wholes, counts.characters.sentences, counts.headings)] == [
        0
    ] * 3


@pytest.mark.parametrize("text", ["", " ", "\u3000\u3000\n", "\0\u200b", "，。！"])
def test_a_text_without_words_has_one_row_without_words(text: str, tokenizer: Tokenizer) -> None:
    counts = extractor_for(["行政执法"], [None], tokenizer).counts([text, "行政执法", text], [text, None, ""])
    assert counts.text_of.tolist() == [0, 1, 2]
    assert (np.diff(counts.words.wholes.indptr) > 0).tolist() == [False, True, False]


def test_the_same_headings_share_a_row(tokenizer: Tokenizer) -> None:
    extractor = extractor_for(["甲"], ["普法"], tokenizer)
    assert extractor.counts(["甲"] * 4, ["普法", None, "执法", "普法"]).heading_of.tolist() == [0, -1, 1, 0]


def test_selected_counts_are_those_of_the_selected_texts(other_texts: LabelledTexts, tokenizer: Tokenizer) -> None:
    texts, headings = other_texts.texts[:60], other_texts.headings[:60]
    extractor = extractor_for(texts, headings, tokenizer)
    chosen = np.array([0, 3, 4, 17, 59])
    counts = extractor.counts(texts, headings).select(chosen)
    assert_counts_are_right(
        counts, extractor, [texts[place] for place in chosen], [headings[place] for place in chosen]
    )


def test_counts_do_not_depend_on_the_batch(other_texts: LabelledTexts, tokenizer: Tokenizer) -> None:
    texts, headings = other_texts.texts[:40], other_texts.headings[:40]
    extractor = extractor_for(texts, headings, tokenizer)
    together = extractor.counts(texts, headings)
    for place in (0, 7, 39):
        alone = extractor.counts([texts[place]], [headings[place]])
        for whole, part in ((together.words, alone.words), (together.characters, alone.characters)):
            assert (dense(whole.wholes)[[place]] == dense(part.wholes)).all()
            assert (dense(whole.sentences)[together.text_of == place] == dense(part.sentences)).all()


def test_a_giant_text_counts_as_its_sentences_do(tokenizer: Tokenizer) -> None:
    sentence = "加强行政执法监督检查，落实各项工作制度。"
    extractor = extractor_for([sentence], [None], tokenizer)
    one, giant = extractor.counts([sentence], [None]), extractor.counts([sentence * 5_000], [None])
    assert len(giant.text_of) == 5_000
    for small, large in ((one.words, giant.words), (one.characters, giant.characters)):
        assert (dense(large.wholes) == dense(small.wholes) * 5_000).all()
