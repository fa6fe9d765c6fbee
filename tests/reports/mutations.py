"""Seeded mutators: from the bytes of a good file to those of a broken or hostile one, by format.

Each mutator takes a random generator, the bytes, and those of another file of the same format to splice with.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from random import Random
from types import MappingProxyType

from lxml import etree

__all__ = ["MUTATORS", "Mutator", "mutate"]

Mutator = Callable[[Random, bytes, bytes], bytes]

_BOUNDARY_NUMBERS = (
    b"-1", b"0", b"1", b"9", b"255", b"65535", b"65536", b"2147483647", b"2147483648", b"-2147483648", b"4294967295",
    b"9223372036854775807", b"99999999999999999999999999", b"1e308", b"NaN", b"0.0000001", b"9" * 4000,
)  # fmt: skip
_HUNK = 400
_MOST_BYTES = 4 * 2**20


def mutate(mutators: Sequence[Mutator], seeds: Sequence[bytes], seed: int) -> bytes:
    """Return the mutant of number `seed`: one of the seeds after one to four mutations."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    data, other = random.choice(seeds), random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 4))):
        data = random.choice(mutators)(random, data, other)[:_MOST_BYTES]
    return data


def _place(random: Random, data: bytes) -> tuple[int, int]:
    """Choose a range of up to `_HUNK` bytes."""
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(1, _HUNK))


def flip(random: Random, data: bytes, _other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 3, 30)) if data else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def delete(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:start] + data[end:]


def duplicate(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 5, 200)) + data[end:]


def move(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _place(random, data)
    rest = data[:start] + data[end:]
    to = random.randrange(len(rest) + 1)
    return rest[:to] + data[start:end] + rest[to:]


def insert_noise(random: Random, data: bytes, _other: bytes) -> bytes:
    start, _ = _place(random, data)
    return data[:start] + random.randbytes(random.choice((1, 4, 100))) + data[start:]


def fill(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _place(random, data)
    return data[:start] + random.choice((b"\0", b"\xff", b" ", b"A")) * (end - start) + data[end:]


def truncate(random: Random, data: bytes, _other: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def behead(random: Random, data: bytes, _other: bytes) -> bytes:
    return data[random.randrange(min(len(data), _HUNK) + 1) :]


def splice(random: Random, data: bytes, other: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


def change_number(random: Random, data: bytes, _other: bytes) -> bytes:
    """Replace a number written in digits by one at some type's boundary."""
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return data
    chosen = random.choice(numbers)
    return data[: chosen.start()] + random.choice(_BOUNDARY_NUMBERS) + data[chosen.end() :]


_BYTES: tuple[Mutator, ...] = (
    flip, delete, duplicate, move, insert_noise, fill, truncate, behead, splice, change_number
)  # fmt: skip

# Text: what the numbering grammar, line splitting and joining have to live with.
_SIGNS = (
    "\u200b", "\ufeff", "\u2028", "\u3000", "\xa0", "\x85", "\ud7ff", "\U0010ffff", "一、", "（一）", "1.", "①", "一是"
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "gb18030", "big5", "shift_jis")


def insert_signs(random: Random, data: bytes, _other: bytes) -> bytes:
    start, _ = _place(random, data)
    sign = random.choice(_SIGNS).encode() * random.choice((1, 2, 50, 5000))
    return data[:start] + sign + data[start:]


def join_lines(random: Random, data: bytes, _other: bytes) -> bytes:
    return data.replace(b"\n", random.choice((b"", b" ", b"\r", b"\0", b"\n\n\n")), random.choice((1, 10, -1)))


def move_lines(random: Random, data: bytes, _other: bytes) -> bytes:
    """Shuffle and repeat lines."""
    lines = data.splitlines(keepends=True)
    return b"".join(random.choices(lines, k=len(lines))) if lines else data


def recode(random: Random, data: bytes, _other: bytes) -> bytes:
    """Write the text in another encoding, or claim one."""
    text = data.decode("utf-8", "replace")
    encoding = random.choice(_ENCODINGS)
    mark = random.choice((b"", b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\0\0"))
    return mark + text.encode(encoding, "replace")


# Markup: HTML, and the XML inside Word documents.
_TAG = re.compile(rb"<[^<>]{0,2000}>")
_ENTITIES = (
    b"&", b"&amp", b"&#0;", b"&#xD800;", b"&#x110000;", b"&#99999999999;", b"&nbsp;", b"&lol9;", b"&xxe;", b"]]>",
    b"<!--", b"<![CDATA[", b"<?xml version='1.1'?>", b"<!DOCTYPE x [<!ENTITY e 'eeeeeeeeee'>]>", b"<", b">", b"\"",
)  # fmt: skip


def _tag(random: Random, data: bytes) -> tuple[int, int] | None:
    tags = list(_TAG.finditer(data))
    return random.choice(tags).span() if tags else None


def drop_tag(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _tag(random, data) or (0, 0)
    return data[:start] + data[end:]


def repeat_tag(random: Random, data: bytes, _other: bytes) -> bytes:
    start, end = _tag(random, data) or (0, 0)
    return data[:end] + data[start:end] * random.choice((1, 20, 3000)) + data[end:]


def swap_tags(random: Random, data: bytes, _other: bytes) -> bytes:
    first, second = sorted((_tag(random, data) or (0, 0), _tag(random, data) or (0, 0)))
    if first[1] > second[0]:
        return data
    between = data[first[1] : second[0]]
    return data[: first[0]] + data[slice(*second)] + between + data[slice(*first)] + data[second[1] :]


def wrap_deeply(random: Random, data: bytes, _other: bytes) -> bytes:
    """Put a stretch into an element nested in itself many times."""
    tag = _tag(random, data)
    start, end = _place(random, data) if tag is None else (tag[0], tag[0])
    name = random.choice((b"div", b"p", b"table", b"td", b"span", b"w:p", b"w:tbl", b"w:sdt", b"w:ins", b"w:r", b"x"))
    depth = random.choice((3, 100, 5000))
    return data[:start] + b"<%b>" % name * depth + data[start:end] + b"</%b>" % name * depth + data[end:]


def insert_entity(random: Random, data: bytes, _other: bytes) -> bytes:
    start, _ = _place(random, data)
    return data[:start] + random.choice(_ENTITIES) + data[start:]


def change_attribute(random: Random, data: bytes, _other: bytes) -> bytes:
    values = list(re.finditer(rb"=\"([^\"<>]*)\"", data))
    if not values:
        return data
    chosen = random.choice(values)
    own = (b"", b"%1%2%3%4%5%6%7%8%9", "一".encode() * 3000, random.choice(values)[1])
    return data[: chosen.start(1)] + random.choice((*_BOUNDARY_NUMBERS, *own)) + data[chosen.end(1) :]


def change_charset(random: Random, data: bytes, _other: bytes) -> bytes:
    name = random.choice((b"utf-7", b"utf-16", b"gb2312", b"big5", b"rot13", b"idna", b"", b"x" * 500))
    return re.sub(rb"(charset=|encoding=)[\"']?[\w-]+", rb"\g<1>" + name, data, count=1)


_MARKUP: tuple[Mutator, ...] = (
    drop_tag, repeat_tag, swap_tags, wrap_deeply, insert_entity, change_attribute, change_charset
)  # fmt: skip


# Word documents: their parts inflated, and the zip file around them.
def _parts(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if entry.file_size < _MOST_BYTES]
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return {}  # an earlier mutation broke the zip file


def _pack(random: Random, parts: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    kind = random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(packed, "w", kind) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, kind)
    return packed.getvalue()


def change_part(random: Random, data: bytes, other: bytes) -> bytes:
    """Mutate one part: mostly its elements, so that it stays well-formed, else its characters."""
    parts = _parts(data)
    if not parts:
        return flip(random, data, other)
    # The document itself and its numbers are where a reader does most.
    favoured = [name for name in parts if name.endswith(("document.xml", "numbering.xml", "styles.xml"))]
    name = random.choice(favoured if favoured and random.random() < 0.8 else list(parts))
    if random.random() < 0.75:
        parts[name] = change_elements(random, parts[name], b"")
    else:
        parts[name] = random.choice(_BYTES + _MARKUP * 2)(random, parts[name], _parts(other).get(name, b""))
    return _pack(random, parts)


def change_elements(random: Random, data: bytes, _other: bytes) -> bytes:
    """Drop, repeat, move, nest, rename and relabel elements of an XML document."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    except etree.XMLSyntaxError:
        return data
    if root is None:
        return data
    for _ in range(random.choice((1, 4, 16))):
        elements = [element for element in root.iter(etree.Element) if element is not root]
        if elements:
            # A parser that recovers keeps names that cannot be set again.
            with suppress(ValueError):
                _change_element(random, random.choice(elements), random.choice(elements))
    return bytes(etree.tostring(root, encoding="utf-8"))


def _change_element(random: Random, element: etree._Element, second: etree._Element) -> None:
    parent = element.getparent()
    action = random.randrange(7)
    if parent is None:
        return
    if action == 0:
        parent.remove(element)
    elif action == 1:
        for _ in range(random.choice((1, 30))):
            parent.append(deepcopy(element))
    elif action == 2:
        element.append(deepcopy(second))
    elif action == 3:
        element.tag = second.tag
    elif action == 4:
        element.text = random.choice((None, "", " ", "一、", "\u2028\x85", "（一）" * 500, second.text))
    elif action == 5 and second is not element and second not in element.iterancestors():
        element.append(second)
    else:
        values = [number.decode() for number in _BOUNDARY_NUMBERS]
        for name in element.attrib:
            element.set(name, random.choice((*values, "", "%1%2%3%4%5%6%7%8%9", "true", "none", "nothing")))


def rearrange_parts(random: Random, data: bytes, other: bytes) -> bytes:
    """Drop, empty, rename or exchange a part."""
    parts = _parts(data)
    if not parts:
        return flip(random, data, other)
    name, second = random.choice(list(parts)), random.choice(list(parts))
    content = parts[name]
    action = random.randrange(4)
    if action == 0:
        del parts[name]
    elif action == 1:
        parts[name] = b""
    elif action == 2:
        del parts[name]
        parts[random.choice(("../../escape.xml", "/etc/x", name.upper(), "word\\document.xml", "\x01"))] = content
    else:
        parts[name], parts[second] = parts[second], content
    return _pack(random, parts)


def change_zip_header(random: Random, data: bytes, other: bytes) -> bytes:
    """Overwrite two or four bytes of a local, central or end record: sizes, offsets, counts, methods, flags."""
    headers = [match.start() for match in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    if not headers:
        return flip(random, data, other)
    at = random.choice(headers) + random.randrange(4, 46)
    width = random.choice((2, 4))
    value = random.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)) & ((1 << 8 * width) - 1)
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


# PDF: objects, streams and the tables that find them.
_OBJECT = re.compile(rb"\d+ \d+ obj\b.*?\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_REFERENCE = re.compile(rb"\d+(?= \d+ R\b)")


def change_object(random: Random, data: bytes, _other: bytes) -> bytes:
    """Drop, repeat or exchange an object."""
    objects = list(_OBJECT.finditer(data))
    if not objects:
        return data
    chosen, second = random.choice(objects), random.choice(objects)
    replacement = random.choice((b"", chosen[0] * 2, second[0], b"1 0 obj\n" + b"[" * 20000 + b"\nendobj"))
    return data[: chosen.start()] + replacement + data[chosen.end() :]


def change_reference(random: Random, data: bytes, _other: bytes) -> bytes:
    """Let a reference point elsewhere: to itself, to its parent, to nothing."""
    references = list(_REFERENCE.finditer(data))
    if not references:
        return data
    chosen = random.choice(references)
    return data[: chosen.start()] + str(random.randrange(12)).encode() + data[chosen.end() :]


def change_stream(random: Random, data: bytes, other: bytes) -> bytes:
    """Mutate what a stream inflates to, and deflate it again."""
    streams = list(_STREAM.finditer(data))
    if not streams:
        return flip(random, data, other)
    chosen = random.choice(streams)
    content: bytes
    try:
        content = zlib.decompress(chosen[1])
    except zlib.error:
        content = chosen[1]
    if random.random() < 0.1:
        content = random.choice((b"q ", b"BT ", b"[", b"<<", b"(")) * 100_000
    content = zlib.compress(random.choice(_BYTES)(random, content[:_MOST_BYTES], b""))
    return data[: chosen.start(1)] + content + data[chosen.end(1) :]


def change_table(random: Random, data: bytes, _other: bytes) -> bytes:
    """Change a number from the last cross-reference table on."""
    start = max(data.rfind(b"xref\n0"), 0)
    return data[:start] + change_number(random, data[start:], b"")


MUTATORS: Mapping[str, tuple[Mutator, ...]] = MappingProxyType(
    {
        "text": (*_BYTES, *(insert_signs, insert_signs, join_lines, move_lines, recode) * 3),
        "html": (*_BYTES, *_MARKUP, *_MARKUP, insert_signs, recode),
        "docx": (*_BYTES[:6], *(change_part,) * 40, *(rearrange_parts,) * 4, *(change_zip_header,) * 4),
        "pdf": (*_BYTES, *(change_object, change_reference, change_stream, change_table) * 4),
        "doc": _BYTES,
    }
)
"""By the name of the reader."""
