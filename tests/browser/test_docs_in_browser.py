"""The documentation as its readers see it: from the file system, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.test_docs import build_site

pytestmark = pytest.mark.browser

_LOADING = re.compile("Initializing|正在初始化")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize(
    ("page", "words", "heading"),
    [("index.html", "reports.parquet", "标注整个档案"), ("en/index.html", "thresholds", "Python API")],
)
def test_searching_needs_no_server(browser: Browser, site: Path, page: str, words: str, heading: str) -> None:
    opened = browser.new_page()
    requests: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto((site / page).as_uri())
    opened.get_by_role("textbox").click()
    # What is typed while the index loads is not looked up.
    expect(opened.locator(".md-search-result__meta")).not_to_have_text(_LOADING)
    opened.get_by_role("textbox").press_sequentially(words)
    results = opened.locator(".md-search-result__article h1")
    expect(results.first).to_be_visible()
    # Words of Chinese titles are parted by zero-width spaces.
    assert heading in [title.replace("\u200b", "") for title in results.all_inner_texts()]
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    opened.close()


@pytest.mark.parametrize("page", ["tagging.html", "en/archives.html", "api.html"])
def test_a_page_fits_a_telephone(browser: Browser, site: Path, page: str) -> None:
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    opened.goto((site / page).as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.close()
