"""Pictures of an evaluation: precision and recall, confusions, calibration.

Drawn with matplotlib's objects alone: no global state, no window, and no Chinese glyphs, which its fonts lack.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fazhi_ml.codebook import Codebook
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.mistakes import confusion_labels, confusion_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["confusion_figure", "precision_recall_figure", "reliability_figure"]

# Okabe and Ito's palette without its yellow: told apart by colour-blind readers, dark enough for lines on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", ":", "-.")
_LAST_LATIN = "\u024f"
_N_BINS = 10
# More curves than this are a tangle, and more numbers than this cannot be read.
_MAX_CURVES = 20
_MAX_NUMBERS = 40
_MAX_SIDE = 24.0


def precision_recall_figure(evaluation: Evaluation, title: str) -> Figure:
    """Draw one precision-recall curve a theme, over certain labels, with a dot where the thresholds decide.

    Of more than 20 themes the 20 that most texts carry are drawn; likewise in `reliability_figure`.

    Parameters
    ----------
    evaluation : Evaluation
    title : str
        Short, in Latin letters.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, axes = _new_figure(title, width=7.0, height=6.0)
    figures = evaluation.figures.themes
    names = _theme_names(evaluation.labelled.codebook)
    certain = list(_certain(evaluation))
    for number in _most_frequent(evaluation):
        carries, probabilities = certain[number]
        if not carries.any():
            continue
        precision, recall, _ = precision_recall_curve(carries, probabilities)
        area = average_precision_score(carries, probabilities)
        colour, dashes = _style(number)
        axes.plot(
            recall, precision, color=colour, linestyle=dashes, linewidth=1.6, label=f"{names[number]} (AP {area:.3f})"
        )
        theme = figures[evaluation.labelled.codebook.ids[number]]
        if theme.precision is not None and theme.recall is not None:
            axes.plot(theme.recall, theme.precision, "o", color=colour, markersize=7, markeredgecolor="white")
    axes.set(xlabel="Recall", ylabel="Precision", xlim=(-0.01, 1.02), ylim=(-0.01, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", title="Theme (dot: the decision in use)", frameon=False, alignment="left")
    _add_zoom(axes)
    return figure


def confusion_figure(evaluation: Evaluation, title: str) -> Figure:
    """Draw the confusions between themes, coloured by row; see `fazhi_ml.training.mistakes.confusion_matrix`.

    Parameters
    ----------
    evaluation : Evaluation
    title : str
        Short, in Latin letters.
    """
    matrix = confusion_matrix(evaluation)
    ids = confusion_labels(evaluation)
    names = [*_theme_names(evaluation.labelled.codebook), "none (other)"][: len(ids)]
    side = min(3.4 + 0.75 * len(ids), _MAX_SIDE)
    figure, axes = _new_figure(title, width=side + 0.6, height=side)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # Errors are few: the square root lets them be seen beside the diagonal.
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    if len(ids) <= _MAX_NUMBERS:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            colour = "white" if shares[row, column] > 0.4 else "black"
            axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour, fontsize=10)
    places = range(len(ids))
    size = min(10.0, 10.0 * _MAX_NUMBERS / len(ids))
    axes.set_xticks(places, names, rotation=35, ha="right", rotation_mode="anchor", fontsize=size)
    axes.set_yticks(places, names, fontsize=size)
    axes.set(
        xlabel="Given\n\nDiagonal: themes found. Elsewhere: a missed theme (row) against one wrongly given (column).",
        ylabel="Gold",
    )
    axes.xaxis.label.set_fontsize(9)
    return figure


def reliability_figure(evaluation: Evaluation, title: str) -> Figure:
    """Draw how often texts carry a theme against the probability that they were given, in ten bins a theme.

    Parameters
    ----------
    evaluation : Evaluation
    title : str
        Short, in Latin letters.
    """
    figure, axes = _new_figure(title, width=6.4, height=7.0)
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle="--", label="Perfect calibration")
    names = _theme_names(evaluation.labelled.codebook)
    figures = evaluation.figures.themes
    certain = list(_certain(evaluation))
    for number in _most_frequent(evaluation):
        carries, probabilities = certain[number]
        if not len(carries):
            continue
        bins = np.minimum((probabilities * _N_BINS).astype(np.intp), _N_BINS - 1)
        sizes = np.bincount(bins, minlength=_N_BINS)
        filled = sizes > 0
        mean_probability = np.bincount(bins, weights=probabilities, minlength=_N_BINS)[filled] / sizes[filled]
        frequency = np.bincount(bins, weights=carries, minlength=_N_BINS)[filled] / sizes[filled]
        colour, dashes = _style(number)
        ece = figures[evaluation.labelled.codebook.ids[number]].ece
        axes.plot(
            mean_probability,
            frequency,
            color=colour,
            linestyle=dashes,
            linewidth=1.0,
            alpha=0.5,
            label=f"{names[number]} (ECE {ece:.3f})",
        )
        # Most texts stand near 0 and 1: without their size, the few in between would seem to matter as much.
        axes.scatter(mean_probability, frequency, s=6 * np.sqrt(sizes[filled]), color=colour, edgecolor="white")
    axes.set(
        xlabel="Mean probability given", ylabel="Share that carries the theme", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02)
    )
    axes.grid(alpha=0.3)
    # Below the axes: where few texts are behind a dot, lines go anywhere.
    figure.legend(loc="outside lower center", ncols=2, title="Theme (dots grow with the texts in a bin)", frameon=False)
    return figure


def _new_figure(title: str, *, width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    return figure, axes


def _add_zoom(axes: Axes) -> None:
    """Enlarge the upper right corner, where the curves of a good model lie on top of each other."""
    zoom = axes.inset_axes((0.42, 0.30, 0.5, 0.5), xlim=(0.85, 1.005), ylim=(0.85, 1.005))
    for line in axes.get_lines():
        zoom.plot(
            line.get_xdata(),
            line.get_ydata(),
            color=line.get_color(),
            linestyle=line.get_linestyle(),
            marker=line.get_marker(),
            markeredgecolor="white",
        )
    zoom.tick_params(labelsize=8)
    zoom.grid(alpha=0.3)
    axes.indicate_inset_zoom(zoom, edgecolor="#888888")


def _most_frequent(evaluation: Evaluation) -> list[int]:
    """Return the columns of the themes that most texts carry, in codebook order."""
    support = (evaluation.labelled.labels == 1).sum(axis=0)
    return sorted(np.argsort(-support, kind="stable")[:_MAX_CURVES].tolist())


def _certain(evaluation: Evaluation) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float64]]]:
    """Yield for each theme which texts carry it and their probabilities, uncertain labels left out."""
    labels = evaluation.labelled.labels
    for column in range(labels.shape[1]):
        certain = labels[:, column] >= 0
        yield labels[certain, column] == 1, evaluation.probabilities[certain, column]


def _theme_names(codebook: Codebook) -> list[str]:
    """Return names that matplotlib's fonts can write."""
    names = []
    for number, theme in enumerate(codebook.themes, start=1):
        name = theme.name("en")
        names.append(name if max(name) <= _LAST_LATIN else f"theme {number}")
    return names


def _style(number: int) -> tuple[str, str]:
    return _COLOURS[number % len(_COLOURS)], _DASHES[number // len(_COLOURS) % len(_DASHES)]
