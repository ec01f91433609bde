"""The posts of a brand over the time of a backtest as a picture, with the rings of both rule sets marked."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from msgspec import Struct

from buzzwatch.app.backtest.rings import STEP, Curve
from buzzwatch.model.instant import DAY, HOUR, Instant, Span

WIDTH, HEIGHT = 480, 260
"""Small, so that its letters can still be read on a phone."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 84, 26
_LANES = (56, 72)
_MOST_BARS = 96
_WIDTHS = (STEP, 3 * STEP, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 365 * DAY)
_TICKS = 4
_LETTER = 6.4
_ALL, _ANGRY, _RING = "#9db8d6", "#9a3412", "#1c1c1c"


class Bars(Struct, frozen=True):
    """Posts and angry posts in steps of `width` from `since` on."""

    since: Instant
    width: Span
    posts: tuple[int, ...]
    angry: tuple[int, ...]

    @property
    def until(self) -> Instant:
        """The end of the last step."""
        return self.since + self.width * len(self.posts)


class Legend(Struct, frozen=True):
    """The words in a picture: of the bars, of each row of marks, and the sentence for who cannot see it."""

    posts: str
    angry: str
    lanes: tuple[str, ...]
    says: str


def bars_of(curve: Curve, since: Instant, until: Instant) -> Bars:
    """A curve in at most so many steps as can be told apart."""
    width = next((width for width in _WIDTHS if (until - since) // width < _MOST_BARS), _WIDTHS[-1])
    first = since // width * width
    number = (until - first) // width + 1
    return Bars(first, width, _summed(curve.posts, first, width, number), _summed(curve.angry, first, width, number))


def _summed(counts: dict[int, int], first: Instant, width: Span, number: int) -> tuple[int, ...]:
    summed = [0] * number
    for step, count in counts.items():
        place = (step * STEP - first) // width
        if 0 <= place < number:
            summed[place] += count
    return tuple(summed)


def draw(bars: Bars, lanes: Sequence[Sequence[Instant]], legend: Legend, tick: Callable[[Instant], str]) -> str:
    """An SVG picture that needs nothing from outside; every text in it is escaped.

    `lanes` are the instants of rings: the first row of marks is filled, the second one hollow.
    """
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(legend.says)}" font-family="system-ui, sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_levels(max(bars.posts)),
        *_columns(bars),
        *_times(bars, tick),
        *_bar_legend(legend),
    ]
    for number, (instants, name) in enumerate(zip(lanes, legend.lanes, strict=False)):
        left = _LEFT + 5 + number * _LETTER * (len(legend.lanes[0]) + 5)
        parts.append(_arrow(left, 29, filled=number == 0))
        parts.append(f'<text x="{left + 9:.0f}" y="33" fill="#222">{escape(name)}</text>')
        parts += [_mark(_place(bars, at), _LANES[number], filled=number == 0) for at in instants]
    return "".join((*parts, "</svg>"))


def _place(bars: Bars, at: Instant) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (at - bars.since) / (bars.until - bars.since)


def _levels(top: int) -> Iterator[str]:
    for value in dict.fromkeys((0, top // 2, top)):
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / max(1, top))
        yield f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{value}</text>'


def _columns(bars: Bars) -> Iterator[str]:
    step, high, top = (WIDTH - _LEFT - _RIGHT) / len(bars.posts), HEIGHT - _TOP - _BOTTOM, max(1, *bars.posts)
    for counts, colour in ((bars.posts, _ALL), (bars.angry, _ANGRY)):
        for number, count in enumerate(counts):
            if count:
                left, tall = _LEFT + (number + 0.08) * step, high * count / top
                size = f'width="{step * 0.84:.1f}" height="{tall:.1f}"'
                yield f'<rect x="{left:.1f}" y="{_TOP + high - tall:.1f}" {size} fill="{colour}"/>'


def _times(bars: Bars, tick: Callable[[Instant], str]) -> Iterator[str]:
    every = max(1, len(bars.posts) // _TICKS)
    for number in range(every // 2, len(bars.posts), every):
        at = bars.since + number * bars.width
        x = f"{_place(bars, at):.1f}"
        yield f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="middle" fill="#555">{escape(tick(at))}</text>'


def _bar_legend(legend: Legend) -> Iterator[str]:
    left = float(_LEFT)
    for name, colour in ((legend.posts, _ALL), (legend.angry, _ANGRY)):
        yield f'<rect x="{left:.0f}" y="5" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{left + 14:.0f}" y="14" fill="#222">{escape(name)}</text>'
        left += 30 + _LETTER * len(name)


def _mark(x: float, y: int, *, filled: bool) -> str:
    dashes = "" if filled else ' stroke-dasharray="2 3"'
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 4}" y2="{HEIGHT - _BOTTOM}" stroke="{_RING}" stroke-width=".6"'
    return f"{line}{dashes}/>{_arrow(x, y, filled=filled)}"


def _arrow(x: float, y: int, *, filled: bool) -> str:
    points = f"{x - 5:.1f},{y - 5} {x + 5:.1f},{y - 5} {x:.1f},{y + 4}"
    return f'<polygon points="{points}" fill="{_RING if filled else "#fff"}" stroke="{_RING}" stroke-width="1.2"/>'
