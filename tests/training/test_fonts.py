from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from lxml import html

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.training import fonts
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.fonts import FAMILY, font_face, subset
from fazhi_ml.training.report import render_report
from tests.training.evaluated import evaluation

__all__ = ["evaluation"]

# The extra `fonts` is for pages that travel: `make test` does without.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(fonts._font_file() is None, reason="the extra fonts is not installed"),
]

SHARED_STYLE = Path(fonts.__file__).parents[1] / "tagging" / "templates" / "base.css"


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing is cached, before the test and after it."""
    fonts._subset.cache_clear()
    yield
    fonts._subset.cache_clear()


def read(font: bytes | None) -> TTFont:
    assert font is not None
    return TTFont(io.BytesIO(font))


def characters(font: bytes | None) -> str:
    return "".join(map(chr, sorted(read(font).getBestCmap())))


def embedded(page: str) -> bytes:
    (data,) = re.findall(r"url\(data:font/woff;base64,([A-Za-z0-9+/=]+)\)", page)
    return base64.b64decode(data, validate=True)


def policy(page: str) -> dict[str, list[str]]:
    root: Any = html.document_fromstring(page)
    (content,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    return {name: sources for name, *sources in map(str.split, content.split(";"))}


def test_a_subset_holds_the_cjk_characters_of_the_text_and_no_others() -> None:
    font = subset("依法行政, law “引号” — ①（全角）。\U00020000é依")
    assert characters(font) == "".join(sorted("依法行政引号①（全角）。"))
    # One glyph a character, and the one for characters that are missing.
    assert len(read(font).getGlyphOrder()) == len(set("依法行政引号①（全角）。")) + 1


def test_a_subset_keeps_weights_and_licence() -> None:
    font = read(subset("法治"))
    (axis,) = font["fvar"].axes
    assert (axis.axisTag, axis.minValue, axis.maxValue) == ("wght", 100, 900)
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert "Adobe" in font["name"].getDebugName(0)


def test_the_same_characters_give_the_same_bytes() -> None:
    first = subset("法治政府")
    fonts._subset.cache_clear()
    assert subset("府政 x 治法法") == first


@pytest.mark.parametrize("text", ["", "Rule of law, 2023", "\U0003fffd"])
def test_a_text_without_cjk_needs_no_font(text: str) -> None:
    assert subset(text) is None
    assert font_face(text) == ""


def test_the_most_frequent_characters_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "MAX_CHARACTERS", 2)
    assert characters(subset("一法法治治")) == "".join(sorted("法治"))


def test_a_page_embeds_the_glyphs_that_it_shows(evaluation: Evaluation, bundle: Bundle) -> None:
    page = render_report(evaluation, bundle, data="held out 龘")
    han = set(re.findall("[\u4e00-\u9fff]", page))
    found = set(characters(embedded(page)))
    assert "龘" in han <= found
    assert found <= set(page)


@pytest.mark.parametrize("name", ["sans", "serif"])
def test_fonts_of_the_reader_come_first(name: str) -> None:
    (stack,) = re.findall(rf"--{name}: (.*);", SHARED_STYLE.read_text(encoding="utf-8"))
    assert stack.endswith(f', "{FAMILY}"')


def test_the_policy_allows_the_embedded_font_and_nothing_else(evaluation: Evaluation, bundle: Bundle) -> None:
    allowed = policy(render_report(evaluation, bundle, data="held out"))
    assert allowed.pop("font-src") == ["data:"]
    assert allowed.pop("img-src") == ["data:"]
    for kind in ("style-src", "script-src"):
        assert [source[:8] for source in allowed.pop(kind)] == ["'sha256-"]
    assert allowed == {"default-src": ["'none'"], "base-uri": ["'none'"], "form-action": ["'none'"]}


@pytest.mark.usefixtures("fresh")
def test_without_the_package_a_page_embeds_nothing(
    evaluation: Evaluation, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_PACKAGE", "a_package_that_nobody_has")
    page = render_report(evaluation, bundle, data="held out")
    assert "@font-face" not in page
    assert "font-src" not in policy(page)


@pytest.mark.usefixtures("fresh")
def test_without_fonttools_nothing_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fontTools.subset", None)
    assert subset("没有") is None


def test_the_code_of_the_fonts_package_is_not_run() -> None:
    code = "import sys; from fazhi_ml.training.fonts import subset; assert subset('法'); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert fonts._PACKAGE not in modules
    assert "justmytype" not in modules
