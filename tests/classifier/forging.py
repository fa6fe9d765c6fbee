"""Bundles forged so that their hashes hold: what is left to check is whether the content makes sense."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import load, save

CORE = ("codebook", "codebook_hash", "features", "tokenizer", "mix", "thresholds", "calibration")
Arrays = dict[str, NDArray[Any]]


def rewrite_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change values of model.json and leave everything else as it is."""
    path = folder / "model.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def forge_file(folder: Path, name: str, data: bytes) -> None:
    """Write a file and make sizes, hashes and the id in model.json agree with it."""
    (folder / name).write_bytes(data)
    forge_manifest(folder, lambda _: None)


def forge_arrays(folder: Path, change: Callable[[Arrays], None]) -> None:
    arrays = load((folder / "weights.safetensors").read_bytes())
    change(arrays)
    forge_file(folder, "weights.safetensors", save(arrays))


def forge_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change values of model.json and make sizes, hashes and the id agree, unless the change took them away."""

    def changed(manifest: dict[str, Any]) -> None:
        for name, entry in manifest["files"].items():
            data = (folder / name).read_bytes()
            entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        old_id = manifest["id"]
        change(manifest)
        if manifest.get("id") == old_id:
            manifest["id"] = _id(manifest)

    rewrite_manifest(folder, changed)


def _id(manifest: dict[str, Any]) -> str:
    core = {key: manifest[key] for key in CORE if key in manifest}
    files = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
    hashes = [(name, entry["sha256"]) for name, entry in sorted(files.items()) if _is_hashed(name, entry)]
    digest = hashlib.sha256(json.dumps([core, hashes], sort_keys=True).encode()).hexdigest()
    codebook = manifest.get("codebook")
    name = codebook.get("name") if isinstance(codebook, dict) else None
    return f"{name or 'model'}-{digest[:12]}"


def _is_hashed(name: str, entry: object) -> bool:
    return name != "MODEL_CARD.md" and isinstance(entry, dict) and "sha256" in entry
