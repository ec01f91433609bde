"""One subject that people come back to: how many speak of it on a day, and how unusual the last days are."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

from buzzwatch.detect import volume
from buzzwatch.detect.distinct import count_together
from buzzwatch.detect.volume import Spread

WIDTHS = (3, 7, 14)
"""Days of the trailing windows."""
LONGEST = WIDTHS[-1]
DEAF = -1
"""In the place of a number: a day that we did not hear."""

_KEEP = 0.5 ** (1 / 60)  # a day; half-life sixty days
_PRIOR_COUNT, _PRIOR_DAYS = 1.0, 4.0
_PRIOR_DISPERSION, _PRIOR_SAMPLES = 1.5, 20.0
_DISPERSION_CAP = 5.0
_LEAST_MEAN = 0.2
"""Voices a day under which days say nothing of how they scatter."""
_DRIFT = 0.02
"""Squared relative deviation of a fortnight from the level, by nothing but taste and weather."""
YOUNG = 28.0
"""Days learnt until the past speaks alone, without the days that have not left the longest window."""
_LEAST_PAST = 7.0
_WINSOR = 3.0  # standard deviations
_HELD = 28
"""Days of a spell after which its level is accepted."""
_STEP = 1.5
"""A rise is looked for as at least so many times the usual, and lasts as long as the last three days keep it."""
_TURN = 1.5
"""So many times as many voices a day in the last three days as in the four before are a rise."""


class Standing(NamedTuple):
    """The most unusual of the trailing windows: `width` days, on `spoken` of which somebody spoke.

    `observed` are the voices of all its days, none counted for more than the second of them: one loud day is none.
    """

    width: int
    observed: float
    expected: float
    score: float
    spoken: int


NOTHING = Standing(WIDTHS[0], 0.0, 0.0, 0.0, 0)


class Past(NamedTuple):
    """Voices on the subject and of the brand, over days; all three fade."""

    voices: float
    brand: float
    days: float

    def later(self, voices: float, brand: float, days: float = 1.0) -> "Past":
        """A day later."""
        return Past(self.voices * _KEEP + voices, self.brand * _KEEP + brand, self.days * _KEEP + days)

    def after_silence(self, days: int) -> "Past":
        """Days without a voice later."""
        kept = _KEEP**days
        return Past(self.voices * kept, self.brand * kept, self.days * kept + (1 - kept) / (1 - _KEEP))


NO_PAST = Past(0.0, 0.0, 0.0)


class Recurring:
    """The last fourteen days of a subject, and the level that it had before them.

    A day is learnt when it leaves the longest window, so that what rises now does not make itself usual; it is
    winsorised, and a level that lasts for four weeks is accepted, fast. Days that we did not hear count for nothing.
    """

    __slots__ = ("_authors", "_dispersion", "_past", "_samples", "_spell", "days", "shown", "told", "top")

    def __init__(self, days: Sequence[int] = (), past: Past = NO_PAST) -> None:
        self.days = list(days)
        """Voices, the latest last; fourteen at most."""
        self._authors = [b""] * len(self.days)
        self.shown = [""] * len(self.days)
        """A mention of each of these days, "" for none."""
        self.told = 0.0
        """The pace when people were told, 0 since it was calm."""
        self.top = 0.0
        """Highest score since it was calm."""
        self._past = past
        self._dispersion = _PRIOR_DISPERSION * _PRIOR_SAMPLES
        self._samples = _PRIOR_SAMPLES
        self._spell = 0

    @property
    def weight(self) -> tuple[int, float]:
        """By which the lightest is forgotten."""
        return sum(count for count in self.days if count > 0), self._past.voices

    @property
    def lived(self) -> float:
        """Days learnt, faded."""
        return self._past.days

    @property
    def pace(self) -> float:
        """Voices in three days, at the pace of the liveliest window: a plateau does not double while a window fills."""
        return max(WIDTHS[0] * _mean(_heard(self.days[-width:])) for width in WIDTHS)

    @property
    def learning(self) -> bool:
        """Its own past is too short."""
        return self._past.days < YOUNG

    def voices(self, width: int) -> int:
        """Of the last days: one for each author on each day."""
        return sum(_heard(self.days[-width:]))

    def authors(self, width: int) -> int:
        """Different ones in the last days."""
        return count_together(self._authors[-width:])

    @property
    def rises(self) -> float:
        """Voices a day in the last three days, against the four before: 1 as many, unbounded above."""
        recent, before = _heard(self.days[-3:]), _heard(self.days[-7:-3])
        return (_mean(recent) + 0.5) / (_mean(before) + 0.5)

    def pass_day(self, voices: int, authors: bytes, shown: str, left: int) -> None:
        """A day has ended; `left` is the brand's number on the day that leaves the longest window."""
        self.days.append(voices)
        self._authors.append(authors)
        self.shown.append(shown)
        if len(self.days) > LONGEST:
            self._authors.pop(0)
            self.shown.pop(0)
            learnt = self.days.pop(0)
            if learnt != DEAF:
                self._learn(learnt, max(left, learnt))

    def pass_silence(self, days: int) -> None:
        """Further silent days have ended after fourteen of them."""
        self._past = self._past.after_silence(days)

    def judge(self, brand: Sequence[int]) -> Standing:
        """How unusual the last days are; `brand` are the brand's numbers on the same days.

        More than the subject's own level AND a larger share of the brand's voices than usual: the larger of both
        expectations counts, so that the weaker of both decides.
        """
        best = NOTHING
        for width in WIDTHS[: sum(width <= len(self.days) for width in WIDTHS)]:
            standing = self._judge(width, brand)
            if standing.score > best.score or best is NOTHING:
                best = standing
        return best

    def lasts(self, brand: Sequence[int]) -> bool:
        """The last three days are still well above the usual."""
        standing = self._judge(WIDTHS[0], brand)
        return standing.observed > _STEP * standing.expected

    def keep_spell(self, *, unusual: bool) -> None:
        """Count the days for which it has been unusual; when it no more is, what was is forgotten."""
        if unusual:
            self._spell += 1
        else:
            self._spell, self.told, self.top = 0, 0.0, 0.0
        if self._spell > _HELD and self._past.days > LONGEST:
            kept = LONGEST / self._past.days
            self._past = Past(*(each * kept for each in self._past))

    def began(self) -> int:
        """How many days ago the rise began: from then on the days speak most clearly for it."""
        level, best, total, ago = self._level(self._past), 0.0, 0.0, 0
        for age, voices in enumerate(reversed(self.days)):
            if voices != DEAF:
                total += voices - _STEP * level
            if voices > 0 and total > best:
                best, ago = total, age
        return ago

    def usual(self) -> float:
        """Voices a day."""
        return self._level(self._past)

    def dump(self) -> list[Any]:
        """Everything, as builtins."""
        numbers = (self.told, self.top, self._dispersion, self._samples, self._spell, *self._past)
        return [self.days.copy(), self._authors.copy(), self.shown.copy(), numbers]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "Recurring":
        """What `dump` gave, alive again."""
        days, authors, shown, numbers = dumped
        recurring = cls(days, Past(*numbers[5:]))
        recurring._authors, recurring.shown = list(authors), list(shown)
        recurring.told, recurring.top, recurring._dispersion, recurring._samples, recurring._spell = numbers[:5]
        return recurring

    def _judge(self, width: int, brand: Sequence[int]) -> Standing:
        counts, past = _heard(self.days[-width:]), self._past_of(width, brand)
        observed, spoken = _steady(counts), sum(count > 0 for count in counts)
        share = past.voices / past.brand if past.brand else 0.0
        expected = max(self._level(past) * len(counts), share * _steady(_heard(brand[-width:])))
        if past.days < max(width, _LEAST_PAST):
            return Standing(width, observed, expected, 0.0, spoken)
        score = volume.score(observed, expected, self._spread(past))
        return Standing(width, observed, expected, score, spoken)

    def _past_of(self, width: int, brand: Sequence[int]) -> Past:
        """What came before a window; while it is short, the days that are not learnt yet help."""
        if not self.learning:
            return self._past
        older = [(count, all_) for count, all_ in zip(self.days[:-width], brand[:-width], strict=True) if count != DEAF]
        voices, everybody = sum(count for count, _ in older), sum(max(pair) for pair in older)
        return Past(self._past.voices + voices, self._past.brand + everybody, self._past.days + len(older))

    def _level(self, past: Past) -> float:
        return (_PRIOR_COUNT + past.voices) / (_PRIOR_DAYS + past.days)

    def _spread(self, past: Past) -> Spread:
        dispersion = max(1.0, self._dispersion / self._samples)
        return Spread(dispersion, _DRIFT, sqrt(dispersion / (_PRIOR_COUNT + past.voices)))

    def _learn(self, voices: float, brand: float) -> None:
        level, spread = self._level(self._past), self._spread(self._past)
        if not self.learning and self._spell <= _HELD:
            variance = spread.dispersion * level + (spread.noise + spread.doubt**2) * level * level
            voices = min(voices, level + _WINSOR * sqrt(variance + 1))
        if level >= _LEAST_MEAN:
            sample = min((voices - level) ** 2 / level, _DISPERSION_CAP * spread.dispersion)
            self._dispersion = self._dispersion * _KEEP + sample
            self._samples = self._samples * _KEEP + 1
        self._past = self._past.later(voices, brand)


def _heard(days: Sequence[int]) -> list[int]:
    return [count for count in days if count != DEAF]


def _mean(counts: Sequence[int]) -> float:
    return sum(counts) / len(counts) if counts else 0.0


def _steady(counts: Sequence[int]) -> float:
    """The sum of all, the largest counted as the second largest: once is no recurring."""
    highest = sorted(counts)[-2:]
    return float(sum(counts) - highest[-1] + highest[0]) if len(highest) > 1 else 0.0
