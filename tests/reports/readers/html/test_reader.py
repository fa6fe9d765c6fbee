from __future__ import annotations

import builtins
from random import Random
from typing import Any

import pytest

from fazhi_ml.errors import (
    EmptyReportError,
    MissingExtraError,
    ReaderLimitError,
    ReportError,
    UnsupportedFormatError,
)
from fazhi_ml.reports.document import Metadata
from fazhi_ml.reports.read import read_bytes
from fazhi_ml.reports.readers.html import HtmlReader
from tests.conftest import ROOT
from tests.reports.invariants import check_report
from tests.reports.readers.html.web import mutated

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")

ARTICLE = (
    """<p>　　&nbsp;一、工作情况</p>
<p style="x">2022年，我县依法<strong>行政</strong>，
成效明显。<br/>　　二是加强执法&amp;监督。</p>"""
    + "<p>全县各级各部门认真履职，群众满意度不断提高，社会大局和谐稳定。</p>" * 4
)
SAMPLE = ROOT / "data" / "samples" / "jinlan-city-market-bureau-2024.html"
TITLE = "莲泾县2022年法治政府建设报告"


def page(article: str = ARTICLE, *, charset: str = "utf-8", head: str = "", before: str = "", after: str = "") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{TITLE}_莲泾县政府网</title>{head}'
        f"<script>var a = '<p>脚本</p>';</script></head><body>{before}{article}{after}</body></html>"
    )


def text_of(html: str) -> str:
    return HtmlReader().extract(html.encode()).text


@pytest.mark.parametrize(
    "container",
    [
        '<div class="TRS_Editor">',
        '<div class="view TRS_UEDITOR trs_paper_default">',
        '<div id="zoom">',
        '<div id="UCAP-CONTENT">',
        '<div class="pages_content">',
        "<article>",
        '<div class="TRS_Editor"><div class="TRS_Editor">',
        '<div id="zoom"><div class="TRS_Editor">',
    ],
)
def test_containers_of_common_sites(container: str) -> None:
    html = page(container + ARTICLE, before="<div>首页 导航栏</div>", after="</div></div></article><div>版权所有</div>")
    lines = text_of(html).split("\n")
    assert [line.strip() for line in lines[:3]] == [
        "一、工作情况",
        "2022年，我县依法行政，成效明显。",
        "二是加强执法&监督。",
    ]
    assert len(lines) == 7


def test_pages_without_a_known_container() -> None:
    text = text_of(page(f'<div class="x">{ARTICLE}</div>', before="<nav><a>首页</a></nav>"))
    assert "一、工作情况" in text
    assert "脚本" not in text


@pytest.mark.parametrize(
    ("written", "declared"), [("gb18030", "utf-8"), ("utf-8", "gb2312"), ("utf-16", "utf-8"), ("gb18030", "gbk")]
)
def test_declared_charset_may_lie(written: str, declared: str) -> None:
    report = read_bytes(page(f"<article>{ARTICLE}</article>", charset=declared).encode(written), name="a.html")
    check_report(report)
    assert report.provenance.reader == "html"
    assert report.headings[0].text == "一、工作情况"


def test_title_of_the_page_stands_in() -> None:
    assert read_bytes(page(f"<article>{ARTICLE}</article>").encode(), name="a.html").title == TITLE
    declared = "莲泾县关于2022年法治政府建设情况的报告"
    meta = page(f"<article>{ARTICLE}</article>", head=f'<meta name="ArticleTitle" content="{declared}">')
    assert read_bytes(meta.replace(f"<title>{TITLE}", "<title>").encode(), name="a.html").title == declared
    inside = page(f"<article><h1>{TITLE}</h1>{ARTICLE}</article>")
    report = read_bytes(inside.encode(), name="a.html")
    assert report.title == TITLE
    assert report.chrome[0].of(report.text) == TITLE


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "甲"}">' for i in range(12))
    text = text_of(
        f'<!DOCTYPE html [{bomb}<!ENTITY x SYSTEM "file:///etc/hostname">]><html><body>&e11;&x;依法行政</body></html>'
    )
    assert len(text) < 2000
    assert "依法行政" in text


def test_tables_keep_their_rows() -> None:
    text = text_of(
        "<html><body><table><tr><td>事项</td><td>数量</td></tr><tr><td>立案</td><td>3件</td></tr></table></body></html>"
    )
    assert [line.split() for line in text.split("\n")] == [["事项", "数量"], ["立案", "3件"]]


def test_long_texts_are_not_cut_short() -> None:
    assert text_of("<html><body><p>" + "法" * 4_000_000 + "</p></body></html>") == "法" * 4_000_000


@pytest.mark.parametrize(
    "html",
    ["<html></html>", "<html><body> &nbsp; </body></html>", "<html>" + "\0" * 100],
)
def test_pages_without_text(html: str) -> None:
    with pytest.raises(EmptyReportError):
        read_bytes(html.encode(), name="a.html")


@pytest.mark.parametrize("missing", ["lxml", "trafilatura"])
def test_missing_extra_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[documents\]"):
        read_bytes(page(f"<div>{ARTICLE}</div>").encode(), name="a.html")


@pytest.mark.parametrize(
    "start",
    [
        "\ufeff<html><body>",
        "\r\n \n<!DOCTYPE html><html><body>",
        '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html xmlns="http://www.w3.org/1999/xhtml"><body>',
        "<!-- saved from url=(0014)about:internet -->\n<html><body>",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><head></head><body>",
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Word 15"></head>',
        '<?xml version="1.0"?><h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:body>',
        "<p>",
    ],
)
def test_pages_are_told_by_their_content(start: str) -> None:
    report = read_bytes((start + ARTICLE).encode(), name="报告.doc")
    assert report.provenance.reader == "html"
    assert report.text.startswith("一、工作情况\n2022年，我县依法行政，成效明显。\n二是加强执法&监督。")


@pytest.mark.parametrize(
    "text", ["依法行政，网页用<div>标签。", "<依法行政>第一", "一、页面以<html>开头\n二、<p>", "a < b\n<p>"]
)
def test_text_that_mentions_tags_is_text(text: str) -> None:
    assert read_bytes(text.encode(), name="a.txt").provenance.reader == "text"


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        ('<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument/>', "Word XML"),
        ('\ufeff<?xml version="1.0"?><Workbook/>', "Excel XML"),
        ('<?xml version="1.0"?><rss version="2.0"/>', "news feed"),
        ("<svg></svg>", "SVG"),
        ("<?xml version='1.0'?><data/>", "no web page"),
    ],
)
def test_other_xml_is_refused_by_name(xml: str, kind: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=kind):
        read_bytes(xml.encode(), name="a.html")


def test_cdata_of_xhtml_is_text() -> None:
    html = f'<?xml version="1.0"?><html><body><![CDATA[甲<b>&乙]]>{ARTICLE}<![CDATA[丙</body></html>'
    assert text_of(html).startswith("甲<b>&乙\n一、")


def test_deep_nesting_is_read_or_refused() -> None:
    assert text_of("<html><body>甲" + "<div><b>" * 4000 + "乙") == "甲\n乙"
    with pytest.raises(ReaderLimitError, match="deep"):
        text_of("<html><body>甲" + "<div>" * 150_000 + "乙")
    with pytest.raises(ReaderLimitError, match="deep"):
        text_of("<html><body>甲<template>" + "<div>" * 150_000)
    with pytest.raises(ReaderLimitError, match="tags"):
        text_of("<html><body>甲" + "<p>" * 200_000)


def test_pictures_in_the_page_do_not_count_as_its_length() -> None:
    picture = f'<img src="data:image/png;base64,{"A" * 9_000_000}">'
    assert text_of(f"<html><body>{picture}<p>依法行政。</p></body></html>") == "依法行政。"
    with pytest.raises(ReaderLimitError, match="characters"):
        text_of(f"<html><body>{'A' * 9_000_000}")


def test_mutated_pages_give_a_report_or_a_report_error() -> None:
    random = Random(20)  # noqa: S311
    pages = [page(f"<article>{ARTICLE}</article>").encode(), SAMPLE.read_bytes(), page(ARTICLE).encode("gb18030")]
    refused = []
    for number in range(300):
        data = mutated(random, pages[number % len(pages)])
        try:
            check_report(read_bytes(data, name="a.html"))
        except ReportError as error:
            refused.append(error)
    assert all(error.source == "a.html" and error.remedy for error in refused)


def test_fields_outside_the_article_tell_who_and_when() -> None:
    html = (
        "<title>法治政府建设工作总结</title><div>首页 &gt; 县财政局</div><h1>法治政府建设工作总结</h1>"
        "<div>发布时间：2023-01-18 来源：莲泾县财政局</div>"
        "<div class='TRS_Editor'><p>我局认真贯彻落实上级部署，扎实推进各项工作。</p></div>"
    )
    report = read_bytes(html.encode(), name="a.html")
    assert report.metadata == Metadata("莲泾县", "department", "财政局", 2022)
    assert "来源" not in report.text
