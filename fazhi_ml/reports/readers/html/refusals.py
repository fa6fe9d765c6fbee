"""Pages that are no report: error messages of web sites, and shells whose text is elsewhere."""

from __future__ import annotations

import re

from fazhi_ml.errors import EmptyReportError, UnsupportedFormatError
from fazhi_ml.reports.chrome import is_title
from fazhi_ml.reports.readers.html.article import prose_of
from fazhi_ml.reports.readers.html.page import Page, PageLine

__all__ = ["refuse_without_report"]

# An error page has a sentence or two of its own, and what little text the site puts around it.
_MOST_PROSE = 300
_MOST_TEXT = 600
_SHELL = 50
_BESIDE_FRAME = 200
_TOPIC = re.compile(r"法治|依法|法制|普法|执法")
_STATUS = r"(?:40[0134579]|41[028]|429|50[0-4]|52[0-6])"
_ERROR = re.compile(
    rf"^\W{{0,4}}(?:(?:HTTP(?: Status)?|Error|错误)\W{{0,3}})?{_STATUS}(?!\d)(?!\s?[年件个人项余多次起万名条元])"
    rf"|\b{_STATUS}\W{{1,3}}(?:Not Found|Forbidden|Bad |Unauthorized|Internal|Service|Gateway|错误|页面|Error)"
    "|(?:Page|File|Object|URL|Resource|^) ?Not Found|Access (?:Denied|Forbidden)|Request (?:Rejected|(?:was )?Blocked)"
    "|Bad (?:Gateway|Request)|Service (?:Temporarily )?Unavailable|Internal Server Error|Gateway Time-?out"
    "|(?:访问|请求|查看|浏览|打开|查找|寻找)的(?:页面|网页|网址|地址|资源|内容|信息|文件|链接|URL).{0,16}"
    "(?:不存在|不见了|被?删除|移除|下线|无法|找不到|出错|有误|失效|拦截|拒绝|飞走|走丢)"
    "|(?:页面|网页|链接|该信息|该文章|该内容)(?:不存在|找不到|未找到|丢失|走丢|飞走|出错|已?被?(?:删除|失效|过期|下线))"
    "|(?:找不到|没有找到|未找到|无法(?:访问|显示|打开))(?:您|你|该|此|相关|要|的|所|请求|访问|查看){0,6}(?:页面|网页|网站|文件)"
    "|(?:请求|访问|操作|IP).{0,16}(?:被|遭).{0,8}(?:拦截|拒绝|阻断|封禁|禁止)|(?:禁止|拒绝|限制)访问"
    r"|(?:网站|应用|Web)防火墙|\bWAF\b|云盾|安全狗|创宇盾|D盾|安全验证|人机验证|验证您是"
    "|(?:服务器|系统|网站)(?:内部)?(?:错误|繁忙|异常|正在维护|维护中|升级中)",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"登录|登陆|[Ll]og ?in|[Ss]ign ?in")


def refuse_without_report(page: Page, article: list[PageLine]) -> None:
    """Raise where a page is known to hold no report.

    Only pages that hardly say anything of their own come into question, so that a report that quotes an error is none.

    Raises
    ------
    UnsupportedFormatError
        The page is an error message, or a form to log in.
    EmptyReportError
        The text is in a frame, behind a redirect, or put in by a script.
    """
    prose = sum(map(prose_of, page.lines))
    text = sum(len(line.text) for line in article)
    if prose > _MOST_PROSE or any(is_title(line.text) and _TOPIC.search(line.text) for line in article):
        return
    _refuse_shell(page, prose, text)
    if text <= _MOST_TEXT:
        _refuse_message(page, article)


def _refuse_shell(page: Page, prose: int, text: int) -> None:
    where = None
    if "refresh" in page.signs and text <= _SHELL:
        where = "the page only forwards to another one"
    elif "frame" in page.signs and not prose and text <= _BESIDE_FRAME:
        where = "the text is in a frame, which is a page of its own"
    elif text <= _SHELL and ("app" in page.signs or not text) and "script" in page.signs:
        where = "the text is put in by a script when a browser shows the page"
    if where:
        raise EmptyReportError(where, remedy="Open it in a browser and save the page that shows the text, complete.")


def _refuse_message(page: Page, article: list[PageLine]) -> None:
    shown = (page.window_title, *page.titles[:3], *(line.text for line in article[:20]))
    if any(_ERROR.search(text[:200]) for text in shown):
        raise UnsupportedFormatError(
            "the page is an error message of a web site", remedy="Fetch the report again from where it was published."
        )
    if "password" in page.signs and any(_LOGIN.search(text[:200]) for text in shown):
        raise UnsupportedFormatError(
            "the page is a form to log in to a web site", remedy="Log in with a browser and save the report itself."
        )
