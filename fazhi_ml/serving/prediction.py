"""Tables of texts in, tables of themes out: what a served model computes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.codebook import OTHER
from fazhi_ml.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from fazhi_ml.classifier.bundle import Bundle

__all__ = ["GRANULARITIES", "predict_frame"]

GRANULARITIES = ("paragraph", "item")
"""Values of the parameter ``granularity``; the first is the default."""

_OUTPUT = ("themes", "primary", "scores", "items")
# As in a tagged report.
_DECIMALS = 6


def predict_frame(bundle: Bundle, frame: pd.DataFrame, params: Mapping[str, Any]) -> pd.DataFrame:
    """Tag the rows of a table.

    Parameters
    ----------
    bundle : Bundle
    frame : pandas.DataFrame
        Columns ``text`` and, optionally, ``headings`` (the heading path above the text, joined with a space); strings
        or null.
    params : mapping of str to object
        ``granularity``: ``paragraph`` (default) tags each text as it stands, as ``Tagger.predict`` does; ``item`` cuts
        it into its items (一是…二是…) first: the row gets the union of their themes and the maximum of their scores, as
        a paragraph of a report does. ``thresholds``: theme id → probability from which the theme is given, instead of
        the model's own.

    Returns
    -------
    pandas.DataFrame
        A row for each row of `frame`, in its order and with its index. ``items`` is null at granularity ``paragraph``,
        else a list with ``start``, ``end`` (offsets into the text), ``themes``, ``primary`` and ``scores`` of each
        item. Where ``text`` is null everything is null.

    Raises
    ------
    InputError
        A parameter or a value has the wrong type. Rows are named by their place, never by their text.
    """
    import pandas as pd

    granularity = params.get("granularity", GRANULARITIES[0])
    if granularity not in GRANULARITIES:
        raise InputError(
            "unknown value", source="params: granularity", remedy=f"Use {' or '.join(map(repr, GRANULARITIES))}."
        )
    by_item = granularity == "item"
    model = bundle.scorer.model
    if params.get("thresholds"):
        model = replace(model, thresholds=_thresholds(bundle, params["thresholds"]))
    texts = _strings(frame, "text")
    headings = _strings(frame, "headings") if "headings" in frame.columns else [None] * len(texts)

    spans_of_rows = [[] if text is None else _item_spans(text) if by_item else [(0, len(text))] for text in texts]
    scored = [
        (text[start:end], path)
        for text, path, spans in zip(texts, headings, spans_of_rows, strict=True)
        if text is not None
        for start, end in spans
    ]
    probabilities = bundle.scorer.probabilities([text for text, _ in scored], [path for _, path in scored])
    decisions = model.decisions(probabilities)
    rows = []
    first = 0
    for spans in spans_of_rows:
        part = slice(first, first + len(spans))
        rows.append(_row(bundle.codebook.ids, spans, probabilities[part], decisions[part], by_item=by_item))
        first = part.stop
    # Of type object: pandas would turn a null among strings into NaN, which is no JSON.
    return pd.DataFrame(rows, index=frame.index, columns=list(_OUTPUT), dtype=object)


def _strings(frame: pd.DataFrame, column: str) -> list[str | None]:
    values: list[Any] = frame[column].tolist()
    for row, is_null in enumerate(frame[column].isna().tolist()):
        if is_null:
            values[row] = None
        elif not isinstance(values[row], str):
            raise InputError(
                f"row {row} is {type(values[row]).__name__}, not a string",
                source=f"column {column}",
                remedy="Give one string or null a row.",
            )
    return values


def _item_spans(text: str) -> list[tuple[int, int]]:
    """Cut each line into its items; a blank text is one item."""
    from fazhi_ml.reports.items import cut_items

    spans = []
    start = 0
    for line in text.split("\n"):
        if bare := line.strip():
            offset = start + line.index(bare)
            spans += [(offset + first, offset + last) for first, last in cut_items(bare)]
        start += len(line) + 1
    return spans or [(0, len(text))]


def _thresholds(bundle: Bundle, given: Any) -> NDArray[np.float64]:
    ids = bundle.codebook.ids
    if not isinstance(given, Mapping) or not set(given) <= set(ids):
        raise InputError(
            "not an object of theme ids", source="params: thresholds", remedy=f"The model's themes: {', '.join(ids)}."
        )
    if not bundle.codebook.multi_label:
        raise InputError(
            "the model has no thresholds: it gives each text its one best theme",
            source="params: thresholds",
            remedy="Leave them out.",
        )
    thresholds = bundle.scorer.model.thresholds.copy()
    for theme, value in given.items():
        if value is None:
            continue
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (is_number and math.isfinite(value) and 0 <= value <= 1):
            raise InputError(
                f"the threshold of {theme} is no number from 0 to 1",
                source="params: thresholds",
                remedy="Give a probability.",
            )
        thresholds[ids.index(theme)] = value
    return thresholds


def _row(
    ids: Sequence[str],
    spans: Sequence[tuple[int, int]],
    probabilities: NDArray[np.float64],
    decisions: NDArray[np.bool_],
    *,
    by_item: bool,
) -> dict[str, Any]:
    """Return the output for one text, from the probabilities and decisions of each of its parts."""
    if not spans:
        return dict.fromkeys(_OUTPUT)
    row: dict[str, Any] = {**_tags(ids, probabilities.max(axis=0), np.any(decisions, axis=0)), "items": None}
    if by_item:
        row["items"] = [
            {"start": start, "end": end, **_tags(ids, of_item, given)}
            for (start, end), of_item, given in zip(spans, probabilities, decisions, strict=True)
        ]
    return row


def _tags(ids: Sequence[str], probabilities: NDArray[np.float64], given: NDArray[np.bool_]) -> dict[str, Any]:
    scores = dict(zip(ids, probabilities.round(_DECIMALS).tolist(), strict=True))
    themes = [theme for theme, is_given in zip(ids, given.tolist(), strict=True) if is_given]
    return {"themes": themes, "primary": max(themes, key=scores.__getitem__, default=OTHER), "scores": scores}
