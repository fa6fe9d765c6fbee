from __future__ import annotations

import pytest

from fazhi_ml.reports.readers.html import HtmlReader

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")


def lines_of(body: str) -> list[str]:
    return HtmlReader().extract(f"<html><body>{body}</body></html>".encode()).text.split("\n")


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<p>甲</p><p>乙</p>", ["甲", "乙"]),
        ("甲<br>乙<br/><br>丙", ["甲", "乙", "丙"]),
        ("<p>　　甲。&nbsp;&nbsp;&nbsp;&nbsp;乙。&emsp;&emsp;丙　丁</p>", ["甲。", "乙。", "丙　丁"]),
        ("<p>工作情况　　一、加强领导　　（一）建立机制</p>", ["工作情况", "一、加强领导", "（一）建立机制"]),
        ("<h2><strong>一</strong>、<span><font>标</font>题</span></h2>", ["一、标题"]),
        ("<p>依\n  法\n行政 2022\n年 ABC\nDEF</p>", ["依法行政 2022 年 ABC DEF"]),
        ("<p>依&#8203;法&shy;行&#xfeff;政</p>", ["依法行政"]),
        ("<p>面积3m<sup>2</sup>，<ruby>宪<rp>(</rp><rt>xiàn</rt><rp>)</rp></ruby>法</p>", ["面积3m2，宪法"]),
        ("<dl><dt>甲</dt><dd>乙</dd></dl>", ["甲", "乙"]),
        ("<pre>一、甲\n  乙\n</pre>", ["一、甲", "乙"]),
        ("<span style='display:block'>甲</span><span>乙</span>", ["甲", "乙"]),
        ("<!--StartFragment--><p>甲</p><!--EndFragment-->", ["甲"]),
        ("<p>甲<?xml:namespace prefix = o /?>乙</p>", ["甲乙"]),
        ("<p>甲<o:p>&nbsp;</o:p></p><o:p></o:p>", ["甲"]),
        ("<p>甲<wbr>乙</p>", ["甲乙"]),
    ],
)
def test_lines(body: str, lines: list[str]) -> None:
    assert lines_of(body) == lines


@pytest.mark.parametrize(
    "hidden",
    [
        "<p style='DISPLAY : none'>乙</p>",
        "<p style='visibility:hidden'>乙</p>",
        "<span style='mso-hide:all'>乙</span>",
        "<p hidden>乙</p>",
        "<noscript>乙</noscript>",
        "<template>乙</template>",
        "<textarea>乙</textarea>",
        "<select><option>乙</option></select>",
        "<script>乙</script>",
        "<style>乙</style>",
        "<svg><title>乙</title></svg>",
        "<div style='display:none'><div>乙<div>乙</div></div>乙</div>",
    ],
)
def test_what_no_reader_sees_is_left_out(hidden: str) -> None:
    assert "".join(lines_of(f"<p>甲</p>{hidden}<p>丙</p>")) == "甲丙"


def test_a_page_that_a_script_would_uncover_is_read() -> None:
    html = "<html style='visibility:hidden'><body style='display:none'><p>依法行政。</p></body></html>"
    assert HtmlReader().extract(html.encode()).text == "依法行政。"


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("<tr><th>事项</th><th>数量</th></tr><tr><td><p>立案</p></td><td>3件</td></tr>", ["事项　数量", "立案　3件"]),
        ("<tr><td>行政<br>处罚</td><td>5</td></tr>", ["行政 处罚　5"]),
        ("<tr><td></td><td><p>甲。</p><p>乙。</p></td></tr>", ["甲。", "乙。"]),
        ("<tr><td>左</td><td><h3>一、题</h3><p>乙</p></td></tr>", ["左", "一、题", "乙"]),
        (f"<tr><td>左</td><td>{'长' * 201}</td></tr>", ["左", "长" * 201]),
        (f"<tr><td>左</td><td><p>题</p><p>{'长' * 30}。</p></td></tr>", ["左", "题", "长" * 30 + "。"]),
        ("<tr><td>左</td><td><table><tr><td>甲</td><td>乙</td></tr></table></td></tr>", ["左", "甲　乙"]),
        ("<tr><td>左</td><td><div id=zoom>甲</div></td></tr>", ["左", "甲"]),
        ("<tr><td>甲<td>乙<tr><td>丙<td>丁", ["甲　乙", "丙　丁"]),
    ],
)
def test_tables(table: str, lines: list[str]) -> None:
    assert lines_of(f"<table>{table}</table>") == lines


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<ol><li>甲<li>乙</ol>", ["1.甲", "2.乙"]),
        ("<ol start=3><li><p>甲</p><p>续</p><li value=7>乙<li>丙</ol>", ["3.甲", "续", "7.乙", "8.丙"]),
        ("<ol type=a><li>甲</ol><ol type=I><li>乙<li>丙</ol>", ["a.甲", "I.乙", "II.丙"]),
        (
            "<ol style='list-style-type:cjk-ideographic' start=9><li>甲<li>乙<li>丙</ol>",
            ["九、甲", "十、乙", "十一、丙"],
        ),
        ("<ol style='list-style:none'><li>甲</ol><ul><li>乙</ul>", ["甲", "乙"]),
        ("<ol><li style='list-style-type:upper-alpha'>甲</ol>", ["A.甲"]),
        ("<ol class='custom_cn2 list-paddingleft-1'><li><p>甲</p></li><li><p>乙</p></li></ol>", ["(一)甲", "(二)乙"]),
        ("<ol><li>甲<ul><li>子</ul><li>乙</ol>", ["1.甲", "子", "2.乙"]),
        ("<ol><li>1.甲<li>（二）乙</ol>", ["1.甲", "（二）乙"]),
        ("<ol><li><li>乙</ol>", ["2.乙"]),
        ("<li>甲</li>", ["甲"]),
    ],
)
def test_lists(html: str, lines: list[str]) -> None:
    assert lines_of(html) == lines


@pytest.mark.parametrize(
    ("number", "line"),
    [("一、", "一、标题"), ("（一）", "（一）标题"), ("1.", "1.标题"), ("1", "1 标题"), ("l", "标题"), ("·", "标题")],
)
def test_numbers_that_word_drew_are_kept_and_bullets_dropped(number: str, line: str) -> None:
    gap = "<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp; </span>"
    html = f"<p><![if !supportLists]><span style='mso-list:Ignore'>{number}{gap}</span><![endif]>标题</p>"
    assert lines_of(html) == [line]


def test_headings_of_the_article_are_marked() -> None:
    title = "某县2022年法治政府建设报告"
    html = (
        f"<html><body><article><h1>{title}</h1><h2>一、<b>甲</b></h2><p>乙</p><h3>（一）丙</h3></article></body></html>"
    )
    extracted = HtmlReader().extract(html.encode())
    assert [(extracted.text[mark.start :].split("\n")[0], mark.level) for mark in extracted.headings] == [
        ("一、甲", 2),
        ("（一）丙", 3),
    ]
    assert extracted.title == title


@pytest.mark.parametrize("style", ["visibility: hidden; opacity: 0;", "display:none"])
def test_an_article_that_a_script_would_uncover_is_read(style: str) -> None:
    report = "本县全面推进依法行政，严格规范公正文明执法。" * 20
    html = f"<body><div id='js_content' style='{style}'><p>{report}</p></div><p>微信扫一扫</p></body>"
    assert HtmlReader().extract(html.encode()).text == report
