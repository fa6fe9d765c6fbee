from __future__ import annotations

import numpy as np
import pytest

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import InputError
from fazhi_ml.labels import Corpus, LabelledTexts, label_matrix


@pytest.fixture
def texts(codebook: Codebook) -> LabelledTexts:
    return LabelledTexts(
        texts=("a", "b", "c"),
        headings=("h", None, "h"),
        labels=label_matrix([(["supervision"], []), ([], ["law_enforcement"]), ([], [])], codebook),
        groups=("r1", "r1", "r2"),
        roles=("other", "plans", "plans"),
        sources=("r1:1", "r1:2", "r2:1"),
        codebook=codebook,
    )


def test_label_matrix_tells_certain_uncertain_and_absent_apart(texts: LabelledTexts) -> None:
    assert texts.labels.tolist() == [[0, 0, 0, 1, 0], [0, -1, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_an_empty_label_matrix_keeps_its_columns(codebook: Codebook) -> None:
    assert label_matrix([], codebook).shape == (0, 5)


@pytest.mark.parametrize(
    "rows", [[2, 0], np.array([2, 0]), np.array([-1, -3], dtype=np.int8), np.array([2, 0], dtype=np.uint32)]
)
def test_select_by_numbers(rows: list[int], texts: LabelledTexts) -> None:
    chosen = texts.select(rows)
    assert (chosen.texts, chosen.headings, chosen.groups) == (("c", "a"), ("h", "h"), ("r2", "r1"))
    assert (chosen.roles, chosen.sources) == (("plans", "other"), ("r2:1", "r1:1"))
    assert chosen.labels.tolist() == texts.labels[[2, 0]].tolist()


def test_select_by_mask(texts: LabelledTexts) -> None:
    assert texts.select([False, True, True]).texts == ("b", "c")
    assert len(texts.select(np.zeros(3, dtype=np.bool_))) == 0
    assert len(texts.select([])) == 0
    assert texts.select([]).labels.shape == (0, 5)


@pytest.mark.parametrize("rows", [[True], [3], [[0]], [0.5], ["a"], 0, None])
def test_select_rejects_everything_else(rows: object, texts: LabelledTexts) -> None:
    with pytest.raises(InputError, match="rows"):
        texts.select(rows)  # type: ignore[arg-type]


def test_in_groups_partitions_the_texts(texts: LabelledTexts, corpus: Corpus) -> None:
    assert texts.in_groups({"r2"}).texts == ("c",)
    assert len(texts.in_groups(())) == 0
    every = corpus.labelled_texts()
    assert every.in_groups(corpus.ids[:60]).texts + every.in_groups(corpus.ids[60:]).texts == every.texts


def test_fields_must_agree_in_length(texts: LabelledTexts) -> None:
    values = {name: getattr(texts, name) for name in texts.__dataclass_fields__}
    for name in ("headings", "labels", "groups", "roles", "sources"):
        with pytest.raises(InputError, match="different lengths"):
            LabelledTexts(**{**values, name: values[name][:2]})
    with pytest.raises(InputError, match="different lengths"):
        LabelledTexts(**{**values, "labels": texts.labels[:, :4]})
