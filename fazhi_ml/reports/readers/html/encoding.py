"""The character encoding of web pages: what the bytes say first, what the page declares last."""

from __future__ import annotations

import codecs
import re

from fazhi_ml.errors import DecodingError

__all__ = ["decode_page"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    # Without a mark, a page gives UTF-16 away by its first character.
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_HEAD = 4096
_DECLARED = re.compile(rb"charset\s{0,8}=\s{0,8}[\"']?([\w.:-]{2,40})", re.IGNORECASE)
# The declarations that are worth a trial: those of Chinese pages written outside the mainland, and of other scripts.
_FOREIGN = {
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "cp950",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
}
# Signs that Chinese text of any kind is full of, and that bytes read in a wrong encoding hardly ever give.
_COMMON = "，。、的"
# Pages cut off while saving, or shortened in the middle of a character, have a few broken bytes.
_FEW = 8
_MOST_BROKEN = 0.001
_MOST_BROKEN_DECLARED = 0.02
_LEAST_COMMON = 5


def decode_page(data: bytes, declared: str | None = None) -> tuple[str, str, tuple[str, ...]]:
    """Decode a web page.

    A byte order mark decides. Then UTF-8 and GB18030 are tried, each allowing for a few broken bytes. A declared
    encoding is wrong too often to be trusted: one of these two only makes up for more broken bytes, another one is
    taken where it makes more Chinese of the bytes than GB18030 does, which accepts almost any bytes of Big5.

    Parameters
    ----------
    data : bytes
    declared : str, optional
        Encoding named by what carried the page; by default that of its own ``<meta>``.

    Returns
    -------
    text, encoding : str, str
    notes : tuple of str
        Says so when bytes were broken.

    Raises
    ------
    DecodingError
    """
    marked = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)
    if marked:
        return _noted(data.decode(marked, "replace"), marked)
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError:
        pass
    tolerant = data.decode("utf-8", "replace")
    named = _declared(data, declared)
    if _few_broken(tolerant, _MOST_BROKEN_DECLARED if named in {"utf-8", "utf8"} else _MOST_BROKEN):
        return _noted(tolerant, "utf-8")
    chinese = data.decode("gb18030", "replace")
    foreign = _foreign(data, named)
    if foreign and _commonness(foreign[0]) > _commonness(chinese):
        return *foreign, ()
    if not _few_broken(chinese, _MOST_BROKEN_DECLARED if named.startswith("gb") else _MOST_BROKEN):
        raise DecodingError(
            "the bytes are no valid UTF-8 or GB18030", remedy="Open the page in a browser and save its text as UTF-8."
        )
    return _noted(chinese, "gb18030")


def _few_broken(text: str, most: float) -> bool:
    broken = text.count("\ufffd")
    return broken <= max(_FEW, most * len(text)) and _LEAST_COMMON * broken <= _commonness(text)


def _noted(text: str, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    broken = text.count("\ufffd")
    return text, encoding, (f"has {broken} broken characters, read as U+FFFD",) if broken else ()


def _declared(data: bytes, carried: str | None) -> str:
    match = None if carried else _DECLARED.search(data, 0, _HEAD)
    return (carried or (match[1].decode("ascii", "replace") if match else "")).strip().lower()


def _foreign(data: bytes, declared: str) -> tuple[str, str] | None:
    """Decode by the declaration, if it names one of the encodings worth a trial and is true."""
    encoding = _FOREIGN.get(declared)
    if encoding is None:
        return None
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        return None


def _commonness(text: str) -> int:
    return sum(map(text.count, _COMMON))
