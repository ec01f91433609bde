"""The small picture of an incident: what was seen against what is usual, hour by hour."""

from collections.abc import Sequence

from msgspec import Struct

from buzzwatch.model.curve import Point
from buzzwatch.model.instant import Instant

WIDTH, HEIGHT = 320, 96
_MOST = 120
"""Bars that a phone can still show; of more points the latest are drawn."""


class Bar(Struct, frozen=True, gc=False):
    """One rectangle, in the units of the picture."""

    x: float
    y: float
    width: float
    height: float


class Chart(Struct, frozen=True):
    """Bars of what was seen, and the usual numbers as the `points` of an SVG polyline."""

    since: Instant
    bars: tuple[Bar, ...]
    usual: str
    top: float
    """The number at the upper edge."""


def draw(points: Sequence[Point]) -> Chart | None:
    """Lay the points out over the whole picture; None where there are too few to show anything."""
    shown = points[-_MOST:]
    if len(shown) < 2:  # noqa: PLR2004 - one bar shows no course
        return None
    top = max(1.0, *(max(point.observed, point.expected) for point in shown))
    step = WIDTH / len(shown)
    bars = tuple(_bar(index * step, step, HEIGHT * max(0.0, point.observed) / top) for index, point in enumerate(shown))
    usual = " ".join(
        f"{(index + 0.5) * step:.1f},{HEIGHT - HEIGHT * max(0.0, point.expected) / top:.1f}"
        for index, point in enumerate(shown)
    )
    return Chart(shown[0].at, bars, usual, top)


def _bar(x: float, step: float, height: float) -> Bar:
    return Bar(round(x, 1), round(HEIGHT - height, 1), round(step * 0.8, 1), round(height, 1))
