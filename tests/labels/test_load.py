from __future__ import annotations

import json
from pathlib import Path

import pytest

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import CorpusError
from fazhi_ml.labels import load_labelled
from tests.labels.conftest import CORPUS, WriteReport


def write_gold(folder: Path, name: str) -> Path:
    (folder / "a.txt").write_text("文。", encoding="utf-8")
    row = {"report": "a.txt", "start": 0, "end": 2, "kind": "item", "must": ["supervision"], "may": [], "text": "文"}
    (folder / name).write_text(json.dumps(row))
    return folder / name


def test_every_form_is_recognised(write_report: WriteReport, codebook: Codebook, tmp_path: Path) -> None:
    marked_up = write_report("P| supervision | 文。\n")
    assert load_labelled(marked_up, codebook).sources == ("r1.txt:4",)
    assert load_labelled(marked_up.parent, codebook).sources == ("r1.txt:4",)
    folder = tmp_path / "gold"
    folder.mkdir()
    assert load_labelled(write_gold(folder, "other.jsonl"), codebook).sources == ("other.jsonl:1",)
    with pytest.raises(CorpusError, match="unknown tag"):
        load_labelled(folder, codebook)
    write_gold(folder, "gold.jsonl")
    assert load_labelled(str(folder), codebook).sources == ("gold.jsonl:1",)


def test_the_shipped_corpus_loads(codebook: Codebook) -> None:
    assert len(set(load_labelled(CORPUS, codebook).groups)) == 120


@pytest.mark.parametrize("name", ["missing", "missing.jsonl", "nul\0", "long" * 100])
def test_paths_that_cannot_be_read(name: str, codebook: Codebook, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"not a file|cannot be read"):
        load_labelled(tmp_path / name, codebook)
