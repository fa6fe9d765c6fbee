"""``fazhi labels``: check and describe labelled data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fazhi_ml.codebook import OTHER, Codebook

if TYPE_CHECKING:
    from rich.table import Table

    from fazhi_ml.errors import CorpusError
    from fazhi_ml.labels import LabelledTexts
    from fazhi_ml.labels.debug import Finding

__all__ = ["app", "corpus_problems", "debug_data", "read_corpus_stats"]

app = typer.Typer(help="Check and describe labelled data.", no_args_is_help=True)

_SPLITS_NAME = "splits.toml"


class Format(StrEnum):
    """How results are written to stdout."""

    TABLE = "table"
    JSON = "json"


CorpusPath = Annotated[Path, typer.Argument(help="Folder of marked-up reports, or one of them.")]
CodebookPath = Annotated[Path, typer.Option("--codebook", help="Codebook whose themes are the labels (TOML).")]
FormatOption = Annotated[Format, typer.Option("--format", help="table to read, json to process.")]

_CORPUS = Path("data/corpus")
_CODEBOOK = Path("configs/codebook.toml")


def corpus_problems(path: Path, codebook: Path) -> list[CorpusError]:
    """Return everything that is wrong with a corpus, each problem with its file and line.

    Raises
    ------
    CodebookError
        The codebook cannot be read.
    """
    from fazhi_ml.labels.corpus import check_corpus

    return check_corpus(path, Codebook.read(codebook))


def read_corpus_stats(path: Path, codebook: Path, splits: Path | None = None) -> dict[str, Any]:
    """Return what `fazhi_ml.labels.stats.corpus_stats` counts in a corpus.

    Parameters
    ----------
    path, codebook : pathlib.Path
    splits : pathlib.Path, optional
        The test split; by default ``splits.toml`` beside the corpus folder, if there is one.

    Raises
    ------
    CodebookError, CorpusError
        A file is malformed, or they do not fit each other.
    """
    from fazhi_ml.labels.corpus import Corpus
    from fazhi_ml.labels.splits import Splits
    from fazhi_ml.labels.stats import corpus_stats

    corpus = Corpus.read(path, Codebook.read(codebook))
    beside = path.absolute().parent / _SPLITS_NAME
    if splits is None and path.is_dir() and beside.is_file():
        splits = beside
    return corpus_stats(corpus, Splits.read(splits, corpus) if splits else None)


def debug_data(paths: Sequence[Path], codebook: Path | None = None) -> list[Finding]:
    """Look for trouble in labelled data of any form; see `fazhi_ml.labels.debug.debug_labels`.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Several are taken for the sides of a split; of a corpus folder with ``splits.toml`` beside it, so are its sides.
    codebook : pathlib.Path, optional
        By default the labels are taken from the data when all of them are JSON Lines or CSV, else
        ``configs/codebook.toml``.

    Raises
    ------
    CodebookError
        The codebook cannot be read.
    """
    from fazhi_ml.errors import CorpusError
    from fazhi_ml.labels.debug import debug_labels, problem_finding
    from fazhi_ml.labels.exchange import (
        Row,
        infer_codebook,
        is_exchange_file,
        label_fault,
        scan_rows,
        to_labelled_texts,
    )

    problems: list[CorpusError] = []
    rows_of: dict[Path, list[Row]] = {}
    for path in dict.fromkeys(paths):
        if is_exchange_file(path):
            rows_of[path], found = scan_rows(path)
            problems += found
    try:
        if codebook is not None or set(paths) - set(rows_of):
            book = Codebook.read(codebook or _CODEBOOK)
        else:
            book = infer_codebook([row for rows in rows_of.values() for row in rows], source=paths[0])
    except CorpusError as error:
        return problem_finding([*problems, error])
    parts: dict[str, LabelledTexts] = {}
    for path in dict.fromkeys(paths):
        if path not in rows_of:
            found_parts, found = _corpus_parts(path, book)
            parts |= found_parts
            problems += found
            continue
        faults = {row.line: label_fault(row, book) for row in rows_of[path]}
        problems += [
            CorpusError(fault[0], source=path, line=line, remedy=fault[1]) for line, fault in faults.items() if fault
        ]
        parts[str(path)] = to_labelled_texts(
            [row for row in rows_of[path] if faults[row.line] is None], book, source=path
        )
    sound = {name: part for name, part in parts.items() if len(part)}
    return [*problem_finding(problems), *(debug_labels(sound) if sound else ())]


def _corpus_parts(path: Path, codebook: Codebook) -> tuple[dict[str, LabelledTexts], list[CorpusError]]:
    """Return the texts of a corpus or of gold labels, by side of the split if there is one, or what is wrong."""
    from fazhi_ml.errors import CorpusError
    from fazhi_ml.labels import Corpus, Splits, check_corpus, load_labelled

    try:
        labelled = load_labelled(path, codebook)
        beside = path.absolute().parent / _SPLITS_NAME
        if not (path.is_dir() and beside.is_file()):
            return {str(path): labelled}, []
        split = Splits.read(beside, Corpus.read(path, codebook))
    except CorpusError as error:
        return {}, check_corpus(path, codebook) or [error]
    sides = {"train": split.train, "test": split.test}
    return {f"{path} ({side})": labelled.in_groups(ids) for side, ids in sides.items()}, []


@app.command()
def debug(
    data: Annotated[
        list[Path], typer.Argument(help="JSON Lines or CSV files, corpus folders; several are sides of a split.")
    ],
    codebook: Annotated[
        Path | None,
        typer.Option(
            help="Codebook of the labels (TOML).",
            show_default="labels of JSON Lines and CSV, else configs/codebook.toml",
        ),
    ] = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Look for trouble before training; exit code 1 if there are errors.

    Errors: malformed rows, empty texts, the same text with different labels,
    texts or groups on both sides of a split. Warnings: duplicates and
    near-duplicates in different groups, rare themes, very short or long texts.

    \b
      fazhi labels debug train.jsonl test.jsonl
      fazhi labels debug data/corpus --format json
    """  # noqa: D301
    findings = debug_data(data, codebook)
    if output is Format.JSON:
        typer.echo(json.dumps([finding.to_dict() for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.level} {finding.kind}: {finding.count:,} {finding.message}")
            for place in finding.places:
                typer.echo(f"    {place}")
            if finding.count > len(finding.places) > 0:
                typer.echo(f"    and {finding.count - len(finding.places):,} more")
    n_errors = sum(finding.level == "error" for finding in findings)
    n_warnings = sum(finding.level == "warning" for finding in findings)
    typer.echo(f"{n_errors} kinds of errors, {n_warnings} of warnings", err=True)
    if n_errors:
        raise typer.Exit(1)


@app.command()
def validate(
    corpus: CorpusPath = _CORPUS, codebook: CodebookPath = _CODEBOOK, output: FormatOption = Format.TABLE
) -> None:
    """List every problem of a corpus with file and line; exit code 1 if there are any."""
    problems = corpus_problems(corpus, codebook)
    if output is Format.JSON:
        fields = ("source", "line", "cause", "remedy")
        typer.echo(json.dumps([{name: getattr(p, name) for name in fields} for p in problems], ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(str(problem))
    typer.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} in {corpus}", err=True)
    if problems:
        raise typer.Exit(1)


@app.command()
def stats(
    corpus: CorpusPath = _CORPUS,
    codebook: CodebookPath = _CODEBOOK,
    splits: Annotated[
        Path | None, typer.Option(help="Test split (TOML); by default splits.toml beside the corpus folder.")
    ] = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Count reports, items and labels of a corpus, and what its test split holds."""
    counts = read_corpus_stats(corpus, codebook, splits)
    if output is Format.JSON:
        typer.echo(json.dumps(counts, ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    console = Console(highlight=False)
    for table in _tables(counts):
        console.print(table)


def _tables(counts: dict[str, Any]) -> Iterable[Table]:
    """Lay the counts out so that only the number of rows grows with the codebook."""
    sizes = ("reports", "paragraphs", "items", "undecided")
    yield _table("Corpus", ("", "number"), [(name, counts[name]) for name in sizes])
    yield _theme_table(counts)
    yield _table("Themes an item", ("themes", "items"), list(counts["themes_per_item"].items()))
    yield _together(counts["together"])
    lengths = ("item_characters", "items_per_report")
    yield _table(
        "Lengths", ("", *counts[lengths[0]]), [(name.replace("_", " "), *counts[name].values()) for name in lengths]
    )
    for name in ("by_level", "by_role"):
        yield _across(name.replace("_", " ").capitalize(), counts[name])
    years = [(year, cell["reports"], cell["items"]) for year, cell in counts["by_year"].items()]
    yield _table("By year", ("year", "reports", "items"), years)


def _theme_table(counts: dict[str, Any]) -> Table:
    n_items = counts["items"]
    columns = ["theme", "items", "uncertain", "share"]
    rows: list[tuple[object, ...]] = [
        (theme, cell["items"], cell["uncertain"], f"{cell['share']:.1%}") for theme, cell in counts["themes"].items()
    ]
    rows.append((OTHER, counts[OTHER], "", f"{counts[OTHER] / n_items:.1%}"))
    rows.append(("all", n_items, "", ""))
    if "test" in counts:
        test = counts["test"]
        columns.append("in test")
        held_out = (*test["themes"].values(), test[OTHER], test["items"])
        rows = [(*row, number) for row, number in zip(rows, held_out, strict=True)]
    return _table("Items with a theme", columns, rows)


def _together(together: dict[str, dict[str, int]]) -> Table:
    numbers = [str(number) for number in range(1, len(together) + 1)]
    rows = [
        (f"{number} {theme}", *(also.get(other, "") for other in together))
        for number, (theme, also) in zip(numbers, together.items(), strict=True)
    ]
    return _table("Items with both themes", ("theme", *numbers), rows)


def _across(title: str, cells: dict[str, dict[str, Any]]) -> Table:
    columns = list(cells.values())
    sizes = [size for size in ("reports", "items") if size in columns[0]]
    rows: list[tuple[object, ...]] = [(size, *(cell[size] for cell in columns)) for size in sizes]
    rows += [(theme, *(cell["themes"][theme] for cell in columns)) for theme in columns[0]["themes"]]
    rows.append((OTHER, *(cell[OTHER] for cell in columns)))
    return _table(title, ("", *cells), rows)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    return table
