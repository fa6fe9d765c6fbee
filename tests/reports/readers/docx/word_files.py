"""Word documents written from raw XML, so that tests can hold what python-docx cannot write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from fazhi_ml.reports.readers.docx import DocxReader
from fazhi_ml.reports.readers.extracted import Extracted

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
        "r": RELATIONS,
    }.items()
)


def word_parts(body: str, *, styles: str = "", numbering: str = "", title: str = "") -> dict[str, str]:
    """Return the parts of a Word document by name."""
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_TYPES}.{kind}+xml"/>'
        for name, kind in (("document", "document.main"), ("styles", "styles"), ("numbering", "numbering"))
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>',
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{RELATIONS}/numbering" Target="numbering.xml"/>'
        f'<Relationship Id="r2" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "word/numbering.xml": f"<w:numbering {NAMESPACES}>{numbering}</w:numbering>",
        "word/styles.xml": f"<w:styles {NAMESPACES}>{styles}</w:styles>",
    }


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def word(body: str, *, styles: str = "", numbering: str = "", title: str = "") -> bytes:
    """Return a Word document with the given contents of its parts."""
    return zipped(word_parts(body, styles=styles, numbering=numbering, title=title))


def extracted(body: str, *, styles: str = "", numbering: str = "", title: str = "") -> Extracted:
    """Read a document with the given contents."""
    return DocxReader().extract(word(body, styles=styles, numbering=numbering, title=title))


def lines(body: str, *, styles: str = "", numbering: str = "") -> list[str]:
    """Return the lines of a document with the given contents."""
    return extracted(body, styles=styles, numbering=numbering).text.split("\n")


def run(text: str, properties: str = "") -> str:
    """Return a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(text: str = "", properties: str = "", *, style: str = "", mark: str = "", runs: str = "") -> str:
    """Return a paragraph of `text` and `runs`; `mark` are the properties of its paragraph mark."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    own = run(text) if text else ""
    return f"<w:p><w:pPr>{named}{properties}<w:rPr>{mark}</w:rPr></w:pPr>{own}{runs}</w:p>"


def numbered(text: str, num_id: int, level: int = 0, *, style: str = "", mark: str = "") -> str:
    """Return a paragraph with an automatic number."""
    properties = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num_id}"/></w:numPr>'
    return paragraph(text, properties, style=style, mark=mark)


def level(index: int, number_format: str, pattern: str, *, start: int = 1, more: str = "", suffix: str = "") -> str:
    """Return ``w:lvl``; `more` stands between format and suffix, as the schema orders."""
    suff = f'<w:suff w:val="{suffix}"/>' if suffix else ""
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>{more}{suff}'
        f'<w:lvlText w:val="{pattern}"/></w:lvl>'
    )


def definition(number: int, levels: str, more: str = "") -> str:
    """Return ``w:abstractNum``."""
    return (
        f'<w:abstractNum w:abstractNumId="{number}"><w:multiLevelType w:val="multilevel"/>{more}{levels}'
        "</w:abstractNum>"
    )


def numbering_list(number: int, definition_number: int, overrides: str = "") -> str:
    """Return ``w:num``."""
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{definition_number}"/>{overrides}</w:num>'


def style(style_id: str, name: str, *, based_on: str = "", paragraph: str = "", run: str = "", more: str = "") -> str:
    """Return a paragraph style; `more` are attributes."""
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}" {more}><w:name w:val="{name}"/>{base}'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def table(*rows: str) -> str:
    """Return a table of rows, each the concatenation of `cell`s."""
    return "<w:tbl><w:tblPr/>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def cell(content: str, properties: str = "") -> str:
    """Return a cell of one paragraph, or of raw XML."""
    inner = content if content.startswith("<") else paragraph(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"
