from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import pytest

from fazhi_ml.errors import InputError, OutputError
from fazhi_ml.tagging.results import GRANULARITIES, Granularity
from tests.tagging.builders import CODEBOOK, Head, Unit, demo_report, tagged_report

FIELDS = [
    "report", "sha256", "title", "place", "level", "agency", "year", "paragraph", "item", "start", "end", "section",
    "role", "text", "themes", "primary", "scores", "model",
]  # fmt: skip


def test_item_records_have_the_documented_fields_in_order() -> None:
    records = demo_report().to_records()
    assert len(records) == 10
    assert all(list(record) == FIELDS for record in records)


def test_paragraph_records_have_no_item_number() -> None:
    records = demo_report().to_records("paragraph")
    assert [record["paragraph"] for record in records] == list(range(8))
    assert all(list(record) == [name for name in FIELDS if name != "item"] for record in records)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_records_point_at_their_own_text(granularity: Granularity) -> None:
    report = demo_report()
    for record in report.to_records(granularity):
        assert report.text[record["start"] : record["end"]] == record["text"]


def test_record_values() -> None:
    record = demo_report().to_records()[3]
    assert (record["report"], record["place"], record["level"], record["agency"], record["year"]) == (
        "某县2023.txt", "某县", "county", None, 2023,
    )  # fmt: skip
    assert (record["paragraph"], record["item"]) == (2, 1)
    assert record["section"] == ["一、2023年主要工作", "（二）规范行政执法"]
    assert record["role"] == "achievements"
    assert record["themes"] == ["law_enforcement", "supervision"]
    assert record["primary"] == "law_enforcement"
    assert list(record["scores"]) == list(CODEBOOK.ids)


def test_unknown_granularity_is_an_input_error() -> None:
    with pytest.raises(InputError, match="granularity"):
        demo_report().to_records("sentence")  # type: ignore[arg-type]


def test_granularities_list_the_type() -> None:
    assert get_args(Granularity) == GRANULARITIES


def test_shares_count_items_and_may_exceed_one() -> None:
    shares = demo_report().theme_shares()
    assert list(shares) == [*CODEBOOK.ids, "other"]
    assert shares["law_enforcement"] == pytest.approx(0.3)
    assert shares["other"] == pytest.approx(0.3)
    assert math.fsum(shares.values()) == pytest.approx(1.2)


def test_shares_of_a_report_without_items_are_zero() -> None:
    assert set(tagged_report(Head(1, "一、标题")).theme_shares().values()) == {0.0}


def test_data_frame_has_one_score_column_a_theme() -> None:
    frame = demo_report().to_dataframe()
    assert frame.shape[0] == 10
    assert [name for name in frame.columns if name.startswith("score")] == [f"score_{theme}" for theme in CODEBOOK.ids]
    assert frame.loc[3, "score_law_enforcement"] == pytest.approx(0.93)


def test_name_is_none_for_a_string() -> None:
    assert tagged_report([Unit("正文。")], path=None).name is None
    assert tagged_report([Unit("正文。")], path="a/b/c.txt").name == "c.txt"


def test_to_html_writes_a_page_and_keeps_a_file_when_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    demo_report().to_html(path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(OutputError, match="exists"):
        demo_report().to_html(path, overwrite=False)
