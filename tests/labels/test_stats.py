from __future__ import annotations

import json

from fazhi_ml.codebook import Codebook
from fazhi_ml.labels import Corpus, Splits
from fazhi_ml.labels.stats import corpus_stats
from tests.labels.conftest import ROOT, WriteReport


def test_counts_of_a_small_corpus(write_report: WriteReport, codebook: Codebook) -> None:
    body = (
        "P| other | 一二三。\nH1| 二、存在的问题\nP| supervision | 一二。\n"
        "+| supervision, law_enforcement | 一。\nP| ?supervision | 一二三四五。\n"
    )
    corpus = Corpus.read(write_report(body), codebook)
    counts = corpus_stats(corpus)
    assert (counts["reports"], counts["paragraphs"], counts["items"]) == (1, 3, 4)
    assert (counts["hash"], counts["codebook"]) == (corpus.hash, codebook.hash)
    assert counts["themes"]["supervision"] == {"items": 2, "uncertain": 1, "share": 0.5}
    assert counts["themes"]["legal_publicity"] == {"items": 0, "uncertain": 0, "share": 0.0}
    assert (counts["other"], counts["undecided"]) == (1, 1)
    assert counts["themes_per_item"] == {"0": 2, "1": 1, "2": 1}
    assert counts["together"]["supervision"]["law_enforcement"] == 1
    assert counts["together"]["law_enforcement"]["supervision"] == 1
    assert counts["item_characters"] == {"min": 2, "q25": 2, "median": 3, "q75": 4, "q90": 6, "max": 6}
    assert counts["items_per_report"]["median"] == 4
    assert counts["by_level"]["county"]["reports"] == counts["by_year"]["2023"]["reports"] == 1
    assert {role: cell["items"] for role, cell in counts["by_role"].items()} == {"other": 1, "problems": 3}
    assert counts["by_role"]["problems"]["themes"]["supervision"] == 2
    assert "reports" not in counts["by_role"]["problems"]
    assert "test" not in counts
    json.dumps(counts)


def test_the_test_split_is_counted(corpus: Corpus) -> None:
    splits = Splits.read(ROOT / "data" / "splits.toml", corpus)
    counts = corpus_stats(corpus, splits)
    held_out = corpus.select(splits.test)
    assert counts["test"]["reports"] == 20
    assert counts["test"]["items"] == len(held_out.items)
    assert counts["test"]["themes"] == {
        theme: cell["items"] for theme, cell in corpus_stats(held_out)["themes"].items()
    }


def test_the_dataset_card_states_the_counts(corpus: Corpus) -> None:
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    splits = Splits.read(ROOT / "data" / "splits.toml", corpus)
    counts = corpus_stats(corpus, splits)
    test = counts["test"]
    rows = {row[1]: [cell.strip() for cell in row[3:-1]] for row in map(_cells, card.splitlines()) if len(row) == 8}
    agreement = []
    for theme, cell in counts["themes"].items():
        agreement.append(2 * cell["items"] / (2 * cell["items"] + cell["uncertain"]))
        shown = [cell["items"], cell["uncertain"], test["themes"][theme], f"{agreement[-1]:.3f}"]
        assert rows[f"`{theme}`"] == [str(value) for value in shown]
    assert rows["`other`"] == [str(counts["other"]), "", str(test["other"]), ""]
    assert rows["**all items**"] == [str(counts["items"]), "", str(test["items"]), ""]
    assert f"macro {sum(agreement) / len(agreement):.3f}" in card
    disputed = sum(bool(item.uncertain) for item in corpus.items)
    assert f"{1 - disputed / counts['items']:.1%} of the items (all but {disputed})" in card.replace(" %", "%")
    assert f"{counts['items']:,} items in {counts['paragraphs']:,} paragraphs" in card
    assert f"{counts['undecided']} items are undecided" in card
    assert corpus.hash in card
    assert ", ".join(splits.test) in " ".join(card.split())


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
