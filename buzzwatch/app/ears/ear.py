"""One source as it stands: what it says of itself, what its rhythm says, and what follows for the journal and `ops`."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from buzzwatch.detect.rhythm import Rhythm, Standing
from buzzwatch.model.ear import Ail
from buzzwatch.model.input import Gap, Trouble
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.notify import ear_words

FOREVER: Instant = 2**62
DEAF_AFTER: Span = 5 * MINUTE
"""How long a source may be away before `ops` is told; a refusal is told at once."""
AGAIN: Span = 6 * HOUR
"""After so long `ops` is told again of what lasts, and after an hour at the soonest of another ail."""
SOONEST: Span = HOUR
PIECES = 3
"""Absences of the last hour that come to `DEAF_AFTER` together, which is then told as well."""
GAP_SHOWN: Span = HOUR
"""How long a source counts as one that has lost something."""
LONG_UNSEEN: Span = 30 * DAY
_UNHEARD = frozenset({Ail.SILENT, Ail.ONLY_DELETES})
_PATIENT = frozenset({Ail.CONNECTING, Ail.AWAY, Ail.PAUSED})


class Told(NamedTuple):
    """What `ops` was told of a source: since when it lasts, what it was, when that was told last, how many times.

    `returns`: it comes and goes, and is called over only when it was well for an hour.
    """

    since: Instant
    ail: Ail
    at: Instant
    times: int
    returns: bool = False


class Ear:
    """How one source does. `since` is when its present state began; `ail` None: it is well."""

    def __init__(self, name: str, now: Instant, zone: tzinfo) -> None:
        self.name = name
        self.connected = False
        self.ail: Ail | None = Ail.CONNECTING
        self.why = "not connected yet"
        self.since = now
        self.rhythm = Rhythm(zone, now)
        self.told: Told | None = None
        self.held = False
        """It would hear, and we let it bring nothing."""
        self._said: Ail | None = Ail.CONNECTING  # by the source itself
        self._changed_at = now  # when it last came or went
        self._said_at = now
        self._lost_until: Instant = 0
        self._deaf_since: Instant | None = None  # an open gap, which ends when it is heard again
        self._absences: deque[tuple[Instant, Instant]] = deque(maxlen=60)
        self._ailed_at: Instant | None = None  # when it was last not well, and that was worth telling
        self._loss_told_at: Instant | None = None

    @property
    def is_deaf(self) -> bool:
        """Nothing is heard, connected or not."""
        return not self.connected or self.ail in _UNHEARD

    def begin(self, now: Instant, deaf_since: Instant | None = None) -> Gap:
        """Deaf until it says that it hears; since when, where an earlier run has known it."""
        self._deaf_since = now if deaf_since is None else min(deaf_since, now)
        return Gap(0, self.name, self._deaf_since, FOREVER)

    def hold(self, now: Instant) -> Iterator[Gap]:
        """We take nothing from it for a while: it is as if it were deaf, and no trouble of its own."""
        self.held = True
        self.rhythm.listen(now, hears=False)
        if self._deaf_since is None:
            self._deaf_since = now
            yield Gap(0, self.name, now, FOREVER)

    def release(self, now: Instant) -> Iterator[Gap | Trouble]:
        """We take what it brings again."""
        self.held = False
        self.rhythm.listen(now, hears=self.connected)
        yield from self.look(now)

    def lose(self, since: Instant, until: Instant) -> Iterator[Gap]:
        """It has lost what was said meanwhile: a part of the gap that is open, or one of its own."""
        if self._deaf_since is None or until < self._deaf_since:
            yield Gap(0, self.name, since, until)
        elif since < self._deaf_since:
            self._deaf_since = since
            yield Gap(0, self.name, since, FOREVER)

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead: nothing is dated in the future."""
        self.since, self._changed_at, self._said_at = (
            min(at, now) for at in (self.since, self._changed_at, self._said_at)
        )
        self._lost_until = min(self._lost_until, now + GAP_SHOWN)
        self._deaf_since = None if self._deaf_since is None else min(self._deaf_since, now)
        self._ailed_at = None if self._ailed_at is None else min(self._ailed_at, now)
        self._loss_told_at = None if self._loss_told_at is None else min(self._loss_told_at, now)
        self._absences.clear()
        self.told = self.told and self.told._replace(at=min(self.told.at, now))
        self.rhythm.set_back(now)

    def note(self, now: Instant, why: str, ail: Ail | None, *, connected: bool) -> Iterator[Gap | Trouble]:
        """It says how it does."""
        if connected and ail is Ail.GAP:
            ail, self._lost_until = None, now + GAP_SHOWN
            if self._loss_told_at is None or now - self._loss_told_at >= SOONEST:
                self._loss_told_at = now
                yield self._tell_loss(now, why)
        said = None if connected else Ail.AWAY
        if connected != self.connected:
            if connected:
                self._absences.append((self._changed_at, now))
            self._changed_at = now
        if (ail or said) != self._said:
            self._said_at = now
        self._said, self.why = ail or said, why or ("" if connected else self.why)
        self.connected = connected
        self.rhythm.listen(now, hears=connected and not self.held)
        yield from self.look(now)

    def hear(self, now: Instant, posts: int, deletes: int, lags: Sequence[Span]) -> Iterator[Gap | Trouble]:
        """Something came."""
        self.rhythm.hear(now, posts, deletes, lags)
        if posts and self.ail in _UNHEARD:
            yield from self.look(now)

    def look(self, now: Instant) -> Iterator[Gap | Trouble]:
        """Judge it anew, and say what follows."""
        standing = self.rhythm.judge(now)
        ail, since = self._ails(standing, now)
        if ail != self.ail:
            self.ail, self.since = ail, since
        elif not self.connected:
            self.since = self._changed_at
        yield from self._mark_gap(now)
        yield from self._tell(standing, now)

    def _ails(self, standing: Standing, now: Instant) -> tuple[Ail | None, Instant]:
        """What is worst of all that is so, and since when."""
        if not self.connected:
            return self._said or Ail.AWAY, self._changed_at
        if standing.ail in _UNHEARD:
            return standing.ail, standing.since
        if self._said is not None:
            return self._said, self._said_at
        if standing.ail is not None:
            return standing.ail, standing.since
        if now < self._lost_until:
            return Ail.GAP, self._lost_until - GAP_SHOWN
        return None, self._changed_at if self.ail is not None and self.ail.is_deaf else now

    def _mark_gap(self, now: Instant) -> Iterator[Gap]:
        """Open while it is deaf: until then no silence is judged and nothing learnt."""
        if self.is_deaf and self._deaf_since is None:
            self._deaf_since = self.since
            yield Gap(0, self.name, self.since, FOREVER)
        elif not (self.is_deaf or self.held) and self._deaf_since is not None:
            yield Gap(0, self.name, self._deaf_since, now)
            self._deaf_since = None

    def _tell_loss(self, now: Instant, why: str) -> Trouble:
        """Once, and over by itself."""
        return self._trouble(f"source-{self.name}-gap", now, ear_words.Complaint(self.name, Ail.GAP, 0, why))

    def _tell(self, standing: Standing, now: Instant) -> Iterator[Trouble]:
        """What `ops` has to know by now, and does not."""
        ail, told = self.ail, self.told
        if ail is None or ail is Ail.GAP:
            if told is not None and not (told.returns and self._ailed_lately(now)):
                yield self._call_over(told)
            return
        returns = self._returns(now)
        if ail in _PATIENT and now - self.since < DEAF_AFTER and not returns:
            return
        returns |= told.returns if told else self._ailed_lately(now)
        self._ailed_at = now
        if told is None:
            told = Told(self.since, ail, now, 1, returns)
        elif now - told.at >= AGAIN or (ail != told.ail and (now - told.at >= SOONEST or ail is Ail.REFUSED)):
            told = told._replace(ail=ail, at=now, times=told.times + 1)
        else:
            return
        self.told = told
        why = self.why if self._said is not None else ""
        lasts, again = now - told.since, told.times > 1
        complaint = ear_words.Complaint(self.name, ail, lasts, why, standing.due, again=again, returns=told.returns)
        yield self._trouble(f"source-{self.name}", told.since, complaint, told.times - 1)

    def _call_over(self, told: Told) -> Trouble:
        self.told = None
        said = {language: ear_words.heard_again(self.name, language) for language in ear_words.WORDS}
        return Trouble(0, f"source-{self.name}", told.since, said["en"], over=True, said=said, again=told.times - 1)

    def _ailed_lately(self, now: Instant) -> bool:
        return self._ailed_at is not None and now - self._ailed_at < SOONEST

    def _returns(self, now: Instant) -> bool:
        """Whether it is away for the third time in an hour, and five minutes of it in all."""
        if self.connected or self.ail is Ail.CONNECTING:
            return False
        pieces = [until - max(since, now - HOUR) for since, until in self._absences if until > now - HOUR]
        return len(pieces) + 1 >= PIECES and sum(pieces) + now - self._changed_at >= DEAF_AFTER

    @staticmethod
    def _trouble(key: str, since: Instant, complaint: ear_words.Complaint, again: int = 0) -> Trouble:
        said = {language: ear_words.told(complaint, language) for language in ear_words.WORDS}
        return Trouble(0, key, since, said["en"], said=said, again=again)

    def warnings(self, now: Instant) -> tuple[str, ...]:
        """What a person should look at though nothing rings: "unseen", "never"."""
        last = self.rhythm.last_event
        if now - (last or self.rhythm.began) < LONG_UNSEEN:
            return ()
        return ("never",) if last is None else ("unseen",)

    def state(self, now: Instant) -> dict[str, Any]:
        """As JSON types; spans and instants in milliseconds."""
        standing, rhythm = self.rhythm.judge(now), self.rhythm
        return {
            "connected": self.connected,
            "deaf": self.is_deaf,
            "ail": self.ail,
            "why": self.why,
            "since": self.since,
            "last_event": rhythm.last_event,
            "last_hour": standing.hour,
            "usual_hour": round(standing.usual, 2),
            "due": round(standing.due, 2),
            "patience": round(standing.patience, 2),
            "lag": rhythm.punctuality.lag,
            "learning": standing.learning,
            "warnings": list(self.warnings(now)),
        }

    def dump(self) -> dict[str, Any]:
        """What is kept between runs, as builtins."""
        return {"rhythm": self.rhythm.dump(), "told": self.told and list(self.told), "ailed_at": self._ailed_at}

    def adopt(self, dumped: Mapping[str, Any], now: Instant) -> None:
        """What `dump` of an earlier run gave. KeyError, ValueError or TypeError where it does not fit."""
        rhythm = Rhythm.load(dumped["rhythm"], self.rhythm.zone)
        rhythm.listen(now, hears=False)
        told = dumped["told"]
        self.rhythm = rhythm
        self.told = None if told is None else Told(told[0], Ail(told[1]), *told[2:])
        self._ailed_at = dumped.get("ailed_at")
