"""One training from end to end: train, record the run in MLflow, write the bundle."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fazhi_ml.errors import OutputError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.choose import CANDIDATES
from fazhi_ml.training.config import TrainingConfig
from fazhi_ml.training.dataset_card import render_dataset_card
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.figures import confusion_figure, precision_recall_figure, reliability_figure
from fazhi_ml.training.mistakes import worst_errors
from fazhi_ml.training.report import MAX_ERRORS, render_report
from fazhi_ml.training.slices import ReportFacts, report_facts
from fazhi_ml.training.tables import csv_text
from fazhi_ml.training.tracking import TrackedRun, open_store
from fazhi_ml.training.train import Progress, TrainingResult, check_names, train

__all__ = ["TrainingRun", "record_run", "run_metrics", "run_training"]

_FIGURES = {
    "precision_recall": (precision_recall_figure, "precision and recall"),
    "confusion": (confusion_figure, "confusions"),
    "reliability": (reliability_figure, "calibration"),
}
# What MLflow lets stand in a metric's name, dots apart: it takes names for paths.
_NOT_IN_METRIC_NAMES = re.compile(r"[^\w -]")
_TITLES = {"folds": "Folds", "test": "Frozen test split"}


@dataclass(frozen=True)
class TrainingRun:
    """What a training left behind.

    Attributes
    ----------
    result : TrainingResult
    output : pathlib.Path
        Folder of the bundle.
    tracking_uri, run_id : str or None
        The MLflow store and the run in it; None when the run was not tracked.
    """

    result: TrainingResult
    output: Path
    tracking_uri: str | None = None
    run_id: str | None = None


def run_training(
    config: TrainingConfig,
    output: Path,
    *,
    overwrite: bool = False,
    tracked: bool = True,
    also_evaluate: Mapping[str, Path] | None = None,
    progress: Progress = lambda _: None,
) -> TrainingRun:
    """Train a model, log the run, and write the bundle as the last step, so that it is there only if all went well.

    Parameters
    ----------
    config : TrainingConfig
    output : pathlib.Path
        Folder of the bundle.
    overwrite : bool
        Whether a bundle that is there may be replaced.
    tracked : bool
        Whether to log the run to the MLflow store that `config` names.
    also_evaluate : mapping of str to pathlib.Path, optional
        As in `fazhi_ml.training.train.train`.
    progress : callable

    Returns
    -------
    TrainingRun

    Raises
    ------
    OutputError
        `output` exists and `overwrite` is False, or cannot be written.
    TrackingError
        The run cannot be logged.
    FazhiError
        As in `fazhi_ml.training.train.train`.
    """
    check_names(also_evaluate or {})
    if output.exists() and not overwrite:
        raise OutputError("exists already", source=output, remedy="Choose another folder, or overwrite it (--force).")
    if not tracked:
        result = train(config, also_evaluate=also_evaluate, progress=progress)
        progress("Writing the bundle")
        result.bundle.save(output, overwrite=overwrite)
        return TrainingRun(result, output)
    progress("Opening the tracking store")
    store = open_store(config.tracking.uri, config.tracking.experiment)
    with store.run(config.name) as run:
        # Before the work: a run that fails says what was tried.
        run.log(params=_settled(config), tags=_source_tags())
        result = train(config, also_evaluate=also_evaluate, progress=progress)
        progress("Recording the run")
        record_run(run, result)
        progress("Writing the bundle")
        result.bundle.save(output, overwrite=overwrite)
    return TrainingRun(result, output, store.uri, run.id)


def record_run(run: TrackedRun, result: TrainingResult) -> None:
    """Log a training's figures, data, pictures, errors and bundle.

    Parameters
    ----------
    run : TrackedRun
    result : TrainingResult

    Raises
    ------
    TrackingError
        The store refuses something.
    OutputError
        The folder for temporary files cannot be written.
    """
    bundle = result.bundle
    run.log(
        params=result.config.flat(),
        metrics=run_metrics(result),
        tags={
            "fazhi.bundle_id": bundle.id,
            "fazhi.corpus_hash": result.corpus_hash,
            "fazhi.codebook_hash": bundle.codebook.hash,
            "fazhi.user_dictionary_hash": bundle.scorer.extractor.tokenizer.hash,
            "mlflow.note.content": "The model card is the artifact `bundle/MODEL_CARD.md`.",
        },
    )
    _log_dataset(run, result, result.train, "training")
    if result.test is not None:
        _log_dataset(run, result, result.test, "testing")
    try:
        with tempfile.TemporaryDirectory(prefix="fazhi-run-") as scratch:
            _write_artifacts(Path(scratch), result)
            run.log_artifacts(Path(scratch))
    except OSError as error:
        raise OutputError(
            f"the run's artifacts cannot be prepared ({error.strerror})",
            source=tempfile.gettempdir(),
            remedy="Free some space, or name another folder in TMPDIR.",
        ) from error


def run_metrics(result: TrainingResult) -> dict[str, float]:
    """Return every defined figure under its metric name, such as ``test/f1/supervision`` or ``threshold/supervision``.

    Themes' figures are ``<evaluation>/<figure>/<theme>``, intervals ``<evaluation>/macro_f1/low`` and ``/high``.
    Characters of a theme's id that cannot stand in a name become ``_``, and its number in the codebook is added.
    """
    names = _metric_names(result.bundle.codebook.ids)
    metrics: dict[str, float | None] = {}
    for name, evaluation in result.evaluations.items():
        figures = evaluation.figures
        metrics |= {
            f"{name}/accuracy": figures.accuracy,
            f"{name}/macro_f1": figures.macro_f1,
            f"{name}/micro_f1": figures.micro_f1,
        }
        for figure, (low, high) in figures.intervals.items():
            of_all, _, theme = figure.partition("/")
            key = f"{name}/{of_all}/{names[theme]}" if theme else f"{name}/{of_all}"
            metrics |= {f"{key}/low": low, f"{key}/high": high}
        for theme, of_theme in figures.themes.items():
            for figure in ("precision", "recall", "f1", "support", "brier", "ece"):
                metrics[f"{name}/{figure}/{names[theme]}"] = getattr(of_theme, figure)
    thresholds = result.bundle.scorer.model.thresholds.tolist()
    metrics |= {
        f"threshold/{names[theme]}": value for theme, value in zip(result.bundle.codebook.ids, thresholds, strict=True)
    }
    return {name: value for name, value in metrics.items() if value is not None}


def _write_artifacts(folder: Path, result: TrainingResult) -> None:
    _write_json(folder / "config.json", result.config.model_dump(mode="json"))
    _write_json(folder / "figures.json", result.bundle.info["metrics"])
    dataset_card = render_dataset_card(
        result.train, result.test, description=result.config.data.description, data_hash=result.corpus_hash
    )
    (folder / "DATASET_CARD.md").write_text(dataset_card, encoding="utf-8")
    facts = report_facts(result.config.data.corpus, result.bundle.codebook)
    for name, title in _TITLES.items():
        # Without headings little looks different; and of further data nothing but figures is kept.
        if name in result.evaluations:
            _draw(folder / "figures", name, title, result.evaluations[name])
            _write_page(folder / f"{name}.html", name, title, result, facts)
    # Of folds only: who reads the errors of the test split would soon tune on it.
    _write_errors(folder / "worst_errors.csv", result.evaluations["folds"])
    result.bundle.save(folder / "bundle")


def _metric_names(themes: Sequence[str]) -> dict[str, str]:
    safe = {theme: _NOT_IN_METRIC_NAMES.sub("_", theme) for theme in themes}
    return {
        theme: name if name == theme else f"{name}_{number}"
        for number, (theme, name) in enumerate(safe.items(), start=1)
    }


def _settled(config: TrainingConfig) -> dict[str, str]:
    """Return the settings that are known before the training: parameters of a run cannot change."""
    chosen = {f"model.{key}" for settings in CANDIDATES.values() for key in settings} if config.choose else set()
    return {key: value for key, value in config.flat().items() if key not in chosen}


def _log_dataset(run: TrackedRun, result: TrainingResult, texts: LabelledTexts, context: str) -> None:
    profile = {"reports": len(set(texts.groups)), "texts": len(texts)}
    run.log_dataset(
        f"{result.config.data.corpus.name} ({context})",
        digest=result.corpus_hash,
        path=str(result.config.data.corpus.absolute()),
        profile=json.dumps(profile),
        context=context,
    )


def _draw(folder: Path, name: str, title: str, evaluation: Evaluation) -> None:
    folder.mkdir(exist_ok=True)
    for kind, (draw, what) in _FIGURES.items():
        draw(evaluation, f"{title}: {what}").savefig(folder / f"{name}_{kind}.png")


def _write_page(path: Path, name: str, title: str, result: TrainingResult, facts: Mapping[str, ReportFacts]) -> None:
    of_folds = name == "folds"
    page = render_report(
        result.evaluations[name],
        result.bundle,
        data=title,
        facts=facts,
        # Of folds only, as for the worst errors.
        max_errors=MAX_ERRORS if of_folds else 0,
        out_of_fold=of_folds,
    )
    path.write_text(page, encoding="utf-8")


def _write_errors(path: Path, evaluation: Evaluation) -> None:
    errors = worst_errors(evaluation)
    if not errors:
        return
    table = csv_text(list(errors[0]), [list(error.values()) for error in errors])
    path.write_text(table, encoding="utf-8", newline="")


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _source_tags() -> dict[str, str]:
    """Return the git commit of the current folder, and whether it was changed since; nothing outside a repository."""
    git = shutil.which("git")
    if git is None:
        return {}
    try:
        described = subprocess.run(  # noqa: S603 - fixed arguments
            [git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return {}
    commit, _, dirty = described.partition("-")
    return {"mlflow.source.git.commit": commit, "fazhi.git_dirty": str(bool(dirty)).lower()}
