from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.config import TrainingConfig, read_config
from fazhi_ml.training.train import TrainingResult, train

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "data" / "corpus"

# mlflow 3.17 uses a loader strategy that its SQLAlchemy deprecates.
QUIET_MLFLOW = "ignore:The ``noload`` loader strategy"

MakeTexts = Callable[..., LabelledTexts]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project: eight reports of the corpus, two of them held out, and a configuration."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "corpus").mkdir()
    for number in range(1, 9):
        shutil.copy(CORPUS / f"r00{number}.txt", folder / "corpus")
    (folder / "splits.toml").write_text('version = 1\ntest = ["r001", "r008"]\n')
    (folder / "words.txt").write_text("放管服 1000\n", encoding="utf-8")
    shutil.copy(ROOT / "configs" / "codebook.toml", folder)
    (folder / "config.toml").write_text(
        """
name = "small"
[data]
corpus = "corpus"
codebook = "codebook.toml"
splits = "splits.toml"
user_dictionary = "words.txt"
[model]
n_folds = 3
"""
    )
    return folder


@pytest.fixture(scope="session")
def config(project: Path) -> TrainingConfig:
    return read_config(project / "config.toml")


@pytest.fixture(scope="session")
def trained(config: TrainingConfig) -> TrainingResult:
    return train(config)


@pytest.fixture
def make_texts() -> MakeTexts:
    """Labelled texts of two themes, a and b, from a label matrix."""

    def make(
        labels: Sequence[Sequence[int]],
        *,
        groups: Sequence[str] | None = None,
        roles: Sequence[str] | None = None,
        multi_label: bool = True,
    ) -> LabelledTexts:
        n_texts = len(labels)
        n_themes = len(labels[0]) if labels else 2
        themes = tuple(Theme(chr(ord("a") + column)) for column in range(n_themes))
        return LabelledTexts(
            texts=tuple(f"text {row}" for row in range(n_texts)),
            headings=(None,) * n_texts,
            labels=np.array(labels, dtype=np.int8).reshape(n_texts, n_themes),
            groups=tuple(groups or ["r1"] * n_texts),
            roles=tuple(roles or ["other"] * n_texts),
            sources=tuple(f"r1.txt:{row + 1}" for row in range(n_texts)),
            codebook=Codebook("letters", "1", multi_label, themes),
        )

    return make
