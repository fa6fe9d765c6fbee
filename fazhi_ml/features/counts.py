"""From texts to sparse term counts, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.features.index import NgramIndex
from fazhi_ml.features.normalise import NEWLINE, decode
from fazhi_ml.features.sparse import SparseRows, tally
from fazhi_ml.features.terms import (
    CHARACTER_BITS,
    FIRST_WORD,
    SEPARATOR,
    UNKNOWN,
    WORD_BITS,
    Rows,
    is_word,
    ngram_keys,
    split_rows,
    word_symbols,
)
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import FeatureSettings, Vocabulary

__all__ = ["BlockCounts", "TermCounts", "TermExtractor", "learn_vocabulary"]

# Row and column of every known n-gram of a batch, in no order: arrays of shape (n,).
_Occurrences = tuple[NDArray[np.intp], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """Counts of one block's terms, at two levels.

    Attributes
    ----------
    sentences : SparseRows, shape (n_sentences, n_terms)
    wholes : SparseRows, shape (n_texts, n_terms)
        No term crosses a sentence, so a text's counts are the sum of its sentences'.
    """

    sentences: SparseRows
    wholes: SparseRows


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Term counts of a batch of texts.

    Attributes
    ----------
    words, characters : BlockCounts
    headings : SparseRows, shape (n_headings, n_terms)
        One row for each distinct heading path of the batch.
    text_of : intp array of shape (n_sentences,)
        The text each sentence belongs to, ascending; every text has a sentence.
    heading_of : intp array of shape (n_texts,)
        The row of `headings` of each text; -1 where it has none.
    """

    words: BlockCounts
    characters: BlockCounts
    headings: SparseRows
    text_of: NDArray[np.intp]
    heading_of: NDArray[np.intp]

    @property
    def n_texts(self) -> int:
        """Number of texts."""
        return len(self.heading_of)

    def select(self, texts: NDArray[np.intp]) -> TermCounts:
        """Return the counts of some texts, given in ascending order."""
        sentences = np.flatnonzero(np.isin(self.text_of, texts))
        return TermCounts(
            BlockCounts(self.words.sentences.select(sentences), self.words.wholes.select(texts)),
            BlockCounts(self.characters.sentences.select(sentences), self.characters.wholes.select(texts)),
            self.headings,
            np.searchsorted(texts, self.text_of[sentences]),
            self.heading_of[texts],
        )


class TermExtractor:
    """Counts the terms of a vocabulary in texts and their headings.

    Parameters
    ----------
    settings : FeatureSettings
    tokenizer : Tokenizer
    vocabulary : Vocabulary
    """

    def __init__(self, settings: FeatureSettings, tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
        self.settings = settings
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary

    def counts(self, texts: Sequence[str], headings: Sequence[str | None]) -> TermCounts:
        """Count terms.

        Parameters
        ----------
        texts : sequence of str, length n_texts
        headings : sequence of (str or None), length n_texts

        Returns
        -------
        TermCounts
        """
        rows = self.sentences(texts)
        paths = {path: place for place, path in enumerate(dict.fromkeys(path for path in headings if path))}
        return TermCounts(
            words=_tally_levels(rows, self._word_occurrences(rows, "words"), len(self.vocabulary.words)),
            characters=_tally_levels(rows, self._character_occurrences(rows), len(self.vocabulary.characters)),
            headings=self.heading_counts(list(paths)),
            text_of=rows.texts,
            heading_of=np.array([paths[path] if path else -1 for path in headings], dtype=np.intp),
        )

    def heading_counts(self, paths: Sequence[str]) -> SparseRows:
        """Return the counts of heading paths, shape (n_paths, n_terms)."""
        rows = split_rows(paths, fold_digits=self.settings.fold_digits, min_sentence=None)
        return tally(*self._word_occurrences(rows, "headings"), (len(paths), len(self.vocabulary.headings)))

    def sentences(self, texts: Sequence[str]) -> Rows:
        """Return the folded sentences of texts."""
        return split_rows(texts, fold_digits=self.settings.fold_digits, min_sentence=self.settings.min_sentence)

    def word_keys(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """Return the keys of the word n-grams of tokens, shape (word_ngrams, n_tokens)."""
        symbols = word_symbols(tokens, self.vocabulary.symbol_of)
        return ngram_keys(symbols, max_n=self.settings.word_ngrams, bits=WORD_BITS)

    def character_keys(self, rows: Rows) -> NDArray[np.int64]:
        """Return the keys of the character n-grams of rows, shape (char_ngrams, n_code_points)."""
        return ngram_keys(rows.codes.astype(np.int64), max_n=self.settings.char_ngrams, bits=CHARACTER_BITS)

    def _word_occurrences(self, rows: Rows, block: str) -> _Occurrences:
        keys = self.word_keys(self.tokenizer.cut(decode(rows.codes)))
        return _occurrences(keys, SEPARATOR, self.vocabulary.indexes[block])

    def _character_occurrences(self, rows: Rows) -> _Occurrences:
        return _occurrences(self.character_keys(rows), NEWLINE, self.vocabulary.indexes["characters"])


def learn_vocabulary(
    texts: Sequence[str], headings: Sequence[str | None], settings: FeatureSettings, tokenizer: Tokenizer
) -> Vocabulary:
    """Collect every term of some texts and of their headings.

    Parameters
    ----------
    texts : sequence of str
    headings : sequence of (str or None)
    settings : FeatureSettings
    tokenizer : Tokenizer

    Returns
    -------
    Vocabulary
    """
    rows = split_rows(texts, fold_digits=settings.fold_digits, min_sentence=settings.min_sentence)
    paths = list(dict.fromkeys(path for path in headings if path))
    heading_rows = split_rows(paths, fold_digits=settings.fold_digits, min_sentence=None)
    tokens = tokenizer.cut(decode(rows.codes))
    heading_tokens = tokenizer.cut(decode(heading_rows.codes))
    words = sorted({token for token in {*tokens, *heading_tokens} if is_word(token)})
    symbol_of = {token: symbol for symbol, token in enumerate(words, start=FIRST_WORD)} | {"\n": SEPARATOR}

    def word_terms(of_tokens: list[str]) -> NDArray[np.int64]:
        symbols = word_symbols(of_tokens, symbol_of)
        return _distinct(symbols, (SEPARATOR, UNKNOWN), max_n=settings.word_ngrams, bits=WORD_BITS)

    codes = rows.codes.astype(np.int64)
    return Vocabulary(
        tuple(words),
        word_terms(tokens),
        _distinct(codes, (NEWLINE,), max_n=settings.char_ngrams, bits=CHARACTER_BITS),
        word_terms(heading_tokens),
    )


def _distinct(symbols: NDArray[np.int64], barriers: tuple[int, ...], *, max_n: int, bits: int) -> NDArray[np.int64]:
    """Return the distinct keys of n-grams that hold no barrier, ascending."""
    keys = ngram_keys(symbols, max_n=max_n, bits=bits)
    free = ~np.isin(symbols, barriers)
    whole = free.copy()
    kept = []
    for n in range(max_n):
        whole[: symbols.size - n] &= free[n:]
        whole[symbols.size - n :] = False
        kept.append(keys[n, whole])
    return np.unique(np.concatenate(kept))


def _occurrences(keys: NDArray[np.int64], separator: int, index: NgramIndex) -> _Occurrences:
    """Return row and column of every known n-gram; ``keys[0]`` is `separator` at the end of each row."""
    ends = keys[0] == separator
    row_at = np.cumsum(ends) - ends
    row_parts, column_parts = [], []
    for of_length in keys:
        columns = index.find(of_length)
        known = np.flatnonzero(columns >= 0)
        row_parts.append(row_at.take(known))
        column_parts.append(columns.take(known))
    return np.concatenate(row_parts), np.concatenate(column_parts)


def _tally_levels(rows: Rows, occurrences: _Occurrences, n_terms: int) -> BlockCounts:
    row_of, columns = occurrences
    return BlockCounts(
        tally(row_of, columns, (len(rows), n_terms)),
        tally(rows.texts.take(row_of), columns, (rows.n_texts, n_terms)),
    )
