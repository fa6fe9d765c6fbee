from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.reports.document import Metadata
from fazhi_ml.reports.metadata import read_metadata
from fazhi_ml.reports.read import parse_report
from tests.reports.gold import CORPUS, corpus_units, plain

# Titles, file names, openings and page lines of our own making, with what they say. Both halves were written before the
# code; the held-out half was looked at once, after it: 108 of its 110 cases were right in all four fields.
CASES = Path(__file__).with_name("metadata_cases.csv")
LEVELS = {"province", "city", "county", "town", "department", None}


@pytest.mark.parametrize("half", ["development", "held-out"])
def test_cases(half: str) -> None:
    wrong = []
    with CASES.open(encoding="utf-8", newline="") as file:
        cases = [case for case in csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE) if case["half"] == half]
    for case in cases:
        chrome = case["chrome"].replace("\\n", "\n")
        found = read_metadata(case["title"] or None, case["file"] or None, case["opening"], chrome)
        year = int(case["year"]) if case["year"] else None
        wanted = Metadata(case["place"] or None, case["level"] or None, case["agency"] or None, year)
        if found != wanted:
            wrong.append((case["title"] or case["file"] or case["opening"], found))
    assert len(cases) >= 110
    assert wrong == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("莲泾县人民政府2022年度法治政府建设工作报告", Metadata("莲泾县", "county", None, 2022)),
        ("澜江省人民政府关于2021年法治政府建设情况的报告", Metadata("澜江省", "province", None, 2021)),
        ("关于青蒲桥区2010年推进依法行政工作情况的报告", Metadata("青蒲桥区", "county", None, 2010)),
        ("澜港市莲泾县二〇二二年法治政府建设报告", Metadata("莲泾县", "county", None, 2022)),
        ("重庆市2023年法治政府建设情况报告", Metadata("重庆市", "province", None, 2023)),
        # The place is the subdistrict, not its office: its reports belong together under either name.
        ("朝晖桥街道办事处2020年度法治政府建设年度报告", Metadata("朝晖桥街道", "town", None, 2020)),
        ("国家税务总局栖梧区税务局2020年法治税务建设情况", Metadata("栖梧区", "department", "税务局", 2020)),
        ("铁屏县2020年总结和2021年工作要点", Metadata("铁屏县", "county", None, 2020)),
    ],
)
def test_titles_of_invented_places(title: str, expected: Metadata) -> None:
    assert read_metadata(title, None, "") == expected


@pytest.mark.parametrize(
    ("title", "place", "level"),
    [
        ("抚州市高新区2022年法治政府建设报告", "抚州市高新区", "county"),
        ("南阳市城乡一体化示范区2022年法治政府建设报告", "南阳市城乡一体化示范区", "county"),
        ("南阳市南阳新区2022年法治政府建设报告", "南阳新区", "county"),
        ("江西分宜县2022年法治政府建设报告", "分宜县", "county"),
        ("江西新余2022年法治政府建设报告", None, None),
        ("海南藏族自治州2022年法治政府建设报告", "海南藏族自治州", "city"),
        ("辉县市2022年法治政府建设报告", "辉县市", "county"),
        ("天镇县2022年法治政府建设报告", "天镇县", "county"),
        ("昆山市周市镇2022年法治政府建设报告", "周市镇", "town"),
        ("松溪县旧县乡人民政府2022年法治政府建设报告", "旧县乡", "town"),
        ("第八师2022年法治政府建设报告", "第八师", "city"),
        ("各县区2022年法治政府建设情况", None, None),
        ("市区2022年法治政府建设情况", None, None),
        ("自治区2022年法治政府建设情况", None, None),
    ],
)
def test_place_names(title: str, place: str | None, level: str | None) -> None:
    metadata = read_metadata(title, None, "")
    assert (metadata.place, metadata.level) == (place, level)


def test_file_name_stands_in_for_a_title() -> None:
    assert read_metadata(None, "/tmp/莲泾县2023年报告.txt", "") == Metadata("莲泾县", "county", None, 2023)  # noqa: S108


@pytest.mark.parametrize(
    "opening",
    [
        "2022年，黛岭县坚持依法行政。",
        "黛岭县地处山区。2022年，县政府认真履职。",
        "2022年，在市委的坚强领导下，黛岭县坚持依法行政。",
        "现将黛岭县2022年法治政府建设情况报告如下。",
        "一年来，黛岭县人民政府深入推进依法行政。2022年是关键之年。",
    ],
)
def test_opening_stands_in_for_both(opening: str) -> None:
    assert read_metadata(None, None, opening) == Metadata("黛岭县", "county", None, 2022)


@pytest.mark.parametrize(
    "opening",
    [
        "五是旗帜鲜明抓普法，在全县开展宣传。",
        "留下了六十多平方公里的沉陷区，治理任务繁重。",
        "调整充实省推进依法行政工作领导小组。",
        "围绕黛岭县的规划，全年召开全市会议，对六个县区开展督察。",
        "区域协调发展，社区矫正有序，市区面貌一新。",
    ],
)
def test_no_place_is_made_up_from_prose(opening: str) -> None:
    assert read_metadata(None, None, opening).place is None


def test_the_page_must_fit_how_the_report_speaks_of_itself() -> None:
    page = "来源：澜港市司法局 时间：2023-01-10"
    assert read_metadata(None, None, "2022年，我县依法行政。", page).place is None
    assert read_metadata(None, None, "2022年，我市依法行政。", page) == Metadata("澜港市", "city", None, 2022)
    assert read_metadata(None, None, "2022年，我局依法行政。", page) == Metadata("澜港市", "department", "司法局", 2022)
    assert read_metadata(None, None, "2022年成效明显。", page) == Metadata("澜港市", "city", None, 2022)


def test_addressee_is_no_issuer() -> None:
    assert read_metadata("2022年法治政府建设情况报告", None, "", "澜港市人民政府：\n黛岭县人民政府").place == "黛岭县"


def test_year_of_publication_is_the_last_resort() -> None:
    assert read_metadata("某县法治政府建设报告", None, "一年来，成效明显。", "发布时间：2024-03-02").year == 2023
    assert read_metadata("某县法治政府建设报告", None, "一年来，成效明显。", "二〇二三年十二月二十日").year == 2023
    assert read_metadata("某县2022年法治政府建设报告", None, "", "发布时间：2024-03-02").year == 2022


@pytest.mark.parametrize(
    "opening",
    [
        "2021-2025年规划以来，2020年3月部署，2023年取得成效。",
        "2021年以来持续发力。2023年度成效明显。",
        "2015年至2020年，基础夯实。现将2023年工作报告如下。",
        "对照2022年底的清单。2023年，全面落实。",
    ],
)
def test_dates_of_events_and_plans_are_not_the_year(opening: str) -> None:
    assert read_metadata(None, None, opening).year == 2023


def test_years_to_come_are_none() -> None:
    coming = time.localtime().tm_year + 2
    assert read_metadata(f"某县{coming}年法治政府建设报告", None, "", f"{coming}-01-02").year is None
    assert read_metadata(f"某县{coming}年目标与2022年法治政府建设情况", None, "").year == 2022


def test_nothing_said_nothing_made_up() -> None:
    assert read_metadata(None, None, "文字") == Metadata()


_PIECES = (
    "县|市|区|州|镇|乡|街道|人民政府|委|委员会|办公室|局|20|2022|年|度|二〇二二|-|—|至|关于|法治|江西|省|自治|族|国家|总局|"
    "（|）|：|。|\n"
)
_WORDS = st.lists(st.sampled_from(_PIECES.split("|")), max_size=60).map("".join)


@given(_WORDS | st.text(), _WORDS | st.text().filter(lambda name: "\0" not in name), _WORDS | st.text(), _WORDS)
def test_any_input_gives_metadata(title: str, name: str, opening: str, chrome: str) -> None:
    metadata = read_metadata(title, name, opening, chrome)
    assert metadata.level in LEVELS
    assert metadata.year is None or 2000 <= metadata.year <= time.localtime().tm_year
    assert (metadata.level == "department") == (metadata.agency is not None)
    assert metadata == read_metadata(title, name, opening, chrome)


def test_level_and_year_of_the_corpus() -> None:
    wanted = [
        dict(line[1:].split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()[:3])
        for path in sorted(CORPUS.glob("r*.txt"))
    ]
    found = [parse_report(plain(units)[0]).metadata for units in corpus_units()]
    assert [str(metadata.level) for metadata in found] == [report["level"] for report in wanted]
    assert [str(metadata.year) for metadata in found] == [report["year"] for report in wanted]
