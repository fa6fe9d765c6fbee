from __future__ import annotations

import pytest

from fazhi_ml.errors import EmptyReportError, UnsupportedFormatError
from fazhi_ml.reports.readers.html import HtmlReader

pytest.importorskip("lxml")
pytest.importorskip("trafilatura")


def read(html: str) -> str:
    return HtmlReader().extract(html.encode()).text


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr>nginx</body>",
        "<html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1></body></html>",
        "<html><body><h1>HTTP Status 500 – Internal Server Error</h1></body></html>",
        "<html><head><title>提示</title></head><body><p>抱歉，您访问的页面不存在！</p><a href=/>返回首页</a></body>",
        "<html><body><div>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</div></body></html>",
        "<html><head><title>网站防火墙</title></head><body>您的请求带有不合法参数，已被网站管理员设置拦截！</body></html>",
        "<html><head><title>某县政府网</title></head><body><p>系统繁忙，请稍后再试。</p></body></html>",
        "<html><body><form>用户登录 <input name=u><input type=password></form></body></html>",
    ],
)
def test_error_pages(html: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="web site"):
        read(html)


@pytest.mark.parametrize(
    "html",
    [
        "<html><title>某县2022年法治政府建设报告</title><body><h1>某县2022年法治政府建设报告</h1><p>404件案件办结。</p>",
        "<html><body><p>404件行政复议案件全部办结，群众满意。</p></body></html>",
        "<html><body><p>法治建设。</p><p>本网站提示“404 Not Found”的问题已整改，页面不存在的情况不再发生。"
        + "依法行政成效明显。" * 40,
        "<html><body><p>依法行政。</p><form>登录<input name=q></form></body></html>",
    ],
)
def test_reports_that_quote_errors_are_read(html: str) -> None:
    assert read(html)


@pytest.mark.parametrize(
    ("html", "cause"),
    [
        ("<html><frameset cols=50%><frame src=a.html></frameset></html>", "frame"),
        ("<html><body><div>某县人民政府</div><iframe src='/c.html'></iframe></body></html>", "frame"),
        ("<html><head><meta http-equiv=refresh content='0; URL=/a.html'></head><body>请稍候</body></html>", "forwards"),
        ("<html><head><script src=a.js></script></head><body><div id=app>加载中</div></body></html>", "script"),
        ("<html><body><script>location='/a'</script></body></html>", "script"),
    ],
)
def test_text_that_is_elsewhere(html: str, cause: str) -> None:
    with pytest.raises(EmptyReportError, match=cause):
        read(html)
