"""What the attributes of an element say: seen or not, block or not, article, chrome or title by the names of sites."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["BLOCKS", "UNSEEN", "Role", "Style", "read_role", "read_style"]

BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext", "pre", "search", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "xmp"
))  # fmt: skip
"""Elements that begin and end a line."""

UNSEEN = frozenset((
    "applet", "audio", "button", "canvas", "datalist", "embed", "frame", "frameset", "head", "iframe", "input", "map",
    "math", "meta", "noframes", "noscript", "object", "option", "rp", "rt", "rtc", "script", "select", "style", "svg",
    "template", "textarea", "title", "video", "xml"
))  # fmt: skip
"""Elements whose content is no text of the page to its reader."""

# Attributes of a hostile page may have megabytes.
_LONGEST_NAMES = 300
_LONGEST_STYLE = 2000

# Names are compared in lower case with "_" for "-".
# The editors of content systems put these around an article and nothing else: 拓尔思 TRS, gov.cn, 博达, 苏迪, 大汉.
_EDITORS = re.compile(
    r"(?:trs_editor(?:_view)?|trs_ueditor|trs_preappend|ucap_content|pages_content|vsb_content(?:_\w{1,8})?|v_news_content|"
    r"wp_articlecontent|xxgk_(?:detail_)?content|zwgk_content|custom_unionstyle|articlebody|ewb_article_info)"
)
_NAMED = re.compile(
    r"(?:my|font|_)*zoom(?:_?con(?:tent)?|_?main|_?text)?|(?:my|_)*font_?zoom|artibody|bodylabel|js_content|rich_media_content|"
    r"(?:article|art|arti|news|xl|info|detail|bt|page|show|view|text|wz|zw|gk|main|entry|post|xxgk|zwgk|txt|con|gkml)"
    r"_?(?:content|conter|cont|con|txt|text|body|detail|details|nr|article)s?\d?|"
    r"content_?(?:body|text|txt|main|con|detail|box|inner|area)s?|zhengwen|zwnr|wznr|article_con\w{0,12}"
)
_GENERIC = re.compile(r"(?:content|con|cont|main|article|text|txt|detail|news|nr|zw|view|editor)s?\d?")
_CHROME = re.compile(
    r"(?:bd|b|j|social|article|news)?_?share\w{0,20}|jiathis\w{0,20}|fenxiang|fx|(?:bread)?_?crumbs?\w{0,12}|mbx\w{0,8}|"
    r"mianbaoxie|weizhi|wzdh|dqwz|(?:cur|now|your|page|site)?_?(?:position|location|path)|cur_?pos\w{0,8}|"
    r"relat(?:ed|e|ion)\w{0,16}|xg(?:yd|xx|wz|nr|wj|lj|jd)|recommend\w{0,12}|pagers?|paging|pagination|"
    r"(?:page|prev|pre)_?(?:nav|next)\w{0,8}|s?x?yp|sxpage|sxy|(?:site|page|g|web)?_?(?:foot|footer|bottom)\w{0,12}|copyright\w{0,8}|"
    r"side_?bars?|aside|(?:main|site|top|left|g)?_?nav\w{0,12}|(?:top|main|left)?_?menu\w{0,8}|top_?bar|top|"
    r"(?:site|page|g)?_?(?:header|head)|banner|logo|search\w{0,12}|(?:friend|foot)_?links?|links|yqlj\w{0,4}|tool_?(?:bar|box)?s?|"
    r"print\w{0,8}|dayin|(?:wx|wechat|weixin)?_?(?:qr|ewm)_?(?:code|box|img)?s?|erweima|sys|saoyisao|comments?|pinglun|login\w{0,8}|"
    r"lang(?:uage)?s?|wza\w{0,8}|float\w{0,8}|hot_?news|attention"
)
_TITLE = re.compile(
    r"(?:article|art|arti|news|xl|info|detail|content|con|page|main|show|view|wz|zw|big|ewb_article|xxgk|text)?_?"
    r"(?:title|tit|bt|biaoti|btn?t|headline)\d?"
)
_TIERS = (_EDITORS, _NAMED, _GENERIC)

_STYLE = re.compile(
    r"(?P<unseen>display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden|mso-hide\s{0,4}:\s{0,4}all)"
    r"|display\s{0,4}:\s{0,4}(?P<block>block|flex|grid|list-item|table)(?![\w-])"
    r"|(?P<number>mso-list\s{0,4}:\s{0,4}ignore)|white-space\s{0,4}:\s{0,4}(?P<pre>pre|break-spaces)"
    r"|list-style(?:-type)?\s{0,4}:\s{0,4}(?P<list>[^;]{1,80})",
    re.IGNORECASE,
)


class Role(NamedTuple):
    """What an element is by its class and id.

    Attributes
    ----------
    tier : int or None
        How far the name can be trusted to be that of an article's container: 0 (an editor's) to 2 (any box).
    name : str
        The name that said so.
    chrome, title : bool
    """

    tier: int | None = None
    name: str = ""
    chrome: bool = False
    title: bool = False


class Style(NamedTuple):
    """What an element is by its style attribute."""

    unseen: bool = False
    block: bool = False
    number: bool = False
    """Word's own rendering of a list number."""
    pre: bool = False
    list_type: str | None = None


_NO_ROLE = Role()
_NO_STYLE = Style()


def read_role(names: str) -> Role:
    """Tell what the names in the class and id of an element say."""
    if len(names) > _LONGEST_NAMES:
        return _NO_ROLE
    tokens = names.lower().replace("-", "_").split()
    for tier, pattern in enumerate(_TIERS):
        named = next((token for token in tokens if pattern.fullmatch(token)), None)
        if named:
            return Role(tier, named)
    return Role(
        chrome=any(_CHROME.fullmatch(token) for token in tokens), title=any(_TITLE.fullmatch(token) for token in tokens)
    )


def read_style(style: str) -> Style:
    """Read what matters to the layout from a style attribute."""
    found = {match.lastgroup: match[match.lastgroup or 0] for match in _STYLE.finditer(style[:_LONGEST_STYLE])}
    if not found:
        return _NO_STYLE
    return Style("unseen" in found, "block" in found, "number" in found, "pre" in found, found.get("list"))
