"""Running an experiment, and writing what came out of it."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import numpy as np

from fazhi_ml.classifier.linear import Uncertain
from fazhi_ml.errors import ConfigError
from fazhi_ml.labels import LabelledTexts
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.figures import reliability_figure
from runner.crossval import N_FOLDS, Data, Laboratory
from runner.decisions import CALIBRATIONS, Outcome
from runner.learners import LEARNERS
from runner.measures import MEASURES, N_DRAWS, compare, measure_by_theme, measure_once
from runner.noise import confident_errors, contradictions
from runner.settings import Experiment, Noise, StopWords

__all__ = ["Runs", "draw_reliability", "fill_readme", "render_audit", "render_table", "run", "summarise", "write_json"]

Runs = Mapping[str, Sequence[Outcome]]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "rjieba")
_BY_THEME = ("macro_f1", "precision", "recall", "brier", "ece")
_ON_REAL = ("macro_f1", "bare", "exact")
_N_SUSPECTS, _N_SHOWN_SUSPECTS = 60, 25
_CHOICES: Mapping[str, Collection[str]] = {
    "learner": LEARNERS,
    "calibration": CALIBRATIONS,
    "stop_words": get_args(StopWords),
    "class_weight": ("none", "balanced"),
    "noise": get_args(Noise),
    "uncertain": get_args(Uncertain),
}


def run(
    experiment: Experiment, laboratory: Laboratory, announce: Callable[[str], None]
) -> tuple[Runs, Mapping[str, Outcome | None]]:
    """Run every variant with every seed, and with the first seed on the real reports.

    Parameters
    ----------
    experiment : Experiment
    laboratory : Laboratory
    announce : callable
        Called with the name of each variant before it is run.

    Raises
    ------
    ConfigError
        A variant or the table asks for something that does not exist.
    """
    _check_choices(experiment)
    runs, real = {}, {}
    for name, settings in experiment.variants.items():
        announce(name)
        runs[name] = [laboratory.run(settings, seed) for seed in experiment.seeds]
        real[name] = laboratory.run_real(settings, experiment.seeds[0])
    return runs, real


def summarise(experiment: Experiment, data: Data, runs: Runs, real: Mapping[str, Outcome | None]) -> dict[str, Any]:
    """Return the result of an experiment as JSON values; the same run gives the same values."""
    figures = compare(runs, experiment.baseline, data.train)
    baseline = asdict(experiment.variants[experiment.baseline])
    variants = {}
    for name, settings in experiment.variants.items():
        changed = {key: value for key, value in asdict(settings).items() if value != baseline[key]}
        variants[name] = {
            "settings": baseline if name == experiment.baseline else changed,
            "measures": figures[name],
            "themes": _by_theme(runs[name], data.train),
            "real": _on_real(real[name], data.real),
        }
    result: dict[str, Any] = {
        "question": experiment.question,
        "baseline": experiment.baseline,
        "columns": list(experiment.columns),
        "protocol": {"folds": N_FOLDS, "seeds": list(experiment.seeds), "bootstrap_draws": N_DRAWS},
        "corpus": {
            "hash": data.corpus_hash,
            "training_reports": len(set(data.train.groups)),
            "items": len(data.train),
            "real_items": None if data.real is None else len(data.real),
        },
        "libraries": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "variants": variants,
    }
    if experiment.audit:
        result["suspects"] = _suspects(runs[experiment.baseline], data.train)
    return result


def draw_reliability(experiment: Experiment, labelled: LabelledTexts, runs: Runs) -> None:
    """Write a reliability diagram of each variant, from its first seed, into the experiment's folder."""
    for name, (first, *_) in runs.items():
        evaluation = Evaluation(labelled, first.probabilities, first.decisions)
        figure = reliability_figure(evaluation, f"Held-out probabilities: {name}")
        path = experiment.folder / f"reliability-{'-'.join(name.lower().split())}.png"
        # No library version in the file: the same run gives the same bytes.
        figure.savefig(path, dpi=80, metadata={"Software": None})


def render_table(result: Mapping[str, Any]) -> str:
    """Lay out the results of all variants in Markdown.

    The baseline shows its figures, the others their differences to it, with 95 % intervals, in points (hundredths).
    """
    titles = [MEASURES[key].title for key in result["columns"]]
    lines = [["variant", *titles, "real", "real, no headings"]]
    lines.append(["---"] * len(lines[0]))
    for name, variant in result["variants"].items():
        is_baseline = name == result["baseline"]
        cells = [_cell(variant["measures"][key], is_baseline=is_baseline) for key in result["columns"]]
        real = variant["real"] or {}
        lines.append(
            [f"**{name}**" if is_baseline else name, *cells, *(_points(real.get(key)) for key in ("macro_f1", "bare"))]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def render_audit(suspects: Sequence[Mapping[str, Any]]) -> str:
    """Lay out the labels most likely wrong in Markdown."""
    lines = [
        "| label at | theme | labelled | probability held out | confident learning |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['source']} | `{row['theme']}` | {row['labelled']} | {row['probability']:.3f} |"
        f" {'wrong' if row['confident'] else '–'} |"
        for row in suspects[:_N_SHOWN_SUSPECTS]
    ]
    return "\n".join(lines)


def fill_readme(path: Path, parts: Mapping[str, str]) -> None:
    """Put generated parts between their marks, ``<!-- name -->`` and ``<!-- /name -->``, in a README.

    Raises
    ------
    ConfigError
        The README lacks the marks of a part.
    """
    page = path.read_text(encoding="utf-8")
    for name, text in parts.items():
        before, opening, rest = page.partition(f"<!-- {name} -->")
        _, closing, after = rest.partition(f"<!-- /{name} -->")
        if not closing:
            raise ConfigError(f"no place for the {name}", source=path, remedy=f"Write <!-- {name} --><!-- /{name} -->.")
        page = f"{before}{opening}\n{text}\n{closing}{after}"
    _write(path, page)


def write_json(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result, replacing the file at once."""
    _write(path, json.dumps(result, ensure_ascii=False, indent=1) + "\n")


def _check_choices(experiment: Experiment) -> None:
    """Refuse unknown names before time is spent on the known ones."""
    asked: list[tuple[str, str, Collection[str]]] = [("columns", name, MEASURES) for name in experiment.columns]
    for settings in experiment.variants.values():
        asked += [(key, getattr(settings, key), known) for key, known in _CHOICES.items()]
    for key, name, known in asked:
        if name not in known:
            raise ConfigError(
                f"unknown value of {key}", source=experiment.folder / "config.toml", remedy=f"Use: {', '.join(known)}."
            )


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _by_theme(runs: Sequence[Outcome], labelled: LabelledTexts) -> dict[str, dict[str, float | None]]:
    columns = {key: measure_by_theme(MEASURES[key], runs, labelled) for key in _BY_THEME}
    return {
        theme: {("f1" if key == "macro_f1" else key): values[column] for key, values in columns.items()}
        for column, theme in enumerate(labelled.codebook.ids)
    }


def _on_real(outcome: Outcome | None, real: LabelledTexts | None) -> dict[str, float | None] | None:
    if outcome is None or real is None:
        return None
    return {key: measure_once(MEASURES[key], outcome, real) for key in _ON_REAL}


def _suspects(runs: Sequence[Outcome], labelled: LabelledTexts) -> list[dict[str, Any]]:
    """Return the labels that held-out probabilities, averaged over seeds, contradict most."""
    probabilities = np.mean([outcome.probabilities for outcome in runs], axis=0)
    confident = confident_errors(probabilities, labelled.labels)
    order = np.argsort(-contradictions(probabilities, labelled.labels), axis=None, kind="stable")[:_N_SUSPECTS]
    return [
        {
            "source": labelled.sources[row],
            "theme": labelled.codebook.ids[column],
            "labelled": "present" if labelled.labels[row, column] == 1 else "absent",
            "probability": round(float(probabilities[row, column]), 4),
            "confident": bool(confident[row, column]),
        }
        for row, column in zip(*np.unravel_index(order, labelled.labels.shape), strict=True)
    ]


def _cell(measure: Mapping[str, Any], *, is_baseline: bool) -> str:
    name, interval = ("value", "interval") if is_baseline else ("difference", "difference_interval")
    low, high = measure[interval]
    sign = "" if is_baseline else "+"
    return f"{_points(measure[name], sign)} [{_points(low, sign)}, {_points(high, sign)}]"


def _points(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{100 * value:{sign}.2f}"
