"""``fazhi models``: the versions of a model, and which of them is in use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fazhi_ml.errors import ConfigError, MissingExtraError
from fazhi_ml.training.comparison import Comparison, Margins

if TYPE_CHECKING:
    from fazhi_ml.classifier.bundle import Bundle
    from fazhi_ml.codebook import Codebook
    from fazhi_ml.labels import LabelledTexts
    from fazhi_ml.training.registry import Promotion, Registry
    from fazhi_ml.training.versions import Version

__all__ = [
    "app",
    "compare_models",
    "export_model",
    "open_registry",
    "promote_model",
    "register_model",
]

app = typer.Typer(help="List, compare, promote and export registered models.", no_args_is_help=True)

Part = Literal["all", "test"]

_NAME = "fazhi"
_DATA = Path("data/corpus")
_UNDEFINED = "–"
_MARGINS = Margins()

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", envvar="MLFLOW_TRACKING_URI", help="MLflow store.", show_default="sqlite file mlflow.db here"
    ),
]
NameOption = Annotated[str, typer.Option("--name", help="Name of the registered model.")]
FormatOption = Annotated[
    Literal["table", "json"], typer.Option("--format", "-f", help="table to read, json to process.")
]
DataOption = Annotated[
    Path, typer.Option("--data", "-d", help="Corpus folder, or other labelled data with --split all.")
]
PartOption = Annotated[Part, typer.Option("--split", help="Score the test split only, or all of the data.")]
SplitsOption = Annotated[
    Path | None, typer.Option(help="The split (TOML); by default splits.toml beside the corpus folder.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Stored with the version.")]


def open_registry(store: str | None = None, name: str = _NAME) -> Registry:
    """Open the registry of an MLflow store.

    Parameters
    ----------
    store : str, optional
        Tracking URI; by default the sqlite file ``mlflow.db`` in the current folder.
    name : str
        Name of the registered model.

    Raises
    ------
    MissingExtraError
        The extra ``train`` is not installed.
    TrackingError
        There is no such store, or it cannot be used.
    """
    if find_spec("mlflow") is None:
        raise MissingExtraError("mlflow is not installed", source="fazhi models", remedy="Install fazhi-ml[train].")
    from fazhi_ml.training.registry import Registry

    return Registry.open(store, name)


def register_model(bundle: Bundle, store: str, *, run_id: str | None = None, name: str = _NAME) -> Version:
    """Make a bundle a version with the alias ``challenger``, as a model that MLflow can serve.

    Parameters
    ----------
    bundle : Bundle
    store : str
        Tracking URI of a store that exists.
    run_id : str, optional
        The training run that the bundle comes from.
    name : str
        Name of the registered model.

    Raises
    ------
    TrackingError
        The store cannot be used.
    OutputError
        The model cannot be written.
    """
    import tempfile

    from fazhi_ml.serving.mlflow_model import save_mlflow_model

    registry = open_registry(store, name)
    with tempfile.TemporaryDirectory(prefix="fazhi-register-") as scratch:
        model = Path(scratch) / "model"
        save_mlflow_model(bundle, model)
        return registry.register(model, bundle, run_id=run_id)


def compare_models(
    registry: Registry,
    first: str,
    second: str,
    data: Path,
    *,
    part: Part = "test",
    splits: Path | None = None,
) -> Comparison:
    """Score two versions on labelled data; differences are those of `second` to `first`.

    Parameters
    ----------
    registry : Registry
    first, second : str
        Numbers or aliases.
    data : pathlib.Path
    part : {"test", "all"}
        Which texts of the data to score.
    splits : pathlib.Path, optional
        By default ``splits.toml`` beside the corpus folder.

    Raises
    ------
    FazhiError
        There is no such version, the data are malformed, or they do not fit each other.
    """
    versions = registry.version(first), registry.version(second)
    texts, _ = _read_texts(data, registry.bundle(versions[1]).codebook, part, splits)
    return registry.compare(*versions, texts)


def promote_model(
    registry: Registry,
    reference: str,
    data: Path,
    *,
    part: Part = "test",
    splits: Path | None = None,
    margins: Margins = _MARGINS,
    forced: bool = False,
    reason: str | None = None,
) -> Promotion:
    """Make a version the champion, unless it is worse on labelled data than the one that is.

    Parameters
    ----------
    registry : Registry
    reference : str
        Number or alias.
    data, part, splits
        As in `compare_models`; not read when there is no champion yet.
    margins, forced, reason
        As in `fazhi_ml.training.registry.Registry.promote`, as are the errors.
    """
    from fazhi_ml.training.registry import CHAMPION

    texts, corpus_hash = None, None
    if registry.find(CHAMPION) is not None:
        texts, corpus_hash = _read_texts(data, registry.bundle(registry.version(reference)).codebook, part, splits)
    return registry.promote(
        reference,
        texts,
        corpus_hash=corpus_hash,
        margins=margins,
        forced=forced,
        reason=reason,
    )


def export_model(registry: Registry, reference: str, output: Path, *, force: bool = False) -> Version:
    """Write the bundle of a version to a folder.

    Raises
    ------
    TrackingError, BundleError
        There is no such version, or its files are gone.
    OutputError
        The folder exists and `force` is False, or cannot be written.
    """
    version = registry.version(reference)
    registry.bundle(version).save(output, overwrite=force)
    return version


@app.command("list")
def list_command(store: StoreOption = None, name: NameOption = _NAME, output: FormatOption = "table") -> None:
    """List the versions, newest first."""
    versions = open_registry(store, name).versions()
    if output == "json":
        _print_json([version.to_dict() for version in versions])
        return
    if not versions:
        typer.echo(f"No versions of {name} yet: register one with `fazhi train --register`.", err=True)
        return
    _print_table(
        ("version", "aliases", "created", "model", "F1 folds", "F1 test"),
        [
            (
                str(version.number),
                ", ".join(version.aliases),
                version.created[:16].replace("T", " "),
                version.bundle_id,
                *(_number(version.macro_f1.get(part)) for part in ("folds", "test")),
            )
            for version in versions
        ],
    )


@app.command()
def show(
    reference: Annotated[str, typer.Argument(metavar="VERSION", help="Number or alias.")] = "champion",
    store: StoreOption = None,
    name: NameOption = _NAME,
    output: FormatOption = "table",
) -> None:
    """Show one version: where it comes from, its figures, its promotions and rollbacks."""
    registry = open_registry(store, name)
    version = registry.version(reference)
    info = registry.bundle(version).info
    if output == "json":
        _print_json({**version.to_dict(), "info": dict(info)})
        return
    corpus = info.get("corpus", {})
    _print_table(
        ("", name),
        [
            ("version", str(version.number)),
            ("aliases", ", ".join(version.aliases)),
            ("created", version.created),
            ("model", version.bundle_id),
            ("run", version.run_id or ""),
            ("corpus", f"{corpus.get('reports', '?')} reports, {str(corpus.get('hash', '?'))[:12]}"),
            *((f"macro-F1 {part}", _number(value)) for part, value in version.macro_f1.items()),
        ],
    )
    if version.trail:
        _print_table(
            ("at", "by", "what happened", "champion", "reason"),
            [
                (
                    *(str(event.get(key) or "") for key in ("at", "by", "action")),
                    f"{event.get('previous') or _UNDEFINED} → {event.get('version')}",
                    str(event.get("reason") or ""),
                )
                for event in version.trail
            ],
        )


@app.command()
def compare(
    *,
    first: Annotated[str, typer.Argument(help="Number or alias.")] = "champion",
    second: Annotated[str, typer.Argument(help="Number or alias.")] = "challenger",
    data: DataOption = _DATA,
    part: PartOption = "test",
    splits: SplitsOption = None,
    store: StoreOption = None,
    name: NameOption = _NAME,
    output: FormatOption = "table",
) -> None:
    """Score two versions on the same texts, with intervals of the paired bootstrap."""
    comparison = compare_models(open_registry(store, name), first, second, data, part=part, splits=splits)
    if output == "json":
        _print_json({"first": first, "second": second, **comparison.to_dict()})
    else:
        _print_comparison(comparison, first, second)


@app.command()
def promote(
    *,
    reference: Annotated[str, typer.Argument(metavar="VERSION", help="Number or alias.")] = "challenger",
    data: DataOption = _DATA,
    part: PartOption = "test",
    splits: SplitsOption = None,
    macro_f1_loss: Annotated[
        float, typer.Option(min=0, max=1, help="How much macro-F1 may fall, unless it falls with 95 % confidence.")
    ] = _MARGINS.macro_f1,
    theme_f1_loss: Annotated[
        float, typer.Option(min=0, max=1, help="How much the F1 of any theme may fall.")
    ] = _MARGINS.theme_f1,
    force: Annotated[bool, typer.Option("--force", help="Promote it all the same; needs --reason.")] = False,
    reason: ReasonOption = None,
    store: StoreOption = None,
    name: NameOption = _NAME,
    output: FormatOption = "table",
) -> None:
    """Make a version the champion, unless it is worse than the one that is.

    Both are scored on the texts of the test split. Exit code 1 if the
    promotion is refused.

    \b
      fazhi models promote
      fazhi models promote 7 --force --reason "the champion misses a theme"
    """  # noqa: D301
    from fazhi_ml.training.registry import PromotionRefusedError

    registry = open_registry(store, name)
    try:
        promotion = promote_model(
            registry,
            reference,
            data,
            part=part,
            splits=splits,
            margins=Margins(macro_f1_loss, theme_f1_loss),
            forced=force,
            reason=reason,
        )
    except PromotionRefusedError as refusal:
        if refusal.comparison is not None and output == "table":
            _print_comparison(refusal.comparison, "champion", reference)
        raise
    _print_promotion(promotion, output)


@app.command()
def rollback(
    reason: ReasonOption = None, store: StoreOption = None, name: NameOption = _NAME, output: FormatOption = "table"
) -> None:
    """Give the champion's place back to the version that had it before."""
    _print_promotion(open_registry(store, name).rollback(reason=reason), output)


@app.command()
def export(
    reference: Annotated[str, typer.Argument(metavar="VERSION", help="Number or alias.")],
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for the model.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    store: StoreOption = None,
    name: NameOption = _NAME,
) -> None:
    """Write a version's model to a folder, for `fazhi tag --model` and `fazhi_ml.load`."""
    version = export_model(open_registry(store, name), reference, folder, force=force)
    typer.echo(f"Wrote version {version.number} ({version.bundle_id}) to {folder}.", err=True)


def _read_texts(data: Path, codebook: Codebook, part: Part, splits: Path | None) -> tuple[LabelledTexts, str | None]:
    """Return the texts to score and the hash of the corpus, if they come from one."""
    from fazhi_ml.labels import Corpus, Splits, load_labelled

    if part == "all":
        if splits is not None:
            raise ConfigError("without effect", source="--splits", remedy="Leave out --split all.")
        return load_labelled(data, codebook), None
    corpus = Corpus.read(data, codebook)
    split = Splits.read(splits or data.absolute().parent / "splits.toml", corpus)
    return corpus.labelled_texts().in_groups(split.test), corpus.hash


def _print_promotion(promotion: Promotion, output: str) -> None:
    champion, previous = promotion.champion, promotion.previous
    if output == "json":
        comparison = promotion.comparison
        _print_json(
            {
                "champion": champion.to_dict(),
                "previous": None if previous is None else previous.to_dict(),
                "comparison": None if comparison is None else comparison.to_dict(),
                "objections": list(promotion.objections),
            }
        )
    elif promotion.comparison is not None:
        _print_comparison(promotion.comparison, "before", "now")
    for objection in promotion.objections:
        typer.echo(f"overruled: {objection}", err=True)
    before = "" if previous is None else f", in the place of version {previous.number}"
    typer.echo(f"Version {champion.number} of {champion.name} is the champion{before}.", err=True)


def _print_comparison(comparison: Comparison, first: str, second: str) -> None:
    figures = comparison.champion.figures, comparison.challenger.figures
    names = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "accuracy": "exact match"}
    values = {name: [getattr(of_model, name) for of_model in figures] for name in names}
    values |= {f"f1/{theme}": [of_model.themes[theme].f1 for of_model in figures] for theme in figures[0].themes}
    rows = []
    for name, of_models in values.items():
        difference = comparison.differences.get(name)
        changes = (
            (_UNDEFINED, "")
            if difference is None
            else (f"{difference.value:+.4f}", f"{difference.low:+.4f} to {difference.high:+.4f}")
        )
        rows.append((names.get(name, name.removeprefix("f1/")), *map(_number, of_models), *changes))
    _print_table(("", first, second, "difference", "95 %"), rows)


def _number(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.4f}"


def _print_json(values: Any) -> None:
    typer.echo(json.dumps(values, ensure_ascii=False, indent=2))


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fazhi_ml.errors import printable

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(table)
