"""The course of an incident as a picture: what was seen beside what is usual, and when people did what."""

from collections.abc import Callable, Sequence
from html import escape
from typing import TypeAlias

from msgspec import Struct

from buzzwatch.model.instant import Instant, Span

WIDTH, HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 40, 26
_TICKS = 6
_LEVELS = 3
_LETTER = 6.0
"""Rough width of a letter, in the units of the picture."""

_Axis: TypeAlias = Callable[[float], float]


class Course(Struct, frozen=True):
    """Numbers of mentions in steps of `width` from `since` on; `usual` is what such a step holds, None if unknown."""

    since: Instant
    width: Span
    counts: tuple[int, ...]
    usual: tuple[float | None, ...] = ()

    @property
    def until(self) -> Instant:
        """The end of the last step."""
        return self.since + self.width * len(self.counts)


class Moment(Struct, frozen=True):
    """Something to mark in the picture."""

    at: Instant
    label: str


class Axes(Struct, frozen=True):
    """The words beside the picture: times by instant, the legend, and a sentence for who cannot see it."""

    times: tuple[tuple[Instant, str], ...]
    seen: str
    usual: str
    says: str


def ticks(course: Course) -> list[Instant]:
    """Where the time is written."""
    every = max(1, round(len(course.counts) / _TICKS))
    return [course.since + number * course.width for number in range(0, len(course.counts), every)]


def draw(course: Course, moments: Sequence[Moment], axes: Axes) -> str:
    """An SVG picture that needs nothing from outside; every text in it is escaped."""
    top = max([1.0, *course.counts, *(value for value in course.usual if value is not None)])
    inner_width, inner_height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(at: float) -> float:
        return _LEFT + inner_width * (at - course.since) / max(1, course.until - course.since)

    def y(value: float) -> float:
        return _TOP + inner_height * (1 - value / top)

    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(axes.says)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for level in range(_LEVELS):
        value = top * level / (_LEVELS - 1)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#555">{value:.0f}</text>'
        )
    step = inner_width / max(1, len(course.counts))
    for number, count in enumerate(course.counts):
        if count:
            left = _LEFT + number * step
            parts.append(
                f'<rect x="{left + step * 0.1:.1f}" y="{y(count):.1f}" width="{step * 0.8:.1f}"'
                f' height="{_TOP + inner_height - y(count):.1f}" fill="#3d6a9e"/>'
            )
    parts += _usual_line(course, step, y)
    parts += [
        f'<text x="{x(at):.1f}" y="{HEIGHT - 8}" text-anchor="middle" fill="#555">{escape(text)}</text>'
        for at, text in axes.times
    ]
    parts += _moments(course, moments, x)
    parts.append(_legend(axes, has_usual=any(value is not None for value in course.usual)))
    return "".join((*parts, "</svg>"))


def _usual_line(course: Course, step: float, y: _Axis) -> list[str]:
    known = [(number, value) for number, value in enumerate(course.usual) if value is not None]
    if not known:
        return []
    points = " ".join(
        f"{_LEFT + number * step:.1f},{y(value):.1f} {_LEFT + (number + 1) * step:.1f},{y(value):.1f}"
        for number, value in known
    )
    return [f'<polyline points="{points}" fill="none" stroke="#b3541e" stroke-width="2" stroke-dasharray="5 3"/>']


def _moments(course: Course, moments: Sequence[Moment], x: _Axis) -> list[str]:
    """Lines with a number on top; the list below the picture says what each is. Those of one place share a line."""
    parts: list[str] = []
    last, row = -1e9, 0
    for number, moment in enumerate(moments, 1):
        if not course.since <= moment.at <= course.until:
            continue
        place = x(moment.at)
        row = row + 1 if place - last < 2.5 * _LETTER else 0
        last = place
        height = _TOP - 4 - (row % 2) * 14
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{height + 3}" y2="{HEIGHT - _BOTTOM}" stroke="#222"'
            ' stroke-width="1" stroke-dasharray="2 2"/>'
            f'<circle cx="{place:.1f}" cy="{height - 3}" r="7.5" fill="#222"/>'
            f'<text x="{place:.1f}" y="{height + 0.5}" text-anchor="middle" font-size="10" fill="#fff">{number}</text>'
        )
    return parts


def _legend(axes: Axes, *, has_usual: bool) -> str:
    seen = (
        f'<rect x="{_LEFT}" y="6" width="10" height="10" fill="#3d6a9e"/>'
        f'<text x="{_LEFT + 15}" y="15" fill="#222">{escape(axes.seen)}</text>'
    )
    if not has_usual:
        return seen
    left = _LEFT + 30 + _LETTER * len(axes.seen)
    return (
        f'{seen}<line x1="{left:.0f}" x2="{left + 18:.0f}" y1="11" y2="11" stroke="#b3541e" stroke-width="2"'
        f' stroke-dasharray="5 3"/><text x="{left + 24:.0f}" y="15" fill="#222">{escape(axes.usual)}</text>'
    )
