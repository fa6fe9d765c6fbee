from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fazhi_ml.codebook import Codebook
from fazhi_ml.labels import Corpus

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "data" / "corpus"
HEAD = "#id r1\n#level county\n#year 2023\n"

WriteReport = Callable[..., Path]


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return Codebook.read(ROOT / "configs" / "codebook.toml")


@pytest.fixture(scope="session")
def corpus(codebook: Codebook) -> Corpus:
    return Corpus.read(CORPUS, codebook)


@pytest.fixture
def write_report(tmp_path: Path) -> WriteReport:
    """Write a marked-up file: metadata (unless `head` says otherwise), then the body."""

    def write(body: str, *, name: str = "r1.txt", head: str = HEAD) -> Path:
        path = tmp_path / name
        path.write_text(head + body, encoding="utf-8", newline="")
        return path

    return write
