"""How everything stands, for the status page. Implements `web.board.Board`."""

import asyncio
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.ears import zone_of
from buzzwatch.app.health import Health
from buzzwatch.app.links import STATUS, Links
from buzzwatch.app.rulebook import Rulebook
from buzzwatch.app.status.day import HOURS, Days
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Brand
from buzzwatch.model.incident import Incident
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import HOUR, Instant
from buzzwatch.model.signal import Detector
from buzzwatch.store.hours import read_hours
from buzzwatch.store.record import Record
from buzzwatch.web.board import BrandRow, IncidentRow, Mood, SilenceRow, StatusView
from buzzwatch.web.desk import Answer, RuleFiles, SourceRow

_AT_ONCE = 25
"""Brands that are looked at before others on the loop have their turn."""
_OF_OTHERS = ("source ", "the rules on disk", "rule files are")
"""What sentences of the probes begin with that the page tells in words of its own."""
_MOODS = list(Mood)


class Board:
    """`unready` says what ails the daemon, as probes are told."""

    def __init__(
        self,
        drive: Drive,
        record: Record,
        links: Links,
        rulebook: Rulebook,
        health: Health,
        unready: Callable[[], tuple[str, ...]],
    ) -> None:
        self._drive = drive
        self._record = record
        self._links = links
        self._rulebook = rulebook
        self._health = health
        self._unready = unready
        self._days = Days()

    @property
    def revocations(self) -> int:
        """See `web.board.Board`."""
        return self._links.revocations

    async def overview(self) -> StatusView:
        """See `web.board.Board`. The loop has its turn between brands."""
        memory, now, book = self._drive.spine.memory, self._drive.clock.now(), self._rulebook
        states = self._health.ears.states()
        incidents = tuple(sorted(_incidents(memory, now), key=lambda each: each.weight, reverse=True))
        waiting, waiting_since = self._health.outbox
        first = next(iter(memory.rules.brands.values()), None)
        return StatusView(
            now=now,
            timezone=str(zone_of(memory.rules)),
            language=first.language if first else "en",
            incidents=incidents,
            sources=tuple(msgspec.convert({"name": name, **state}, SourceRow) for name, state in states.items()),
            waiting=waiting,
            waiting_since=waiting_since,
            rule_files=RuleFiles(book.in_force, book.refused_since, book.long_unread),
            faults=book.fault_count,
            silences=tuple(_silences(memory, now)),
            ails=tuple(told for told in self._unready() if not told.startswith(_OF_OTHERS)),
            brands=await self._brands(memory, incidents, now),
        )

    async def watcher(self, code: str) -> str | None:
        """See `web.board.Board`."""
        holder = await self._links.open(code, self._drive.clock.now())
        return holder.person if holder is not None and holder.incident == STATUS else None

    async def incident_code(self, person: str, incident: str) -> str | None:
        """See `web.board.Board`."""
        if not person or incident not in self._drive.spine.memory.desk.incidents:
            return None
        return (await self._links.url(incident, person)).rpartition("/")[2]

    async def link(self, by: str) -> Answer:
        """See `web.board.Board`."""
        people = self._drive.spine.memory.rules.people
        if by and by not in people:
            known = ", ".join(people)
            return Answer(False, (f"there is nobody called {by!r} in oncall.yaml; people are: {known}",), "name")
        return Answer(True, (f"{await self._links.url(STATUS, by)}/status",))

    async def _brands(self, memory: Memory, incidents: tuple[IncidentRow, ...], now: Instant) -> tuple[BrandRow, ...]:
        worst: dict[str, int] = {}
        for each in incidents:
            key = each.incident.subject.brand
            if each.incident.drill is None:
                worst[key] = max(worst.get(key, 0), each.incident.severity)
        await self._remember(memory, now)
        rows = []
        for number, brand in enumerate(memory.rules.brands.values(), start=1):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            rows.append(self._brand(memory, brand, worst.get(brand.key, 0), now))
        return tuple(sorted(rows, key=_order))

    def _brand(self, memory: Memory, brand: Brand, severity: int, now: Instant) -> BrandRow:
        pulse, gaps = memory.pulses.get(brand.key), _near(memory.gaps.of(brand.key), now)
        if pulse is None:
            return BrandRow(brand.key, brand.name, brand.competitor, Mood.NEVER, severity=severity)
        row = self._days.row(brand, pulse, gaps, now)
        return replace(row, severity=severity) if severity else row

    async def _remember(self, memory: Memory, now: Instant) -> None:
        """Ask the record for hours that have left memory: after a start, and where nobody had looked for long."""
        brands = memory.rules.brands
        self._days.keep(brands)
        missing = [
            key for key in brands if (p := memory.pulses.get(key)) is not None and self._days.misses(key, p, now)
        ]
        if missing:
            found = await self._record.read(lambda db: read_hours(db, now // HOUR - HOURS + 1))
            for key in missing:
                self._days.learn(key, found.get(key, {}), now)


def _order(row: BrandRow) -> tuple[object, ...]:
    """Ours first by what is wrong, and by whole standard deviations: a page that is looked at must not jump about."""
    return row.competitor, -row.severity, _MOODS.index(row.mood), -int(row.unusual), row.name.casefold(), row.key


def _near(gaps: tuple[Gap, ...], now: Instant) -> tuple[Gap, ...]:
    return tuple(gap for gap in gaps if gap.until > now - (HOURS + 1) * HOUR)


def _incidents(memory: Memory, now: Instant) -> list[IncidentRow]:
    rows = []
    for incident in memory.desk.alive:
        brand = memory.rules.brands.get(incident.subject.brand)
        silence = memory.silences.over(incident, now)
        present = _present(memory, incident)
        rows.append(
            IncidentRow(
                incident=present,
                brand_name=brand.name if brand else incident.subject.brand,
                competitor=brand.competitor if brand else False,
                trend=present.reason.trend,
                who=_name(memory, incident.taken_by) if incident.taken_by else None,
                silenced_until=silence.until if silence else None,
            )
        )
    return rows


def _present(memory: Memory, incident: Incident) -> Incident:
    """With the signal and the trend of this moment, where it is about the brand as a whole."""
    subject, reason = incident.subject, incident.reason
    pulse, signal = memory.pulses.get(subject.brand), reason.signal
    whole = not (subject.quiet or subject.topic or reason.thread or reason.story)
    if pulse is None or signal is None or not whole or signal.detector not in {Detector.VOLUME, Detector.NEGATIVITY}:
        return incident
    present = pulse.signal(signal.detector, signal.over)
    return replace(incident, reason=replace(reason, signal=present, trend=pulse.trend(signal.detector)))


def _silences(memory: Memory, now: Instant) -> list[SilenceRow]:
    brands = memory.rules.brands
    return [
        SilenceRow(brands[s.what].name if s.what in brands else s.what, s.until, _name(memory, s.by), s.why)
        for s in memory.silences.all
        if s.until > now
    ]


def _name(memory: Memory, key: str) -> str:
    person = memory.rules.people.get(key)
    return person.name if person else key
