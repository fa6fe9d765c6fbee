"""The evaluation report as its readers meet it: in a real browser, from a file, without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training import report
from fazhi_ml.training.evaluate import Evaluation, evaluate
from fazhi_ml.training.metrics import outcomes
from fazhi_ml.training.report import Baseline, render_report
from tests.browser.chromium import FLAGS, WIDE, chromium, opened
from tests.training.evaluated import baseline, evaluation

__all__ = ["baseline", "evaluation"]

pytestmark = pytest.mark.browser

BUSINESS, SUPERVISION = 0, 3
# Draws a character as an element of the page would, and returns its pixels as a string.
PIXELS = """async ([selector, character]) => {
  const style = getComputedStyle(document.querySelector(selector));
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.font = `${style.fontWeight} 40px ${style.fontFamily}`;
  await document.fonts.load(canvas.font, character);
  canvas.fillText(character, 20, 60);
  return canvas.canvas.toDataURL();
}"""


@pytest.fixture(scope="module")
def file(bundle: Bundle, evaluation: Evaluation, baseline: Baseline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render_report(evaluation, bundle, data="held out", baseline=baseline), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page; a request, an error or a refusal by the content security policy fails the test."""
    with opened(browser, file) as page:
        yield page


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


def data_folder(package: str, folder: str) -> Path:
    """Return a folder inside an installed package."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / folder


LATIN_FONTS = data_folder("matplotlib", "mpl-data/fonts/ttf")
CHINESE_FONTS = data_folder("justmytype_intl_cjk", "fonts/ofl/notosanssc")


@contextmanager
def browser_with_fonts(browser: Browser, folder: Path, *fonts: Path) -> Iterator[Browser]:
    """Start a browser on a machine that has the fonts of some folders and no others."""
    settings = folder / "fonts.conf"
    folders = "".join(f"<dir>{path}</dir>" for path in fonts)
    settings.write_text(f"<fontconfig>{folders}<cachedir>{folder / 'cache'}</cachedir></fontconfig>", encoding="utf-8")
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(settings)}
    started = browser.browser_type.launch(executable_path=chromium(), args=FLAGS, env=environment)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def latin_browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_with_fonts(browser, tmp_path_factory.mktemp("fontconfig"), LATIN_FONTS) as started:
        yield started


def font_status(page: Page) -> list[str]:
    """Return whether each font of the page is loaded, once the page has asked for the fonts that it needs."""
    page.evaluate("document.fonts.ready.then(() => null)")
    statuses: list[str] = page.evaluate("[...document.fonts].map(font => font.status)")
    return statuses


def distinct_glyphs(page: Page, selector: str, characters: str) -> int:
    return len({page.evaluate(PIXELS, [selector, character]) for character in characters})


@pytest.mark.parametrize("selector", ["body", "h1", "code"])
def test_chinese_shows_without_chinese_fonts(latin_browser: Browser, file: Path, selector: str) -> None:
    page = latin_browser.new_page(viewport=WIDE)
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(file.as_uri())
    page.click("#language")
    assert font_status(page) == ["loaded"]
    assert distinct_glyphs(page, selector, "模型评估中文主题") == 8
    assert trouble == []
    page.close()


def test_without_the_embedded_font_boxes_show(
    latin_browser: Browser,
    bundle: Bundle,
    evaluation: Evaluation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Else the test above could pass by a font of this machine.
    monkeypatch.setattr(report, "font_face", lambda _: "")
    path = tmp_path / "boxes.html"
    path.write_text(render_report(evaluation, bundle, data="held out"), encoding="utf-8")
    page = latin_browser.new_page(viewport=WIDE)
    page.goto(path.as_uri())
    page.click("#language")
    assert font_status(page) == []
    assert distinct_glyphs(page, "body", "模型评估中文主题") == 1
    page.close()


def fonts_used(page: Page, selector: str) -> dict[str, bool]:
    """Return the names of the fonts that an element is drawn with, and whether each is embedded."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return {font["familyName"]: font["isCustomFont"] for font in fonts}


def test_fonts_of_the_reader_are_preferred(
    browser: Browser, latin_browser: Browser, file: Path, tmp_path: Path
) -> None:
    with browser_with_fonts(browser, tmp_path, LATIN_FONTS, CHINESE_FONTS) as chinese_browser:
        for reader, embedded in ((chinese_browser, False), (latin_browser, True)):
            page = reader.new_page(viewport=WIDE)
            page.goto(file.as_uri())
            page.click("#language")
            used = fonts_used(page, "#overview .note")
            (name,) = [name for name in used if name.startswith("Noto Sans SC")]
            assert used[name] is embedded
            page.close()
