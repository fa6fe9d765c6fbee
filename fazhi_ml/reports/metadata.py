"""Place, administrative level, agency and year covered, from a report's title, file name and opening text."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from fazhi_ml.reports.document import Metadata

__all__ = ["read_metadata"]

Level = Literal["province", "city", "county", "town", "department"]

_SUFFIXES: dict[Level, tuple[str, ...]] = {
    "province": ("特别行政区", "自治区", "省"),
    "city": ("自治州", "地区", "市", "州", "盟"),
    "county": ("自治县", "自治旗", "开发区", "新区", "县", "区", "旗"),
    "town": ("街道办事处", "街道", "苏木", "镇", "乡"),
}
_MUNICIPALITIES = frozenset({"北京市", "上海市", "天津市", "重庆市"})
_SUFFIX = "|".join(sorted((s for suffixes in _SUFFIXES.values() for s in suffixes), key=len, reverse=True))
# A suffix that begins a word (市场, 县级, 区域) ends no name; names hold no offices.
_PLACE = re.compile(rf"(?!住房|城市|城乡|市场|农村|乡村)[^\W\d_局厅委]{{1,12}}?(?:{_SUFFIX})(?![场级域容府委])")
_PLACE_IN_TEXT = re.compile(rf"(?<!\w)(?:[^\W\d_局厅委全我本各该市县省区]{{2,10}})(?:{_SUFFIX})(?![场级域容府委])")
_AGENCY = re.compile(
    r"(?:(?!关于|法治|依法)[^\W\d_]){1,24}?(?:委员会|管委会|办公室|办公厅|分局|局|厅|委|支队|总队|海关|中心)"
    r"(?=$|关于|[\d（(]|二[〇○零]|法治|依法|推进|落实|贯彻|年度)"
)
_CHINESE_YEAR = re.compile(r"二[〇○零OoО0]([〇○零OoО0一二三四五六七八九])([〇○零OoО0一二三四五六七八九])(?=年)")
_YEAR = re.compile(r"(?<![\d\-—－~～至])(20[0-4]\d)\s*年")
_NAME_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)(?!\d)")
_PUBLISHED = re.compile(r"(?<!\d)(20[0-4]\d)\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}")
# "2022年3月" dates an event, "2021年以来" a period; "2021—2025年" a plan, which `_YEAR` leaves out.
_OTHER_DATE = re.compile(r"\s*(?:\d{1,2}月|[-—~～至]|以来)")


def read_metadata(title: str | None, name: str | None, opening: str, chrome: str = "") -> Metadata:
    """Read what a report says about itself.

    Parameters
    ----------
    title : str or None
    name : str or None
        File name or path; only its last part without the extension is read.
    opening : str
        The first paragraphs.
    chrome : str
        Date and source lines: the year before the date of publication is the last resort.

    Returns
    -------
    Metadata
    """
    title = _plain(title or "")
    stem = _plain(PurePath(name).stem) if name else ""
    place, agency = _issuer(title)
    if place is None:
        place, agency = _issuer(stem)
    if place is None:
        place = _place_in_text(opening)
    return Metadata(
        place=place,
        level=_level(place, agency),
        agency=agency,
        year=_year(title, stem, _plain(opening), _plain(chrome)),
    )


def _plain(text: str) -> str:
    """Drop white space and write years such as ``二〇二二年`` in digits."""
    digits = "〇一二三四五六七八九"

    def arabic(match: re.Match[str]) -> str:
        return "20" + "".join(str(max(digits.find(digit), 0)) for digit in match.groups())

    return _CHINESE_YEAR.sub(arabic, "".join(text.split()))


def _issuer(title: str) -> tuple[str | None, str | None]:
    """Return the innermost place, and the agency, that a title begins with."""
    words = re.sub(r"^(?:关于|中共|20\d\d年?度?|[《“])*", "", title)
    national = words.startswith("国家税务总局")
    words = words.removeprefix("国家税务总局")
    place, end = None, 0
    while match := _PLACE.match(words, end):
        place, end = match[0], match.end()
    if place is None:
        return None, None
    if words.startswith("人民政府", end):
        end += len("人民政府")
    agency = _AGENCY.match(words, end)
    return place, agency[0] if agency else "税务局" if national else None


def _place_in_text(opening: str) -> str | None:
    """Return the first place that the opening names as the subject, seen at least twice."""
    return next((m[0] for m in _PLACE_IN_TEXT.finditer(opening) if opening.count(m[0]) > 1), None)


def _level(place: str | None, agency: str | None) -> Level | None:
    if agency:
        return "department"
    if place is None:
        return None
    if place in _MUNICIPALITIES:
        return "province"
    return next((level for level, suffixes in _SUFFIXES.items() if place.endswith(suffixes)), None)


def _year(title: str, stem: str, opening: str, chrome: str) -> int | None:
    stated = _YEAR.search(title) or _NAME_YEAR.search(stem) or _subject_year(opening)
    if stated:
        return int(stated[1])
    published = _PUBLISHED.search(chrome)
    return int(published[1]) - 1 if published else None


def _subject_year(text: str) -> re.Match[str] | None:
    """Return the first year that the text speaks of as a whole."""
    return next((m for m in _YEAR.finditer(text) if not _OTHER_DATE.match(text, m.end())), None)
