from __future__ import annotations

import pytest

from fazhi_ml.errors import ReportTooLargeError
from fazhi_ml.reports import lines
from fazhi_ml.reports.lines import read_page

TITLE = "某县2022年法治政府建设年度报告"
BODY = "2022年，某县推进依法行政，取得成效。"


def page_of(text: str, **titles: str) -> tuple[str | None, list[str], list[str]]:
    page = read_page(text, **titles)
    return page.title, [line.text for line in page.body], [text[start:end] for start, end in page.chrome]


def test_title_source_line_and_footer() -> None:
    text = f"{TITLE}\n来源：县政府办\n{BODY}\n某县人民政府\n2023年1月5日\n打印 关闭"
    assert page_of(text) == (TITLE, [BODY], [TITLE, "来源：县政府办", "某县人民政府", "2023年1月5日", "打印 关闭"])


def test_column_name_above_and_second_title_below() -> None:
    text = f"年度报告\n{TITLE}\n浏览：3\n{TITLE}\n（2023年1月5日）\n{BODY}"
    assert page_of(text) == (TITLE, [BODY], ["年度报告", TITLE, "浏览：3", TITLE, "（2023年1月5日）"])


def test_title_on_two_lines() -> None:
    text = f"某县人民政府\n关于2022年法治政府建设情况的报告\n{BODY}"
    title, body, chrome = page_of(text)
    assert title == "某县人民政府关于2022年法治政府建设情况的报告"
    assert body == [BODY]
    assert len(chrome) == 2


@pytest.mark.parametrize(
    "title",
    [
        ("某县人民政府", "关于2022年度法治政府建设", "情况的报告"),
        ("某县2022年度法治政府建设", "工作情况报告"),
        ("某县人民政府关于", "2022年度法治政府建设情况的报告"),
    ],
)
def test_title_broken_anywhere(title: tuple[str, ...]) -> None:
    top = ("某政〔2023〕3号", *title)
    assert page_of("\n".join((*top, BODY))) == ("".join(title), [BODY], [*top])


@pytest.mark.parametrize("above", ["年度报告", "首页", "（2023年）", "法治政府"])
def test_what_stands_above_an_incomplete_title_is_no_part_of_it(above: str) -> None:
    assert page_of(f"{above}\n工作情况报告\n{BODY}")[0] == "工作情况报告"


def test_given_title_overrules_and_its_line_is_chrome() -> None:
    assert page_of(f"{TITLE}\n{BODY}", title=TITLE) == (TITLE, [BODY], [TITLE])
    assert page_of(BODY, title="别的标题") == ("别的标题", [BODY], [])


def test_fallback_title_gives_way_to_the_text() -> None:
    assert page_of(f"{TITLE}\n{BODY}", fallback="网站")[0] == TITLE
    assert page_of(BODY, fallback=TITLE)[0] == TITLE


def test_related_links_below_the_last_field() -> None:
    text = f"{TITLE}\n{BODY}\n相关阅读\n某局召开会议\n上一篇：没有了"
    assert page_of(text)[1] == [BODY]


def test_short_last_paragraphs_are_kept() -> None:
    assert page_of(f"{TITLE}\n{BODY}\n特此报告。")[1] == [BODY, "特此报告。"]


def test_a_line_that_ends_in_a_comma_goes_on() -> None:
    text = f"{BODY}\n制定制度3项，\n  修订5项。\n一、执法"
    assert page_of(text)[1] == [BODY, "制定制度3项，\n  修订5项。", "一、执法"]


def test_text_wrapped_to_a_fixed_width_is_joined() -> None:
    sentence = "某县全面推进依法行政工作并且取得了新的明显成效" * 12 + "。"
    wrapped = [sentence[i : i + 30] for i in range(0, len(sentence), 30)]
    assert len(wrapped) > 9
    text = "\n".join(["一、工作情况", *wrapped, "二、存在问题", *wrapped])
    joined = "\n".join(wrapped)
    assert page_of(text)[1] == ["一、工作情况", joined, "二、存在问题", joined]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85", "\f"])
def test_every_line_end(end: str) -> None:
    assert page_of(end.join([BODY, "一、执法", BODY]))[1] == [BODY, "一、执法", BODY]


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_PARTS", 10)
    with pytest.raises(ReportTooLargeError):
        read_page("字\n" * 11)


def test_a_list_of_attachments_is_chrome_to_its_end() -> None:
    text = f"{TITLE}\n{BODY}\n附件：1.数据表\n2.任务清单\n4.这一行不属于附件"
    assert page_of(text)[1:] == ([BODY, "4.这一行不属于附件"], [TITLE, "附件：1.数据表", "2.任务清单"])


def test_a_known_title_may_stand_on_two_lines() -> None:
    text = "莲泾经济开发区管委会\n2022年法治建设情况总结\n一、主要工作\n持续推进依法行政。"
    page = read_page(text, fallback="莲泾经济开发区管委会2022年法治建设情况总结")
    assert page.title == "莲泾经济开发区管委会2022年法治建设情况总结"
    assert [line.text for line in page.body] == ["一、主要工作", "持续推进依法行政。"]


@pytest.mark.parametrize("label", ["标题：", "标　题： ", "标题　", "信息名称："])
def test_the_label_of_a_title_is_no_part_of_it(label: str) -> None:
    assert page_of(f"{label}{TITLE}\n{TITLE}\n{BODY}") == (TITLE, [BODY], [f"{label}{TITLE}", TITLE])
