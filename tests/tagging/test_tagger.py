from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fazhi_ml
from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.errors import BundleError, EmptyReportError, FazhiError, InputError, ReportError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.reports.read import parse_report
from fazhi_ml.tagging.results import TaggedItem, TaggedParagraph, TaggedReport
from fazhi_ml.tagging.tagger import Tagger
from tests.classifier.test_estimator import quick, single_labels
from tests.conftest import pairs
from tests.features.strategies import mixed, sentences

REPORT = """某某县2023年法治政府建设情况报告
2023年，某某县深入推进依法行政。现将有关情况报告如下：
一、主要工作
（一）优化营商环境
一是深化“放管服”改革，取消证明事项32项，企业开办时间压缩至半天。二是开展行政执法检查，查处案件12件，组织执法案卷评查2次。
（二）加强普法宣传。开展“宪法进万家”活动120场，发放宣传册2万份。
办理行政复议案件85件，调解成功率达72%。
二、存在的主要问题
执法人员业务能力参差不齐，执法案卷制作不够规范。
"""
FIELDS = [
    "report", "sha256", "title", "place", "level", "agency", "year", "paragraph", "item", "start", "end", "section",
    "role", "text", "themes", "primary", "scores", "model",
]  # fmt: skip


@pytest.fixture(scope="module")
def tagged(tagger: Tagger) -> TaggedReport:
    return tagger.tag_text(REPORT)


@pytest.fixture(scope="module")
def single_label_tagger(few_texts: LabelledTexts) -> Tagger:
    estimator = quick(multi_label=False).fit(pairs(few_texts), single_labels(few_texts), few_texts.groups)
    codebook = Codebook("one", "1", False, tuple(Theme(name) for name in estimator.classes_.tolist()))
    return Tagger(Bundle(codebook, estimator.scorer_, {}, ""))


def test_predictions_are_tuples_of_theme_ids(tagger: Tagger, other_texts: LabelledTexts) -> None:
    predicted = tagger.predict(other_texts.texts, other_texts.headings)
    probabilities = tagger.predict_proba(other_texts.texts, other_texts.headings)
    thresholds = [tagger.thresholds[theme] for theme in tagger.themes]
    assert probabilities.shape == (len(other_texts), 5)
    assert probabilities.dtype == np.float64
    expected = [
        tuple(theme for theme, p, t in zip(tagger.themes, row, thresholds, strict=True) if p >= t)
        for row in probabilities
    ]
    assert predicted == expected
    assert {len(themes) for themes in predicted} >= {0, 1, 2}
    assert all(type(theme) is str for themes in predicted for theme in themes)


def test_predictions_need_no_headings(tagger: Tagger) -> None:
    text = "开展行政执法检查，查处案件12件。"
    (themes,) = tagger.predict([text])
    assert "law_enforcement" in themes
    assert tagger.predict([text], [None]) == [themes]
    assert tagger.predict([]) == tagger.predict([], []) == []
    assert tagger.predict_proba([]).shape == (0, 5)


@pytest.mark.parametrize("form", [tuple, iter, np.array, lambda texts: np.array(texts, dtype=object)])
def test_texts_may_come_in_any_sequence(form: Any, tagger: Tagger) -> None:
    texts = ["开展行政执法检查。", "组织宪法宣传周普法活动。"]
    assert tagger.predict(form(texts), form(["一、执法", "二、普法"])) == tagger.predict(
        texts, ["一、执法", "二、普法"]
    )


def test_generators_are_read_once(tagger: Tagger) -> None:
    def texts() -> Iterator[str]:
        yield "开展行政执法检查。"

    assert len(tagger.predict(texts())) == 1  # type: ignore[arg-type]


def test_series_are_texts_and_data_frames_are_not(tagger: Tagger) -> None:
    pandas = pytest.importorskip("pandas")
    texts = ["开展行政执法检查。", "组织宪法宣传周普法活动。"]
    assert tagger.predict(pandas.Series(texts, index=[7, 9])) == tagger.predict(texts)
    with pytest.raises(InputError):
        tagger.predict(pandas.Series(["开展行政执法检查。", None]))
    # Iterating over a data frame gives the names of its columns.
    with pytest.raises(InputError):
        tagger.predict(pandas.DataFrame({"text": texts}))


@pytest.mark.parametrize(
    "texts",
    [None, 5, 1.5, True, "一段", b"bytes", b"", [None], [5], [1.5], [b"a"], [["a"]], [("a", "b")], {"a": 1}, {"a"},
     np.array("a"), np.array([["a"]]), np.array([1.0]), object()],
    ids=repr,
)  # fmt: skip
def test_texts_that_are_none_are_refused(texts: Any, tagger: Tagger) -> None:
    for method in (tagger.predict, tagger.predict_proba):
        with pytest.raises(InputError) as caught:
            method(texts)
        assert caught.value.source == "texts"


@pytest.mark.parametrize(
    "headings", [5, "ab", b"ab", [], ["a"], ["a", "b", "c"], ["a", 5], [["a"], "b"], {"a": 1, "b": 2}, np.array("a")],
    ids=repr,
)  # fmt: skip
def test_headings_that_do_not_fit_are_refused(headings: Any, tagger: Tagger) -> None:
    with pytest.raises(InputError) as caught:
        tagger.predict(["甲", "乙"], headings)
    assert caught.value.source == "headings"


def test_errors_do_not_echo_texts(tagger: Tagger) -> None:
    with pytest.raises(InputError) as caught:
        tagger.predict(["机密文字", ["机密文字"]])  # type: ignore[list-item]
    assert "机密" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(mixed | sentences, max_size=4))
def test_any_text_has_themes(tagger: Tagger, texts: list[str]) -> None:
    predicted = tagger.predict(texts, texts[::-1])
    assert len(predicted) == len(texts)
    assert all(set(themes) <= set(tagger.themes) for themes in predicted)


@settings(max_examples=60, deadline=None)
@given(text=mixed | sentences | st.just(REPORT))
def test_any_report_is_tagged(tagger: Tagger, text: str) -> None:
    try:
        tagged = tagger.tag_text(text, title=text[:7])
    except EmptyReportError:
        return
    assert tagged.text == text
    for record in tagged.to_records("item") + tagged.to_records("paragraph"):
        assert text[record["start"] : record["end"]] == record["text"]


def test_a_text_of_five_megabytes_is_tagged(tagger: Tagger) -> None:
    line = "加强行政执法监督检查，落实各项工作制度，" * 250_000
    (paragraph,) = tagger.tag_text(line).paragraphs
    assert "law_enforcement" in paragraph.themes


def test_nul_and_surrogates_are_tagged(tagger: Tagger) -> None:
    plain, odd = tagger.predict_proba(["开展行政执法检查。", "开展\0行政\u200b执法检查。"])
    assert (plain == odd).all()
    assert np.isfinite(tagger.predict_proba(["\ud800", "\udfff\0"], ["\ud800", None])).all()


def test_items_are_tagged_like_texts_below_their_headings(tagger: Tagger, tagged: TaggedReport) -> None:
    run_in = {heading.text for heading in tagged.headings if heading.run_in}
    assert len(run_in) == 1
    for paragraph in tagged.paragraphs:
        # A paragraph's own run-in heading is part of its text, not of what stands above it.
        own = {heading for heading in run_in if paragraph.text.startswith(heading)}
        path = " ".join(heading for heading in paragraph.section if heading not in own) or None
        for item in paragraph.items:
            assert tagger.predict([item.text], [path]) == [item.themes]
            np.testing.assert_allclose(
                tagger.predict_proba([item.text], [path])[0], list(item.scores.values()), atol=1e-6
            )


def test_scores_and_themes_are_in_codebook_order(tagger: Tagger, tagged: TaggedReport) -> None:
    units: list[TaggedParagraph | TaggedItem] = [*tagged.paragraphs]
    units += [item for paragraph in tagged.paragraphs for item in paragraph.items]
    for unit in units:
        assert list(unit.scores) == list(tagger.themes)
        assert list(unit.themes) == [theme for theme in tagger.themes if theme in unit.themes]
        assert unit.primary == max(unit.themes, key=lambda theme: unit.scores[theme], default="other")
        assert all(type(score) is float and 0 <= score <= 1 for score in unit.scores.values())


def test_a_paragraph_has_the_union_of_its_items(tagger: Tagger, tagged: TaggedReport) -> None:
    several = [paragraph for paragraph in tagged.paragraphs if len(paragraph.items) > 1]
    assert any(len({item.themes for item in paragraph.items}) > 1 for paragraph in several)
    for paragraph in tagged.paragraphs:
        assert set(paragraph.themes) == {theme for item in paragraph.items for theme in item.themes}
        for theme in tagger.themes:
            assert paragraph.scores[theme] == max(item.scores[theme] for item in paragraph.items)


def test_the_parts_are_those_of_the_untagged_report(tagger: Tagger, tagged: TaggedReport) -> None:
    report = parse_report(REPORT)
    assert tagged.report == report
    assert [paragraph.span for paragraph in tagged.paragraphs] == [paragraph.span for paragraph in report.paragraphs]
    assert [item.text for p in tagged.paragraphs for item in p.items] == [
        i.text for p in report.paragraphs for i in p.items
    ]
    assert (tagged.title, tagged.metadata.year, tagged.model) == (report.title, 2023, tagger.bundle.id)


def test_records_have_the_documented_fields(tagger: Tagger, tagged: TaggedReport) -> None:
    items, paragraphs = tagged.to_records("item"), tagged.to_records("paragraph")
    assert all(list(record) == FIELDS for record in items)
    assert all(list(record) == [field for field in FIELDS if field != "item"] for record in paragraphs)
    assert [record["paragraph"] for record in paragraphs] == list(range(len(tagged.paragraphs)))
    assert [(record["paragraph"], record["item"]) for record in items] == [
        (place, item) for place, paragraph in enumerate(tagged.paragraphs) for item in range(len(paragraph.items))
    ]
    first = items[0]
    assert {type(first[name]) for name in ("section", "themes")} == {list}
    assert first["report"] is None
    assert (first["year"], first["model"]) == (2023, tagger.bundle.id)


def test_shares_count_items(tagged: TaggedReport, tagger: Tagger) -> None:
    records = tagged.to_records("item")
    shares = tagged.theme_shares()
    assert list(shares) == [*tagger.themes, "other"]
    for theme, share in shares.items():
        carrying = sum(theme in (record["themes"] or ["other"]) for record in records)
        assert share == carrying / len(records)


def test_a_file_is_tagged_like_its_text(tagger: Tagger, tmp_path: Path) -> None:
    path = tmp_path / "报告.txt"
    path.write_text(REPORT, encoding="gb18030")
    tagged = tagger.tag_file(path)
    assert tagged.name == "报告.txt"
    assert [p.themes for p in tagged.paragraphs] == [p.themes for p in tagger.tag_text(REPORT).paragraphs]
    assert tagger.tag_file(str(path)) == tagged
    assert tagger.tag_bytes(path.read_bytes(), name=str(path)) == tagged
    assert tagger.tag_report(tagged.report) == tagged


def test_a_title_may_be_given(tagger: Tagger) -> None:
    assert tagger.tag_text("开展行政执法检查。", title="某县2021年法治政府建设报告").metadata.year == 2021
    assert tagger.tag_text("开展行政执法检查。", "标题").title == "标题"


@pytest.mark.parametrize("text", [None, 5, b"bytes", ["text"]], ids=repr)
def test_a_report_must_be_a_string(text: Any, tagger: Tagger) -> None:
    with pytest.raises(InputError):
        tagger.tag_text(text)
    with pytest.raises(InputError):
        tagger.tag_text("text", title=text or 5)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        tagger.tag_file(text)


@pytest.mark.parametrize("name", ["missing.txt", "", "\0", "x" * 5000, "."])
def test_a_file_that_cannot_be_read_is_a_report_error(name: str, tagger: Tagger, tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        tagger.tag_file(f"{tmp_path}/{name}")


def test_explanations_come_when_asked_for(tagger: Tagger) -> None:
    plain, explained = tagger.tag_text(REPORT), tagger.tag_text(REPORT, explain=True)
    assert not any(item.explanations for paragraph in plain.paragraphs for item in paragraph.items)
    for paragraph in explained.paragraphs:
        for item in paragraph.items:
            assert tuple(item.explanations) == item.themes
            for theme, explanation in item.explanations.items():
                assert explanation.probability == pytest.approx(item.scores[theme], abs=1e-6)


def test_a_single_label_tagger_gives_one_theme_each(single_label_tagger: Tagger, few_texts: LabelledTexts) -> None:
    predicted = single_label_tagger.predict(few_texts.texts, few_texts.headings)
    probabilities = single_label_tagger.predict_proba(few_texts.texts, few_texts.headings)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert predicted == [(single_label_tagger.themes[column],) for column in probabilities.argmax(axis=1)]
    tagged = single_label_tagger.tag_text(REPORT)
    assert all(len(item.themes) == 1 for paragraph in tagged.paragraphs for item in paragraph.items)


def test_a_tagger_pickles(tagger: Tagger, other_texts: LabelledTexts) -> None:
    tagger.predict(["先用一次"])
    copy: Tagger = pickle.loads(pickle.dumps(tagger))  # noqa: S301
    texts, headings = other_texts.texts[:50], other_texts.headings[:50]
    assert (copy.predict_proba(texts, headings) == tagger.predict_proba(texts, headings)).all()
    assert copy.tag_text(REPORT) == tagger.tag_text(REPORT)


def test_loading_takes_a_folder(saved_bundle: Path, tagger: Tagger) -> None:
    for folder in (saved_bundle, str(saved_bundle)):
        assert fazhi_ml.load(folder).bundle.id == tagger.bundle.id
    assert tagger.codebook.ids == tagger.themes


@pytest.mark.parametrize("name", ["nowhere", "", "\0", "x" * 5000, "\udcff"])
def test_a_folder_without_a_bundle_is_a_bundle_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        fazhi_ml.load(f"{tmp_path}/{name}")


@pytest.mark.parametrize("model", [5, b"models/default", ["models"], object()], ids=lambda value: type(value).__name__)
def test_a_model_that_is_no_path_is_refused(model: Any) -> None:
    with pytest.raises(FazhiError):
        fazhi_ml.load(model)


def test_the_signatures_of_the_public_api_are_locked() -> None:
    def names(function: Any) -> list[str]:
        return [name for name in inspect.signature(function).parameters if name != "self"]

    assert names(fazhi_ml.load) == ["model"]
    assert names(fazhi_ml.read_report) == ["path"]
    assert names(Tagger.tag_file)[:1] == ["path"]
    assert names(Tagger.tag_text)[:2] == ["text", "title"]
    assert names(Tagger.predict) == names(Tagger.predict_proba) == ["texts", "headings"]
    assert names(Tagger.explain)[:2] == ["text", "headings"]
    for method, optional in (
        (fazhi_ml.load, "model"),
        (Tagger.tag_text, "title"),
        (Tagger.predict, "headings"),
        (Tagger.predict_proba, "headings"),
        (Tagger.explain, "headings"),
    ):
        assert inspect.signature(method).parameters[optional].default is None
    for function in (Tagger.tag_file, Tagger.tag_text, Tagger.explain):
        extra = list(inspect.signature(function).parameters.values())
        assert all(p.kind is p.KEYWORD_ONLY for p in extra if p.name in ("explain", "limit"))
