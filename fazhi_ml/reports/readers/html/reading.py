"""From the bytes of a page to its article: the container by the rules of common government sites, else trafilatura."""

from __future__ import annotations

import re
from typing import cast

from fazhi_ml.errors import DamagedFileError, MissingExtraError, ReaderLimitError, UnsupportedFormatError
from fazhi_ml.reports.chrome import is_chrome
from fazhi_ml.reports.readers.extracted import Extracted, HeadingMark
from fazhi_ml.reports.readers.html.article import find_article, prose_of
from fazhi_ml.reports.readers.html.encoding import decode_page
from fazhi_ml.reports.readers.html.layout import PageBuilder
from fazhi_ml.reports.readers.html.page import Page, PageLine
from fazhi_ml.reports.readers.html.refusals import refuse_without_report
from fazhi_ml.reports.readers.html.sniff import HEAD, ROOT, head_of, is_xml
from fazhi_ml.reports.readers.html.title import choose_title

__all__ = ["read_page"]

_HTML = re.compile(r"<(?:[a-z]{1,8}:)?html\b|<!doctype\s{1,8}html", re.IGNORECASE)
_PREFIX = re.compile(r"<([a-z]{1,8}):html\b", re.IGNORECASE)
_XML_KINDS = (
    (re.compile(r"progid=[\"']Word\.Document|<w:worddocument|<pkg:package", re.IGNORECASE), "a Word XML document"),
    (re.compile(r"progid=[\"']Excel\.Sheet|<workbook", re.IGNORECASE), "an Excel XML document"),
    (re.compile(r"<(?:rss|feed|rdf:rdf)\b", re.IGNORECASE), "a news feed"),
    (re.compile(r"<svg\b", re.IGNORECASE), "an SVG picture"),
)
_DATA_URI = re.compile(r"data:[\w/+.;=-]{0,80}base64,[A-Za-z0-9+/=%\s]{1000,}+")
# Some seconds of work.
_LONGEST_SOURCE = 8 * 2**20
_MOST_TAGS = 200_000
_MOST_STEPS = 10**9
_FEW_TAGS = 10_000
_LONGEST_HEADING = 100
_SAYS_WHO = re.compile(r"[:：>＞»›]|20\d\d")
# Fields stand between the menus and the article; farther away is other news.
_MOST_BEFORE = 20
_MOST_AFTER = 3
# Articles that a script uncovers, such as those of 微信, have notices of a sentence or two beside them.
_MOST_BESIDE_HIDDEN = 300


def read_page(data: bytes, declared: str | None = None) -> Extracted:
    """Read a page from its bytes; errors are those of `HtmlReader.extract`.

    Parameters
    ----------
    data : bytes
    declared : str, optional
        Encoding named by what carried the page.
    """
    _refuse_xml(head_of(data))
    source, encoding, notes = decode_page(data, declared)
    source = _prepared(source)
    page = _lay_out(source)
    shown = _prose(page)
    if "hidden" in page.signs and shown <= _MOST_BESIDE_HIDDEN:
        whole = _lay_out(source, uncovered=True)
        page = whole if _prose(whole) - shown > _MOST_BESIDE_HIDDEN else page
    article = find_article(page, source)
    refuse_without_report(page, article)
    title = choose_title(page)
    text = "\n".join(line.text for line in article)
    return Extracted(text, encoding, title, _marks(article, title), notes, _surroundings(page, article))


def _refuse_xml(head: str) -> None:
    """Refuse XML that is no XHTML."""
    if not is_xml(head) or _HTML.search(head):
        return
    kind = next((kind for pattern, kind in _XML_KINDS if pattern.search(head)), "an XML document that is no web page")
    raise UnsupportedFormatError(f"the content is {kind}", remedy="Save it as .docx, .html or .txt and try again.")


def _prepared(source: str) -> str:
    """Make what browsers read of a page readable to libxml2, and refuse what would take too much memory."""
    source = source.replace("\0", " ")
    root = ROOT.search(source, 0, HEAD)
    if root:
        source = source[root.start() :]
    if len(source) > _LONGEST_SOURCE // 8:
        source = _DATA_URI.sub("data:,", source)
    if len(source) > _LONGEST_SOURCE or source.count("<") > _MOST_TAGS:
        raise ReaderLimitError(
            f"the page has more than {_LONGEST_SOURCE // 2**20} million characters or {_MOST_TAGS:,} tags",
            remedy="Open the page in a browser and save its text as .txt.",
        )
    prefix = _PREFIX.search(source, 0, HEAD)
    if prefix:
        source = re.sub(f"(</?){re.escape(prefix[1])}:", r"\1", source)
    return _without_cdata(source) if "<?xml" in source[:HEAD] else source


def _without_cdata(source: str) -> str:
    """Write the text of CDATA sections as ordinary text: XHTML shows it, which HTML would drop as a comment."""
    first, *others = source.split("<![CDATA[")
    pieces = [first]
    for other in others:
        text, _, rest = other.partition("]]>")
        pieces.append(text.replace("&", "&amp;").replace("<", "&lt;") + rest)
    return "".join(pieces)


def _prose(page: Page) -> int:
    return sum(map(prose_of, page.lines))


def _lay_out(source: str, *, uncovered: bool = False) -> Page:
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtraError(
            "reading HTML needs lxml", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
        ) from error
    # libxml2 looks through all open elements at each end tag that fits none.
    builder = PageBuilder(deepest=_MOST_STEPS // max(source.count("<"), _FEW_TAGS), uncovered=uncovered)
    # Without libxml2's own limits, which cut a long text short in silence: the source is limited in size already.
    # The stubs of lxml allow for bytes, which no version in use hands to a target.
    target = cast("etree.ParserTarget", builder)
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True, huge_tree=True, recover=True)
    try:
        etree.fromstring(source.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise DamagedFileError(
            "the HTML cannot be parsed", remedy="Open the page in a browser and save its text as .txt."
        ) from error
    return builder.page


def _surroundings(page: Page, article: list[PageLine]) -> tuple[str, ...]:
    """Return fields and breadcrumbs that stand close before the article, or right behind it."""
    if not article:
        return ()
    place = {id(line): index for index, line in enumerate(page.lines)}
    first, last = place[id(article[0])], place[id(article[-1])] + 1
    beside = page.lines[max(first - _MOST_BEFORE, 0) : first] + page.lines[last : last + _MOST_AFTER]
    return tuple(line.text for line in beside if _SAYS_WHO.search(line.text) and is_chrome(line.text))


def _marks(article: list[PageLine], title: str | None) -> tuple[HeadingMark, ...]:
    marks = []
    start = 0
    own = "".join((title or "").split())
    for line in article:
        if line.level and len(line.text) <= _LONGEST_HEADING and "".join(line.text.split()) != own:
            marks.append(HeadingMark(start, line.level))
        start += len(line.text) + 1
    return tuple(marks)
