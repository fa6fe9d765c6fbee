"""An evaluation as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.codebook import Theme
from fazhi_ml.tagging.page import ROLE_NAMES
from fazhi_ml.tagging.standalone import LEVEL_NAMES, base_style, csp_hash, environment, theme_rules
from fazhi_ml.training.comparison import Comparison
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.fonts import font_face
from fazhi_ml.training.mistakes import ranked_errors
from fazhi_ml.training.report_data import (
    comparison_rows,
    confusion_table,
    headline,
    slice_tables,
    theme_cards,
    theme_rows,
)
from fazhi_ml.training.report_errors import differences, error_entries
from fazhi_ml.training.slices import ReportFacts, slice_figures

__all__ = ["MAX_ERRORS", "Baseline", "render_report"]

MAX_ERRORS = 200
"""Wrongly tagged texts that a page shows unless told otherwise."""

_MAX_DIFFERENCES = 100
_OPEN_CARDS = 8
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Baseline:
    """The model that an evaluated one is compared with.

    Attributes
    ----------
    id : str
    comparison : Comparison
        It is the champion in it, the evaluated model the challenger.
    """

    id: str
    comparison: Comparison


def render_report(
    evaluation: Evaluation,
    bundle: Bundle,
    *,
    data: str,
    facts: Mapping[str, ReportFacts] | None = None,
    baseline: Baseline | None = None,
    max_errors: int = MAX_ERRORS,
    out_of_fold: bool = False,
) -> str:
    """Render a page about how well a model tags labelled texts.

    The page stands alone: styles, script, charts and data are inside it, a font for its Chinese where one is installed,
    and its content security policy forbids any request. It holds figures with intervals, threshold and precision-recall
    curves, reliability, confusions, slices, influential terms, and wrongly tagged texts with the terms that decided.
    It quotes the texts, by design.

    Parameters
    ----------
    evaluation : Evaluation
    bundle : Bundle
        The model evaluated.
    data : str
        What the texts are called on the page.
    facts : mapping of str to ReportFacts, optional
        Level and year of the reports, by id, as far as known.
    baseline : Baseline, optional
        A model to compare with.
    max_errors : int
        Wrongly tagged texts shown at most, the most confident errors first; 0 keeps every text out of the page.
    out_of_fold : bool
        Whether each text was tagged by a model of its fold, not by `bundle`, whose terms then explain nothing.

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
    codebook, model = bundle.codebook, bundle.scorer.model
    style = base_style() + _asset("evaluation.css") + theme_rules(len(codebook.ids))
    script = _asset("evaluation.js")
    ranked = ranked_errors(evaluation).tolist()
    explaining = None if out_of_fold else bundle.scorer
    with_style = partial(
        templates.get_template("evaluation.html").render,
        script=script,
        script_hash=csp_hash(script),
        model=bundle.id,
        data=data,
        codebook=codebook,
        figures=evaluation.figures,
        themes=[{"id": theme.id, "name": _names(theme)} for theme in codebook.themes],
        role_names=ROLE_NAMES,
        level_names=LEVEL_NAMES,
        tiles=headline(evaluation.figures),
        table=theme_rows(evaluation, model.thresholds.tolist() if codebook.multi_label else None),
        cards=theme_cards(evaluation, bundle),
        n_open=_OPEN_CARDS,
        confusion=confusion_table(evaluation),
        slices=slice_tables(evaluation, slice_figures(evaluation, facts)),
        n_wrong=len(ranked),
        errors=error_entries(evaluation, ranked[:max_errors], explaining),
        max_errors=max_errors,
        out_of_fold=out_of_fold,
        baseline=None if baseline is None else _compared(baseline, max_errors),
    )
    page = with_style(style=style, style_hash=csp_hash(style), embeds_font=False)
    # Which glyphs the page needs is known only once it is there.
    if face := font_face(page):
        style = face + style
        page = with_style(style=style, style_hash=csp_hash(style), embeds_font=True)
    return page


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _names(theme: Theme) -> tuple[str, str]:
    return theme.name("zh"), theme.name("en")


def _compared(baseline: Baseline, max_errors: int) -> dict[str, Any]:
    found = differences(baseline.comparison, min(_MAX_DIFFERENCES, max_errors))
    return {"id": baseline.id, "table": comparison_rows(baseline.comparison), "differences": found}
