"""Normalisation that knows where every code point came from.

Text is folded code point by code point (NFKC form of Unicode Standard Annex 15, lower case) and then stripped of what
carries no meaning, with the original position of each code point kept, so evidence can be shown where it stands.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEWLINE", "decode", "encode", "fold"]

NEWLINE = 10
"""The code point that separates rows of a batch; folded text never holds it."""

_BMP = 0x10000
_SPACE = 0x20
_DROPPED = 0
_REPLACEMENT = 0xFFFD
_LATIN_END = 0x250
_IS_LATIN = np.array([chr(code).isalnum() for code in range(_LATIN_END)] + [False])
# Han and Hangul syllables, half of the plane, are their own folded forms: looking at the rest keeps start-up short.
_FOLDING = (*range(0x3400), *range(0xF900, _BMP))


@cache
def _table(fold_digits: bool) -> NDArray[np.uint32]:
    """Return the folded form of each code point of the Basic Multilingual Plane; 0 where it is dropped."""
    table = np.arange(_BMP, dtype=np.uint32)
    table[0xD800:0xE000] = _REPLACEMENT
    for code in _FOLDING:
        character = chr(code)
        if character.isspace():
            table[code] = _SPACE
        elif not character.isprintable():
            table[code] = _DROPPED
        elif fold_digits and character.isdecimal():
            table[code] = ord("0")
        else:
            form = unicodedata.normalize("NFKC", character).lower()
            # A form of several code points (㈠, ½) would have no place of its own.
            table[code] = ord(form) if len(form) == 1 else code
    return table


def encode(text: str) -> NDArray[np.uint32]:
    """Return the code points of `text`, shape (len(text),); lone surrogates pass."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def decode(codes: NDArray[np.uint32]) -> str:
    """Return the text of folded code points."""
    return codes.tobytes().decode("utf-32-le")


def fold(codes: NDArray[np.uint32], *, fold_digits: bool) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Fold the code points of one text or of a newline-separated batch.

    Newlines stay. Control and zero-width characters go, and so does white space, except one space between two words in
    Latin letters: Chinese text has no spaces of its own, only those of its layout.

    Parameters
    ----------
    codes : uint32 array of shape (n,)
    fold_digits : bool
        Whether every decimal digit becomes 0, so that years and figures do not tell reports apart.

    Returns
    -------
    codes : uint32 array of shape (m,), m <= n
        Lone surrogates become U+FFFD; code points beyond the Basic Multilingual Plane are unchanged.
    positions : intp array of shape (m,)
        Index in the input of each code point.
    """
    table = _table(fold_digits)
    newlines = codes == NEWLINE
    if codes.size and codes.max() >= _BMP:
        folded = np.where(codes < _BMP, table[np.minimum(codes, _BMP - 1)], codes).astype(np.uint32, copy=False)
    else:
        folded = table[codes]
    folded[newlines] = NEWLINE
    positions = np.flatnonzero((folded != _DROPPED) & (folded != _SPACE))
    compact = folded[positions]
    if positions.size == codes.size:
        return compact, positions
    return _with_word_spaces(folded, compact, positions)


def _with_word_spaces(
    folded: NDArray[np.uint32], compact: NDArray[np.uint32], positions: NDArray[np.intp]
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Put one space back where white space parted two Latin letters or digits."""
    spaces = np.cumsum(folded == _SPACE)
    latin = _IS_LATIN[np.minimum(compact, _LATIN_END)]
    parted = np.diff(spaces[positions]) > 0
    gaps = np.flatnonzero(latin[:-1] & latin[1:] & parted)
    return (
        np.insert(compact, gaps + 1, np.uint32(_SPACE)),
        np.insert(positions, gaps + 1, positions[gaps] + 1),
    )
