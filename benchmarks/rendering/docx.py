"""Reports as Word documents, laid out as offices print them, with typed or automatic numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from fazhi_ml.reports.numbering import CHINESE_DIGITS, parse_marker
from rendering.lines import Line

__all__ = ["pack", "paragraph", "render_docx"]

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "styles": "styles",
    "numbering": "numbering",
    "header1": "header",
    "footer1": "footer",
}
_SONG = '<w:rFonts w:ascii="Noto Serif CJK SC" w:hAnsi="Noto Serif CJK SC" w:eastAsia="Noto Serif CJK SC"/>'
_HEI = '<w:rFonts w:ascii="Noto Sans CJK SC" w:hAnsi="Noto Sans CJK SC" w:eastAsia="Noto Sans CJK SC"/>'

# Number formats by list level: how Word calls them, and how they look.
_LEVELS = (
    ("chineseCountingThousand", "%1、"),
    ("chineseCounting", "（%2）"),
    ("decimal", "%3."),
    ("decimal", "（%4）"),
)
# Two characters; Word writes both measures, and LibreOffice reads the second alone.
_INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_LIST_LEVEL = {"一、": 0, "(一)": 1, "1.": 2, "(1)": 3}
_HEADING_LEVELS = 3


def render_docx(lines: Sequence[Line], *, automatic: bool = False) -> bytes:
    """Render a Word document.

    Parameters
    ----------
    lines : sequence of Line
    automatic : bool
        Take numbers out of the text where automatic numbering gives the same, and make headings by style; by default
        numbers are typed and headings differ from text by their typeface alone.
    """
    numbers = _numbers(lines) if automatic else [None] * len(lines)
    # List 1 is that of the heading styles; each further one restarts one level of it.
    restarts = sorted({(n.list_id, n.level) for n in numbers if n and n.list_id > 1})
    title = next((line.text for line in lines if line.kind == "title"), "")
    body = "".join(
        _styled(line, number) if automatic else _typed(line) for line, number in zip(lines, numbers, strict=True)
    )
    return pack(body, title=title, restarts=restarts, numbered_styles=automatic)


class _Number(NamedTuple):
    """An automatic number: its list, its level in it (from 0), and how many characters it takes off the text."""

    list_id: int
    level: int
    length: int


def _numbers(lines: Sequence[Line]) -> list[_Number | None]:
    """Find the numbers that one multi-level list gives by itself, or after a restart at 1."""
    counts = [0] * len(_LEVELS)
    list_ids = [1] * len(_LEVELS)
    newest = 1
    numbers: list[_Number | None] = []
    for line in lines:
        marker = parse_marker(line.text) if line.kind in {"heading", "text"} else None
        level = _LIST_LEVEL.get(marker.scheme) if marker else None
        if marker is None or level is None or not _is_standard(line.text[: marker.end], level, marker.number):
            numbers.append(None)
            continue
        if marker.number == counts[level] + 1:
            pass
        elif marker.number == 1:
            newest += 1
            list_ids[level] = newest
        else:
            numbers.append(None)
            continue
        counts[level] = marker.number
        counts[level + 1 :] = [0] * (len(_LEVELS) - level - 1)
        numbers.append(_Number(list_ids[level], level, marker.end))
        list_ids[level + 1 :] = [1] * (len(_LEVELS) - level - 1)
    return numbers


def _is_standard(typed: str, level: int, number: int) -> bool:
    tens, ones = divmod(number, 10)
    chinese = (CHINESE_DIGITS[tens - 1] if tens > 1 else "") + ("十" if tens else "")
    chinese += CHINESE_DIGITS[ones - 1] if ones else ""
    kind, pattern = _LEVELS[level]
    return typed == pattern.replace(f"%{level + 1}", str(number) if kind == "decimal" else chinese)


def paragraph(text: str, properties: str = "", *, font: str = "") -> str:
    """Return a ``w:p``, its text in several runs as Word leaves them behind."""
    formatted = f"<w:rPr>{font}</w:rPr>" if font else ""
    runs = "".join(f'<w:r>{formatted}<w:t xml:space="preserve">{escape(piece)}</w:t></w:r>' for piece in _pieces(text))
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{runs}</w:p>"


def _pieces(text: str) -> Iterator[str]:
    """Cut a text after its 3rd character and in the middle: runs end where someone once typed."""
    cuts = sorted({0, min(3, len(text)), len(text) // 2, len(text)})
    for start, end in pairwise(cuts):
        yield text[start:end]


def _typed(line: Line) -> str:
    if line.kind == "title":
        return paragraph(line.text, '<w:jc w:val="center"/>', font=f'{_HEI}<w:sz w:val="44"/>')
    if line.kind == "chrome":
        return paragraph(line.text, '<w:jc w:val="center"/>', font='<w:sz w:val="18"/>')
    return paragraph(line.text, _INDENT, font=_HEI if line.kind == "heading" else "")


def _styled(line: Line, number: _Number | None) -> str:
    if line.kind == "title":
        return paragraph(line.text, '<w:pStyle w:val="a3"/>')
    if line.kind == "chrome":
        return paragraph(line.text, '<w:jc w:val="center"/>', font='<w:sz w:val="18"/>')
    style = f'<w:pStyle w:val="{min(line.level, _HEADING_LEVELS)}"/>' if line.kind == "heading" else ""
    if number is None:
        # A heading without a number has to be taken out of the list that its style belongs to.
        numbering = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>' if style else ""
        return paragraph(line.text, f"{style}{numbering}{_INDENT}")
    inherited = style and number.list_id == 1 and number.level == line.level - 1
    numbering = f'<w:numPr><w:ilvl w:val="{number.level}"/><w:numId w:val="{number.list_id}"/></w:numPr>'
    return paragraph(line.text[number.length :], style + ("" if inherited else numbering))


def pack(
    body: str,
    *,
    title: str = "",
    restarts: Sequence[tuple[int, int]] = (),
    numbered_styles: bool = False,
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """Pack a document into its zip file; the same document gives the same bytes.

    Parameters
    ----------
    body : str
        What ``w:body`` holds before the page setup.
    title : str
        For the running header and the document's properties.
    restarts : sequence of (int, int)
        Further lists, each the id of one and the level that begins with 1 in it.
    numbered_styles : bool
        Whether heading styles carry the numbers of list 1.
    parts : mapping of str to str or bytes, optional
        Further files of the package, or others in place of its own.
    """
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships(
            {
                "rId1": (f"{_OFFICE}/officeDocument", "word/document.xml"),
                "rId2": (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            }
        ),
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
        "word/document.xml": f"{_HEAD}<w:document {_NAMESPACES}><w:body>{body}{_page_setup()}</w:body></w:document>",
        "word/_rels/document.xml.rels": _relationships(
            {f"rId{i}": (f"{_OFFICE}/{kind}", f"{part}.xml") for i, (part, kind) in enumerate(_PARTS.items(), 1)}
        ),
        "word/styles.xml": _styles(numbered_styles),
        "word/numbering.xml": _numbering(restarts, numbered_styles),
        "word/header1.xml": f"{_HEAD}<w:hdr {_NAMESPACES}>{paragraph(title, _CENTRED_SMALL)}</w:hdr>",
        "word/footer1.xml": f"{_HEAD}<w:ftr {_NAMESPACES}>{_PAGE_NUMBER}</w:ftr>",
        **(parts or {}),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(_entry(name), content)
    return packed.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


_CENTRED_SMALL = '<w:spacing w:line="240" w:lineRule="auto"/><w:jc w:val="center"/>'
_PAGE_NUMBER = (
    f'<w:p><w:pPr>{_CENTRED_SMALL}</w:pPr><w:r><w:t xml:space="preserve">— </w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    '<w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p>'
)


def _page_setup() -> str:
    """A4 with the margins of official documents (GB/T 9704): 22 lines of 28 characters."""
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>'
        '<w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="2098" w:right="1474" w:bottom="1985" w:left="1588" w:header="851" w:footer="1400"/></w:sectPr>'
    )


def _content_types() -> str:
    overrides = {"document": "document.main", **_PARTS}
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/word/{part}.xml" ContentType="{_WORD}.{kind}+xml"/>'
            for part, kind in overrides.items()
        )
        + '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


def _relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(f'<Relationship Id="{i}" Type="{kind}" Target="{t}"/>' for i, (kind, t) in targets.items())
        + "</Relationships>"
    )


def _styles(numbered: bool) -> str:
    headings = "".join(
        f'<w:style w:type="paragraph" w:styleId="{level}"><w:name w:val="heading {level}"/><w:basedOn w:val="a"/>'
        f'<w:next w:val="a"/><w:qFormat/><w:pPr><w:keepNext/>{_style_number(level) if numbered else ""}'
        f'<w:outlineLvl w:val="{level - 1}"/></w:pPr><w:rPr>{_HEI}</w:rPr></w:style>'
        for level in range(1, _HEADING_LEVELS + 1)
    )
    return (
        f"{_HEAD}<w:styles {_NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>{_SONG}"
        '<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault>'
        "</w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/><w:qFormat/>'
        # Not justified: LibreOffice leaves some punctuation at the ends of justified lines out of its PDF.
        '<w:pPr><w:spacing w:line="560" w:lineRule="exact"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="a3"><w:name w:val="Title"/><w:basedOn w:val="a"/>'
        f'<w:pPr><w:jc w:val="center"/></w:pPr><w:rPr>{_HEI}<w:sz w:val="44"/></w:rPr></w:style>'
        f"{headings}</w:styles>"
    )


def _style_number(level: int) -> str:
    return f'<w:numPr><w:ilvl w:val="{level - 1}"/><w:numId w:val="1"/></w:numPr>'


def _numbering(restarts: Sequence[tuple[int, int]], numbered_styles: bool) -> str:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        + (f'<w:pStyle w:val="{level + 1}"/>' if numbered_styles and level < _HEADING_LEVELS else "")
        + f'<w:suff w:val="nothing"/><w:lvlText w:val="{pattern}"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="0" w:firstLine="640"/></w:pPr></w:lvl>'
        for level, (kind, pattern) in enumerate(_LEVELS)
    )
    lists = "".join(
        f'<w:num w:numId="{list_id}"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="{level}">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        for list_id, level in restarts
    )
    return (
        f'{_HEAD}<w:numbering {_NAMESPACES}><w:abstractNum w:abstractNumId="0">'
        f'<w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
        f'<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>{lists}</w:numbering>'
    )
