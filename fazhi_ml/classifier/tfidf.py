"""TF-IDF weights of term counts: one implementation for training and tagging.

The weighting is that of scikit-learn's TfidfVectorizer with ``sublinear_tf=True``, ``smooth_idf=True`` and
``norm="l2"`` (https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.features.sparse import SparseRows

__all__ = ["document_frequencies", "inverse_document_frequencies", "weight_terms"]


def document_frequencies(counts: SparseRows) -> NDArray[np.intp]:
    """Return in how many rows each term stands, shape (n_terms,)."""
    return np.bincount(counts.indices, minlength=counts.shape[1])


def inverse_document_frequencies(frequencies: NDArray[np.intp], n_documents: int) -> NDArray[np.float32]:
    """Return ``ln((1 + n) / (1 + df)) + 1`` of each term, shape (n_terms,)."""
    return (np.log((1 + n_documents) / (1 + frequencies)) + 1).astype(np.float32)


def weight_terms(counts: SparseRows, idf: NDArray[np.float32]) -> SparseRows:
    """Weight counts by sublinear TF-IDF and scale each row to unit length.

    Parameters
    ----------
    counts : SparseRows, shape (n_rows, n_terms)
    idf : float32 array of shape (n_terms,)

    Returns
    -------
    SparseRows, shape (n_rows, n_terms)
        Rows without a term that counts stay zero.
    """
    frequencies = counts.data.copy()
    # Most terms stand once in a text, and the logarithm of 1 is 0.
    repeated = np.flatnonzero(frequencies > 1)
    frequencies[repeated] = 1 + np.log(frequencies[repeated])
    weights = frequencies * idf.take(counts.indices)
    norms = np.sqrt(counts.sums(weights * weights))
    norms[norms == 0] = 1
    weights /= np.repeat(norms, np.diff(counts.indptr))
    return SparseRows(weights, counts.indices, counts.indptr, counts.n_columns)
