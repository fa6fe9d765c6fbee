"""Texts that stand twice, to the letter or nearly.

Two texts are the same when nothing but white space, width and case of their characters sets them apart. They are nearly
the same when their sets of three-character sequences have a Jaccard similarity of at least 0.7, which for sentences is
about one word in ten exchanged. Candidates come from MinHash signatures cut into bands, so the time grows with the
length of the texts, not with the number of pairs; each candidate is then compared exactly.

Source: A. Broder, On the resemblance and containment of documents (1997); J. Leskovec, A. Rajaraman and J. Ullman,
Mining of massive datasets, ch. 3 (2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.features.normalise import NEWLINE
from fazhi_ml.features.terms import CHARACTER_BITS, ngram_keys, split_rows

__all__ = ["SIMILARITY", "near_duplicates", "same_texts"]

SIMILARITY = 0.7
"""Jaccard similarity from which two texts count as nearly the same."""

_BANDS = 12
_BAND_ROWS = 4
_CHUNK = 500_000
# Of longer texts the beginning is compared.
_MAX_LENGTH = 10_000
# Shorter texts are alike by chance.
_MIN_TRIGRAMS = 6
_UNSEEN = np.uint64(2**64 - 1)


def same_texts(texts: Sequence[str]) -> list[list[int]]:
    """Return the row numbers of texts that are the same, a list for each text that stands at least twice.

    Empty texts are left out.
    """
    rows_of: dict[bytes, list[int]] = {}
    for row, codes in enumerate(_folded(texts)):
        if codes.size:
            rows_of.setdefault(hashlib.sha256(codes.tobytes()).digest(), []).append(row)
    return [rows for rows in rows_of.values() if len(rows) > 1]


def near_duplicates(texts: Sequence[str]) -> list[tuple[int, int, float]]:
    """Find pairs of texts that are nearly the same, or the same.

    Of many texts that are alike each is paired with some of the others, not with all.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    list of (int, int, float)
        Two row numbers, the lower first, and the similarity; ascending. A pair at the limit is found with a
        probability of 0.96, one with a similarity of 0.8 with 0.998.
    """
    trigrams = [_trigrams(codes[:_MAX_LENGTH]) for codes in _folded(texts)]
    signatures = _signatures(trigrams)
    found = []
    for first, second in _candidates(signatures, np.array([len(own) >= _MIN_TRIGRAMS for own in trigrams], dtype=bool)):
        common = len(np.intersect1d(trigrams[first], trigrams[second], assume_unique=True))
        similarity = common / (len(trigrams[first]) + len(trigrams[second]) - common)
        if similarity >= SIMILARITY:
            found.append((first, second, similarity))
    return found


def _folded(texts: Sequence[str]) -> Iterator[NDArray[np.uint32]]:
    """Yield the folded code points of each text."""
    for start, end in _chunks([len(text) for text in texts]):
        codes = split_rows(texts[start:end], fold_digits=False, min_sentence=None).codes
        ends = np.flatnonzero(codes == NEWLINE)
        begin = 0
        for stop in ends.tolist():
            yield codes[begin:stop]
            begin = stop + 1


def _chunks(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of entries whose lengths add up to a chunk, or a longer entry alone."""
    start = size = 0
    for place, length in enumerate(lengths):
        if size and size + length > _CHUNK:
            yield start, place
            start, size = place, 0
        size += length
    if start < len(lengths):
        yield start, len(lengths)


def _trigrams(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    if codes.size < 3:
        return np.empty(0, dtype=np.int64)
    # A code point is at least 1: control characters are folded away.
    return np.unique(ngram_keys(codes.astype(np.int64), max_n=3, bits=CHARACTER_BITS)[2, :-2])


def _signatures(trigrams: Sequence[NDArray[np.int64]]) -> NDArray[np.uint64]:
    """Return MinHash signatures, shape (n_texts, n_hashes); those of texts without trigrams are all alike."""
    draws = np.random.default_rng(0).integers(2**64, size=(2, _BANDS * _BAND_ROWS), dtype=np.uint64)
    factors, offsets = draws[0] | np.uint64(1), draws[1]
    signatures = np.full((len(trigrams), len(factors)), _UNSEEN)
    sizes = [len(own) for own in trigrams]
    for start, end in _chunks(sizes):
        filled = start + np.flatnonzero(sizes[start:end])
        if not filled.size:
            continue
        keys = _mixed(np.concatenate(trigrams[start:end]).view(np.uint64))
        begins = np.append(0, np.cumsum(np.array(sizes)[filled]))[:-1]
        for place, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            signatures[filled, place] = np.minimum.reduceat(keys * factor + offset, begins)
    return signatures


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread keys over 64 bits (the finaliser of MurmurHash3), for a multiplication alone keeps neighbours together."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        keys = (keys ^ (keys >> np.uint64(33))) * np.uint64(factor)
    return keys ^ (keys >> np.uint64(33))


def _candidates(signatures: NDArray[np.uint64], is_long: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield pairs that agree in a band, ascending: at most one a text and band."""
    rows = np.flatnonzero(is_long)
    pairs = []
    for band in np.split(signatures[rows], _BANDS, axis=1):
        keys = np.zeros(len(rows), dtype=np.uint64)
        for column in band.T:
            keys = _mixed(keys + column)
        order = np.argsort(keys, kind="stable")
        alike = keys[order][1:] == keys[order][:-1]
        pairs.append(np.stack([rows[order[:-1][alike]], rows[order[1:][alike]]], axis=1))
    if pairs:
        distinct = np.unique(np.concatenate(pairs), axis=0)
        # Exact comparison is the dear part: most chance hits share few hashes.
        shared = (signatures[distinct[:, 0]] == signatures[distinct[:, 1]]).mean(axis=1)
        yield from map(tuple, distinct[shared >= SIMILARITY - 0.25].tolist())
