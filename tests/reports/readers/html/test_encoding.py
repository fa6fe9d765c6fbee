from __future__ import annotations

import pytest

from fazhi_ml.errors import DecodingError
from fazhi_ml.reports.readers.html.encoding import decode_page

TEXT = "法治政府建设，依法行政、规范执法的情况。" * 40


def page(charset: str, text: str = TEXT) -> str:
    return f'<html><head><meta charset="{charset}"></head><body>{text}</body></html>'


@pytest.mark.parametrize("declared", ["utf-8", "gb2312", "big5", "nonsense"])
@pytest.mark.parametrize("written", ["utf-8", "gb18030", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_is_declared_may_lie(written: str, declared: str) -> None:
    text, encoding, notes = decode_page(page(declared).encode(written))
    assert text == page(declared)
    assert (encoding, notes) == (written, ())


@pytest.mark.parametrize("written", ["utf-8", "gb18030"])
def test_a_few_broken_bytes_are_replaced_and_noted(written: str) -> None:
    start = page(written)[:100].encode(written)
    rest = page(written)[100:].encode(written)
    for broken in (start + b"\xff" + rest, start + rest[:-14] + b"\xe4"):
        text, encoding, notes = decode_page(broken)
        assert encoding == written
        assert page(written)[100:-14] in text
        assert notes == ("has 1 broken characters, read as U+FFFD",)


def test_a_true_declaration_makes_up_for_more_broken_bytes() -> None:
    broken = b"\xff \xfe " * 6
    assert decode_page(page("utf-8").encode() + broken)[1:] == ("utf-8", ("has 12 broken characters, read as U+FFFD",))
    with pytest.raises(DecodingError):
        decode_page(page("nonsense").encode() + broken)


def test_big5_is_read_where_it_is_declared_and_true() -> None:
    text = page("Big5", "法治政府建設，依法行政的情況。" * 10)
    assert decode_page(text.encode("big5"))[:2] == (text, "big5hkscs")
    assert decode_page(text.encode("big5"), "big5")[:2] == (text, "big5hkscs")


def test_other_bytes_are_refused() -> None:
    with pytest.raises(DecodingError, match="UTF-8"):
        decode_page(b"<html><body>" + bytes(range(128, 256)) * 20)
