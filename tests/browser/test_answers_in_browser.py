"""Answers of an archive as their readers meet them: in a real browser, from a file, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from fazhi_ml.archive.answers import render_theme_table
from fazhi_ml.archive.selection import Selection
from fazhi_ml.archive.tables import ThemeTable
from tests.browser.chromium import opened

pytestmark = pytest.mark.browser

ROWS = (
    ("乙县", 2023, 1, 9, 0.5),
    ("甲县", 2021, 2, 10, 0.25),
    ("丙县", None, 3, 100, None),
    (None, 2022, 4, 8, 0.75),
)


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    file = tmp_path / "table.html"
    table = ThemeTable(("place", "year"), ("law",), ROWS, ("law",))
    html = render_theme_table(table, archive="out", selection=Selection.of(), weight="items")
    file.write_text(html, encoding="utf-8")
    with opened(browser, file) as page:
        yield page


def items(page: Page) -> list[int]:
    """Return the column of items, which tells the rows apart."""
    return [int(cell) for cell in page.locator("tbody td:nth-child(4)").all_inner_texts()]


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        # By pinyin: bing, jia, yi.
        (1, [100, 10, 9, 8], [9, 10, 100, 8]),
        (2, [10, 8, 9, 100], [9, 8, 10, 100]),
        (4, [100, 10, 9, 8], [8, 9, 10, 100]),
        (5, [8, 9, 10, 100], [10, 9, 8, 100]),
    ],
)
def test_columns_sort_both_ways_and_the_unknown_stays_last(
    page: Page, column: int, first: list[int], second: list[int]
) -> None:
    header = page.locator(f"thead th:nth-child({column})")
    header.locator("button").focus()
    page.keyboard.press("Enter")
    assert items(page) == first
    assert header.get_attribute("aria-sort") == ("ascending" if column < 3 else "descending")
    page.keyboard.press("Enter")
    assert items(page) == second
    assert header.get_attribute("aria-sort") == ("descending" if column < 3 else "ascending")
    assert page.locator("[aria-sort]").count() == 1


def test_the_page_speaks_two_languages(page: Page) -> None:
    assert page.inner_text("h1") == "主题占比"
    page.click("#language")
    assert page.inner_text("h1") == "Theme shares"
    assert page.locator("html").get_attribute("lang") == "en"
