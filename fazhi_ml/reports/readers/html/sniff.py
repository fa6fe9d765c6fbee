"""What the first bytes of a file tell: a web page, XML that is none, or neither."""

from __future__ import annotations

import re

__all__ = ["HEAD", "ROOT", "head_of", "is_page", "is_xml"]

HEAD = 4096
"""How many bytes are looked at."""

ROOT = re.compile(r"^[ \t]{0,80}<(?:!doctype\s{1,8}html|html)\b", re.IGNORECASE | re.MULTILINE)
"""Where a page begins, also behind junk such as the head of the server's answer."""

_TAGS = re.compile(
    r"<(?:[a-z]{1,8}:)?(?:!doctype\s{1,8}html|html|head|body|meta|title|div|p|table|article|span|font|h[1-6]|center)\b",
    re.IGNORECASE,
)
# Junk before a page is told from text that mentions tags by two of them.
_SECOND = re.compile(r"<(?:head|body|meta|title)\b", re.IGNORECASE)
_XML = re.compile(
    r"<\?(?:xml|mso-application)\b|<(?:rss|feed|svg|w:worddocument|pkg:package|workbook|uof:uof)\b", re.IGNORECASE
)
_ENDINGS = (".html", ".htm", ".xhtml", ".shtml")


def head_of(data: bytes) -> str:
    """Return the first bytes as characters, whatever their encoding."""
    return data[:HEAD].replace(b"\0", b"").decode("latin-1")


def is_page(data: bytes, path_hint: str) -> bool:
    """Tell whether `data` begins like a web page, or is called one and holds tags."""
    head = head_of(data)
    if (_begins(head) and _TAGS.search(head)) or (ROOT.search(head) and _SECOND.search(head)):
        return True
    return path_hint.lower().endswith(_ENDINGS) and _TAGS.search(head) is not None


def is_xml(head: str) -> bool:
    """Tell whether what `head_of` returns begins like XML."""
    return _XML.match(_stripped(head)) is not None


def _begins(head: str) -> bool:
    return _stripped(head).startswith("<")


def _stripped(head: str) -> str:
    return head.lstrip("\ufeff\xef\xbb\xbf\xff\xfe \t\r\n")
