from __future__ import annotations

import builtins
from typing import Any

import pytest

from fazhi_ml.errors import EmptyReportError, MissingExtraError
from fazhi_ml.reports.read import read_bytes
from fazhi_ml.reports.readers.html import HtmlReader
from tests.reports.invariants import check_report

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")

ARTICLE = (
    """<p>　　&nbsp;一、工作情况</p>
<p style="x">2022年，我县依法<strong>行政</strong>，
成效明显。<br/>　　二是加强执法&amp;监督。</p>"""
    + "<p>全县各级各部门认真履职，群众满意度不断提高，社会大局和谐稳定。</p>" * 4
)
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
    meta = page(f"<article>{ARTICLE}</article>", head='<meta name="ArticleTitle" content="另一个标题">')
    assert read_bytes(meta.encode(), name="a.html").title == "另一个标题"
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
    "html", ["<html></html>", "<html><body> &nbsp; </body></html>", "<html>" + "\0" * 100, "<html>" + "<div>" * 100_000]
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
