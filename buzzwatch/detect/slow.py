"""What a brand is spoken of day after day: the subjects that come back more than they ever did."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeAlias

from msgspec import Struct

from buzzwatch.detect.budget import LINE, Prior, Tail
from buzzwatch.detect.days import day_of, start_of
from buzzwatch.detect.distinct import Voices
from buzzwatch.detect.recurring import DEAF, LONGEST, NO_PAST, YOUNG, Past, Recurring, Standing
from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.instant import HOUR, LONGEST_WINDOW, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Trend

Gaps: TypeAlias = Sequence[tuple[Instant, Instant]]

STORY = "story:"
"""Begins the key of a subject that is a story: all who tell it are voices, though they say the same."""
USUAL_RATE = 1 / 30
"""Findings a day for nothing, of all subjects of a brand together, where nobody says otherwise."""
ORDINARY = Prior(peaks=6.0, days=60.0, excess=0.7)
"""Of brands in general: three peaks a month among all subjects together, on the strength of six."""
LEAST_AUTHORS = 6
"""In a window, under which nothing is a slow signal."""
LEAST_DAYS = 3
"""On which somebody must have spoken: a slow signal is no event."""
TIMES = 2.0
"""So many times the usual at least: with enough voices a few more are certain, and no news."""
WORSE = 2.0
"""What was told is told again at so many times the pace."""

_CALM = LINE / 2
_CATCH_UP = HOUR
"""After a deaf time, until what was said in it has come in."""
_MOST = 300
_LEAST_PAST = 0.2
"""Voices of a subject's past, faded, under which it is forgotten."""
_TURN = 1.5
_SHOWN = 3


class Recurrence(Struct, frozen=True, gc=False):
    """What is to be said of one subject when a day has ended.

    `fresh`: it is news; else it merely goes on. In `width` days, on `spoken` of which anybody spoke, there were
    `voices` (one for each author on each day) by so many `authors`, where `expected` are usual; `times` is how many
    times that many, the loudest day left out. `score` and `ceiling` as everywhere. `pace` is the voices of three days,
    whatever the window. `samples` are mentions, the latest first.
    """

    subject: str
    fresh: bool
    width: int
    spoken: int
    voices: int
    authors: int
    expected: float
    times: float
    score: float
    ceiling: float
    pace: float
    began_at: Instant
    trend: Trend
    learning: bool
    samples: tuple[str, ...]


def _turn(subject: str) -> tuple[int, str]:
    """The order of subjects that nothing else tells apart; a story goes by the post that told it first."""
    return by_turn(subject.removeprefix(STORY))


class _Said:
    """What one local day holds on one subject, or on all."""

    __slots__ = ("best", "voices")

    def __init__(self) -> None:
        self.voices = Voices()
        self.best: tuple[int, int, Instant, str] = (-1, -1, 0, "")
        """The most telling mention: the angriest, then the most followed, then the latest."""


class Diary:
    """The days of one brand, each closed once, when it has ended in the brand's own place.

    `count` what is seen, with the keys of its subjects (any strings: a theme, a story); `close` what has ended. Memory
    is bounded: 300 subjects, the lightest are forgotten; of more new ones a day a fair sample is followed.
    """

    __slots__ = ("_begins", "_brand", "_ends", "_first", "_past", "_said", "_subjects", "_tail", "_today", "zone")

    def __init__(self, zone: tzinfo, born_at: Instant) -> None:
        self.zone = zone
        self._first = day_of(zone, born_at)  # not closed yet
        self._said: dict[int, dict[str, _Said]] = {}  # by day and subject, "" for all; of two days at most
        self._subjects: dict[str, Recurring] = {}
        self._brand: list[int] = []  # voices of the last fourteen days
        self._past = NO_PAST  # of the brand, before those
        self._tail = Tail(born_at, ORDINARY)
        self._begins = self._ends = self._today = 0

    def count(self, sighting: Sighting, subjects: Iterable[str]) -> bool:
        """Count a mention on the local day that it was posted, or if that is closed on the next one; True for a first.

        Late ones and our own people's are no voices.
        """
        seen, at = sighting.seen_at, sighting.posted_at
        if at > seen:
            at = seen
        elif seen - at > LONGEST_WINDOW:
            return False
        if sighting.is_ours:
            return False
        if not self._begins <= at < self._ends:
            self._today = day_of(self.zone, at)
            self._begins, self._ends = start_of(self.zone, self._today), start_of(self.zone, self._today + 1)
        day = max(self._today, self._first)
        said = self._said.get(day)
        if first := said is None:
            said = self._said[day] = {"": _Said()}
        author, copy = sighting.author, sighting.copy
        said[""].voices.add(author, copy)
        for subject in subjects:
            one = said.get(subject)
            if one is None:
                one = said[subject] = _Said()
                self._keep_fair(said)
            one.voices.add(author, 0 if subject.startswith(STORY) else copy)  # who tell a story say the same
            followers = -1 if sighting.followers is None else sighting.followers
            told = int(sighting.negativity * 10), followers, at
            if told > one.best[:3] or (told == one.best[:3] and by_turn(sighting.mention) > by_turn(one.best[3])):
                one.best = (*told, sighting.mention)
        return first

    def follow(self, zone: tzinfo) -> None:
        """Its days are from now on those of another place."""
        self.zone, self._begins, self._ends = zone, 0, 0

    def renew(self, subject: str) -> None:
        """A subject begins to be looked for now, or is from now on found by other words: its past says nothing."""
        self._subjects[subject] = Recurring([DEAF] * len(self._brand))

    def due(self, gaps: Gaps) -> Instant | None:
        """When the first day with mentions can be closed: at its end, or once what was missed there has come in."""
        if not self._said:
            return None
        end = start_of(self.zone, min(self._said) + 1)
        late = [until + _CATCH_UP for since, until in gaps if since < end < until + _CATCH_UP]
        return min(max([end, *late]), end + LONGEST_WINDOW)

    def close(self, now: Instant, gaps: Gaps, rate: float) -> list[Recurrence]:
        """Judge, then learn the days that have ended. `gaps` are the deaf times, `rate` the budget a day.

        A day of which we missed the larger part is neither judged nor learnt.
        """
        found: list[Recurrence] = []
        while (due := self.due(gaps)) is not None and due <= now:
            day = min(self._said)
            self._pass_silence(day, gaps)
            said = self._said.pop(day)
            found += self._close(day, said, gaps, rate, now)
            self._first = day + 1
        return found

    def history(self, subject: str) -> list[tuple[Instant, float, float]]:
        """Voices of the last closed days, oldest first: (begin, observed, usual)."""
        recurring = self._subjects.get(subject)
        if recurring is None:
            return []
        first, usual = self._first - len(recurring.days), recurring.usual()
        return [
            (start_of(self.zone, first + place), float(max(voices, 0)), usual)
            for place, voices in enumerate(recurring.days)
        ]

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead: keep what was learnt, forget what is dated in the future."""
        today = day_of(self.zone, now)
        self._first = min(self._first, today)
        self._said = {day: said for day, said in self._said.items() if day <= today}
        self._begins = self._ends = 0
        habits = self._tail.habits()
        self._tail = Tail(now, ORDINARY)
        self._tail.adopt(habits)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "first": self._first,
            "said": {
                day: {key: [one.voices.dump(), one.best] for key, one in sorted(self._fair(said).items())}
                for day, said in sorted(self._said.items())
            },
            "subjects": {key: subject.dump() for key, subject in sorted(self._subjects.items())},
            "brand": self._brand.copy(),
            "past": tuple(self._past),
            "tail": self._tail.dump(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], zone: tzinfo) -> "Diary":
        """What `dump` gave, alive again."""
        diary = cls(zone, 0)
        diary._first = dumped["first"]
        for day, said in dumped["said"].items():
            mine = diary._said[day] = {}
            for key, (voices, best) in said.items():
                one = mine[key] = _Said()
                one.voices, one.best = Voices.load(voices), tuple(best)
        diary._subjects = {key: Recurring.load(subject) for key, subject in dumped["subjects"].items()}
        diary._brand, diary._past = list(dumped["brand"]), Past(*dumped["past"])
        diary._tail = Tail.load(dumped["tail"], ORDINARY)
        return diary

    def _close(self, day: int, said: dict[str, _Said], gaps: Gaps, rate: float, now: Instant) -> list[Recurrence]:
        heard = not self._is_deaf(day, gaps)
        said = self._fair(said)
        everybody = said.pop("").voices.number
        for key in sorted(said.keys() - self._subjects.keys(), key=_turn) if heard else ():
            self._subjects[key] = Recurring([min(count, 0) for count in self._brand], self._past._replace(voices=0.0))
        self._pass_day(everybody if heard else DEAF, said if heard else {})
        if not heard:
            return []
        ceiling = self._tail.ceiling(rate, now)
        judged = {
            key: subject.judge(self._brand)
            for key, subject in sorted(self._subjects.items(), key=lambda each: _turn(each[0]))
        }
        found = [self._speak(key, judged[key], ceiling, day, spoken=key in said) for key in judged]
        for key, standing in judged.items():
            self._learn_score(self._subjects[key], standing.score, now)
        self._forget()
        return [each for each in found if each is not None]

    def _speak(self, key: str, seen: Standing, ceiling: float, day: int, *, spoken: bool) -> Recurrence | None:
        """What is to be said of a subject, if anything: on a day on which nobody spoke of it nothing begins."""
        subject = self._subjects[key]
        unusual = (
            spoken
            and seen.score >= ceiling
            and seen.spoken >= LEAST_DAYS
            and seen.observed >= TIMES * seen.expected
            and subject.authors(seen.width) >= LEAST_AUTHORS
        )
        fresh = unusual and (not subject.told or subject.pace >= WORSE * subject.told)
        if not fresh and not (subject.told and subject.lasts(self._brand)):
            return None
        if fresh:
            subject.told = subject.pace
        rises = subject.rises
        return Recurrence(
            subject=key,
            fresh=fresh,
            width=seen.width,
            spoken=seen.spoken,
            voices=subject.voices(seen.width),
            authors=subject.authors(seen.width),
            expected=seen.expected,
            times=seen.observed / seen.expected,
            score=seen.score,
            ceiling=ceiling,
            pace=subject.pace,
            began_at=start_of(self.zone, day - subject.began()),
            trend=Trend.RISING if rises >= _TURN else Trend.FADING if rises <= 1 / _TURN else Trend.STEADY,
            learning=subject.learning,
            samples=tuple(shown for shown in reversed(subject.shown) if shown)[:_SHOWN],
        )

    def _learn_score(self, subject: Recurring, score: float, now: Instant) -> None:
        """A peak is the highest score between two calms; the subjects of a brand share one tail, and so its budget."""
        if score > max(LINE, subject.top):
            self._tail.rise(subject.top, score, now)
            subject.top = score
        subject.keep_spell(unusual=score > _CALM)

    def _pass_silence(self, day: int, gaps: Gaps) -> None:
        """Learn the days before one, on which nobody spoke; once fourteen are learnt, those without a gap at once."""
        begin, end = start_of(self.zone, self._first), start_of(self.zone, day)
        deaf = [day_of(self.zone, max(since, begin)) for since, until in gaps if until > begin and since < end]
        plain = min([day, *deaf]) - self._first - LONGEST
        at_once = range(self._first + LONGEST, self._first + LONGEST + max(0, plain))
        for passed in range(self._first, day):
            if passed not in at_once:
                self._pass_day(DEAF if self._is_deaf(passed, gaps) else 0, {})
            elif passed == at_once.start:
                self._past = self._past.after_silence(len(at_once))
                for subject in self._subjects.values():
                    subject.pass_silence(len(at_once))

    def _pass_day(self, everybody: int, said: Mapping[str, _Said]) -> None:
        self._brand.append(everybody)
        left = self._brand.pop(0) if len(self._brand) > LONGEST else DEAF
        for key, subject in self._subjects.items():
            one = said.get(key)
            voices = DEAF if everybody == DEAF else one.voices.number if one else 0
            subject.pass_day(voices, one.voices.authors if one else b"", one.best[-1] if one else "", left)
        if left != DEAF:
            self._past = self._past.later(left, left)

    def _is_deaf(self, day: int, gaps: Gaps) -> bool:
        """We missed the larger part of it."""
        begin, end = start_of(self.zone, day), start_of(self.zone, day + 1)
        missed, at = 0, begin
        for since, until in sorted(gaps):
            missed += max(0, min(until, end) - max(since, at))
            at = max(at, min(until, end))
        return 2 * missed > end - begin

    def _forget(self) -> None:
        """What hardly anybody spoke of is as good as new; but what is looked for since lately is no such thing."""
        known = min(YOUNG, self._past.days)
        weights = {key: (subject.lived < known, *subject.weight, _turn(key)) for key, subject in self._subjects.items()}
        lightest_first = sorted(weights, key=weights.__getitem__)
        for place, key in enumerate(lightest_first):
            if weights[key] < (False, 0, _LEAST_PAST) or place < len(weights) - _MOST:
                del self._subjects[key]

    def _keep_fair(self, said: dict[str, _Said]) -> None:
        if len(said) > 2 * _MOST + 1:
            fair = self._fair(said)
            said.clear()
            said.update(fair)

    def _fair(self, said: dict[str, _Said]) -> dict[str, _Said]:
        """At most 300 subjects of a day: known ones first, then a sample that is the same in any order of mentions."""
        if len(said) <= _MOST + 1:
            return dict(said)
        kept = sorted(said, key=lambda key: (key != "", key not in self._subjects, _turn(key)))
        return {key: said[key] for key in kept[: _MOST + 1]}
