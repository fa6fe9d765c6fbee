"""Sparse rows with the three operations that tagging needs, in numpy alone.

Importing scipy.sparse takes longer than tagging a report, so only training does (see `SparseRows.to_scipy`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["SparseRows", "tally"]


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """A matrix in compressed sparse row format, with the attribute names of scipy's ``csr_array``.

    Attributes
    ----------
    data : float32 array of shape (nnz,)
    indices : intp array of shape (nnz,)
        Column of each value, ascending within a row.
    indptr : intp array of shape (n_rows + 1,)
        Where each row begins in the other two; the last entry is nnz.
    n_columns : int
    """

    data: NDArray[np.float32]
    indices: NDArray[np.intp]
    indptr: NDArray[np.intp]
    n_columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self.indptr) - 1, self.n_columns

    def select(self, rows: NDArray[np.intp]) -> SparseRows:
        """Return some rows, in the order asked for."""
        lengths = np.diff(self.indptr)[rows]
        indptr = np.append(0, np.cumsum(lengths))
        places = np.arange(indptr[-1]) + np.repeat(self.indptr[rows] - indptr[:-1], lengths)
        return SparseRows(self.data[places], self.indices[places], indptr, self.n_columns)

    def sums(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sum over each row of values that stand in the places of `data`, shape (n_rows,)."""
        totals = np.zeros(len(self.indptr) - 1, dtype=np.float32)
        filled = np.flatnonzero(np.diff(self.indptr))
        if filled.size:
            totals[filled] = np.add.reduceat(values, self.indptr[filled])
        return totals

    def dot(self, dense: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product with a dense matrix of shape (n_columns, k): shape (n_rows, k)."""
        product = np.empty((len(self.indptr) - 1, dense.shape[1]), dtype=np.float32)
        for column, weights in enumerate(np.ascontiguousarray(dense.T)):
            product[:, column] = self.sums(self.data * weights.take(self.indices))
        return product

    def to_scipy(self) -> sp.csr_array:
        """Return the same matrix for scipy."""
        import scipy.sparse as sp

        # scikit-learn takes 32-bit indices only.
        indices, indptr = self.indices.astype(np.int32), self.indptr.astype(np.int32)
        return sp.csr_array((self.data, indices, indptr), shape=self.shape)


def tally(row_of: NDArray[np.intp], columns: NDArray[np.int32], shape: tuple[int, int]) -> SparseRows:
    """Count each (row, column) pair.

    Parameters
    ----------
    row_of : intp array of shape (n,)
    columns : int32 array of shape (n,)
        Not negative.
    shape : (int, int)

    Returns
    -------
    SparseRows
    """
    # Sorting each pair as one integer is several times faster than sorting the columns of each row.
    cells = row_of << 32
    cells |= columns
    cells.sort()
    # True where a run of equal cells begins, and behind the last one.
    is_bound = np.ones(cells.size + 1, dtype=bool)
    np.not_equal(cells[1:], cells[:-1], out=is_bound[1:-1])
    bounds = np.flatnonzero(is_bound)
    distinct = cells.take(bounds[:-1])
    row_ends = np.searchsorted(distinct, np.arange(shape[0] + 1) << 32)
    return SparseRows(np.diff(bounds).astype(np.float32), distinct & 0xFFFFFFFF, row_ends, shape[1])
