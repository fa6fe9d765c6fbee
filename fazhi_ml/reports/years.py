"""The year that a report covers, told from years of publication, of plans and of events."""

from __future__ import annotations

import re
import time

__all__ = ["arabic_years", "stated_year", "told_year"]

_ZEROS = "〇○◯零OoО0"
_CHINESE_YEAR = re.compile(
    rf"[二2][{_ZEROS}]([{_ZEROS}一二三四五六七八九])([{_ZEROS}一二三四五六七八九])(?=年|[-—－~～至]二)"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｏ", "0123456789O")
# Not the second year of a period: 2021-2025年, 2021年至2025年.
_ALONE = r"(?<!\d)(?<![\d年度][\-—－~～至])"
_YEAR = re.compile(rf"{_ALONE}(20\d\d)年(?!代)")
# In prose "2022年3月" dates an event, "2021年以来" is a period, and "2021—2025年" a plan.
_WHOLE = rf"{_ALONE}(20\d\d)年(?!代|度?(?:\d{{1,2}}月|[-—~～至]|以来|[底末初]))"
# Two years in a row with one report: 2021-2022年度. Longer periods are those of plans.
_TWO_YEARS = re.compile(r"(?<!\d)(20\d\d)年?度?[-—－~～至](20\d\d)年")
# A year without 年: "2022法治政府建设年度报告", "分宜县_2022.txt"; not in a document's number or a date.
_BARE_YEAR = re.compile(r"(?<![0-9A-Za-z〔\[（(﹝])(?<!\d[-.])(20\d\d)(?![0-9A-Za-z年〕\]）)﹞]|[-—－~～至./_]\d)")
_DATE = re.compile(
    r"(?<!\d)(20\d\d)(?:[-/._年]([01]?\d)(?:[-/._月]\d{1,2}|月)(?!\d)|年([一二三四五六七八九十]{1,2})月"
    r"|(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d))"
)
# Others are in the second half.
_FIRST_MONTHS = frozenset("一二三四五六")
_SINCE = re.compile(r"(?<!\d)(20\d\d)年(?:度)?以来")
_REPORTED = re.compile(rf"现[就将对][^。\n]{{0,30}}?{_WHOLE}")
_OPENS = re.compile(rf"(?:^|[\n。；！]){_WHOLE}")
_NAMED = re.compile(_WHOLE)
_FIRST_HALF = 6


def arabic_years(text: str) -> str:
    """Write years such as ``二〇二二年`` and ``２０２２年`` in ASCII digits."""

    def arabic(match: re.Match[str]) -> str:
        return "20" + "".join(str(max("〇一二三四五六七八九".find(digit), 0)) for digit in match.groups())

    return _CHINESE_YEAR.sub(arabic, text.translate(_FULL_WIDTH))


def stated_year(title: str) -> int | None:
    """Return the year that a title or file name says is covered.

    Parameters
    ----------
    title : str
        Without white space, years in ASCII digits.
    """
    pair = _TWO_YEARS.search(title)
    if pair and int(pair[2]) == int(pair[1]) + 1 <= _this_year():
        return int(pair[2])
    return _first_past(_YEAR, title) or _first_past(_BARE_YEAR, title)


def told_year(opening: str, chrome: str, stem: str) -> int | None:
    """Tell the year covered from a report whose title does not state it.

    The opening says it; else a report published in the first half of a year covers the year before, and one published
    later covers that year.

    Parameters
    ----------
    opening, chrome, stem : str
        First paragraphs, lines of the page and file name, years in ASCII digits.
    """
    return (
        _opening_year(opening)
        or _year_by_publication(chrome)
        or _year_by_publication(stem)
        or _first_past(_SINCE, opening)
    )


def _opening_year(text: str) -> int | None:
    """Return the year that the text reports on, or the first that it speaks of as a whole."""
    return _first_past(_REPORTED, text) or _first_past(_OPENS, text) or _first_past(_NAMED, text)


def _first_past(pattern: re.Pattern[str], text: str) -> int | None:
    years = (int(match[1]) for match in pattern.finditer(text))
    return next((year for year in years if year <= _this_year()), None)


def _year_by_publication(text: str) -> int | None:
    date = _DATE.search(text)
    if date is None or int(date[1]) > _this_year():
        return None
    early = date[3] in _FIRST_MONTHS if date[3] else int(date[2] or date[4]) <= _FIRST_HALF
    return int(date[1]) - early


def _this_year() -> int:
    return time.localtime().tm_year
