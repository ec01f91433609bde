"""What is known around an incident as its message leaves: read from the record and the spine at that moment."""

import sqlite3
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from buzzwatch.app.quotes import Found, find, read_samples, samples_of
from buzzwatch.clock import Clock
from buzzwatch.ingest.scorer import Scorer
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Person
from buzzwatch.model.curve import Point
from buzzwatch.model.incident import Incident, State
from buzzwatch.model.input import Corrected
from buzzwatch.model.instant import Instant, instant_of, moment_of
from buzzwatch.model.notification import Deaf, Latest, Sample
from buzzwatch.model.signal import Detector
from buzzwatch.notify.escalation import upcoming
from buzzwatch.store.journal import read_false_alarms, read_mentions
from buzzwatch.store.record import Record
from buzzwatch.store.texts import read_let_go


class _Read(Struct, frozen=True):
    """What the record says."""

    found: Found
    false_alarms: int
    root_gone: bool


class News:
    """Finds what is known by now. `memory` and `deaf` are asked each time: a spine may be put in another's place."""

    def __init__(
        self,
        record: Record,
        clock: Clock,
        scorer: Scorer,
        memory: Callable[[], Memory],
        deaf: Callable[[], tuple[Deaf, ...]],
    ) -> None:
        self._record = record
        self._clock = clock
        self._scorer = scorer
        self._memory = memory
        self._deaf = deaf

    @property
    def people(self) -> dict[str, Person]:
        """Those of the rules in force, by key."""
        return self._memory().rules.people

    def stands(self, incident: Incident) -> Incident:
        """The incident as it stands by now, or as given where it is on the desk no more."""
        return self._memory().desk.incidents.get(incident.id, incident)

    async def of(self, incident: Incident) -> tuple[list[Sample], Latest]:
        """The posts that show an incident, as its message was to tell it, and what is known around it.

        Of what stands for several incidents, or for none, there are at most posts.
        """
        if not incident.subject.brand:
            return await read_samples(self._record, incident, self._scorer), Latest(deaf=self._deaf())
        memory, now = self._memory(), self._clock.now()
        brand = memory.rules.brands.get(incident.subject.brand)
        lessons = memory.lessons.get(incident.subject.brand)
        month = _month_of(now, brand.timezone if brand else "UTC")
        marks = lessons.kept if lessons else {}
        read = await self._record.read(lambda db: _read(db, incident, now, month, marks))
        samples = samples_of(incident, read.found, self._scorer, brand.crm_link if brand else None)
        present = self.stands(incident)
        silenced = memory.silences.over(present, now) is not None
        return samples, Latest(
            points=points_of(memory, incident),
            false_alarms=read.false_alarms,
            coming=() if silenced else upcoming(present, memory.rules),
            deaf=self._deaf(),
            root_gone=read.root_gone,
        )


def _read(
    db: sqlite3.Connection, incident: Incident, now: Instant, month: Instant, marks: Mapping[str, Corrected]
) -> _Read:
    false_alarms = read_false_alarms(db, incident, month, marks)
    return _Read(find(db, incident, now), false_alarms, _is_root_gone(db, incident))


def points_of(memory: Memory, incident: Incident) -> tuple[Point, ...]:
    """The course of an incident, see `web.desk.PageView`."""
    pulse = memory.pulses.get(incident.subject.brand)
    if pulse is None or incident.state is State.RESOLVED or incident.drill is not None:
        return ()
    if topic := incident.subject.topic:
        return tuple(Point(*bar) for bar in memory.diaries[incident.subject.brand].history(topic))
    signal = incident.reason.signal
    detector = Detector.NEGATIVITY if signal and signal.detector is Detector.NEGATIVITY else Detector.VOLUME
    return tuple(Point(*bar) for bar in pulse.history(detector))


def _is_root_gone(db: sqlite3.Connection, incident: Incident) -> bool:
    """Whether the author of the first post of its conversation or story has taken it back; old age is no such thing."""
    subject, reason = incident.subject, incident.reason
    roots = {subject.thread, subject.story, reason.thread, reason.story} - {""}
    gone = {name for name, (mention, _) in read_mentions(db, roots).items() if mention.deleted}
    return bool(gone - read_let_go(db, gone))


def _month_of(now: Instant, timezone: str) -> Instant:
    """When the month began there."""
    local = moment_of(now).astimezone(ZoneInfo(timezone))
    return instant_of(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
