from __future__ import annotations

import pytest

from fazhi_ml.errors import DecodingError
from fazhi_ml.reports.readers.text import TextReader, decode

TEXT = "莲泾县㐂年法治政府建设，首违不罚。\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_encodings(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == (TEXT, encoding)


def test_big_endian() -> None:
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be"))[0] == TEXT


@pytest.mark.parametrize("data", [b"\x81", b"\xff\xfea", b"\xef\xbb\xbf\xff", "依法".encode()[:-1] + b"\xff"])
def test_undecodable(data: bytes) -> None:
    with pytest.raises(DecodingError):
        decode(data)


def test_few_control_characters_are_text() -> None:
    reader = TextReader()
    assert reader.accepts(("依法行政" * 100 + "\0\x01").encode(), "a.txt")
    assert reader.accepts("依法".encode("utf-16"), "a.txt")
    assert not reader.accepts(b"\0\1\2text", "a.txt")
