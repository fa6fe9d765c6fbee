from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fazhi_ml.errors import InputError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.tagging.evidence import Explanation
from fazhi_ml.tagging.tagger import Tagger
from tests.features import reference
from tests.features.strategies import mixed, sentences

ALL = 10**6
TEXT = "开展行政 执法检查，查处各类违法案件12件。组织开展“宪法宣传周”普法活动三十余场次。"


def check(explanation: Explanation, text: str) -> None:
    assert 0 <= explanation.best_sentence.start <= explanation.best_sentence.end <= len(text)
    total = explanation.bias + sum(item.contribution for item in explanation.evidence)
    assert total == pytest.approx(explanation.score, abs=1e-5)
    for item in explanation.evidence:
        assert item.block in ("words", "characters", "headings")
        assert (item.block == "headings") == (not item.spans)
        for span in item.spans:
            assert 0 <= span.start < span.end <= len(text)
        if item.spans:
            assert item.term == item.spans[0].of(text)
            assert len({reference.folded_text(span.of(text)) for span in item.spans}) == 1
            assert list(item.spans) == sorted(set(item.spans))


@settings(max_examples=150, deadline=None)
@given(text=mixed | sentences, headings=st.none() | mixed)
@example(text=TEXT, headings="一、普法宣传 （一）执法")
@example(text="", headings=None)
@example(text="\ud800\0", headings="\udfff")
def test_contributions_add_up_and_spans_point_into_the_text(tagger: Tagger, text: str, headings: str | None) -> None:
    explanations = tagger.explain(text, headings, limit=ALL)
    assert tuple(explanations) == tagger.themes
    for theme, explanation in explanations.items():
        assert explanation.theme == theme
        check(explanation, text)


def test_explanations_of_corpus_items_add_up(tagger: Tagger, other_texts: LabelledTexts) -> None:
    for text, headings in zip(other_texts.texts[:60], other_texts.headings[:60], strict=True):
        (probabilities,) = tagger.predict_proba([text], [headings])
        for probability, explanation in zip(
            probabilities, tagger.explain(text, headings, limit=ALL).values(), strict=True
        ):
            check(explanation, text)
            assert explanation.evidence
            assert explanation.probability == probability
            assert explanation.threshold == tagger.thresholds[explanation.theme]


def test_the_strongest_terms_come_first_and_speak_for_the_theme(tagger: Tagger) -> None:
    explanation = tagger.explain(TEXT, limit=5)["law_enforcement"]
    contributions = [item.contribution for item in explanation.evidence]
    assert len(contributions) == 5
    assert contributions == sorted(contributions, reverse=True)
    assert contributions[-1] > 0
    assert any("执法" in reference.folded_text(item.term) for item in explanation.evidence)


def test_terms_stand_where_the_text_has_them(tagger: Tagger) -> None:
    evidence = tagger.explain(TEXT, limit=ALL)["law_enforcement"].evidence
    (parted,) = [item for item in evidence if item.term == "行政 执法" and item.block == "words"]
    assert [span.of(TEXT) for span in parted.spans] == ["行政 执法"]
    (twice,) = [item for item in evidence if item.term == "宣传" and item.block == "characters"]
    assert [TEXT[span.start : span.end] for span in twice.spans] == ["宣传"] * TEXT.count("宣传")


def test_the_best_sentence_is_the_one_that_says_it(tagger: Tagger) -> None:
    explanations = tagger.explain(TEXT)
    cut = TEXT.index("组织")
    assert explanations["law_enforcement"].best_sentence.of(TEXT) == TEXT[:cut]
    assert explanations["legal_publicity"].best_sentence.of(TEXT) == TEXT[cut:]


def test_headings_are_evidence_without_a_place(tagger: Tagger) -> None:
    with_headings = tagger.explain("进一步加大力度。", "三、加强普法宣传教育", limit=ALL)["legal_publicity"]
    without = tagger.explain("进一步加大力度。", limit=ALL)["legal_publicity"]
    from_headings = [item for item in with_headings.evidence if item.block == "headings"]
    assert {"普法"} <= {item.term for item in from_headings}
    assert with_headings.score - without.score == pytest.approx(sum(i.contribution for i in from_headings), abs=1e-5)
    assert not any(item.block == "headings" for item in without.evidence)


def test_a_giant_text_is_explained(tagger: Tagger) -> None:
    text = "加强行政执法监督检查，落实各项工作制度。" * 5_000
    explanation = tagger.explain(text, limit=3)["law_enforcement"]
    assert np.isfinite(explanation.score)
    assert all(span.end <= len(text) for item in explanation.evidence for span in item.spans)


@pytest.mark.parametrize(
    ("text", "headings"), [(None, None), (5, None), (b"a", None), (["a"], None), ("a", 5), ("a", ["b"])], ids=repr
)
def test_bad_arguments_are_refused(text: Any, headings: Any, tagger: Tagger) -> None:
    with pytest.raises(InputError):
        tagger.explain(text, headings)


@pytest.mark.parametrize("limit", [-1, "5", 1.5, None], ids=repr)
def test_a_limit_that_is_no_count_is_refused(limit: Any, tagger: Tagger) -> None:
    with pytest.raises(InputError):
        tagger.explain(TEXT, limit=limit)
