"""A tagged report as one self-contained HTML page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from fazhi_ml.codebook import Codebook
from fazhi_ml.reports.document import Role
from fazhi_ml.tagging.evidence import Evidence, Explanation
from fazhi_ml.tagging.results import TaggedItem, TaggedParagraph, TaggedReport
from fazhi_ml.tagging.standalone import (
    LEVEL_NAMES,
    base_style,
    csp_hash,
    environment,
    script_json,
    shown,
    theme_rules,
)

__all__ = ["ROLE_NAMES", "render_page"]

ROLE_NAMES: dict[Role, tuple[str, str]] = {
    "achievements": ("工作成效", "Achievements"),
    "problems": ("存在问题", "Problems"),
    "plans": ("下一步计划", "Plans"),
    "leadership": ("第一责任人", "Leadership"),
    "other": ("其他", "Other"),
}
"""Chinese and English display names of the roles, in the order in which they are shown."""

_BLOCK_NAMES = {"words": "w", "characters": "c", "headings": "h"}
_TERMS_PER_THEME = 10
_SPANS_PER_TERM = 20

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(report: TaggedReport) -> str:
    """Render a page to read a tagged report in.

    The page stands alone: styles, script and data are inside it, and its content security policy forbids any request.
    It shows the outline, every paragraph with the themes of its items, the themes' shares, filters by theme and role,
    and for an item its probabilities. Where the report was tagged with ``explain=True``, it highlights the evidence.

    Parameters
    ----------
    report : TaggedReport

    Returns
    -------
    str
        HTML. Characters that cannot be shown are replaced one for one.

    Raises
    ------
    MissingExtraError
        jinja2 is not installed.
    """
    templates = environment(_TEMPLATES)
    style = base_style() + _asset("page.css") + theme_rules(len(report.codebook.themes))
    script = _asset("page.js")
    owners = _owners(report)
    themes = [{"name": (theme.name("zh"), theme.name("en"))} for theme in report.codebook.themes]
    return templates.get_template("page.html").render(
        report=report,
        style=style,
        script=script,
        style_hash=csp_hash(style),
        script_hash=csp_hash(script),
        level=LEVEL_NAMES.get(report.metadata.level or ""),
        themes=themes,
        shares=_shares(report),
        roles=_roles(report),
        outline=_outline(report, owners),
        blocks=list(_blocks(report, owners)),
        ribbon=_ribbon(report),
        item_count=sum(len(paragraph.items) for paragraph in report.paragraphs),
        explained=any(item.explanations for item in _items(report)),
        data=script_json(_payload(report)),
    )


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _items(report: TaggedReport) -> Iterator[TaggedItem]:
    for paragraph in report.paragraphs:
        yield from paragraph.items


def _themes(codebook: Codebook, item: TaggedItem) -> list[dict[str, int]]:
    """Return an item's themes, the primary one first: number in the codebook and probability in per cent."""
    ordered = sorted(item.themes, key=lambda theme: theme != item.primary)
    return [{"index": codebook.ids.index(theme), "percent": round(100 * item.scores[theme])} for theme in ordered]


def _shares(report: TaggedReport) -> list[dict[str, Any]]:
    """Return one row a theme, and one for items without a theme: number in the codebook (-1 for none), count, share."""
    total = sum(len(paragraph.items) for paragraph in report.paragraphs)
    shares = report.theme_shares()
    rows = []
    for theme_id, share in shares.items():
        index = report.codebook.ids.index(theme_id) if theme_id in report.codebook.ids else -1
        # A single-label codebook gives every item a theme.
        if index >= 0 or report.codebook.multi_label:
            rows.append({"index": index, "count": round(share * total), "percent": 100 * share})
    return rows


def _roles(report: TaggedReport) -> list[dict[str, Any]]:
    """Return one row for each role that occurs: id, names and number of items."""
    counts = dict.fromkeys(ROLE_NAMES, 0)
    for paragraph in report.paragraphs:
        counts[paragraph.role] += len(paragraph.items)
    return [{"id": role, "name": ROLE_NAMES[role], "count": count} for role, count in counts.items() if count]


def _owners(report: TaggedReport) -> dict[int, int]:
    """Return for every run-in heading (by its number) the number of the paragraph that it is part of."""
    starts = [paragraph.span.start for paragraph in report.paragraphs]
    return {
        number: bisect_right(starts, heading.span.start) - 1
        for number, heading in enumerate(report.headings)
        if heading.run_in and starts and starts[0] <= heading.span.start
    }


def _outline(report: TaggedReport, owners: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return one entry a heading; a run-in heading points at its paragraph."""
    return [
        {
            "target": f"p{owners[number]}" if number in owners else f"h{number}",
            "level": min(heading.level, 6),
            "text": heading.text,
        }
        for number, heading in enumerate(report.headings)
    ]


def _blocks(report: TaggedReport, owners: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    """Yield headings, paragraphs and runs of chrome lines in reading order."""
    parts = [*_heading_blocks(report, owners), *_paragraph_blocks(report, owners), *_chrome_blocks(report)]
    parts.sort(key=lambda part: part["start"])
    for is_chrome, run in groupby(parts, key=lambda part: part["kind"] == "chrome"):
        if is_chrome:
            yield {"kind": "chrome", "lines": [part["line"] for part in run]}
        else:
            yield from run


def _heading_blocks(report: TaggedReport, owners: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    """Yield the headings that stand on a line of their own, with their role where it is news."""
    roles = {section.span.start: section.role for section in report.sections}
    above: list[tuple[int, Role]] = []
    for number, heading in enumerate(report.headings):
        if number in owners:
            continue
        while above and above[-1][0] >= heading.level:
            above.pop()
        role = roles.get(heading.span.start, "other")
        is_news = role != "other" and (not above or above[-1][1] != role)
        above.append((heading.level, role))
        yield {
            "kind": "heading",
            "start": heading.span.start,
            "id": f"h{number}",
            "level": min(heading.level + 1, 6),
            "text": heading.text,
            "role": ROLE_NAMES[role] if is_news else None,
        }


def _paragraph_blocks(report: TaggedReport, owners: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    openings: dict[int, int] = {}
    for number, owner in owners.items():
        span = report.headings[number].span
        if span.start == report.paragraphs[owner].span.start:
            openings[owner] = len(span)
    first_item = 0
    for number, paragraph in enumerate(report.paragraphs):
        yield _paragraph_block(report.codebook, paragraph, number, first_item, openings.get(number, 0))
        first_item += len(paragraph.items)


def _chrome_blocks(report: TaggedReport) -> Iterator[dict[str, Any]]:
    for span in report.chrome:
        line = span.of(report.text)
        # The title stands at the head of the page.
        if line.strip() and line.strip() != report.title:
            yield {"kind": "chrome", "start": span.start, "line": line}


def _paragraph_block(
    codebook: Codebook, paragraph: TaggedParagraph, number: int, first_item: int, opening: int
) -> dict[str, Any]:
    """Return what the template needs of a paragraph whose first `opening` characters are a run-in heading."""
    items = []
    for place, item in enumerate(paragraph.items):
        bold = 0 if place else opening
        items.append(
            {
                "number": first_item + place,
                "id": f"p{number}-{place}",
                "themes": _themes(codebook, item),
                "opening": item.text[:bold],
                "opening_length": _utf16(item.text, bold),
                "rest": item.text[bold:],
            }
        )
    return {
        "kind": "paragraph",
        "start": paragraph.span.start,
        "id": f"p{number}",
        "role": paragraph.role,
        "items": items,
    }


def _ribbon(report: TaggedReport) -> list[dict[str, Any]]:
    """Return one strip an item, as wide as its text is long: number, theme, start and width (of 1000 in all)."""
    items = list(_items(report))
    total = sum(len(item.text) for item in items) or 1
    strips, at = [], 0
    for number, item in enumerate(items):
        length = len(item.text)
        themes = _themes(report.codebook, item)
        strips.append(
            {
                "number": number,
                "theme": themes[0]["index"] if themes else -1,
                "start": 1000 * at / total,
                "width": 1000 * length / total,
            }
        )
        at += length
    return strips


def _payload(report: TaggedReport) -> dict[str, Any]:
    """Return what the page's script needs: names, thresholds, and for every item its probabilities and evidence."""
    positions = {theme: index for index, theme in enumerate(report.codebook.ids)}
    items = []
    for item in _items(report):
        evidence = {}
        for theme, explanation in item.explanations.items():
            evidence[positions[theme]] = _evidence(item.text, explanation)
        scores = [round(item.scores[theme], 3) for theme in report.codebook.ids]
        items.append({"s": scores, "g": [theme["index"] for theme in _themes(report.codebook, item)], "e": evidence})
    names = [[shown(theme.name("zh")), shown(theme.name("en"))] for theme in report.codebook.themes]
    thresholds = {positions[theme]: round(threshold, 3) for theme, threshold in report.thresholds.items()}
    return {"themes": names, "thresholds": thresholds, "items": items}


def _evidence(text: str, explanation: Explanation) -> dict[str, Any]:
    supporting = [term for term in explanation.evidence if term.contribution > 0]
    # Character n-grams colour the text well but read badly as a list: they must not crowd out the words.
    pieces = [term for term in supporting if term.block == "characters"][:_TERMS_PER_THEME]
    words = [term for term in supporting if term.block != "characters"][:_TERMS_PER_THEME]
    terms = sorted([*words, *pieces], key=lambda term: -term.contribution)
    best = explanation.best_sentence
    return {
        "best": [_utf16(text, best.start), _utf16(text, best.end)],
        "terms": [_term(text, term) for term in terms],
    }


def _term(text: str, term: Evidence) -> list[Any]:
    spans = [[_utf16(text, span.start), _utf16(text, span.end)] for span in term.spans[:_SPANS_PER_TERM]]
    return [shown(term.term), _BLOCK_NAMES[term.block], round(term.contribution, 3), spans]


def _utf16(text: str, offset: int) -> int:
    """Return an offset in code points as one in UTF-16 units, in which JavaScript counts."""
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2
