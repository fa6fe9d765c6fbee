"""``fazhi passages``: items of an archive on a theme, or with certain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fazhi_ml.archive.layout import Layout
from fazhi_ml.archive.passages import find_passages, hit_spans, page_link, passage_fields
from fazhi_ml.cli.answer import (
    ArchiveArgument,
    ForceOption,
    LevelOption,
    OutputOption,
    PlaceOption,
    RoleOption,
    YearOption,
    archive_address,
    check_output,
    parse_years,
    render,
    tell,
    write_answer,
)

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["command", "render_passage"]

_HIT = "bold black on yellow"


def render_passage(passage: dict[str, Any], number: int, query: str | None = None) -> Text:
    """Lay a passage out for a terminal: its source, its text with the words of the query marked, and where it stands.

    Parameters
    ----------
    passage : dict
        As `fazhi_ml.archive.passages.find_passages` returns it.
    number : int
        Its place in the list.
    query : str, optional
        The words looked for.

    Returns
    -------
    rich.text.Text
        Control characters of the document are escaped.
    """
    from rich.text import Text

    from fazhi_ml.cli.console import one_line

    layout = Text()
    layout.append(f"{number}. ", "dim")
    layout.append(one_line(passage["title"] or passage["report"] or passage["path"]), "bold")
    facts = [passage["place"], passage["year"] and str(passage["year"]), " › ".join(passage["section"])]
    facts += [None if passage["role"] == "other" else passage["role"]]
    layout.append("\n" + " · ".join(one_line(fact) for fact in facts if fact), "dim")
    layout.append("\n")
    layout.append_text(_marked(passage["text"], query))
    layout.append("\n")
    given = sorted(passage["themes"], key=lambda theme: -passage["scores"].get(theme, 0))
    for theme in given:
        layout.append(one_line(theme), "blue")
        layout.append(f" {passage['scores'][theme]:.0%}  " if theme in passage["scores"] else "  ", "dim")
    where = f"{passage['path']} [{passage['start']}:{passage['end']}]"
    layout.append(("" if given else "other  ") + one_line(where), "dim")
    link = page_link(passage)
    if link is not None:
        layout.append(f"  {one_line(link)}", "dim")
    layout.append("\n")
    return layout


def _marked(text: str, query: str | None) -> Text:
    from rich.text import Text

    from fazhi_ml.errors import printable

    text = " ".join(text.split())
    marked, end = Text(), 0
    for span in hit_spans(text, query) if query is not None else ():
        marked.append(printable(text[end : span.start]))
        marked.append(printable(span.of(text)), _HIT)
        end = span.end
    return marked.append(printable(text[end:]))


def command(
    archive: ArchiveArgument,
    *,
    query: Annotated[
        str | None, typer.Option("--query", "-q", help="Words, parted by spaces, all of which have to occur.")
    ] = None,
    theme: Annotated[
        list[str] | None, typer.Option(help="Only items with this theme, or other; may be repeated.")
    ] = None,
    role: RoleOption = None,
    place: PlaceOption = None,
    level: LevelOption = None,
    year: YearOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many passages at most.")] = 20,
    output_format: Annotated[
        Literal["table", "jsonl", "csv", "html"],
        typer.Option("--format", "-f", help="table and html to read, jsonl and csv to process."),
    ] = "table",
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Find passages in an archive.

    The most occurrences of the words come first, then the highest
    probability of the theme. Words are taken as they are, but upper and
    lower case are the same, and so are full and half width.

    \b
      fazhi passages out --theme law_enforcement --role problems
      fazhi passages out --query "行政复议 调解" --year 2021-2023
      fazhi passages out --theme supervision --place 云坪县 --limit 100 --format jsonl
      fazhi passages out --query 放管服 --format html -o passages.html
    """  # noqa: D301
    check_output(output, force=force)
    years = parse_years(year)
    passages = find_passages(
        Layout(archive), theme=theme, role=role, place=place, level=level, year=years, query=query, limit=limit
    )
    pieces: Iterable[str]
    if output_format == "jsonl":
        from fazhi_ml.tagging.export import to_jsonl

        pieces = to_jsonl(passages)
    elif output_format == "csv":
        from fazhi_ml.tagging.export import to_csv

        fields, themes = passage_fields(Layout(archive))
        pieces = to_csv(passages, themes, fields)
    elif output_format == "html":
        from fazhi_ml.archive.answers import render_passages
        from fazhi_ml.archive.selection import Selection

        selection = Selection.of(role=role, place=place, level=level, year=years)
        address = archive_address(archive, output)
        name = archive.absolute().name
        pieces = [render_passages(passages, archive=name, address=address, selection=selection, query=query)]
    else:
        numbered = enumerate(passages, start=1)
        pieces = render(
            (render_passage(passage, number, query) for number, passage in numbered), to_file=output is not None
        )
    write_answer(pieces, output, csv=output_format == "csv", force=force)
    if not passages:
        tell("no passage meets the conditions")
