"""Chinese glyphs for a page whose reader may have none: the part of a font that the page needs.

The font is Noto Sans SC (SIL Open Font License 1.1), found where the package `justmytype-intl-cjk` puts it. The code of
that package is never imported.
"""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["FAMILY", "MAX_CHARACTERS", "font_face", "subset"]

FAMILY = "Embedded CJK"
"""The name by which the font stacks of the pages ask for the embedded font."""

MAX_CHARACTERS = 5000
"""Characters that a subset holds at most, the most frequent ones; a page of reports has about a thousand."""

_PACKAGE = "justmytype_intl_cjk"
_FONT = Path("fonts/ofl/notosanssc/NotoSansSC[wght].ttf")
# Circled numbers; radicals to Han, with punctuation and kana; compatibility, full-width and supplementary characters.
_CJK = re.compile("[\u2460-\u24ff\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
# Vertical text, positioning and alternates are for typesetting: a page of this project uses none.
_UNUSED_TABLES = ["BASE", "GPOS", "GSUB", "STAT", "vhea", "vmtx"]
_N_CACHED = 2


def font_face(text: str) -> str:
    """Return the CSS rule that embeds the glyphs of a text as the family `FAMILY`.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        One ``@font-face`` rule with a ``data:`` address; empty where `subset` has no font.
    """
    font = subset(text)
    if font is None:
        return ""
    address = "data:font/woff;base64," + base64.b64encode(font).decode()
    return f'@font-face{{font-family:"{FAMILY}";font-weight:100 900;src:url({address}) format("woff")}}\n'


def subset(text: str) -> bytes | None:
    """Return a font with the CJK characters of a text and no others, in all weights.

    WOFF, not WOFF2: that would be a sixth smaller, but take Brotli and more than twice the time.

    Parameters
    ----------
    text : str
        Of more than `MAX_CHARACTERS` CJK characters the most frequent are kept.

    Returns
    -------
    bytes or None
        A WOFF file, the same for the same characters. None where the font's package or fontTools is not installed,
        or the font has none of the characters.
    """
    counts = Counter(_CJK.findall(text))
    return _subset("".join(sorted(character for character, _ in counts.most_common(MAX_CHARACTERS))))


def _font_file() -> Path | None:
    spec = find_spec(_PACKAGE)
    folders = (spec and spec.submodule_search_locations) or []
    return next((file for folder in folders if (file := Path(folder) / _FONT).is_file()), None)


@lru_cache(maxsize=_N_CACHED)
def _subset(characters: str) -> bytes | None:
    file = _font_file()
    if file is None:
        return None
    try:
        from fontTools.subset import Options, Subsetter
        from fontTools.ttLib import TTFont
    except ImportError:
        return None
    with TTFont(file, lazy=True, recalcTimestamp=False) as font:
        wanted = font.getBestCmap().keys() & set(map(ord, characters))
        if not wanted:
            return None
        options = Options(hinting=False, notdef_outline=True)
        options.drop_tables += _UNUSED_TABLES
        # The licence asks for its notices (13 and 14, and 0 for the copyright) in every copy.
        options.name_IDs += [13, 14]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer)
    return buffer.getvalue()
