"""Reports of other places, years and figures, made from those of the corpus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from rendering.lines import Line

__all__ = ["Issuer", "issuer", "new_names", "vary"]

_SUFFIX = "自治州|自治县|自治旗|街道|省|市|州|盟|县|区|旗|镇|乡"
_ISSUER = re.compile(
    rf"(?:关于|国家税务总局)?(?P<name>[^\W\d_]{{2,4}}?)(?P<suffix>(?:[^\W\d_]{{1,3}}族)*(?:{_SUFFIX}))"
)
_YEAR = re.compile(r"(?<!\d)20[0-4]\d(?=\s*(?:年|[-—－~～至/.]\d))")
_DIGITS = "〇一二三四五六七八九"
_CHINESE_YEAR = re.compile("二[〇○零]([〇○零一二三四五六七八九]{2})(?=年)")
# What is counted: a number before a measure word. Percentages have a limit, and stay.
_FIGURE = re.compile(r"(?<![\d.])[1-9]\d{1,5}(?=(?:\.\d+)?(?:余|多|万)?[个件次名人条项起份家期场元亩户处台套])")
_FIRST = "莲望乌磨炉澜栖芦黛浪勐苍临铁岚柳屿朔塔云南盘东额衡图锦菱芒玛沧翁金苇岔恒卓柏渌昭泽汀瀛枫滟海青清翠"
_SECOND = "泾岭礁溪屏江原汀山岬启荡澜湖桥关浦港源塘屿棠洋沟墩崖安砚滩湾陂坪埠津渡坞"


class Issuer(NamedTuple):
    """What the title of a report begins with: the place, such as 莲泾 and 县, and the year covered."""

    name: str
    suffix: str
    year: int


def issuer(lines: Sequence[Line]) -> Issuer:
    """Read place and year from the title of a report.

    Raises
    ------
    ValueError
        It does not begin with a place, or names no year.
    """
    title = next((line.text for line in lines if line.kind == "title"), "")
    place = _ISSUER.match(title)
    years = [int(year[0]) for year in _YEAR.finditer(title)]
    years += [_arabic(year[1]) for year in _CHINESE_YEAR.finditer(title)]
    if place is None or not years:
        raise ValueError("the title names no place or no year")
    return Issuer(place["name"], place["suffix"], years[0])


def _arabic(chinese: str) -> int:
    """Read the last two digits of a year: 一三 is 2013; zero is written in several ways."""
    tens, ones = (max(0, _DIGITS.find(digit)) for digit in chinese)
    return 2000 + 10 * tens + ones


def new_names(random: Random, count: int) -> list[str]:
    """Make names of places, different ones while there are enough syllables."""
    pairs = [first + second for first in _FIRST for second in _SECOND if first != second]
    random.shuffle(pairs)
    return [pairs[number % len(pairs)] for number in range(count)]


def vary(lines: Sequence[Line], name: str, year: int, random: Random) -> list[Line]:
    """Move a report to another place and year, and change what it counts.

    Parameters
    ----------
    lines : sequence of Line
    name : str
        The new place, without its suffix: 县 stays 县.
    year : int
        The new year covered; all other years move as far.
    random : random.Random
        For the figures.
    """
    old = issuer(lines)
    later = year - old.year

    def figure(match: re.Match[str]) -> str:
        return str(max(10, round(int(match[0]) * random.uniform(0.6, 1.6))))

    def other_year(match: re.Match[str]) -> str:
        return str(int(match[0]) + later)

    def other_chinese_year(match: re.Match[str]) -> str:
        return "二〇" + "".join(_DIGITS[int(digit)] for digit in f"{(_arabic(match[1]) + later) % 100:02}")

    varied = []
    for line in lines:
        text = _YEAR.sub(other_year, line.text.replace(old.name, name))
        varied.append(line._replace(text=_FIGURE.sub(figure, _CHINESE_YEAR.sub(other_chinese_year, text))))
    return varied
