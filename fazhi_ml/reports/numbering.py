"""The numbering grammar of Chinese official documents: 一、 (一) 1. (1) ① with half- and full-width variants."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["BLANKS", "CHINESE_DIGITS", "Marker", "chinese_number", "circled_number", "parse_marker"]

# White space plus the invisible characters that web pages leave behind: none of them belongs to a part's span.
BLANKS = (
    "".join(chr(c) for c in (*range(0x21), *range(0x7F, 0xA1), *range(0x2000, 0x2010), *range(0x2028, 0x2030)))
    + "\u00ad\u1680\u180e\u205f\u2060\u3000\ufeff"
)
CHINESE_DIGITS = "一二三四五六七八九十"
_UNITS = {digit: value for value, digit in enumerate(CHINESE_DIGITS, 1)}
_GAP = r"[\s\u200b-\u200d\ufeff]{0,4}"
_CN = f"[{CHINESE_DIGITS}]{{1,3}}"

# (first code point, number of the first sign, last code point)
_SIGNS = {
    "circled": (
        (0x2460, 1, 0x2473),
        (0x2776, 1, 0x277F),
        (0x2780, 1, 0x2789),
        (0x278A, 1, 0x2793),
        (0x24F5, 1, 0x24FE),
    ),
    "(1)": ((0x2474, 1, 0x2487),),
    "1.": ((0x2488, 1, 0x249B),),
    "(一)": ((0x3220, 1, 0x3229),),
}
_SIGN_VALUES = {
    chr(code): (scheme, number + code - first)
    for scheme, ranges in _SIGNS.items()
    for first, number, last in ranges
    for code in range(first, last + 1)
}

_MARKER = re.compile(
    rf"""
    第{_GAP}(?P<part>[{CHINESE_DIGITS}\d]{{1,3}}){_GAP}(?:部分|[章篇])(?:{_GAP}[:：、.．])?
    | 第{_GAP}(?P<chapter_section>[{CHINESE_DIGITS}\d]{{1,3}}){_GAP}节(?=[\s:：、.．])
    | (?P<cn_dot>{_CN}){_GAP}[、.．､](?!{_GAP}[{CHINESE_DIGITS}](?:、|[级类期批轮线次]|季度|产业))
    | [（(〔【]{_GAP}(?P<cn_paren>{_CN}){_GAP}[）)〕】](?:{_GAP}[、.．])?
    | (?P<cn_half>{_CN})[）)]
    | [（(]{_GAP}(?P<ar_paren>\d{{1,3}}){_GAP}[）)](?:{_GAP}[、.．])?
    | (?P<ar_half>\d{{1,2}})[）)]
    | (?P<ar_dot>\d{{1,3}}){_GAP}(?:[.．](?!\d)|[.．](?=(?:19|20)\d\d年)|[、､](?!\d{{1,2}}[月日号时]))
    """,
    re.VERBOSE,
)
_SCHEMES = {
    "part": "part",
    "chapter_section": "第一节",
    "cn_dot": "一、",
    "cn_paren": "(一)",
    "cn_half": "(一)",
    "ar_paren": "(1)",
    "ar_half": "1)",
    "ar_dot": "1.",
}
_FIRST = frozenset(f"第（(〔【{CHINESE_DIGITS}0123456789０１２３４５６７８９") | frozenset(_SIGN_VALUES)


class Marker(NamedTuple):
    """A number at the beginning of a line.

    Attributes
    ----------
    scheme : str
        ``part`` (第一部分, 第一章), ``第一节``, ``一、``, ``(一)``, ``1.``, ``(1)``, ``1)`` or ``circled``;
        widths and brackets do not matter.
    number : int
    end : int
        Offset after the marker, within the string that was parsed.
    """

    scheme: str
    number: int
    end: int


def parse_marker(text: str, start: int = 0) -> Marker | None:
    """Read the number that `text` begins with at `start`, or return None."""
    first = text[start : start + 1]
    if first not in _FIRST:
        return None
    sign = _SIGN_VALUES.get(first)
    if sign is not None:
        return Marker(sign[0], sign[1], start + 1)
    match = _MARKER.match(text, start)
    if match is None or match.lastgroup is None:
        return None
    digits = match[match.lastgroup]
    number = int(digits) if digits.isdecimal() else chinese_number(digits)
    return Marker(_SCHEMES[match.lastgroup], number, match.end())


def chinese_number(digits: str) -> int:
    """Value of a Chinese numeral below 100, such as ``十二`` or ``二十一``."""
    tens, ten, ones = digits.rpartition("十")
    value = _UNITS.get(ones, 0)
    return value + 10 * _UNITS.get(tens, 1) if ten else value


def circled_number(sign: str) -> int | None:
    """Value of a circled digit such as ``②``, or None."""
    scheme, number = _SIGN_VALUES.get(sign, ("", 0))
    return number if scheme == "circled" else None
