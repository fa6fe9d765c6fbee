from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.features.index import NgramIndex

# Close numbers and far ones: neighbours share slots, far ones use all bits.
numbers = st.integers(1, 40) | st.integers(1, 2**63 - 1) | st.integers(0, 2**20).map(lambda i: 1 + (i << 42))


@settings(max_examples=300, deadline=None)
@given(st.sets(numbers, max_size=200), st.lists(numbers | st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_finds_what_a_dict_finds(keys: set[int], queries: list[int]) -> None:
    ordered = sorted(keys)
    columns = {key: column for column, key in enumerate(ordered)}
    index = NgramIndex(np.array(ordered, dtype=np.int64))
    asked = [*queries, *ordered]
    found = index.find(np.array(asked, dtype=np.int64))
    assert len(index) == len(ordered)
    assert found.dtype == np.int32
    assert found.tolist() == [columns.get(query, -1) for query in asked]


def test_crowded_slots_are_told_apart() -> None:
    keys = np.arange(1, 50_001, dtype=np.int64) << 21
    index = NgramIndex(keys)
    assert (index.find(keys) == np.arange(50_000)).all()
    assert (index.find(keys + 1) == -1).all()


def test_an_empty_index_finds_nothing() -> None:
    index = NgramIndex(np.array([], dtype=np.int64))
    assert index.find(np.array([0, 1, 7, -1], dtype=np.int64)).tolist() == [-1, -1, -1, -1]
    assert index.find(np.array([], dtype=np.int64)).tolist() == []
