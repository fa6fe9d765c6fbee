from __future__ import annotations

import pytest

from fazhi_ml.reports.document import Metadata
from fazhi_ml.reports.metadata import read_metadata
from fazhi_ml.reports.read import parse_report
from tests.reports.gold import CORPUS, corpus_units, plain


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("莲泾县人民政府2022年度法治政府建设工作报告", Metadata("莲泾县", "county", None, 2022)),
        ("澜江省人民政府关于2021年法治政府建设情况的报告", Metadata("澜江省", "province", None, 2021)),
        ("关于青蒲桥区2010年推进依法行政工作情况的报告", Metadata("青蒲桥区", "county", None, 2010)),
        ("澜港市莲泾县二〇二二年法治政府建设报告", Metadata("莲泾县", "county", None, 2022)),
        ("重庆市2023年法治政府建设情况报告", Metadata("重庆市", "province", None, 2023)),
        ("朝晖桥街道办事处2020年度法治政府建设年度报告", Metadata("朝晖桥街道办事处", "town", None, 2020)),
        ("炉岭市市场监督管理局2023年度工作报告", Metadata("炉岭市", "department", "市场监督管理局", 2023)),
        ("黛岭县住房和城乡建设局2017年度工作总结", Metadata("黛岭县", "department", "住房和城乡建设局", 2017)),
        ("云溪县城市管理局2022年度法治政府建设情况", Metadata("云溪县", "department", "城市管理局", 2022)),
        ("国家税务总局栖梧区税务局2020年法治税务建设情况", Metadata("栖梧区", "department", "税务局", 2020)),
        ("铁屏县2020年总结和2021年工作要点", Metadata("铁屏县", "county", None, 2020)),
    ],
)
def test_titles(title: str, expected: Metadata) -> None:
    assert read_metadata(title, None, "") == expected


def test_file_name_stands_in_for_a_title() -> None:
    assert read_metadata(None, "/tmp/莲泾县2023年报告.txt", "") == Metadata("莲泾县", "county", None, 2023)  # noqa: S108


def test_opening_stands_in_for_both() -> None:
    opening = "2022年，黛岭县坚持依法行政。黛岭县按照《纲要（2021-2025年）》推进各项工作。"
    assert read_metadata(None, None, opening) == Metadata("黛岭县", "county", None, 2022)


def test_year_of_publication_is_the_last_resort() -> None:
    assert read_metadata("某县法治政府建设报告", None, "一年来，成效明显。", "发布时间：2024-03-02").year == 2023
    assert read_metadata("某县2022年法治政府建设报告", None, "", "发布时间：2024-03-02").year == 2022


def test_dates_of_events_and_plans_are_not_the_year() -> None:
    assert read_metadata(None, None, "2021-2025年规划以来，2020年3月部署，2023年取得成效。").year == 2023


def test_nothing_said_nothing_made_up() -> None:
    assert read_metadata(None, None, "文字") == Metadata()


def test_level_and_year_of_the_corpus() -> None:
    wanted = [
        dict(line[1:].split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()[:3])
        for path in sorted(CORPUS.glob("r*.txt"))
    ]
    found = [parse_report(plain(units)[0]).metadata for units in corpus_units()]
    assert [str(metadata.level) for metadata in found] == [report["level"] for report in wanted]
    assert [str(metadata.year) for metadata in found] == [report["year"] for report in wanted]
