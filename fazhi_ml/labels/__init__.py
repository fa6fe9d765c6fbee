"""Labelled data: the marked-up corpus, gold labels beside plain reports, rows with any labels, and what is held out."""

from fazhi_ml.labels.corpus import Corpus, check_corpus
from fazhi_ml.labels.dataset import ABSENT, PRESENT, UNCERTAIN, LabelledTexts, label_matrix
from fazhi_ml.labels.exchange import infer_codebook, read_exchange
from fazhi_ml.labels.gold import Gold, GoldReport, GoldUnit
from fazhi_ml.labels.load import load_labelled
from fazhi_ml.labels.markup import LabelledItem, LabelledReport
from fazhi_ml.labels.splits import Splits, stratified_test_ids

__all__ = [
    "ABSENT",
    "PRESENT",
    "UNCERTAIN",
    "Corpus",
    "Gold",
    "GoldReport",
    "GoldUnit",
    "LabelledItem",
    "LabelledReport",
    "LabelledTexts",
    "Splits",
    "check_corpus",
    "infer_codebook",
    "label_matrix",
    "load_labelled",
    "read_exchange",
    "stratified_test_ids",
]
