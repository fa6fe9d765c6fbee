from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.errors import MissingExtraError
from fazhi_ml.reports.document import Heading, Span
from fazhi_ml.tagging.page import ROLE_NAMES, render_page
from fazhi_ml.tagging.results import TaggedReport
from fazhi_ml.tagging.standalone import environment
from tests.tagging.builders import Chrome, Head, Unit, codebook_of, demo_report, tagged_report

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}\u2028\ud800\x00\x1b[31m\x9b<!--"


class Page(HTMLParser):
    """What a browser would find in a page, as far as the tests ask for it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in self.raw:
            self.raw[tag].append("")
        if attributes.get("class") == "words":
            self.words.append("")
            self.open = ["span"]
        elif self.open:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        tag = self.tags[-1][0] if self.tags else ""
        if tag in self.raw and self.cdata_elem == tag:
            self.raw[tag][-1] += data
        if self.open:
            self.words[-1] += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            found
            for name, found in self.tags
            if name == tag and all(value in (found.get(key) or "").split() for key, value in attributes.items())
        ]

    def items(self) -> list[dict[str, str | None]]:
        return self.all("div", **{"class": "item"})

    def data(self) -> dict[str, Any]:
        (block,) = (
            text for text, (_, a) in zip(self.raw["script"], self._scripts(), strict=True) if a.get("id") == "data"
        )
        data: dict[str, Any] = json.loads(block)
        return data

    def _scripts(self) -> list[tuple[str, dict[str, str | None]]]:
        return [found for found in self.tags if found[0] == "script"]


def parse(report: TaggedReport) -> Page:
    return Page(render_page(report))


def test_nothing_in_the_page_asks_for_another_file() -> None:
    parsed = parse(demo_report())
    links = [value for _, attributes in parsed.tags for name, value in attributes.items() if name in {"src", "href"}]
    assert links
    assert all(value is not None and (value.startswith("#") or value == "data:,") for value in links)
    assert not re.search(r"url\(|@import|@font-face", parsed.raw["style"][0])


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    parsed = parse(demo_report())
    (meta,) = (attributes for attributes in parsed.all("meta") if "http-equiv" in attributes)
    policy = dict(part.strip().split(" ", 1) for part in (meta["content"] or "").split(";"))
    assert policy["default-src"] == "'none'"

    def allowed(source: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"

    assert policy["style-src"] == allowed(parsed.raw["style"][0])
    assert policy["script-src"] == allowed(parsed.raw["script"][1])
    assert not any(name.startswith("on") or name == "style" for _, attributes in parsed.tags for name in attributes)


def test_items_stand_in_order_with_their_themes_and_role() -> None:
    parsed = parse(demo_report())
    assert parsed.words == [item.text for paragraph in demo_report().paragraphs for item in paragraph.items]
    assert [item["data-themes"] for item in parsed.items()] == ["", "0", "", "1 3", "1 0", "2", "4", "1", "", "3"]
    assert [item["data-role"] for item in parsed.items()][-3:] == ["problems", "plans", "plans"]
    assert all(item["tabindex"] == "0" for item in parsed.items())


def test_the_outline_leads_to_headings_and_run_in_headings_to_their_paragraph() -> None:
    parsed = parse(demo_report())
    ids = {attributes.get("id") for _, attributes in parsed.tags}
    targets = [(link["href"] or "")[1:] for link in parsed.all("a") if link.get("class") != "skip"]
    assert targets == ["h0", "p1", "h2", "h3", "h4", "h5"]
    assert ids.issuperset(targets)


def test_a_run_in_heading_inside_a_paragraph_is_not_shown_twice() -> None:
    report = tagged_report(
        Head(1, "（一）加强领导", run_in=True), [Unit("（一）加强领导。1.压实责任。县政府召开会议。")], title=None
    )
    inner = Heading(2, Span(8, 14), "1.压实责任", run_in=True)
    report = replace(report, report=replace(report.report, headings=(*report.headings, inner)))
    html = render_page(report)
    assert [(link["href"]) for link in Page(html).all("a")][1:] == ["#p0", "#p0"]
    assert html.count("1.压实责任") == 2  # outline and text


def test_shares_show_every_theme_with_its_count() -> None:
    html = render_page(demo_report())
    assert re.findall(r'class="number">(\d+)<small>([\d.]+)%', html) == [
        ("2", "20.0"), ("3", "30.0"), ("1", "10.0"), ("2", "20.0"), ("1", "10.0"), ("3", "30.0"),
    ]  # fmt: skip


def test_data_carry_probabilities_thresholds_and_evidence() -> None:
    data = parse(demo_report()).data()
    assert data["items"][3]["s"] == [0.02, 0.93, 0.02, 0.61, 0.02]
    assert data["items"][3]["g"] == [1, 3]
    assert data["thresholds"] == dict.fromkeys("01234", 0.5)
    term, block, contribution, spans = data["items"][3]["e"]["1"]["terms"][0]
    text = demo_report().paragraphs[2].items[1].text
    assert (term, block, contribution) == ("行政执法", "w", 2.0)
    assert [text[start:end] for start, end in spans] == ["行政执法"]


def test_offsets_are_counted_as_javascript_counts() -> None:
    report = tagged_report([Unit("𠮷𠮷监督", {"supervision": 0.9}, {"supervision": ["监督"]})])
    assert parse(report).data()["items"][0]["e"]["3"]["terms"][0][3] == [[4, 6]]


def test_a_page_without_explanations_shows_scores_only() -> None:
    parsed = parse(tagged_report([Unit("正文。", {"supervision": 0.9})]))
    assert parsed.data()["items"] == [{"s": [0.02, 0.02, 0.02, 0.9, 0.02], "g": [3], "e": {}}]


def test_chrome_is_folded_and_the_title_is_not_repeated() -> None:
    html = render_page(demo_report())
    assert html.count("某县2023年法治政府建设情况报告") == 2  # <title> and <h1>
    assert re.search(r"\(2\)</summary><p>打印本页</p><p>关闭窗口</p>", html)


def test_notes_are_shown() -> None:
    assert "<li>Years before 2010 are rare in the training corpus.</li>" in render_page(demo_report())


@pytest.mark.parametrize("field", ["text", "heading", "chrome", "title", "path", "note", "theme", "term"])
def test_hostile_text_is_inert_wherever_it_stands(field: str) -> None:
    def text(name: str) -> str:
        return HOSTILE if name == field else "监督"

    codebook = Codebook("x", "1", True, (Theme("supervision", text("theme"), text("theme")),))
    report = tagged_report(
        Head(1, text("heading")),
        [Unit(text("text") + text("term"), {"supervision": 0.9}, {"supervision": [text("term")]})],
        Chrome(text("chrome")),
        codebook=codebook,
        title=text("title"),
        path=text("path"),
        notes=(text("note"),),
    )
    html = render_page(report)
    parsed = Page(html)
    html.encode("utf-8")
    assert [tag for tag, _ in parsed.tags].count("script") == 2
    assert not parsed.all("img")
    assert "49" not in "".join(parsed.words)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", html)
    assert len(parsed.data()["items"]) == 1


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_is_shown_length_for_length(text: str) -> None:
    parsed = parse(tagged_report([Unit(text + "。", {"supervision": 0.9}, {"supervision": ["。"]})]))
    (words,) = parsed.words
    assert len(words) == len(text) + 1
    start, end = parsed.data()["items"][0]["e"]["3"]["terms"][0][3][-1]
    units = words.encode("utf-16-le")
    assert units[2 * start : 2 * end].decode("utf-16-le") == "。"


def test_a_large_codebook_gets_distinct_colours_and_folds_what_does_not_occur() -> None:
    codebook = codebook_of(200)
    html = render_page(tagged_report([Unit("正文。", {"theme_7": 0.9, "theme_199": 0.8})], codebook=codebook))
    colours = re.findall(r"^\.t\d+\{--c:([\d ]+)\}", html, re.MULTILINE)
    assert len(colours) == 200
    assert len(set(colours)) == 200
    parsed = Page(html)
    assert len(parsed.all("button", **{"class": "share"})) == 201
    assert parsed.items()[0]["data-themes"] == "7 199"
    assert parsed.all("details", **{"class": "idle"})


def test_a_single_label_codebook_has_no_row_for_no_theme() -> None:
    report = tagged_report([Unit("正文。", {"theme_0": 0.9})], codebook=codebook_of(3, multi_label=False))
    rows = parse(report).all("button", **{"class": "share"})
    assert [row["data-theme"] for row in rows] == ["0", "1", "2"]


def test_empty_and_bare_reports_render() -> None:
    assert not parse(tagged_report(title=None, path=None)).items()
    assert len(parse(tagged_report([Unit("正文。")], title=None, path=None)).items()) == 1


def test_every_name_is_in_two_languages() -> None:
    html = render_page(demo_report())
    for zh, en in ROLE_NAMES.values():
        if zh != "第一责任人":
            assert f'<span class="zh" lang="zh-CN">{zh}</span><span class="en" lang="en">{en}</span>' in html
    assert html.count('class="zh"') == html.count('class="en"')


def test_without_jinja2_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[archive\]"):
        render_page(demo_report())
