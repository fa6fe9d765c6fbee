"""Numbers in circles that Word draws instead of writing: as formulas and as signs of symbol fonts."""

from __future__ import annotations

import re

from fazhi_ml.reports.readers.numerals import numeral

__all__ = ["drawn_number", "symbol"]

# The command for enclosed characters (带圈字符) writes: eq \o\ac(○,2)
_ENCLOSED = re.compile(r"\s*eq\s*\\o\s*\\ac\s*\(\s*[○◯〇]\s*,\s*(\d{1,2})\s*\)\s*", re.IGNORECASE)
_LONGEST = 60
# Wingdings has 0 to 10 in circles, light ones and dark ones; in documents its codes begin at U+F000.
_CIRCLES = ((0x81, "①②③④⑤⑥⑦⑧⑨⑩"), (0x8C, "❶❷❸❹❺❻❼❽❾❿"))


def drawn_number(instruction: str) -> str:
    """Return the number in a circle that the instruction of a field draws; empty for other fields."""
    match = _ENCLOSED.fullmatch(instruction) if len(instruction) <= _LONGEST else None
    number = int(match[1]) if match else 0
    return numeral(number, "decimalEnclosedCircle") if 1 <= number <= 20 else ""


def symbol(font: str, code: str) -> str:
    """Return the number in a circle that a sign of a symbol font looks like; empty for other signs.

    Parameters
    ----------
    font, code : str
        ``w:font`` and ``w:char`` (hexadecimal) of ``w:sym``.
    """
    if font.lower() != "wingdings" or not re.fullmatch(r"[0-9A-Fa-f]{2,4}", code):
        return ""
    place = int(code, 16) & 0xFF
    return next((signs[place - first] for first, signs in _CIRCLES if 0 <= place - first < len(signs)), "")
