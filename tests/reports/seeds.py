"""Files for fuzzing: good ones to mutate, and hostile ones made by hand, by reader."""

from __future__ import annotations

import io
import sys
import zipfile
import zlib

from tests.conftest import ROOT

# A script's folder is on the path when it runs; here it has to be put there.
sys.path.insert(0, str(ROOT / "benchmarks"))

from rendering import RENDERERS, Line, convert, corpus_lines, has_office
from rendering.docx import pack, paragraph

__all__ = ["has_office", "hostile", "pack", "paragraph", "seeds"]

_SEEDS = ("r001", "r003", "r063")
_LINES = 16
_MEBIBYTE = 2**20
_SUFFIX = {"text": "txt"}


def seeds(reader: str) -> list[bytes]:
    """Return good files of the format that `reader` reads, short ones so that mutations hit something.

    Those of ``doc`` need LibreOffice.
    """
    every = corpus_lines()
    reports = [every[name][:_LINES] for name in _SEEDS]
    if reader == "doc":
        documents = {str(number): RENDERERS["docx with typed numbers"](lines) for number, lines in enumerate(reports)}
        return [*convert(documents, "doc").values(), *convert(documents, "rtf").values()]
    forms = [form for form in RENDERERS if form.startswith(_SUFFIX.get(reader, reader))]
    files = [RENDERERS[form](lines) for form in forms for lines in reports]
    if reader == "docx":
        files.append(pack(_RICH, parts=_NOTES))
    if reader == "pdf" and has_office():
        files += convert({"0": RENDERERS["docx with automatic numbers"](reports[0])}, "pdf").values()
    return files


# What Word documents hold beside plain paragraphs: tables, revisions, text boxes, notes, controls, hidden text.
_RICH = (
    paragraph("某县2023年法治政府建设情况报告", '<w:pStyle w:val="a3"/>')
    + "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>"
    + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>'
    + paragraph("序号")
    + '</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
    + paragraph("行政处罚120件")
    + "</w:tc><w:tc><w:tbl><w:tr><w:tc>"
    + paragraph("内嵌表格")
    + "</w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>"
    + '<w:p><w:ins w:id="1"><w:r><w:t>新增的文字。</w:t></w:r></w:ins>'
    + '<w:del w:id="2"><w:r><w:delText>删去的文字。</w:delText></w:r></w:del>'
    + '<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r><w:r><w:footnoteReference w:id="1"/></w:r>'
    + '<w:moveFrom w:id="3"><w:r><w:t>移走</w:t></w:r></w:moveFrom><w:r><w:tab/><w:br/><w:noBreakHyphen/>'
    + '<w:sym w:font="Wingdings" w:char="F0FC"/></w:r></w:p>'
    + "<w:p><w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>"
    + paragraph("文本框中的文字。")
    + "</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
    + '<w:sdt><w:sdtPr/><w:sdtContent><w:p><w:hyperlink r:id="rId9"><w:r><w:t>内容控件</w:t></w:r></w:hyperlink></w:p>'
    + "</w:sdtContent></w:sdt>"
    + '<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    + '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
    + '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>加强组织领导</w:t></w:r>'
    + '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
)
_NOTES = {
    "word/footnotes.xml": '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    f'<w:footnote w:id="1">{paragraph("脚注")}</w:footnote></w:footnotes>'
}


def hostile(reader: str) -> dict[str, bytes]:
    """Return files made to exhaust, mislead or abuse a reader, by a name for each."""
    return {"html": _hostile_pages, "docx": _hostile_documents, "pdf": _hostile_pdfs, "text": _hostile_texts}[reader]()


_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
_DOCTYPE = f'<!DOCTYPE x [<!ENTITY l0 "哈">{_LAUGHS}]>'


def _hostile_texts() -> dict[str, bytes]:
    return {
        "one line": "一".encode() * (8 * _MEBIBYTE),
        "enumerators": "一是".encode() * (2 * _MEBIBYTE),
        "numbers": "（一）\n".encode() * 200_000,
        "blank lines": b"\n" * (32 * _MEBIBYTE),
        "opening brackets": "（〔【".encode() * _MEBIBYTE,
        "commas at line ends": "甲，\n".encode() * 500_000,
    }


def _hostile_pages() -> dict[str, bytes]:
    page = "<html><head><title>报告</title></head><body>{}</body></html>"
    return {
        "billion laughs": f"{_DOCTYPE}{page.format('<p>&l11;</p>')}".encode(),
        "deep": page.format("<div>" * 300_000 + "文").encode(),
        "deep in a container": page.format('<div id="zoom">' + "<span>" * 300_000 + "文" * 200).encode(),
        "nested containers": page.format('<div class="TRS_Editor">' * 100_000 + "文" * 200).encode(),
        "unclosed tags": page.format("<p" * 500_000).encode(),
        "attributes": page.format(f"<p {' '.join(f'a{i}=1' for i in range(100_000))}>文</p>").encode(),
        "a long attribute": page.format(f'<p class="{"TRS " * 500_000}">文</p>').encode(),
        "comments": page.format("<!--" * 300_000).encode(),
        "many rows": page.format("<table>" + "<tr><td>文</td></tr>" * 200_000 + "</table>").encode(),
        "long title": f"<html><title>{'- ' * 500_000}</title><body>文</body></html>".encode(),
    }


def _hostile_documents() -> dict[str, bytes]:
    bomb = _bomb()
    return {
        "billion laughs": _with_document(f"{_DOCTYPE}<w:document {_W}><w:body><w:p><w:r><w:t>&l11;</w:t></w:r></w:p>"),
        "bomb": bomb,
        "bomb with lying sizes": _lie_about_sizes(bomb),
        "bomb in a bomb": _with_document(bomb),
        "overlapping entries": _overlap(pack(paragraph("甲" * 1000)), 20_000),
        "many entries": pack(paragraph("甲"), parts={f"word/x{number}.xml": "" for number in range(50_000)}),
        "deep": _with_document(f"<w:document {_W}><w:body>{'<w:sdt><w:sdtContent>' * 100_000}"),
        "deep tables": pack("<w:tbl><w:tr><w:tc>" * 5_000 + paragraph("甲") + "</w:tc></w:tr></w:tbl>" * 5_000),
        "deep styles": pack(paragraph("甲", '<w:pStyle w:val="s0"/>'), parts={"word/styles.xml": _style_chain(50_000)}),
        "circular styles": pack(paragraph("甲", '<w:pStyle w:val="s0"/>'), parts={"word/styles.xml": _style_chain(0)}),
        "huge numbers": pack(
            paragraph("甲", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>') * 20_000,
            parts={"word/numbering.xml": _numbering("9" * 30)},
        ),
        "many paragraphs": pack(paragraph("甲") * 300_000),
    }


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _with_document(content: str | bytes) -> bytes:
    return pack("", parts={"word/document.xml": content})


def _style_chain(length: int) -> str:
    """Styles each based on the next; the last one, or a single one, on the first."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="s{i}"><w:basedOn w:val="s{i + 1 if i < length else 0}"/></w:style>'
        for i in range(length + 1)
    )
    return f"<w:styles {_W}>{styles}</w:styles>"


def _numbering(start: str) -> str:
    return (
        f'<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>'
        '<w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1%1%1"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def _bomb() -> bytes:
    """A document of 256 MiB in a file of some 600 KiB."""
    text = '<w:p><w:r><w:t xml:space="preserve">甲</w:t></w:r></w:p>'.encode()
    piece = text * (_MEBIBYTE // len(text))
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack(""))) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in set(plain.namelist()) - {"word/document.xml"}:
            archive.writestr(name, plain.read(name))
        with archive.open("word/document.xml", "w") as part:
            part.write(f"<w:document {_W}><w:body>".encode())
            for _ in range(256):
                part.write(piece)
            part.write(b"</w:body></w:document>")
    return packed.getvalue()


def _lie_about_sizes(data: bytes) -> bytes:
    """Claim in all headers that the largest entry inflates to 100 bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = max(entry.file_size for entry in archive.infolist())
    return data.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))


def _overlap(data: bytes, copies: int) -> bytes:
    """List every entry many times, all at the same place in the file."""
    end = data.rindex(b"PK\x05\x06")
    directory = data[int.from_bytes(data[end + 16 : end + 20], "little") : end]
    entries = directory * copies
    count = min(data[end + 8] * copies, 0xFFFF)
    numbers = count.to_bytes(2, "little") * 2 + len(entries).to_bytes(4, "little")
    return data[: end - len(directory)] + entries + data[end : end + 8] + numbers + data[end + 16 :]


def _hostile_pdfs() -> dict[str, bytes]:
    good = RENDERERS["pdf without embedded fonts"]([Line("甲" * 30, "text")])
    bomb = zlib.compress(b"BT /F1 16 Tf 74 700 Td <7532> Tj ET\n" * (200 * _MEBIBYTE // 36), 9)
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(bomb), bomb)
    start, end = good.index(b"6 0 obj\n") + 8, good.index(b"endobj", good.index(b"6 0 obj"))
    return {
        "bomb": good[:start] + stream + b"\n" + good[end:],
        "a page tree that holds itself": good.replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"),
        "a million pages": good.replace(
            b"/Kids [5 0 R] /Count 1", b"/Kids [" + b"5 0 R " * 200_000 + b"] /Count 1000000"
        ),
        "deep arrays": good.replace(b"/MediaBox [0", b"/X " + b"[" * 500_000 + b"/MediaBox [0"),
        "a page of a hundred kilometres": good.replace(b"595 842", b"9e9 9e9"),
    }
