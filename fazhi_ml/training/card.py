"""The model card: what a model is for, how it came about, and what it cannot do, with the figures of its run."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from fazhi_ml.classifier.bundle import Bundle
from fazhi_ml.codebook import OTHER
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.metrics import Interval
from fazhi_ml.training.mistakes import (
    accuracy_by_n_themes,
    confusion_labels,
    confusion_matrix,
    error_kinds,
    worst_errors,
)
from fazhi_ml.training.tables import markdown_table

__all__ = ["render_card"]

_WORST_CONFUSIONS = 5
_N_EXAMPLES = 6
_EXAMPLE_LENGTH = 70
_WIDTH = 120


def render_card(bundle: Bundle, evaluations: Mapping[str, Evaluation]) -> str:
    """Write the card of a model.

    Parameters
    ----------
    bundle : Bundle
        Its own card is not read.
    evaluations : mapping of str to Evaluation
        As in `fazhi_ml.training.train.TrainingResult`.

    Returns
    -------
    str
        Markdown. It depends on the arguments alone: no date, no place.
    """
    sections = [
        _head(bundle),
        _use(bundle),
        _data(bundle),
        _training(bundle),
        _overall(bundle, evaluations),
        _themes(bundle, evaluations),
        _roles(evaluations["folds"]) if _is_of_reports(bundle) else "",
        _failures(evaluations["folds"], with_examples=_is_of_reports(bundle)),
        _limits(bundle),
        _reproduce(bundle),
    ]
    blocks = "\n\n".join(section.strip() for section in sections if section).split("\n\n")
    return "\n\n".join(map(_wrapped, blocks)) + "\n"


def _is_of_reports(bundle: Bundle) -> bool:
    """Tell whether the model learnt from marked-up reports, not from rows of texts."""
    return "reports" in bundle.info["corpus"]


def _wrapped(block: str) -> str:
    """Wrap a paragraph of prose anew, since what is filled in changes its lines; leave other blocks as they are."""
    if block.startswith(("|", "#", "-", "*")):
        return block
    return textwrap.fill(block, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _head(bundle: Bundle) -> str:
    return f"""
# Model card: {bundle.info["name"]}

`{bundle.id}` · codebook `{bundle.codebook.name}` {bundle.codebook.version} (`{bundle.codebook.hash[:12]}`)

Written by `fazhi train`; every number on this page was computed in that run."""


def _use(bundle: Bundle) -> str:
    codebook = bundle.codebook
    rows = [(f"`{theme.id}`", theme.zh, theme.en, theme.definition) for theme in codebook.themes]
    how_many = (
        f"A text may carry several themes or none (`{OTHER}`)." if codebook.multi_label else "A text carries one theme."
    )
    if _is_of_reports(bundle):
        purpose = f"""\
Tags Chinese rule-of-law reports of governments and their departments (法治政府建设报告), item by item, with the themes
of the codebook. {how_many} It is meant for reading, searching and counting archives of reports, with a person who
looks at the evidence where a single decision matters. It says what a report writes about, not whether that is true,
lawful or well done, and is not meant to rate governments or people."""
    else:
        purpose = f"""\
Tags texts like those it was trained on with the labels of its codebook. {how_many} It is meant for searching, sorting
and counting many texts, with a person who looks at the evidence where a single decision matters."""
    return f"""
## Intended use

{purpose}

{markdown_table(("theme", "中文", "English", "definition"), rows)}"""


def _data(bundle: Bundle) -> str:
    corpus = bundle.info["corpus"]
    if not _is_of_reports(bundle):
        return _data_of_rows(corpus)
    test = corpus["test_reports"]
    n_train = corpus["reports"] - len(test)
    description = f"\n{corpus['description']}" if corpus["description"] else ""
    if test:
        split = (
            f"{len(test)} reports are held out as a frozen test split and were only scored: no weight, calibration or "
            f"threshold comes from them, and no setting may be chosen by them. The other {n_train}"
        )
    else:
        split = f"No test split was given: all {n_train}"
    return f"""
## Data

A labelled corpus of {corpus["reports"]} reports, SHA-256 `{corpus["hash"]}`.{description}

{split} reports ({corpus["train_texts"]:,} items) were trained on.

A label that only one of two annotators gave is uncertain: it is neither rewarded nor punished in any figure here."""


def _data_of_rows(corpus: Mapping[str, Any]) -> str:
    if "test_texts" in corpus:
        split = f"""\
A file of {corpus["test_texts"]:,} further texts was held out as a test and only scored: no weight, calibration,
threshold or setting comes from it."""
    else:
        split = "No test data were given: the figures on folds are all there is."
    return f"""
## Data

{corpus["train_texts"]:,} labelled texts in {corpus["groups"]:,} groups, SHA-256 of the file `{corpus["hash"]}`.
{corpus["description"]}

{split}"""


def _training(bundle: Bundle) -> str:
    settings = bundle.info["config"]
    rows = [
        (f"`{table}.{key}`", f"`{value}`") for table in ("features", "model") for key, value in settings[table].items()
    ]
    vocabulary = bundle.scorer.extractor.vocabulary
    sizes = [f"{len(vocabulary.keys(block)):,} of {block}" for block in ("words", "characters", "headings")]
    n_user_words = len(bundle.scorer.extractor.tokenizer.user_words)
    return f"""
## How it was trained

Sublinear TF-IDF of an item's words, its characters and the headings above it ({", ".join(sizes)}; {n_user_words} words
in the user dictionary), and one linear support vector machine a theme. An item's score mixes that of the item as a
whole with that of its best sentence, because one sentence is enough to carry a theme. Scores become probabilities by
Platt scaling; calibration and thresholds come from out-of-fold scores, with whole reports held out.
{_chosen(bundle)}
{markdown_table(("setting", "value"), [("`seed`", f"`{settings['seed']}`"), *rows])}"""


def _chosen(bundle: Bundle) -> str:
    figures = bundle.info.get("chosen")
    if not figures:
        return ""
    tried = ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items())
    measure = "macro-F1" if bundle.codebook.multi_label else "exact match"
    return f"\nSettings were chosen on folds of at most 10,000 texts, by {measure}: {tried}.\n"


def _overall(bundle: Bundle, evaluations: Mapping[str, Evaluation]) -> str:
    rows = []
    for name, evaluation in evaluations.items():
        figures = evaluation.figures
        intervals = figures.intervals
        rows.append(
            (
                name.replace("_", " "),
                f"{figures.n_groups}",
                f"{figures.n_texts:,}",
                _with_interval(figures.macro_f1, intervals.get("macro_f1")),
                _with_interval(figures.micro_f1, intervals.get("micro_f1")),
                _with_interval(figures.accuracy, intervals.get("accuracy")),
            )
        )
    group, text = ("report", "item") if _is_of_reports(bundle) else ("group", "text")
    columns = ("data", f"{group}s", f"{text}s", "macro-F1", "micro-F1", "exact match")
    return f"""
## Figures

{markdown_table(columns, rows)}

- `folds`: the training {group}s, each tagged by a model, calibration and thresholds that did not see it. Where settings
  were chosen by these figures, they are a little too good.{_names_note(evaluations)}
- In brackets: 95 % bootstrap intervals; whole {group}s are drawn, or {text}s where there are fewer than ten {group}s
  (they then understate how much {group}s differ).
- Macro-F1 is the mean of the themes' F1 (a theme that neither occurs nor was given is left out); exact match asks for
  the whole set of themes."""


def _names_note(evaluations: Mapping[str, Evaluation]) -> str:
    note = ""
    if "test" in evaluations:
        note += "\n- `test`: the frozen test split."
    if "test_without_headings" in evaluations:
        note += " `test without headings`: the same texts, shown without their headings."
    further = [name for name in evaluations if not name.startswith(("folds", "test"))]
    if further:
        note += "\n- The others are further labelled data: scored, never trained on."
    return note


def _themes(bundle: Bundle, evaluations: Mapping[str, Evaluation]) -> str:
    parts = ["## Themes"]
    for name, evaluation in evaluations.items():
        figures = evaluation.figures
        rows = [
            (
                f"`{theme}`",
                f"{of_theme.support}",
                _number(of_theme.precision),
                _number(of_theme.recall),
                _with_interval(of_theme.f1, figures.intervals.get(f"f1/{theme}")),
                _number(of_theme.brier),
                _number(of_theme.ece),
            )
            for theme, of_theme in figures.themes.items()
        ]
        columns = ("theme", "support", "precision", "recall", "F1", "Brier", "ECE")
        parts.append(f"**{name.replace('_', ' ')}**\n\n{markdown_table(columns, rows)}")
    thresholds = zip(bundle.codebook.ids, bundle.scorer.model.thresholds.tolist(), strict=True)
    if bundle.codebook.multi_label:
        parts.append(
            "A theme is given when its probability reaches its threshold:\n\n"
            + markdown_table(("theme", "threshold"), [(f"`{theme}`", f"{value:.3f}") for theme, value in thresholds])
        )
    parts.append(
        "Brier score and expected calibration error (ECE, ten bins) judge the probabilities: 0 is perfect. They were "
        "calibrated on the training reports; on reports of another kind they may be off."
    )
    return "\n\n".join(parts)


def _roles(folds: Evaluation) -> str:
    rows = [
        (role, f"{figures.n_texts:,}", _number(figures.macro_f1), _number(figures.accuracy))
        for role, figures in folds.slices("role").items()
    ]
    return f"""
## By section

On folds, by the role of the section that an item stands in:

{markdown_table(("role", "items", "macro-F1", "exact match"), rows)}"""


def _failures(folds: Evaluation, *, with_examples: bool) -> str:
    kinds = error_kinds(folds)
    n_errors = sum(kinds.values())
    rows = [(kind, f"{count}", f"{count / max(n_errors, 1):.0%}") for kind, count in kinds.items()]
    by_number = [(name, f"{count:,}", _number(share)) for name, (count, share) in accuracy_by_n_themes(folds).items()]
    parts = [
        "## Known failures",
        f"On folds {n_errors:,} of {folds.figures.n_texts:,} items have a wrong set of themes:",
        markdown_table(("what is wrong", "items", "share"), rows),
        "How often the whole set is right, by the number of themes that an item certainly carries:",
        markdown_table(("items with", "items", "exact match"), by_number),
    ]
    confusions = _worst_confusions(folds)
    if confusions:
        parts += [
            f"Most frequent confusions (`{OTHER}`: nothing was given instead, or nothing was missed instead):",
            markdown_table(("gold", "given", "times"), confusions),
        ]
    if with_examples and n_errors:
        parts += [
            "Examples from the corpus, where the model was most sure of what is wrong:",
            markdown_table(("where", "begins", "gold", "given"), _examples(folds)),
        ]
    return "\n\n".join(parts)


def _examples(evaluation: Evaluation) -> list[tuple[str, str, str, str]]:
    return [
        (
            error["source"],
            " ".join(error["text"].split())[:_EXAMPLE_LENGTH] + "…",
            error["gold"] or OTHER,
            error["predicted"] or OTHER,
        )
        for error in worst_errors(evaluation, limit=_N_EXAMPLES)
    ]


def _worst_confusions(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    matrix, names = confusion_matrix(evaluation), confusion_labels(evaluation)
    cells = [
        (int(matrix[row, column]), gold, given)
        for row, gold in enumerate(names)
        for column, given in enumerate(names)
        if row != column and matrix[row, column]
    ]
    cells.sort(key=lambda cell: -cell[0])
    return [(f"`{gold}`", f"`{given}`", f"{count}") for count, gold, given in cells[:_WORST_CONFUSIONS]]


def _limits(bundle: Bundle) -> str:
    last = []
    if bundle.codebook.multi_label:
        last.append(f"- `{OTHER}` means that no theme passed its threshold; it is not a class that was learnt.")
    if _is_of_reports(bundle):
        last.append(
            "- Items are taken as the reader cuts them: a heading or an enumeration that it misses changes what is "
            "scored."
        )
    note = "\n".join(["", *last])
    return f"""
## Limits

- It knows the wording of its corpus. Figures on texts of other kinds, years or regions may be lower than those on
  folds and test: label a sample of your own and run `fazhi evaluate`.
- No figure here means more than the labels do: what annotators would not agree on cannot be measured.
- It weighs terms: it does not read. Negation, irony and a theme named in passing can mislead it, and a measure told in
  words that the corpus lacks can be missed.{note}"""


def _reproduce(bundle: Bundle) -> str:
    libraries = bundle.info["libraries"]
    versions = ", ".join(f"{name} {version}" for name, version in libraries.items())
    return f"""
## Reproduce

`fazhi train` with the corpus, the user dictionary (`userdict.txt` beside this card) and the settings above gives the
same weights byte for byte. Trained with {versions}."""


def _with_interval(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return _number(value)
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
