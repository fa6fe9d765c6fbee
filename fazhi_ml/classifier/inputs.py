"""Checks of what an estimator is given: texts, labels and groups, turned into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold

from fazhi_ml.errors import ConfigError, InputError

__all__ = ["Text", "assign_folds", "encode_classes", "encode_label_matrix", "split_pairs"]

Text = str | tuple[str, str | None]
"""A text, or a text with the headings above it."""


def split_pairs(X: Sequence[Text]) -> tuple[list[str], list[str | None]]:
    """Return texts and headings.

    Raises
    ------
    InputError
        `X` is no sequence of strings or of (text, headings) pairs.
    """
    texts: list[str] = []
    headings: list[str | None] = []
    # A mapping or a table would give its keys or column names.
    if isinstance(X, (str, bytes, Mapping)) or not isinstance(X, Iterable) or hasattr(X, "columns"):
        raise InputError("not a sequence of texts", source="X", remedy="Give a list, even for one text.")
    for place, entry in enumerate(X):
        pair = (entry, None) if isinstance(entry, str) else entry
        is_pair = isinstance(pair, (tuple, list, np.ndarray)) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str) or not (pair[1] is None or isinstance(pair[1], str)):
            raise InputError(
                f"entry {place} is neither a string nor a (text, headings) pair", source="X", remedy="Give strings."
            )
        texts.append(pair[0])
        headings.append(pair[1])
    return texts, headings


def encode_label_matrix(
    y: ArrayLike, n_texts: int, themes: Sequence[str] | None
) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Return the classes and the label matrix of multi-label data.

    Parameters
    ----------
    y : array-like of shape (n_texts, n_themes)
        1 = carries the theme, 0 = does not, -1 = uncertain.
    n_texts : int
    themes : sequence of str, optional
        Names of the columns; by default their numbers.

    Raises
    ------
    InputError
        `y` has another shape or other values.
    ConfigError
        The themes are not distinct.
    """
    labels = _label_array(y, n_texts, "(n_texts, n_themes)", n_dimensions=2)
    if not np.isin(labels, (-1, 0, 1)).all():
        raise InputError("labels other than 1, 0 and -1", source="y", remedy="Give a label matrix.")
    classes = np.arange(labels.shape[1]) if themes is None else _distinct_themes(themes)
    if labels.shape[1] != len(classes):
        raise InputError("not one column a theme", source="y", remedy="Give `themes` in the order of the columns.")
    return classes, labels.astype(np.int8)


def encode_classes(y: ArrayLike, n_texts: int, themes: Sequence[str] | None) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """Return the classes and the label matrix of single-label data.

    Parameters
    ----------
    y : array-like of shape (n_texts,)
        The class of each text.
    n_texts : int
    themes : sequence of str, optional
        All classes, in order; by default those found.

    Raises
    ------
    InputError
        `y` has another shape, or a class that is not among the themes.
    ConfigError
        The themes are not distinct.
    """
    labels = _label_array(y, n_texts, "(n_texts,)", n_dimensions=1)
    classes = _distinct(labels, "y") if themes is None else _distinct_themes(themes)
    matrix = labels[:, np.newaxis] == classes
    if not matrix.any(axis=1).all():
        raise InputError("a class that is not among the themes", source="y", remedy="Add it to `themes`.")
    return classes, matrix.astype(np.int8)


def assign_folds(groups: ArrayLike | None, n_texts: int, *, n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of each text, shape (n_texts,); texts of one group share a fold.

    Raises
    ------
    InputError
        `groups` has another length or mixes types, or there are fewer than two groups.
    """
    group_of = np.arange(n_texts) if groups is None else _array(groups, "groups")
    if group_of.shape != (n_texts,):
        raise InputError("not one group a text", source="groups", remedy="Give as many groups as texts.")
    n_groups = len(_distinct(group_of, "groups"))
    if n_groups < 2:
        raise InputError("fewer than two groups", source="groups", remedy="Give texts of at least two reports.")
    splitter = GroupKFold(min(n_folds, n_groups), shuffle=True, random_state=seed)
    folds = np.empty(n_texts, dtype=np.intp)
    for fold, (_, held_out) in enumerate(splitter.split(folds, groups=group_of)):
        folds[held_out] = fold
    return folds


def _label_array(y: ArrayLike, n_texts: int, shape: str, *, n_dimensions: int) -> NDArray[Any]:
    labels = _array(y, "y")
    if labels.shape[:1] != (n_texts,) or labels.ndim != n_dimensions:
        raise InputError("labels have the wrong shape", source="y", remedy=f"Give an array of shape {shape}.")
    return labels


def _distinct_themes(themes: Sequence[str]) -> NDArray[Any]:
    names = _array(themes, "themes")
    if names.ndim != 1 or len(set(names.tolist())) != len(names) or len({*map(type, themes)}) > 1:
        raise ConfigError("not a list of distinct names", source="themes", remedy="Give one name a label column.")
    return names


def _array(values: Any, source: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError("rows of different lengths", source=source, remedy="Give one entry a text.") from error


def _distinct(values: NDArray[Any], source: str) -> NDArray[Any]:
    try:
        return np.unique(values)
    except TypeError as error:
        raise InputError("entries of different types", source=source, remedy="Give strings or numbers.") from error
