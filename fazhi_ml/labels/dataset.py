"""Labelled texts as arrays: what training and evaluation work on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import InputError

__all__ = ["ABSENT", "PRESENT", "UNCERTAIN", "LabelledTexts", "label_matrix"]

PRESENT = 1
ABSENT = 0
UNCERTAIN = -1
"""Only one of two annotators gave the theme: neither rewarded nor punished in scoring."""


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Texts with their labels, one row a text.

    Attributes
    ----------
    texts : tuple of str
    headings : tuple of (str or None)
        Heading path above each text, joined with a space; None where there is none.
    labels : ndarray of int8, shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain. Columns follow ``codebook.ids``.
    groups : tuple of str
        Id of the report each text comes from.
    roles : tuple of str
        Role of the section each text stands in.
    sources : tuple of str
        Where each text is labelled, such as ``r001.txt:12``.
    codebook : Codebook

    Raises
    ------
    InputError
        The fields disagree in length.
    """

    texts: tuple[str, ...]
    headings: tuple[str | None, ...]
    labels: NDArray[np.int8]
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    sources: tuple[str, ...]
    codebook: Codebook

    def __post_init__(self) -> None:
        """Check that every field has one entry a text."""
        rows = {len(column) for column in (self.texts, self.headings, self.groups, self.roles, self.sources)}
        if rows != {len(self.texts)} or self.labels.shape != (len(self.texts), len(self.codebook.ids)):
            raise InputError(
                "the fields have different lengths", source="LabelledTexts", remedy="Give one entry a text in each."
            )

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: ArrayLike) -> LabelledTexts:
        """Return some of the texts, in the order asked for.

        Parameters
        ----------
        rows : array-like of bool, shape (n_texts,), or array-like of int, shape (n_rows,)
            A mask or row numbers.

        Raises
        ------
        InputError
            `rows` is neither, or points outside.
        """
        chosen = np.asarray(rows)
        if chosen.size == 0 and chosen.ndim == 1 and chosen.dtype != np.bool_:
            chosen = chosen.astype(np.intp)
        if chosen.ndim != 1 or (chosen.dtype != np.bool_ and not np.issubdtype(chosen.dtype, np.integer)):
            raise InputError("neither a mask nor row numbers", source="rows", remedy="Give a 1-d bool or int array.")
        try:
            numbers = np.arange(len(self))[chosen]
        except IndexError as error:
            raise InputError(
                f"does not fit {len(self)} texts", source="rows", remedy="Check the length of the mask or the numbers."
            ) from error
        picked = numbers.tolist()
        return LabelledTexts(
            texts=tuple(self.texts[row] for row in picked),
            headings=tuple(self.headings[row] for row in picked),
            labels=self.labels[numbers],
            groups=tuple(self.groups[row] for row in picked),
            roles=tuple(self.roles[row] for row in picked),
            sources=tuple(self.sources[row] for row in picked),
            codebook=self.codebook,
        )

    def in_groups(self, groups: Collection[str]) -> LabelledTexts:
        """Return the texts of the reports with these ids, in their order here."""
        wanted = frozenset(groups)
        return self.select(np.array([group in wanted for group in self.groups], dtype=np.bool_))


def label_matrix(labels: Iterable[tuple[Sequence[str], Sequence[str]]], codebook: Codebook) -> NDArray[np.int8]:
    """Turn (certain themes, uncertain themes) pairs into a label matrix.

    Parameters
    ----------
    labels : iterable of (sequence of str, sequence of str)
        Theme ids of the codebook.
    codebook : Codebook

    Returns
    -------
    ndarray of int8, shape (n_texts, n_themes)
        1 = certain, -1 = uncertain, 0 = neither.
    """
    pairs = list(labels)
    column = {theme: number for number, theme in enumerate(codebook.ids)}
    matrix = np.full((len(pairs), len(column)), ABSENT, dtype=np.int8)
    for row, (certain, uncertain) in enumerate(pairs):
        matrix[row, [column[theme] for theme in certain]] = PRESENT
        matrix[row, [column[theme] for theme in uncertain]] = UNCERTAIN
    return matrix
