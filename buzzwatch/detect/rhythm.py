"""The rhythm of one source: when its silence, or its flood, is more than it ever ordinarily is.

A silence is measured in posts that were expected meanwhile, which makes all hours alike (the time-rescaling theorem:
Brown, Barbieri, Ventura, Kass and Frank, Neural Computation 14, 2002). It is unusual where it is longer, so measured,
than the source's own past silences are once in so many days, and than chance alone makes them: a source that comes in
bursts has longer silences, and is given longer.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from math import inf, log, log2
from typing import Any, NamedTuple

from buzzwatch.detect.budget import Tail
from buzzwatch.detect.patience import Patience
from buzzwatch.detect.punctuality import Punctuality
from buzzwatch.detect.week import Week, hour_of_week
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span

FALSE_A_DAY = 1 / 30
"""False reports that are acceptable a day, of a source."""
_SILENCES = FALSE_A_DAY / 2
_SHARE = FALSE_A_DAY / 4
"""Of silence; of floods, and of lateness."""
SHORTEST: Span = 5 * MINUTE
"""A silence is never reported before."""
DELETES = 3
"""So many deletes since the last post: it is no silence."""
SLOT: Span = 10 * MINUTE
CATCHING_UP: Span = 15 * MINUTE
"""So long after a source is heard again it may bring what was kept for it."""
_NEW = 5.0
"""How much longer a silence must be until it is known how long they are."""
_APART: Span = 3 * HOUR
_FLOOD = 100
"""Posts in a slot under which nothing is a flood."""
_AT_REST = 10.0
_MOST = (10.0, 50.0)
"""What of a slot is learnt: so many times what was expected, and so much more;"""
_STEADY = (3.0, 5.0)
"""what of it tells that these days are busier;"""
_BACK = (1.0, 5.0)
"""and either, in a flood and right after a source was away."""
_ACCEPTED: Span = 2 * DAY
"""A flood that lasts so long is how things are now."""


class Standing(NamedTuple):
    """How a source stands by its rhythm.

    `since` is when that began: of a silence, the last post. `due` are the posts expected since the last one, `patience`
    is the number of them from which on it is unusual; `usual` is expected in an hour such as this one, `hour` came in
    the last 50 to 60 minutes. `learning`: hardly more than a week was heard.
    """

    ail: Ail | None
    since: Instant
    due: float
    patience: float
    hour: int
    usual: float
    learning: bool


class Rhythm:
    """Learns from what comes, and from nothing else; time in which the source was away does not count.

    A silence that is reported is learnt as far as it was ordinary, and so is a flood.
    """

    def __init__(self, zone: tzinfo, now: Instant) -> None:
        self.zone = zone
        self.began: Instant = now
        self.last_post: Instant | None = None
        self.last_event: Instant | None = None
        self.punctuality = Punctuality(now)
        self._week = Week()
        self._silences, self._floods = Patience(), Tail(now)
        self._at = now
        self._listening = False
        self._resumed_at = now
        self._unlearnt: dict[int, float] = {}  # minutes heard since the last post, by hour of week
        self._due = 0.0
        self._silent: Span = 0
        self._deletes = 0
        self._slot_at = now - now % SLOT
        self._slot_posts, self._slot_due, self._slot_learnt = 0, 0.0, 0.0
        self._slots: deque[int] = deque(maxlen=5)
        self._flooding_since: Instant | None = None
        self._late_since: Instant | None = None
        self._slot_rate, self._slot_young = 0.0, True
        self._hour, self._rate_since, self._rate_until, self._rate, self._plain = 0, 0, 0, 0.0, 0.0

    def listen(self, now: Instant, *, hears: bool) -> None:
        """It hears from now on, or does not."""
        self._advance(now)
        if hears and not self._listening:
            self._resumed_at = now
        if not hears:
            self._flooding_since = None
        self._listening = hears

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead: what came, came by now at the latest."""
        self._at, self._resumed_at = min(self._at, now), min(self._resumed_at, now)
        self.last_post = None if self.last_post is None else min(self.last_post, now)
        self.last_event = None if self.last_event is None else min(self.last_event, now)
        self._flooding_since = None if self._flooding_since is None else min(self._flooding_since, now)
        self._late_since = None if self._late_since is None else min(self._late_since, now)

    def hear(self, now: Instant, posts: int, deletes: int = 0, lags: Sequence[Span] = ()) -> None:
        """So much came; `lags` are seen minus posted, of some of the posts."""
        self._advance(now)
        if not posts and not deletes:
            return
        self.last_event = now
        self._deletes += deletes
        if lags and self._listening and now - self._resumed_at >= CATCHING_UP:
            self.punctuality.hear(lags)
        if posts:
            self._hear_posts(now, posts)

    def judge(self, now: Instant) -> Standing:
        """How it stands."""
        self._advance(now)
        patience = self._patience()
        ail, since = None, self._resumed_at
        if self.last_post is not None and self._silent >= SHORTEST and self._due > patience:
            ail, since = Ail.ONLY_DELETES if self._deletes >= DELETES else Ail.SILENT, self.last_post
        elif self._flooding_since is not None:
            ail, since = Ail.FLOODING, self._flooding_since
        elif self.punctuality.is_skewed:
            ail = Ail.SKEWED
        elif self._late_since is not None:
            ail, since = Ail.LATE, self._late_since
        usual = self._rate_at(now) * 60
        hour = sum(self._slots) + self._slot_posts
        return Standing(ail, since, self._due, patience, hour, usual, self._is_learning)

    def _patience(self) -> float:
        """How many posts must have been expected in vain."""
        patience = max(self._silences.exceeded(_SILENCES), log(1 + self._week.a_day / _SILENCES))
        return _NEW * patience if self._is_learning else patience

    @property
    def _is_learning(self) -> bool:
        return self._week.is_young or self._silences.is_new

    def _hear_posts(self, now: Instant, posts: int) -> None:
        patience = self._patience() if self._silent >= SHORTEST else 0.0
        ordinary = 1.0
        if self._silent >= SHORTEST and self.last_post is not None:
            if not self._week.is_young:
                self._silences.learn(self._due, inf if self._is_learning else patience)
            ordinary = min(1.0, patience / self._due) if self._due and not self._is_learning else 1.0
        self._rate_at(now)
        settled = now - self._resumed_at >= CATCHING_UP and not self._is_flooding
        learnt = self._learnable(posts, *(_MOST if settled else _BACK))
        steady = self._learnable(posts, *(_STEADY if settled else _BACK))
        # And of the posts likewise: where what came was kept meanwhile, the rate would grow for ever.
        learnt, steady = learnt * ordinary, steady * ordinary
        minutes = {hour: passed * ordinary for hour, passed in self._unlearnt.items()}
        self._week.learn(learnt, steady, self._hour, minutes, self._due * ordinary)
        if self._slot_young and not self._week.is_young:
            self._rate_until = 0  # what was found of hours that were never heard is far too little
        self._slot_posts += posts
        self._slot_learnt += learnt
        self._unlearnt.clear()
        self._due, self._silent, self._deletes = 0.0, 0, 0
        self.last_post = now

    def _learnable(self, posts: int, times: float, more: float) -> float:
        """How many of these are not more than a slot may teach."""
        if self._week.is_young or self._slot_young:
            return posts
        return min(float(posts), max(0.0, times * self._slot_rate * SLOT / MINUTE + more - self._slot_learnt))

    def _rate_at(self, now: Instant) -> float:
        """Posts expected a minute; found anew every few minutes, and every minute while all is new."""
        if not self._rate_since <= now < self._rate_until:
            self._hour, end = hour_of_week(self.zone, now)
            self._rate_since, self._rate_until = now, min(end, now + (MINUTE if now - self.began < HOUR else SLOT))
            self._plain = self._week.rate(self._hour, sum(self._unlearnt.values()))
            self._rate = self._plain * self._week.level
        return self._rate

    def _advance(self, now: Instant) -> None:
        """Let time pass; a clock that was set back lets none pass, and days away are not looked through."""
        if now < self._at - SLOT or (not self._listening and now - self._at > DAY):
            self._at = now
        while self._at < now:
            slot_end = self._slot_at + SLOT
            if not self._slot_at <= self._at < slot_end:
                self._slot_at = self._at - self._at % SLOT
                slot_end = self._slot_at + SLOT
            rate = self._rate_at(self._at)
            until = min(now, slot_end, self._rate_until)
            if self._listening:
                self._pass(until - self._at, rate)
            self._at = until
            if until == slot_end:
                self._close_slot(until)

    @property
    def _is_flooding(self) -> bool:
        """And it is not how things are now."""
        return self._flooding_since is not None and self._at - self._flooding_since <= _ACCEPTED

    def _pass(self, span: Span, rate: float) -> None:
        self._due += rate * span / MINUTE
        flooded = self._flooding_since is not None and not self._is_flooding
        self._slot_due += (rate if flooded else self._plain) * span / MINUTE
        self._silent += span
        if not self._week.is_young:
            self._silences.listen(span)
        self._unlearnt[self._hour] = self._unlearnt.get(self._hour, 0.0) + span / MINUTE

    def _close_slot(self, now: Instant) -> None:
        settled = self._listening and now - self._resumed_at >= CATCHING_UP
        if settled and not self._slot_young:
            unusual = log2((self._slot_posts + _AT_REST) / (self._slot_due + _AT_REST))
            needed = self._floods.ceiling(_SHARE, now) - (self._flooding_since is not None)
            floods = self._slot_posts >= _FLOOD and unusual > needed
            self._flooding_since = (self._flooding_since or self._slot_at) if floods else None
            self._floods.observe(unusual, now, _APART)
        self.punctuality.judge(now, _SHARE)
        self._late_since = (self._late_since or now) if self.punctuality.is_late else None
        self._slots.append(self._slot_posts)
        self._slot_posts, self._slot_due, self._slot_learnt = 0, 0.0, 0.0
        self._slot_at = now
        self._week.fade(now)
        # Of quiet days no less than of all others may be learnt: else they would stay quiet for good.
        self._slot_rate, self._slot_young = max(self._rate_at(now), self._plain), self._week.is_young

    def dump(self) -> dict[str, Any]:
        """Everything but the zone, as builtins."""
        return {
            "began": self.began,
            "last": [self.last_post, self.last_event],
            "punctuality": self.punctuality.dump(),
            "week": self._week.dump(),
            "silences": self._silences.dump(),
            "floods": list(self._floods.dump()),
            "at": self._at,
            "listening": [self._listening, self._resumed_at],
            "unlearnt": [[hour, minutes] for hour, minutes in self._unlearnt.items()],
            "silence": [self._due, self._silent, self._deletes],
            "slot": [self._slot_at, self._slot_posts, self._slot_due, self._slot_learnt],
            "slots": list(self._slots),
            "young": self._slot_young,
            "since": [self._flooding_since, self._late_since],
            "hour": [self._hour, self._rate_since, self._rate_until],
            "rate": [self._rate, self._plain, self._slot_rate],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], zone: tzinfo) -> "Rhythm":
        """What `dump` gave, alive again. KeyError, ValueError or TypeError where it does not fit."""
        rhythm = cls(zone, dumped["at"])
        rhythm.began = dumped["began"]
        rhythm.last_post, rhythm.last_event = dumped["last"]
        rhythm.punctuality = Punctuality.load(dumped["punctuality"])
        rhythm._week = Week.load(dumped["week"])
        rhythm._silences, rhythm._floods = Patience.load(dumped["silences"]), Tail.load(dumped["floods"])
        rhythm._listening, rhythm._resumed_at = dumped["listening"]
        rhythm._unlearnt = {hour: minutes for hour, minutes in dumped["unlearnt"]}  # noqa: C416 - rows are lists
        rhythm._due, rhythm._silent, rhythm._deletes = dumped["silence"]
        rhythm._slot_at, rhythm._slot_posts, rhythm._slot_due, rhythm._slot_learnt = dumped["slot"]
        rhythm._slots.extend(dumped["slots"])
        rhythm._slot_young = dumped["young"]
        rhythm._flooding_since, rhythm._late_since = dumped["since"]
        rhythm._hour, rhythm._rate_since, rhythm._rate_until = dumped["hour"]
        rhythm._rate, rhythm._plain, rhythm._slot_rate = dumped["rate"]
        return rhythm
