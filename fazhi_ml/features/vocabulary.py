"""The terms a model knows, and the settings that say how terms are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.errors import ConfigError
from fazhi_ml.features.index import NgramIndex
from fazhi_ml.features.terms import CHARACTER_BITS, FIRST_WORD, SEPARATOR, WORD_BITS

__all__ = ["BLOCKS", "FeatureSettings", "Vocabulary"]

BLOCKS = ("words", "characters", "headings")
"""The feature blocks: a text's words, its characters, and the words of the headings above it."""


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """How texts become terms.

    Attributes
    ----------
    word_ngrams : int
        Longest word n-gram, 1 or 2; also for headings.
    char_ngrams : int
        Longest character n-gram, 1 to 3.
    min_sentence : int
        Shortest sentence in code points; shorter ones join their neighbour.
    fold_digits : bool
        Whether every digit counts as 0.
    """

    word_ngrams: int = 2
    char_ngrams: int = 3
    min_sentence: int = 8
    fold_digits: bool = True

    def __post_init__(self) -> None:
        """Check the ranges, since keys have room for two words or three characters."""
        for name, value, highest in (
            ("word_ngrams", self.word_ngrams, 2),
            ("char_ngrams", self.char_ngrams, 3),
            ("min_sentence", self.min_sentence, 10_000),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= highest:
                raise ConfigError("out of range", source=name, remedy=f"Give a whole number from 1 to {highest}.")
        if not isinstance(self.fold_digits, bool):
            raise ConfigError("not true or false", source="fold_digits", remedy="Give true or false.")


@dataclass(frozen=True)
class Vocabulary:
    """The terms of each block, as keys (see `fazhi_ml.features.terms`).

    Attributes
    ----------
    tokens : tuple of str
        Words, ascending; the word at place i has the symbol ``i + FIRST_WORD``.
    words, characters, headings : int64 arrays of shape (n_terms,)
        Keys of each block's terms, ascending; the place is the column.
    """

    tokens: tuple[str, ...]
    words: NDArray[np.int64]
    characters: NDArray[np.int64]
    headings: NDArray[np.int64]

    @cached_property
    def symbol_of(self) -> dict[str, int]:
        """Word to symbol; a newline, which ends each row of a batch, to SEPARATOR."""
        return {token: symbol for symbol, token in enumerate(self.tokens, start=FIRST_WORD)} | {"\n": SEPARATOR}

    @cached_property
    def indexes(self) -> dict[str, NgramIndex]:
        """The index of each block."""
        return {block: NgramIndex(self.keys(block)) for block in BLOCKS}

    def keys(self, block: str) -> NDArray[np.int64]:
        """Return the keys of a block."""
        keys: NDArray[np.int64] = {"words": self.words, "characters": self.characters, "headings": self.headings}[block]
        return keys

    def term(self, block: str, column: int) -> str:
        """Return a term as text, its words joined with a space."""
        key = int(self.keys(block)[column])
        if block == "characters":
            return "".join(chr(code) for code in _unpack(key, CHARACTER_BITS))
        return " ".join(self.tokens[symbol - FIRST_WORD] for symbol in _unpack(key, WORD_BITS))

    def keep(self, columns: dict[str, NDArray[np.intp]]) -> Vocabulary:
        """Return the vocabulary of some columns of each block, without words that no term uses any more."""
        kept = {block: self.keys(block)[columns[block]] for block in BLOCKS}
        symbols = np.unique(np.concatenate([_word_parts(kept["words"]), _word_parts(kept["headings"])]))
        # Old symbol to new: words keep their order, so keys keep theirs.
        renumber = np.zeros(len(self.tokens) + FIRST_WORD, dtype=np.int64)
        renumber[symbols] = np.arange(FIRST_WORD, FIRST_WORD + symbols.size)
        return Vocabulary(
            tuple(self.tokens[symbol - FIRST_WORD] for symbol in symbols.tolist()),
            _renumbered(kept["words"], renumber),
            kept["characters"],
            _renumbered(kept["headings"], renumber),
        )


def _unpack(key: int, bits: int) -> Sequence[int]:
    symbols = []
    while key:
        symbols.append(key & ((1 << bits) - 1))
        key >>= bits
    return symbols[::-1]


def _word_parts(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    parts = np.concatenate([keys >> WORD_BITS, keys & ((1 << WORD_BITS) - 1)])
    return parts[parts > 0]


def _renumbered(keys: NDArray[np.int64], renumber: NDArray[np.int64]) -> NDArray[np.int64]:
    # Symbol 0, the missing first word of a unigram, stays 0.
    renumbered: NDArray[np.int64] = (renumber[keys >> WORD_BITS] << WORD_BITS) | renumber[keys & ((1 << WORD_BITS) - 1)]
    return renumbered
