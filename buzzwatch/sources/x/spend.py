"""What was read of X, and what may be: every post delivered costs money, wanted or not."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from buzzwatch.model.instant import Instant, instant_of, moment_of

_WARN_AT = 0.8


class Spend:
    """Counts posts by day and by month, UTC; `a_month` None: the days alone are bounded.

    Its cursor is "2026-11-26 120 4800": the day, the posts of that day and those of its month.
    """

    def __init__(self, a_day: int, a_month: int | None, cursor: str = "") -> None:
        self._a_day = a_day
        self._a_month = a_month
        self._date, self._day, self._month = _read(cursor)
        self._warned = ""

    def count(self, posts: int, now: Instant) -> None:
        """So many were delivered."""
        self._turn(now)
        self._day += posts
        self._month += posts

    def left(self, now: Instant) -> int:
        """How many may still be read today; never less than 0."""
        self._turn(now)
        left = self._a_day - self._day
        if self._a_month is not None:
            left = min(left, self._a_month - self._month)
        return max(0, left)

    def until(self, now: Instant) -> Instant:
        """When there is something to spend again, if nothing is left: the next day, or the next month, of UTC."""
        self._turn(now)
        day = _day(self._date)
        days = 1
        if self._a_month is not None and self._month >= self._a_month:
            days = monthrange(day.year, day.month)[1] - day.day + 1
        return instant_of(day + timedelta(days=days))

    def is_worth_a_warning(self, now: Instant) -> bool:
        """Whether four fifths are spent; true once a day."""
        self._turn(now)
        month = self._a_month is not None and self._month >= _WARN_AT * self._a_month
        if self._warned == self._date or not (month or self._day >= _WARN_AT * self._a_day):
            return False
        self._warned = self._date
        return True

    @property
    def cursor(self) -> str:
        """What to remember."""
        return f"{self._date} {self._day} {self._month}"

    @property
    def told(self) -> str:
        """The counts, for people."""
        day = f"{self._day} of {self._a_day} posts today"
        return day if self._a_month is None else f"{day}, {self._month} of {self._a_month} this month"

    def _turn(self, now: Instant) -> None:
        """Begin anew when the day has changed, and the month.

        A clock that was set back gives nothing back: by a day at most, the later day goes on until it is over; by more,
        what it counted is taken for that of the earlier day.
        """
        date = f"{moment_of(now).astimezone(UTC):%Y-%m-%d}"
        if self._date and date <= self._date:
            if _day(self._date) - _day(date) > timedelta(days=1):
                self._date = date
            return
        if date[:7] != self._date[:7]:
            self._month = 0
        self._date, self._day = date, 0


def _day(date: str) -> datetime:
    return datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)


def _read(cursor: str) -> tuple[str, int, int]:
    """Day and counts; a cursor that is none of ours counts nothing."""
    try:
        date, day, month = cursor.split()
        return f"{_day(date):%Y-%m-%d}", max(0, int(day)), max(0, int(month))
    except ValueError:
        return "", 0, 0
