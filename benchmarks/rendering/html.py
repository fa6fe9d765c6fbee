"""Reports as pages of three kinds of government site, each with what such a site puts around an article."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rendering.lines import Line, Page

__all__ = ["render_gov", "render_table_layout", "render_trs"]

_COLUMNS = ("首页", "走进我县", "新闻中心", "政务公开", "政务服务", "互动交流", "专题专栏")
_RELATED = (
    ("t20230118_561204.html", "县政府召开常务会议学习贯彻新修订的行政复议法"),
    ("t20230112_560377.html", "关于公布继续有效和废止行政规范性文件目录的通知"),
    ("t20230109_559861.html", "县司法局开展“法律明白人”培训"),
    ("t20230105_559102.html", "一图读懂：法治政府建设实施方案"),
)
_SCRIPT = """
var _hmt = _hmt || [];
(function() { var hm = document.createElement("script"); hm.src = "//hm.example.cn/hm.js?6a1d"; })();
function doZoom(size) { document.getElementById('zoom').style.fontSize = size + 'px'; }
document.write('<p>本站已支持IPv6访问</p>');
"""


def render_trs(lines: Sequence[Line]) -> bytes:
    """Render a page of the TRS content system: in GBK, declared as UTF-8, text in ``.TRS_Editor``."""
    page = Page.of(lines)
    body = "\n".join(
        f'<p align="justify" style="text-indent: 2em; line-height: 2">'
        f'<span style="font-family: 宋体; font-size: 12pt">{_trs_text(line)}</span></p>'
        for line in page.body
    )
    source = f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="SiteName" content="县人民政府门户网站" /><meta name="ArticleTitle" content="{escape(page.title)}" />
<title>{escape(page.title)}_县人民政府门户网站</title>
<style type="text/css">.TRS_Editor P {{ line-height: 1.5; font-family: 宋体 }}</style>
<script type="text/javascript">{_SCRIPT}</script></head>
<body>
<div class="header"><a href="/"><img src="/images/logo.png" alt="县人民政府" /></a>
<form action="/search"><input type="text" value="请输入关键字" /><input type="button" value="搜索" /></form></div>
<ul class="nav">{_links(_COLUMNS)}</ul>
<div class="position">{_above(page, "您现在的位置：首页 &gt; 政务公开 &gt; 法治政府建设")}</div>
<div class="content">
<h1>{escape(page.title)}</h1>
<div class="info">{_spans(page.fields)}</div>
<div id="zoom">
<div class="TRS_Editor"><style type="text/css">.TRS_Editor P{{margin-top:0}}</style>
{body}
</div></div>
<div class="tools">{_spans(page.buttons)}<a href="javascript:window.print()">打印本页</a> <a href="javascript:window.close()">关闭窗口</a>
<div class="bdshare"><span>分享到：</span><a title="分享到微信"></a><a title="分享到新浪微博"></a></div></div>
</div>
<div class="related"><h3>相关信息</h3><ul>{_related()}</ul></div>
{_foot()}
</body></html>
"""  # noqa: E501 - as such pages are
    return source.encode("gb18030")


def _trs_text(line: Line) -> str:
    """Return the text of a line as editors leave it: numbers and words of a heading in tags of their own."""
    text = escape(line.text)
    if line.kind != "heading":
        return text
    return f'<strong><span style="font-family: 黑体">{text[:2]}</span>{text[2:]}</strong>'


def render_gov(lines: Sequence[Line]) -> bytes:
    """Render a page in the manner of www.gov.cn: UTF-8, text in ``#UCAP-CONTENT``."""
    page = Page.of(lines)
    body = "\n".join(
        f'<p style="text-indent:2em">{f"<strong>{escape(line.text)}</strong>" if line.kind == "heading" else escape(line.text)}</p>'  # noqa: E501
        for line in page.body
    )
    return f"""<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8">
<title>{escape(page.title)}_政府信息公开_人民政府网</title>
<meta name="keywords" content="法治政府"><meta name="viewport" content="width=device-width">
<script>{_SCRIPT}</script></head>
<body>
<header><nav>{_links(_COLUMNS)}</nav>
<div class="login"><a href="/login">登录</a> | <a href="/reg">注册</a></div></header>
<div class="BreadcrumbNav">{_above(page, '<a href="/">首页</a> &gt; <a href="/xxgk">信息公开</a> &gt; 正文')}</div>
<main><div class="article oneColumn">
<h1 id="ti">{escape(page.title)}</h1>
<div class="pages-date">{_spans(page.fields)}<span class="font">字号：<a>默认</a> <a>大</a> <a>超大</a></span></div>
<div class="pages_content mhide" id="UCAP-CONTENT">
{body}
</div>
<div class="editor">{_spans(page.buttons)}</div>
<div class="share">扫一扫在手机打开当前页</div>
</div></main>
<aside><h2>相关稿件</h2><ul>{_related()}</ul></aside>
{_foot()}
</body></html>
""".encode()


def render_table_layout(lines: Sequence[Line]) -> bytes:
    """Render a page of an old site: tables for layout, lines of one ``<div>`` parted by ``<br>``, called GB2312."""
    page = Page.of(lines)
    body = "<BR><BR>\n".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{_table_text(line)}" for line in page.body)
    return f"""<HTML><HEAD><TITLE>{escape(page.title)}</TITLE>
<META http-equiv=Content-Type content="text/html; charset=gb2312">
<SCRIPT language=javascript>{_SCRIPT}</SCRIPT></HEAD>
<BODY bgColor=#ffffff topMargin=0>
<TABLE width=980 align=center cellSpacing=0><TR><TD colspan=2><IMG src="banner.jpg"></TD></TR>
<TR>{"".join(f'<TD><A href="list.asp?id={i}">{name}</A></TD>' for i, name in enumerate(_COLUMNS))}</TR></TABLE>
<TABLE width=980 align=center><TR>
<TD width=200 vAlign=top><TABLE><TR><TD>栏目导航</TD></TR>{"".join(f"<TR><TD>·<A href=#>{name}</A></TD></TR>" for name in _COLUMNS)}</TABLE></TD>
<TD vAlign=top><TABLE width="100%">
<TR><TD>{_above(page, "当前位置：首页 &gt;&gt; 依法行政 &gt;&gt; 正文")}</TD></TR>
<TR><TD align=center><FONT size=5><B>{escape(page.title)}</B></FONT></TD></TR>
<TR><TD align=center>{"&nbsp;&nbsp;".join(map(escape, page.fields))}&nbsp;【字体：<A>大</A> <A>中</A> <A>小</A>】</TD></TR>
<TR><TD><DIV id=zoom>{body}<BR></DIV></TD></TR>
<TR><TD align=right>{"&nbsp;".join(map(escape, page.buttons))}</TD></TR>
<TR><TD>上一篇：{_RELATED[0][1]}<BR>下一篇：{_RELATED[1][1]}</TD></TR>
</TABLE></TD></TR></TABLE>
{_foot()}
</BODY></HTML>
""".encode()  # noqa: E501 - as such pages are


def _table_text(line: Line) -> str:
    return f"<STRONG>{escape(line.text)}</STRONG>" if line.kind == "heading" else escape(line.text)


def _above(page: Page, usual: str) -> str:
    return escape(" ".join(page.above)) if page.above else usual


def _spans(texts: Sequence[str]) -> str:
    return " ".join(f"<span>{escape(text)}</span>" for text in texts)


def _links(names: Sequence[str]) -> str:
    return "".join(f'<li><a href="/c{number}/">{name}</a></li>' for number, name in enumerate(names))


def _related() -> str:
    return "".join(f'<li><a href="{target}">{name}</a><em>2023-01-18</em></li>' for target, name in _RELATED)


def _foot() -> str:
    return (
        '<div class="footer"><p>主办：县人民政府办公室　承办：县大数据管理局　技术支持：县融媒体中心</p>'
        "<p>网站标识码：3600000001　赣ICP备05000000号-1　赣公网安备 36000002000001号</p>"
        "<p>地址：某县迎宾大道1号　联系电话：0790-0000000　您是第 1204877 位访客</p></div>"
    )
