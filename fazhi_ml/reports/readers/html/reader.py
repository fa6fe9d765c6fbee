"""Saved web pages: the article's container by the rules of common government sites, else trafilatura."""

from __future__ import annotations

import re
from typing import cast

from fazhi_ml.errors import DamagedFileError, MissingExtraError, ReaderLimitError, UnsupportedFormatError
from fazhi_ml.reports.readers.extracted import Extracted, HeadingMark
from fazhi_ml.reports.readers.html.article import find_article
from fazhi_ml.reports.readers.html.encoding import decode_page
from fazhi_ml.reports.readers.html.layout import PageBuilder
from fazhi_ml.reports.readers.html.page import Page, PageLine
from fazhi_ml.reports.readers.html.refusals import refuse_without_report
from fazhi_ml.reports.readers.html.title import choose_title

__all__ = ["HtmlReader", "read_page"]

_HEAD = 4096
_TAGS = re.compile(
    r"<(?:[a-z]{1,8}:)?(?:!doctype\s{1,8}html|html|head|body|meta|title|div|p|table|article|span|font|h[1-6]|center)\b",
    re.IGNORECASE,
)
# Junk before a page, such as the head of the server's answer, is told from text that mentions tags by two of them.
_ROOT = re.compile(r"^[ \t]{0,80}<(?:!doctype\s{1,8}html|html)\b", re.IGNORECASE | re.MULTILINE)
_SECOND = re.compile(r"<(?:head|body|meta|title)\b", re.IGNORECASE)
_PREFIX = re.compile(r"<([a-z]{1,8}):html\b", re.IGNORECASE)
_XML = re.compile(
    r"<\?(?:xml|mso-application)\b|<(?:rss|feed|svg|w:worddocument|pkg:package|workbook|uof:uof)\b", re.IGNORECASE
)
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


class HtmlReader:
    """Reads HTML; nothing is fetched, no entity is expanded beyond HTML's own, scripts and forms are left out."""

    name = "html"

    def accepts(self, data: bytes, path_hint: str) -> bool:
        """Tell whether `data` begins like a web page or XML, or is called a page and holds tags."""
        head = _head(data)
        start = head.lstrip("\ufeff\xef\xbb\xbf\xff\xfe \t\r\n")
        if start.startswith("<") and (_TAGS.search(start) or _XML.match(start)):
            return True
        if _ROOT.search(head) and _SECOND.search(head):
            return True
        return path_hint.lower().endswith((".html", ".htm", ".xhtml", ".shtml")) and _TAGS.search(head) is not None

    def extract(self, data: bytes) -> Extracted:
        """Return the article's text, one line a paragraph or ``<br>``, its title, and the headings it marks.

        Raises
        ------
        UnsupportedFormatError
            The content is XML but no page, or the page is an error message.
        EmptyReportError
            The text is in a frame, behind a redirect, or put in by a script.
        ReaderLimitError, ReportTooLargeError
            The page is larger than any report.
        DamagedFileError, MissingExtraError
        """
        return read_page(data)


def read_page(data: bytes, declared: str | None = None) -> Extracted:
    """Read a page from its bytes, as `HtmlReader.extract`.

    Parameters
    ----------
    data : bytes
    declared : str, optional
        Encoding named by what carried the page.
    """
    _refuse_xml(_head(data))
    source, encoding, notes = decode_page(data, declared)
    source = _prepared(source)
    page = _lay_out(source)
    article = find_article(page, source)
    refuse_without_report(page, article)
    title = choose_title(page)
    text = "\n".join(line.text for line in article)
    return Extracted(text, encoding, title, _marks(article, title), notes)


def _head(data: bytes) -> str:
    return data[:_HEAD].replace(b"\0", b"").decode("latin-1")


def _refuse_xml(head: str) -> None:
    """Refuse XML that is no XHTML."""
    start = head.lstrip("\ufeff\xef\xbb\xbf\xff\xfe \t\r\n")
    if not _XML.match(start) or re.search(r"<(?:[a-z]{1,8}:)?html\b|<!doctype\s{1,8}html", start, re.IGNORECASE):
        return
    kind = next((kind for pattern, kind in _XML_KINDS if pattern.search(start)), "an XML document that is no web page")
    raise UnsupportedFormatError(f"the content is {kind}", remedy="Save it as .docx, .html or .txt and try again.")


def _prepared(source: str) -> str:
    """Make what browsers read of a page readable to libxml2, and refuse what would take too much memory."""
    source = source.replace("\0", " ")
    root = _ROOT.search(source, 0, _HEAD)
    if root:
        source = source[root.start() :]
    if len(source) > _LONGEST_SOURCE // 8:
        source = _DATA_URI.sub("data:,", source)
    if len(source) > _LONGEST_SOURCE or source.count("<") > _MOST_TAGS:
        raise ReaderLimitError(
            f"the page has more than {_LONGEST_SOURCE // 2**20} million characters or {_MOST_TAGS:,} tags",
            remedy="Open the page in a browser and save its text as .txt.",
        )
    prefix = _PREFIX.search(source, 0, _HEAD)
    if prefix:
        source = re.sub(f"(</?){re.escape(prefix[1])}:", r"\1", source)
    return _without_cdata(source) if "<?xml" in source[:_HEAD] else source


def _without_cdata(source: str) -> str:
    """Write the text of CDATA sections as ordinary text: XHTML shows it, which HTML would drop as a comment."""
    first, *others = source.split("<![CDATA[")
    pieces = [first]
    for other in others:
        text, _, rest = other.partition("]]>")
        pieces.append(text.replace("&", "&amp;").replace("<", "&lt;") + rest)
    return "".join(pieces)


def _lay_out(source: str) -> Page:
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtraError(
            "reading HTML needs lxml", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
        ) from error
    # libxml2 looks through all open elements at each end tag that fits none.
    builder = PageBuilder(deepest=_MOST_STEPS // max(source.count("<"), _FEW_TAGS))
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


def _marks(article: list[PageLine], title: str | None) -> tuple[HeadingMark, ...]:
    marks = []
    start = 0
    own = "".join((title or "").split())
    for line in article:
        if line.level and len(line.text) <= _LONGEST_HEADING and "".join(line.text.split()) != own:
            marks.append(HeadingMark(start, line.level))
        start += len(line.text) + 1
    return tuple(marks)
