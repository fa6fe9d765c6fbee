from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import exact_matches, outcomes
from fazhi_ml.training.mistakes import ranked_errors
from fazhi_ml.training.report import Baseline
from fazhi_ml.training.report_errors import differences, error_entries
from tests.training.evaluated import baseline, evaluation

__all__ = ["baseline", "evaluation"]


def test_the_most_confident_errors_come_first(evaluation: Evaluation) -> None:
    labelled = evaluation.labelled
    _, wrong, missed = outcomes(labelled.labels, evaluation.decisions)
    distances = np.where(wrong | missed, np.abs(evaluation.probabilities - (labelled.labels == 1)), 0).max(axis=1)
    ordered = distances[ranked_errors(evaluation)]
    assert np.all(np.diff(ordered) <= 0)


def test_text_pieces_add_up_and_highlight_terms(evaluation: Evaluation, bundle: Bundle) -> None:
    rows = ranked_errors(evaluation)[:10].tolist()
    for entry, row in zip(error_entries(evaluation, rows, bundle.scorer), rows, strict=True):
        assert "".join(piece for piece, _ in entry["pieces"]) == evaluation.labelled.texts[row]
        kinds = {kind.split()[0] for _, kind in entry["pieces"] if kind}
        assert kinds <= {f"t{theme}" for theme in (*entry["wrong"], *entry["missed"])}
        assert [reason["theme"] for reason in entry["reasons"]] == [*entry["wrong"], *entry["missed"]]
        for reason in entry["reasons"]:
            assert all(term.contribution > 0 for term in reason["supporting"])
            assert all(term.contribution < 0 for term in reason["against"])
            assert not (reason["against"] and reason["theme"] in entry["wrong"])


def test_long_texts_are_cut_and_very_long_ones_not_explained(evaluation: Evaluation, bundle: Bundle) -> None:
    row = int(ranked_errors(evaluation)[0])
    for length, explained in ((3000, True), (6000, False)):
        text = (evaluation.labelled.texts[row] * 200)[:length]
        labelled = replace(evaluation.labelled.select([row]), texts=(text,))
        long = Evaluation(labelled, evaluation.probabilities[[row]], evaluation.decisions[[row]])
        (entry,) = error_entries(long, [0], bundle.scorer)
        assert sum(len(piece) for piece, _ in entry["pieces"]) == 2000
        assert entry["cut"] == length - 2000
        assert bool(entry["reasons"]) == explained


def test_comparison_counts_and_lists_texts(baseline: Baseline) -> None:
    comparison = baseline.comparison
    labels = comparison.challenger.labelled.labels
    before, now = (exact_matches(labels, each.decisions) for each in (comparison.champion, comparison.challenger))
    found = differences(comparison, 100)
    assert found.both + found.neither + found.gained + found.lost == len(labels)
    assert (found.gained, found.lost) == (int((now & ~before).sum()), int((before & ~now).sum()))
    assert [entry["change"] for entry in found.entries] == ["lost"] * found.lost + ["gained"] * found.gained
    for entry in found.entries:
        mistaken = entry["before"] if entry["change"] == "gained" else entry["marks"]
        right = entry["marks"] if entry["change"] == "gained" else entry["before"]
        assert any(mark["kind"] in ("wrong", "missed") for mark in mistaken)
        assert not any(mark["kind"] in ("wrong", "missed") for mark in right)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 15))
def test_listed_differences_never_exceed_their_limit(lost: int, gained: int, limit: int) -> None:
    labels = np.ones((lost + gained, 1), dtype=np.int8)
    if not len(labels):
        return
    codebook = Codebook("one", "1", True, (Theme("a"),))
    rows = tuple(str(row) for row in range(len(labels)))
    texts = LabelledTexts(rows, (None,) * len(rows), labels, rows, ("other",) * len(rows), rows, codebook)
    before = np.array([[row < lost] for row in range(len(rows))])
    found = differences(
        Comparison(
            Evaluation(texts, before.astype(float), before), Evaluation(texts, (~before).astype(float), ~before)
        ),
        limit,
    )
    assert len(found.entries) == min(limit, lost + gained)
    listed = [entry["change"] for entry in found.entries]
    assert listed.count("lost") >= min(lost, limit // 2)
    assert listed.count("gained") >= min(gained, limit // 2)
