"""How much of the outline is found, over the corpus and over real reports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.reports.gold import VARIATIONS, Unit, corpus_units, exact_f1, real_documents

# Measured: heading 0.993, chrome 0.984, item 0.988. What is missing are sentences that the annotators cut where nothing
# marks them, salutations that they took for text, and numbered slogans ending in a colon that they took for text.
FLOORS = {"heading": 0.988, "chrome": 0.98, "item": 0.985}
REAL = os.environ.get("FAZHI_REAL_REPORTS")


@pytest.fixture(scope="module")
def corpus() -> list[list[Unit]]:
    return corpus_units()


def test_the_corpus_is_there(corpus: list[list[Unit]]) -> None:
    assert len(corpus) >= 100


@pytest.mark.parametrize("variation", [name for name in VARIATIONS if name != "no title"])
def test_outline_of_the_corpus_however_it_was_scraped(corpus: list[list[Unit]], variation: str) -> None:
    figures = exact_f1(VARIATIONS[variation](units) for units in corpus)
    assert all(figures[kind] >= floor for kind, floor in FLOORS.items()), figures


def test_a_missing_title_is_not_made_up(corpus: list[list[Unit]]) -> None:
    figures = exact_f1(VARIATIONS["no title"](units) for units in corpus)
    # Half of the chrome is gone, so the eight salutations weigh twice.
    assert figures["chrome"] >= 0.965
    assert figures["heading"] >= FLOORS["heading"]
    assert figures["item"] >= FLOORS["item"]


@pytest.mark.skipif(REAL is None, reason="FAZHI_REAL_REPORTS names no folder of real reports")
def test_outline_of_real_reports() -> None:
    figures = exact_f1(real_documents(Path(str(REAL))))
    assert all(figure >= 0.97 for figure in figures.values()), figures
