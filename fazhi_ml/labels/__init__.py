"""Labelled data: the marked-up corpus, gold labels beside plain reports, and which reports are held out."""

from fazhi_ml.labels.corpus import Corpus, check_corpus
from fazhi_ml.labels.dataset import ABSENT, PRESENT, UNCERTAIN, LabelledTexts, label_matrix
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
    "label_matrix",
    "load_labelled",
    "stratified_test_ids",
]
