"""How much comes from one source in each hour of its week, and by how much these hours differ from that."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span, moment_of

_HOURS = 168
_FULL_WEEK = 7 * 24 * 60
_PROFILE_HALF_LIFE: Span = 28 * DAY
_LEVEL_HALF_LIFE: Span = 3 * HOUR
_BORROWED = 2.0
"""Posts on whose strength an hour of the week believes what that hour of all days says, and that the whole."""
_STEADY = 5.0
"""Expected posts on whose strength these hours are believed to be like all others."""
_KNOWN = 30.0
"""Minutes that must have been heard of an hour before it speaks for itself."""
_OTHER_DAY, _OTHER_HOUR = 1 / 5, 1 / 20
"""How much of what other days, or other hours, bring is expected of an hour that was never heard."""


def hour_of_week(zone: tzinfo, at: Instant) -> tuple[int, Instant]:
    """The local hour of the week, 0..167 from Monday 00:00, and when it ends."""
    local = moment_of(at).astimezone(zone)
    return local.weekday() * 24 + local.hour, at - at % MINUTE + (60 - local.minute) * MINUTE


class Week:
    """Posts and minutes heard by hour of week, fading with a half-life of four weeks; and the level of the last hours.

    The rate of an hour is shrunk towards that hour of all days, and this towards the whole. While less than a week was
    heard, an hour that never was is believed to bring little: nobody knows its nights yet.
    """

    def __init__(self) -> None:
        self._posts = [0.0] * _HOURS
        self._minutes = [0.0] * _HOURS
        self._seen = self._due = 0.0
        self._faded_at: Instant = 0

    @property
    def is_young(self) -> bool:
        """Less than a week was heard."""
        return sum(self._minutes) < 0.9 * _FULL_WEEK

    @property
    def a_day(self) -> float:
        """Posts a day, of all hours alike."""
        return sum(self._posts) / (sum(self._minutes) + 60.0) * DAY / MINUTE

    def rate(self, hour: int, unlearnt: float = 0.0) -> float:
        """Posts that the hour of the week brings a minute, before `level`.

        `unlearnt` minutes have passed that are not in it yet.
        """
        young = self.is_young
        heard = sum(self._minutes) + (unlearnt if young else 0.0)
        whole = (sum(self._posts) + 0.5) / (heard + 60.0)
        posts, minutes = sum(self._posts[hour % 24 :: 24]), sum(self._minutes[hour % 24 :: 24])
        daily = (posts + _BORROWED) / (minutes + _BORROWED / whole)
        if young and self._minutes[hour] < _KNOWN:
            return _OTHER_DAY * daily if minutes >= _KNOWN else _OTHER_HOUR * whole
        # What comes at the full hour was posted in the one before: an hour is never known by its first minutes.
        borrowed = max(_BORROWED / daily, _KNOWN)
        return (self._posts[hour] + borrowed * daily) / (self._minutes[hour] + borrowed)

    @property
    def level(self) -> float:
        """What came of late by what was expected."""
        return (self._seen + _STEADY) / (self._due + _STEADY)

    def learn(self, posts: float, steady: float, hour: int, minutes: Mapping[int, float], due: float) -> None:
        """Posts came in an hour, after so many minutes of each hour of the week in which `due` were expected.

        `steady` is how many of them may say that these days are busier: one burst does not.
        """
        if not self.is_young:
            self._due += due / self.level
            self._seen += steady
        self._posts[hour] += posts
        for each, passed in minutes.items():
            self._minutes[each] += passed

    def fade(self, now: Instant) -> None:
        """Believe less in what is long past; once an hour is enough."""
        passed = now - self._faded_at
        if 0 <= passed < HOUR:
            return
        if self._faded_at and passed > 0:
            kept = 2 ** (-passed / _LEVEL_HALF_LIFE)
            self._seen, self._due = self._seen * kept, self._due * kept
            kept = 2 ** (-passed / _PROFILE_HALF_LIFE)
            self._posts = [each * kept for each in self._posts]
            self._minutes = [each * kept for each in self._minutes]
        self._faded_at = now

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""
        return {
            "posts": self._posts.copy(),
            "minutes": self._minutes.copy(),
            "level": [self._seen, self._due],
            "faded_at": self._faded_at,
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Week":
        """What `dump` gave, alive again."""
        week = cls()
        if len(dumped["posts"]) != _HOURS or len(dumped["minutes"]) != _HOURS:
            raise ValueError(f"a week has {_HOURS} hours")
        week._posts, week._minutes = list(dumped["posts"]), list(dumped["minutes"])
        week._seen, week._due = dumped["level"]
        week._faded_at = dumped["faded_at"]
        return week
