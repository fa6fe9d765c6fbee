from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.errors import CorpusError, InputError
from fazhi_ml.labels import Corpus, Splits, stratified_test_ids
from fazhi_ml.labels.splits import report_strata
from tests.labels.conftest import ROOT

SPLITS = ROOT / "data" / "splits.toml"


def strata(corpus: Corpus) -> Counter[tuple[str, str]]:
    return Counter(cell for report in corpus.reports for cell in report_strata(report).items())


def test_the_frozen_split_is_the_one_drawn(corpus: Corpus) -> None:
    assert Splits.read(SPLITS, corpus).test == stratified_test_ids(corpus, size=20, seed=0)


def test_the_frozen_split_divides_the_corpus(corpus: Corpus) -> None:
    splits = Splits.read(SPLITS, corpus)
    assert len(splits.test) == 20
    assert tuple(sorted(splits.train + splits.test)) == corpus.ids


def test_strata_stand_in_the_corpus_proportions(corpus: Corpus) -> None:
    test = strata(corpus.select(Splits.read(SPLITS, corpus).test))
    for cell, number in strata(corpus).items():
        assert abs(test[cell] - number * 20 / 120) < 1, cell


def test_themes_stand_in_the_corpus_proportions(corpus: Corpus) -> None:
    texts = corpus.labelled_texts()
    test = texts.in_groups(Splits.read(SPLITS, corpus).test)
    shares = (texts.labels == 1).mean(axis=0), (test.labels == 1).mean(axis=0)
    np.testing.assert_allclose(*shares, atol=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_seed_draws_a_balanced_split_of_its_own(seed: int, corpus: Corpus) -> None:
    ids = stratified_test_ids(corpus, size=30, seed=seed)
    assert len(set(ids)) == 30
    assert ids != stratified_test_ids(corpus, size=30, seed=0)
    drawn = strata(corpus.select(ids))
    assert all(abs(drawn[cell] - number / 4) <= 1 for cell, number in strata(corpus).items())


def test_the_draw_hangs_on_the_reports_not_on_their_order(corpus: Corpus) -> None:
    turned = Corpus(corpus.codebook, corpus.reports[::-1])
    assert sorted(stratified_test_ids(turned, 20, seed=7)) == sorted(stratified_test_ids(corpus, 20, seed=7))


@pytest.mark.parametrize("size", [0, -1, 120, 121])
def test_both_sides_need_reports(size: int, corpus: Corpus) -> None:
    with pytest.raises(InputError, match="size"):
        stratified_test_ids(corpus, size, seed=0)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ('version = 1\ntest = ["r001", "r999"]', "'r999' is not in the corpus"),
        ('version = 1\ntest = ["r998", "r999"]', "'r998' and 1 more are not in the corpus"),
        ('version = 1\ntest = ["r001", "r001"]', "'r001' stands twice"),
        ("version = 1\ntest = []", "no report to test on"),
        ('version = 2\ntest = ["r001"]', "unknown version"),
        ('test = ["r001"]', "unknown version"),
        ("version = 1", "not a list of test ids"),
        ("version = 1\ntest = [1]", "not a list of test ids"),
        ('version = 1\ntest = "r001"', "not a list of test ids"),
        ('version = 1\ntest = ["r001"]\ntrain = ["r001"]', "not a list of test ids"),
        ("version = ", "not valid TOML"),
        ("version = " + "1" * 5000, "not valid TOML"),
        ("x = " + "[" * 100_000, "not valid TOML"),
    ],
)
def test_bad_split_files_say_what_is_wrong(content: str, cause: str, tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "splits.toml"
    path.write_text(content)
    with pytest.raises(CorpusError, match=cause) as error:
        Splits.read(path, corpus)
    assert error.value.source == str(path)
    assert error.value.remedy


def test_a_split_must_leave_reports_to_train_on(tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "splits.toml"
    path.write_text('version = 1\ntest = ["r001"]')
    with pytest.raises(CorpusError, match="no report to train on"):
        Splits.read(path, corpus.select(["r001"]))


def test_unreadable_split_files(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="not a file"):
        Splits.read(tmp_path, corpus)
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(CorpusError, match="larger than"):
        Splits.read(tmp_path / "big.toml", corpus)
    (tmp_path / "gb.toml").write_bytes("# 测试".encode("gb18030"))
    with pytest.raises(CorpusError, match="not valid TOML"):
        Splits.read(tmp_path / "gb.toml", corpus)
