"""The course of an incident as a PNG, for letters.

No words in it: they stand beside it, where they can be read aloud, and need no fonts on the server.
"""

from collections.abc import Sequence

from buzzwatch.model.curve import Point
from buzzwatch.notify.chart import HEIGHT, WIDTH, Chart, draw

SCALE = 2
"""Points of the picture a unit of the chart: some 10 ms of painting, four times as many at twice the scale."""
_MARGIN = 4


def paint(points: Sequence[Point]) -> bytes | None:
    """Bars of what was seen and a line of what is usual; None where there are too few points.

    Raises:
        ValueError: it could not be drawn. A panic of the painter is a BaseException.
    """
    import resvg_py  # noqa: PLC0415 - for letters with a chart alone

    chart = draw(points)
    if chart is None:
        return None
    return bytes(resvg_py.svg_to_bytes(svg_string=_svg(chart), zoom=SCALE, skip_system_fonts=True))


def _svg(chart: Chart) -> str:
    bars = "".join(
        f'<rect x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}"/>' for bar in chart.bars if bar.height
    )
    wide, high = WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="{-_MARGIN} {-_MARGIN} {wide} {high}">'
        f'<rect x="{-_MARGIN}" y="{-_MARGIN}" width="{wide}" height="{high}" fill="#f3f5f7"/>'
        f'<g fill="#c4463e">{bars}</g>'
        f'<path d="M0 {HEIGHT}H{WIDTH}" stroke="#5b6470" stroke-width="0.75"/>'
        f'<polyline points="{chart.usual}" fill="none" stroke="#1b1f24" stroke-width="1.5"/></svg>'
    )
