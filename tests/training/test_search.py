from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.classifier.estimator import ThemeClassifier
from fazhi_ml.errors import ConfigError, FazhiError, InputError, OutputError
from fazhi_ml.training import search as search_module
from fazhi_ml.training import search_folds
from fazhi_ml.training.config import TrainingConfig, read_config
from fazhi_ml.training.search import SearchResult, search
from fazhi_ml.training.search_folds import PreparedCache, load_prepared, score_fold
from fazhi_ml.training.search_space import SearchConfig, read_search_config
from fazhi_ml.training.search_trials import SearchData, TrialLoop, TrialReport
from fazhi_ml.training.train import train
from tests.training.conftest import QUIET_MLFLOW

pytestmark = pytest.mark.filterwarnings(QUIET_MLFLOW)

SPACE = """
base = "config.toml"
[space.features]
char_ngrams = { low = 1, high = 2 }
[space.model]
C = { low = 0.0001, high = 1.0, log = true }
mix = { low = 0.0, high = 1.0 }
"""
N_TRIALS = 8


@pytest.fixture(scope="session")
def space(project: Path) -> SearchConfig:
    (project / "search.toml").write_text(SPACE)
    return read_search_config(project / "search.toml", ["features.char_ngrams=2"])


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "models" / "best"


@pytest.fixture(scope="module")
def found(space: SearchConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchResult, list[TrialReport]]:
    """A tracked search by one worker, and its trials."""
    folder = tmp_path_factory.mktemp("found")
    return run(tracked(space, folder), folder / "models" / "best", tracked=True)


def run(space: SearchConfig, output: Path, **options: Any) -> tuple[SearchResult, list[TrialReport]]:
    reports: list[TrialReport] = []
    options = {"n_trials": N_TRIALS, "tracked": False, "on_trial": reports.append, **options}
    return search(space, output, **options), reports


def tracked(space: SearchConfig, folder: Path) -> SearchConfig:
    base = space.base.model_dump()
    base["tracking"]["uri"] = f"sqlite:///{folder / 'mlflow.db'}"
    return SearchConfig(space.name, TrainingConfig.model_validate(base), space.folds, space.space, space.source)


def stop_after(count: int) -> Callable[[TrialReport], None]:
    def on_trial(report: TrialReport) -> None:
        if report.n_finished == count:
            raise KeyboardInterrupt

    return on_trial


def outcome(reports: list[TrialReport]) -> list[tuple[object, ...]]:
    return [(report.number, report.value, report.pruned, dict(report.values)) for report in reports]


def test_the_best_settings_are_trained_and_can_be_trained_again(
    found: tuple[SearchResult, list[TrialReport]],
) -> None:
    result, reports = found
    complete = [report for report in reports if not report.pruned]
    best = max(complete, key=lambda report: report.value)
    assert (result.best_number, result.best_value) == (best.number, best.value)
    assert result.best_values == best.values
    assert (result.n_trials, result.n_pruned) == (N_TRIALS, N_TRIALS - len(complete))
    assert result.n_pruned > 0
    bundle = Bundle.load(result.training.output)
    assert bundle.info["config"]["model"]["C"] == result.best_values["model.C"]
    assert bundle.info["name"] == "searched"
    read = read_config(result.config_path)
    assert read.settings() == result.config.settings()
    assert train(read).bundle.id == bundle.id
    assert {path.name for path in result.config_path.parent.iterdir()} == {"best", "best.toml", "best.study.log"}


def test_the_base_is_the_first_trial_and_is_scored_on_all_folds(
    found: tuple[SearchResult, list[TrialReport]], space: SearchConfig
) -> None:
    result, reports = found
    assert reports[0].values == space.base_values()
    assert not reports[0].pruned
    assert result.base_value == reports[0].value
    assert result.best_value >= result.base_value


def test_reports_say_where_the_search_stands(found: tuple[SearchResult, list[TrialReport]]) -> None:
    _, reports = found
    assert [report.n_finished for report in reports] == list(range(1, N_TRIALS + 1))
    best = -1.0
    for report in reports:
        best = max(best, -1.0 if report.pruned else report.value)
        assert report.best_value == best
        assert report.n_folds in ((1, 2) if report.pruned else (3,))
        assert report.seconds_left is None


def test_every_trial_is_a_nested_run(found: tuple[SearchResult, list[TrialReport]], space: SearchConfig) -> None:
    result, reports = found
    client = MlflowClient(result.training.tracking_uri)
    assert result.run_id is not None
    parent = client.get_run(result.run_id)
    assert (parent.info.status, parent.info.run_name) == ("FINISHED", "searched (search)")
    assert parent.data.metrics["macro_f1"] == pytest.approx(result.best_value)
    assert parent.data.tags["fazhi.best_trial"] == str(result.best_number)
    assert json.loads(parent.data.params["space.model.mix"]) == {"low": 0.0, "high": 1.0, "log": False}
    runs = {run.info.run_name: run for run in nested(client, parent)}
    assert set(runs) == {"searched", *(f"trial {report.number}" for report in reports)}
    assert runs["searched"].info.run_id == result.training.run_id
    for report in reports:
        logged = runs[f"trial {report.number}"]
        assert logged.info.status == "FINISHED"
        assert logged.data.metrics["macro_f1"] == pytest.approx(report.value)
        assert logged.data.params == {key: str(value) for key, value in report.values.items()}
        assert logged.data.tags["fazhi.trial"] == ("pruned" if report.pruned else "complete")


def nested(client: MlflowClient, parent: Run) -> list[Run]:
    filter_string = f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    return list(client.search_runs([parent.info.experiment_id], filter_string))


def test_one_worker_and_one_seed_give_the_same_trials(
    found: tuple[SearchResult, list[TrialReport]], space: SearchConfig, output: Path
) -> None:
    _, reports = run(space, output)
    assert outcome(reports) == outcome(found[1])


def test_two_processes_score_the_same_folds(space: SearchConfig, output: Path) -> None:
    result, reports = run(space, output, n_workers=2, n_trials=4)
    assert sorted(report.number for report in reports) == list(range(4))
    assert result.n_trials == 4
    base = next(report for report in reports if report.number == 0)
    alone, _ = run(space, output.with_name("alone"), n_trials=1)
    assert base.value == alone.base_value


def test_an_interrupted_search_goes_on(space: SearchConfig, output: Path, tmp_path: Path) -> None:
    space = tracked(space, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(space, output, tracked=True, on_trial=stop_after(3))
    assert [path.name for path in output.parent.iterdir()] == ["best.study.log"]
    client = MlflowClient(space.base.tracking.uri)
    experiment = client.get_experiment_by_name("fazhi")
    assert experiment is not None
    (parent,) = (run for run in client.search_runs([experiment.experiment_id]) if "(search)" in str(run.info.run_name))
    assert parent.info.status == "KILLED"

    with pytest.raises(OutputError, match=r"Go on with it \(--resume\), or start anew \(--force\)"):
        run(space, output)
    result, reports = run(space, output, tracked=True, resume=True)
    assert [report.n_finished for report in reports] == list(range(4, N_TRIALS + 1))
    assert result.n_trials == N_TRIALS
    assert result.run_id == parent.info.run_id
    assert client.get_run(parent.info.run_id).info.status == "FINISHED"
    assert len(nested(client, parent)) == N_TRIALS + 1
    # The sampler does not begin from its seed again.
    values = [{key: str(value) for key, value in report.values.items()} for report in reports]
    first = [run.data.params for run in nested(client, parent) if run.info.run_name in ("trial 1", "trial 2")]
    assert not any(params in values for params in first)


def test_the_best_so_far_can_be_trained_without_another_trial(space: SearchConfig, output: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(space, output, on_trial=stop_after(3))
    result, reports = run(space, output, resume=True, n_trials=3)
    assert reports == []
    assert result.n_trials == 3


def test_a_trial_that_was_under_way_is_dropped(
    space: SearchConfig, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TrialLoop, "_advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(space, output)
    # As a killed process leaves it: a lock, and an event that was not written to its end.
    output.with_name("best.study.log.lock").touch()
    with output.with_name("best.study.log").open("a") as study:
        study.write('{"op_code": 4, "wor')
    result, reports = run(space, output, resume=True, n_trials=2)
    assert reports[0].values == space.base_values()
    assert result.n_trials == 2
    assert result.base_value is not None


def test_a_study_of_another_search_is_not_gone_on_with(space: SearchConfig, output: Path, project: Path) -> None:
    run(space, output, n_trials=1)
    with pytest.raises(ConfigError, match="the study was made with another: metric, folds"):
        run(
            SearchConfig(space.name, space.base, 2, space.space, space.source),
            output,
            resume=True,
            overwrite=True,
            metric="exact_match",
        )
    other = read_search_config(project / "search.toml", ["features.char_ngrams=2", "model.min_df=1"])
    with pytest.raises(ConfigError, match="another: base"):
        run(other, output, resume=True, overwrite=True)


def test_nothing_is_overwritten_unasked(space: SearchConfig, output: Path) -> None:
    with pytest.raises(OutputError, match="there is no study to go on with"):
        run(space, output, resume=True)
    run(space, output, n_trials=1)
    with pytest.raises(OutputError, match="best: exists already"):
        run(space, output)
    result, reports = run(space, output, n_trials=2, overwrite=True)
    assert [report.number for report in reports] == [0, 1]
    result, reports = run(space, output, n_trials=3, overwrite=True, resume=True)
    assert [report.number for report in reports] == [2]
    assert result.n_trials == 3


def test_a_file_that_is_no_study(space: SearchConfig, output: Path) -> None:
    output.parent.mkdir()
    output.with_name("best.study.log").write_text("no study\n")
    with pytest.raises(OutputError, match=r"best\.study\.log: not the study of a search"):
        run(space, output, resume=True)


def test_a_study_serves_one_search_at_a_time(space: SearchConfig, output: Path) -> None:
    def on_trial(report: TrialReport) -> None:
        run(space, output, resume=True)

    with pytest.raises(OutputError, match="another search uses this study"):
        run(space, output, on_trial=on_trial)
    run(space, output, resume=True)


def test_a_budget_ends_a_search_but_not_before_its_first_trial(space: SearchConfig, output: Path) -> None:
    result, reports = run(space, output, n_trials=None, budget=0.001)
    assert result.n_trials == len(reports) == 1
    assert reports[0].seconds_left is not None
    assert reports[0].seconds_left < 0


def test_a_base_outside_the_space_is_not_tried(space: SearchConfig, output: Path) -> None:
    base = space.base.model_copy(update={"model": space.base.model.model_copy(update={"C": 5.0})})
    result, _ = run(SearchConfig("x", base, 2, space.space, space.source), output, n_trials=2)
    assert result.base_value is None


@pytest.mark.parametrize("limits", [{"n_trials": None}, {"n_trials": 0}, {"budget": float("nan")}, {"n_workers": 0}])
def test_limits_are_positive(space: SearchConfig, output: Path, limits: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        run(space, output, **limits)
    assert not output.parent.exists()


def test_what_is_unknown_leaves_no_study(space: SearchConfig, output: Path) -> None:
    with pytest.raises(ConfigError, match=r"Themes: business_environment, .*legal_publicity"):
        run(space, output, metric="precision@recall:0.9:none")
    assert list(output.parent.iterdir()) == []


def test_a_worker_that_dies_is_reported(space: SearchConfig, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenProcessPool

    monkeypatch.setattr(search_module, "open_executor", Dying)
    with pytest.raises(FazhiError, match=r"a worker process died\. If memory was short use --workers 1"):
        run(space, output)


def test_the_frozen_test_split_is_not_looked_at(space: SearchConfig) -> None:
    assert set(SearchData.read(space.base).texts.groups) == {f"r00{number}" for number in range(2, 8)}
    without = space.base.model_copy(update={"data": space.base.data.model_copy(update={"splits": None})})
    assert len(set(SearchData.read(without).texts.groups)) == 8


def test_texts_are_counted_once_for_each_feature_setting(
    space: SearchConfig, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: Counter[int] = Counter()
    prepare = ThemeClassifier.prepare_texts

    def counting(self: ThemeClassifier, *arguments: Any) -> Any:
        counted[self.char_ngrams] += 1
        return prepare(self, *arguments)

    monkeypatch.setattr(ThemeClassifier, "prepare_texts", counting)
    run(space, output)
    # And once for the final training.
    assert sorted(counted) == [1, 2]
    assert sorted(counted.values()) == [1, 2]


@pytest.fixture
def cache(space: SearchConfig, tmp_path: Path) -> Iterator[PreparedCache]:
    texts = SearchData.read(space.base).texts
    yield PreparedCache(
        tmp_path, list(zip(texts.texts, texts.headings, strict=True)), texts.labels, np.array(texts.groups)
    )
    load_prepared.cache_clear()


def test_only_some_counts_are_kept(cache: PreparedCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_folds, "_MAX_PREPARED", 2)
    one, two, three = (ThemeClassifier(word_ngrams=1, char_ngrams=1, min_sentence=length) for length in (5, 6, 7))
    first, second = cache.path(one), cache.path(two)
    assert cache.path(one) == first
    third = cache.path(three)
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)
    again = cache.path(two, in_use=[first, third])
    assert all(path.exists() for path in (first, third, again))


def test_rough_fits_score_as_exact_ones_do(cache: PreparedCache) -> None:
    classifier = ThemeClassifier(n_folds=3)
    path = cache.path(classifier)
    scores, seconds = score_fold(classifier, path, 1)
    exact = classifier.held_out_scores(load_prepared(path), 1)
    assert seconds > 0
    assert scores.shape == exact.shape
    np.testing.assert_allclose(scores, exact, atol=0.05)
    assert isinstance(load_prepared(path).counts.words.wholes.data, np.memmap)
