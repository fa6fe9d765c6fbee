"""Plain text in the encodings that Chinese offices use."""

from __future__ import annotations

import codecs
import re

from fazhi_ml.errors import DecodingError
from fazhi_ml.reports.readers.extracted import Extracted

__all__ = ["TextReader", "decode"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 64 * 1024
_MOST_CONTROLS = 0.05


class TextReader:
    """Reads plain text; the last resort of the registry, so it accepts whatever is not binary."""

    name = "text"

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell whether `data` looks like text: a byte order mark, or few control characters."""
        if data.startswith(tuple(bom for bom, _ in _BOMS)):
            return True
        sample = data[:_SAMPLE]
        return len(_CONTROLS.findall(sample)) <= _MOST_CONTROLS * len(sample)

    def extract(self, data: bytes) -> Extracted:
        """Decode `data`, dropping a byte order mark and changing nothing else."""
        text, encoding = decode(data)
        return Extracted(text, encoding)


def decode(data: bytes) -> tuple[str, str]:
    """Decode text: byte order mark first, then strict UTF-8, then strict GB18030.

    GB18030 rather than gb2312 or gbk, which lack rare characters of names. There is no guessing beyond that: a guess
    that fails silently costs more than an error.

    Returns
    -------
    text, encoding : str, str

    Raises
    ------
    DecodingError
    """
    bom = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    tried = (bom,) if bom else ("utf-8", "gb18030")
    for encoding in tried:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DecodingError(
        f"the bytes are no valid {' or '.join(name.upper() for name in tried)}",
        remedy="Save the file as UTF-8 and try again.",
    )
