"""The small picture of a brand's last day: posts an hour, the negative ones among them, and what is usual."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from buzzwatch.web.board import Hour

STEP, HEIGHT = 12, 60
"""Of an hour, and of the whole, in the units of the picture."""
_GAP = 3
_LEAST_TOP = 4.0


class Sparkline(Struct, frozen=True):
    """Each an SVG path, "" where there is nothing to draw."""

    width: int
    height: int
    posts: str
    negative: str
    band: str
    deaf: str


def draw(hours: Sequence[Hour]) -> Sparkline:
    """Lay the hours out over the whole picture; numbers that are none are drawn as nothing."""
    highest = max((max(each.mentions or 0, each.high or 0.0) for each in hours), default=0.0)
    scale = HEIGHT / max(_LEAST_TOP, highest * 1.05)
    return Sparkline(
        width=STEP * max(1, len(hours)),
        height=HEIGHT,
        posts="".join(_bar(number, scale * (each.mentions or 0)) for number, each in enumerate(hours)),
        negative="".join(_bar(number, scale * _negative(each)) for number, each in enumerate(hours)),
        band="".join(_band(hours, scale)),
        deaf="".join(f"M{number * STEP} 0h{STEP}v{HEIGHT}h-{STEP}z" for number, each in enumerate(hours) if each.deaf),
    )


def negative_share(hour: Hour) -> float | None:
    """Of the hour's posts; None where there were none, or nobody listened."""
    return min(1.0, hour.negative / hour.fresh) if hour.mentions and hour.fresh else None


def _negative(hour: Hour) -> float:
    return (hour.mentions or 0) * (negative_share(hour) or 0.0)


def _bar(number: int, height: float) -> str:
    if height <= 0:
        return ""
    wide = STEP - _GAP
    return f"M{number * STEP + _GAP / 2:g} {HEIGHT}v-{max(1.0, height):.1f}h{wide}V{HEIGHT}z"


def _band(hours: Sequence[Hour], scale: float) -> Iterator[str]:
    for number, each in enumerate(hours):
        if each.low is not None and each.high is not None:
            top, bottom = HEIGHT - scale * each.high, HEIGHT - scale * each.low
            yield f"M{number * STEP} {top:.1f}h{STEP}V{max(bottom, top + 1):.1f}h-{STEP}z"
