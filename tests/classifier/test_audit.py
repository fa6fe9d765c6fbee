from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import FORMAT_VERSION, Bundle
from fazhi_ml.errors import BundleError
from tests.classifier.forging import Arrays, forge_arrays, forge_file, forge_manifest, rewrite_manifest
from tests.conftest import read_manifest

PAYLOAD = ("weights.safetensors", "vocabulary.txt", "userdict.txt", "MODEL_CARD.md")


def assert_refused(folder: Path, name: str = "") -> BundleError:
    """Assert that loading gives the one documented error, and that it names the file."""
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    error = caught.value
    assert error.source == str(folder / name)
    assert error.remedy
    return error


def test_the_forger_forges_well(bundle_copy: Path, bundle: Bundle) -> None:
    # Otherwise the tests below would see their hashes refused, not their content.
    forge_manifest(bundle_copy, lambda manifest: manifest.update(mix=0.25))
    assert Bundle.load(bundle_copy).scorer.model.mix == 0.25
    forge_arrays(bundle_copy, lambda arrays: arrays.update(intercepts=arrays["intercepts"] + np.float32(1)))
    assert (Bundle.load(bundle_copy).scorer.model.intercepts == bundle.scorer.model.intercepts + np.float32(1)).all()


@pytest.mark.parametrize("name", PAYLOAD)
def test_a_changed_byte_is_found_wherever_it_is(name: str, bundle_copy: Path) -> None:
    path = bundle_copy / name
    data = path.read_bytes()
    for place in {0, len(data) // 3, len(data) - 1}:
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert_refused(bundle_copy, name)
    for other in (data[:-1], data + b"\n", b""):
        path.write_bytes(other)
        assert_refused(bundle_copy, name)


def test_a_changed_byte_of_the_manifest_changes_no_prediction(bundle_copy: Path, bundle: Bundle) -> None:
    path = bundle_copy / "model.json"
    data = path.read_bytes()
    expected = bundle.scorer.probabilities(["开展行政执法检查，查处案件12件。"], ["普法"])
    places = np.random.default_rng(0).choice(len(data), 30, replace=False).tolist()
    refused = 0
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        try:
            loaded = Bundle.load(bundle_copy)
        except BundleError:
            refused += 1
            continue
        # What is left are figures of the provenance and white space.
        assert (loaded.scorer.probabilities(["开展行政执法检查，查处案件12件。"], ["普法"]) == expected).all()
        assert (loaded.scorer.model.thresholds == bundle.scorer.model.thresholds).all()
        assert loaded.codebook == bundle.codebook
        assert loaded.id == bundle.id
    assert refused > 15


@pytest.mark.parametrize("name", [*PAYLOAD, "model.json"])
def test_a_missing_file_is_named(name: str, bundle_copy: Path) -> None:
    (bundle_copy / name).unlink()
    assert_refused(bundle_copy, name)


@pytest.mark.parametrize("name", [*PAYLOAD, "model.json"])
def test_a_folder_or_pipe_in_place_of_a_file_is_refused(name: str, bundle_copy: Path) -> None:
    (bundle_copy / name).unlink()
    (bundle_copy / name).mkdir()
    assert_refused(bundle_copy, name)
    (bundle_copy / name).rmdir()
    os.mkfifo(bundle_copy / name)
    assert_refused(bundle_copy, name)


@pytest.mark.parametrize("name", [*PAYLOAD, "model.json"])
def test_a_link_out_of_the_folder_is_refused(name: str, bundle_copy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (bundle_copy / name).rename(outside)
    (bundle_copy / name).symlink_to(outside)
    assert_refused(bundle_copy, name)
    (bundle_copy / name).unlink()
    (bundle_copy / name).symlink_to(bundle_copy / name)
    assert_refused(bundle_copy, name)


def test_a_folder_that_is_none_is_named(tmp_path: Path, saved_bundle: Path) -> None:
    assert_refused(tmp_path / "nowhere")
    assert_refused(tmp_path, "model.json")
    assert_refused(saved_bundle / "model.json")
    assert_refused(tmp_path / ("x" * 5000))


@pytest.mark.parametrize(
    "version", [0, -1, FORMAT_VERSION + 1, 10**400, 1.5, "1", None, True, [1], {}, float("nan")], ids=str
)
def test_unknown_versions_are_refused(version: Any, bundle_copy: Path) -> None:
    forge_manifest(bundle_copy, lambda manifest: manifest.update(format_version=version))
    assert_refused(bundle_copy, "model.json")


def test_a_missing_version_is_refused(bundle_copy: Path) -> None:
    rewrite_manifest(bundle_copy, lambda manifest: manifest.pop("format_version"))
    assert_refused(bundle_copy, "model.json")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"model"',
        b"{",
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"format_version": ' + b"1" * 10_000 + b"}",
        b" " * 10_000_000,
    ],
    ids=lambda data: repr(data[:20]),
)
def test_a_manifest_that_is_none_is_refused(data: bytes, bundle_copy: Path) -> None:
    (bundle_copy / "model.json").write_bytes(data)
    assert_refused(bundle_copy, "model.json")


Path_ = tuple[str | int, ...]


def walk(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the place of every value below `value`; of lists the first entry."""
    entries = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from walk(entry, (*path, key))


def places(manifest: dict[str, Any]) -> list[Path_]:
    # What stands inside `info` is free, and `format_version` has tests of its own.
    return [
        path for path in walk(manifest) if path[0] != "format_version" and not (path[0] == "info" and len(path) > 1)
    ]


def parent_of(manifest: Any, path: Path_) -> Any:
    for key in path[:-1]:
        manifest = manifest[key]
    return manifest


WRONG: dict[str, Any] = {
    "null": None,
    "true": True,
    "string": "0.5",
    "list": [],
    "nested list": [[[]]],
    "object": {},
    "object with a key": {"x": 1},
    "huge": 10**400,
    "nan": float("nan"),
    "infinity": float("-inf"),
    "negative": -7,
    "fraction": 2.5,
}
JSON_TYPES: dict[type, type] = {int: float}


def kind(value: Any) -> type:
    return JSON_TYPES.get(type(value), type(value))


def wrong_values(value: Any) -> list[Any]:
    """Return replacements of another JSON type; numbers that are none, or too large, count as such."""
    odd = [number for number in WRONG.values() if isinstance(number, (int, float)) and not abs(number) < 1e300]
    return [wrong for wrong in WRONG.values() if kind(wrong) is not kind(value)] + odd


@pytest.mark.parametrize("forge", [rewrite_manifest, forge_manifest], ids=["hashes broken", "hashes forged"])
def test_wrong_types_in_the_manifest_are_refused(
    forge: Callable[[Path, Callable[[dict[str, Any]], None]], None], bundle_copy: Path
) -> None:
    original = (bundle_copy / "model.json").read_bytes()
    manifest = read_manifest(bundle_copy)
    accepted = []
    for number, path in enumerate(places(manifest)):
        # Every place sees some of the values, every value many of the places.
        for wrong in wrong_values(parent_of(manifest, path)[path[-1]])[number % 4 :: 4]:

            def change(changed: dict[str, Any], path: Path_ = path, wrong: Any = wrong) -> None:
                parent_of(changed, path)[path[-1]] = wrong

            (bundle_copy / "model.json").write_bytes(original)
            forge(bundle_copy, change)
            try:
                Bundle.load(bundle_copy)
            except BundleError as error:
                assert str(bundle_copy) in str(error)  # noqa: PT017 - every error of many is looked at
                continue
            accepted.append((path, wrong))
    assert accepted == []


def test_missing_fields_of_the_manifest_are_refused(bundle_copy: Path) -> None:
    original = (bundle_copy / "model.json").read_bytes()
    manifest = read_manifest(bundle_copy)
    accepted = []
    for path in places(manifest):
        if not isinstance(path[-1], str):
            continue

        def change(changed: dict[str, Any], path: Path_ = path) -> None:
            del parent_of(changed, path)[path[-1]]

        (bundle_copy / "model.json").write_bytes(original)
        forge_manifest(bundle_copy, change)
        try:
            Bundle.load(bundle_copy)
        except BundleError:
            continue
        accepted.append(path)
    assert accepted == []


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["thresholds"].pop(),
        lambda m: m["calibration"]["slopes"].append(1.0),
        lambda m: m["codebook"]["themes"].pop(),
        lambda m: m["codebook"]["themes"].append({"id": "more"}),
        lambda m: m["codebook"]["themes"].append(m["codebook"]["themes"][0]),
        lambda m: m.update(mix=1.5),
        lambda m: m["features"].update(char_ngrams=4),
        lambda m: m["features"].update(depth=4),
        lambda m: m.update(codebook_hash="0" * 64),
        lambda m: m["tokenizer"].update(user_words="0" * 64),
        lambda m: m["tokenizer"].update(engine="pkuseg"),
        lambda m: m.update(id="other-000000000000"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(
    change: Callable[[dict[str, Any]], None], bundle_copy: Path
) -> None:
    forge_manifest(bundle_copy, change)
    with pytest.raises(BundleError) as caught:
        Bundle.load(bundle_copy)
    assert str(bundle_copy) in str(caught.value)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sub/file", "..", "", "model.json", "run.py", "\0"])
def test_other_file_names_are_refused(name: str, bundle_copy: Path) -> None:
    (bundle_copy.parent / "outside").write_text("x")

    def add(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = {"bytes": 1, "sha256": "0" * 64}

    def exchange(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = manifest["files"].pop("vocabulary.txt")

    original = (bundle_copy / "model.json").read_bytes()
    for change in (add, exchange):
        (bundle_copy / "model.json").write_bytes(original)
        forge_manifest(bundle_copy, change)
        assert_refused(bundle_copy, "model.json")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        (2**63).to_bytes(8, "little") + b"{}",
        (2**40).to_bytes(8, "little") + b"{}",
        (100_000_001).to_bytes(8, "little") + b"{" * 100,
        (2).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"null",
        (9).to_bytes(8, "little") + b'{"a": {}}',
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
        b"\x80\x04\x95" + b"." * 100,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_weights_that_are_no_safetensors_are_refused(data: bytes, bundle_copy: Path) -> None:
    forge_file(bundle_copy, "weights.safetensors", data)
    assert_refused(bundle_copy, "weights.safetensors")


@pytest.mark.parametrize("dtype", ["F8_E4M3", "BF16", "F16", "BOOL", "U64", "X9"])
def test_weights_of_odd_types_are_refused(dtype: str, bundle_copy: Path) -> None:
    data = (bundle_copy / "weights.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    width = {"F8_E4M3": 1, "BOOL": 1, "BF16": 2, "F16": 2}.get(dtype, 8)
    begin, end = header["intercepts"]["data_offsets"]
    header["intercepts"].update(dtype=dtype, shape=[(end - begin) // width])
    written = json.dumps(header).encode()
    forge_file(bundle_copy, "weights.safetensors", len(written).to_bytes(8, "little") + written + data[8 + size :])
    assert_refused(bundle_copy, "weights.safetensors")


def drop(name: str) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.__delitem__(name)


def put(name: str, make: Callable[[Any], Any]) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.update({name: np.ascontiguousarray(make(arrays[name]))})


def with_first(value: Any) -> Callable[[Any], Any]:
    def make(array: Any) -> Any:
        changed = array.copy()
        changed.reshape(-1)[0] = value
        return changed

    return make


def with_last(value: Any) -> Callable[[Any], Any]:
    return lambda array: np.append(array[:-1], np.array([value], dtype=array.dtype))


KEYS = ("words.keys", "characters.keys", "headings.keys")
FORGED_ARRAYS: dict[str, Callable[[Arrays], None]] = {
    **{f"{name} missing": drop(name) for name in (*KEYS, "intercepts", "words.idf", "headings.coefficients")},
    **{f"{name} unsorted": put(name, lambda keys: keys[::-1]) for name in KEYS},
    **{f"{name} twice": put(name, lambda keys: np.sort(np.append(keys[:-1], keys[0]))) for name in KEYS},
    **{f"{name} zero": put(name, with_first(0)) for name in KEYS},
    **{f"{name} negative": put(name, with_first(-5)) for name in KEYS},
    **{f"{name} out of alphabet": put(name, with_last(2**63 - 1)) for name in KEYS},
    **{f"{name} of another type": put(name, lambda keys: keys.astype(np.uint64)) for name in KEYS},
    **{f"{name} of two dimensions": put(name, lambda keys: keys[:, np.newaxis]) for name in KEYS},
    **{f"{name} too short": put(name, lambda keys: keys[:-1]) for name in KEYS},
    **{f"{name} scalar": put(name, lambda keys: keys[0]) for name in KEYS},
    "a line break in a term": put("characters.keys", with_first(10)),
    "a line break at the end of a term": put("characters.keys", with_last(0x9F99 << 42 | 0x9F99 << 21 | 10)),
    "a surrogate": put("characters.keys", with_last(0x9F99 << 42 | 0xD800 << 21 | 0x9F99)),
    "a code point beyond Unicode": put("characters.keys", with_last(0x9F99 << 42 | 0x110000 << 21 | 0x9F99)),
    "a gap in a term": put("characters.keys", with_last(0x9F99 << 42 | 0x9F99)),
    "a separator among the words": put("words.keys", with_first(1)),
    "an unknown word among the words": put("words.keys", with_first(2)),
    "a word that is not there": put("words.keys", with_last(2**31 - 1 << 31 | 3)),
    "idf of another type": put("words.idf", lambda idf: idf.astype(np.float64)),
    "idf not a number": put("words.idf", with_first(np.nan)),
    "idf infinite": put("characters.idf", with_first(np.inf)),
    "idf too short": put("characters.idf", lambda idf: idf[:-1]),
    "coefficients not a number": put("headings.coefficients", with_first(np.nan)),
    "coefficients of another type": put("headings.coefficients", lambda c: c.astype(np.int64)),
    "coefficients turned": put("words.coefficients", lambda c: c.T),
    "coefficients flat": put("words.coefficients", lambda c: c.reshape(-1)),
    "coefficients of a theme fewer": put("words.coefficients", lambda c: c[:, :-1]),
    "intercepts infinite": put("intercepts", with_first(-np.inf)),
    "intercepts of another type": put("intercepts", lambda i: i.astype(np.float64)),
    "intercepts too many": put("intercepts", lambda i: np.append(i, i)),
}


@pytest.mark.parametrize("change", FORGED_ARRAYS.values(), ids=FORGED_ARRAYS)
def test_forged_arrays_are_refused(change: Callable[[Arrays], None], bundle_copy: Path) -> None:
    forge_arrays(bundle_copy, change)
    with pytest.raises(BundleError) as caught:
        Bundle.load(bundle_copy)
    assert str(bundle_copy) in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda data: b"\xff\n" + data,
        lambda data: data + data.split(b"\n")[0] + b"\n",
        lambda data: b"\n".join(data.split(b"\n")[:5]) + b"\n",
        lambda data: data[:0],
    ],
    ids=["not UTF-8", "a word twice", "too few words", "no words"],
)
def test_a_forged_vocabulary_is_refused(make: Callable[[bytes], bytes], bundle_copy: Path) -> None:
    forge_file(bundle_copy, "vocabulary.txt", make((bundle_copy / "vocabulary.txt").read_bytes()))
    with pytest.raises(BundleError) as caught:
        Bundle.load(bundle_copy)
    assert str(bundle_copy) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("vocabulary.txt", b"\xff\n"),
        ("userdict.txt", b"\xff 5\n"),
        ("userdict.txt", b"word\n"),
        ("userdict.txt", b"word 000000000001" + b"0" * 30 + b"\n"),
        ("userdict.txt", b"word 000000000001" + b"0" * 9000 + b"\n"),
        ("MODEL_CARD.md", b"\xff"),
    ],
)
def test_a_malformed_text_file_is_the_one_named(name: str, data: bytes, bundle_copy: Path) -> None:
    def forget_words(manifest: dict[str, Any]) -> None:
        manifest["tokenizer"]["user_words"] = hashlib.sha256(data).hexdigest()

    (bundle_copy / name).write_bytes(data)
    forge_manifest(bundle_copy, forget_words if name == "userdict.txt" else lambda _: None)
    assert_refused(bundle_copy, name)


def test_errors_survive_a_process_border(bundle_copy: Path) -> None:
    (bundle_copy / "vocabulary.txt").unlink()
    error = assert_refused(bundle_copy, "vocabulary.txt")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
