"""What people see in the terminal: a tagged report as a table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fazhi_ml.codebook import OTHER, Codebook
from fazhi_ml.errors import printable
from fazhi_ml.tagging.page import ROLE_NAMES
from fazhi_ml.tagging.results import Granularity, TaggedItem, TaggedParagraph, TaggedReport

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["one_line", "render_table"]

_THEME_STYLES = ("blue", "red", "green", "magenta", "yellow", "cyan")
_WIDE = 80
"""Narrower terminals get no columns for section and role: the headings stand between the rows instead."""
_TERMS = 5
_PREVIEW = 400


def one_line(text: str, limit: int = _PREVIEW) -> str:
    """Return the first words of a text, safe to print: on one line, control characters as escapes."""
    return printable(" ".join(text[:limit].split()))


def render_table(
    report: TaggedReport, granularity: Granularity = "paragraph", *, explain: bool = False, width: int, colour: bool
) -> str:
    """Render a tagged report as a table for a terminal.

    Parameters
    ----------
    report : TaggedReport
    granularity : {"paragraph", "item"}
        What a row is.
    explain : bool
        Whether rows name the strongest terms for each theme, as far as the report was tagged with ``explain=True``.
    width : int
        Columns of the terminal; a Chinese character takes two.
    colour : bool
        Whether to write colours as escape sequences. The text of the document never brings any of its own.

    Returns
    -------
    str
        Ends with a line end.
    """
    from rich.console import Console

    output = io.StringIO()
    console = Console(
        file=output, width=width, force_terminal=colour, no_color=not colour, legacy_windows=False, highlight=False
    )
    console.print(_summary(report))
    if report.paragraphs:
        console.print(_table(report, granularity, explain=explain, wide=width >= _WIDE))
    return output.getvalue()


def _summary(report: TaggedReport) -> Text:
    from rich.text import Text

    metadata = report.metadata
    facts = [metadata.place, metadata.level, metadata.agency, metadata.year and str(metadata.year)]
    n_items = sum(len(paragraph.items) for paragraph in report.paragraphs)
    facts += [f"{len(report.paragraphs)} paragraphs, {n_items} items", report.model]
    summary = Text()
    summary.append(one_line(report.title or report.name or "-"), "bold")
    summary.append("\n" + " · ".join(one_line(fact) for fact in facts if fact), "dim")
    shares = [(theme, share) for theme, share in report.theme_shares().items() if share]
    for number, (theme, share) in enumerate(shares):
        summary.append("  " if number else "\n")
        summary.append(f"{_name(report.codebook, theme)} {share:.0%}", _style(report.codebook, theme))
    return summary


def _table(report: TaggedReport, granularity: Granularity, *, explain: bool, wide: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    if wide:
        table.add_column("section", ratio=2, no_wrap=True, overflow="ellipsis", style="dim")
    table.add_column("text", ratio=5, no_wrap=True, overflow="ellipsis")
    table.add_column("themes", no_wrap=True, overflow="ellipsis", max_width=26)
    if wide:
        table.add_column("role", no_wrap=True)
    before: tuple[str, ...] = ()
    for number, paragraph in enumerate(report.paragraphs):
        units: Sequence[TaggedParagraph | TaggedItem] = [paragraph] if granularity == "paragraph" else paragraph.items
        for place, unit in enumerate(units):
            label = str(number) if granularity == "paragraph" else f"{number}.{place}"
            section = one_line(paragraph.section[-1]) if paragraph.section and paragraph.section != before else ""
            before = paragraph.section
            text, themes = _text(unit, report.codebook, explain=explain), _themes(unit, report.codebook)
            if wide:
                table.add_row(label, section, text, themes, ROLE_NAMES[paragraph.role][0])
            else:
                if section:
                    table.add_row("", Text(section, "dim"), "")
                table.add_row(label, text, themes)
    return table


def _text(unit: TaggedParagraph | TaggedItem, codebook: Codebook, *, explain: bool) -> Text:
    from rich.text import Text

    text = Text(one_line(unit.text))
    if explain:
        for theme in _by_score(unit):
            terms = _strongest_terms(unit, theme)
            if terms:
                text.append(f"\n{_name(codebook, theme)}: ", _style(codebook, theme))
                text.append(", ".join(terms), "dim")
    return text


def _strongest_terms(unit: TaggedParagraph | TaggedItem, theme: str) -> list[str]:
    items = unit.items if isinstance(unit, TaggedParagraph) else (unit,)
    evidence = [
        term
        for item in items
        if theme in item.explanations
        for term in item.explanations[theme].evidence
        if term.contribution > 0
    ]
    # Words and headings read better than character n-grams, which are shown only where there is nothing else.
    readable = [term for term in evidence if term.block != "characters"] or evidence
    readable.sort(key=lambda term: -term.contribution)
    return list(dict.fromkeys(one_line(term.term) for term in readable))[:_TERMS]


def _themes(unit: TaggedParagraph | TaggedItem, codebook: Codebook) -> Text:
    from rich.text import Text

    text = Text()
    for number, theme in enumerate(_by_score(unit)):
        text.append("\n" if number else "")
        text.append(_name(codebook, theme), _style(codebook, theme))
        text.append(f" {unit.scores[theme]:.0%}", "dim")
    if not unit.themes:
        text.append(OTHER, "dim")
    return text


def _by_score(unit: TaggedParagraph | TaggedItem) -> list[str]:
    return sorted(unit.themes, key=lambda theme: -unit.scores[theme])


def _name(codebook: Codebook, theme: str) -> str:
    return one_line(codebook.theme(theme).name()) if theme in codebook.ids else theme


def _style(codebook: Codebook, theme: str) -> str:
    return _THEME_STYLES[codebook.ids.index(theme) % len(_THEME_STYLES)] if theme in codebook.ids else "dim"
