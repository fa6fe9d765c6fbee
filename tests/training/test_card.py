from __future__ import annotations

import re

from fazhi_ml.training.card import render_card
from fazhi_ml.training.train import TrainingResult


def table_under(card: str, heading: str) -> list[list[str]]:
    """Cells of the first table after a heading, its header and rule left out."""
    after = card[card.index(heading) :]
    found = re.search(r"(?:^\|.*\n?)+", after, re.MULTILINE)
    assert found is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found.group().splitlines()[2:]]


def test_figures_of_the_card_are_those_of_the_run(trained: TrainingResult) -> None:
    card = trained.bundle.card
    rows = {row[0]: row for row in table_under(card, "## Figures")}
    assert list(rows) == ["folds", "test", "test without headings"]
    for name, evaluation in trained.evaluations.items():
        figures = evaluation.figures
        low, high = figures.intervals["macro_f1"]
        row = rows[name.replace("_", " ")]
        assert row[3] == f"{figures.macro_f1:.3f} [{low:.3f}, {high:.3f}]"
        assert row[1:3] == [str(figures.n_groups), f"{figures.n_texts:,}"]


def test_themes_of_the_card(trained: TrainingResult) -> None:
    rows = table_under(trained.bundle.card, "**test**")
    figures = trained.evaluations["test"].figures.themes
    assert [row[0].strip("`") for row in rows] == list(figures)
    assert [row[1] for row in rows] == [str(of_theme.support) for of_theme in figures.values()]
    thresholds = table_under(trained.bundle.card, "A theme is given when")
    assert [row[1] for row in thresholds] == [f"{value:.3f}" for value in trained.bundle.scorer.model.thresholds]


def test_failures_add_up(trained: TrainingResult) -> None:
    card = trained.bundle.card
    n_errors = sum(int(row[1]) for row in table_under(card, "## Known failures"))
    assert f"On folds {n_errors} of {len(trained.train)} items have a wrong set of themes" in card


def test_the_card_has_every_section_and_depends_on_the_run_alone(trained: TrainingResult) -> None:
    card = trained.bundle.card
    sections = re.findall(r"^## (.*)$", card, re.MULTILINE)
    assert sections == [
        "Intended use",
        "Data",
        "How it was trained",
        "Figures",
        "Themes",
        "By section",
        "Known failures",
        "Limits",
        "Reproduce",
    ]
    assert render_card(trained.bundle, trained.evaluations) == card
    assert trained.corpus_hash in card
    assert "2 reports are held out" in card
    assert "The other 6 reports" in card
    assert not re.search(r"\n{3,}|None|nan", card)
