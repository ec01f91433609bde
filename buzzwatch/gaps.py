"""The times at which we could not hear: nothing in them is learnt, and no silence is judged.

A source that is deaf matters to the brands of which it brings enough; see `roads`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.input import EVERYTHING, Gap
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span

MOST_CLOSED = 100
"""Of each source: one that comes and goes crowds out what is known of no other."""
KEPT: Span = 30 * DAY
"""How long a gap that is over may still matter: a silent brand learns of it only when it is heard again."""
CATCH_UP: Span = 5 * MINUTE
"""So long after a gap what was said in it, answers too, has come in."""
HELD: Span = 48 * HOUR
"""How long learning waits for one source, as for anything else that departs from the usual; then what the others bring
is learnt, and what was normal before counts again once it is heard."""


class Deafness(Struct, frozen=True):
    """A gap, the brands to which it does not matter, and what was usual for those to which it does (mentions an hour).

    Of a brand that is learning still, or is heard of later, nothing is said: it matters to that one.
    """

    gap: Gap
    untouched: frozenset[str] = frozenset()
    usual: Mapping[str, float] = {}


class _Heard(Struct, frozen=True):
    """The gaps that matter to one brand, as it asks for them at each tick."""

    gaps: tuple[Gap, ...]
    spans: list[tuple[Instant, Instant]]
    last_until: Instant


class Gaps:
    """Gaps of all sources, the closed ones first. One still open ends far in the future."""

    def __init__(self, gaps: Iterable[Deafness] = ()) -> None:
        self._all = list(gaps)
        self._of: dict[str, _Heard] = {}

    def __iter__(self) -> Iterator[Gap]:
        return (each.gap for each in self._all)

    def hear(self, gap: Gap, now: Instant, untouched: Iterable[str] = (), usual: Mapping[str, float] = {}) -> Deafness:
        """Add one; the open one of its source ends with it, unless it was over before that began. As it is now known.

        While we are down the sources stay as they were: each says of itself when it hears again. To whom a gap matters
        is said when it begins: see `Deafness`.
        """
        heard = Deafness(gap, frozenset(untouched), usual)
        kept: list[Deafness] = []
        for known in self._all:
            if known.gap.until > now and known.gap.source == gap.source and gap.until >= known.gap.since:
                heard = replace(known, gap=replace(gap, since=min(known.gap.since, gap.since)))
            elif known.gap.until > now - KEPT:
                kept.append(known)
        still_open = [known for known in kept if known.gap.until > now]
        closed = [known for known in kept if known.gap.until <= now]
        if heard.gap.until > now:
            still_open.append(heard)
        else:  # what was usual before is asked for when it ends, and never again
            closed.append(replace(heard, usual={}))
        self._all = [*_newest(closed, gap.source), *still_open]
        self._of.clear()
        return heard

    def set_back(self, now: Instant, was: Instant) -> None:
        """The clock had run ahead, to `was`: what is open began by now, and the past is another."""
        still_open = (known for known in self._all if known.gap.until > was)
        self._all = [replace(known, gap=replace(known.gap, since=min(known.gap.since, now))) for known in still_open]
        self._of.clear()

    def of(self, brand: str) -> tuple[Gap, ...]:
        """Those that matter to a brand."""
        return self._heard(brand).gaps

    def spans(self, brand: str) -> list[tuple[Instant, Instant]]:
        """From when until when nothing of a brand is learnt, by gap; not to be changed."""
        return self._heard(brand).spans

    def is_deaf(self, brand: str, now: Instant) -> bool:
        """Whether one that matters to a brand is open."""
        return self._heard(brand).last_until > now

    def caught_up_at(self, brand: str) -> Instant:
        """From when on it is known again what was answered; far away while one is open."""
        last_until = self._heard(brand).last_until
        return last_until + CATCH_UP if last_until else 0

    def dump(self) -> list[dict[str, Any]]:
        """As builtins; `load` gives the same."""
        return [
            {
                "gap": msgspec.to_builtins(each.gap),
                "untouched": sorted(each.untouched),
                "usual": dict(each.usual),
            }
            for each in self._all
        ]

    @classmethod
    def load(cls, dumped: list[dict[str, Any]]) -> "Gaps":
        """What `dump` gave."""
        return cls(msgspec.convert(dumped, list[Deafness]))

    def _heard(self, brand: str) -> _Heard:
        """What is asked at each tick, where a gap is heard of once in days."""
        heard = self._of.get(brand)
        if heard is None:
            gaps = tuple(each.gap for each in self._all if brand not in each.untouched)
            last_until = max((gap.until for gap in gaps), default=0)
            heard = self._of[brand] = _Heard(gaps, [_held(gap) for gap in gaps], last_until)
        return heard


def _newest(closed: list[Deafness], source: str) -> list[Deafness]:
    """Without the oldest of one source, where there are too many of it."""
    too_many = sum(known.gap.source == source for known in closed) - MOST_CLOSED
    if too_many <= 0:
        return closed
    oldest = {id(known) for known in [known for known in closed if known.gap.source == source][:too_many]}
    return [known for known in closed if id(known) not in oldest]


def _held(gap: Gap) -> tuple[Instant, Instant]:
    """While we are down nothing at all is heard; while one source is deaf the others are."""
    return gap.since, gap.until if gap.source == EVERYTHING else min(gap.until, gap.since + HELD)
