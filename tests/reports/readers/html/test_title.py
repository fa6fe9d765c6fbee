from __future__ import annotations

import pytest

from fazhi_ml.reports.readers.html.page import Page
from fazhi_ml.reports.readers.html.title import choose_title

TITLE = "锦岚市市场监督管理局2024年度法治政府建设工作报告"


@pytest.mark.parametrize(
    "page",
    [
        Page(titles=["锦岚市市场监督管理局", TITLE], window_title=f"{TITLE}_锦岚市市场监督管理局"),
        Page(titles=["锦岚市市场监督管理局"], window_title=f"{TITLE}_锦岚市市场监督管理局"),
        Page(titles=["政府信息公开"], window_title=f"锦岚市人民政府 - {TITLE}"),
        Page(window_title=f"{TITLE}-法治政府建设年度报告-锦岚市人民政府"),
        Page(window_title=f"法治政府建设年度报告 | {TITLE} | 锦岚市"),
        Page(declared_titles=[f"{TITLE}_锦岚市人民政府"], window_title="锦岚市人民政府"),
        Page(declared_titles=["法治政府建设年度报告"], titles=[TITLE], window_title="锦岚市人民政府"),
        Page(declared_titles=[TITLE], titles=["另一局2023年度法治政府建设工作报告"], window_title="锦岚市人民政府"),
        Page(titles=["相关：另一局2023年度法治政府建设工作报告", TITLE], window_title=f"{TITLE}—锦岚市"),
    ],
)
def test_the_title_of_the_report_is_found(page: Page) -> None:
    assert choose_title(page) == TITLE


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (Page(declared_titles=["法治建设这一年"], titles=["某县政府网"], window_title="某县政府网"), "法治建设这一年"),
        (Page(titles=["某县政府网", "法治建设这一年"], window_title="法治建设这一年_某县政府网"), "法治建设这一年"),
        (Page(titles=["法治政府网站"]), "法治政府网站"),
        (Page(window_title="《纲要（2021-2025年）》落实情况-某县"), "《纲要（2021-2025年）》落实情况"),
        (Page(window_title="首页"), None),
        (Page(), None),
    ],
)
def test_what_stands_in_for_a_title(page: Page, title: str | None) -> None:
    assert choose_title(page) == title


def test_a_numbered_heading_is_no_title() -> None:
    notice = "关于印发《莲泾县2022年法治政府建设年度报告》的通知"
    page = Page(titles=["三、2023年工作打算"], declared_titles=[notice], window_title="莲泾县人民政府")
    assert choose_title(page) == notice


def test_names_of_site_and_column_before_the_title_are_left_out() -> None:
    title = "关于2022年度法治政府建设情况的报告"
    page = Page(titles=[title], window_title=f"莲泾县人民政府 法治政府建设 {title}")
    assert choose_title(page) == title
