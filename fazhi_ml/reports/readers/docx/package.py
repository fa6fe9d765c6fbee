"""Open the zip that a Word document is: find its parts, check them before they are inflated, parse them without DTDs.

Parts and relationships are those of ECMA-376, Part 2 (Open Packaging Conventions).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fazhi_ml.errors import (
    DamagedFileError,
    EncryptedFileError,
    MissingExtraError,
    ReportTooLargeError,
    UnsupportedFormatError,
)

if TYPE_CHECKING:
    from zipfile import ZipFile

    from lxml import etree

__all__ = ["MATH", "W", "WordPackage", "open_package"]

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""Namespace of a document's elements and attributes, as lxml writes it before their names."""

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
"""Namespace of formulas."""

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_CORE_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# Documents saved as "Strict Open XML" differ in their namespaces only.
_STRICT = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
)

_CENTRAL_ENTRY = b"PK\x01\x02"
_MOST_ENTRIES = 10_000
# Pictures and all; reports have some hundred KiB.
_MOST_INFLATED = 512 * 2**20
# Word's XML shrinks to a tenth or twentieth, never to this.
_HIGHEST_RATIO = 250
_SMALLEST_BOMB = 4 * 2**20
_LARGEST_PART = 32 * 2**20
# Elements and attributes; ten pages have some 30,000. A tree takes up to 200 bytes for each.
_MOST_NODES = 1_000_000

_KINDS_BY_FOLDER = (("xl/", "an Excel workbook"), ("ppt/", "a PowerPoint presentation"), ("visio/", "a Visio drawing"))
_KINDS_BY_MIMETYPE = (
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text (.odt)"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"application/epub+zip", "an EPUB book"),
)
_DAMAGED = "Open the file in Word or WPS, let it be repaired, and save it again."


@dataclass(frozen=True, slots=True)
class WordPackage:
    """The parts of a Word document that its text depends on.

    Attributes
    ----------
    document : lxml element
        ``w:document``.
    styles, numbering : lxml element or None
        ``w:styles`` and ``w:numbering``; None where the document has none.
    title : str or None
        The title among the file's properties.
    """

    document: etree._Element
    styles: etree._Element | None
    numbering: etree._Element | None
    title: str | None


def open_package(data: bytes) -> WordPackage:
    """Open a Word document (.docx, .docm, .dotx, .dotm).

    Only the four parts named in `WordPackage` are inflated, and no relationship to the outside is followed.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    UnsupportedFormatError
        The zip is no Word document; the message says what it is.
    DamagedFileError
        The zip, a part or its XML is broken, or the XML declares a DTD.
    EncryptedFileError
        Entries of the zip are locked with a password.
    ReportTooLargeError
        The zip has more entries or inflates to more than a document does.
    MissingExtraError
        lxml is not installed.
    """
    parts = _Parts(data)
    relations = parts.relations("")
    main = relations.get("officeDocument")
    if main is None and "word/document.xml" in parts:
        main = "word/document.xml"
    if main is None or main.startswith(tuple(folder for folder, _ in _KINDS_BY_FOLDER)):
        raise UnsupportedFormatError(
            f"the content is {parts.kind()}, which cannot be read",
            remedy="Export it as .docx, .html or .txt first; unpack archives.",
        )
    document = parts.xml(main)
    if document.tag != f"{W}document":
        raise DamagedFileError("its main part is no Word document", remedy=_DAMAGED)
    of_document = parts.relations(main)
    styles, numbering = of_document.get("styles"), of_document.get("numbering")
    core = relations.get("core-properties", "")
    return WordPackage(
        document,
        None if styles is None else parts.xml(styles),
        None if numbering is None else parts.xml(numbering),
        parts.xml(core).findtext(_CORE_TITLE) if core in parts else None,
    )


class _Parts:
    """The entries of a zip by name, inflated one at a time and never beyond the limits."""

    def __init__(self, data: bytes) -> None:
        # Counted first: to list a million entries takes zipfile a GB.
        if data.count(_CENTRAL_ENTRY) > _MOST_ENTRIES:
            raise _too_large(f"the zip has more than {_MOST_ENTRIES:,} entries")
        self._zip = _open_zip(data)
        entries = self._zip.infolist()
        if sum(entry.file_size for entry in entries) > _MOST_INFLATED:
            raise _too_large(f"the zip inflates to more than {_MOST_INFLATED // 2**20} MiB")
        # Some programs write backslashes; names of parts do not tell upper from lower case.
        self._entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def read(self, name: str) -> bytes:
        """Inflate one entry."""
        import zipfile
        import zlib

        entry = self._entries.get(name.lower())
        if entry is None:
            raise DamagedFileError("a part that the document refers to is missing", remedy=_DAMAGED)
        if entry.flag_bits & 1:
            raise EncryptedFileError("the zip is locked with a password", remedy="Unpack it with the password first.")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise DamagedFileError("the zip uses a compression that documents do not", remedy=_DAMAGED)
        if entry.file_size > _LARGEST_PART:
            raise _too_large(f"a part has more than {_LARGEST_PART // 2**20} MiB")
        # Asked of the parts that are read alone: white pictures shrink as well as any bomb.
        if entry.file_size > max(_SMALLEST_BOMB, _HIGHEST_RATIO * entry.compress_size):
            raise _too_large(f"a part inflates to more than {_HIGHEST_RATIO} times its size")
        try:
            # zipfile inflates no more than the size that was checked, and reports a part that goes on.
            return self._zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise DamagedFileError("a part of the zip cannot be inflated", remedy=_DAMAGED) from error

    def xml(self, name: str) -> etree._Element:
        """Parse one entry; DTDs, and with them all entities, are refused."""
        try:
            from lxml import etree
        except ImportError as error:
            raise MissingExtraError(
                "reading Word documents needs lxml", remedy="Install it with `pip install 'fazhi-ml[documents]'`."
            ) from error
        source = _as_utf8(self.read(name))
        if b"<!DOCTYPE" in source:
            raise DamagedFileError("its XML declares a DTD, which documents never do", remedy=_DAMAGED)
        if source.count(b"<") + source.count(b"=") > _MOST_NODES:
            raise _too_large("a part has more elements than a document")
        # The encoding is given, so that no other can hide a DTD. Long texts and deep tables are not cut short
        # (huge_tree): size is limited above, and nothing recurses into the tree.
        parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            return etree.fromstring(source, parser)
        except (etree.LxmlError, ValueError) as error:
            raise DamagedFileError("its XML is broken", remedy=_DAMAGED) from error

    def relations(self, source: str) -> dict[str, str]:
        """Return the parts that `source` refers to: last word of the relation's type → name; ``""`` is the package."""
        folder, name = posixpath.split(source)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self:
            return {}
        found: dict[str, str] = {}
        for relation in self.xml(rels).iter(_RELATION):
            target = relation.get("Target", "")
            if relation.get("TargetMode") != "External":
                kind = relation.get("Type", "").rpartition("/")[2]
                found.setdefault(kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
        return found

    def kind(self) -> str:
        """Say what a zip is that holds no Word document."""
        if not self._entries:
            return "an empty zip archive"
        if "mimetype" in self and self._entries["mimetype"].file_size < 200:
            mimetype = self.read("mimetype")
            found = next((kind for magic, kind in _KINDS_BY_MIMETYPE if mimetype.startswith(magic)), None)
            if found is not None:
                return found
        if "ofd.xml" in self:
            return "an OFD document"
        for folder, kind in _KINDS_BY_FOLDER:
            if any(name.startswith(folder) for name in self._entries):
                return kind
        return "a zip archive without a Word document"


def _open_zip(data: bytes) -> ZipFile:
    import io
    import struct
    import zipfile

    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError) as error:
        raise DamagedFileError(
            "the zip is damaged or cut short", remedy="Fetch the file again, or open it in Word or WPS and save it."
        ) from error


def _as_utf8(source: bytes) -> bytes:
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            source = source.decode("utf-16").encode("utf-8")
        except UnicodeError as error:
            raise DamagedFileError("its XML is no valid UTF-16", remedy=_DAMAGED) from error
    if b"http://purl.oclc.org/ooxml/" in source:
        for strict, transitional in _STRICT:
            source = source.replace(strict, transitional)
    return source


def _too_large(cause: str) -> ReportTooLargeError:
    return ReportTooLargeError(
        cause, remedy="If it is a document, save its text as .txt, without pictures and embedded files."
    )
