"""What a training learns from and is tested on, whatever form the data come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.labels import Corpus, LabelledTexts, Splits, load_labelled
from fazhi_ml.labels.debug import rare_themes
from fazhi_ml.labels.exchange import file_hash, infer_codebook, is_exchange_file, read_rows, to_labelled_texts
from fazhi_ml.training.config import DataConfig

__all__ = ["TrainingData", "model_targets", "read_training_data"]


@dataclass(frozen=True)
class TrainingData:
    """Texts to learn from and texts held out.

    Attributes
    ----------
    train : LabelledTexts
    test : LabelledTexts or None
    hash : str
        SHA-256 of what `train` was read from: of a corpus with its held-out reports.
    info : dict
        What the bundle keeps about them, as JSON values.
    notes : tuple of str
        What to know before trusting the model: themes without texts, or with few.
    """

    train: LabelledTexts
    test: LabelledTexts | None
    hash: str
    info: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def codebook(self) -> Codebook:
        """The codebook of all labels."""
        return self.train.codebook


def read_training_data(data: DataConfig) -> TrainingData:
    """Read the labelled data that a configuration names.

    Raises
    ------
    ConfigError
        Settings contradict each other.
    CodebookError, CorpusError
        The data are malformed.
    """
    if data.splits is not None and data.test is not None:
        raise ConfigError("stands beside data.splits", source="data.test", remedy="Hold out texts in one way.")
    if is_exchange_file(data.corpus):
        return _from_rows(data)
    if data.codebook is None:
        raise ConfigError(
            "is missing", source="data.codebook", remedy="Set it in the file or with --set: reports need a codebook."
        )
    codebook = Codebook.read(data.codebook)
    corpus = Corpus.read(data.corpus, codebook)
    labelled = corpus.labelled_texts()
    splits = None if data.splits is None else Splits.read(data.splits, corpus)
    test = None if data.test is None else load_labelled(data.test, codebook)
    return _described(
        data,
        labelled if splits is None else labelled.in_groups(splits.train),
        test if splits is None else labelled.in_groups(splits.test),
        corpus.hash,
        {"reports": len(corpus), "test_reports": [] if splits is None else list(splits.test)},
    )


def model_targets(labelled: LabelledTexts) -> NDArray[np.int8] | NDArray[np.str_]:
    """Return what the estimator learns: the label matrix, or the class of each text when single-label."""
    if labelled.codebook.multi_label:
        return labelled.labels
    classes: NDArray[np.str_] = np.array(labelled.codebook.ids)[labelled.labels.argmax(axis=1)]
    return classes


def _from_rows(data: DataConfig) -> TrainingData:
    if data.splits is not None:
        raise ConfigError(
            "is for marked-up reports", source="data.splits", remedy="Name the file of held-out rows in data.test."
        )
    rows = read_rows(data.corpus)
    codebook = infer_codebook(rows, source=data.corpus) if data.codebook is None else Codebook.read(data.codebook)
    train = to_labelled_texts(rows, codebook, source=data.corpus)
    test = None if data.test is None else load_labelled(data.test, codebook)
    return _described(data, train, test, file_hash(data.corpus), {"groups": len(set(train.groups))})


def _described(
    data: DataConfig, train: LabelledTexts, test: LabelledTexts | None, digest: str, more: dict[str, Any]
) -> TrainingData:
    info = {"hash": digest, "description": data.description.strip(), "train_texts": len(train), **more}
    if data.test is not None and test is not None:
        info |= {"test_texts": len(test)} | ({"test_hash": file_hash(data.test)} if data.test.is_file() else {})
    notes = tuple(
        f"{finding.count} {finding.message} ({', '.join(finding.places)}{', …' if finding.count > 10 else ''})"
        for finding in rare_themes(train, "the training data")
    )
    return TrainingData(train, test, digest, info, notes)
