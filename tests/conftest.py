"""Fixtures that several packages' tests share; a small model is trained once a session."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.codebook import Codebook
from fazhi_ml.features.tokenizer import UserWords, parse_user_dictionary
from fazhi_ml.labels import Corpus, LabelledTexts
from fazhi_ml.tagging.tagger import Tagger

# A first run builds tables of Unicode and trains the shared model within some test's time.
settings.register_profile("fazhi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fazhi")

ROOT = Path(__file__).parents[1]
USER_DICTIONARY = ROOT / "configs" / "userdict.txt"
DEFAULT_MODEL = ROOT / "models" / "default"


def pairs(labelled: LabelledTexts) -> list[tuple[str, str | None]]:
    """Return labelled texts as the estimator takes them."""
    return list(zip(labelled.texts, labelled.headings, strict=True))


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return Codebook.read(ROOT / "configs" / "codebook.toml")


@pytest.fixture(scope="session")
def corpus(codebook: Codebook) -> Corpus:
    return Corpus.read(ROOT / "data" / "corpus", codebook)


@pytest.fixture(scope="session")
def user_words() -> UserWords:
    return parse_user_dictionary(USER_DICTIONARY.read_text(encoding="utf-8"), source=str(USER_DICTIONARY))


@pytest.fixture(scope="session")
def training_texts(corpus: Corpus) -> LabelledTexts:
    """Labelled items of 20 reports, uncertain labels among them."""
    return corpus.select(corpus.ids[4::6]).labelled_texts()


@pytest.fixture(scope="session")
def other_texts(corpus: Corpus) -> LabelledTexts:
    """Labelled items of 10 reports that the small model has not seen."""
    return corpus.select(corpus.ids[1::12]).labelled_texts()


@pytest.fixture(scope="session")
def few_texts(corpus: Corpus) -> LabelledTexts:
    """Labelled items of 6 reports, none of them uncertain, for tests that fit many times."""
    labelled = corpus.select(corpus.ids[:6]).labelled_texts()
    return labelled.select((labelled.labels >= 0).all(axis=1))


@pytest.fixture(scope="session")
def classifier(training_texts: LabelledTexts, codebook: Codebook, user_words: UserWords) -> ThemeClassifier:
    estimator = ThemeClassifier(themes=codebook.ids, user_words=user_words, n_folds=3)
    return estimator.fit(pairs(training_texts), training_texts.labels, training_texts.groups)


@pytest.fixture(scope="session")
def bundle(classifier: ThemeClassifier, codebook: Codebook) -> Bundle:
    info = {"name": "small", "corpus": {"hash": "0" * 64, "reports": 20}, "metrics": {"folds": {"macro_f1": 0.5}}}
    return Bundle(codebook, classifier.scorer_, info, "# 模型卡 · Model card\n")


@pytest.fixture(scope="session")
def saved_bundle(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small model; tests that change it take `bundle_copy`."""
    folder = tmp_path_factory.mktemp("models") / "small"
    bundle.save(folder)
    return folder


@pytest.fixture
def bundle_copy(saved_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def tagger(saved_bundle: Path) -> Tagger:
    return Tagger(Bundle.load(saved_bundle))


@pytest.fixture(scope="session")
def real_reports() -> Path:
    folder = os.environ.get("FAZHI_REAL_REPORTS")
    if not folder:
        pytest.skip("FAZHI_REAL_REPORTS does not name a folder of real reports")
    return Path(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return model.json of a bundle."""
    manifest: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return manifest
