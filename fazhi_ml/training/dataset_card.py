"""The dataset card of a run: what was trained and tested on, counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fazhi_ml.codebook import OTHER
from fazhi_ml.labels import PRESENT, UNCERTAIN, LabelledTexts
from fazhi_ml.training.tables import markdown_table

__all__ = ["render_dataset_card"]

_QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)


def render_dataset_card(train: LabelledTexts, test: LabelledTexts | None, *, description: str, data_hash: str) -> str:
    """Write the card of a run's data.

    Parameters
    ----------
    train : LabelledTexts
    test : LabelledTexts or None
        What was held out.
    description : str
        Where texts and labels come from, in the words of the configuration.
    data_hash : str
        SHA-256 of the labelled data.

    Returns
    -------
    str
        Markdown. It depends on the arguments alone: no date, no place.
    """
    parts = [("train", train)] if test is None else [("train", train), ("test", test)]
    codebook = train.codebook
    kind = "several themes a text, or none" if codebook.multi_label else "one theme a text"
    sections = [
        f"# Dataset card\n\nSHA-256 `{data_hash}` · codebook `{codebook.name}` {codebook.version} ({kind})",
        description.strip(),
        "Written by `fazhi train`; every number was counted in that run.",
        "## Size\n\n" + markdown_table(("part", "groups", "texts"), [_size(name, texts) for name, texts in parts]),
        "Texts of one group (a report) stand on one side of every split and fold. The test part is only scored.",
        "## Labels\n\n" + _labels(parts),
        "Uncertain: given by one of two annotators, and neither rewarded nor punished in any figure.",
        "## Length\n\nCode points a text:\n\n" + _lengths(parts),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _size(name: str, texts: LabelledTexts) -> tuple[str, str, str]:
    return name, f"{len(set(texts.groups)):,}", f"{len(texts):,}"


def _labels(parts: Sequence[tuple[str, LabelledTexts]]) -> str:
    codebook = parts[0][1].codebook
    columns = ["theme", *(f"{name}{what}" for name, _ in parts for what in ("", ", uncertain"))]
    rows = []
    for column, theme in enumerate(codebook.ids):
        counts = [(texts.labels[:, column] == value).sum() for _, texts in parts for value in (PRESENT, UNCERTAIN)]
        rows.append([f"`{theme}`", *(f"{count:,}" for count in counts)])
    if codebook.multi_label:
        without = [f"{(texts.labels == 0).all(axis=1).sum():,}" for _, texts in parts]
        rows.append([f"none (`{OTHER}`)", *(cell for count in without for cell in (count, ""))])
    return markdown_table(columns, rows)


def _lengths(parts: Sequence[tuple[str, LabelledTexts]]) -> str:
    columns = ["part", "least", "25 %", "median", "75 %", "95 %", "most"]
    rows = []
    for name, texts in parts:
        lengths = np.array([len(text) for text in texts.texts])
        # Observed values, not interpolated ones: half a code point does not exist.
        values = np.quantile(lengths, _QUANTILES, method="inverted_cdf")
        rows.append([name, *(f"{int(value):,}" for value in values)])
    return markdown_table(columns, rows)
