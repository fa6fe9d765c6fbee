"""Figures of parts of the evaluated texts: by role, level, year, length and number of themes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fazhi_ml.codebook import Codebook
from fazhi_ml.labels import Corpus
from fazhi_ml.labels.exchange import is_exchange_file
from fazhi_ml.reports.document import ROLES
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import Figures, bootstrap_intervals, score

__all__ = ["Dimension", "ReportFacts", "Slice", "report_facts", "slice_figures"]

Dimension = Literal["role", "level", "year", "length", "n_themes"]

_LEVELS = ("province", "city", "county", "town", "department")
_LENGTHS = (50, 100, 150, 250)
_PLAN_YEARS = 5


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What is known of the report that texts come from.

    Attributes
    ----------
    level : str
        Administrative level.
    year : int
        The year covered.
    """

    level: str
    year: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the evaluated texts and how well they are tagged.

    Attributes
    ----------
    dimension : {"role", "level", "year", "length", "n_themes"}
    name : str
        Such as ``problems``, ``county``, ``2016-2020``, ``51-100`` (characters) or ``2+`` (themes).
    figures : Figures
        With intervals.
    """

    dimension: Dimension
    name: str
    figures: Figures


def report_facts(data: str | os.PathLike[str], codebook: Codebook) -> dict[str, ReportFacts]:
    """Return level and year of the reports of a corpus, by report id; nothing where the data do not state them.

    Parameters
    ----------
    data : str or path
        As for `fazhi_ml.labels.load_labelled`; gold labels and labelled rows state neither.
    codebook : Codebook
        That of the data's labels.

    Raises
    ------
    CorpusError
        The corpus is malformed.
    """
    path = Path(data)
    if is_exchange_file(path) or path.suffix == ".jsonl" or (path / "gold.jsonl").is_file():
        return {}
    return {report.id: ReportFacts(report.level, report.year) for report in Corpus.read(path, codebook).reports}


def slice_figures(evaluation: Evaluation, facts: Mapping[str, ReportFacts] | None = None) -> list[Slice]:
    """Return the figures of every slice; a dimension in which all texts are alike is left out.

    Parameters
    ----------
    evaluation : Evaluation
    facts : mapping of str to ReportFacts, optional
        By report id; without a report's facts its texts stand in no slice of level and year.

    Returns
    -------
    list of Slice
        Dimension by dimension, each in its natural order.

    Notes
    -----
    Years are banded by China's five-year plans, which the programmes for law-based government follow (2016-2020,
    2021-2025). The number of themes counts certain ones.
    """
    slices: list[Slice] = []
    for dimension, names in _names(evaluation, facts or {}).items():
        found = sorted({name for name in names if name is not None}, key=_ORDER[dimension])
        if len(found) > 1:
            slices += [Slice(dimension, name, _figures(evaluation, names, name)) for name in found]
    return slices


def _names(evaluation: Evaluation, facts: Mapping[str, ReportFacts]) -> dict[Dimension, list[str | None]]:
    """Return the slice that each text stands in, None for none."""
    labelled = evaluation.labelled
    of_texts = [facts.get(group) for group in labelled.groups]
    n_themes = np.minimum((labelled.labels == 1).sum(axis=1), 2).tolist()
    names: dict[Dimension, list[str | None]] = {
        "role": list(labelled.roles),
        "level": [known.level if known else None for known in of_texts],
        "year": [_plan(known.year) if known else None for known in of_texts],
        "length": [_length_band(len(text)) for text in labelled.texts],
    }
    if labelled.codebook.multi_label:
        names["n_themes"] = [("0", "1", "2+")[number] for number in n_themes]
    return names


def _figures(evaluation: Evaluation, names: list[str | None], chosen: str) -> Figures:
    rows = np.array([name == chosen for name in names])
    labels, decisions = evaluation.labelled.labels[rows], evaluation.decisions[rows]
    themes = evaluation.labelled.codebook.ids
    groups = list(_selected(evaluation.labelled.groups, rows.tolist()))
    return score(
        labels,
        decisions,
        evaluation.probabilities[rows],
        themes=themes,
        groups=groups,
        intervals=bootstrap_intervals(labels, decisions, themes=themes, groups=groups),
    )


def _selected(groups: tuple[str, ...], rows: list[bool]) -> Iterator[str]:
    return (group for group, is_chosen in zip(groups, rows, strict=True) if is_chosen)


def _plan(year: int) -> str:
    last = -(-year // _PLAN_YEARS) * _PLAN_YEARS
    return f"{last - _PLAN_YEARS + 1}-{last}"


def _length_band(length: int) -> str:
    above = 0
    for limit in _LENGTHS:
        if length <= limit:
            return f"{above + 1}-{limit}" if above else f"0-{limit}"
        above = limit
    return f"{above + 1}+"


def _place(order: tuple[str, ...]) -> Callable[[str], tuple[int, str]]:
    """Return a sort key: known names in their order, then the others by name."""
    return lambda name: (order.index(name) if name in order else len(order), name)


def _first_number(name: str) -> tuple[int, str]:
    return int(name.rstrip("+").partition("-")[0]), name


_ORDER: dict[Dimension, Callable[[str], tuple[int, str]]] = {
    "role": _place(ROLES),
    "level": _place(_LEVELS),
    "year": _first_number,
    "length": _first_number,
    "n_themes": _first_number,
}
