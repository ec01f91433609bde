"""Who is on duty by turns, and when it is night: plain values, and the arithmetic that they need."""

from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct

from buzzwatch.model.instant import Instant, instant_of, moment_of

DAYS_OF_WEEK = 7


class Shift(Struct, frozen=True):
    """One person's turn. `person` empty: nobody's; `until` None: for good. `why` is that of an override."""

    since: Instant
    until: Instant | None
    person: str
    why: str = ""


class Rota(Struct, frozen=True):
    """People who take turns, weekly; see `notify.oncall`.

    The first of `people` begins on the day `starts`; each `weekday` (Monday is 0) after it the next one takes over, at
    `minute` of the local day, and on the day `ends` nobody does. Of `overrides` the last that holds counts. `fallback`
    is called where it is nobody's turn.
    """

    name: str
    people: tuple[str, ...]
    zone: tzinfo
    starts: date
    weekday: int
    minute: int
    ends: date | None = None
    overrides: tuple[Shift, ...] = ()
    fallback: str | None = None

    @property
    def first_at(self) -> Instant:
        """When the first turn begins."""
        return _local(self.starts, self.minute, self.zone)

    @property
    def ends_at(self) -> Instant | None:
        """When the last turn ends; None: never."""
        return None if self.ends is None else _local(self.ends, self.minute, self.zone)

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who may ever be called by it, in its order."""
        others = (*(shift.person for shift in self.overrides), *([self.fallback] if self.fallback else ()))
        return tuple(dict.fromkeys((*self.people, *others)))

    def turn(self, number: int) -> Instant:
        """When a turn begins, counted from 0. The hour that the clocks skip is taken where it would have been."""
        if number == 0:
            return self.first_at
        wait = (self.weekday - self.starts.weekday() - 1) % DAYS_OF_WEEK + 1
        return _local(self.starts + timedelta(wait + DAYS_OF_WEEK * (number - 1)), self.minute, self.zone)

    def turn_at(self, at: Instant) -> int:
        """The number of the turn that an instant lies in; negative before the first."""
        if at < self.first_at:
            return -1
        passed = (moment_of(at).astimezone(self.zone).date() - self.starts).days
        number = passed // DAYS_OF_WEEK + 1  # this one or one of the two before it: turns begin later in the day
        while self.turn(number) > at:
            number -= 1
        return number


class Listed(Struct, frozen=True):
    """People who are on duty as a calendar says that is kept elsewhere, at `source` as it was written.

    `shifts` are those known at present: in order, apart from each other, each somebody's and with an end. `fallback` is
    called where there is none.
    """

    name: str
    source: str
    zone: tzinfo
    fallback: str
    shifts: tuple[Shift, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """All who may be called by it, as far as is known."""
        return tuple(dict.fromkeys((*(shift.person for shift in self.shifts), self.fallback)))


class Night(Struct, frozen=True):
    """From a minute of the local day until another, the next day's where that is not later."""

    zone: tzinfo
    since: int
    until: int

    def end(self, at: Instant) -> Instant | None:
        """When the night ends that an instant lies in; None: it is day."""
        today = moment_of(at).astimezone(self.zone).date()
        for began in (today - timedelta(1), today):
            ends = began + timedelta(self.until <= self.since)
            until = _local(ends, self.until, self.zone)
            if _local(began, self.since, self.zone) <= at < until:
                return until
        return None

    @property
    def share(self) -> float:
        """How large a part of the day it is."""
        day = 24 * 60
        return ((self.until - self.since - 1) % day + 1) / day


def _local(day: date, minute: int, zone: tzinfo) -> Instant:
    moment = datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=zone)
    return instant_of(moment)
