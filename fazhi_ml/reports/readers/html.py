"""Saved web pages: the article's container by the rules of common government sites, else trafilatura."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fazhi_ml.errors import DecodingError, MissingExtraError
from fazhi_ml.reports.readers.extracted import Extracted
from fazhi_ml.reports.readers.text import decode

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["HtmlReader"]

_HEAD = 4096
_TAGS = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|title|div|p|table|article)\b", re.IGNORECASE)
# In order of trust: the editors of the content systems that most Chinese government sites run on, then common names.
_CONTAINERS = (
    ("class", re.compile(r"(?:^|\s)TRS_Editor(?:\s|$)")),
    ("class", re.compile(r"(?:^|\s)(?:trs_editor_view|TRS_UEDITOR)(?:\s|$)")),
    ("id", re.compile(r"^(?:zoom|Zoom|zoomcon|ZoomMain)$")),
    ("id", re.compile(r"^UCAP-CONTENT$")),
    ("itemprop", re.compile(r"^articleBody$")),
    ("id", re.compile(r"^(?:article[-_]?[cC]ontent|artibody|vsb_content)$")),
    ("class", re.compile(r"(?:^|\s)(?:article[-_]?[cC]on(?:tent)?|(?:pages|xxgk|news)_content)(?:\s|$)")),
)
_ARTICLE = len(_CONTAINERS)
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot",
    "thead", "tr", "ul"
))  # fmt: skip
_HIDDEN = frozenset((
    "script", "style", "noscript", "template", "iframe", "object", "embed", "select", "option", "button", "input",
    "textarea", "svg", "math", "head", "title", "audio", "video", "map"
))  # fmt: skip
_SPACES = re.compile(r"[ \t\r\n\f]+")
# A line break in the source between two Chinese characters is no space to the reader.
_SOURCE_BREAK = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")
_SITE = re.compile(r"\s*[_|｜]\s*[^_|｜]*$|\s*-+\s*[^-]*(?:网|政府|门户|平台|中心|局|公开)[^-]*$")
_SHORTEST_ARTICLE = 100
# Searching a page for its article takes trafilatura minutes from a few MB on; saved pages have a tenth of this.
_LONGEST_SOURCE = 2**20


class HtmlReader:
    """Reads HTML; nothing is fetched, no entity is expanded beyond HTML's own, scripts and forms are left out."""

    name = "html"

    def accepts(self, data: bytes, path_hint: str) -> bool:
        """Tell whether `data` begins like a web page, or is called one and holds tags."""
        head = data[:_HEAD].replace(b"\0", b"").decode("latin-1")
        start = head.lstrip("\ufeff\xef\xbb\xbf\xff\xfe \t\r\n")
        if start.startswith("<") and _TAGS.search(start):
            return True
        return path_hint.lower().endswith((".html", ".htm", ".xhtml", ".shtml")) and _TAGS.search(head) is not None

    def extract(self, data: bytes) -> Extracted:
        """Return the article's text, one line a paragraph or ``<br>``, and its title.

        The encoding declared in the page is not trusted: it is wrong too often.
        """
        source, encoding = decode(data)
        root = _parse(source)
        title = _title(root)
        return Extracted(_article(root, source), encoding, title)


def _parse(source: str) -> etree._Element:
    try:
        from lxml import etree
    except ImportError as error:
        raise _missing("lxml") from error
    # Without libxml2's own limits, which cut a long text short in silence: files are limited in size already.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root = etree.fromstring(source.replace("\0", " ").encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise DecodingError(
            "the HTML cannot be parsed", remedy="Open the page in a browser and save its text as .txt."
        ) from error
    if root is None:
        raise DecodingError("the HTML holds no elements", remedy="Save the page's text as .txt.")
    return root


def _article(root: etree._Element, source: str) -> str:
    for containers in _containers(root):
        text = "\n".join(_text(container) for container in containers)
        if _length(text) >= _SHORTEST_ARTICLE:
            return text
    whole = _text(root)
    if len(source) > _LONGEST_SOURCE or _length(whole) < _SHORTEST_ARTICLE:
        return whole
    try:
        import trafilatura
    except ImportError as error:
        raise _missing("trafilatura") from error
    extracted = trafilatura.extract(source, include_comments=False, include_tables=True)
    return str(extracted) if extracted and _length(extracted) >= _SHORTEST_ARTICLE else whole


def _containers(root: etree._Element) -> list[list[etree._Element]]:
    """Find the elements that each rule names, most trusted rule first.

    Editors nest: of containers within containers only the outermost counts, or its text would come twice.
    """
    from lxml import etree

    found: list[list[etree._Element]] = [[] for _ in range(_ARTICLE + 1)]
    depth = [0] * (_ARTICLE + 1)
    for event, element in etree.iterwalk(root, events=("start", "end")):
        rule = _rule(element)
        if rule is None:
            continue
        if event == "start":
            if depth[rule] == 0:
                found[rule].append(element)
            depth[rule] += 1
        else:
            depth[rule] -= 1
    return found


def _rule(element: etree._Element) -> int | None:
    for index, (attribute, pattern) in enumerate(_CONTAINERS):
        value = element.get(attribute)
        if value and pattern.search(value):
            return index
    return _ARTICLE if element.tag == "article" else None


def _text(container: etree._Element) -> str:
    """Lay out the text below `container`: one line a block or ``<br>``."""
    from lxml import etree

    pieces: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(container, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _HIDDEN:
            hidden += 1 if event == "start" else -1
        elif not hidden:
            if tag in _BLOCKS or tag == "br":
                pieces.append("\n" if event == "start" or tag != "br" else "")
            elif tag in {"td", "th"} and event == "end":
                pieces.append("\u3000")
            if event == "start" and element.text:
                pieces.append(_SPACES.sub(" ", element.text))
        if event == "end" and not hidden and element is not container and element.tail:
            pieces.append(_SPACES.sub(" ", element.tail))
    lines = (_SOURCE_BREAK.sub("", line.strip(" ")) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line.strip())


def _title(root: etree._Element) -> str | None:
    declared = [
        element.get("content", "") for element in root.iter("meta") if element.get("name", "").lower() == "articletitle"
    ]
    shown = [_words(element) for element in root.iter("h1")]
    window = [_SITE.sub("", _words(element)) for element in root.iter("title")]
    titles = (" ".join(words[:_HEAD].split()) for words in (*declared, *shown, *window))
    return next((title for title in titles if 4 <= len(title) <= 200), None)


def _words(element: etree._Element) -> str:
    return "".join(str(piece) for piece in element.itertext(with_tail=False))


def _length(text: str) -> int:
    return len(text) - text.count("\n")


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(
        f"reading HTML needs {package}", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
    )
