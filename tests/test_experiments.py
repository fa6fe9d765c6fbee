"""The experiments: what they recorded is consistent, and the runner does what the product does."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.errors import ConfigError
from fazhi_ml.features.counts import TermExtractor, learn_vocabulary
from fazhi_ml.features.tokenizer import Tokenizer
from fazhi_ml.features.vocabulary import FeatureSettings
from fazhi_ml.labels import Corpus, Splits
from fazhi_ml.training.metrics import score
from tests.conftest import ROOT, pairs

# A script's folder is on the path when it runs; here it has to be put there.
sys.path.insert(0, str(ROOT / "experiments"))

import run as runner_script
from runner.crossval import Data, Laboratory, read_data
from runner.decisions import CALIBRATIONS, Outcome
from runner.learners import LEARNERS
from runner.measures import MEASURES, compare, measure_by_theme, measure_once
from runner.noise import confident_errors, contradictions
from runner.results import fill_readme, render_audit, render_table
from runner.settings import Settings, find_experiment, read_experiment

FOLDERS = sorted(path.parent for path in (ROOT / "experiments").glob("*/config.toml"))
NAMES = [folder.name for folder in FOLDERS]

each_experiment = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)


def read_result(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return result


def silent(_: str) -> None:
    """Report no progress."""


@pytest.fixture(scope="module")
def baseline() -> Settings:
    experiment = read_experiment(find_experiment(ROOT / "experiments", "001"))
    return experiment.variants[experiment.baseline]


@pytest.fixture(scope="module")
def data(corpus: Corpus) -> Data:
    """Items of 12 training reports, every other one of the harder half; two of them play the real reports."""
    labelled = corpus.labelled_texts()
    training = Splits.read(ROOT / "data" / "splits.toml", corpus).train
    chosen = training[2:60:10] + training[60::8]
    return Data(
        labelled.in_groups(chosen),
        labelled.in_groups(training[-2:]),
        corpus.hash,
        (("放管服", 1000),),
        frozenset({"的", "加强"}),
    )


@pytest.fixture(scope="module")
def laboratory(data: Data) -> Laboratory:
    return Laboratory(data, silent)


def test_there_are_experiments() -> None:
    numbers = [int(name[:3]) for name in NAMES]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 13


@each_experiment
def test_the_result_is_that_of_the_config(folder: Path) -> None:
    experiment, result = read_experiment(folder), read_result(folder)
    assert result["question"] == experiment.question
    assert result["baseline"] == experiment.baseline
    assert result["protocol"]["seeds"] == list(experiment.seeds)
    assert len(experiment.seeds) >= 4
    assert list(result["variants"]) == list(experiment.variants)
    settings = asdict(experiment.variants[experiment.baseline])
    for name, variant in result["variants"].items():
        assert settings | variant["settings"] == asdict(experiment.variants[name])


@each_experiment
def test_every_variant_differs_from_the_others(folder: Path) -> None:
    variants = read_experiment(folder).variants
    assert len(set(variants.values())) == len(variants) > 1


@each_experiment
def test_the_readme_shows_the_result(folder: Path) -> None:
    page, result = (folder / "README.md").read_text(encoding="utf-8"), read_result(folder)
    assert page.startswith(f"# {folder.name[:3]} {result['question']}\n")
    assert render_table(result) in page
    value = result["variants"][result["baseline"]]["measures"]["macro_f1"]["value"]
    assert f"| **{result['baseline']}** | {100 * value:.2f} [" in page
    _, _, verdict = page.partition("\n## Verdict\n")
    assert 5 <= len(verdict.strip().split("\n")) <= 30
    if "suspects" in result:
        assert render_audit(result["suspects"]) in page


def test_the_index_lists_all_experiments_newest_first() -> None:
    page = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{3})\]\(([^)]+)/README\.md\) \| ([^|]+) \|", page, flags=re.MULTILINE)
    assert [folder for _, folder, _ in rows] == NAMES[::-1]
    for number, folder, question in rows:
        assert folder.startswith(f"{number}-")
        assert question.strip() == read_result(ROOT / "experiments" / folder)["question"]


def test_reliability_diagrams_are_small_and_all_there() -> None:
    drawn = [folder for folder in FOLDERS if read_experiment(folder).reliability]
    assert drawn
    for folder in drawn:
        pictures = list(folder.glob("reliability-*.png"))
        assert len(pictures) == len(read_result(folder)["variants"])
        assert all(picture.stat().st_size <= 200_000 for picture in pictures)
        page = (folder / "README.md").read_text(encoding="utf-8")
        assert all(f"]({picture.name})" in page for picture in pictures)


def test_suspects_are_places_not_text() -> None:
    audits = [result["suspects"] for result in map(read_result, FOLDERS) if "suspects" in result]
    assert audits
    for suspects in audits:
        assert suspects
        for suspect in suspects:
            assert set(suspect) == {"source", "theme", "labelled", "probability", "confident"}
            assert re.fullmatch(r"r\d{3}\.txt:\d+", suspect["source"])


def test_experiments_see_the_training_reports_alone(corpus: Corpus) -> None:
    splits = Splits.read(ROOT / "data" / "splits.toml", corpus)
    read = read_data(ROOT, None)
    assert set(read.train.groups) == set(splits.train)
    assert read.real is None
    assert {"的", "进一步"} <= read.stop_words
    assert not any(word.startswith("#") for word in read.stop_words)


def test_the_baseline_is_the_product(laboratory: Laboratory, data: Data, baseline: Settings) -> None:
    classifier = ThemeClassifier(
        themes=data.train.codebook.ids,
        min_sentence=baseline.min_sentence,
        char_weight=baseline.char_weight,
        mix=baseline.mix,
        C=baseline.C,
        random_state=3,
    ).fit(pairs(data.train), data.train.labels, data.train.groups)
    outcome = laboratory.run(baseline, 3)
    np.testing.assert_allclose(outcome.probabilities, classifier.out_of_fold_.probabilities, atol=1e-6)
    assert (outcome.decisions == classifier.out_of_fold_.decisions).all()
    of_real = laboratory.run_real(baseline, 3)
    assert of_real is not None
    assert data.real is not None
    np.testing.assert_allclose(of_real.probabilities, classifier.predict_proba(pairs(data.real)), atol=1e-5)
    bare = classifier.predict(list(data.real.texts))
    assert (of_real.bare_decisions == bare).all()


def test_without_real_reports_nothing_is_said_of_them(data: Data, baseline: Settings) -> None:
    assert Laboratory(replace(data, real=None), silent).run_real(baseline, 0) is None


@pytest.mark.parametrize("learner", LEARNERS)
def test_learners_learn(laboratory: Laboratory, data: Data, baseline: Settings, learner: str) -> None:
    outcome = laboratory.run(replace(baseline, learner=learner), 0)
    value = measure_once(MEASURES["macro_f1"], outcome, data.train)
    assert value is not None
    assert 0.6 < value < 1


@pytest.mark.parametrize("calibration", CALIBRATIONS)
def test_calibrations_keep_the_order_of_scores(calibration: str, data: Data) -> None:
    labels = data.train.labels
    scores = (labels + np.random.default_rng(0).normal(size=labels.shape)).astype(np.float32)
    probabilities = CALIBRATIONS[calibration](scores, labels)(scores)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    for theme in range(labels.shape[1]):
        ordered = probabilities[np.argsort(scores[:, theme]), theme]
        assert (np.diff(ordered) >= 0).all()


def test_fixed_thresholds_cut_where_they_are_put(laboratory: Laboratory, baseline: Settings) -> None:
    outcome = laboratory.run(replace(baseline, threshold="fixed:0.3"), 0)
    assert (outcome.decisions == (outcome.probabilities >= 0.3)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"reports": 3},
        {"noise": "drop"},
        {"noise": "flip"},
        {"noise": "drop_contradicted"},
        {"stop_words": "words"},
        {"user_dictionary": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_only_experiments_can_vary_has_an_effect(
    laboratory: Laboratory, baseline: Settings, change: dict[str, Any]
) -> None:
    varied, plain = laboratory.run(replace(baseline, **change), 0), laboratory.run(baseline, 0)
    assert (varied.probabilities != plain.probabilities).any()


def test_stop_words_leave_the_word_blocks(data: Data) -> None:
    from runner.crossval import _without_stop_words

    features, tokenizer = FeatureSettings(), Tokenizer()
    vocabulary = learn_vocabulary(data.train.texts, data.train.headings, features, tokenizer)
    words = _without_stop_words(vocabulary, frozenset({"的"}), pairs_too=False)
    terms = _without_stop_words(vocabulary, frozenset({"的"}), pairs_too=True)
    assert "的" in vocabulary.tokens
    assert "的" not in terms.tokens
    assert len(terms.words) < len(words.words) == len(vocabulary.words) - 1
    assert (terms.characters == vocabulary.characters).all()
    counts = TermExtractor(features, tokenizer, terms).counts(data.train.texts[:5], data.train.headings[:5])
    assert counts.n_texts == 5


def test_measures_agree_with_those_of_training(laboratory: Laboratory, data: Data, baseline: Settings) -> None:
    outcome, labelled = laboratory.run(baseline, 0), data.train
    themes = labelled.codebook.ids
    figures = score(labelled.labels, outcome.decisions, outcome.probabilities, themes=themes, groups=labelled.groups)
    assert figures.macro_f1 == pytest.approx(measure_once(MEASURES["macro_f1"], outcome, labelled), abs=1e-5)
    assert figures.accuracy == pytest.approx(measure_once(MEASURES["exact"], outcome, labelled), abs=1e-5)
    for name, attribute in (("precision", "precision"), ("recall", "recall"), ("brier", "brier"), ("ece", "ece")):
        expected = [getattr(figures.themes[theme], attribute) for theme in themes]
        assert expected == pytest.approx(measure_by_theme(MEASURES[name], [outcome], labelled), abs=1e-5)


def test_slices_leave_out_the_other_texts(laboratory: Laboratory, data: Data, baseline: Settings) -> None:
    outcome, labelled = laboratory.run(baseline, 0), data.train
    chosen = {
        "harder": np.array([group >= "r061" for group in labelled.groups]),
        "several": (labelled.labels == 1).sum(axis=1) >= 2,
    }
    for name, texts in chosen.items():
        assert 0 < texts.sum() < len(texts)
        part = Outcome(outcome.probabilities[texts], outcome.decisions[texts], outcome.bare_decisions[texts])
        assert measure_once(MEASURES[name], outcome, labelled) == measure_once(
            MEASURES["macro_f1"], part, labelled.select(texts)
        )


def test_the_comparison_is_paired(laboratory: Laboratory, data: Data, baseline: Settings) -> None:
    plain = [laboratory.run(baseline, seed) for seed in (0, 1)]
    better = [replace(outcome, decisions=data.train.labels == 1) for outcome in plain]
    figures = compare({"plain": plain, "same": plain, "better": better}, "plain", data.train)
    for measure in figures["same"].values():
        assert measure["difference"] == 0
        assert measure["difference_interval"] == [0, 0]
    best = figures["better"]["macro_f1"]
    assert best["value"] == 1
    assert best["difference"] == pytest.approx(1 - figures["plain"]["macro_f1"]["value"], abs=2e-5)
    low, high = best["difference_interval"]
    assert 0 < low < best["difference"] < high
    assert figures["better"]["bare"]["difference"] == 0
    assert "difference" not in figures["plain"]["macro_f1"]


def test_confident_errors_are_labels_that_both_classes_contradict() -> None:
    labels = np.array([[1], [1], [1], [0], [0], [0], [-1]], dtype=np.int8)
    probabilities = np.array([[0.9], [0.8], [0.02], [0.1], [0.2], [0.97], [0.99]])
    assert confident_errors(probabilities, labels)[:, 0].tolist() == [False, False, True, False, False, True, False]
    assert not confident_errors(probabilities, np.ones_like(labels)).any()
    assert contradictions(probabilities, labels)[:, 0] == pytest.approx([0.1, 0.2, 0.98, 0.1, 0.2, 0.97, 0])


@pytest.fixture
def small_experiment(tmp_path: Path) -> Path:
    folder = tmp_path / "901-small"
    folder.mkdir()
    config = (FOLDERS[0] / "config.toml").read_text(encoding="utf-8")
    general, _, rest = config.partition("[settings]")
    settings, _, _ = rest.partition("[variants")
    general = re.sub(r"^seeds = .*$", "seeds = [0, 1]\nreliability = true\naudit = true", general, flags=re.MULTILINE)
    variants = '[variants."mix 0"]\nmix = 0.0\n'
    (folder / "config.toml").write_text(f"{general}[settings]{settings}{variants}", encoding="utf-8")
    (folder / "README.md").write_text(
        "# Small\n\n<!-- results --><!-- /results -->\n<!-- suspects --><!-- /suspects -->\n\nEnd.\n", encoding="utf-8"
    )
    return folder


def test_the_runner_writes_the_same_files_twice(small_experiment: Path, data: Data) -> None:
    announced: list[str] = []
    written = []
    for _ in range(2):
        experiment = read_experiment(small_experiment)
        table = runner_script.run_experiment(experiment, Laboratory(data, silent), announced.append)
        written.append({path.name: path.read_bytes() for path in small_experiment.iterdir()})
        assert table in (small_experiment / "README.md").read_text(encoding="utf-8")
    assert written[0] == written[1]
    assert set(written[0]) == {
        "config.toml",
        "README.md",
        "result.json",
        "reliability-mix-0.png",
        "reliability-words-2,-characters-3.png",
    }
    assert announced == ["words 2, characters 3", "mix 0"] * 2
    result = read_result(small_experiment)
    assert result["corpus"]["training_reports"] == len(set(data.train.groups))
    assert result["variants"]["mix 0"]["settings"] == {"mix": 0.0}
    assert 0.5 < result["variants"]["mix 0"]["real"]["macro_f1"] <= 1


def test_text_around_the_generated_parts_stays(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- results -->\nold\n<!-- /results -->\nafter\n", encoding="utf-8")
    fill_readme(readme, {"results": "new"})
    assert readme.read_text(encoding="utf-8") == "before\n<!-- results -->\nnew\n<!-- /results -->\nafter\n"
    with pytest.raises(ConfigError, match="no place for the suspects"):
        fill_readme(readme, {"suspects": "new"})


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda text: text.replace("[settings]", "[settings]\nunknown = 1"), "unknown key 'unknown'"),
        (lambda text: re.sub(r"^C = .*$", "", text, flags=re.MULTILINE), "'C' is missing"),
        (lambda text: text + "\n[variants.wrong]\nunknown = 1\n", "unknown key 'unknown'"),
        (lambda text: re.sub(r"^question = .*$", "", text, flags=re.MULTILINE), "'question' is missing"),
    ],
)
def test_a_config_with_wrong_keys_is_refused(tmp_path: Path, change: Callable[[str], str], cause: str) -> None:
    config = (FOLDERS[0] / "config.toml").read_text(encoding="utf-8")
    (tmp_path / "config.toml").write_text(change(config), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(cause)):
        read_experiment(tmp_path)


@pytest.mark.parametrize(
    ("known", "unknown", "key"),
    [
        ('learner = "linear_svc"', 'learner = "forest"', "learner"),
        ('noise = "keep"', 'noise = "dorp"', "noise"),
        ('columns = ["macro_f1"', 'columns = ["macro_f2"', "columns"),
    ],
)
def test_unknown_choices_are_refused_before_anything_is_run(
    small_experiment: Path, data: Data, known: str, unknown: str, key: str
) -> None:
    config = (small_experiment / "config.toml").read_text(encoding="utf-8")
    assert known in config
    (small_experiment / "config.toml").write_text(config.replace(known, unknown), encoding="utf-8")
    announced: list[str] = []
    with pytest.raises(ConfigError, match=f"unknown value of {key}"):
        runner_script.run_experiment(read_experiment(small_experiment), Laboratory(data, silent), announced.append)
    assert announced == []


def test_an_unknown_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        runner_script.main(["000"])
    assert "000: 0 experiments have this number" in capsys.readouterr().err
