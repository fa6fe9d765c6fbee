"""``fazhi train``: train a model on labelled reports, or on any labelled texts, and track the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fazhi_ml.errors import ConfigError, MissingExtraError, printable

if TYPE_CHECKING:
    from fazhi_ml.training.run import TrainingRun
    from fazhi_ml.training.train import Progress
    from fazhi_ml.training.versions import Version

__all__ = ["command", "train_model"]

_CONFIG = Path("configs/default.toml")
_MODELS = Path("models")


def train_model(
    config: Path | None = None,
    overrides: Sequence[str] = (),
    *,
    data: Path | None = None,
    test: Path | None = None,
    codebook: Path | None = None,
    output: Path | None = None,
    force: bool = False,
    tracking: bool = True,
    also_evaluate: Mapping[str, Path] | None = None,
    progress: Progress = lambda _: None,
) -> TrainingRun:
    """Train a model as a configuration says.

    Parameters
    ----------
    config : pathlib.Path, optional
        By default ``configs/default.toml`` of the current folder, if it is there, else built-in settings. With `data`
        always the latter, and the model's settings are chosen by cross-validation.
    overrides : sequence of str
        Settings to change, ``key=value``.
    data : pathlib.Path, optional
        What to train on, in place of the whole table ``[data]`` of the configuration.
    test, codebook : pathlib.Path, optional
        What to test on, and the codebook of the labels, beside `data`.
    output : pathlib.Path, optional
        Folder of the bundle; by default ``models/<name>`` in the current folder.
    force : bool
        Whether to replace a bundle that is there.
    tracking : bool
        Whether to log the run to MLflow.
    also_evaluate : mapping of str to pathlib.Path, optional
        Further labelled data to score, by name.
    progress : callable
        Called with the name of each stage when it begins.

    Returns
    -------
    TrainingRun

    Raises
    ------
    MissingExtraError
        The extra ``train`` is not installed.
    FazhiError
        As in `fazhi_ml.training.run.run_training` and `fazhi_ml.training.config.read_config`.
    """
    needed = ("pydantic", "mlflow", "matplotlib") if tracking else ("pydantic",)
    for library in needed:
        if find_spec(library) is None:
            raise MissingExtraError(
                f"{library} is not installed", source="fazhi train", remedy="Install fazhi-ml[train]."
            )
    from fazhi_ml.training.config import read_config
    from fazhi_ml.training.run import run_training

    if data is None:
        for option, path in (("--test", test), ("--codebook", codebook)):
            if path is not None:
                remedy = f"Give it with --data, or use --set data.{option[2:]}=PATH."
                raise ConfigError("without effect", source=option, remedy=remedy)
        settings = read_config(config or (_CONFIG if _CONFIG.is_file() else None), overrides)
    else:
        named = {"corpus": data, "test": test, "codebook": codebook}
        chosen = [] if config else ["choose=true"]
        table = {key: path for key, path in named.items() if path is not None}
        settings = read_config(config, [*chosen, *overrides], data=table)
    return run_training(
        settings,
        output or _MODELS / settings.name,
        overwrite=force,
        tracked=tracking,
        also_evaluate=also_evaluate,
        progress=progress,
    )


def command(
    *,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Training configuration (TOML).", show_default=str(_CONFIG))
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", "-d", help="JSON Lines or CSV file (fields text, labels), or a corpus folder."),
    ] = None,
    test: Annotated[Path | None, typer.Option(help="Labelled data of the same form, to test on.")] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="Codebook of the labels (TOML); by default those in the data.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the model.", show_default="models/NAME")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    tracking: Annotated[bool, typer.Option("--tracking/--no-tracking", help="Log the run to MLflow.")] = True,
    register: Annotated[
        bool, typer.Option("--register", help="Make the model a version with the alias challenger: see fazhi models.")
    ] = False,
    name: Annotated[
        str, typer.Option("--name", "-n", help="With --register: the name to register the model under.")
    ] = "fazhi",
    also_evaluate: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="Score further labelled data as well; may be repeated."),
    ] = None,
    output_format: Annotated[
        Literal["table", "json"], typer.Option("--format", "-f", help="table to read, json to process.")
    ] = "table",
) -> None:
    """Train a model on labelled texts, score it, and track the run.

    Settings come from a TOML file with comments. Paths in it are relative
    to it, paths on the command line to the current folder. With --data and
    without --config, settings that suit the data are chosen.

    \b
      fazhi train
      fazhi train --set name=tight --set model.threshold=precision:0.95
      fazhi train --config my/config.toml --output my/model --no-tracking
      fazhi train --data train.jsonl --test test.jsonl --output my/model
      fazhi train --register
      fazhi train --also-evaluate real=labelled/gold.jsonl
    """  # noqa: D301
    from fazhi_ml.cli.evaluate import print_comparison

    if register and not tracking:
        raise ConfigError("needs a tracked run", source="--register", remedy="Leave out --no-tracking.")
    further = dict(_name_and_path(value) for value in also_evaluate or ())
    with _progress() as progress:
        run = train_model(
            config,
            overrides or (),
            data=data,
            test=test,
            codebook=codebook,
            output=output,
            force=force,
            tracking=tracking,
            also_evaluate=further,
            progress=progress,
        )
    for note in run.result.notes:
        typer.echo(f"warning: {printable(note)}.", err=True)
    version: Version | None = None
    if register and run.tracking_uri is not None:
        from fazhi_ml.cli.models import register_model

        version = register_model(run.result.bundle, run.tracking_uri, run_id=run.run_id, name=name)
    if output_format == "json":
        summary = _summary(run) if version is None else {**_summary(run), "version": version.number}
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        from fazhi_ml.training.train import WITHOUT_HEADINGS

        print_comparison(
            {
                name.replace(WITHOUT_HEADINGS, " (no headings)"): evaluation.figures
                for name, evaluation in run.result.evaluations.items()
            }
        )
    typer.echo(f"Wrote {run.result.bundle.id} to {run.output}: see {run.output / 'MODEL_CARD.md'}.", err=True)
    if version is not None:
        typer.echo(f"Registered as version {version.number} of {version.name}: see `fazhi models promote`.", err=True)
    if run.tracking_uri is not None:
        typer.echo(f"To look at the run: mlflow ui --backend-store-uri {run.tracking_uri}", err=True)


def _summary(run: TrainingRun) -> dict[str, Any]:
    bundle = run.result.bundle
    return {"model": bundle.id, "path": str(run.output), "run_id": run.run_id, "metrics": bundle.info["metrics"]}


def _name_and_path(value: str) -> tuple[str, Path]:
    name, equals, path = value.partition("=")
    if not (name and equals and path):
        raise ConfigError("not of the form NAME=PATH", source="--also-evaluate", remedy="Write, e.g., real=gold.jsonl.")
    return name, Path(path)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show the stages on stderr: with a spinner on a terminal, else a line each."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda stage: typer.echo(f"{stage} …", err=True)
        return
    with console.status("Starting …") as status:
        yield lambda stage: status.update(f"{stage} …")
