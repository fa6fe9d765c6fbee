from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.errors import ConfigError, CorpusError
from fazhi_ml.training.config import TrainingConfig, read_config
from fazhi_ml.training.train import TrainingResult, train
from tests.training.conftest import CORPUS, ROOT


def written(result: TrainingResult, folder: Path) -> dict[str, bytes]:
    result.bundle.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_trainings_give_the_same_bytes(config: TrainingConfig, trained: TrainingResult, tmp_path: Path) -> None:
    again = train(config)
    assert again.bundle.id == trained.bundle.id
    files = written(trained, tmp_path / "first")
    assert files == written(again, tmp_path / "second")
    assert len(files["weights.safetensors"]) > 100_000


def test_the_place_of_the_project_does_not_matter(project: Path, trained: TrainingResult, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "elsewhere")
    moved = train(read_config(tmp_path / "elsewhere" / "config.toml"))
    assert written(moved, tmp_path / "first") == written(trained, tmp_path / "second")


def test_settings_and_seed_change_the_model(config: TrainingConfig, trained: TrainingResult) -> None:
    other = train(config.model_copy(update={"seed": 1}))
    assert other.bundle.id != trained.bundle.id


def test_only_the_training_reports_are_learnt_from(
    project: Path, config: TrainingConfig, trained: TrainingResult, tmp_path: Path
) -> None:
    assert trained.test is not None
    assert set(trained.train.groups) == {f"r00{number}" for number in range(2, 8)}
    assert set(trained.test.groups) == {"r001", "r008"}
    # Another text in a held-out report: the weights stay.
    shutil.copytree(project / "corpus", tmp_path / "corpus")
    report = tmp_path / "corpus" / "r001.txt"
    report.write_text(report.read_text(encoding="utf-8") + "P| supervision | 办理检察建议若干件。\n", encoding="utf-8")
    changed = train(config.model_copy(update={"data": config.data.model_copy(update={"corpus": tmp_path / "corpus"})}))
    assert changed.bundle.id == trained.bundle.id
    assert changed.corpus_hash != trained.corpus_hash
    assert changed.test is not None
    assert len(changed.test) == len(trained.test) + 1


def test_folds_are_out_of_fold(trained: TrainingResult) -> None:
    folds = trained.evaluations["folds"]
    seen = trained.bundle.scorer.probabilities(trained.train.texts, trained.train.headings)
    assert folds.figures.n_texts == len(trained.train)
    assert not np.allclose(folds.probabilities, seen)
    # A model knows the texts it was trained on better than those of other reports.
    assert (
        np.abs(seen - (trained.train.labels == 1)).mean()
        < np.abs(folds.probabilities - (trained.train.labels == 1)).mean()
    )


def test_info_is_json_without_paths_and_survives_the_bundle(
    project: Path, trained: TrainingResult, tmp_path: Path
) -> None:
    info = trained.bundle.info
    text = json.dumps(info)
    assert str(project) not in text
    assert info["corpus"]["hash"] == trained.corpus_hash
    assert info["corpus"]["test_reports"] == ["r001", "r008"]
    assert info["metrics"]["test"] == trained.evaluations["test"].figures.to_dict()
    assert set(info["metrics"]) == {"folds", "test", "test_without_headings"}
    assert info["config"]["model"]["n_folds"] == 3
    assert info["libraries"]["numpy"] == np.__version__
    trained.bundle.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle")
    assert (dict(loaded.info), loaded.card, loaded.id) == (json.loads(text), trained.bundle.card, trained.bundle.id)
    assert loaded.scorer.extractor.tokenizer.user_words == (("放管服", 1000),)


def test_without_splits_everything_is_trained_on(config: TrainingConfig) -> None:
    stages: list[str] = []
    whole = train(
        config.model_copy(update={"data": config.data.model_copy(update={"splits": None})}), progress=stages.append
    )
    assert list(whole.evaluations) == ["folds"]
    assert whole.test is None
    assert len(set(whole.train.groups)) == 8
    assert "all 8 reports" in whole.bundle.card
    assert stages == ["Reading the corpus", "Fitting the model", "Evaluating"]


def test_further_data_are_scored_and_change_no_weight(config: TrainingConfig, trained: TrainingResult) -> None:
    report = CORPUS / "r050.txt"
    result = train(config, also_evaluate={"extra": report})
    assert list(result.evaluations)[-2:] == ["extra", "extra_without_headings"]
    assert set(result.bundle.info["metrics"]) >= {"extra", "extra_without_headings"}
    assert result.bundle.id == trained.bundle.id
    assert "| extra without headings | 1 |" in result.bundle.card
    text = result.evaluations["extra"].labelled.texts[0]
    assert text not in result.bundle.card + json.dumps(result.bundle.info, ensure_ascii=False)


@pytest.mark.parametrize("name", ["test", "folds", "a/b", "", "x" * 65, "a_without_headings"])
def test_names_of_further_data(config: TrainingConfig, name: str) -> None:
    with pytest.raises(ConfigError, match="not a usable name"):
        train(config, also_evaluate={name: CORPUS / "r050.txt"})


def test_a_single_label_codebook_is_trained_by_argmax(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for report in range(6):
        lines = [f"#id r{report}", "#level county", "#year 2023"]
        lines += [f"P| cats | 猫在第{report}个院子里睡觉{row}。" for row in range(4)]
        lines += [f"P| dogs | 狗在第{report}条街道上奔跑{row}。" for row in range(4)]
        (tmp_path / "corpus" / f"r{report}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "codebook.toml").write_text(
        'name = "pets"\nmulti_label = false\n[[themes]]\nid = "dogs"\n[[themes]]\nid = "cats"\n'
    )
    overrides = [f"data.corpus={tmp_path / 'corpus'}", f"data.codebook={tmp_path / 'codebook.toml'}"]
    result = train(read_config(None, overrides))
    assert result.evaluations["folds"].figures.accuracy == 1
    assert result.bundle.id.startswith("pets-")
    assert "A text carries one theme." in result.bundle.card


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        ("放管服".encode(), r"words\.txt:1: not a word and a frequency"),
        (b"#" * 10_000_001, "larger than"),
        (None, "not a file"),
    ],
)
def test_faults_of_the_user_dictionary(
    config: TrainingConfig, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    data = config.data.model_copy(update={"user_dictionary": path})
    with pytest.raises(ConfigError, match=message):
        train(config.model_copy(update={"data": data}))


def test_faults_of_the_data_and_settings_come_through(config: TrainingConfig, tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        train(config.model_copy(update={"data": config.data.model_copy(update={"corpus": tmp_path})}))
    with pytest.raises(ConfigError, match="C: out of range"):
        train(config.model_copy(update={"model": config.model.model_copy(update={"C": 1e9})}))


def test_a_result_can_be_told_apart_from_its_card(trained: TrainingResult) -> None:
    # The id stands in the card, so it must not depend on it.
    assert replace(trained.bundle, card="").id == trained.bundle.id
    assert trained.bundle.id in trained.bundle.card


def test_the_default_configuration_points_at_files_that_exist() -> None:
    data = read_config(ROOT / "configs" / "default.toml").data
    assert data.corpus.is_dir()
    assert data.codebook is not None
    assert data.codebook.is_file()
    assert data.splits is not None
    assert data.splits.is_file()
