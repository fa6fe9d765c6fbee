from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.codebook import Codebook
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import Figures, bootstrap_intervals
from fazhi_ml.training.slices import ReportFacts, report_facts, slice_figures
from tests.training.conftest import MakeTexts


def names(found: list[tuple[str, str, Figures]], dimension: str) -> list[tuple[str, int]]:
    return [(name, figures.n_texts) for of, name, figures in found if of == dimension]


def sliced(evaluation: Evaluation, facts: dict[str, ReportFacts] | None = None) -> list[tuple[str, str, Figures]]:
    return [(one.dimension, one.name, one.figures) for one in slice_figures(evaluation, facts)]


@pytest.fixture
def evaluation(make_texts: MakeTexts) -> Evaluation:
    texts = make_texts(
        [[1, 0], [1, 1], [0, 0], [-1, 1], [0, 1]],
        groups=["x", "x", "y", "y", "z"],
        roles=["plans", "achievements", "plans", "appendix", "problems"],
    )
    decisions = np.array([[1, 0], [1, 0], [0, 1], [1, 1], [0, 1]], dtype=np.bool_)
    return Evaluation(texts, decisions.astype(np.float64), decisions)


def test_slices_stand_in_their_natural_order(evaluation: Evaluation) -> None:
    facts = {"x": ReportFacts("county", 2016), "y": ReportFacts("province", 2015), "z": ReportFacts("county", 2020)}
    found = sliced(evaluation, facts)
    assert names(found, "role") == [("achievements", 1), ("problems", 1), ("plans", 2), ("appendix", 1)]
    assert names(found, "level") == [("province", 2), ("county", 3)]
    assert names(found, "year") == [("2011-2015", 2), ("2016-2020", 3)]
    # An uncertain theme is not counted.
    assert names(found, "n_themes") == [("0", 1), ("1", 3), ("2+", 1)]


def test_a_dimension_in_which_all_are_alike_is_left_out(evaluation: Evaluation) -> None:
    assert {dimension for dimension, _, _ in sliced(evaluation)} == {"role", "n_themes"}
    facts = {group: ReportFacts("county", 2020) for group in "xyz"}
    assert {dimension for dimension, _, _ in sliced(evaluation, facts)} == {"role", "n_themes"}


def test_texts_of_unknown_reports_stand_in_no_slice(evaluation: Evaluation) -> None:
    facts = {"x": ReportFacts("county", 2020), "z": ReportFacts("town", 2021)}
    assert names(sliced(evaluation, facts), "level") == [("county", 2), ("town", 1)]


@pytest.mark.parametrize(
    ("length", "band"), [(0, "0-50"), (50, "0-50"), (51, "51-100"), (250, "151-250"), (251, "251+"), (9999, "251+")]
)
def test_length_bands(make_texts: MakeTexts, length: int, band: str) -> None:
    texts = make_texts([[1, 0], [1, 0]])
    other = "字" * (60 if length <= 50 else 1)
    object.__setattr__(texts, "texts", ("字" * length, other))
    decisions = np.ones((2, 2), dtype=np.bool_)
    found = names(sliced(Evaluation(texts, decisions.astype(np.float64), decisions)), "length")
    assert (band, 1) in found
    assert len(found) == 2


def test_figures_are_those_of_the_slice_with_intervals(evaluation: Evaluation) -> None:
    plans = next(figures for of, name, figures in sliced(evaluation) if (of, name) == ("role", "plans"))
    assert (plans.n_texts, plans.n_groups, plans.accuracy) == (2, 2, 0.5)
    assert (plans.themes["a"].support, plans.themes["a"].f1) == (1, 1.0)
    assert (plans.themes["b"].support, plans.themes["b"].predicted) == (0, 1)
    rows = [0, 2]
    labelled = evaluation.labelled
    assert plans.intervals == bootstrap_intervals(
        labelled.labels[rows], evaluation.decisions[rows], themes=("a", "b"), groups=["x", "y"]
    )


def test_a_single_label_codebook_has_no_number_of_themes(make_texts: MakeTexts) -> None:
    texts = make_texts([[1, 0], [0, 1]], roles=["plans", "problems"], multi_label=False)
    decisions = np.eye(2, dtype=np.bool_)
    assert {of for of, _, _ in sliced(Evaluation(texts, decisions.astype(np.float64), decisions))} == {"role"}


def test_facts_of_a_corpus(project: Path, codebook: Codebook) -> None:
    facts = report_facts(project / "corpus", codebook)
    assert len(facts) == 8
    assert all(known.level and 2000 < known.year < 2100 for known in facts.values())
    assert report_facts(project / "corpus" / "r003.txt", codebook) == {"r003": facts["r003"]}


def test_rows_and_gold_labels_state_no_facts(tmp_path: Path, codebook: Codebook) -> None:
    (tmp_path / "gold.jsonl").write_text("{}")
    (tmp_path / "rows.csv").write_text("text,labels\n")
    for data in (tmp_path, tmp_path / "gold.jsonl", tmp_path / "rows.csv"):
        assert report_facts(data, codebook) == {}
