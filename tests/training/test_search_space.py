from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.codebook import Codebook
from fazhi_ml.errors import ConfigError
from fazhi_ml.training.config import TrainingConfig, config_keys, read_config
from fazhi_ml.training.search_space import Parameter, config_toml, read_search_config, searchable_keys
from tests.conftest import ROOT


def write(folder: Path, text: str) -> Path:
    (folder / "base.toml").write_text('[data]\ncorpus = "c"\ncodebook = "b.toml"\n')
    path = folder / "search.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_space_is_in_order_and_holds_the_shipped_settings(codebook: Codebook) -> None:
    config = read_search_config(ROOT / "configs" / "search.toml")
    config.check(codebook)
    assert config.base == read_config(ROOT / "configs" / "default.toml")
    assert config.base_values() is not None


def test_every_kind_of_parameter(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
base = "base.toml"
folds = 4
[space.features]
fold_digits = { choices = [true, false] }
[space.model]
C = { low = 0.1, high = 1, log = true }
mix = { low = 0, high = 1 }
min_df = { low = 1, high = 3 }
class_weight = { choices = ["none", "balanced"] }
""",
    )
    config = read_search_config(path, ["seed=7"])
    assert (config.name, config.folds, config.base.seed) == ("searched", 4, 7)
    assert config.base.data.corpus == tmp_path / "c"
    assert {parameter.key: str(parameter.distribution()) for parameter in config.space} == {
        "features.fold_digits": "CategoricalDistribution(choices=(True, False))",
        "model.C": "FloatDistribution(high=1.0, log=True, low=0.1, step=None)",
        "model.mix": "FloatDistribution(high=1.0, log=False, low=0.0, step=None)",
        "model.min_df": "IntDistribution(high=3, log=False, low=1, step=1)",
        "model.class_weight": "CategoricalDistribution(choices=('none', 'balanced'))",
    }


def test_values_replace_those_of_the_base_and_are_rounded(tmp_path: Path) -> None:
    config = read_search_config(write(tmp_path, 'base = "base.toml"\nspace.model.C = { low = 0.1, high = 1 }'))
    changed = config.training_config({"model.C": 0.123456, "features.word_ngrams": 1})
    assert (changed.model.C, changed.features.word_ngrams, changed.name) == (0.1235, 1, "searched")
    assert changed.model.mix == config.base.model.mix
    assert config.rounded({"model.C": 0.123456, "model.min_df": 12345}) == {"model.C": 0.1235, "model.min_df": 12345}


@pytest.mark.parametrize(("entry", "holds"), [("{ low = 0.1, high = 1 }", True), ("{ low = 0.5, high = 1 }", False)])
def test_the_base_may_lie_outside_the_space(tmp_path: Path, entry: str, *, holds: bool) -> None:
    config = read_search_config(write(tmp_path, f'base = "base.toml"\nspace.model.C = {entry}'))
    assert config.base_values() == ({"model.C": 0.3} if holds else None)


def test_what_a_parameter_holds() -> None:
    assert 2 in Parameter("model.min_df", low=1, high=2)
    assert 3 not in Parameter("model.min_df", low=1, high=2)
    assert "none" in Parameter("model.class_weight", choices=("none",))
    assert "balanced" not in Parameter("model.class_weight", choices=("none",))
    assert "balanced" not in Parameter("model.C", low=0.1, high=2.0)


def test_everything_but_the_folds_of_training_can_be_searched() -> None:
    keys = {key for key in config_keys() if key.startswith(("features.", "model."))}
    assert set(searchable_keys()) == keys - {"model.n_folds"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "base is missing"),
        ('base = "base.toml"', "space is missing"),
        ('base = "base.toml"\nspace = 1', "space is not a table"),
        ('base = "base.toml"\n[space]', "the space is empty. Settings that can be: features.word_ngrams, "),
        ('base = "base.toml"\nspace.model = 1', "space.model is not a table"),
        ('base = "base.toml"\nspace.data = {}', "unknown key 'space.data'. Keys: features, model"),
        ('base = "base.toml"\nspeed = 1', "unknown key 'speed'. Keys: name, base, folds, space"),
        ('base = "base.toml"\nspace.model.c = {low=1, high=2}', "space.model.c cannot be searched. Settings that can"),
        ('base = "base.toml"\nspace.model.n_folds = {low=2, high=3}', "space.model.n_folds cannot be searched"),
        ('base = "base.toml"\nspace.model.C = 1', "space.model.C: neither a range nor a list"),
        ('base = "base.toml"\nspace.model.C = {}', "space.model.C: neither a range nor a list"),
        ('base = "base.toml"\nspace.model.C = {low=1, choices=[1.0]}', "neither a range nor a list"),
        ('base = "base.toml"\nspace.model.C = {choices=[]}', "choices is not a list of values"),
        ('base = "base.toml"\nspace.model.C = {choices=[[1]]}', "choices is not a list of values"),
        ('base = "base.toml"\nspace.model.C = {choices=[1.0], log=true}', "unknown key 'space.model.C.log'"),
        ('base = "base.toml"\nspace.model.C = {low=1, high=2, step=1}', "Keys: low, high, log"),
        ('base = "base.toml"\nspace.model.C = {low=1}', "high is not a number"),
        ('base = "base.toml"\nspace.model.C = {low=true, high=2}', "low is not a number"),
        ('base = "base.toml"\nspace.model.min_df = {low=1, high=2.5}', "high is not a whole number"),
        ('base = "base.toml"\nspace.model.C = {low=1, high=2, log=1}', "log is not true or false"),
        ('base = "base.toml"\nspace.model.C = {low=2, high=1}', "space.model.C: not a range"),
        ('base = "base.toml"\nspace.model.C = {low=nan, high=1}', "space.model.C: not a range"),
        ('base = "base.toml"\nspace.model.C = {low=1, high=inf}', "space.model.C: not a range"),
        ('base = "base.toml"\nspace.model.mix = {low=0, high=1, log=true}', "space.model.mix: not a range"),
        ('base = "base.toml"\nspace.model.threshold = {low=0, high=1}', "space.model.threshold: has no range"),
        ('base = "base.toml"\nspace.features.fold_digits = {low=0, high=1}', "fold_digits: has no range"),
        ('base = "base.toml"\nname = "../x"\nspace.model.C = {low=1, high=2}', "name has a wrong value"),
        ("base = 1\nspace.model.C = {low=1, high=2}", "base has a wrong value"),
        ('base = "base.toml"\nfolds = 1\nspace.model.C = {low=1, high=2}', "folds has a wrong value"),
        ('base = "base.toml"\nfolds = true\nspace.model.C = {low=1, high=2}', "folds has a wrong value"),
        ('base = "none.toml"\nspace.model.C = {low=1, high=2}', "none.toml: not a file"),
        ("base = ", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_search_config(write(tmp_path, text))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("model.C = {low=0.1, high=1e9}", "space.model.C: out of range. Give a number from"),
        ("model.mix = {choices=[0.5, 1.5]}", "space.model.mix: out of range"),
        ('model.mix = {choices=["much"]}', "space.model.mix: a value of the wrong kind"),
        ("model.min_df = {choices=[2, true]}", "space.model.min_df: a value of the wrong kind"),
        ('model.threshold = {choices=["f1", "f2"]}', "space.model.threshold: unknown objective"),
        ("features.word_ngrams = {low=1, high=3}", "space.features.word_ngrams: out of range"),
    ],
)
def test_values_that_training_refuses_are_found_before_the_search(
    tmp_path: Path, codebook: Codebook, entry: str, message: str
) -> None:
    config = read_search_config(write(tmp_path, f'base = "base.toml"\nspace.{entry}'))
    with pytest.raises(ConfigError) as caught:
        config.check(codebook)
    assert message in str(caught.value)


@given(
    description=st.text(st.characters(exclude_categories=["Cs"])),
    word_weight=st.floats(0, 100),
    folder=st.sampled_from(["models", "models/deep", "."]),
    experiment=st.sampled_from(["fazhi", "法治"]),
)
def test_a_written_configuration_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, description: str, word_weight: float, folder: str, experiment: str
) -> None:
    root = tmp_path_factory.getbasetemp() / "written"
    path = root / folder / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig.model_validate(
        {
            "name": "written",
            "data": {"corpus": root / "data" / "语料 1", "codebook": root / "book.toml", "description": description},
            "model": {"word_weight": word_weight, "C": 1e-05},
            "tracking": {"experiment": experiment},
        }
    )
    path.write_text(config_toml(config, path.parent), encoding="utf-8", newline="\n")
    assert str(root) not in path.read_text(encoding="utf-8")
    read = read_config(path)
    assert read.model_copy(update={"data": config.data}) == config
    assert read.data.description == description
    assert read.data.corpus.resolve() == config.data.corpus
    assert read.data.splits is None
