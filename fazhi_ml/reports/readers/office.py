"""Old Word documents (.doc, .wps, .rtf), converted to .docx by LibreOffice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fazhi_ml.errors import (
    DamagedFileError,
    EncryptedFileError,
    MissingProgramError,
    ReaderLimitError,
    UnsupportedFormatError,
)
from fazhi_ml.reports.limits import MAX_BYTES
from fazhi_ml.reports.readers.docx import DocxReader
from fazhi_ml.reports.readers.extracted import Extracted
from fazhi_ml.reports.readers.limited import OutOfTimeError, run_limited

__all__ = ["OfficeReader"]

_SECONDS = 90.0
# Address space, of which LibreOffice reserves far more than it uses.
_MEMORY = 4 * 2**30
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF = b"{\\rtf"
_PROGRAMS = ("soffice", "libreoffice")
_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.com",
)

# Names in the directory of an OLE2 file, and what it is then; an embedded table makes no workbook of a Word document.
_ENTRY = 128
_OLE_KINDS = (
    ("Workbook", "an Excel workbook"),
    ("Book", "an Excel workbook"),
    ("PowerPoint Document", "a PowerPoint presentation"),
    ("__nameid_version1.0", "an Outlook message"),
)
_WORD_MAGICS = (0xA5EC, 0xA5DC)
_WORD_ENCRYPTED = 0x0100

# Documents are strangers: their macros do not run, and what they link to is not fetched. The proxy is one that nobody
# listens at, for whatever fetches all the same.
_SETTINGS = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetFTPProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetFTPProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetNoProxy", ""),
)


class OfficeReader:
    """Reads the binary documents of Word 6 to 2003, those of WPS Writer, and RTF.

    No Python library reads them soundly; LibreOffice does. It runs with a profile of its own, which is thrown away:
    making a new one takes no longer than copying one.

    Parameters
    ----------
    seconds : float
        Time limit for a document; a report takes one or two seconds.
    """

    name = "doc"

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.seconds = seconds

    def accepts(self, data: bytes, path_hint: str) -> bool:  # noqa: ARG002 - content alone decides
        """Tell by the magic number of OLE2 or RTF."""
        return data.startswith((_OLE, _RTF))

    def extract(self, data: bytes) -> Extracted:
        """Convert the document, and return the text of the .docx as `DocxReader` does.

        Raises
        ------
        UnsupportedFormatError
            It is a workbook, a presentation or another file in Microsoft's container format.
        EncryptedFileError
            It opens with a password only.
        MissingProgramError
            LibreOffice is not installed.
        ReaderLimitError
            The conversion takes longer than `seconds`.
        DamagedFileError
            LibreOffice cannot read it.
        ReportError, MissingExtraError
            As `DocxReader.extract`.
        """
        if data.startswith(_OLE):
            _check_ole(data)
        return DocxReader().extract(self._convert(data, "rtf" if data.startswith(_RTF) else "doc"))

    def _convert(self, data: bytes, suffix: str) -> bytes:
        import tempfile

        program = _find_program()
        with tempfile.TemporaryDirectory(prefix="fazhi-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            source, target = folder / f"report.{suffix}", folder / "out" / "report.docx"
            source.write_bytes(data)
            try:
                run_limited(
                    _command(program, folder, source),
                    seconds=self.seconds,
                    env=_environment(folder),
                    memory=_MEMORY,
                    file_size=MAX_BYTES,
                )
            except OutOfTimeError:
                raise ReaderLimitError(
                    f"converting it with LibreOffice takes more than {self.seconds:g} s",
                    remedy="Open it in Word, WPS or LibreOffice and save it as .docx.",
                ) from None
            # Its exit code is 0 even when it could not read the document.
            if not target.is_file():
                raise DamagedFileError(
                    "LibreOffice cannot read it", remedy="Open it in Word or WPS and save it as .docx."
                )
            return target.read_bytes()


def _check_ole(data: bytes) -> None:
    """Raise unless an OLE2 file is a Word document without a password."""
    if _sector(data, 48) >= len(data):
        raise DamagedFileError(
            "the end of the document is missing, with its directory", remedy="Get a whole copy of the file."
        )
    word = next(_entries(data, "WordDocument"), None)
    if next(_entries(data, "EncryptedPackage"), None) is not None or (word is not None and _is_encrypted(data, word)):
        raise EncryptedFileError(
            "the document opens with a password only", remedy="Save a copy without password protection."
        )
    if word is None:
        kind = next((kind for name, kind in _OLE_KINDS if next(_entries(data, name), None) is not None), None)
        raise UnsupportedFormatError(
            f"the content is {kind or 'an OLE2 file that holds no Word document'}",
            remedy="Save its text as .docx, .html or .txt first.",
        )


def _entries(data: bytes, name: str) -> Iterator[int]:
    """Yield the offsets of the directory entries with a name: they are aligned, and hold its length."""
    wanted = name.encode("utf-16-le") + b"\0\0"
    at = data.find(wanted)
    while at >= 0:
        if at % _ENTRY == 0 and data[at + 64 : at + 66] == len(wanted).to_bytes(2, "little"):
            yield at
        at = data.find(wanted, at + 1)


def _is_encrypted(data: bytes, entry: int) -> bool:
    """Read the flag of encryption from the head of the Word stream ([MS-DOC] 2.5.2, FibBase)."""
    head = _sector(data, entry + 116)
    magic = int.from_bytes(data[head : head + 2], "little")
    flags = int.from_bytes(data[head + 10 : head + 12], "little")
    return magic in _WORD_MAGICS and bool(flags & _WORD_ENCRYPTED)


def _sector(data: bytes, at: int) -> int:
    """Return the offset of the sector whose number stands at an offset ([MS-CFB] 2.2: sizes are powers of two)."""
    size = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    return (int.from_bytes(data[at : at + 4], "little") + 1) * size


def _find_program() -> str:
    import shutil

    found = next(filter(None, map(shutil.which, (*_PROGRAMS, *_PLACES))), None)
    if found is None:
        raise MissingProgramError(
            "reading .doc and .rtf needs LibreOffice, which is not installed",
            remedy="Install it (Debian, Ubuntu: `apt-get install libreoffice-writer`; else from libreoffice.org), "
            "or save the document as .docx.",
        )
    return found


def _command(program: str, folder: Path, source: Path) -> list[str]:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    return [
        program,
        "--headless",
        "--norestore",
        "--nolockcheck",
        f"-env:UserInstallation={profile.as_uri()}",
        "--convert-to",
        "docx:MS Word 2007 XML",
        "--outdir",
        str(folder / "out"),
        str(source),
    ]


def _registry() -> str:
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    return f'<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'


def _environment(folder: Path) -> dict[str, str]:
    """Send whatever LibreOffice and its libraries write to the temporary folder."""
    import os

    places = ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    return {**os.environ, **dict.fromkeys(places, str(folder))}
