"""What is usual in each window of one brand as of a minute."""

from itertools import accumulate
from typing import NamedTuple

from buzzwatch.detect.baseline import Baseline
from buzzwatch.detect.calendar import Calendar, Swell
from buzzwatch.detect.volume import Spread
from buzzwatch.detect.windows import SPAN, WIDTHS, Windows
from buzzwatch.model.instant import HOUR, WINDOWS

_PLAIN = [1.0] * len(WINDOWS)


class Sources(NamedTuple):
    """What it is worked out from; what was posted before the minute `born` is in none of them."""

    born: int
    windows: Windows
    baseline: Baseline
    calendar: Calendar


class Usual:
    """The twelve hours before a minute, laid out so that every window is asked of them at little cost.

    `frame` lays out the hours, `settle` fixes level and spread, `expect` opens a minute; each needs the one before it
    again only when an hour begins, or something was learnt. Minutes are those since 1970. `counts` are the mentions
    usual in each window without the open minute, in which `rate` a millisecond are; `damp` is what a rise counts for
    during a campaign; the first `ready` windows may be scored.
    """

    __slots__ = (
        "_hour", "_of", "_profile", "_shapes", "anger", "counts", "damp", "level", "minute", "rate", "ready", "share",
        "spread", "swell",
    )  # fmt: skip

    level: float
    spread: Spread

    def __init__(self, sources: Sources) -> None:
        self._of = sources
        self.minute = sources.born
        self.renew()

    def renew(self) -> None:
        """Work out everything again: something else is believed."""
        self.frame(self.minute // 60)
        self.settle(self.minute)
        self.expect(self.minute)

    def restore(self, minute: int, level: float, spread: Spread) -> None:
        """Be as at a minute of which level and spread are on record."""
        self.level, self.spread = level, spread
        self.frame(minute // 60)
        self.expect(minute)

    def frame(self, hour: int) -> None:
        """Lay out the profile of the twelve hours before an hour, and of that one."""
        baseline = self._of.baseline
        self._hour = hour - SPAN // 60
        self._shapes = [baseline.shape(self._hour + step) for step in range(SPAN // 60 + 1)]
        self._profile = [0.0, *accumulate(self._shapes)]
        self.share, self.anger = baseline.share, baseline.anger
        self.swell = Swell(self._of.calendar.between(self._hour * HOUR, (hour + 1) * HOUR), self._hour)

    def settle(self, minute: int) -> None:
        """Fix level and spread."""
        known, baseline = self.unlearnt(minute), self._of.baseline
        self.level, self.spread = baseline.level(*known), baseline.spread(minute // 60, *known)

    def unlearnt(self, minute: int) -> tuple[float, float]:
        """Mentions and profile hours that the baseline has not learnt yet, as long as it needs them."""
        if not self._of.baseline.learning:
            return 0.0, 0.0
        since = max(self._of.born, minute - SPAN)
        return float(self._of.windows.total()), self.until(minute + 1) - self.until(since)

    def expect(self, minute: int) -> None:
        """Work out the usual count of each window, without the open minute."""
        self.minute = minute
        self.rate = self.level * self._shapes[minute // 60 - self._hour] / HOUR
        profile, shapes, level, zero = self._profile, self._shapes, self.level, self._hour * 60
        until, oldest = self._plain_until(minute), self._of.born - zero
        counts: list[float] = []
        for width in WIDTHS:
            first = minute - zero - width + 1
            if first < oldest:  # noqa: PLR1730 - seven times at each look, and a call costs more
                first = oldest
            hour, part = first // 60, first % 60
            counts.append(level * (until - (profile[hour] + part / 60 * shapes[hour])))
        self.counts, self.damp = counts, _PLAIN
        if self.swell:
            self._expect_campaign(minute)
        lived = minute - self._of.born if self._of.baseline.learning else 2 * SPAN
        self.ready = len(WINDOWS) if lived >= 2 * SPAN else sum(lived >= max(2 * width, 60) for width in WIDTHS)

    def _expect_campaign(self, minute: int) -> None:
        """Let the usual count of each window be what the calendar says.

        A rise then counts for less: on its scale, the cube root, the noise of k times as many is so much wider.
        """
        until, factor = self.until(minute), self.swell.factor(minute)
        self.rate *= factor
        self.damp = []
        for index, width in enumerate(WIDTHS):
            plain = self.counts[index]
            self.counts[index] = self.level * (until - self.until(max(self._of.born, minute - width + 1)))
            self.damp.append(max(1.0, self.counts[index] / plain if plain else factor) ** (-1 / 3))

    def between(self, first: int, last: int) -> float:
        """Mentions usual from the minute `first` to before `last`, of those that are laid out."""
        return self.level * (self.until(last) - self.until(first))

    def shape(self, minute: int) -> float:
        """The profile at a minute that is laid out; without campaigns."""
        return self._shapes[minute // 60 - self._hour]

    def until(self, minute: int) -> float:
        """Profile hours from the first hour that is laid out to a minute, each times the factor of its campaign."""
        hours = self._plain_until(minute)
        return hours + self.swell.until(minute, self._plain_until) if self.swell else hours

    def _plain_until(self, minute: int) -> float:
        index, part = divmod(minute - self._hour * 60, 60)
        return self._profile[index] + (part / 60 * self._shapes[index] if part else 0.0)
