"""The shipped model is what `fazhi train` makes of data/ and configs/default.toml."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.features.vocabulary import BLOCKS
from fazhi_ml.training.config import read_config
from fazhi_ml.training.train import TrainingResult, train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def retrained() -> TrainingResult:
    return train(read_config(ROOT / "configs" / "default.toml"))


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return Bundle.load(ROOT / "models" / "default")


def test_same_corpus_codebook_and_settings(retrained: TrainingResult, shipped: Bundle) -> None:
    assert shipped.info["corpus"] == retrained.bundle.info["corpus"]
    assert shipped.info["config"] == retrained.bundle.info["config"]
    assert shipped.codebook == retrained.bundle.codebook


def test_same_terms_and_weights(retrained: TrainingResult, shipped: Bundle) -> None:
    ours, theirs = retrained.bundle.scorer, shipped.scorer
    assert ours.extractor.vocabulary.tokens == theirs.extractor.vocabulary.tokens
    for block in BLOCKS:
        assert (ours.extractor.vocabulary.keys(block) == theirs.extractor.vocabulary.keys(block)).all()
        # Bytes are equal on one machine; another processor's vector units may round the solver's steps otherwise.
        np.testing.assert_allclose(ours.model.idf[block], theirs.model.idf[block], rtol=1e-6)
        np.testing.assert_allclose(ours.model.coefficients[block], theirs.model.coefficients[block], atol=2e-3)
    np.testing.assert_allclose(ours.model.thresholds, theirs.model.thresholds, atol=0.02)


def test_same_decisions_on_the_test_split(retrained: TrainingResult, shipped: Bundle) -> None:
    assert retrained.test is not None
    texts, headings = retrained.test.texts, retrained.test.headings
    ours, theirs = (
        bundle.scorer.model.decisions(bundle.scorer.probabilities(texts, headings))
        for bundle in (retrained.bundle, shipped)
    )
    assert (ours == theirs).mean() > 0.999


def test_the_shipped_figures_are_those_of_the_shipped_model(retrained: TrainingResult, shipped: Bundle) -> None:
    for name in ("folds", "test", "test_without_headings"):
        measured = retrained.bundle.info["metrics"][name]["macro_f1"]
        assert shipped.info["metrics"][name]["macro_f1"] == pytest.approx(measured, abs=2e-3)
