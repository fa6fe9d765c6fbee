from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from fazhi_ml.errors import InputError
from fazhi_ml.training.comparison import Comparison, Margins, paired_bootstrap
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import score
from tests.training.conftest import MakeTexts


def evaluations(make_texts: MakeTexts, *decisions: NDArray[np.bool_], n_reports: int = 12) -> list[Evaluation]:
    """Evaluations of the same random labels, some of them uncertain."""
    rng = np.random.default_rng(5)
    labels = rng.choice([-1, 0, 0, 1, 1], size=decisions[0].shape)
    texts = make_texts(labels.tolist(), groups=[f"r{row % n_reports}" for row in range(len(labels))])
    return [Evaluation(texts, given.astype(float), given) for given in decisions]


def noisy(make_texts: MakeTexts, *shares_wrong: float, n_texts: int = 240, n_reports: int = 12) -> list[Evaluation]:
    labels = evaluations(make_texts, np.zeros((n_texts, 2), dtype=bool), n_reports=n_reports)[0].labelled.labels
    rng = np.random.default_rng(9)
    decisions = [(labels == 1) ^ (rng.random(labels.shape) < share) for share in shares_wrong]
    return evaluations(make_texts, *decisions, n_reports=n_reports)


@pytest.mark.parametrize("n_reports", [3, 12])
def test_differences_are_those_of_the_figures(make_texts: MakeTexts, n_reports: int) -> None:
    first, second = noisy(make_texts, 0.3, 0.1, n_reports=n_reports)
    differences = paired_bootstrap(first, second)
    for name in ("accuracy", "macro_f1", "micro_f1"):
        expected = getattr(second.figures, name) - getattr(first.figures, name)
        assert differences[name].value == pytest.approx(expected)
    for theme in ("a", "b"):
        f1 = [evaluation.figures.themes[theme].f1 for evaluation in (first, second)]
        assert f1[0] is not None
        assert f1[1] is not None
        assert differences[f"f1/{theme}"].value == pytest.approx(f1[1] - f1[0])
    for difference in differences.values():
        assert difference.low < difference.value < difference.high


def test_the_interval_is_that_of_a_plain_bootstrap(make_texts: MakeTexts) -> None:
    first, second = noisy(make_texts, 0.3, 0.1)
    labelled = first.labelled
    reports = sorted(set(labelled.groups))
    rows_of = {name: [row for row, group in enumerate(labelled.groups) if group == name] for name in reports}
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(600):
        rows = [row for name in rng.choice(reports, size=len(reports)) for row in rows_of[name]]
        macro = [
            score(
                labelled.labels[rows],
                evaluation.decisions[rows],
                evaluation.probabilities[rows],
                themes=labelled.codebook.ids,
                groups=[labelled.groups[row] for row in rows],
            ).macro_f1
            for evaluation in (first, second)
        ]
        drawn.append(macro[1] - macro[0])  # type: ignore[operator]
    found = paired_bootstrap(first, second)["macro_f1"]
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([found.low, found.high], abs=0.02)


def test_it_is_seeded_and_a_model_equals_itself(make_texts: MakeTexts) -> None:
    first, second = noisy(make_texts, 0.3, 0.1)
    assert paired_bootstrap(first, second) == paired_bootstrap(first, second)
    assert paired_bootstrap(first, second) != paired_bootstrap(first, second, seed=1)
    for difference in paired_bootstrap(first, first).values():
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_pairing_narrows_the_interval(make_texts: MakeTexts) -> None:
    first, _ = noisy(make_texts, 0.3, 0.1)
    decisions = first.decisions.copy()
    decisions[0, 0] = not decisions[0, 0]
    near = paired_bootstrap(first, replace(first, decisions=decisions))["micro_f1"]
    low, high = first.figures.intervals["micro_f1"]
    assert near.high - near.low < (high - low) / 4


def test_a_theme_that_one_model_has_no_f1_for_is_left_out(make_texts: MakeTexts) -> None:
    labels = [[1, 0]] * 12
    texts = make_texts(labels)
    right = np.array(labels, dtype=bool)
    wrong = np.ones((12, 2), dtype=bool)
    first, second = Evaluation(texts, right.astype(float), right), Evaluation(texts, wrong.astype(float), wrong)
    differences = paired_bootstrap(first, second)
    assert "f1/b" not in differences
    assert differences["macro_f1"].value == 0
    assert differences["accuracy"].value == -1


def test_objections(make_texts: MakeTexts) -> None:
    good, bad = noisy(make_texts, 0.02, 0.3)
    assert Comparison(bad, good).objections(Margins()) == []
    assert Comparison(good, good).objections(Margins(0, 0)) == []
    found = Comparison(good, bad).objections(Margins())
    assert [objection.split(" falls by ")[0] for objection in found] == ["macro-F1", "F1 of a", "F1 of b"]
    # What is certain is an objection within the margin as well; a theme's is not.
    assert len(Comparison(good, bad).objections(Margins(1, 1))) == 1


def test_a_small_uncertain_loss_is_tolerated(make_texts: MakeTexts) -> None:
    good, _ = noisy(make_texts, 0.1, 0.1)
    decisions = good.decisions.copy()
    row = int(np.flatnonzero((good.labelled.labels[:, 0] == 1) & decisions[:, 0])[0])
    decisions[row, 0] = False
    comparison = Comparison(good, replace(good, decisions=decisions))
    assert -0.005 < comparison.differences["macro_f1"].value < 0
    assert comparison.objections(Margins()) == []
    assert len(comparison.objections(Margins(macro_f1=0))) == 1


def test_json_values(make_texts: MakeTexts) -> None:
    first, second = noisy(make_texts, 0.3, 0.1)
    values = Comparison(first, second).to_dict()
    assert values["champion"] == first.figures.to_dict()
    assert values["challenger"] == second.figures.to_dict()
    difference = values["differences"]["macro_f1"]
    assert difference["interval"][0] < difference["value"] < difference["interval"][1]


def test_only_evaluations_of_the_same_texts_compare(make_texts: MakeTexts) -> None:
    first, second = noisy(make_texts, 0.3, 0.1)
    labels = second.labelled.labels.copy()
    labels[0] = 1 - labels[0]
    other = replace(second, labelled=replace(second.labelled, labels=labels))
    with pytest.raises(InputError, match="different texts"):
        Comparison(first, other)


@pytest.mark.parametrize("margins", [(-0.1, 0), (0, 1.5), (float("nan"), 0)])
def test_margins_are_losses(margins: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="out of range"):
        Margins(*margins)
