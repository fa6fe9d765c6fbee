"""Choose a page's title among all that could be it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fazhi_ml.reports.chrome import TOPIC, YEAR, is_title
from fazhi_ml.reports.numbering import parse_marker
from fazhi_ml.reports.readers.html.page import Page

__all__ = ["choose_title"]

# What stands between a title and the names of columns and site.
_SEPARATOR = re.compile(r" ?(?:[_|｜»]|>+|--+|(?<!—)—(?!—)| - |(?<![\d ])-(?!\d)|(?<=年)-(?=\D)) ?")
_SITE = re.compile(r"(?:网|网站|政府|门户|平台|首页)$")
_SHORTEST = 4
_LONGEST = 200


def choose_title(page: Page) -> str | None:
    """Return the title of the report that a page shows.

    A text that reads like the title of a report goes before all others; of several the one that the window's title
    agrees with, that names the subject, and a year. Where none reads so: what the page's metadata declare, else a
    heading that the window's title agrees with, else the window's title without the names of columns and site; the
    name of the site, which is often the first heading, only when there is nothing else.
    """
    window = _candidates(_SEPARATOR.split(page.window_title))
    declared = _candidates(title for text in page.declared_titles for title in (text, *_SEPARATOR.split(text)[:1]))
    # Numbered headings of the article may read like titles: 三、下一年工作打算.
    shown = _candidates(text for text in page.titles if parse_marker(text) is None)
    agreed = {_bare(text) for text in (*window, page.window_title)} | _endings(window)
    titles = [text for text in (*declared, *shown, *window) if is_title(text)]
    if titles:
        return max(
            titles,
            key=lambda text: (
                _bare(text) in agreed,
                TOPIC.search(text) is not None,
                YEAR.search(text) is not None,
            ),
        )
    both = [text for text in shown if _bare(text) in agreed]
    rest = [*declared, *both, *window, *shown]
    return next((text for text in rest if not _SITE.search(text)), next(iter(rest), None))


def _candidates(texts: Iterable[str]) -> list[str]:
    cleaned = (" ".join(text.split()) for text in texts)
    return [text for text in cleaned if _SHORTEST <= len(text) <= _LONGEST]


def _endings(window: list[str]) -> set[str]:
    """Return what the pieces of the window's title end with after a blank: some systems write site column title."""
    return {
        _bare("".join(words[first:])) for text in window for words in [text.split()] for first in range(1, len(words))
    }


def _bare(text: str) -> str:
    return "".join(text.split())
