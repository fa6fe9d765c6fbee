"""The shipped model on texts that it was not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.codebook import Codebook
from fazhi_ml.labels import Corpus, LabelledTexts, Splits, load_labelled
from tests.conftest import DEFAULT_MODEL, ROOT


@pytest.fixture(scope="module")
def default_model() -> Bundle:
    if not DEFAULT_MODEL.is_dir():
        pytest.skip("models/default is not there")
    return Bundle.load(DEFAULT_MODEL)


def macro_f1(bundle: Bundle, labelled: LabelledTexts, *, with_headings: bool) -> float:
    """Return the mean F1 over the themes; uncertain labels neither count for nor against."""
    headings = labelled.headings if with_headings else [None] * len(labelled)
    decided = bundle.scorer.model.decisions(bundle.scorer.probabilities(labelled.texts, headings))
    certain, carried = labelled.labels >= 0, labelled.labels == 1
    hits = (decided & carried).sum(axis=0)
    return float(np.mean(2 * hits / ((decided & certain).sum(axis=0) + carried.sum(axis=0))))


def test_the_frozen_test_split(default_model: Bundle, corpus: Corpus) -> None:
    splits = Splits.read(ROOT / "data" / "splits.toml", corpus)
    labelled = corpus.select(splits.test).labelled_texts()
    assert len(splits.test) == 20
    assert macro_f1(default_model, labelled, with_headings=True) >= 0.96


@pytest.mark.parametrize(("with_headings", "least"), [(True, 0.91), (False, 0.89)])
def test_real_reports(
    with_headings: bool, least: float, default_model: Bundle, codebook: Codebook, real_reports: Path
) -> None:
    labelled = load_labelled(real_reports, codebook)
    assert len(labelled) > 50
    assert macro_f1(default_model, labelled, with_headings=with_headings) >= least
