from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from fazhi_ml.errors import ConfigError, CorpusError
from fazhi_ml.labels.exchange import file_hash
from fazhi_ml.training.choose import CANDIDATES, choose_settings
from fazhi_ml.training.config import TrainingConfig, read_config
from fazhi_ml.training.data import read_training_data
from fazhi_ml.training.run import run_metrics, run_training
from fazhi_ml.training.train import train
from tests.training.conftest import CORPUS, QUIET_MLFLOW, ROOT

LETTERS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"


def rows(labels: Sequence[object], n_each: int = 8) -> list[dict[str, object]]:
    """Texts that give their label away by one character."""
    return [
        {"text": f"关于{LETTERS[place]}的第{LETTERS[-number - 1]}件事", "labels": label}
        for number in range(n_each)
        for place, label in enumerate(labels)
    ]


def write(path: Path, values: Sequence[object]) -> Path:
    path.write_text("".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values), encoding="utf-8")
    return path


def config_of(data: Path, *overrides: str, **more: Path) -> TrainingConfig:
    return read_config(None, ["model.n_folds=2", *overrides], data={"corpus": data, **more})


def test_labels_come_from_the_data(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["0", "体育 新闻", "other"]))
    test = write(tmp_path / "test.jsonl", rows(["0", "体育 新闻", "other"], 2))
    result = train(config_of(data, test=test))
    assert result.bundle.codebook.ids == ("0", "other", "体育 新闻")
    assert not result.bundle.codebook.multi_label
    assert list(result.evaluations) == ["folds", "test"]
    assert result.evaluations["test"].figures.accuracy == 1
    assert result.corpus_hash == file_hash(data)
    assert result.bundle.info["corpus"]["test_hash"] == file_hash(test)
    assert "24 labelled texts in 24 groups" in result.bundle.card
    assert "report" not in result.bundle.card.split("## How")[0]
    assert {"folds/f1/0", "threshold/体育 新闻", "folds/f1/0/low"} <= run_metrics(result).keys()


def test_metric_names_are_safe(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["a(b)", "a：b", "a/.."]))
    for name in run_metrics(train(config_of(data))):
        assert not set(name) & set("().：")
        assert name.startswith(("folds/", "threshold/"))


@pytest.mark.filterwarnings(QUIET_MLFLOW)
def test_awkward_labels_can_be_tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    data = write(tmp_path / "train.jsonl", rows(["(a)：", "..", "b c"]))
    run = run_training(config_of(data, "choose=true"), tmp_path / "model")
    assert run.run_id is not None


def test_several_labels_and_none(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows([["a"], ["b"], ["a", "b"], []]))
    result = train(config_of(data))
    assert (result.bundle.codebook.ids, result.bundle.codebook.multi_label) == (("a", "b"), True)


def test_rare_and_absent_themes_are_noted_and_never_win(tmp_path: Path) -> None:
    codebook = tmp_path / "codebook.toml"
    themes = "".join(f'[[themes]]\nid = "{name}"\n' for name in ("absent", "once", *LETTERS[:12]))
    codebook.write_text(f"multi_label = false\n{themes}", encoding="utf-8")
    values = [*rows(list(LETTERS[:12])), {"text": "只有这一条文字", "labels": "once"}]
    result = train(config_of(write(tmp_path / "train.jsonl", values), codebook=codebook))
    notes = " ".join(result.notes)
    assert "no text of the training data carries (absent)" in notes
    assert "once: 1" in notes
    assert not result.evaluations["folds"].decisions[:, 0].any()
    probabilities = result.bundle.scorer.probabilities(["毫无关系", "", "关于甲的事"], [None] * 3)
    assert (probabilities.argmax(axis=1) != 0).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (rows(["a"]), "1 different label"),
        ([{"text": "文", "label": "a"}], "Name it 'labels'"),
    ],
)
def test_faults_of_the_data(tmp_path: Path, values: list[object], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_training_data(config_of(write(tmp_path / "train.jsonl", values)).data)


def test_test_rows_have_the_labels_of_the_training_rows(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["a", "b"]))
    test = write(tmp_path / "test.jsonl", rows(["a", "c"]))
    with pytest.raises(CorpusError, match=r"test\.jsonl:2: a label that is not in the codebook"):
        read_training_data(config_of(data, test=test).data)


def test_settings_that_contradict_each_other(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["a", "b"]))
    splits = ROOT / "data" / "splits.toml"
    with pytest.raises(ConfigError, match=r"data\.test: stands beside data\.splits"):
        read_training_data(config_of(data, test=data, splits=splits).data)
    with pytest.raises(ConfigError, match=r"data\.splits: is for marked-up reports"):
        read_training_data(config_of(data, splits=splits).data)
    with pytest.raises(ConfigError, match=r"data\.codebook: is missing"):
        read_training_data(config_of(CORPUS).data)


def test_reports_may_be_tested_on_other_reports() -> None:
    codebook = ROOT / "configs" / "codebook.toml"
    data = read_training_data(config_of(CORPUS / "r001.txt", test=CORPUS / "r002.txt", codebook=codebook).data)
    assert data.test is not None
    assert (set(data.train.groups), set(data.test.groups)) == ({"r001"}, {"r002"})


# Choosing settings


def test_a_candidate_is_chosen_and_named(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["a", "b", "c"]))
    config = config_of(data, "choose=true")
    chosen, figures = choose_settings(config, read_training_data(config.data).train, ())
    assert list(figures) == list(CANDIDATES)
    first = next(name for name, figure in figures.items() if figure >= max(figures.values()) - 0.002)
    for key, value in CANDIDATES[first].items():
        assert getattr(chosen.model, key) == value
    result = train(config)
    assert result.config == chosen
    assert result.bundle.info["chosen"] == {name: round(figure, 6) for name, figure in figures.items()}
    assert result.bundle.info["config"]["model"] == chosen.model.model_dump(mode="json")


def test_what_is_set_is_not_chosen(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", rows(["a", "b"]))
    settled = [f"model.{key}=1" for key in ("C", "mix", "char_weight", "min_df")]
    config = config_of(data, "choose=true", *settled, "model.sentence_rows=true")
    chosen, figures = choose_settings(config, read_training_data(config.data).train, ())
    assert len(figures) == 1
    assert chosen == config
