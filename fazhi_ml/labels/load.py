"""Reading labelled texts whatever form they come in."""

from __future__ import annotations

import os
from pathlib import Path

from fazhi_ml.codebook import Codebook
from fazhi_ml.labels.corpus import Corpus
from fazhi_ml.labels.dataset import LabelledTexts
from fazhi_ml.labels.exchange import is_exchange_file, read_exchange
from fazhi_ml.labels.gold import Gold

__all__ = ["load_labelled"]

_GOLD_NAME = "gold.jsonl"


def load_labelled(path: str | os.PathLike[str], codebook: Codebook) -> LabelledTexts:
    """Read labelled texts from a corpus folder, a marked-up report, gold labels beside plain reports, or labelled rows.

    Parameters
    ----------
    path : str or path
        A ``.csv`` or ``.tsv`` file is read as labelled rows, see `fazhi_ml.labels.exchange`; so is a ``.jsonl`` file,
        unless its first row is one of `Gold`. A folder with a ``gold.jsonl`` is read as `Gold`; everything else as
        `Corpus`.
    codebook : Codebook

    Raises
    ------
    CorpusError
        The data are malformed or do not fit the codebook.
    """
    source = Path(path)
    if is_exchange_file(source):
        return read_exchange(source, codebook)
    if source.suffix == ".jsonl":
        return Gold.read(source, codebook).labelled_texts()
    if _has_gold(source):
        return Gold.read(source / _GOLD_NAME, codebook).labelled_texts()
    return Corpus.read(source, codebook).labelled_texts()


def _has_gold(folder: Path) -> bool:
    try:
        return (folder / _GOLD_NAME).is_file()
    except OSError:  # a path that the system rejects: the corpus reader says so
        return False
