"""The model on disk: a folder that nothing in it can turn into running code.

Format version 1: ``model.json`` (codebook, settings, thresholds, calibration, provenance, and size and SHA-256 of every
other file), ``weights.safetensors`` (arrays), ``vocabulary.txt`` (a word a line), ``userdict.txt`` (jieba's format) and
``MODEL_CARD.md``. Loading audits everything before anything is built.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.classifier.audit import BUNDLE_FILES, audited_files, read_manifest
from fazhi_ml.classifier.scorer import Calibration, LinearModel, Scorer
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import BundleError, CodebookError, ConfigError, OutputError
from fazhi_ml.features.counts import TermExtractor
from fazhi_ml.features.normalise import NEWLINE
from fazhi_ml.features.terms import CHARACTER_BITS, FIRST_WORD, WORD_BITS
from fazhi_ml.features.tokenizer import Tokenizer, UserWords, parse_user_dictionary
from fazhi_ml.features.vocabulary import BLOCKS, FeatureSettings, Vocabulary

if TYPE_CHECKING:
    from fazhi_ml.classifier.sklearn_export import SentencePooledClassifier

__all__ = ["FORMAT_VERSION", "Bundle"]

FORMAT_VERSION = 1

_PARTS = ("keys", "idf", "coefficients")
_PAYLOAD = ("weights.safetensors", "vocabulary.txt", "userdict.txt")


@dataclass(frozen=True)
class Bundle:
    """A trained model with all that is needed to use it and to know where it comes from.

    Attributes
    ----------
    codebook : Codebook
    scorer : Scorer
    info : dict
        Provenance as JSON values: configuration, corpus hash, metrics, library versions.
    card : str
        The model card, Markdown.
    """

    codebook: Codebook
    scorer: Scorer
    info: Mapping[str, Any]
    card: str

    @cached_property
    def id(self) -> str:
        """Name of the codebook and a hash of everything that decides predictions."""
        return self._identity({name: hashlib.sha256(data).hexdigest() for name, data in self._payload().items()})

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the bundle: whole, or not at all.

        Raises
        ------
        OutputError
            The folder exists and `overwrite` is False, is not a bundle, or cannot be written.
        """
        target = Path(folder)
        _check_target(target, overwrite=overwrite)
        files = {**self._payload(), "MODEL_CARD.md": self.card.encode()}
        manifest = {
            "format_version": FORMAT_VERSION,
            "id": self.id,
            **self._core(),
            "info": dict(self.info),
            "files": {
                name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
            },
        }
        files["model.json"] = (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
                fresh = Path(scratch) / "fresh"
                fresh.mkdir()
                for name, data in files.items():
                    (fresh / name).write_bytes(data)
                _swap(fresh, target, Path(scratch) / "old")
        except OSError as error:
            raise OutputError(
                f"the bundle cannot be written ({error.strerror})",
                source=target,
                remedy="Check permissions and free space.",
            ) from error

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Bundle:
        """Read a bundle, checking format version, sizes, hashes and shapes first.

        Raises
        ------
        BundleError
            Something is missing, damaged, of an unknown version, or does not fit together; the message names the file.
        """
        manifest = read_manifest(Path(folder), FORMAT_VERSION)
        files = audited_files(Path(folder), manifest)
        try:
            return _build(Path(folder), manifest, files)
        except (KeyError, TypeError, ValueError, OverflowError, ConfigError, CodebookError) as error:
            # Values that pass the hashes but make no sense: a damaged writer, or a forged bundle.
            raise BundleError(
                f"a field is missing or malformed ({type(error).__name__})",
                source=Path(folder) / "model.json",
                remedy="Get the bundle again, or retrain it.",
            ) from error

    def to_sklearn(self) -> SentencePooledClassifier:
        """Rebuild the model from scikit-learn's own parts: a pipeline of TfidfVectorizers and LinearSVCs, pooled.

        Returns
        -------
        SentencePooledClassifier
            Its ``decision_function``, ``predict_proba`` and ``predict`` take (text, headings) pairs and give the same
            decisions as the bundle, several times slower.
        """
        from fazhi_ml.classifier.sklearn_export import rebuild

        return rebuild(self.scorer, self.codebook.ids)

    def _identity(self, payload_hashes: Mapping[str, str]) -> str:
        decisive = json.dumps([self._core(), sorted(payload_hashes.items())], sort_keys=True)
        return f"{self.codebook.name or 'model'}-{hashlib.sha256(decisive.encode()).hexdigest()[:12]}"

    def _core(self) -> dict[str, Any]:
        """Return what decides predictions besides the payload files."""
        model = self.scorer.model
        return {
            "codebook": self.codebook.to_dict(),
            "codebook_hash": self.codebook.hash,
            "features": asdict(self.scorer.extractor.settings),
            "tokenizer": {"engine": "jieba dictionary, HMM off", "user_words": self.scorer.extractor.tokenizer.hash},
            "mix": model.mix,
            "thresholds": model.thresholds.tolist(),
            "calibration": {
                "slopes": model.calibration.slopes.tolist(),
                "offsets": model.calibration.offsets.tolist(),
            },
        }

    def _payload(self) -> dict[str, bytes]:
        from safetensors.numpy import save

        extractor, model = self.scorer.extractor, self.scorer.model
        arrays: dict[str, NDArray[Any]] = {"intercepts": model.intercepts}
        for block in BLOCKS:
            arrays[f"{block}.keys"] = extractor.vocabulary.keys(block)
            arrays[f"{block}.idf"] = model.idf[block]
            arrays[f"{block}.coefficients"] = np.ascontiguousarray(model.coefficients[block])
        return {
            "weights.safetensors": save(arrays),
            "vocabulary.txt": "".join(f"{token}\n" for token in extractor.vocabulary.tokens).encode(),
            "userdict.txt": extractor.tokenizer.dictionary_text().encode(),
        }


def _check_target(target: Path, *, overwrite: bool) -> None:
    try:
        if not target.exists():
            return
        found = {path.name for path in target.iterdir()} if target.is_dir() else {""}
    except OSError as error:
        raise OutputError(
            f"cannot be read ({error.strerror})", source=target, remedy="Check the path and its permissions."
        ) from error
    if not overwrite:
        raise OutputError("exists already", source=target, remedy="Choose another folder, or overwrite it (--force).")
    # The old folder is removed whole, so it must hold nothing but a bundle.
    if not found <= {"model.json", *BUNDLE_FILES}:
        raise OutputError("is not a model bundle", source=target, remedy="Choose another folder; nothing was changed.")


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Put `fresh` in the place of `target`, which moves to `old` if it exists and comes back if that fails."""
    replaces = target.exists()
    if replaces:
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if replaces:
            old.rename(target)
        raise


def _build(folder: Path, manifest: dict[str, Any], files: dict[str, bytes]) -> Bundle:
    codebook = Codebook.from_dict(manifest["codebook"], source=folder / "model.json")
    arrays = _read_arrays(folder, files["weights.safetensors"])
    tokens = tuple(_text(folder, files, "vocabulary.txt").split("\n")[:-1])
    n_themes = len(codebook.ids)
    vocabulary = Vocabulary(tokens, *(arrays[f"{block}.keys"] for block in BLOCKS))
    model = LinearModel(
        idf={block: arrays[f"{block}.idf"] for block in BLOCKS},
        # Column by column, as they are used.
        coefficients={block: np.asfortranarray(arrays[f"{block}.coefficients"]) for block in BLOCKS},
        intercepts=arrays["intercepts"],
        mix=float(manifest["mix"]),
        calibration=Calibration(
            np.array(manifest["calibration"]["slopes"], dtype=np.float64),
            np.array(manifest["calibration"]["offsets"], dtype=np.float64),
        ),
        thresholds=np.array(manifest["thresholds"], dtype=np.float64),
        multi_label=codebook.multi_label,
    )
    _check_fit(folder, vocabulary, model, n_themes)
    settings = FeatureSettings(**manifest["features"])
    tokenizer = Tokenizer(_user_words(folder, files))
    scorer = Scorer(TermExtractor(settings, tokenizer, vocabulary), model)
    if not isinstance(manifest["info"], dict):
        raise TypeError("info")
    bundle = Bundle(codebook, scorer, manifest["info"], _text(folder, files, "MODEL_CARD.md"))
    # What was read must be what would be written: this also finds values that only convert to the right type.
    core = json.loads(json.dumps(bundle._core()))  # noqa: SLF001
    if {key: manifest[key] for key in core} != core:
        raise ValueError("core")
    payload_hashes = {name: manifest["files"][name]["sha256"] for name in _PAYLOAD}
    if bundle._identity(payload_hashes) != manifest["id"]:  # noqa: SLF001
        raise ValueError("id")
    # The id is known now: writing the payload again only to hash it would double the time to load.
    bundle.__dict__["id"] = manifest["id"]
    return bundle


def _text(folder: Path, files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        raise BundleError("not UTF-8", source=folder / name, remedy="Get the bundle again.") from error


def _user_words(folder: Path, files: dict[str, bytes]) -> UserWords:
    try:
        return parse_user_dictionary(_text(folder, files, "userdict.txt"), source=str(folder / "userdict.txt"))
    except ConfigError as error:
        raise BundleError(error.cause, source=error.source, line=error.line, remedy="Get the bundle again.") from error


def _read_arrays(folder: Path, data: bytes) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays: dict[str, NDArray[Any]] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            "not a valid safetensors file", source=folder / "weights.safetensors", remedy="Get the bundle again."
        ) from error
    if not set(arrays) >= {"intercepts", *(f"{block}.{part}" for block in BLOCKS for part in _PARTS)}:
        raise BundleError("an array is missing", source=folder / "weights.safetensors", remedy="Get the bundle again.")
    return arrays


def _check_fit(folder: Path, vocabulary: Vocabulary, model: LinearModel, n_themes: int) -> None:
    """Check that shapes agree, numbers are finite, and keys are ascending and within their alphabet."""
    arrays: list[NDArray[Any]] = [
        model.intercepts,
        model.calibration.slopes,
        model.calibration.offsets,
        model.thresholds,
    ]
    sound = all(array.shape == (n_themes,) for array in arrays) and 0 <= model.mix <= 1
    sound &= len(vocabulary.symbol_of) == len(vocabulary.tokens) + 1
    for block in BLOCKS:
        keys, idf, coefficients = vocabulary.keys(block), model.idf[block], model.coefficients[block]
        arrays += [idf, coefficients]
        sound &= keys.dtype == np.int64 and idf.dtype == np.float32 and coefficients.dtype == np.float32
        sound &= keys.ndim == 1 and idf.shape == keys.shape and coefficients.shape == (len(keys), n_themes)
        sound = sound and bool(np.all(np.diff(keys) > 0)) and _are_terms(keys, block, len(vocabulary.tokens))
    if not (sound and model.intercepts.dtype == np.float32 and all(np.isfinite(array).all() for array in arrays)):
        raise BundleError(
            "the arrays do not fit together", source=folder / "weights.safetensors", remedy="Get the bundle again."
        )


def _are_terms(keys: NDArray[np.int64], block: str, n_tokens: int) -> bool:
    """Tell whether every symbol of every key is one of its alphabet."""
    if block == "characters":
        bits, lowest, highest = CHARACTER_BITS, 1, sys.maxunicode
    else:
        bits, lowest, highest = WORD_BITS, FIRST_WORD, FIRST_WORD + n_tokens - 1
    rest = keys
    while rest.size:
        if rest.min() < 1:
            return False
        symbols = rest & ((1 << bits) - 1)
        if symbols.min() < lowest or symbols.max() > highest:
            return False
        # Folded text holds no surrogate, and line breaks part texts.
        if block == "characters" and ((symbols == NEWLINE) | (symbols >> 11 == 0xD800 >> 11)).any():
            return False
        rest = rest >> bits
        rest = rest[rest > 0]
    return True
