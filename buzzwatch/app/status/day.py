"""The last day of each brand, hour by hour, against what is usual."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.band import Band
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.web.board import BrandRow, Hour, Mood

HOURS = 24
_LEAST_HEARD = 30
"""Minutes of an hour that were heard, for its number to say anything."""
_TOLD: Span = 2 * MINUTE
"""A shorter deafness is no gap in a picture of a day."""
_FRESH: Span = 5 * SECOND
"""A row is found anew no more often: what is told of a brand every second is the incident, not the picture."""
_SHARE_WINDOWS: tuple[Span, ...] = (HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
_ENOUGH = 10
"""Posts of which a share may be told."""
_UNUSUAL = 3.0
_FEWEST = 5
"""Posts an hour, or negative posts, under which nothing is called unusual here."""

Count = tuple[int, int, float]


class _Known(Struct):
    """What was found of a brand, and of which state of its counts that is."""

    stamp: tuple[object, ...]
    counted: tuple[int, int]
    at: Instant
    row: BrandRow


class Days:
    """Remembers counts that left the windows, for as long as they are shown, and what did not change since.

    Memory: some 2 kB a brand.
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[int, Count]] = {}
        self._bands: dict[str, tuple[tuple[object, ...], dict[int, Band]]] = {}
        self._known: dict[str, _Known] = {}

    def keep(self, brands: Mapping[str, Brand]) -> None:
        """Forget the brands that are gone."""
        for kept in (self._counts, self._bands, self._known):
            for key in kept.keys() - brands.keys():
                del kept[key]

    def misses(self, key: str, pulse: Pulse, now: Instant) -> bool:
        """Whether an hour is to be shown that neither the windows nor we know."""
        oldest, held = now // HOUR - HOURS + 1, -(-pulse.held_since // HOUR)
        known = self._counts.get(key, {})
        return any(hour not in known for hour in range(max(oldest, pulse.born_at // HOUR), held))

    def learn(self, key: str, found: Mapping[int, Count], now: Instant) -> None:
        """Take what the record says of the hours that we do not know."""
        oldest = now // HOUR - HOURS + 1
        known = self._counts.setdefault(key, {})
        for hour in range(oldest, now // HOUR + 1):
            known.setdefault(hour, found.get(hour, (0, 0, 0.0)))

    def row(self, brand: Brand, pulse: Pulse, gaps: Sequence[Gap], now: Instant) -> BrandRow:
        """How a brand stands; some 0.1 ms where anything changed, 0.3 ms once an hour."""
        stamp, counted = (now // MINUTE, pulse.level, brand, *gaps), pulse.stamp
        known = self._known.get(brand.key)
        if known is None or known.stamp != stamp or (known.counted != counted and now - known.at >= _FRESH):
            known = self._known[brand.key] = _Known(stamp, counted, now, self._row(brand, pulse, gaps, now))
        return known.row

    def _row(self, brand: Brand, pulse: Pulse, gaps: Sequence[Gap], now: Instant) -> BrandRow:
        learning, deaf = pulse.level is None, any(gap.until > now for gap in gaps)
        minute = now // MINUTE
        usual = pulse.band(max(minute - 59, pulse.born_at // MINUTE), minute + 1)
        mentions = pulse.heard(minute - 59, minute)[0]
        fresh, negative, over = _share(pulse, minute)
        loud = angry = 0.0
        if not learning and mentions >= _FEWEST:
            loud = volume.score(mentions, usual.expected, usual.spread)
        if not learning and negative >= _FEWEST:
            angry = max(0.0, negativity.share_score(negative, fresh, pulse.usual_share))
        return BrandRow(
            key=brand.key,
            name=brand.name,
            competitor=brand.competitor,
            mood=_mood(loud, angry, learning=learning, deaf=deaf),
            now=mentions,
            low=None if learning else usual.low,
            high=None if learning else usual.high,
            share=min(1.0, negative / fresh) if fresh >= _ENOUGH else None,
            share_over=over,
            usual_share=None if learning else pulse.usual_share,
            unusual=max(loud, angry),
            hours=tuple(self._hours(brand.key, pulse, gaps, now)),
        )

    def _hours(self, key: str, pulse: Pulse, gaps: Sequence[Gap], now: Instant) -> list[Hour]:
        this, held, born = now // HOUR, -(-pulse.held_since // HOUR), pulse.born_at
        bands = {}
        if pulse.level is not None:
            part = pulse.band(this * 60, max(now // MINUTE, this * 60) + 1)
            bands = {**self._usual(key, pulse, this), this: part}
        known = self._counts.setdefault(key, {})
        for gone in [hour for hour in known if hour <= this - HOURS]:
            del known[gone]
        hours = []
        for hour in range(this - HOURS + 1, this + 1):
            if hour >= held:
                mentions, fresh, negative = pulse.heard(hour * 60, hour * 60 + 59)
                known[hour] = mentions, fresh, negative
            else:
                mentions, fresh, negative = known.get(hour, (0, 0, 0.0))
            until = min(now, (hour + 1) * HOUR)
            lost = _lost(gaps, max(born, hour * HOUR), until)
            unknown = until <= born or (lost > _TOLD and until - hour * HOUR - lost < _LEAST_HEARD * MINUTE)
            usual = bands.get(hour)
            low, high = (usual.low, usual.high) if usual else (None, None)
            counted = None if unknown else mentions
            hours.append(Hour(hour * HOUR, counted, negative, fresh, low, high, lost > _TOLD))
        return hours

    def _usual(self, key: str, pulse: Pulse, this: int) -> dict[int, Band]:
        """Of each whole hour; found anew once an hour, and where what is usual changed."""
        stamp = (this, pulse.level, pulse.campaigns)
        kept = self._bands.get(key)
        if kept is None or kept[0] != stamp:
            found = {hour: pulse.band(hour * 60, hour * 60 + 60) for hour in range(this - HOURS + 1, this)}
            kept = self._bands[key] = (stamp, found)
        return kept[1]


def _share(pulse: Pulse, minute: int) -> tuple[int, float, Span]:
    """Posts, negative ones, and over how long: the shortest time that has enough of them, else the longest."""
    fresh, negative, over = 0, 0.0, 0
    for over in _SHARE_WINDOWS:
        _, fresh, negative = pulse.heard(minute - over // MINUTE + 1, minute)
        if fresh >= _ENOUGH:
            break
    return fresh, negative, over


def _mood(loud: float, angry: float, *, learning: bool, deaf: bool) -> Mood:
    if max(loud, angry) >= _UNUSUAL:
        return Mood.ANGRY if angry >= _UNUSUAL else Mood.LOUD
    if deaf:
        return Mood.DEAF
    return Mood.LEARNING if learning else Mood.CALM


def _lost(gaps: Sequence[Gap], since: Instant, until: Instant) -> Span:
    """How much of a time was not heard; of gaps that overlap the longest speaks for all."""
    return max((max(0, min(gap.until, until) - max(gap.since, since)) for gap in gaps), default=0)
