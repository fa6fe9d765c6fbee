"""The page as its readers meet it: in a real browser, from a file, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fazhi_ml.tagging.page import render_page
from tests.browser.chromium import WIDE, opened
from tests.tagging.builders import Unit, demo_report, tagged_report

pytestmark = pytest.mark.browser

LAW_ENFORCEMENT, SUPERVISION, NO_THEME = 1, 3, -1


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render_page(demo_report()), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The demo page; a request, an error or a refusal by the content security policy fails the test."""
    with opened(browser, file) as page:
        yield page


def visible_items(page: Page) -> list[int]:
    return [int(item.get_attribute("data-number") or -1) for item in page.locator(".item:visible").all()]


def theme(page: Page, index: int) -> None:
    page.click(f".share[data-theme='{index}']")


def test_everything_is_shown_at_first(page: Page) -> None:
    assert visible_items(page) == list(range(10))
    expect(page.locator("#shown")).to_have_text("10")
    expect(page.locator("#reset")).to_be_hidden()


def test_a_theme_filter_hides_the_rest_and_empty_sections(page: Page) -> None:
    theme(page, LAW_ENFORCEMENT)
    assert visible_items(page) == [3, 4, 7]
    expect(page.locator("#shown")).to_have_text("3")
    assert page.locator(".head:visible").all_inner_texts() == [
        "一、2023年主要工作 工作成效", "（二）规范行政执法", "二、存在的主要问题 存在问题",
    ]  # fmt: skip
    theme(page, LAW_ENFORCEMENT)
    assert visible_items(page) == list(range(10))


def test_two_themes_match_any_or_all(page: Page) -> None:
    theme(page, LAW_ENFORCEMENT)
    theme(page, SUPERVISION)
    assert visible_items(page) == [3, 4, 7, 9]
    page.get_by_text("全部", exact=True).click()
    assert visible_items(page) == [3]


def test_items_without_a_theme_can_be_asked_for(page: Page) -> None:
    theme(page, NO_THEME)
    assert visible_items(page) == [0, 2, 8]


def test_a_role_filter_joins_the_theme_filter(page: Page) -> None:
    page.click(".role[data-role=plans]")
    assert visible_items(page) == [8, 9]
    theme(page, SUPERVISION)
    assert visible_items(page) == [9]
    theme(page, SUPERVISION)
    theme(page, LAW_ENFORCEMENT)
    assert visible_items(page) == []
    expect(page.locator("#nothing")).to_be_visible()
    page.click("#reset")
    assert visible_items(page) == list(range(10))


def test_the_rest_may_be_dimmed_instead(page: Page) -> None:
    theme(page, SUPERVISION)
    page.get_by_text("淡化", exact=True).click()
    assert visible_items(page) == list(range(10))
    assert page.locator(".item:not(.dim)").count() == 2


def test_hover_shows_scores_and_evidence_and_leaving_hides_them(page: Page) -> None:
    item = page.locator(".item >> nth=3")
    item.hover()
    card = page.locator("#card")
    expect(card.locator(".score")).to_have_count(5)
    assert "".join(card.locator(".score >> nth=0").inner_text().split()).startswith("行政执法✓93.0%≥50.0%行政执法+2.00")
    assert item.locator("mark").all_inner_texts() == ["行政执法", "三项制度", "案卷评查", "监督意见书"]
    page.hover("h1")
    expect(card).to_be_hidden()
    assert item.locator("mark").count() == 0
    assert item.locator(".words").inner_text() == demo_report().paragraphs[2].items[1].text


def test_click_pins_and_escape_lets_go(page: Page) -> None:
    page.click(".item >> nth=3")
    page.hover(".item >> nth=5")
    assert page.locator(".item.pinned").get_attribute("data-number") == "3"
    page.keyboard.press("Escape")
    assert page.locator(".item.pinned").count() == 0


def test_the_keyboard_alone_reaches_items_and_moves_between_them(page: Page) -> None:
    theme(page, LAW_ENFORCEMENT)
    page.locator("main").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".item.pinned").get_attribute("data-number") == "3"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator(".item.pinned").get_attribute("data-number") == "7"
    page.keyboard.press("Enter")
    assert page.locator(".item.pinned").count() == 0


def test_a_run_in_heading_stays_bold_with_and_without_evidence(page: Page) -> None:
    item = page.locator(".item >> nth=1")
    assert item.locator("b").all_inner_texts() == ["（一）优化营商环境"]
    item.click()
    assert "".join(item.locator("b").all_inner_texts()) == "（一）优化营商环境"
    assert item.locator("b mark").all_inner_texts() == ["营商环境"]


def test_the_language_switches(page: Page) -> None:
    first = page.locator(".share >> nth=0")
    expect(first).to_contain_text("营商环境")
    assert "Business" not in first.inner_text()
    page.click("#language")
    assert first.inner_text().startswith("Business environment")
    assert "营商" not in first.inner_text()
    expect(page.locator(".mark:visible >> nth=0")).to_contain_text("Business environment")


def test_the_outline_leads_to_its_section_and_marks_it(page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 420})
    page.click(".outline a >> text=存在的主要问题")
    expect(page.locator(".outline a.here")).to_have_text("二、存在的主要问题")
    expect(page.locator("#h4")).to_be_in_viewport()


def test_the_strip_of_the_whole_text_leads_to_an_item(page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 420})
    page.click("#ribbon rect >> nth=9")
    expect(page.locator(".item.pinned")).to_be_in_viewport()
    assert page.locator(".item.pinned").get_attribute("data-number") == "9"


@pytest.mark.parametrize("width", [320, 390, 800, 1100])
def test_narrow_windows_do_not_scroll_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click(".item >> nth=3")
    expect(page.locator("#card")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_text_neither_runs_nor_breaks_the_page(browser: Browser, tmp_path: Path) -> None:
    text = "</script><img src=x onerror=alert(1)><svg onload=alert(2)>'\"`${alert(3)}\u2028\x00\ud800监督。"
    report = tagged_report([Unit(text, {"supervision": 0.9}, {"supervision": ["监督", "<img"]})], title=text)
    path = tmp_path / "hostile.html"
    path.write_text(render_page(report), encoding="utf-8")
    page = browser.new_page(viewport=WIDE)
    trouble: list[str] = []
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(path.as_uri())
    page.click(".item")
    assert page.locator(".item mark").all_inner_texts() == ["<img", "监督"]
    assert page.locator("img").count() == 0
    assert trouble == []
    page.close()
