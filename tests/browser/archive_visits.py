"""Visits to the page of a made-up archive, and what its readers should find there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.overview import write_overview
from fazhi_ml.archive.schema import share_names
from tests.archive.synthetic import synthetic_rows, write_synthetic
from tests.browser.chromium import WIDE
from tests.tagging.builders import CODEBOOK

SIZE = 240
NAMES = share_names(CODEBOOK)
ROWS = list(synthetic_rows(SIZE, CODEBOOK))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = write_synthetic(tmp_path_factory.mktemp("archive"), CODEBOOK, SIZE)
    write_overview(layout, CODEBOOK)
    return layout


class Visit:
    """A page opened, and all that it asked for and complained about."""

    def __init__(self, browser: Browser, layout: Layout, hash_: str = "", width: int = WIDE["width"]) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.requests: list[str] = []
        self.trouble: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.trouble.append(dialog.message))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.layout = layout
        self.open(hash_)

    def open(self, hash_: str = "") -> None:
        self.page.goto(self.layout.index.as_uri() + hash_)
        self.page.wait_for_selector("html[data-ready]")

    def close(self) -> None:
        assert self.trouble == []
        folder = self.layout.folder.as_uri()
        assert [url for url in self.requests if not url.startswith((f"{folder}/", "blob:"))] == []
        self.page.close()


@pytest.fixture
def visit(browser: Browser, small: Layout) -> Iterator[Visit]:
    """The page of a small archive; an error, a refusal or a request beyond its folder fails the test."""
    visit = Visit(browser, small)
    yield visit
    visit.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit.page


def selected(**wanted: Any) -> list[dict[str, Any]]:
    years = wanted.pop("years", None)
    return [
        row
        for row in ROWS
        if all(row[name] == value for name, value in wanted.items())
        and (years is None or (row["year"] is not None and years[0] <= row["year"] <= years[1]))
    ]


def share(rows: list[dict[str, Any]], theme: str, scope: str = "all") -> tuple[int, int]:
    """Items with a theme, and all items, of the sections of one role."""
    counted = [row for row in rows if row["shares"][scope]]
    given = sum(round(row["shares"][scope]["items"][theme] * row["items"][scope]) for row in counted)
    return given, sum(row["items"][scope] for row in rows)


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"


def theme_row(page: Page, name: str) -> Locator:
    return page.locator("#themes-plot .row", has_text=name)


def pill(page: Page, box: str, name: str) -> Locator:
    return page.locator(f"#{box} .pill").get_by_text(name, exact=True)


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"#n-{name}")


def downloaded(page: Page, section: str) -> list[list[str]]:
    with page.expect_download() as event:
        page.click(f"#{section} .csv")
    path = event.value.path()
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def shown_places(page: Page) -> list[str]:
    return page.locator("#heat tbody th").all_inner_texts()
