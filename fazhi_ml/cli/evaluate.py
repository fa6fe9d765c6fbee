"""``fazhi evaluate``: score a model on labelled data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fazhi_ml.errors import CodebookError, ConfigError

if TYPE_CHECKING:
    from fazhi_ml.classifier.bundle import Bundle
    from fazhi_ml.codebook import Codebook
    from fazhi_ml.labels import LabelledTexts
    from fazhi_ml.training.evaluate import Evaluation
    from fazhi_ml.training.metrics import Figures
    from fazhi_ml.training.report import Baseline

__all__ = ["command", "evaluate_model", "print_comparison", "write_report"]

Part = Literal["all", "train", "test"]
Per = Literal["theme", "report", "role"]

_SPLITS_NAME = "splits.toml"
_UNDEFINED = "–"
_MAX_COLUMNS = 8
_THEME_COLUMNS = ("support", "predicted", "precision", "recall", "f1", "brier", "ece")
_SLICE_COLUMNS = ("texts", "accuracy", "macro_f1", "micro_f1")


def evaluate_model(
    data: Path,
    *,
    model: str | None = None,
    codebook: Path | None = None,
    part: Part = "all",
    splits: Path | None = None,
    headings: bool = True,
) -> tuple[Bundle, Evaluation]:
    """Score a model on labelled data.

    Parameters
    ----------
    data : pathlib.Path
        A corpus folder, one marked-up report, a ``gold.jsonl`` beside its reports, or a JSON Lines or CSV file.
    model : str, optional
        Model folder or MLflow address; by default the shipped model.
    codebook : pathlib.Path, optional
        Codebook of the data's labels when it is not the model's; the themes that both have are scored.
    part : {"all", "train", "test"}
        Which side of the split to score.
    splits : pathlib.Path, optional
        The split, for `part` other than all; by default ``splits.toml`` beside the corpus folder.
    headings : bool
        Whether the model is shown the headings.

    Returns
    -------
    bundle : Bundle
    evaluation : Evaluation

    Raises
    ------
    BundleError, CodebookError, CorpusError
        A file is missing or malformed, or they do not fit each other.
    """
    from fazhi_ml.classifier.bundle import Bundle
    from fazhi_ml.classifier.resolve import resolve_bundle
    from fazhi_ml.codebook import Codebook
    from fazhi_ml.training.evaluate import evaluate

    bundle = Bundle.load(resolve_bundle(model))
    if codebook is None:
        texts = _read_part(data, bundle.codebook, part, splits)
    else:
        texts = _in_themes_of(bundle.codebook, _read_part(data, Codebook.read(codebook), part, splits), codebook)
    return bundle, evaluate(bundle.scorer, texts, headings=headings)


def write_report(
    page: Path,
    evaluation: Evaluation,
    bundle: Bundle,
    *,
    data: Path,
    codebook: Path | None = None,
    compare: str | None = None,
    headings: bool = True,
    overwrite: bool = False,
) -> None:
    """Write an evaluation as a page to read.

    Parameters
    ----------
    page : pathlib.Path
    evaluation, bundle
        As `evaluate_model` returns them.
    data, codebook, headings
        As `evaluate_model` took them.
    compare : str, optional
        Model folder or MLflow address of a model to compare with, on the same texts.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    BundleError, CodebookError
        The model to compare with cannot be loaded, or has other themes.
    OutputError
        The page exists and `overwrite` is False, or cannot be written.
    """
    from fazhi_ml.codebook import Codebook
    from fazhi_ml.tagging.export import write_text
    from fazhi_ml.training.report import render_report
    from fazhi_ml.training.slices import report_facts

    facts = report_facts(data, bundle.codebook if codebook is None else Codebook.read(codebook))
    baseline = None if compare is None else _baseline(compare, evaluation, bundle, headings=headings)
    name = data.name or str(data)
    html = render_report(
        evaluation, bundle, data=name if headings else f"{name} (no headings)", facts=facts, baseline=baseline
    )
    write_text(page, html, overwrite=overwrite)


def _baseline(model: str, evaluation: Evaluation, bundle: Bundle, *, headings: bool) -> Baseline:
    from fazhi_ml.classifier.bundle import Bundle
    from fazhi_ml.classifier.resolve import resolve_bundle
    from fazhi_ml.training.comparison import Comparison
    from fazhi_ml.training.evaluate import evaluate
    from fazhi_ml.training.report import Baseline

    other = Bundle.load(resolve_bundle(model))
    ours, theirs = bundle.codebook, other.codebook
    if (ours.ids, ours.multi_label) != (theirs.ids, theirs.multi_label):
        raise CodebookError(
            "the models have different themes", source=model, remedy=f"The evaluated one has: {', '.join(ours.ids)}."
        )
    before = evaluate(other.scorer, evaluation.labelled, headings=headings)
    return Baseline(other.id, Comparison(champion=before, challenger=evaluation))


def _read_part(data: Path, codebook: Codebook, part: Part, splits: Path | None) -> LabelledTexts:
    from fazhi_ml.labels import Corpus, Splits, load_labelled

    if part == "all":
        return load_labelled(data, codebook)
    corpus = Corpus.read(data, codebook)
    split = Splits.read(splits or data.absolute().parent / _SPLITS_NAME, corpus)
    return corpus.labelled_texts().in_groups(split.test if part == "test" else split.train)


def _in_themes_of(ours: Codebook, texts: LabelledTexts, source: Path) -> LabelledTexts:
    """Return texts with the model's themes for columns; what the data's codebook does not know is uncertain."""
    import numpy as np

    from fazhi_ml.labels import UNCERTAIN

    theirs = texts.codebook
    common = [theme for theme in ours.ids if theme in theirs.ids]
    if not common or ours.multi_label != theirs.multi_label:
        raise CodebookError(
            "single-label against multi-label" if common else "shares no theme with the model's codebook",
            source=source,
            remedy=f"The model's themes: {', '.join(ours.ids)}.",
        )
    labels = np.full((len(texts), len(ours.ids)), UNCERTAIN, dtype=np.int8)
    for theme in common:
        labels[:, ours.ids.index(theme)] = texts.labels[:, theirs.ids.index(theme)]
    return replace(texts, labels=labels, codebook=ours)


def command(
    *,
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            "-d",
            help="JSON Lines or CSV file, corpus folder, marked-up report, or gold.jsonl by its reports.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Model folder or models:/NAME@ALIAS; by default the shipped one."),
    ] = None,
    codebook: Annotated[
        Path | None,
        typer.Option(help="Codebook of the data, if it is not the model's: themes that both have are scored."),
    ] = None,
    per: Annotated[Per, typer.Option(help="Figures for each theme, report, or role of section.")] = "theme",
    headings: Annotated[bool, typer.Option("--headings/--no-headings", help="Show the model the headings.")] = True,
    part: Annotated[Part, typer.Option("--split", help="Which side of the split to score.")] = "all",
    splits: Annotated[
        Path | None, typer.Option(help="The split (TOML); by default splits.toml beside the corpus folder.")
    ] = None,
    output_format: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", "-f", help="table to read, json and csv to process.")
    ] = "table",
    html: Annotated[
        Path | None, typer.Option(help="Also write a page to read: charts, slices, terms, and the texts with an error.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="Another model, as for --model: the page compares the two on the same texts.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that exists.")] = False,
) -> None:
    """Score a model on labelled data.

    Labels that only one annotator gave (?theme, or may in gold data) are
    neither rewarded nor punished. Exact match asks for the whole set of
    themes. Brackets hold 95 % bootstrap intervals.

    \b
      fazhi evaluate --data data/corpus --split test
      fazhi evaluate --model models/mine --data test.jsonl --format json
      fazhi evaluate --data labelled/gold.jsonl --per report
      fazhi evaluate --model models/mine --data corpus --no-headings --format json
      fazhi evaluate --data data/corpus --split test --html report.html --compare models/old
    """  # noqa: D301
    if splits is not None and part == "all":
        raise ConfigError("without effect", source="--splits", remedy="Add --split test or --split train.")
    _check_page(html, compare, force=force)
    bundle, evaluation = evaluate_model(
        data, model=model, codebook=codebook, part=part, splits=splits, headings=headings
    )
    if html is not None:
        write_report(
            html, evaluation, bundle, data=data, codebook=codebook, compare=compare, headings=headings, overwrite=force
        )
        typer.echo(f"Page: {html}", err=True)
    figures = evaluation.figures
    slices = {} if per == "theme" else evaluation.slices(per)
    if output_format == "json":
        values = {"model": bundle.id, **figures.to_dict()}
        if slices:
            values[f"per_{per}"] = {name: of_slice.to_dict() for name, of_slice in slices.items()}
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
    elif output_format == "csv":
        typer.echo(_slices_csv(per, slices) if slices else _themes_csv(figures), nl=False)
    elif slices:
        print_comparison({**slices, "all": figures}, of=per)
    else:
        print_comparison({bundle.id: figures}, of="model")
        _print_themes(figures)


def _check_page(html: Path | None, compare: str | None, *, force: bool) -> None:
    """Check before the work that the page can be written, and that its options are not given without it."""
    from fazhi_ml.tagging.export import check_target

    if html is not None:
        check_target(html, overwrite=force)
    elif compare is not None or force:
        option = "--force" if compare is None else "--compare"
        raise ConfigError("without effect", source=option, remedy="Add --html FILE.")


def print_comparison(evaluations: Mapping[str, Figures], *, of: str = "data") -> None:
    """Print one line of figures for each of several evaluations to stdout, and what is undefined to stderr.

    Parameters
    ----------
    evaluations : mapping of str to Figures
        By name; all of one codebook.
    of : str
        What the names are names of.
    """
    rows = []
    for name, figures in evaluations.items():
        numbers = (figures.macro_f1, figures.micro_f1, figures.accuracy)
        interval = _interval(figures, "macro_f1")
        rows.append((name, str(figures.n_groups), str(figures.n_texts), interval, *map(_number, numbers)))
    columns = (of, "reports", "texts", "(95 %)", "macro-F1", "micro-F1", "exact")
    # The interval belongs to macro-F1: it stands beside it.
    order = [0, 1, 2, 4, 3, 5, 6] if any(row[3] for row in rows) else [0, 1, 2, 4, 5, 6]
    _print_table("Figures", [columns[place] for place in order], [[row[place] for place in order] for row in rows])
    themes = list(next(iter(evaluations.values())).themes)
    f1 = [(name, *(_number(figures.themes[theme].f1) for theme in themes)) for name, figures in evaluations.items()]
    if len(evaluations) > 1:
        # With spaces the names break where words end.
        table = [(of, *(theme.replace("_", " ") for theme in themes)), *f1]
        if len(themes) > _MAX_COLUMNS:
            table = list(zip(*table, strict=True))
            table[0] = ("theme", *table[0][1:])
        _print_table("F1 of each theme", table[0], table[1:])
    if any(_UNDEFINED in row for row in f1):
        typer.echo(f"{_UNDEFINED}: neither in the labels nor given; such themes are left out of macro-F1.", err=True)


def _print_themes(figures: Figures) -> None:
    _print_table(
        "Themes",
        ("theme", "texts", "prec.", "recall", "F1", "(95 %)", "Brier", "ECE"),
        [
            (
                theme,
                str(of_theme.support),
                *map(_number, (of_theme.precision, of_theme.recall, of_theme.f1)),
                _interval(figures, f"f1/{theme}"),
                *map(_number, (of_theme.brier, of_theme.ece)),
            )
            for theme, of_theme in figures.themes.items()
        ],
    )


def _themes_csv(figures: Figures) -> str:
    from fazhi_ml.training.tables import csv_text

    rows = [
        (theme, *(getattr(of_theme, column) for column in _THEME_COLUMNS)) for theme, of_theme in figures.themes.items()
    ]
    return csv_text(("theme", *_THEME_COLUMNS), rows)


def _slices_csv(per: Per, slices: Mapping[str, Figures]) -> str:
    from fazhi_ml.training.tables import csv_text

    themes = list(next(iter(slices.values())).themes)
    rows = [
        (
            name,
            figures.n_texts,
            figures.accuracy,
            figures.macro_f1,
            figures.micro_f1,
            *(figures.themes[theme].f1 for theme in themes),
        )
        for name, figures in slices.items()
    ]
    return csv_text((per, *_SLICE_COLUMNS, *(f"f1_{theme}" for theme in themes)), rows)


def _interval(figures: Figures, key: str) -> str:
    if key not in figures.intervals:
        return ""
    low, high = figures.intervals[key]
    return f"{low:.3f}–{high:.3f}"


def _number(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3f}"


def _print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fazhi_ml.errors import printable

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console(highlight=False).print(table)
