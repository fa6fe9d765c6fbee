from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError, FazhiError, InputError
from fazhi_ml.labels import LabelledTexts
from tests.conftest import ROOT, pairs

TEXTS = [
    "开展行政执法检查，查处案件12件。",
    "严格执法，办理行政处罚案件30宗。",
    "组织宪法宣传周普法活动。",
    "开展普法宣传，发放宣传册2万份。",
]
LABELS = [[1, 0], [1, 0], [0, 1], [0, 1]]


def quick(**params: Any) -> ThemeClassifier:
    return ThemeClassifier(**{"n_folds": 2, "min_df": 1, **params})


def single_labels(labelled: LabelledTexts) -> NDArray[np.str_]:
    """Return one class a text: its first theme, or "none"."""
    names = np.array([*labelled.codebook.ids, "none"])
    with_none = np.hstack([labelled.labels == 1, np.ones((len(labelled), 1), dtype=bool)])
    classes: NDArray[np.str_] = names[with_none.argmax(axis=1)]
    return classes


def test_parameters_are_those_of_the_signature() -> None:
    estimator = quick(themes=("a", "b"), user_words=[("放管服", 1000)])
    params = estimator.get_params()
    assert params["themes"] == ("a", "b")
    assert params["mix"] == 0.6
    assert estimator.set_params(mix=0.25, C=2).get_params() == {**params, "mix": 0.25, "C": 2}
    assert clone(estimator).get_params() == estimator.get_params()
    with pytest.raises(ValueError, match="Invalid parameter"):
        estimator.set_params(depth=3)


def test_fitting_does_not_touch_parameters_or_data() -> None:
    words = [("放管服", 1000)]
    estimator = quick(themes=["enforcement", "publicity"], user_words=words)
    before = deepcopy(estimator.get_params())
    texts, labels = list(TEXTS), np.array(LABELS)
    assert estimator.fit(texts, labels, ["a", "b", "a", "b"]) is estimator
    assert estimator.get_params() == before
    assert estimator.user_words is words
    assert texts == TEXTS
    assert (labels == LABELS).all()


def test_a_clone_is_not_fitted() -> None:
    with pytest.raises(NotFittedError):
        clone(quick().fit(TEXTS, LABELS)).predict(TEXTS)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_an_estimator_that_is_not_fitted_says_so(method: str) -> None:
    estimator = quick()
    with pytest.raises(NotFittedError):
        getattr(estimator, method)(TEXTS)
    with pytest.raises(InputError):
        estimator.fit(TEXTS, LABELS, groups=["one"] * 4)
    with pytest.raises(NotFittedError):
        getattr(estimator, method)(TEXTS)


def test_a_failed_fit_leaves_the_fitted_model_alone() -> None:
    estimator = quick(themes=["enforcement", "publicity"]).fit(TEXTS, LABELS)
    before = estimator.predict_proba(TEXTS)
    estimator.set_params(themes=["one", "two"])
    with pytest.raises(InputError):
        estimator.fit(TEXTS, LABELS, groups=["one"] * 4)
    assert estimator.classes_.tolist() == ["enforcement", "publicity"]
    assert (estimator.predict_proba(TEXTS) == before).all()


def test_it_learns(classifier: ThemeClassifier, other_texts: LabelledTexts) -> None:
    predicted = classifier.predict(pairs(other_texts))
    certain = other_texts.labels >= 0
    assert predicted.dtype == np.int8
    assert (predicted == other_texts.labels)[certain].mean() > 0.95


def test_columns_keep_the_order_of_the_themes(few_texts: LabelledTexts, codebook: Codebook) -> None:
    straight = quick(themes=codebook.ids).fit(pairs(few_texts), few_texts.labels, few_texts.groups)
    turned = quick(themes=codebook.ids[::-1]).fit(pairs(few_texts), few_texts.labels[:, ::-1], few_texts.groups)
    assert straight.classes_.tolist() == list(codebook.ids)
    assert turned.classes_.tolist() == list(codebook.ids[::-1])
    np.testing.assert_allclose(
        turned.predict_proba(few_texts.texts)[:, ::-1], straight.predict_proba(few_texts.texts), atol=1e-6
    )
    assert quick().fit(TEXTS, LABELS).classes_.tolist() == [0, 1]


def test_plain_strings_are_texts_without_headings(classifier: ThemeClassifier, other_texts: LabelledTexts) -> None:
    texts = other_texts.texts[:20]
    expected = classifier.predict_proba([(text, None) for text in texts])
    forms: list[Any] = [list(texts), texts, np.array(texts), np.array(texts, dtype=object)]
    for form in forms:
        assert (classifier.predict_proba(form) == expected).all()
    both: Any = np.array([[text, "三、普法"] for text in texts], dtype=object)
    assert (classifier.predict_proba(both) == classifier.predict_proba([(text, "三、普法") for text in texts])).all()


def test_rows_without_a_label_and_uncertain_rows_are_trained_on(few_texts: LabelledTexts) -> None:
    labels = few_texts.labels.copy()
    assert (labels == 0).all(axis=1).any()
    labels[::7] = -1
    labels[:, 4] = 0
    estimator = quick().fit(pairs(few_texts), labels, few_texts.groups)
    decided = estimator.predict(pairs(few_texts))
    assert set(np.unique(decided)) == {0, 1}
    assert not decided[:, 4].any()


def test_out_of_fold_results_come_from_other_reports(few_texts: LabelledTexts) -> None:
    estimator = quick(n_folds=3).fit(pairs(few_texts), few_texts.labels, few_texts.groups)
    held_out = estimator.out_of_fold_
    folds_of = {
        group: {int(f) for f, g in zip(held_out.folds, few_texts.groups, strict=True) if g == group}
        for group in few_texts.groups
    }
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert set().union(*folds_of.values()) == {0, 1, 2}
    assert held_out.scores.shape == held_out.probabilities.shape == held_out.decisions.shape == few_texts.labels.shape
    rows = np.flatnonzero(held_out.folds == 1)
    rest = np.flatnonzero(held_out.folds != 1)
    alone = quick(n_folds=2).fit(
        [pairs(few_texts)[row] for row in rest],
        few_texts.labels[rest],
        [few_texts.groups[row] for row in rest],
    )
    scores = alone.decision_function([pairs(few_texts)[row] for row in rows])
    # Headings drop out at random by row number, so only nearly the same model.
    assert np.corrcoef(scores.ravel(), held_out.scores[rows].ravel())[0, 1] > 0.98


def test_the_same_seed_gives_the_same_model_and_another_one_does_not(few_texts: LabelledTexts) -> None:
    def probabilities(seed: int) -> NDArray[np.float64]:
        estimator = quick(random_state=seed).fit(pairs(few_texts), few_texts.labels, few_texts.groups)
        return estimator.predict_proba(pairs(few_texts))

    assert (probabilities(3) == probabilities(3)).all()
    assert (probabilities(3) != probabilities(4)).any()


def test_the_same_training_writes_the_same_bytes(tmp_path: Path) -> None:
    train_small().save(tmp_path / "one")
    # Another process with another hash seed, so that no set or dict order decides.
    script = "import sys; from tests.classifier.test_estimator import train_small; train_small().save(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "two")],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
    )
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["MODEL_CARD.md", "model.json", "userdict.txt", "vocabulary.txt", "weights.safetensors"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def train_small() -> Bundle:
    from fazhi_ml.labels import Corpus

    codebook = Codebook.read(ROOT / "configs" / "codebook.toml")
    corpus = Corpus.read(ROOT / "data" / "corpus", codebook)
    labelled = corpus.select(corpus.ids[:4]).labelled_texts()
    estimator = quick(themes=codebook.ids).fit(pairs(labelled), labelled.labels, labelled.groups)
    return Bundle(codebook, estimator.scorer_, {}, "# Card\n")


def test_single_label_gives_each_text_one_class(few_texts: LabelledTexts) -> None:
    classes = single_labels(few_texts)
    estimator = quick(multi_label=False).fit(pairs(few_texts), classes, few_texts.groups)
    assert estimator.classes_.tolist() == sorted(set(classes))
    probabilities = estimator.predict_proba(pairs(few_texts))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    predicted = estimator.predict(pairs(few_texts))
    assert (predicted == estimator.classes_[probabilities.argmax(axis=1)]).all()
    assert (predicted == classes).mean() > 0.9
    assert estimator.score(pairs(few_texts), classes) == (predicted == classes).mean()


@pytest.mark.parametrize("classes", [[3, 3, 9, 9], ["执法", "执法", "普法", "普法"], [True, True, False, False]])
def test_classes_come_back_as_they_were_given(classes: list[Any]) -> None:
    predicted = quick(multi_label=False, n_folds=4).fit(TEXTS, classes).predict(TEXTS)
    assert predicted.tolist() == classes


def test_a_class_that_never_occurs_is_never_given() -> None:
    # Texts that say nothing of their class: no other class has a high probability either.
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(list("甲乙丙丁戊己庚辛壬癸"), 20)) for _ in range(100)]
    estimator = quick(multi_label=False, themes=[*"abcde", "unseen"])
    estimator.fit(texts, generator.choice(list("abcde"), 100))
    assert "unseen" not in estimator.predict([*texts, ""]).tolist()


def test_one_class_is_given_to_all() -> None:
    estimator = quick(multi_label=False).fit(TEXTS, ["only"] * 4)
    assert estimator.predict([*TEXTS, ""]).tolist() == ["only"] * 5


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_cross_val_predict_takes_lists(method: str, few_texts: LabelledTexts) -> None:
    rows = cross_val_predict(
        quick(), pairs(few_texts), few_texts.labels, groups=few_texts.groups, cv=GroupKFold(2), method=method
    )
    assert rows.shape == few_texts.labels.shape
    assert ((rows >= 0.5) == few_texts.labels).mean() > 0.85


def test_grid_search_takes_lists(few_texts: LabelledTexts) -> None:
    search = GridSearchCV(quick(), {"mix": [0.0, 0.6], "min_df": np.arange(1, 3)}, cv=GroupKFold(2))
    search.fit(pairs(few_texts), few_texts.labels, groups=few_texts.groups)
    assert search.best_score_ > 0.5
    assert search.predict(pairs(few_texts)).shape == few_texts.labels.shape


def test_numbers_of_numpy_are_numbers(few_texts: LabelledTexts, codebook: Codebook, tmp_path: Path) -> None:
    params = {"mix": np.float64(0.6), "C": np.float32(0.5), "min_df": np.int64(2), "char_ngrams": np.int64(2)}
    estimator = quick(themes=codebook.ids, random_state=np.int64(1), **params)
    estimator.fit(pairs(few_texts), few_texts.labels, few_texts.groups)
    Bundle(codebook, estimator.scorer_, {}, "").save(tmp_path / "model")
    loaded = Bundle.load(tmp_path / "model")
    assert (
        loaded.scorer.scores(few_texts.texts, few_texts.headings) == estimator.decision_function(pairs(few_texts))
    ).all()


@pytest.mark.parametrize(
    "X",
    [
        None,
        5,
        "一段文字",
        b"bytes",
        [None, "a", "b", "c"],
        [1.5, "a", "b", "c"],
        [b"ab", "a", "b", "c"],
        [b"abc", "a", "b", "c"],
        [("a", None, "x"), "a", "b", "c"],
        [("a",), "a", "b", "c"],
        [("a", 5), "a", "b", "c"],
        [(None, "h"), "a", "b", "c"],
        {"text": 1, "b": 2, "c": 3, "d": 4},
    ],
    ids=repr,
)
def test_texts_that_are_none_are_refused(X: Any, classifier: ThemeClassifier) -> None:
    with pytest.raises(InputError) as caught:
        classifier.predict(X)
    assert caught.value.source == "X"
    with pytest.raises(InputError):
        quick().fit(X, LABELS)


def test_a_data_frame_is_not_a_sequence_of_texts(classifier: ThemeClassifier) -> None:
    # Its iterator gives column names, which would be classified without a word.
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError):
        classifier.predict(pandas.DataFrame({"text": TEXTS}))
    assert (classifier.predict(pandas.Series(TEXTS)) == classifier.predict(TEXTS)).all()


@pytest.mark.parametrize(
    "y",
    [
        None,
        5,
        [1, 0, 1, 0],
        LABELS[:3],
        [[1, 0], [1], [0, 1], [0, 1]],
        [[1, 0], [1, 2], [0, 1], [0, 1]],
        [[1, 0], [1, np.nan], [0, 1], [0, 1]],
        [[1, 0], [1, None], [0, 1], [0, 1]],
        [["a", "b"]] * 4,
        [("enforcement",), (), ("publicity",), ("publicity", "enforcement")],
        np.zeros((4, 2, 1)),
    ],
    ids=repr,
)
def test_bad_label_matrices_are_refused(y: Any) -> None:
    with pytest.raises(InputError) as caught:
        quick().fit(TEXTS, y)
    assert caught.value.source == "y"


@pytest.mark.parametrize(
    "y", [None, "abcd", LABELS, ["a", "b"], [["a"], "b", "c", "d"], ["a", "a", "b", None]], ids=repr
)
def test_bad_classes_are_refused(y: Any) -> None:
    with pytest.raises(InputError) as caught:
        quick(multi_label=False).fit(TEXTS, y)
    assert caught.value.source == "y"


def test_a_class_outside_the_themes_is_refused() -> None:
    with pytest.raises(InputError):
        quick(multi_label=False, themes=["a", "b"]).fit(TEXTS, ["a", "a", "b", "c"])
    with pytest.raises(InputError):
        quick(themes=["a", "b", "c"]).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    "groups",
    ["abcd", 5, ["a", "b"], ["a"] * 4, np.zeros((4, 2)), [["a"], "b", "c", "d"], ["a", 1, None, "b"], []],
    ids=repr,
)
def test_bad_groups_are_refused(groups: Any) -> None:
    with pytest.raises(InputError) as caught:
        quick().fit(TEXTS, LABELS, groups=groups)
    assert caught.value.source == "groups"


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(InputError):
        quick().fit([], np.zeros((0, 2)))
    with pytest.raises(InputError):
        quick().fit(TEXTS[:1], LABELS[:1])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("word_ngrams", [0, 3, "2", None]),
        ("char_ngrams", [0, 4, 1.5]),
        ("min_sentence", [0, -1]),
        ("fold_digits", [1, "yes"]),
        ("min_df", [0, "2", None, True, float("nan")]),
        ("word_weight", [-1, "1", float("nan")]),
        ("char_weight", [101]),
        ("heading_weight", [None]),
        ("heading_dropout", [-0.1, 1.1]),
        ("mix", [-0.1, 1.1, None]),
        ("uncertain", ["maybe", None]),
        ("C", [0, -1, float("inf")]),
        ("class_weight", ["unbalanced", 5]),
        ("n_folds", [1, 2.5, None]),
        ("threshold", ["best", None, 0.5]),
        ("random_state", [-1, "seed", 2**40, 1.5]),
        ("user_words", [5, [5], ["放管服"], [("放管服",)], [("放管服", "many")], [(5, 5)], [("甲 乙", 5)]]),
        ("themes", ["ab", 5, ["a", "a"], ["a", 5]]),
        ("multi_label", [None, "yes"]),
        ("sentence_rows", ["yes", None]),
    ],
)
def test_parameters_out_of_range_are_refused(name: str, values: Sequence[Any]) -> None:
    for value in values:
        # A bad list of themes may also be said to be bad input.
        with pytest.raises((ConfigError, InputError)):
            quick(**{name: value}).fit(TEXTS, LABELS)


def test_errors_do_not_echo_the_text(classifier: ThemeClassifier) -> None:
    with pytest.raises(FazhiError) as caught:
        classifier.predict([("机密文字", 5)])  # type: ignore[list-item]
    assert "机密" not in str(caught.value)
