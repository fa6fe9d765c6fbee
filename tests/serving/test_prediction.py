from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import InputError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.serving.prediction import predict_frame
from fazhi_ml.tagging.tagger import Tagger

LIST = "一是开展行政执法案卷评查，抽查案卷40宗。二是化解矛盾纠纷，调解案件100件。三是优化营商环境，压减审批时限。"


def frame(*texts: object, headings: list[object] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    return table if headings is None else table.assign(headings=pd.Series(headings, dtype=object))


def test_a_paragraph_is_tagged_as_the_tagger_does(tagger: Tagger, other_texts: LabelledTexts) -> None:
    table = frame(*other_texts.texts, headings=list(other_texts.headings))
    result = predict_frame(tagger.bundle, table, {})
    assert [tuple(themes) for themes in result["themes"]] == tagger.predict(other_texts.texts, other_texts.headings)
    probabilities = [[scores[theme] for theme in tagger.themes] for scores in result["scores"]]
    np.testing.assert_allclose(
        probabilities, tagger.predict_proba(other_texts.texts, other_texts.headings), atol=5.1e-7
    )
    for themes, primary, scores in result[["themes", "primary", "scores"]].itertuples(index=False):
        assert primary == (max(themes, key=scores.get) if themes else "other")
    assert result["items"].tolist() == [None] * len(table)


def test_headings_may_be_left_out_or_null(bundle: Bundle) -> None:
    without = predict_frame(bundle, frame(LIST), {})
    assert predict_frame(bundle, frame(LIST, headings=[None]), {}).equals(without)
    assert not predict_frame(bundle, frame(LIST, headings=["行政执法"]), {}).equals(without)


def test_null_in_null_out_and_the_index_stays(bundle: Bundle) -> None:
    table = frame(None, "", LIST, float("nan")).set_axis([7, 3, 5, 5])
    for granularity in ("paragraph", "item"):
        result = predict_frame(bundle, table, {"granularity": granularity})
        assert result.index.tolist() == [7, 3, 5, 5]
        assert result.iloc[[0, 3]].to_numpy().tolist() == [[None] * 4] * 2
        assert result.iloc[1]["primary"] == "other"
        assert result.iloc[1]["themes"] == []


def test_no_rows(bundle: Bundle) -> None:
    result = predict_frame(bundle, frame(), {})
    assert len(result) == 0
    assert result.columns.tolist() == ["themes", "primary", "scores", "items"]


def test_items_are_cut_and_joined_as_in_a_report(tagger: Tagger) -> None:
    row = predict_frame(tagger.bundle, frame(LIST), {"granularity": "item"}).iloc[0]
    pieces = [LIST[item["start"] : item["end"]] for item in row["items"]]
    assert "".join(pieces) == LIST
    assert [piece[:2] for piece in pieces] == ["一是", "二是", "三是"]
    assert [tuple(item["themes"]) for item in row["items"]] == tagger.predict(pieces)
    assert set(row["themes"]) == {theme for item in row["items"] for theme in item["themes"]}
    for theme in tagger.themes:
        assert row["scores"][theme] == max(item["scores"][theme] for item in row["items"])


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="一二三是、。，①②(1)2 \n\r\t\u3000案", max_size=60))
def test_items_lie_in_their_text_in_order(bundle: Bundle, text: str) -> None:
    items = predict_frame(bundle, frame(text), {"granularity": "item"}).iloc[0]["items"]
    ends = [0]
    for item in items:
        assert ends[-1] <= item["start"] <= item["end"] <= len(text)
        ends.append(item["end"])
    if text.strip():
        assert "".join(text[item["start"] : item["end"]] for item in items).split() == text.split() or len(items) > 1
        assert all(text[item["start"] : item["end"]].strip() for item in items)


def test_thresholds_decide_and_leave_scores_alone(bundle: Bundle) -> None:
    everything = dict.fromkeys(bundle.codebook.ids, 0.0)
    before = predict_frame(bundle, frame(LIST), {}).iloc[0]
    after = predict_frame(bundle, frame(LIST), {"thresholds": everything}).iloc[0]
    assert after["themes"] == list(bundle.codebook.ids)
    assert after["scores"] == before["scores"]
    # One theme's threshold leaves the others', and null means the model's own.
    one = {"supervision": 0, "law_enforcement": None}
    assert set(predict_frame(bundle, frame(LIST), {"thresholds": one}).iloc[0]["themes"]) == {
        *before["themes"],
        "supervision",
    }
    never = {"thresholds": dict.fromkeys(bundle.codebook.ids, 1)}
    assert predict_frame(bundle, frame("优化"), never).iloc[0]["primary"] == "other"


@pytest.mark.parametrize(
    ("table", "params", "source"),
    [
        (frame("秘密", 3), {}, "column text"),
        (frame(["秘密"]), {}, "column text"),
        (frame("秘密", headings=[3]), {}, "column headings"),
        (frame("秘密"), {"granularity": "sentence"}, "params: granularity"),
        (frame("秘密"), {"thresholds": {"nonsense": 0.5}}, "params: thresholds"),
        (frame("秘密"), {"thresholds": [0.5]}, "params: thresholds"),
        (frame("秘密"), {"thresholds": {"supervision": 1.5}}, "params: thresholds"),
        (frame("秘密"), {"thresholds": {"supervision": float("nan")}}, "params: thresholds"),
        (frame("秘密"), {"thresholds": {"supervision": True}}, "params: thresholds"),
        (frame("秘密"), {"thresholds": {"supervision": "0.5"}}, "params: thresholds"),
    ],
)
def test_what_does_not_fit_is_named_without_the_text(
    bundle: Bundle, table: pd.DataFrame, params: dict[str, object], source: str
) -> None:
    with pytest.raises(InputError) as caught:
        predict_frame(bundle, table, params)
    assert caught.value.source == source
    assert caught.value.remedy
    assert "秘密" not in str(caught.value)


def test_a_single_label_model_has_no_thresholds(bundle: Bundle) -> None:
    codebook = replace(bundle.codebook, multi_label=False)
    model = replace(bundle.scorer.model, multi_label=False)
    single = replace(bundle, codebook=codebook, scorer=replace(bundle.scorer, model=model))
    assert len(predict_frame(single, frame("", LIST), {})["themes"].iloc[0]) == 1
    with pytest.raises(InputError, match="no thresholds"):
        predict_frame(single, frame(LIST), {"thresholds": {"supervision": 0.5}})
