from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.features.sparse import SparseRows, tally

pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=60)


def tallied(cells: list[tuple[int, int]]) -> SparseRows:
    rows = np.array([row for row, _ in cells], dtype=np.intp)
    return tally(rows, np.array([column for _, column in cells], dtype=np.int32), (6, 8))


@settings(max_examples=200, deadline=None)
@given(pairs)
def test_a_tally_counts_each_pair(cells: list[tuple[int, int]]) -> None:
    expected = np.zeros((6, 8), dtype=np.float32)
    for row, column in cells:
        expected[row, column] += 1
    counts = tallied(cells)
    assert counts.shape == (6, 8)
    assert (counts.to_scipy().toarray() == expected).all()
    assert counts.to_scipy().has_canonical_format
    assert not (counts.data == 0).any()


@settings(max_examples=200, deadline=None)
@given(pairs, st.lists(st.integers(0, 5), max_size=9))
def test_rows_are_selected_summed_and_multiplied_as_in_a_dense_matrix(
    cells: list[tuple[int, int]], rows: list[int]
) -> None:
    counts = tallied(cells)
    dense = counts.to_scipy().toarray()
    chosen = counts.select(np.array(rows, dtype=np.intp))
    assert (chosen.to_scipy().toarray() == dense[rows]).all()
    assert chosen.shape == (len(rows), 8)
    weights = np.arange(24, dtype=np.float32).reshape(8, 3)
    assert (chosen.dot(weights) == dense[rows] @ weights).all()
    assert (counts.sums(counts.data) == dense.sum(axis=1)).all()
    assert chosen.dot(weights).dtype == np.float32
