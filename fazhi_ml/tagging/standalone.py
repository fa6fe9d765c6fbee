"""What every self-contained page has: escaping, hashes for its content security policy, colours of themes."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.errors import MissingExtraError

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["LEVEL_NAMES", "base_style", "csp_hash", "environment", "script_json", "shown", "theme_rules"]

LEVEL_NAMES = {
    "province": ("省级", "Province"),
    "city": ("市级", "City"),
    "county": ("县级", "County"),
    "town": ("乡镇级", "Town"),
    "department": ("部门", "Department"),
}
"""Chinese and English display names of the administrative levels, from the top down."""

_TEMPLATES = Path(__file__).parent / "templates"

# Okabe and Ito's colours, told apart with any colour vision; yellow and black are left out (too light, too dark).
_OKABE_ITO = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233))
_GOLDEN_ANGLE = 0.381966

# Control characters have no look of their own: their pictures do, and keep every text's length.
_UNSHOWABLE = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    ord("\r"): ord(" "),
    **dict.fromkeys(range(0x7F, 0xA0), 0xFFFD),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


@cache
def environment(folder: Path) -> Environment:
    """Return a jinja2 environment for the templates of a folder; it escapes whatever they print.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    try:
        import jinja2
        import markupsafe
    except ImportError as error:
        raise MissingExtraError(
            "jinja2 is not installed", source="HTML page", remedy="Install fazhi-ml[archive]."
        ) from error

    def finalize(value: Any) -> Any:
        """Make whatever the template prints showable, in one place."""
        return shown(value) if isinstance(value, str) and not isinstance(value, markupsafe.Markup) else value

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def base_style() -> str:
    """Return the styles that all pages share: colours in light and dark, fonts, plain elements.

    Their last resort among fonts, "Embedded CJK", is there only in a page that brings it.
    """
    return (_TEMPLATES / "base.css").read_text(encoding="utf-8")


def csp_hash(source: str) -> str:
    """Return the hash by which a content security policy allows an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def shown(text: str) -> str:
    """Replace control characters and unpaired surrogates, which UTF-8 cannot hold, by something of the same length."""
    return _SURROGATE.sub("�", text.translate(_UNSHOWABLE))


def script_json(value: Any) -> str:
    """Return JSON that can end neither its script element nor a line of script."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def theme_rules(count: int) -> str:
    """Return one CSS rule a theme that sets its colour."""
    return "".join(f".t{index}{{--c:{' '.join(map(str, _colour(index)))}}}\n" for index in range(count))


def _colour(index: int) -> tuple[int, int, int]:
    """Return the RGB colour of a theme: Okabe and Ito's first, then hues a golden angle apart at three lightnesses."""
    if index < len(_OKABE_ITO):
        return _OKABE_ITO[index]
    lightness, saturation = ((0.45, 0.60), (0.62, 0.50), (0.34, 0.50))[index % 3]
    red, green, blue = colorsys.hls_to_rgb((index * _GOLDEN_ANGLE) % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
