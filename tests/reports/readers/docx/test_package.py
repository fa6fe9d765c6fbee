from __future__ import annotations

import builtins
import io
import re
import zipfile
from typing import Any

import pytest

from fazhi_ml.errors import (
    DamagedFileError,
    EncryptedFileError,
    MissingExtraError,
    ReportError,
    ReportTooLargeError,
    UnsupportedFormatError,
)
from fazhi_ml.reports.readers.docx import DocxReader
from fazhi_ml.reports.readers.docx import package as docx_package
from fazhi_ml.reports.readers.docx.package import W, open_package
from tests.reports.readers.docx.word_files import RELATIONS, paragraph, word, word_parts, zipped

PARTS = word_parts(paragraph("依法行政"))
DATA = zipped(PARTS)


def changed(name: str, old: str, new: str) -> bytes:
    """Pack `PARTS` with a change in one of them."""
    assert old in PARTS[name]
    return zipped({**PARTS, name: PARTS[name].replace(old, new)})


def text_of(data: bytes) -> str:
    return DocxReader().extract(data).text


@pytest.mark.parametrize("kind", ["ms-word.document.macroEnabled", "ms-word.template.macroEnabledTemplate"])
def test_macros_and_templates_are_read(kind: str) -> None:
    content_type = "openxmlformats-officedocument.wordprocessingml.document"
    assert text_of(changed("[Content_Types].xml", content_type, kind)) == "依法行政"


def test_strict_documents_are_read() -> None:
    strict = {
        name: content.replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            "http://purl.oclc.org/ooxml/wordprocessingml/main",
        ).replace(RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships")
        for name, content in PARTS.items()
    }
    assert text_of(zipped(strict)) == "依法行政"


def test_utf_16_is_read() -> None:
    declared = '<?xml version="1.0" encoding="UTF-16"?>' + PARTS["word/document.xml"]
    assert text_of(zipped({**PARTS, "word/document.xml": declared.encode("utf-16")})) == "依法行政"
    with pytest.raises(DamagedFileError, match="UTF-16"):
        open_package(zipped({**PARTS, "word/document.xml": b"\xff\xfe<\0w"}))


@pytest.mark.parametrize("rename", [str.upper, lambda name: name.replace("/", "\\"), lambda name: "/" + name])
def test_names_of_parts_are_taken_as_programs_write_them(rename: Any) -> None:
    assert text_of(zipped({rename(name): content for name, content in PARTS.items()})) == "依法行政"


@pytest.mark.parametrize("target", ["/word/document.xml", "./word/../word/document.xml", "WORD/Document.xml"])
def test_targets_of_relations(target: str) -> None:
    assert text_of(changed("_rels/.rels", '"word/document.xml"', f'"{target}"')) == "依法行政"


def test_parts_that_a_document_can_do_without() -> None:
    least = {name: PARTS[name] for name in ("word/document.xml",)}
    package = open_package(zipped(least))
    assert package.document.tag == f"{W}document"
    assert (package.styles, package.numbering, package.title) == (None, None, None)


def test_relations_to_the_outside_are_not_followed() -> None:
    outside = changed(
        "word/_rels/document.xml.rels", 'Target="styles.xml"', 'TargetMode="External" Target="styles.xml"'
    )
    assert open_package(outside).styles is None


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        ({"xl/workbook.xml": "", "_rels/.rels": PARTS["_rels/.rels"].replace("word/document", "xl/workbook")}, "Excel"),
        ({"ppt/presentation.xml": ""}, "PowerPoint"),
        ({"visio/document.xml": ""}, "Visio"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "OpenDocument text"),
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument file"),
        ({"mimetype": "application/epub+zip"}, "EPUB"),
        ({"OFD.xml": ""}, "OFD"),
        ({"report.docx": DATA}, "zip archive without a Word document"),
        ({}, "empty zip"),
    ],
)
def test_other_zips_are_named(entries: dict[str, str | bytes], kind: str) -> None:
    data = zipped(entries)
    assert DocxReader().accepts(data, "")
    with pytest.raises(UnsupportedFormatError, match=kind) as caught:
        open_package(data)
    assert caught.value.remedy
    assert ".txt" in caught.value.remedy


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml", "word/numbering.xml"])
def test_missing_parts(name: str) -> None:
    with pytest.raises(DamagedFileError, match="missing"):
        open_package(zipped({part: content for part, content in PARTS.items() if part != name}))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("word/document.xml", "<w:body>", "<w:body"),
        ("word/document.xml", "</w:document>", ""),
        ("word/styles.xml", "w:styles", "u:styles"),
        ("word/document.xml", "依", "&nbsp;"),
        ("word/document.xml", "依", "\x01"),
        ("word/document.xml", "<w:document", "<document"),
    ],
)
def test_broken_xml(name: str, old: str, new: str) -> None:
    with pytest.raises(DamagedFileError, match="XML is broken") as caught:
        open_package(changed(name, old, new))
    assert "依" not in str(caught.value)
    assert caught.value.remedy


def test_a_main_part_of_another_kind() -> None:
    with pytest.raises(DamagedFileError, match="no Word document"):
        open_package(zipped({**PARTS, "word/document.xml": PARTS["word/styles.xml"]}))
    bodiless = re.sub("w:body", "w:other", PARTS["word/document.xml"])
    with pytest.raises(DamagedFileError, match="no body"):
        DocxReader().extract(zipped({**PARTS, "word/document.xml": bodiless}))


def bomb(levels: int) -> str:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "哈" * 10}">' for i in range(levels))
    return f"<!DOCTYPE w:document [{entities}]>"


@pytest.mark.parametrize(
    "name", ["word/document.xml", "word/styles.xml", "word/numbering.xml", "docProps/core.xml", "_rels/.rels"]
)
@pytest.mark.parametrize(
    "dtd",
    [bomb(12), '<!DOCTYPE x SYSTEM "file:///etc/hostname">', '<!DOCTYPE x [<!ENTITY y SYSTEM "http://127.0.0.1:9/">]>'],
)
def test_dtds_are_refused(name: str, dtd: str) -> None:
    with pytest.raises(DamagedFileError, match="DTD"):
        open_package(zipped({**PARTS, name: dtd + PARTS[name]}))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "utf-32", "cp037"])
def test_no_encoding_hides_a_dtd(encoding: str) -> None:
    hidden = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e "x">]><x y="&e;"/>'
    with pytest.raises(DamagedFileError):
        open_package(zipped({**PARTS, "word/styles.xml": hidden.encode(encoding)}))


def test_locked_entries() -> None:
    data = bytearray(DATA)
    for match in re.finditer(rb"PK\x01\x02", DATA):
        data[match.start() + 8] |= 1
    with pytest.raises(EncryptedFileError, match="password") as caught:
        open_package(bytes(data))
    assert caught.value.remedy


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
    with pytest.raises(DamagedFileError, match="compression"):
        open_package(packed.getvalue())


@pytest.mark.parametrize("keep", [4, 30, 200, len(DATA) - 40, len(DATA) - 1])
def test_files_cut_short(keep: int) -> None:
    with pytest.raises(DamagedFileError, match="cut short"):
        open_package(DATA[:keep])


def test_bombs_are_refused_before_they_are_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_but_relations(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        assert entry.filename.endswith(".rels")
        return archive.open(entry).read()

    monkeypatch.setattr(zipfile.ZipFile, "read", none_but_relations)
    with pytest.raises(ReportTooLargeError, match="times its size"):
        open_package(zipped({**PARTS, "word/document.xml": b" " * 20_000_000}))
    with pytest.raises(ReportTooLargeError, match="a part has more than 32 MiB"):
        open_package(zipped({**PARTS, "word/document.xml": b" " * 40_000_000}))
    monkeypatch.setattr(docx_package, "_MOST_INFLATED", 1000)
    with pytest.raises(ReportTooLargeError, match="the zip inflates"):
        open_package(DATA)


def test_pictures_may_shrink_as_they_like() -> None:
    assert text_of(zipped({**PARTS, "word/media/image1.bmp": b"\xff" * 20_000_000})) == "依法行政"


def test_sizes_that_lie_do_not_help_a_bomb() -> None:
    honest = zipped({**PARTS, "word/document.xml": b" " * 20_000_000})
    lying = honest.replace((20_000_000).to_bytes(4, "little"), (20_000).to_bytes(4, "little"))
    assert lying != honest
    with pytest.raises(DamagedFileError, match="inflated"):
        open_package(lying)


def test_limits_on_entries_parts_and_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReportTooLargeError, match="entries"):
        open_package(zipped({f"{i}": "" for i in range(10_001)}))
    for limit, match in (("_LARGEST_PART", "MiB"), ("_MOST_NODES", "elements")):
        with monkeypatch.context() as patched:
            patched.setattr(docx_package, limit, 5)
            with pytest.raises(ReportTooLargeError, match=match) as caught:
                open_package(DATA)
            assert caught.value.remedy


def test_long_texts_are_not_cut_short() -> None:
    text = "".join(map(chr, range(0x4E00, 0x9E00))) * 100
    assert text_of(word(paragraph(text))) == text


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "lxml":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"fazhi-ml\[documents\]"):
        open_package(DATA)


def test_every_error_is_a_report_error() -> None:
    for data in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04" + b"\xff" * 4000):
        with pytest.raises(ReportError):
            open_package(data)
