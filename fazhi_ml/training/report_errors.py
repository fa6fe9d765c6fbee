"""The texts that an evaluation report shows: errors with their evidence, and where two models differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from fazhi_ml.classifier.scorer import Calibration, Scorer
from fazhi_ml.tagging.evidence import Evidence, Explanation, explain_text
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import exact_matches

__all__ = ["Differences", "differences", "error_entries"]

_MAX_TEXT = 2000
_MAX_HEADINGS = 300
# Explaining takes time that grows with the text; items of reports are far shorter.
_MAX_EXPLAINED = 5000
# Terms are strongest first: those that speak against a theme come last.
_ALL_TERMS = 10**6
_TERMS = 8
_HIGHLIGHTED = 12
_STRENGTHS = 3


@dataclass(frozen=True, slots=True)
class Differences:
    """Texts that one model tags exactly and the other does not.

    Attributes
    ----------
    both, neither, gained, lost : int
        Texts tagged exactly by both models, by neither, only by the challenger, only by the champion.
    entries : list of dict
        Lost texts, then gained ones, each as `error_entries` has them, with ``change`` and ``before``.
    """

    both: int
    neither: int
    gained: int
    lost: int
    entries: list[dict[str, Any]]


def error_entries(evaluation: Evaluation, rows: Sequence[int], scorer: Scorer | None) -> list[dict[str, Any]]:
    """Return what the page shows of some texts.

    Parameters
    ----------
    evaluation : Evaluation
    rows : sequence of int
    scorer : Scorer, optional
        The model that decided, to say why; without it there is no evidence.

    Returns
    -------
    list of dict
        ``source``, ``report``, ``role``, ``headings``, ``marks`` (kind, theme and probability of each theme that is
        certain, uncertain or given), ``missed`` and ``wrong`` (numbers of themes), ``pieces`` of the text (words and
        the class that highlights them), ``cut`` (characters not shown), ``probabilities`` and ``reasons``.
    """
    return [_entry(evaluation, row, scorer) for row in rows]


def differences(comparison: Comparison, limit: int) -> Differences:
    """Sort the texts by which of two models tags them exactly.

    Parameters
    ----------
    comparison : Comparison
    limit : int
        Number of entries at most, half of each kind if there are enough.
    """
    labels = comparison.challenger.labelled.labels
    before = exact_matches(labels, comparison.champion.decisions)
    now = exact_matches(labels, comparison.challenger.decisions)
    lost, gained = np.flatnonzero(before & ~now).tolist(), np.flatnonzero(now & ~before).tolist()
    n_lost = min(len(lost), max(limit // 2, limit - len(gained)))
    entries = []
    for change, rows in (("lost", lost[:n_lost]), ("gained", gained[: limit - n_lost])):
        for entry, row in zip(error_entries(comparison.challenger, rows, None), rows, strict=True):
            entries.append({**entry, "change": change, "before": _marks(comparison.champion, row)})
    return Differences(int((before & now).sum()), int((~before & ~now).sum()), len(gained), len(lost), entries)


def _entry(evaluation: Evaluation, row: int, scorer: Scorer | None) -> dict[str, Any]:
    labelled = evaluation.labelled
    text, headings = labelled.texts[row], labelled.headings[row]
    marks = _marks(evaluation, row)
    missed = [mark["theme"] for mark in marks if mark["kind"] == "missed"]
    wrong = [mark["theme"] for mark in marks if mark["kind"] == "wrong"]
    explanations: dict[int, Explanation] = {}
    if scorer is not None and len(text) <= _MAX_EXPLAINED:
        columns = [*wrong, *missed]
        found = explain_text(
            _of_themes(scorer, columns), [str(column) for column in columns], text, headings, limit=_ALL_TERMS
        )
        explanations = dict(zip(columns, found.values(), strict=True))
    shown = text[:_MAX_TEXT]
    return {
        "source": labelled.sources[row],
        "report": labelled.groups[row],
        "role": labelled.roles[row],
        "headings": (headings or "")[:_MAX_HEADINGS],
        "marks": marks,
        "missed": missed,
        "wrong": wrong,
        "pieces": list(_pieces(shown, explanations)),
        "cut": len(text) - len(shown),
        "probabilities": evaluation.probabilities[row].tolist(),
        "reasons": [_reason(column, column in wrong, explanation) for column, explanation in explanations.items()],
    }


def _of_themes(scorer: Scorer, columns: Sequence[int]) -> Scorer:
    """Return the scorer of some themes alone: with many themes, explaining all of them would take minutes."""
    model = scorer.model
    chosen = replace(
        model,
        coefficients={block: coefficients[:, columns] for block, coefficients in model.coefficients.items()},
        intercepts=model.intercepts[columns],
        calibration=Calibration(model.calibration.slopes[columns], model.calibration.offsets[columns]),
        thresholds=model.thresholds[columns],
        # Probabilities that add up to 1 need all themes; only scores are explained here.
        multi_label=True,
    )
    return Scorer(scorer.extractor, chosen)


def _marks(evaluation: Evaluation, row: int) -> list[dict[str, Any]]:
    """Return the themes that a text carries or was given: wrong ones, missed ones, then those found and uncertain."""
    marks = []
    labels, decisions = evaluation.labelled.labels[row].tolist(), evaluation.decisions[row].tolist()
    for theme, (label, given) in enumerate(zip(labels, decisions, strict=True)):
        kind = {(0, True): "wrong", (1, False): "missed", (1, True): "found"}.get((label, given))
        if label == -1:
            kind = "uncertain"
        if kind:
            marks.append({"kind": kind, "theme": theme, "probability": float(evaluation.probabilities[row, theme])})
    order = ("wrong", "missed", "found", "uncertain")
    return sorted(marks, key=lambda mark: order.index(mark["kind"]))


def _reason(theme: int, is_wrong: bool, explanation: Explanation) -> dict[str, Any]:
    """Return the strongest terms for a theme, and against it where it was missed."""
    # Character n-grams colour the text well but read badly as a list: words come first.
    readable = [term for term in explanation.evidence if term.block != "characters"] or list(explanation.evidence)
    supporting = [term for term in readable if term.contribution > 0][:_TERMS]
    against = [] if is_wrong else [term for term in reversed(readable) if term.contribution < 0][:_TERMS]
    return {"theme": theme, "supporting": supporting, "against": against}


def _pieces(text: str, explanations: dict[int, Explanation]) -> Iterator[tuple[str, str]]:
    """Yield the text cut where its highlighting changes, with the class of each piece (empty for none).

    Where terms overlap the strongest decides the theme's colour and its strength.
    """
    marked = [
        (term.contribution, theme, span)
        for theme, explanation in explanations.items()
        for term in _strongest(explanation.evidence)
        for span in term.spans
    ]
    if not marked:
        yield text, ""
        return
    marked.sort(key=lambda mark: mark[0])
    highest = marked[-1][0]
    classes = [""]
    paint = np.zeros(len(text), dtype=np.intp)
    for contribution, theme, span in marked:
        classes.append(f"t{theme} m{min(_STRENGTHS, 1 + int(_STRENGTHS * contribution / highest))}")
        paint[span.start : span.end] = len(classes) - 1
    start = 0
    for kind, run in groupby(paint.tolist(), key=classes.__getitem__):
        end = start + len(list(run))
        yield text[start:end], kind
        start = end


def _strongest(evidence: Sequence[Evidence]) -> list[Evidence]:
    return [term for term in evidence if term.contribution > 0 and term.spans][:_HIGHLIGHTED]
