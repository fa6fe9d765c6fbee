"""``fazhi search``: search for better settings within a time or a number of trials, and train the best."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fazhi_ml.errors import ConfigError, MissingExtraError, printable

if TYPE_CHECKING:
    from fazhi_ml.training.search import SearchResult, TrialReport
    from fazhi_ml.training.train import Progress

__all__ = ["command", "parse_duration", "search_settings"]

_CONFIG = Path("configs/search.toml")
_MODELS = Path("models")
_BUDGET = "10m"
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def search_settings(
    config: Path | None = None,
    overrides: Sequence[str] = (),
    *,
    metric: str = "macro_f1",
    budget: float | None = None,
    n_trials: int | None = None,
    n_workers: int = 1,
    output: Path | None = None,
    resume: bool = False,
    force: bool = False,
    tracking: bool = True,
    progress: Progress = lambda _: None,
    on_trial: Callable[[TrialReport], None] = lambda _: None,
) -> SearchResult:
    """Search as a file says and train the best settings.

    Parameters
    ----------
    config : pathlib.Path, optional
        By default ``configs/search.toml`` of the current folder.
    overrides : sequence of str
        Settings of the base configuration to change, ``key=value``.
    metric, budget, n_trials, n_workers, resume, progress, on_trial
        As in `fazhi_ml.training.search.search`.
    output : pathlib.Path, optional
        Folder of the bundle; by default ``models/<name>`` in the current folder.
    force : bool
        Whether to replace what is there.
    tracking : bool
        Whether to log to MLflow.

    Returns
    -------
    SearchResult

    Raises
    ------
    MissingExtraError
        The extra ``train`` is not installed.
    FazhiError
        As in `fazhi_ml.training.search.search`.
    """
    started = time.monotonic()
    for library in ("pydantic", "optuna", "matplotlib", "mlflow"):
        if find_spec(library) is None:
            raise MissingExtraError(
                f"{library} is not installed", source="fazhi search", remedy="Install fazhi-ml[train]."
            )
    from fazhi_ml.training.search import search
    from fazhi_ml.training.search_space import read_search_config

    settings = read_search_config(config or _CONFIG, overrides)
    return search(
        settings,
        output or _MODELS / settings.name,
        metric=metric,
        # Importing what is needed takes part of it.
        budget=None if budget is None else max(1.0, budget - (time.monotonic() - started)),
        n_trials=n_trials,
        n_workers=n_workers,
        resume=resume,
        overwrite=force,
        tracked=tracking,
        progress=progress,
        on_trial=on_trial,
    )


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``10m`` or ``1.5h``.

    Raises
    ------
    ConfigError
        It is none.
    """
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise ConfigError("not a duration", source="--budget", remedy="Write, for example, 90s, 10m or 1h.")
    return seconds


def command(
    *,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="What to search (TOML).", show_default=str(_CONFIG))
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            "--metric",
            "-m",
            metavar="METRIC",
            help="macro_f1, micro_f1, exact_match, precision@recall:R:THEME or recall@precision:P:THEME.",
        ),
    ] = "macro_f1",
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            "-b",
            metavar="TIME",
            help="Time for everything: 90s, 10m, 1h.",
            show_default=f"{_BUDGET}, without --trials",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", "-n", min=1, help="End after so many trials, earlier ones included.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the base; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the model.", show_default="models/NAME")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier search.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes; 1 gives the same trials each time.", show_default="one a core"),
    ] = None,
    tracking: Annotated[bool, typer.Option("--tracking/--no-tracking", help="Log the trials to MLflow.")] = True,
    output_format: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="table to read, json to process.")
    ] = "table",
) -> None:
    """Search for better settings and train the best.

    Settings are judged by cross-validation on the training reports; the
    test split is not looked at before the best are trained. The model comes
    with its configuration, which `fazhi train --config` takes.

    \b
      fazhi search --budget 10m
      fazhi search --trials 50 --metric precision@recall:0.9:supervision
      fazhi search --budget 1h --resume
    """  # noqa: D301
    seconds = parse_duration(budget or _BUDGET) if budget or trials is None else None
    reports: list[TrialReport] = []
    with _progress(reports) as (progress, on_trial):
        try:
            result = search_settings(
                config,
                overrides or (),
                metric=metric,
                budget=seconds,
                n_trials=trials,
                n_workers=workers or _n_cores(),
                output=output,
                resume=resume,
                force=force,
                tracking=tracking,
                progress=progress,
                on_trial=on_trial,
            )
        except KeyboardInterrupt:
            _explain_interruption(reports)
            raise
    if output_format == "json":
        typer.echo(json.dumps(_summary(result), ensure_ascii=False, indent=2))
    else:
        _print_result(result)
    training = result.training
    for note in training.result.notes:
        typer.echo(f"warning: {printable(note)}.", err=True)
    typer.echo(
        f"Wrote {training.result.bundle.id} to {training.output}, its settings to {result.config_path}.", err=True
    )
    if training.tracking_uri is not None:
        typer.echo(f"To look at the trials: mlflow ui --backend-store-uri {training.tracking_uri}", err=True)


def _explain_interruption(reports: Sequence[TrialReport]) -> None:
    if not reports:
        typer.echo("Interrupted before the first trial ended.", err=True)
        return
    last = reports[-1]
    typer.echo(f"Interrupted. Trials kept: {last.n_finished}{_best(last)}.", err=True)
    typer.echo("To go on: the same command with --resume.", err=True)
    typer.echo(f"To train the best so far: with --resume --trials {last.n_finished}.", err=True)


def _summary(result: SearchResult) -> dict[str, Any]:
    bundle = result.training.result.bundle
    return {
        "metric": result.metric,
        "best": {"trial": result.best_number, "value": result.best_value, "settings": dict(result.best_values)},
        "base": result.base_value,
        "trials": result.n_trials,
        "pruned": result.n_pruned,
        "model": bundle.id,
        "path": str(result.training.output),
        "config": str(result.config_path),
        "study": str(result.study_path),
        "run_id": result.run_id,
        "metrics": bundle.info["metrics"],
    }


def _print_result(result: SearchResult) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from fazhi_ml.cli.evaluate import print_comparison
    from fazhi_ml.training.train import WITHOUT_HEADINGS

    table = Table(box=box.SIMPLE_HEAD, title="Best settings", title_justify="left", pad_edge=False)
    table.add_column("setting")
    table.add_column("value", justify="right")
    for key, value in result.best_values.items():
        table.add_row(key, json.dumps(value))
    Console(highlight=False).print(table)
    base = "" if result.base_value is None else f" (base: {result.base_value:.4f})"
    typer.echo(
        f"{result.metric} {result.best_value:.4f}{base} by cross-validation, "
        f"trial {result.best_number} of {result.n_trials}, {result.n_pruned} of them given up early"
    )
    evaluations = result.training.result.evaluations
    print_comparison(
        {
            name.replace(WITHOUT_HEADINGS, " (no headings)"): evaluation.figures
            for name, evaluation in evaluations.items()
        }
    )


@contextmanager
def _progress(reports: list[TrialReport]) -> Iterator[tuple[Progress, Callable[[TrialReport], None]]]:
    """Collect the trials and show them on stderr: in one line that changes on a terminal, else a line each."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:

        def show_line(report: TrialReport) -> None:
            reports.append(report)
            # What was scored on some folds only does not compare with the best.
            value = f"given up after fold {report.n_folds}" if report.pruned else f"{report.value:.4f}"
            typer.echo(f"trial {report.number}: {value}{_best(report)}", err=True)

        yield lambda stage: typer.echo(f"{stage} …", err=True), show_line
        return
    with console.status("Starting …") as status:

        def show(report: TrialReport) -> None:
            reports.append(report)
            status.update(f"Searching … {report.n_finished} trials{_best(report)}{_left(report)}")

        yield lambda stage: status.update(f"{stage} …"), show


def _best(report: TrialReport) -> str:
    if report.best_value is None:
        return ""
    return f", best so far {report.best_value:.4f} (trial {report.best_number})"


def _left(report: TrialReport) -> str:
    if report.seconds_left is None:
        return ""
    minutes, seconds = divmod(max(0, round(report.seconds_left)), 60)
    return f", {minutes}:{seconds:02} left"


def _n_cores() -> int:
    # Where it is known, the cores that this process may use: fewer than there are in a container.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
