"""Charts as inline SVG: plain shapes with class names, coloured by the page's styles.

All words in a chart are English and all theme names stand outside it, so charts are readable on a machine whose fonts
have no Chinese glyphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Axis", "Chart", "interval_bar"]

_WIDTH, _HEIGHT = 340, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 12, 42
_BAR_WIDTH, _BAR_HEIGHT = 150, 18
_BAR_PAD = 6

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """The range of an axis, and what it shows.

    Attributes
    ----------
    label : str
    low, high : float
    """

    label: str
    low: float = 0.0
    high: float = 1.0

    def share(self, value: float) -> float:
        """Return how far along the axis a value stands: 0 at its beginning, 1 at its end."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round values, in steps of 0.1 or 0.2."""
        step = 2 if self.high - self.low > 0.55 else 1
        first, last = round(self.low * 10), round(self.high * 10)
        return [tenth / 10 for tenth in range(first + -first % step, last + 1, step)]


class Chart:
    """A chart with two axes; shapes are drawn in the order in which they are added.

    Parameters
    ----------
    x, y : Axis
    title : str
        What the chart shows, for those who do not see it.
    """

    def __init__(self, x: Axis, y: Axis, title: str) -> None:
        self._x, self._y, self._title = x, y, title
        self._clipped: list[str] = []
        self._dots: list[str] = []

    def line(self, points: Iterable[Point], kind: str) -> None:
        """Add a line through points; what lies outside the axes is cut off."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._place, points))
        self._clipped.append(f'<polyline class="line {kind}" points="{path}"/>')

    def dot(self, point: Point, kind: str, *, radius: float = 4.0, title: str = "") -> None:
        """Add a dot, whole even at the edge, with words that show when it is pointed at; outside the axes none."""
        if not (0 <= self._x.share(point[0]) <= 1 and 0 <= self._y.share(point[1]) <= 1):
            return
        x, y = self._place(point)
        words = f"<title>{escape(title)}</title>" if title else ""
        self._dots.append(
            f'<circle class="{kind}" cx="{_LEFT + x:.1f}" cy="{_TOP + y:.1f}" r="{radius:.1f}">{words}</circle>'
        )

    def svg(self) -> str:
        """Return the chart."""
        width, height = self._size()
        parts = [
            f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(self._title)}">',
            f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}"/>',
            *self._grid(),
            f'<svg x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}">{"".join(self._clipped)}</svg>',
            *self._dots,
            f'<text class="label" x="{_LEFT + width / 2:.1f}" y="{_HEIGHT - 5}">{escape(self._x.label)}</text>',
            f'<g transform="translate(11 {_TOP + height / 2:.1f}) rotate(-90)">',
            f'<text class="label">{escape(self._y.label)}</text></g>',
            "</svg>",
        ]
        return "".join(parts)

    def _grid(self) -> Iterable[str]:
        width, height = self._size()
        bottom = _TOP + height
        for tick in self._x.ticks():
            x = _LEFT + self._x.share(tick) * width
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
            yield f'<text class="tick" x="{x:.1f}" y="{bottom + 17}">{tick:.1f}</text>'
        for tick in self._y.ticks():
            y = _TOP + (1 - self._y.share(tick)) * height
            yield f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick side" x="{_LEFT - 9}" y="{y + 4:.1f}">{tick:.1f}</text>'

    def _place(self, point: Point) -> Point:
        width, height = self._size()
        return self._x.share(point[0]) * width, (1 - self._y.share(point[1])) * height

    @staticmethod
    def _size() -> tuple[int, int]:
        return _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM


def interval_bar(axis: Axis, value: float, low: float, high: float, *, marks: Sequence[float] = ()) -> str:
    """Draw a value and its interval on a line, with thin rules at some values to compare them with.

    Parameters
    ----------
    axis : Axis
        What lies outside is drawn at its end.
    value, low, high : float
    marks : sequence of float
    """
    span = _BAR_WIDTH - 2 * _BAR_PAD

    def x(at: float) -> str:
        return f"{_BAR_PAD + span * min(max(axis.share(at), 0), 1):.1f}"

    middle = _BAR_HEIGHT / 2
    rules = "".join(f'<line class="rule" x1="{x(mark)}" x2="{x(mark)}" y1="0" y2="{_BAR_HEIGHT}"/>' for mark in marks)
    return (
        f'<svg class="range" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" role="img" '
        f'aria-label="{value:.3f}, interval {low:.3f} to {high:.3f}">'
        f'<line class="track" x1="0" x2="{_BAR_WIDTH}" y1="{middle}" y2="{middle}"/>{rules}'
        f'<line class="span" x1="{x(low)}" x2="{x(high)}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="value" cx="{x(value)}" cy="{middle}" r="4.5"/></svg>'
    )
