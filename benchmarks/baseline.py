"""What fazhi_ml is measured against: scikit-learn's usual recipe for Chinese text, words only.

Run as a script it is the cold-start alternative: load the pickled pipeline, read paragraphs one a line,
print their themes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import jieba
import joblib
from numpy.typing import ArrayLike
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC


def cut(text: str) -> list[str]:
    """Cut a text into words; a function of its own, since jieba's methods cannot be pickled."""
    words: list[str] = jieba.lcut(text)
    return words


def fit_pipeline(texts: Sequence[str], labels: ArrayLike) -> Pipeline:
    """Fit the pipeline; `labels` has shape (n_texts, n_themes)."""
    pipeline = Pipeline(
        [
            ("tfidf", TfidfVectorizer(tokenizer=cut, token_pattern=None)),
            ("themes", OneVsRestClassifier(LinearSVC())),
        ]
    )
    return pipeline.fit(texts, labels)


def main() -> None:
    """Tag the paragraphs of a file, one a line, with a pickled pipeline."""
    model, paragraphs = sys.argv[1:]
    texts = Path(paragraphs).read_text(encoding="utf-8").splitlines()
    for text, given in zip(texts, joblib.load(model).predict(texts), strict=True):
        print(*given, text)


if __name__ == "__main__":
    main()
