from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.tokenizer import Tokenizer, parse_user_dictionary
from fazhi_ml.training.config import TrainingConfig, config_keys, read_config
from tests.training.conftest import ROOT

DEFAULT = ROOT / "configs" / "default.toml"
DATA = ("data.corpus=corpus", "data.codebook=codebook.toml")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_built_in_settings_are_those_of_the_estimator() -> None:
    config = read_config(None, DATA)
    codebook = Codebook.read(ROOT / "configs" / "codebook.toml")
    expected = ThemeClassifier(themes=codebook.ids).get_params()
    assert config.classifier(codebook, ()).get_params() == expected


def test_the_default_file_shows_every_setting_with_its_built_in_value() -> None:
    config, built_in = read_config(DEFAULT), read_config(None, DATA)
    assert config.settings() == built_in.settings()
    assert (config.name, config.tracking) == (built_in.name, built_in.tracking)
    text = DEFAULT.read_text(encoding="utf-8")
    for key in ("uri", "user_dictionary", "test"):
        text = text.replace(f"# {key} =", f"{key} =")
    written = tomllib.loads(text)
    keys = [f"{table}.{key}" for table, values in written.items() if isinstance(values, dict) for key in values]
    assert {*keys, "name", "seed", "choose"} == set(config_keys())


def test_paths_of_the_file_are_relative_to_it_and_those_of_overrides_to_the_current_folder(tmp_path: Path) -> None:
    path = write(tmp_path, '[data]\ncorpus = "corpus"\ncodebook = "/etc/codebook.toml"\nsplits = "a.toml"\n')
    config = read_config(path, ["data.splits=b.toml"])
    assert config.data.corpus == tmp_path / "corpus"
    assert config.data.codebook == Path("/etc/codebook.toml")
    assert config.data.splits == Path("b.toml")
    assert config.data.user_dictionary is None


def test_overrides_are_toml_values_or_strings() -> None:
    config = read_config(
        None, [*DATA, "model.C = 0.5", "model.sentence_rows=false", "name='quoted'", "model.threshold=precision:0.9"]
    )
    assert (config.model.C, config.model.sentence_rows, config.name) == (0.5, False, "quoted")
    assert config.model.threshold == "precision:0.9"
    assert read_config(None, [*DATA, "name=bare", "seed=1", "seed=2"]).name == "bare"
    assert read_config(None, [*DATA, "seed=1", "seed=2"]).seed == 2


def test_class_weight_none_is_the_estimators_none() -> None:
    codebook = Codebook.read(ROOT / "configs" / "codebook.toml")
    for value, expected in (("none", None), ("balanced", "balanced")):
        config = read_config(None, [*DATA, f"model.class_weight={value}"])
        assert config.classifier(codebook, ()).class_weight == expected


def test_flat_names_every_key() -> None:
    flat = read_config(DEFAULT).flat()
    assert set(flat) == set(config_keys())
    assert (flat["model.C"], flat["tracking.uri"]) == ("0.3", "")


def test_settings_hold_no_paths() -> None:
    assert set(read_config(DEFAULT).settings()) == {"seed", "features", "model"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = 1\nname = = 2", r"config.toml:2: not valid TOML"),
        ("\ud800".encode("utf-8", "surrogatepass"), "not valid TOML"),
        ("colour = 1", r"unknown key 'colour'\. Keys: name, seed, choose, data\.corpus"),
        ("[model]\nc = 1", r"unknown key 'model\.c'\. Keys: model\.min_df, .*model\.C"),
        ('[model]\nC = "1"', r"model\.C has a wrong value\. Input should be a valid number"),
        ("[model]\nmin_df = true", r"model\.min_df has a wrong value"),
        ("[model]\nmin_df = 2.5", r"model\.min_df has a wrong value"),
        ('[model]\nuncertain = "maybe"', r"model\.uncertain has a wrong value\. Input should be 'drop', 'absent'"),
        ("model = 1", "model has a wrong value"),
        ("data = 1", "data has a wrong value"),
        ("[data]\ncorpus = 1", r"data\.corpus has a wrong value"),
        ('name = "../up"', "name has a wrong value"),
        ("seed = -1", "seed has a wrong value"),
        ("seed = 1", r"data\.corpus is missing\. Set it"),
    ],
)
def test_faults_of_the_file_are_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.C", "--set: not of the form key=value"),
        ("model.c=1", r"--set model\.c: unknown key\. Keys: .*model\.C"),
        ("model=1", "--set model: unknown key"),
        ("=1", "unknown key"),
        ("model.C=x", r"--set model\.C: model\.C has a wrong value"),
        ("seed=1\nname='other'", "--set seed: seed has a wrong value"),
        ("model.C=" + "[" * 5000, r"--set model\.C: model\.C has a wrong value"),
        ("seed=" + "9" * 5000, "--set seed: seed has a wrong value"),
    ],
)
def test_faults_of_overrides_are_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(None, [*DATA, override])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path, Path("nul\0.toml")):
        with pytest.raises(ConfigError, match="not a file"):
            read_config(path)
    big = write(tmp_path, "#" * 1_000_001)
    with pytest.raises(ConfigError, match="larger than 1,000,000 bytes"):
        read_config(big)


def test_an_override_mends_what_the_file_lacks(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, "[data]\n[model]\nC = 1\n"), [*DATA, "model.mix=0"])
    assert isinstance(config, TrainingConfig)
    assert (config.model.C, config.model.mix) == (1, 0)


@pytest.mark.parametrize("engine", ["rjieba", "jieba"])
def test_every_word_of_the_shipped_dictionary_is_one_token(engine: str) -> None:
    path = ROOT / "configs" / "userdict.txt"
    words = parse_user_dictionary(path.read_text(encoding="utf-8"), source=str(path))
    assert len(words) > 100
    tokenizer = Tokenizer(words, engine=engine)
    assert [word for word, _ in words if tokenizer.cut(word) != [word]] == []
    plain = Tokenizer(engine=engine)
    assert [word for word, _ in words if plain.cut(word) == [word]] == []
