"""What a digest tells, looked up when it leaves."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from buzzwatch.app.ears.ear import FOREVER, LONG_UNSEEN
from buzzwatch.app.ears.ears import Ears
from buzzwatch.app.response import response_times
from buzzwatch.ingest.sight import account_key
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Incident, Severity
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span, moment_of
from buzzwatch.model.notification import Notice
from buzzwatch.notify.digest_words import NEEDLESS, Ear, Found, HeldBack, Missed, ShadowRings, Unseen
from buzzwatch.notify.night import MORNING
from buzzwatch.store.journal import read_gaps
from buzzwatch.store.official import read_officials
from buzzwatch.store.record import Record
from buzzwatch.store.shadows import count_shadows

MOST_ROWS = 5_000
"""Of what was held since the last digest."""
MONDAY = 0
"""The day of the week whose digest tells of what was not seen for long."""
_decode_incident = msgspec.json.Decoder(Incident).decode


class DigestReader:
    """Knows what happened from the record, and what is in force from the running daemon."""

    def __init__(self, record: Record, memory: Callable[[], Memory], ears: Ears) -> None:
        self._record = record
        self._memory = memory
        self._ears = ears

    async def find(self, notice: Notice, now: Instant) -> Found:
        """What the digest that a notice stands for tells."""
        memory = self._memory()
        brands = {key: brand.name for key, brand in memory.rules.brands.items()}
        rates = {(key, rule.name): rule.rate for key, brand in memory.rules.brands.items() for rule in brand.shadows}
        found = await self._record.read(partial(find, notice=notice, brands=brands, now=now, shadows=rates))
        ears = tuple(
            Ear(name, not state["deaf"], state["since"], state["ail"]) for name, state in self._ears.states().items()
        )
        never: tuple[Unseen, ...] = ()
        if moment_of(now).astimezone(ZoneInfo(notice.timezone)).weekday() == MONDAY:
            never = (
                *await self._record.read(partial(unseen_accounts, rules=memory.rules, now=now)),
                *self._ears.unseen(),
            )
        return msgspec.structs.replace(found, silences=memory.silences.all, ears=ears, unseen=never)


def find(
    db: sqlite3.Connection,
    notice: Notice,
    brands: dict[str, str],
    now: Instant,
    shadows: Mapping[tuple[str, str], float] = {},
) -> Found:
    """What the record says of the time since the last digest; `shadows` are the budgets of the rules in shadow."""
    since = notice.digest_since or 0
    told_at, told = _told_in_the_morning(db, notice, since)
    held = tuple(each for each in _held(db, since) if not (each.why.startswith("night: ") and each.incident.id in told))
    measured = ((name, response_times(db, key, since, now)) for key, name in brands.items())
    response = tuple((name, times) for name, times in measured if times.answered + times.unanswered)
    rings = tuple(_rings(db, since, now, shadows)) if shadows else ()
    return Found(
        watch=tuple(_watched(db, since)),
        held=held,
        response=response,
        told_at=told_at,
        shadows=rings,
        missed=tuple(_missed(db, since, now)),
    )


def unseen_accounts(db: sqlite3.Connection, rules: Ruleset, now: Instant) -> list[Unseen]:
    """The official accounts of the rules in force of which nothing has come for thirty days."""
    known, unseen = read_officials(db), []
    for key, brand in rules.brands.items():
        for account in sorted(brand.official):
            known_at, seen_at = known.get((key, account_key(account)), (now, None))
            if now - (seen_at or known_at) >= LONG_UNSEEN:
                unseen.append(Unseen(brand.name, account, seen_at))
    return unseen


def _missed(db: sqlite3.Connection, since: Instant, now: Instant) -> Iterator[Missed]:
    """What each source did not hear since then; pieces shorter than a minute are left out."""
    spans: dict[str, list[Span]] = {}
    for gap in read_gaps(db, since):
        lasted = min(gap.until, now) - max(gap.since, since)
        if gap.until < FOREVER and lasted >= MINUTE:
            spans.setdefault(gap.source, []).append(lasted)
    for name in sorted(spans):
        yield Missed(name, len(spans[name]), sum(spans[name]))


def _rings(
    db: sqlite3.Connection, since: Instant, now: Instant, shadows: Mapping[tuple[str, str], float]
) -> Iterable[ShadowRings]:
    """Of the rules that are in shadow now and would have rung since then."""
    lately, month = count_shadows(db, since), count_shadows(db, min(since, now - 30 * DAY))
    for key in sorted(shadows.keys() & lately.keys()):
        yield ShadowRings(*key, lately[key], month[key], shadows[key])


def _watched(db: sqlite3.Connection, since: Instant) -> Iterable[Incident]:
    """What began or started again since then and was never more than to be watched."""
    rows = db.execute(
        "SELECT body FROM incident WHERE id IN (SELECT DISTINCT incident FROM change WHERE at > ? "
        "AND kind IN ('opened', 'reopened', 'worsened')) ORDER BY opened_at, id",
        (since,),
    )
    incidents = (_decode_incident(body) for (body,) in rows)
    return (incident for incident in incidents if incident.severity is Severity.WATCH)


def _held(db: sqlite3.Connection, since: Instant) -> Iterable[HeldBack]:
    rows = db.execute(
        "SELECT incident.body, held.why, held.target, held.until "
        "FROM held JOIN incident ON incident.id = held.incident WHERE held.at > ? ORDER BY held.at, held.rowid LIMIT ?",
        (since, MOST_ROWS),
    )
    together: dict[tuple[str, str], HeldBack] = {}
    for body, why, target, until in rows:
        incident = _decode_incident(body)
        if why.startswith(NEEDLESS) or incident.drill is not None:
            continue
        before = together.get((incident.id, why))
        targets = (*before.targets, target) if before else (target,)
        together[incident.id, why] = HeldBack(incident, why, tuple(dict.fromkeys(targets)), until)
    return together.values()


def _told_in_the_morning(db: sqlite3.Connection, notice: Notice, since: Instant) -> tuple[Instant | None, set[str]]:
    """When this reader had the message of what waited for the morning, and what that was of."""
    told = {incident.id for incident in notice.night}
    rows = db.execute(
        "SELECT body, written_at FROM outbox WHERE incident GLOB ? AND written_at > ? AND state IN ('waiting', 'sent')",
        (f"{MORNING}-*", since),
    )
    at: Instant | None = None
    for body, written_at in rows:
        morning = msgspec.json.decode(body, type=Notice)
        if morning.target.name == notice.target.name:
            at = written_at
            told |= {incident.id for incident in morning.night}
    return at, told
