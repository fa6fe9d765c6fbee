"""Pages as government sites build them, around the text of a report."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from random import Random

from tests.reports.gold import corpus_units, plain

NAV = "".join(f'<li><a href="/{name}/">{name}</a></li>' for name in ("网站首页", "政务公开", "政务服务", "互动交流"))
BREADCRUMB = '<div class="dqwz">您当前的位置：<a href="/">首页</a>&gt;<a href="/z">政务公开</a>&gt;法治政府建设</div>'
SIDE = '<div class="left"><h3>政府信息公开</h3>' + "".join(
    f'<p><a href="/{name}">{name}</a></p>' for name in ("政府信息公开指南", "政府信息公开制度", "法定主动公开内容")
)
FIELDS = (
    '<div class="info"><span>发布时间：2023-03-02 16:20</span><span>来源：县政府办</span><span>浏览次数：'
    '<script>document.write(1)</script></span><span>字体：[<a href="#">大</a> <a href="#">小</a>]</span></div>'
)
AFTER = """<div class="bdsharebuttonbox"><a href="#">分享到：</a><a>微信</a><a>微博</a></div>
<p><a href="javascript:print()">【打印】</a><a href="javascript:close()">【关闭】</a></p>
<div>扫一扫在手机打开当前页</div>
<p>附件：<a href="/f.docx">附表.docx</a></p>
<p>上一篇：<a href="/1">关于开展2023年普法宣传活动的通知</a></p><p>下一篇：<a href="/2">没有了</a></p>
<h4>相关阅读</h4><ul><li><a href="/x">县司法局召开2023年度工作会议</a><span>2023-02-01</span></li>
<li><a href="/y">全县法治建设推进会召开</a><span>2023-02-02</span></li>
<li><a href="/z">县政府常务会议学习宪法</a><span>2023-02-03</span></li></ul>"""
FOOTER = """<div class="ft"><p>主办单位：某县人民政府办公室　承办：县大数据中心</p>
<p>网站标识码：3600000001　赣ICP备05000001号　赣公网安备36000002000001号</p><p>建议使用1024×768分辨率浏览本网站</p>
<div>友情链接：<a href="a">中国政府网</a> <a href="b">省政府网</a> <a href="c">市政府网</a></div></div>"""
HIDDEN = """<div style="display:none">隐藏的说明文字，不应当被看到。</div><p hidden>隐藏的段落。</p><!-- 注释。 -->
<noscript>请开启脚本。</noscript><template><p>模板。</p></template>"""


def paragraphs(lines: list[str]) -> str:
    return "\n".join(f"<p>　　{escape(line)}</p>" for line in lines)


def breaks(lines: list[str]) -> str:
    return "<br/>\n".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{escape(line)}" for line in lines)


def one_block(lines: list[str]) -> str:
    """Paragraphs that nothing but blanks separates, as far as a sentence ends before them."""
    text = ""
    for line in lines:
        text += f"&emsp;&emsp;{escape(line)}" if text.endswith(("。", "；")) else f"<br>　　{escape(line)}"
    return text


def word_soup(lines: list[str]) -> str:
    return "\n".join(
        '<p class="MsoNormal" style="text-indent:32.0pt;mso-char-indent-count:2.0"><span style="font-size:16.0pt">'
        f'<font face="仿宋">{escape(line[:3])}</font>{escape(line[3:])}<o:p></o:p></span></p>'
        for line in lines
    )


def divisions(lines: list[str]) -> str:
    return "".join(f"<div>{escape(line)}</div>" for line in lines)


BODIES: dict[str, Callable[[list[str]], str]] = {
    "p": paragraphs,
    "br": breaks,
    "blanks": one_block,
    "word": word_soup,
    "div": divisions,
}
# What each system puts around an article.
CONTAINERS = {
    "TRS": '<div class="view TRS_UEDITOR trs_paper_default">{}</div>',
    "TRS, nested": '<div id="zoom"><div class="TRS_Editor"><div class="Custom_UnionStyle">{}</div></div></div>',
    "gov.cn": '<div class="pages_content" id="UCAP-CONTENT">{}</div>',
    "vsb": '<div id="vsb_content_2"><div class="v_news_content">{}</div></div>',
    "jcms": '<div class="zz"><!--<$[信息内容]>begin-->{}<!--<$[信息内容]>end--></div>',
    "zoom in a table": '<table><tr><td class="bt_content" id="zoom">{}</td></tr></table>',
    "box": '<div class="content">{}</div>',
    "unknown": '<div class="k1">{}</div>',
    "none": "{}",
}


def report_lines(number: int) -> tuple[str, list[str]]:
    """Title and body lines of a report of the corpus."""
    units = corpus_units()[number]
    lines = plain(units)[0].strip().split("\n")
    return lines[0], [line for (tag, _), line in zip(units, lines, strict=True) if tag not in "TC"]


def site_page(title: str, article: str, container: str = "{}", *, charset: str = "utf-8") -> str:
    """Lay out a page with everything that a site puts around an article."""
    return (
        f'<!DOCTYPE html>\n<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
        f"<title>{title}-法治政府建设-某县人民政府</title></head><body>"
        f'<div class="hd"><a href="/">标志</a><h1>某县人民政府</h1><ul>{NAV}</ul></div>{BREADCRUMB}{SIDE}</div>'
        f'<div class="rightbox"><h2 class="tt">{title}</h2>{FIELDS}{container.format(article)}{AFTER}</div>'
        f"{FOOTER}{HIDDEN}</body></html>"
    )


_TOKENS = [token.encode() for token in (
    "<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "&", "&#x110000;", "&nbsp;", "\0", '"', "'", "=",
    "<table><tr><td>",
    "</td>", "</tr>", "</table>", "<ol start=-5><li>", "<h1>", "<p hidden>", "<br>", "<pre>", "</div></div>", "<title>",
    '<div class="share">', '<div id="zoom">', '<span style="mso-list:Ignore">1', "<script>", "</script>", "<svg>",
    "<a href=x>",
    "<frameset>", "<plaintext>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "<?xml version='1.0'?>", "<body>", "</body>",
    "</html>",
    "<template>", "<textarea>", "　　", "\u200b", "<html:p>", "<!--正文开始-->", "<!--正文结束-->",
    "<li value=99999999999>",
)]  # fmt: skip


def mutated(random: Random, data: bytes) -> bytes:
    """Break a page in one to eight places."""
    for _ in range(random.randint(1, 8)):
        start = random.randrange(len(data) + 1)
        length = random.choice((0, 1, 3, 40, 400))
        kind = random.randrange(5)
        if kind == 0:
            data = data[:start] + random.randbytes(min(length, 40)) + data[start + length :]
        elif kind == 1:
            data = data[:start] + data[start + length :]
        elif kind == 2:
            data = data[:start] + random.choice(_TOKENS) * random.choice((1, 1, 2, 30)) + data[start:]
        elif kind == 3:
            source = random.randrange(len(data) + 1)
            data = data[:start] + data[source : source + length] + data[start:]
        elif random.random() < 0.2:
            data = data[:start]
    return data
