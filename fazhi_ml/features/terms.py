"""Term extraction: sentences, word n-grams and character n-grams, all as integers.

Both kinds of n-gram come from one mechanism. A text becomes a sequence of symbols (code points, or word numbers), and
an n-gram becomes one 64-bit integer that packs its symbols, so counting and look-up are exact, free of hash collisions
and done by numpy. One implementation serves training and tagging.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.features.normalise import NEWLINE, encode, fold

__all__ = [
    "CHARACTER_BITS",
    "FIRST_WORD",
    "SEPARATOR",
    "UNKNOWN",
    "WORD_BITS",
    "Rows",
    "is_word",
    "ngram_keys",
    "split_rows",
    "word_symbols",
]

SEPARATOR = 1
UNKNOWN = 2
FIRST_WORD = 3
"""Word symbols: between rows, for what is not in the vocabulary, and of the vocabulary's first word."""

WORD_BITS = 31
CHARACTER_BITS = 21
"""Widths of a symbol in a key: two words, or three code points, fill the 63 bits of a positive integer."""

_SENTENCE_ENDS = np.array([ord(mark) for mark in "。;!?"], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of folded texts, cut into rows: sentences, or whole texts.

    Attributes
    ----------
    codes : uint32 array of shape (n,)
        Folded code points, a NEWLINE after each row.
    positions : intp array of shape (n,)
        Index of each code point in the newline-joined batch of texts.
    texts : intp array of shape (n_rows,)
        The text that each row belongs to, ascending.
    """

    codes: NDArray[np.uint32]
    positions: NDArray[np.intp]
    texts: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def starts(self) -> NDArray[np.intp]:
        """Index in `codes` of the first code point of each row, shape (n_rows,)."""
        return np.append(0, np.flatnonzero(self.codes == NEWLINE) + 1)[:-1]

    @property
    def n_texts(self) -> int:
        """Number of texts."""
        return int(self.texts[-1]) + 1 if len(self.texts) else 0


def split_rows(texts: Sequence[str], *, fold_digits: bool, min_sentence: int | None) -> Rows:
    """Fold texts and cut them into sentences.

    Parameters
    ----------
    texts : sequence of str
    fold_digits : bool
        See `fazhi_ml.features.normalise.fold`.
    min_sentence : int or None
        Sentences end in 。；！ or ？; those shorter than this many code points join their neighbour. None: do not cut.

    Returns
    -------
    Rows
        At least one row a text, even for an empty one.
    """
    batch = "".join(text.replace("\n", " ") + "\n" for text in texts)
    codes, positions = fold(encode(batch), fold_digits=fold_digits)
    ends = np.flatnonzero(codes == NEWLINE)
    if min_sentence is None:
        return Rows(codes, positions, np.arange(len(texts)))
    breaks, owners = _sentence_breaks(codes, ends, min_sentence)
    places = breaks + np.arange(breaks.size)
    is_kept = np.ones(codes.size + breaks.size, dtype=bool)
    is_kept[places] = False
    cut_codes = np.full(is_kept.size, NEWLINE, dtype=np.uint32)
    cut_codes[is_kept] = codes
    cut_positions = np.empty(is_kept.size, dtype=np.intp)
    cut_positions[is_kept] = positions
    # A break has the position of the code point after it, where the next sentence begins.
    cut_positions[places] = positions[breaks]
    return Rows(cut_codes, cut_positions, owners)


def _sentence_breaks(
    codes: NDArray[np.uint32], ends: NDArray[np.intp], min_sentence: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where sentences after the first begin, and the text of each sentence."""
    is_mark = codes == _SENTENCE_ENDS[0]
    for mark in _SENTENCE_ENDS[1:]:
        is_mark |= codes == mark
    marks = np.flatnonzero(is_mark) + 1
    owner_of_mark = np.searchsorted(ends, marks)
    breaks: list[int] = []
    owners: list[int] = list(range(len(ends)))
    previous_owner, start = -1, 0
    for mark, owner in zip(marks.tolist(), owner_of_mark.tolist(), strict=True):
        if owner != previous_owner:
            previous_owner, start = owner, (int(ends[owner - 1]) + 1 if owner else 0)
        if mark - start >= min_sentence and ends[owner] - mark >= min_sentence:
            breaks.append(mark)
            owners.append(owner)
            start = mark
    return np.array(breaks, dtype=np.intp), np.sort(np.array(owners, dtype=np.intp))


def ngram_keys(symbols: NDArray[np.int64], *, max_n: int, bits: int) -> NDArray[np.int64]:
    """Return the key of every n-gram, n from 1 to `max_n`.

    Parameters
    ----------
    symbols : int64 array of shape (n,)
        Each at least 1 and below ``2 ** bits``; the last one is a separator.
    max_n : int
    bits : int
        Width of a symbol; ``max_n * bits`` is at most 63.

    Returns
    -------
    int64 array of shape (max_n, n)
        ``keys[k - 1, i]`` packs ``symbols[i : i + k]``. Keys that would reach past the end hold separators instead.
    """
    keys = np.empty((max_n, symbols.size), dtype=np.int64)
    keys[0] = symbols
    for n in range(1, max_n):
        np.left_shift(keys[n - 1], bits, out=keys[n])
        keys[n, : symbols.size - n] |= symbols[n:]
        keys[n, symbols.size - n :] |= symbols[-1:]
    return keys


def is_word(token: str) -> bool:
    """Tell whether a token counts as a word: punctuation does not, and parts the words on either side of it."""
    return token[0].isalnum()


def word_symbols(tokens: Sequence[str], vocabulary: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the symbol of each token: its number in `vocabulary` (which maps a newline to SEPARATOR), or UNKNOWN."""
    return np.fromiter(map(vocabulary.get, tokens, repeat(UNKNOWN)), dtype=np.int64, count=len(tokens))
