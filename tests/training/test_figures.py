from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fazhi_ml.codebook import Codebook, Theme
from fazhi_ml.training.evaluate import Evaluation
from fazhi_ml.training.figures import confusion_figure, precision_recall_figure, reliability_figure
from fazhi_ml.training.train import TrainingResult
from tests.training.conftest import MakeTexts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[Evaluation, str], "Figure"]
ALL = pytest.mark.parametrize("draw", [precision_recall_figure, confusion_figure, reliability_figure])


def png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return buffer.getvalue()


@ALL
def test_figures_are_pictures_and_leave_pyplot_alone(draw: Draw, trained: TrainingResult) -> None:
    figure = draw(trained.evaluations["folds"], "Folds")
    assert png(figure).startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules
    assert figure.axes[0].get_title(loc="left") == "Folds"


@ALL
def test_chinese_names_and_themes_without_texts_can_be_drawn(draw: Draw, make_texts: MakeTexts) -> None:
    # A glyph that the font lacks would be a warning, and warnings are errors here.
    texts = make_texts([[1, 0], [0, 0], [1, -1]])
    texts = replace(texts, codebook=Codebook("zh", "1", True, (Theme("监督"), Theme("b", en="Law"))))
    probabilities = np.array([[0.9, 0.1], [0.2, 0.0], [1.0, 0.5]])
    figure = draw(Evaluation(texts, probabilities, probabilities >= 0.5), "Two themes")
    assert png(figure)


def test_the_dots_of_precision_and_recall_are_the_decisions(trained: TrainingResult) -> None:
    evaluation = trained.evaluations["folds"]
    axes = precision_recall_figure(evaluation, "Folds").axes[0]
    dots = [(line.get_xdata(), line.get_ydata()) for line in axes.get_lines() if line.get_marker() == "o"]
    expected = [(theme.recall, theme.precision) for theme in evaluation.figures.themes.values()]
    np.testing.assert_allclose(np.array(dots).reshape(-1, 2), np.array(expected, dtype=float))


def test_every_cell_of_the_confusion_figure_is_written(trained: TrainingResult) -> None:
    from fazhi_ml.training.mistakes import confusion_matrix

    evaluation = trained.evaluations["folds"]
    written = {
        (int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text())
        for text in confusion_figure(evaluation, "Folds").axes[0].texts
    }
    matrix = confusion_matrix(evaluation)
    assert written == {(row, column): matrix[row, column] for row, column in np.argwhere(matrix).tolist()}
