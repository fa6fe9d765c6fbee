"""The search for better settings: Optuna proposes, grouped cross-validation on the training reports judges.

A trial is scored fold by fold and given up when it falls behind (asynchronous successive halving), so most trials cost
one fold. The frozen test split is never looked at before the best settings are trained.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fazhi_ml.errors import FazhiError, InputError, OutputError
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.run import TrainingRun, run_training
from fazhi_ml.training.search_folds import open_executor
from fazhi_ml.training.search_metric import Metric, parse_metric
from fazhi_ml.training.search_space import SearchConfig, Value, config_toml
from fazhi_ml.training.search_trials import SearchData, TrialLoop, TrialReport
from fazhi_ml.training.study import has_finished, locked_study, open_study
from fazhi_ml.training.tracking import Store, TrackedRun, open_store
from fazhi_ml.training.train import Progress

if TYPE_CHECKING:
    import optuna

__all__ = ["SearchResult", "TrialReport", "search"]


@dataclass(frozen=True)
class SearchResult:
    """What a search found and left behind.

    Attributes
    ----------
    metric : str
    best_number : int
    best_value : float
        The metric by cross-validation; a little too good, as the best of many.
    best_values : mapping of str to value
        The searched settings of the best trial.
    base_value : float or None
        The metric of the base configuration, None when it lies outside the space.
    n_trials, n_pruned : int
    config : TrainingConfig
        The best settings.
    training : TrainingRun
        The model trained with them.
    config_path, study_path : pathlib.Path
        Their file, and the study to go on with.
    run_id : str or None
        The MLflow run that the trials are nested under.
    """

    metric: str
    best_number: int
    best_value: float
    best_values: Mapping[str, Value]
    base_value: float | None
    n_trials: int
    n_pruned: int
    config: TrainingConfig
    training: TrainingRun
    config_path: Path
    study_path: Path
    run_id: str | None


def search(
    config: SearchConfig,
    output: Path,
    *,
    metric: str = "macro_f1",
    budget: float | None = None,
    n_trials: int | None = None,
    n_workers: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    tracked: bool = True,
    progress: Progress = lambda _: None,
    on_trial: Callable[[TrialReport], None] = lambda _: None,
) -> SearchResult:
    """Search for better settings, train the best, and write the model, its configuration and the study.

    Parameters
    ----------
    config : SearchConfig
    output : pathlib.Path
        Folder of the bundle. Beside it come ``<name>.toml``, the configuration, and ``<name>.study.log``, the study.
    metric : str
        See `fazhi_ml.training.search_metric.parse_metric`.
    budget : float, optional
        Seconds for everything, the training of the best settings included; at least one trial is finished.
    n_trials : int, optional
        Trials in all, those of an earlier search that this one goes on with among them. `budget` or this is needed;
        with both the search ends with the first that is reached.
    n_workers : int
        Processes that score folds. With one, which is a thread of this process, the same seed gives the same trials
        (as long as no budget ends them). More need a main module that can be imported, as `multiprocessing` does.
    resume : bool
        Whether to go on with an earlier study.
    overwrite : bool
        Whether to replace a bundle and a configuration that are there, and unless `resume` a study.
    tracked : bool
        Whether to log the search to the MLflow store that the base configuration names, each trial as a nested run.
    progress : callable
        Called with the name of each stage when it begins.
    on_trial : callable
        Called after each trial.

    Returns
    -------
    SearchResult

    Raises
    ------
    InputError
        There is neither a budget nor a number of trials, or one is not positive.
    ConfigError
        The metric, a theme or a setting is unknown or out of range, or the study is of another search.
    OutputError
        Something is there already, or there is no study to go on with, or another process uses it.
    FazhiError
        As in `fazhi_ml.training.run.run_training`; or a worker process died.
    """
    started = time.monotonic()
    _check_limits(budget, n_trials, n_workers)
    files = _Files(output)
    files.check(resume=resume, overwrite=overwrite)
    progress("Reading the corpus")
    data = SearchData.read(config.base)
    chosen = parse_metric(metric, data.codebook)
    config.check(data.codebook)
    with ExitStack() as stack:
        stack.enter_context(locked_study(files.study))
        if not resume:
            files.study.unlink(missing_ok=True)
        study = open_study(files.study, config, _facts(config, chosen, data))
        executor = stack.enter_context(_opened(n_workers))
        tracker = stack.enter_context(_Tracker.opened(study, config, chosen, progress)) if tracked else None
        progress("Searching")

        def on_finished(report: TrialReport) -> None:
            if tracker is not None:
                tracker.log_trial(report)
            on_trial(report)

        TrialLoop(study, config, chosen, data, executor, n_workers, on_finished, started, budget, n_trials).run()
        best = study.best_trial
        progress("Training the best settings")
        best_config = config.training_config(best.params)
        training = run_training(best_config, output, overwrite=overwrite, tracked=tracked, progress=progress)
        files.write_config(best_config)
        trials = [trial for trial in study.trials if has_finished(trial)]
        result = SearchResult(
            metric=metric,
            best_number=best.number,
            best_value=float(best.value or 0.0),
            best_values=config.rounded(best.params),
            base_value=next((trial.value for trial in trials if trial.user_attrs.get("base")), None),
            n_trials=len(trials),
            n_pruned=sum(trial.state.name == "PRUNED" for trial in trials),
            config=best_config,
            training=training,
            config_path=files.config,
            study_path=files.study,
            run_id=None if tracker is None else tracker.run.id,
        )
        if tracker is not None:
            tracker.conclude(result)
        return result


def _check_limits(budget: float | None, n_trials: int | None, n_workers: int) -> None:
    if budget is None and n_trials is None:
        raise InputError("no limit", source="search", remedy="Give a budget or a number of trials.")
    for name, limit in (("budget", budget), ("n_trials", n_trials), ("n_workers", n_workers)):
        if limit is not None and not limit > 0:
            raise InputError("not positive", source=name, remedy="Give a number above zero.")


@dataclass(frozen=True)
class _Files:
    """Where things are written."""

    bundle: Path

    @property
    def config(self) -> Path:
        return self.bundle.with_name(f"{self.bundle.name}.toml")

    @property
    def study(self) -> Path:
        return self.bundle.with_name(f"{self.bundle.name}.study.log")

    def check(self, *, resume: bool, overwrite: bool) -> None:
        """Refuse at once what would be refused at the end, and make the folder."""
        for path in (self.bundle, self.config):
            if path.exists() and not overwrite:
                raise OutputError("exists already", source=path, remedy="Choose another --output, or add --force.")
        if resume and not self.study.is_file():
            raise OutputError("there is no study to go on with", source=self.study, remedy="Leave out --resume.")
        if self.study.exists() and not (resume or overwrite):
            raise OutputError(
                "there is the study of an earlier search",
                source=self.study,
                remedy="Go on with it (--resume), or start anew (--force).",
            )
        try:
            self.bundle.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be made ({error.strerror})", source=self.bundle.parent, remedy="Check its permissions."
            ) from error

    def write_config(self, config: TrainingConfig) -> None:
        """Write the configuration, complete or not at all."""
        temporary = self.config.with_name(f".{self.config.name}.tmp")
        try:
            temporary.write_text(config_toml(config, self.config.parent), encoding="utf-8", newline="\n")
            temporary.replace(self.config)
        except OSError as error:
            raise OutputError(
                f"cannot be written ({error.strerror})", source=self.config, remedy="Check its permissions."
            ) from error


def _facts(config: SearchConfig, metric: Metric, data: SearchData) -> dict[str, Any]:
    """Return what must be the same for trials to be comparable, as JSON values."""
    reports = "\n".join(dict.fromkeys(data.texts.groups))
    return {
        "metric": metric.name,
        "folds": config.folds,
        "space": {parameter.key: parameter.to_dict() for parameter in config.space},
        "base": config.base.settings(),
        "codebook": data.codebook.hash,
        "corpus": data.corpus_hash,
        "training reports": hashlib.sha256(reports.encode()).hexdigest(),
        "user dictionary": hashlib.sha256(repr(data.user_words).encode()).hexdigest(),
    }


@contextmanager
def _opened(n_workers: int) -> Iterator[Executor]:
    with open_executor(n_workers) as executor:
        try:
            # Workers start up while the tracking store is opened.
            for _ in range(n_workers):
                executor.submit(time.monotonic)
            yield executor
        except BrokenProcessPool as error:
            raise FazhiError(
                "a worker process died",
                source="fazhi search",
                remedy="If memory was short use --workers 1; go on with --resume.",
            ) from error
        finally:
            executor.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Tracker:
    """Logs a search to MLflow: a run, and one nested under it for each trial and for the final training."""

    store: Store
    run: TrackedRun
    metric: Metric

    @classmethod
    @contextmanager
    def opened(
        cls, study: optuna.Study, config: SearchConfig, metric: Metric, progress: Progress
    ) -> Iterator[_Tracker]:
        progress("Opening the tracking store")
        store = open_store(config.base.tracking.uri, config.base.tracking.experiment)
        with store.run(f"{config.name} (search)", resumed=study.user_attrs.get("run_id")) as run:
            study.set_user_attr("run_id", run.id)
            space = {f"space.{parameter.key}": json.dumps(parameter.to_dict()) for parameter in config.space}
            run.log(params={"metric": metric.name, "folds": str(config.folds), **space})
            yield cls(store, run, metric)

    def log_trial(self, report: TrialReport) -> None:
        with self.store.run(f"trial {report.number}", parent=self.run.id) as run:
            run.log(
                params={key: str(value) for key, value in report.values.items()},
                metrics={self.metric.key: report.value, "folds": report.n_folds, "seconds": report.seconds},
                tags={"fazhi.trial": "pruned" if report.pruned else "complete"},
            )

    def conclude(self, result: SearchResult) -> None:
        if result.training.run_id is not None:
            TrackedRun(result.training.run_id, self.store.client).log(tags={"mlflow.parentRunId": self.run.id})
        self.run.log(
            metrics={self.metric.key: result.best_value, "trials": result.n_trials, "pruned": result.n_pruned},
            tags={"fazhi.best_trial": str(result.best_number), "fazhi.bundle_id": result.training.result.bundle.id},
        )
