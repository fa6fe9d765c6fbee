"""LibreOffice, for the formats that it writes as offices do."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["convert", "has_office"]

_FILTERS = {"pdf": "pdf", "doc": "doc:MS Word 97", "rtf": "rtf:Rich Text Format"}
_SECONDS_A_FILE = 30
_START_UP_SECONDS = 120


def has_office() -> bool:
    """Tell whether LibreOffice is on the PATH."""
    return shutil.which("soffice") is not None


def convert(documents: Mapping[str, bytes], kind: str) -> dict[str, bytes]:
    """Convert Word documents with one run of LibreOffice.

    Parameters
    ----------
    documents : mapping of str to bytes
        Contents of .docx files by a name that can stand in a file name.
    kind : {"pdf", "doc", "rtf"}

    Returns
    -------
    dict of str to bytes
        By the same names.

    Raises
    ------
    FileNotFoundError
        LibreOffice is not installed, or has not written a document.
    subprocess.SubprocessError
        It failed, or took too long.
    """
    program = shutil.which("soffice")
    if program is None:
        raise FileNotFoundError("soffice is not on the PATH")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, content in documents.items():
            (folder / f"{name}.docx").write_bytes(content)
        subprocess.run(
            [
                program,
                # A profile of its own: a second LibreOffice on the same one ends without a word.
                f"-env:UserInstallation={(folder / 'profile').as_uri()}",
                "--headless",
                "--norestore",
                "--convert-to",
                _FILTERS[kind],
                "--outdir",
                str(folder / "out"),
                *(str(folder / f"{name}.docx") for name in documents),
            ],
            check=True,
            capture_output=True,
            timeout=_START_UP_SECONDS + _SECONDS_A_FILE * len(documents),
        )
        return {name: (folder / "out" / f"{name}.{kind}").read_bytes() for name in documents}
