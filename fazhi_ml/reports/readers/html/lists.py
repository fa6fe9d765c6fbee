"""The numbers that a browser shows before the items of a list, as one would type them in a Chinese document."""

from __future__ import annotations

import re
from collections.abc import Callable

from fazhi_ml.reports.readers.numerals import numeral

__all__ = ["ListNumbers", "number_format"]

_INTEGER = re.compile(r"\s{0,4}([+-]?\d{1,6})")


def _letters(number: int) -> str:
    """Count from a to z, then aa, ab and so on."""
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("a") + letter) + text
    return text


def _in(kind: str, pattern: str) -> Callable[[int], str]:
    return lambda number: pattern.format(numeral(number, kind))


_NUMERALS: dict[str, Callable[[int], str]] = {
    "decimal": lambda number: f"{number}.",
    "decimal-leading-zero": lambda number: f"{number:02d}.",
    "lower-alpha": lambda number: f"{_letters(number)}.",
    "upper-alpha": lambda number: f"{_letters(number).upper()}.",
    "lower-roman": _in("lowerRoman", "{}."),
    "upper-roman": _in("upperRoman", "{}."),
    "cjk-ideographic": _in("chineseCountingThousand", "{}、"),
    "cjk-decimal": _in("ideographDigital", "{}、"),
    # UEditor, the editor of many content systems, draws these.
    "custom_num": lambda number: f"{number}.",
    "custom_num1": lambda number: f"{number})",
    "custom_num2": lambda number: f"({number})",
    "custom_cn": _in("chineseCountingThousand", "{}、"),
    "custom_cn1": _in("chineseCountingThousand", "{})"),
    "custom_cn2": _in("chineseCountingThousand", "({})"),
}
_SAME = {
    "1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman",
    "lower-latin": "lower-alpha", "upper-latin": "upper-alpha",
    "simp-chinese-informal": "cjk-ideographic", "trad-chinese-informal": "cjk-ideographic",
    "simp-chinese-formal": "cjk-ideographic", "trad-chinese-formal": "cjk-ideographic",
}  # fmt: skip
_UNNUMBERED = frozenset({"none", "disc", "circle", "square"})


def number_format(kind: str | None, style: str | None, classes: str) -> str | None:
    """Tell how the items of an ``<ol>`` are numbered.

    Parameters
    ----------
    kind : str or None
        The ``type`` attribute.
    style : str or None
        ``list-style`` or ``list-style-type``.
    classes : str
        Class names.

    Returns
    -------
    str or None
        A key of the formats; None where items have no numbers.
    """
    drawn = next((name for name in classes.split() if name in _NUMERALS), None)
    return _styled(style, drawn or _SAME.get((kind or "").strip(), "decimal"))


def _styled(style: str | None, default: str | None) -> str | None:
    for word in (style or "").lower().split():
        if word in _UNNUMBERED:
            return None
        if _SAME.get(word, word) in _NUMERALS:
            return _SAME.get(word, word)
    return default


class ListNumbers:
    """Counts the items of one list.

    Parameters
    ----------
    format_ : str or None
        As `number_format` returns.
    start : str or None
        The ``start`` attribute.
    """

    def __init__(self, format_: str | None, start: str | None) -> None:
        self._format = format_
        self._next = _integer(start, 1)

    def take(self, value: str | None, style: str | None) -> str:
        """Return the number of the next item, whose own ``value`` and ``list-style`` overrule the list's."""
        number = _integer(value, self._next)
        self._next = number + 1
        format_ = _styled(style, self._format)
        if format_ is None:
            return ""
        # As in browsers, what has no numeral in a system is written in digits.
        return _NUMERALS[format_](number) if number > 0 else f"{number}."


def _integer(text: str | None, default: int) -> int:
    match = _INTEGER.match(text or "")
    return int(match[1]) if match else default
