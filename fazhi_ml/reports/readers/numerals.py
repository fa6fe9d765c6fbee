"""Write a number as Word's automatic numbering does (``w:numFmt``; ECMA-376, Part 1, 17.18.59)."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["is_known_format", "numeral"]

_DIGITS = "〇一二三四五六七八九"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def numeral(value: int, number_format: str) -> str:
    """Write `value` in a format of Word.

    Parameters
    ----------
    value : int
    number_format : str
        As in ``w:numFmt``, such as ``chineseCounting``. Formats that are not known, and values that a format has no
        signs for, are written in decimal, as Word does with the latter.

    Returns
    -------
    str
        Empty for ``none`` and ``bullet``.
    """
    write = _WRITERS.get(number_format)
    written = write(value) if write is not None else None
    return str(value) if written is None else written


def is_known_format(number_format: str) -> bool:
    """Tell whether `numeral` knows the format."""
    return number_format in _WRITERS


def _counted(digits: str, units: str, *, gap: str, bare: tuple[int, ...] = ()) -> Callable[[int], str | None]:
    """Return a writer of numbers with units, such as 三百零五.

    `gap` stands for the places left out between others; no 一 is written before the units of the places in `bare`,
    except before a ten that follows a hundred where `bare` holds the ten alone: 十五, but 一百一十五.
    """

    def write(value: int) -> str | None:
        if not 0 <= value <= 9999:
            return None
        written = ""
        skipped = False
        for place in (3, 2, 1, 0):
            digit = value // 10**place % 10
            if digit:
                plain = digit == 1 and place in bare and (len(bare) > 1 or not written)
                written += (
                    (gap if skipped and written else "") + ("" if plain else digits[digit]) + units[place].strip()
                )
            skipped = not digit
        return written or digits[0]

    return write


def _counted_below_hundred(value: int) -> str | None:
    """Write 一 to 九十九 with 十, and digit by digit from a hundred on."""
    return _chinese(value) if value < 100 else _placed(_DIGITS)(value)


def _placed(digits: str) -> Callable[[int], str | None]:
    """Return a writer of numbers digit by digit, such as 二〇."""

    def write(value: int) -> str | None:
        return "".join(digits[int(digit)] for digit in str(value)) if value >= 0 else None

    return write


def _signs(*runs: str) -> Callable[[int], str | None]:
    """Return a writer of numbers that have a sign each, from 1 on."""
    signs = "".join(runs)

    def write(value: int) -> str | None:
        return signs[value - 1] if 1 <= value <= len(signs) else None

    return write


def _code_points(first: int, count: int) -> Callable[[int], str | None]:
    return _signs("".join(map(chr, range(first, first + count))))


def _stem_and_branch(value: int) -> str | None:
    return _STEMS[(value - 1) % 10] + _BRANCHES[(value - 1) % 12] if 1 <= value <= 60 else None


def _lower_roman(value: int) -> str | None:
    if not 1 <= value <= 3999:
        return None
    written = ""
    for worth, sign in _ROMAN:
        count, value = divmod(value, worth)
        written += sign * count
    return written


def _lower_letter(value: int) -> str | None:
    """Write a to z, then aa, bb, …, as Word does; 780 is thirty times z."""
    return chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1) if 1 <= value <= 780 else None


def _upper(write: Callable[[int], str | None]) -> Callable[[int], str | None]:
    def write_upper(value: int) -> str | None:
        written = write(value)
        return None if written is None else written.upper()

    return write_upper


_chinese = _counted("零一二三四五六七八九", " 十百千", gap="零", bare=(1,))
_full_width = _placed("０１２３４５６７８９")

_WRITERS: dict[str, Callable[[int], str | None]] = {
    "none": lambda _: "",
    "bullet": lambda _: "",
    "decimal": str,
    "decimalHalfWidth": str,
    "decimalZero": "{:02d}".format,
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _code_points(0x2460, 20),
    "decimalEnclosedCircleChinese": _code_points(0x2460, 20),
    "decimalEnclosedParen": _code_points(0x2474, 20),
    "decimalEnclosedFullstop": _code_points(0x2488, 20),
    "chineseCounting": _counted_below_hundred,
    "taiwaneseCounting": _counted_below_hundred,
    "chineseCountingThousand": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "chineseLegalSimplified": _counted("零壹贰叁肆伍陆柒捌玖", " 拾佰仟", gap="零"),
    "ideographLegalTraditional": _counted("零壹貳參肆伍陸柒捌玖", " 拾佰仟", gap="零"),
    # The format that Word itself picks for 一、二、三 on Chinese systems.
    "japaneseCounting": _counted(_DIGITS, " 十百千", gap="", bare=(1, 2, 3)),
    "ideographDigital": _placed(_DIGITS),
    "japaneseDigitalTenThousand": _placed(_DIGITS),
    "taiwaneseDigital": _placed(_DIGITS),
    "ideographEnclosedCircle": _code_points(0x3280, 10),
    "ideographTraditional": _signs(_STEMS),
    "ideographZodiac": _signs(_BRANCHES),
    "ideographZodiacTraditional": _stem_and_branch,
    "lowerRoman": _lower_roman,
    "upperRoman": _upper(_lower_roman),
    "lowerLetter": _lower_letter,
    "upperLetter": _upper(_lower_letter),
}
