from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from fazhi_ml.training.charts import Axis, Chart, interval_bar


@given(st.floats(0, 0.8).map(lambda low: round(low, 1)))
def test_ticks_are_round_and_within(low: float) -> None:
    ticks = Axis("x", low).ticks()
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] == 1
    assert 2 <= len(ticks) <= 6


def test_dots_outside_the_axes_are_left_out() -> None:
    chart = Chart(Axis("x", 0.5), Axis("y", 0.5), "title")
    chart.dot((0.4, 0.9), "out")
    chart.dot((1.0, 1.0), "in")
    assert 'class="in"' in chart.svg()
    assert 'class="out"' not in chart.svg()


def test_interval_bar_draws_what_is_outside_at_its_end() -> None:
    bar = ET.fromstring(interval_bar(Axis("x", 0.5), 0.75, 0.1, 1.0, marks=[0.75]))  # noqa: S314 - our own
    span = next(line for line in bar.iter("line") if line.get("class") == "span")
    rule = next(line for line in bar.iter("line") if line.get("class") == "rule")
    circle = next(bar.iter("circle"))
    assert (span.get("x1"), span.get("x2")) == ("6.0", "144.0")
    assert rule.get("x1") == circle.get("cx") == "75.0"
