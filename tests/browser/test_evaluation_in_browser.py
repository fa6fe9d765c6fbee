"""The evaluation report as its readers meet it: in a real browser, from a file, without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

if os.environ.get("FAZHI_REQUIRE_BROWSER") != "1":
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training.evaluate import Evaluation, evaluate
from fazhi_ml.training.metrics import outcomes
from fazhi_ml.training.report import Baseline, render_report
from tests.browser.test_page_in_browser import WIDE, browser
from tests.training.evaluated import baseline, evaluation

__all__ = ["baseline", "browser", "evaluation"]

pytestmark = pytest.mark.browser

BUSINESS, SUPERVISION = 0, 3


@pytest.fixture(scope="module")
def file(bundle: Bundle, evaluation: Evaluation, baseline: Baseline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(evaluation, bundle, data="held out", baseline=baseline), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page; a request, an error or a refusal by the content security policy fails the test."""
    page = browser.new_page(viewport=WIDE)
    trouble: list[str] = []
    page.on("request", lambda request: trouble.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(file.as_uri())
    yield page
    assert set(trouble) == {file.as_uri()}
    page.close()


def wrong_and_missed(evaluation: Evaluation) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    _, wrong, missed = outcomes(evaluation.labelled.labels, evaluation.decisions)
    return wrong, missed


def shown(page: Page) -> int:
    count = page.locator(".error:visible").count()
    expect(page.locator("#shown")).to_have_text(str(count))
    return count


def test_filters_by_theme_and_kind(page: Page, evaluation: Evaluation) -> None:
    wrong, missed = wrong_and_missed(evaluation)
    everything = int((wrong | missed).any(axis=1).sum())
    assert shown(page) == everything
    page.click(f"#by-theme [data-theme='{SUPERVISION}']")
    assert shown(page) == int((wrong | missed)[:, SUPERVISION].sum())
    page.click("#kinds [data-kind=missed]")
    assert shown(page) == int(missed[:, SUPERVISION].sum())
    expect(page.locator("#kinds [data-kind=missed]")).to_have_attribute("aria-pressed", "true")
    page.click(f"#by-theme [data-theme='{BUSINESS}']")
    assert shown(page) == int(missed[:, [BUSINESS, SUPERVISION]].any(axis=1).sum())
    page.click("#reset")
    assert shown(page) == everything
    expect(page.locator("#reset")).to_be_hidden()


def test_counts_of_the_theme_table_lead_to_their_texts(page: Page, evaluation: Evaluation) -> None:
    wrong, _ = wrong_and_missed(evaluation)
    page.click(f"#themes a[data-theme='{SUPERVISION}'][data-kind=wrong]")
    assert shown(page) == int(wrong[:, SUPERVISION].sum()) > 0
    expect(page.locator("#errors h2")).to_be_in_viewport()


def test_confusions_lead_to_their_texts(page: Page) -> None:
    for cell in page.locator(".matrix a").all():
        count = int(cell.inner_text())
        cell.click()
        assert shown(page) == count
    page.click("#kinds [data-kind=wrong]")
    expect(page.locator("#pair")).to_be_empty()


def test_differences_of_two_models_can_be_filtered(page: Page) -> None:
    lost, gained = (page.locator(f"article.{change}").count() for change in ("lost", "gained"))
    assert gained
    page.click("#changes [data-change=gained]")
    assert page.locator("article[data-change]:visible").count() == gained
    page.click("#changes [data-change=gained]")
    assert page.locator("article[data-change]:visible").count() == lost + gained


def test_the_language_switches(page: Page) -> None:
    heading = page.locator("#overview h2")
    assert heading.inner_text() == "Overview"
    page.click("#language")
    assert heading.inner_text() == "总览"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    # Charts stay readable without Chinese fonts.
    assert page.locator(".chart .label >> nth=0").text_content() == "Threshold"


def test_details_of_an_error_open(page: Page) -> None:
    error = page.locator(".error >> nth=0")
    error.locator("summary").click()
    expect(error.locator(".score")).to_have_count(5)
    assert error.locator(".reason").first.is_visible()


@pytest.mark.parametrize("width", [320, 390, 800, 1100])
def test_narrow_windows_do_not_scroll_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_text_does_not_run(browser: Browser, bundle: Bundle, evaluation: Evaluation, tmp_path: Path) -> None:
    text = "</script><img src=x onerror=alert(1)><svg onload=alert(2)>'\"`${alert(3)}\u2028\x00\ud800监督。"
    count = len(evaluation.labelled)
    labelled = replace(evaluation.labelled, texts=(text,) * count, headings=(text,) * count, sources=(text,) * count)
    path = tmp_path / "hostile.html"
    path.write_text(render_report(evaluate(bundle.scorer, labelled), bundle, data=text), encoding="utf-8")
    page = browser.new_page(viewport=WIDE)
    trouble: list[str] = []
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(path.as_uri())
    page.click("#kinds [data-kind=missed]")
    assert page.locator(".error:visible").count() > 0
    assert page.locator("img").count() == 0
    assert trouble == []
    page.close()
