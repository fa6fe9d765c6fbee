"""What is checked of a bundle's files before anything is built from them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fazhi_ml.errors import BundleError

__all__ = ["BUNDLE_FILES", "audited_files", "read_manifest"]

BUNDLE_FILES = ("weights.safetensors", "vocabulary.txt", "userdict.txt", "MODEL_CARD.md")
"""The files beside model.json. The format has no others, so no name in model.json can point outside the folder."""

_MAX_MANIFEST_BYTES = 8 * 2**20
_MAX_FILE_BYTES = 2**30


def read_manifest(folder: Path, format_version: int) -> dict[str, Any]:
    """Read ``model.json`` and check its format version.

    Raises
    ------
    BundleError
        The folder or the file is missing, too large, not JSON, or of an unknown version.
    """
    path = folder / "model.json"
    try:
        is_folder = folder.is_dir()
    except OSError:  # a name that the system rejects, or a folder above that may not be read
        is_folder = False
    if not is_folder:
        raise BundleError("there is no such folder", source=folder, remedy="Give the folder of a model bundle.")
    data = _read(folder, "model.json", _MAX_MANIFEST_BYTES)
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError("not valid JSON", source=path, remedy="Get the bundle again.") from error
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= format_version:
        raise BundleError(
            "unknown format version",
            source=path,
            remedy=f"This fazhi_ml reads versions 1 to {format_version}; upgrade it, or retrain the model.",
        )
    checked: dict[str, Any] = manifest
    return checked


def audited_files(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Read the files beside ``model.json`` and check their names, sizes and hashes.

    Raises
    ------
    BundleError
        A file is missing, unlisted, of another size or another hash; the message names it.
    """
    listed = manifest.get("files")
    if not isinstance(listed, dict) or set(listed) != set(BUNDLE_FILES):
        raise BundleError(
            "does not list the files of a bundle, and them only",
            source=folder / "model.json",
            remedy="Get the bundle again.",
        )
    files = {}
    for name in BUNDLE_FILES:
        entry = listed[name] if isinstance(listed[name], dict) else {}
        data = _read(folder, name, _MAX_FILE_BYTES)
        size = entry.get("bytes")
        if isinstance(size, bool) or not isinstance(size, int) or size != len(data):
            raise BundleError(
                "its size differs from the one in model.json",
                source=folder / name,
                remedy="The file was changed or damaged: get the bundle again.",
            )
        if hashlib.sha256(data).hexdigest() != entry.get("sha256"):
            raise BundleError(
                "its SHA-256 differs from the one in model.json",
                source=folder / name,
                remedy="The file was changed or damaged: get the bundle again.",
            )
        files[name] = data
    return files


def _read(folder: Path, name: str, limit: int) -> bytes:
    path = folder / name
    try:
        if path.resolve().parent != folder.resolve():
            raise BundleError("is a link out of the folder", source=path, remedy="Copy the file into the bundle.")
        if not path.is_file():
            raise BundleError("missing from the bundle", source=path, remedy="Get the bundle again.")
        size = path.stat().st_size
        if size > limit:
            raise BundleError(f"larger than {limit:,} bytes", source=path, remedy="Is this a bundle of fazhi_ml?")
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise BundleError(
            f"cannot be read ({type(error).__name__})", source=path, remedy="Check the file and its permissions."
        ) from error
