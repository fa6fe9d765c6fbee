"""What the parts of a page that are not seen tell of it."""

from __future__ import annotations

from collections.abc import Mapping

from fazhi_ml.reports.readers.html.page import Page

__all__ = ["add_window_title", "read_unseen"]

_TITLES = frozenset({"articletitle", "og:title", "dc.title", "title"})
_MOST_TITLES = 20
_LONGEST_TITLE = 1000


def read_unseen(page: Page, tag: str, attributes: Mapping[str, str]) -> None:
    """Add what an unseen element tells to `page`: declared titles, and signs that the text is elsewhere."""
    if tag == "meta":
        _read_meta(page, attributes)
    elif tag in {"frame", "frameset"} or (tag == "iframe" and attributes.get("src")):
        page.signs.add("frame")
    elif tag == "script":
        page.signs.add("script")
    elif tag == "input" and attributes.get("type", "").lower() == "password":
        page.signs.add("password")


def add_window_title(page: Page, text: str) -> None:
    """Add a piece of text to the window's title."""
    page.window_title = " ".join((page.window_title + text[:_LONGEST_TITLE])[:_LONGEST_TITLE].split())


def _read_meta(page: Page, attributes: Mapping[str, str]) -> None:
    content = attributes.get("content", "")[:_LONGEST_TITLE]
    name = (attributes.get("name") or attributes.get("property") or "").lower()
    if name in _TITLES and len(page.declared_titles) < _MOST_TITLES:
        page.declared_titles.append(content)
    if attributes.get("http-equiv", "").lower() == "refresh" and "url" in content.lower():
        page.signs.add("refresh")
