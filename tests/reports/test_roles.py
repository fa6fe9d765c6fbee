from __future__ import annotations

import pytest

from fazhi_ml.reports.document import Role
from fazhi_ml.reports.roles import announced_role, section_role


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("二、存在的主要问题", "problems"),
        ("二、存在不足", "problems"),
        ("六、问题", "problems"),
        ("坚持问题导向，清醒看到差距。", "problems"),
        ("八、组织保障和存在的问题", "problems"),
        ("七、存在的问题和下一步打算", "problems"),
        ("三、下一步工作打算", "plans"),
        ("四、下步打算", "plans"),
        ("三、2023年工作安排", "plans"),
        ("三、二〇二三年工作思路", "plans"),
        ("第三部分 2018年打算怎么干", "plans"),
        ("七、明年思路", "plans"),
        ("三、党政主要负责人履行推进法治建设第一责任人职责情况", "leadership"),
        ("二、主要负责人履职情况", "leadership"),
        ("附件", "other"),
        ("一、2022年工作举措和成效", None),
        ("一、2022年重点工作完成情况", None),
        ("四、聚焦问题导向，化解矛盾纠纷", None),
        ("（三）着力解决突出问题", None),
        ("一、依法全面履行政府职能", None),
        ("", None),
    ],
)
def test_what_headings_announce(heading: str, role: Role | None) -> None:
    assert announced_role(heading) == role


def test_the_innermost_announcement_decides() -> None:
    assert section_role(("二、存在的问题和打算", "（二）下步打算")) == "plans"
    assert section_role(("三、下一步打算", "（一）规范执法", "1.抓培训。")) == "plans"


def test_headings_that_announce_nothing_report_work_done() -> None:
    assert section_role(("一、依法全面履行政府职能",)) == "achievements"


def test_text_above_the_first_heading_is_other() -> None:
    assert section_role(()) == "other"
