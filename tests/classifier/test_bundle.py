from __future__ import annotations

import json
import os
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import FORMAT_VERSION, Bundle
from fazhi_ml.errors import OutputError
from fazhi_ml.labels import LabelledTexts
from tests.conftest import read_manifest

NAMES = ["MODEL_CARD.md", "model.json", "userdict.txt", "vocabulary.txt", "weights.safetensors"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_saving_and_loading_changes_no_bit(bundle: Bundle, saved_bundle: Path, other_texts: LabelledTexts) -> None:
    loaded = Bundle.load(saved_bundle)
    before = bundle.scorer.scores(other_texts.texts, other_texts.headings)
    assert (loaded.scorer.scores(other_texts.texts, other_texts.headings) == before).all()
    assert (loaded.scorer.model.probabilities(before) == bundle.scorer.model.probabilities(before)).all()
    assert (loaded.scorer.model.thresholds == bundle.scorer.model.thresholds).all()
    assert loaded.codebook == bundle.codebook
    assert loaded.id == bundle.id
    assert loaded.info == bundle.info
    assert loaded.card == bundle.card


def test_a_loaded_bundle_is_saved_as_it_was(saved_bundle: Path, tmp_path: Path) -> None:
    Bundle.load(saved_bundle).save(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(saved_bundle)


def test_the_folder_holds_what_the_format_says(saved_bundle: Path, bundle: Bundle) -> None:
    assert sorted(contents(saved_bundle)) == NAMES
    manifest = read_manifest(saved_bundle)
    assert manifest["format_version"] == FORMAT_VERSION
    assert manifest["id"] == bundle.id
    assert manifest["codebook_hash"] == bundle.codebook.hash
    assert set(manifest["files"]) == set(NAMES) - {"model.json"}
    assert "放管服 1000" in (saved_bundle / "userdict.txt").read_text(encoding="utf-8")
    assert "营商环境" in (saved_bundle / "model.json").read_text(encoding="utf-8")


def test_files_are_as_readable_as_any_other(saved_bundle: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert saved_bundle.stat().st_mode == plain.stat().st_mode


def test_the_id_names_what_decides_predictions(bundle: Bundle) -> None:
    assert re.fullmatch(re.escape(bundle.codebook.name) + "-[0-9a-f]{12}", bundle.id)
    assert replace(bundle, card="# Other", info={"any": "thing"}).id == bundle.id
    scorer = bundle.scorer
    for model in (
        replace(scorer.model, mix=0.5),
        replace(scorer.model, thresholds=scorer.model.thresholds + 0.01),
        replace(scorer.model, intercepts=scorer.model.intercepts + np.float32(1)),
    ):
        assert replace(bundle, scorer=replace(scorer, model=model)).id != bundle.id
    assert replace(bundle, codebook=replace(bundle.codebook, version="9")).id != bundle.id


def test_a_bundle_pickles(bundle: Bundle) -> None:
    copy: Bundle = pickle.loads(pickle.dumps(bundle))  # noqa: S301
    assert copy.id == bundle.id
    assert (copy.scorer.scores(["行政执法"], ["普法"]) == bundle.scorer.scores(["行政执法"], ["普法"])).all()


def test_an_existing_bundle_is_overwritten_only_when_asked(bundle: Bundle, bundle_copy: Path) -> None:
    before = contents(bundle_copy)
    changed = replace(bundle, card="# New card\n")
    with pytest.raises(OutputError) as caught:
        changed.save(bundle_copy)
    assert str(bundle_copy) in str(caught.value)
    assert contents(bundle_copy) == before
    changed.save(bundle_copy, overwrite=True)
    assert Bundle.load(bundle_copy).card == "# New card\n"
    assert list(bundle_copy.parent.iterdir()) == [bundle_copy]


def test_folders_above_are_made(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "a" / "b" / "model")
    assert Bundle.load(tmp_path / "a" / "b" / "model").id == bundle.id


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_bundle_is_never_overwritten(bundle: Bundle, tmp_path: Path, overwrite: bool) -> None:
    folder, file = tmp_path / "work", tmp_path / "file"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    file.write_text("mine")
    for target in (folder, file):
        with pytest.raises(OutputError):
            bundle.save(target, overwrite=overwrite)
    assert (folder / "thesis.txt").read_text() == file.read_text() == "mine"


def test_foreign_files_in_a_bundles_folder_are_not_thrown_away(bundle: Bundle, bundle_copy: Path) -> None:
    (bundle_copy / "notes.md").write_text("mine")
    with pytest.raises(OutputError):
        bundle.save(bundle_copy, overwrite=True)
    assert (bundle_copy / "notes.md").read_text() == "mine"


def test_another_programs_model_json_does_not_make_a_bundle(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "data.bin").write_text("mine")
    with pytest.raises(OutputError):
        bundle.save(folder, overwrite=True)
    assert (folder / "data.bin").exists()


@pytest.mark.parametrize("failing_call", [1, 2, 3, 4, 5])
def test_a_failure_while_writing_leaves_the_old_bundle(
    failing_call: int, bundle: Bundle, bundle_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(bundle_copy)
    write = Path.write_bytes
    calls = iter(range(1, 100))

    def failing(path: Path, data: bytes) -> int:
        if next(calls) == failing_call:
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(OutputError) as caught:
        replace(bundle, card="# New card\n").save(bundle_copy, overwrite=True)
    assert "No space left" in str(caught.value)
    assert contents(bundle_copy) == before
    assert list(bundle_copy.parent.iterdir()) == [bundle_copy]


def test_a_failure_while_putting_in_place_leaves_the_old_bundle(
    bundle: Bundle, bundle_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(bundle_copy)
    moves = []

    def failing(move: object) -> object:
        def moved(source: object, target: object) -> object:
            moves.append((source, target))
            if len(moves) == 2:
                raise PermissionError(13, "Permission denied")
            return move(source, target)  # type: ignore[operator]

        return moved

    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    try:
        replace(bundle, card="# New card\n").save(bundle_copy, overwrite=True)
    except OutputError:
        assert contents(bundle_copy) == before
    assert len(moves) >= 2
    assert Bundle.load(bundle_copy).id == bundle.id


def test_a_folder_that_cannot_be_made_is_an_output_error(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file" / "model", tmp_path / ("x" * 5000)):
        with pytest.raises(OutputError):
            bundle.save(target)


def test_a_bundle_may_be_reached_through_a_link(saved_bundle: Path, tmp_path: Path, bundle: Bundle) -> None:
    (tmp_path / "link").symlink_to(saved_bundle)
    assert Bundle.load(tmp_path / "link").id == bundle.id


def test_a_moved_bundle_loads(bundle_copy: Path, tmp_path: Path, bundle: Bundle) -> None:
    moved = Path(shutil.move(bundle_copy, tmp_path / "移动 过"))
    assert Bundle.load(moved).id == bundle.id


def test_the_manifest_is_strict_json(saved_bundle: Path) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads((saved_bundle / "model.json").read_text(encoding="utf-8"), parse_constant=refuse)
