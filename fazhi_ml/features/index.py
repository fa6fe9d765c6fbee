"""An exact index from n-gram keys to columns, built and queried by numpy."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["NgramIndex"]

_EMPTY = 0
# Keys below this, as single words and characters nearly always are, have a table without hashing.
_DIRECT = 1 << 16
# Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, section 6.4): 2**64 divided by the golden ratio.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
# Slots for each key: a sparse table seldom needs a second probe.
_LOAD = 6


class NgramIndex:
    """Finds the column of n-gram keys by open addressing with linear probing; keys are compared, so it is exact.

    Parameters
    ----------
    keys : int64 array of shape (n_terms,)
        Ascending, positive, without duplicates; the key at place i has column i.
    """

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the column of each key, -1 for keys that are not in the index; shape (n,) like `keys`."""
        if keys.size and keys.min() >= 0 and keys.max() < _DIRECT:
            return self._direct.take(keys)
        table_keys, table_columns, shift = self._table
        slots = _slots(keys, shift)
        columns = table_columns.take(slots)
        found = table_keys.take(slots)
        missed = np.flatnonzero(found != keys)
        columns[missed] = -1
        pending = missed[found[missed] != _EMPTY]
        slots = slots[pending]
        while pending.size:
            slots = (slots + 1) & (table_keys.size - 1)
            found = table_keys[slots]
            hit = found == keys[pending]
            columns[pending[hit]] = table_columns[slots[hit]]
            onward = ~hit & (found != _EMPTY)
            pending, slots = pending[onward], slots[onward]
        return columns

    @cached_property
    def _direct(self) -> NDArray[np.int32]:
        columns = np.full(_DIRECT, -1, dtype=np.int32)
        low = self.keys[self.keys < _DIRECT]
        columns[low] = np.arange(len(low), dtype=np.int32)
        return columns

    @cached_property
    def _table(self) -> tuple[NDArray[np.int64], NDArray[np.int32], np.uint64]:
        bits = max(4, int(len(self.keys) * _LOAD).bit_length())
        shift = np.uint64(64 - bits)
        table_keys = np.full(1 << bits, _EMPTY, dtype=np.int64)
        table_columns = np.full(1 << bits, -1, dtype=np.int32)
        pending = np.arange(len(self.keys), dtype=np.int32)
        slots = _slots(self.keys, shift)
        while pending.size:
            free = table_keys[slots] == _EMPTY
            # Of several keys that want one free slot the last written stays; the others find it taken and move on.
            table_keys[slots[free]] = self.keys[pending[free]]
            won = table_keys[slots] == self.keys[pending]
            table_columns[slots[won]] = pending[won]
            pending, slots = pending[~won], (slots[~won] + 1) & (table_keys.size - 1)
        return table_keys, table_columns, shift


def _slots(keys: NDArray[np.int64], shift: np.uint64) -> NDArray[np.int64]:
    return ((keys.view(np.uint64) * _MULTIPLIER) >> shift).view(np.int64)
