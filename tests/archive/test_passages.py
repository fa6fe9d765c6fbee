from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.passages import find_passages, hit_spans, page_link
from fazhi_ml.archive.schema import item_schema
from fazhi_ml.codebook import OTHER, Codebook, Theme
from fazhi_ml.errors import InputError
from fazhi_ml.reports.document import Metadata
from tests.archive.conftest import write_archive
from tests.tagging.builders import CODEBOOK, Head, Unit, tagged_report

SUPERVISION, ENFORCEMENT = "supervision", "law_enforcement"


@pytest.fixture(scope="module")
def layout(archive: Path) -> Layout:
    return Layout(archive)


@pytest.fixture(scope="module")
def items(layout: Layout) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(layout.items).to_pylist()
    return rows


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Two reports made by hand."""
    first = tagged_report(
        Head(1, "一、工作成效", "achievements"),
        [
            Unit("审结行政复议案件12件，行政复议公开。", {ENFORCEMENT: 0.6}),
            Unit("二是开展ＡＩ执法。", {SUPERVISION: 0.7}),
        ],
        Head(1, "二、存在的问题", "problems"),
        [Unit("监督不够。", {SUPERVISION: 0.9, ENFORCEMENT: 0.55})],
        metadata=Metadata("甲县", "county", None, 2022),
    )
    second = tagged_report(
        [Unit("引言：行政复议（2023）。"), Unit("100%落实_监督。", {SUPERVISION: 0.9})],
        title=None,
        metadata=Metadata("乙市", "city", None, 2023),
    )
    folder = tmp_path_factory.mktemp("small") / "out"
    return write_archive(folder, [("甲县/a.txt", first), ("乙市/b 1.txt", second)])


def texts(passages: list[dict[str, Any]]) -> list[str]:
    return [passage["text"] for passage in passages]


def test_a_passage_is_the_record_and_its_page(layout: Layout, items: list[dict[str, Any]]) -> None:
    passages = find_passages(layout, limit=10_000)
    assert [{key: passage[key] for key in items[0]} for passage in passages] == items
    assert {tuple(passage) for passage in passages} == {(*item_schema(CODEBOOK.ids).names, "page")}
    for passage in passages[::100]:
        assert (layout.folder / passage["page"]).is_file()


def test_passages_on_a_theme_come_with_the_surest_first(layout: Layout, items: list[dict[str, Any]]) -> None:
    passages = find_passages(layout, theme=SUPERVISION, role="problems", limit=10)
    members = [item for item in items if SUPERVISION in item["themes"] and item["role"] == "problems"]
    members.sort(key=lambda item: (-item["scores"][SUPERVISION], item["path"].encode(), item["start"]))
    assert texts(passages) == texts(members)[:10]
    assert len(members) > 10


def test_other_is_what_carries_no_theme(layout: Layout, items: list[dict[str, Any]]) -> None:
    passages = find_passages(layout, theme=OTHER, limit=10_000)
    assert texts(passages) == [item["text"] for item in items if not item["themes"]]


def test_several_values_are_alternatives(small: Layout) -> None:
    either = find_passages(small, theme=[ENFORCEMENT, OTHER])
    assert {passage["primary"] for passage in either} == {ENFORCEMENT, SUPERVISION, OTHER}
    assert len(either) == 3
    assert len(find_passages(small, place=["甲县", "乙市"])) == 5


def test_conditions_all_have_to_hold(small: Layout) -> None:
    assert texts(find_passages(small, place="甲县", theme=SUPERVISION, role="problems")) == ["监督不够。"]
    assert texts(find_passages(small, level="city", year=(2023, 2024), theme=SUPERVISION)) == ["100%落实_监督。"]
    assert find_passages(small, place="甲县", year=2023) == []


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("行政复议", ["审结行政复议案件12件，行政复议公开。", "引言：行政复议（2023）。"]),
        ("公开 行政复议", ["审结行政复议案件12件，行政复议公开。"]),
        ("公开\u3000１２件", ["审结行政复议案件12件，行政复议公开。"]),
        ("ai", ["二是开展ＡＩ执法。"]),
        ("Ａi执法", ["二是开展ＡＩ执法。"]),
        ("(2023)", ["引言：行政复议（2023）。"]),
        ("100%", ["100%落实_监督。"]),
        ("实_监", ["100%落实_监督。"]),
        ("%", ["100%落实_监督。"]),
        ("行.复议", []),
        ("' OR true --", []),
        ("公开 不够", []),
    ],
)
def test_words_are_literal_and_all_have_to_occur(small: Layout, query: str, hits: list[str]) -> None:
    assert texts(find_passages(small, query=query)) == hits
    for text in hits:
        assert hit_spans(text, query)


def test_more_occurrences_come_first_then_higher_scores(small: Layout) -> None:
    assert texts(find_passages(small, query="行政复议"))[0].count("行政复议") == 2
    assert texts(find_passages(small, query="监督")) == ["100%落实_监督。", "监督不够。"]
    assert texts(find_passages(small, query="监督", theme=ENFORCEMENT)) == ["监督不够。"]


def test_the_limit_cuts_the_order(small: Layout) -> None:
    everything = find_passages(small, theme=SUPERVISION)
    assert len(everything) == 3
    assert find_passages(small, theme=SUPERVISION, limit=2) == everything[:2]


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ({"theme": "weather"}, "Valid: business_environment, law_enforcement.*other"),
        ({"role": "x"}, "Valid: achievements"),
        ({"query": " \u3000"}, "holds no word"),
        ({"query": "\udcff"}, "not a valid string"),
        ({"query": 3}, "not a valid string"),
        ({"limit": 0}, "not a positive number"),
        ({"limit": True}, "not a positive number"),
        ({"year": (2023, 2021)}, "not a year"),
    ],
)
def test_arguments_are_checked(small: Layout, arguments: dict[str, Any], cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        find_passages(small, **arguments)


def test_theme_ids_that_differ_in_case_keep_their_scores(tmp_path: Path) -> None:
    codebook = Codebook("awkward", "1", True, (Theme("a.b"), Theme("A.B"), Theme('"; --')))
    scores = {"a.b": 0.9, "A.B": 0.8, '"; --': 0.7}
    units = [Unit("甲。", {"A.B": 0.6, '"; --': 0.95}), Unit("乙。", scores)]
    layout = write_archive(tmp_path / "out", [("a.txt", tagged_report(units, codebook=codebook))])
    assert texts(find_passages(layout, theme="A.B")) == ["乙。", "甲。"]
    assert texts(find_passages(layout, theme='"; --')) == ["甲。", "乙。"]
    assert find_passages(layout, theme="a.b")[0]["scores"] == scores


def test_archives_of_paragraphs_have_no_items(small: Layout, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    layout = Layout(Path(shutil.copytree(small.folder, tmp_path / "copy")))
    pq.write_table(pq.read_table(layout.items).drop_columns("item"), layout.items)
    passage = find_passages(layout, place="甲县", limit=1)[0]
    assert "item" not in passage
    assert page_link(passage) == f"{passage['page']}#p0"


def test_a_link_leads_to_the_item_of_the_page(small: Layout) -> None:
    for passage in find_passages(small):
        page, anchor = str(page_link(passage)).split("#")
        assert f'id="{anchor}"' in (small.folder / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "link"),
    [(None, None), ("javascript:alert(1)", "javascript%3Aalert%281%29#p1-2"), ('"><b>', "%22%3E%3Cb%3E#p1-2")],
)
def test_a_link_is_a_path_and_nothing_else(page: str | None, link: str | None) -> None:
    assert page_link({"page": page, "paragraph": 1, "item": 2}) == link


def test_hits_are_merged_and_in_order() -> None:
    text = "行政复议ＡＢＣ行政，Abc"
    assert [span.of(text) for span in hit_spans(text, "abc 行政 复议")] == ["行政复议ＡＢＣ行政", "Abc"]
    assert [span.of("ababa") for span in hit_spans("ababa", "aba")] == ["aba"]
    assert [span.of("İa") for span in hit_spans("İa", "A")] == ["a"]


@given(st.text(st.sampled_from("aAＡ行ﾊ\u3000 İß("), max_size=12), st.text(st.sampled_from("aAＡ行( İ"), min_size=1))
def test_hits_lie_within_the_text_apart_from_one_another(text: str, query: str) -> None:
    if not query.split():
        return
    end = -1
    for span in hit_spans(text, query):
        assert end < span.start < span.end <= len(text)
        end = span.end


def test_nothing_heavy_is_imported_before_a_question() -> None:

    code = (
        "import sys, fazhi_ml.archive.passages, fazhi_ml.archive.tables, fazhi_ml.archive.answers; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"duckdb", "pyarrow", "pandas", "jinja2", "rich", "sklearn", "mlflow"} & set(loaded)
