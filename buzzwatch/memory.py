"""Everything the spine remembers between two inputs."""

import hashlib
from contextlib import suppress
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any, TypeAlias
from zlib import crc32

import msgspec
from msgspec.structs import replace

from buzzwatch.detect.pulse import Pulse
from buzzwatch.detect.slow import Diary
from buzzwatch.detect.spread import Carriers
from buzzwatch.detect.thread import Escalation
from buzzwatch.gaps import HELD, Deafness, Gaps
from buzzwatch.incidents.desk import Desk, shifted
from buzzwatch.incidents.mute import Silences
from buzzwatch.incidents.proposals import Proposals
from buzzwatch.incidents.shadows import Shadows
from buzzwatch.ingest.scorer.lessons import Lessons
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.incident import Incident, Subject
from buzzwatch.model.input import EVERYTHING, ClockSet, Corrected, Gap, Input
from buzzwatch.model.instant import SECOND, Instant, Span, next_second
from buzzwatch.model.mention import Sighting
from buzzwatch.model.reading import Refusal
from buzzwatch.model.response import Complaint
from buzzwatch.model.rota import Listed, Rota, Shift
from buzzwatch.notify.cover import Foretold
from buzzwatch.notify.night import Overnight
from buzzwatch.notify.outage import Unsent
from buzzwatch.roads import Roads
from buzzwatch.threads.complaints import Complaints
from buzzwatch.threads.tales import Tales
from buzzwatch.threads.tracker import Tracker
from buzzwatch.timers import Timers

Recollection: TypeAlias = dict[str, dict[int, tuple[Instant, str]]]
"""By condition: author's key to the last mention of theirs that fitted, after its instant."""
NO_RULES = Ruleset(digest="", brands={}, people={}, routes={})
DUMP_VERSION = 8


class TimeWentBackwardsError(ValueError):
    """An input is older than one already stepped."""


class Stir:
    """What happened to one brand since it was last decided upon."""

    __slots__ = ("mentions", "stories", "threads")

    def __init__(self) -> None:
        self.threads: dict[str, None] = {}
        self.stories: dict[str, None] = {}
        self.mentions: list[Sighting] = []


class Memory:
    """Bounded, and whole in `dump`."""

    def __init__(self, capacity: int = 200_000) -> None:
        self.now: Instant = 0
        self.rules = NO_RULES
        judge = Escalation()  # of both: what a rule may ring by mistake is one budget
        self.tracker = Tracker(judge, capacity)
        self.tales = Tales(judge)
        self.desk = Desk()
        self.pulses: dict[str, Pulse] = {}
        self.diaries: dict[str, Diary] = {}
        self.carriers: dict[str, Carriers] = {}
        self.complaints: dict[str, Complaints] = {}
        """Of the brands that have official accounts: of others nobody knows what was answered."""
        self.dirty: dict[str, Stir] = {}
        self.dirty_due: Instant | None = None
        self.silences = Silences()
        self.timers = Timers()
        self.shadows = Shadows()
        self.shadow_timers = Timers()
        self.gaps = Gaps()
        self.roads = Roads()
        self.recollection: Recollection = {}
        self.set_aside: dict[str, None] = {}
        self.adopted: dict[str, bytes] = {}
        self.lessons: dict[str, Lessons] = {}
        self.overnight = Overnight()
        self.proposals = Proposals()
        self.unsent = Unsent()
        self.daily: tuple[Instant, Instant] = (0, 0)
        """Since when the next digest tells, and after which instant it is due next."""
        self.outage: tuple[Instant, Instant] | None = None
        """From when until when we were down, until what was due meanwhile has been told."""
        self.shifts: dict[str, tuple[Shift, ...]] = {}
        self.foretold: dict[str, Foretold] = {}
        self.refusal: Refusal | None = None
        """Of the rule files on disk, while they hold faults."""

    @property
    def next_due(self) -> Instant | None:
        """The next whole second at which a tick would do something; skipping every other changes nothing."""
        dirty_due, dirty = self.dirty_due, 0
        first, other = self.timers.first, self.shadow_timers.first
        if first is None or (other is not None and other < first):
            first = other
        if dirty_due is not None:
            dirty = max(dirty_due, -(-self.now // SECOND) * SECOND)  # a downtime may lie between
            if first is None or first > dirty:  # its whole second is none before that one
                return dirty
        timer = None if first is None else max(-(-first // SECOND) * SECOND, next_second(self.now))
        if dirty_due is None:
            return timer
        return dirty if timer is None else min(dirty, timer)

    def advance(self, item: Input) -> Instant:
        """Make it the time of an input; what is dated later is forgotten where the clock was set back.

        Raises:
            TimeWentBackwardsError: its `seen_at` lies before an earlier input's; nothing is changed.
        """
        seen_at = item.seen_at
        if isinstance(item, ClockSet) and seen_at < self.now:  # else nothing that was stepped lies in the future
            self._set_back(seen_at, self.now - seen_at)
        if seen_at < self.now:
            raise TimeWentBackwardsError(f"{seen_at} comes before {self.now}, which was stepped already")
        self.now = seen_at
        return seen_at

    def bear(self, brand: Brand, at: Instant) -> Pulse:
        """A pulse and what goes with it, for a brand that has none; it believes what was learnt for it elsewhere."""
        self.diaries[brand.key] = Diary(brand.zone, at)
        pulse = self.pulses[brand.key] = Pulse(brand.zone, at, brand.campaigns)
        self.carriers[brand.key] = Carriers()
        if (habits := self.adopted.pop(brand.key, None)) is not None:
            self.warm(brand.key, habits)
        self.compare(brand)
        self.follow_official(brand)
        return pulse

    def warm(self, key: str, habits: bytes) -> None:
        """Let a brand believe what was learnt for it elsewhere, now or once it is heard of.

        What another version had learnt is passed over: it may stand in a journal that this one steps again.
        """
        if key not in self.pulses:
            self.adopted[key] = habits
            return
        with suppress(ValueError):
            self.pulses[key].adopt(msgspec.msgpack.decode(habits))

    def correct(self, mark: Corrected) -> None:
        """Learn from what a person says of a post, from now on: nothing that was counted or decided is touched."""
        lessons = self.lessons.get(mark.brand)
        if lessons is None:
            lessons = self.lessons[mark.brand] = Lessons()
        lessons.take(mark)
        self.proposals.settle(mark)

    def hear_gap(self, gap: Gap) -> Deafness:
        """A source is deaf or is heard again, or was deaf for a while: to the brands to which it matters.

        What was usual of them before counts again once it is heard, where the others' share was learnt meanwhile.
        """
        if gap.source == EVERYTHING:
            return self.gaps.hear(gap, self.now)
        untouched = {key for key in self.rules.brands if not self.roads.matters(key, gap.source)}
        levels = ((key, pulse.level) for key, pulse in self.pulses.items() if key not in untouched)
        usual = {key: level for key, level in levels if level is not None}
        heard = self.gaps.hear(gap, self.now, untouched, usual)
        if heard.gap.until <= self.now and heard.gap.until - heard.gap.since > HELD:
            for key, before in heard.usual.items():
                if key in self.pulses:
                    self.pulses[key].lift(before)
        return heard

    def compare(self, brand: Brand) -> None:
        """Have the comparators that its rules name score a brand, and learn anew at another hour than most others."""
        if (pulse := self.pulses.get(brand.key)) is not None:
            pulse.compare(brand.comparisons, crc32(brand.key.encode()) % 24)

    def follow_official(self, brand: Brand) -> None:
        """Listen to complaints about a brand that can answer, as far as it has been heard of, and to no others."""
        if not brand.official:
            self.complaints.pop(brand.key, None)
        elif brand.key in self.pulses and brand.key not in self.complaints:
            self.complaints[brand.key] = Complaints(brand.key)

    def waits(self, mention: str) -> bool:
        """Whether a post is part of a complaint that waits for an answer."""
        return any(complaints.knows(mention) for complaints in self.complaints.values())

    def unanswered_since(self, incident: Incident) -> Instant | None:
        """When the first complaint was posted that belongs to an incident and waits for an answer; None: none waits."""
        complaints = self.complaints.get(incident.subject.brand)
        return None if complaints is None else complaints.first(*_extent(incident))

    def claim_complaints(self, incident: Incident) -> tuple[Complaint, ...]:
        """The complaints that wait and, as is known from now on, belong to an incident."""
        complaints = self.complaints.get(incident.subject.brand)
        return complaints.claim(incident.id, *_extent(incident)) if complaints else ()

    def follow_rules(self, rules: Ruleset) -> None:
        """Let other rules be in force, with what is known of the calendars that some of their rotas are kept in.

        Whoever is no longer one of `people` is on duty no more.
        """
        listed = {name: rota for name, rota in rules.rotas.items() if isinstance(rota, Listed)}
        self.shifts = {name: shifts for name, shifts in self.shifts.items() if name in listed}
        rotas: dict[str, Rota | Listed] = {
            name: replace(rota, shifts=tuple(s for s in self.shifts.get(name, ()) if s.person in rules.people))
            for name, rota in listed.items()
        }
        self.rules = replace(rules, rotas={**rules.rotas, **rotas}) if rotas else rules

    def forget_gathered(self, before: Ruleset) -> None:
        """Let go of authors that were counted for a rule that is gone, or that looks for something else by now."""
        kept = {
            f"{brand.key}.{key}"
            for brand in self.rules.brands.values()
            if brand.key in before.brands
            for rule in (*brand.rules, *brand.shadows)
            for known in (*before.brands[brand.key].rules, *before.brands[brand.key].shadows)
            if known.name == rule.name
            for key, sought in rule.gathers.items()
            if known.gathers.get(key) == sought
        }
        self.recollection = {key: authors for key, authors in self.recollection.items() if key in kept}

    def follow_hours(self, key: str, zone: tzinfo, campaigns: tuple[Campaign, ...]) -> None:
        """Let a brand's days and campaigns be others from now on."""
        pulse = self.pulses.get(key)
        if pulse is None:
            return
        if pulse.zone != zone:
            self.diaries[key].follow(zone)
        if (pulse.zone, pulse.campaigns) != (zone, campaigns):
            self.pulses[key] = Pulse.load(pulse.dump(), zone, campaigns)

    def stir(self, brand: str) -> Stir:
        """What happened to a brand since it was last decided upon, to be added to: the next tick decides."""
        if brand not in self.dirty:
            self.dirty[brand] = Stir()
            self.dirty_due = self.dirty_due or next_second(self.now)
        return self.dirty[brand]

    def dump(self) -> dict[str, Any]:
        """The whole memory as builtins and bytes, sharing nothing with it; quick, since the loop waits for it."""
        return {
            "version": DUMP_VERSION,
            "now": self.now,
            "rules": self.rules.digest,
            "tracker": self.tracker.dump(),
            "tales": self.tales.dump(),
            "desk": self.desk.dump(),
            "pulses": {key: pulse.dump() for key, pulse in self.pulses.items()},
            "diaries": {key: diary.dump() for key, diary in self.diaries.items()},
            "carriers": {key: carriers.dump() for key, carriers in self.carriers.items()},
            "complaints": {key: complaints.dump() for key, complaints in self.complaints.items()},
            "dirty": {
                key: [list(stir.threads), [msgspec.to_builtins(m) for m in stir.mentions], list(stir.stories)]
                for key, stir in self.dirty.items()
            },
            "dirty_due": self.dirty_due,
            "silences": self.silences.dump(),
            "timers": self.timers.dump(),
            "shadows": self.shadows.dump(),
            "shadow_timers": self.shadow_timers.dump(),
            "gaps": self.gaps.dump(),
            "roads": self.roads.dump(),
            "recollection": {key: list(authors.items()) for key, authors in self.recollection.items()},
            "set_aside": list(self.set_aside),
            "adopted": dict(self.adopted),
            "lessons": {key: lessons.dump() for key, lessons in self.lessons.items()},
            "overnight": self.overnight.dump(),
            "proposals": self.proposals.dump(),
            "unsent": self.unsent.dump(),
            "outage": self.outage,
            "daily": self.daily,
            "shifts": {name: [msgspec.structs.astuple(s) for s in shifts] for name, shifts in self.shifts.items()},
            "foretold": {name: list(told) for name, told in self.foretold.items()},
            "refusal": None if self.refusal is None else msgspec.structs.astuple(self.refusal),
        }

    @classmethod
    def load(cls, dumped: dict[str, Any], rules: Ruleset) -> "Memory":
        """The memory that was dumped; `rules` are those whose digest it names.

        Raises:
            ValueError: the dump is another version's, or names other rules.
        """
        if dumped.get("version") != DUMP_VERSION or dumped["rules"] != rules.digest:
            raise ValueError(f"a dump of version {dumped.get('version')} under rules {dumped.get('rules')}")
        memory = cls()
        memory.now = dumped["now"]
        memory.shifts = {name: tuple(Shift(*s) for s in shifts) for name, shifts in dumped["shifts"].items()}
        memory.follow_rules(rules)
        judge = Escalation()
        memory.tracker = Tracker.load(dumped["tracker"], judge)
        memory.tales = Tales.load(dumped["tales"], judge)
        memory.desk = Desk.load(dumped["desk"])
        memory.diaries = {key: Diary.load(body, memory._hours(key)[0]) for key, body in dumped["diaries"].items()}
        memory.pulses = {key: Pulse.load(body, *memory._hours(key)) for key, body in dumped["pulses"].items()}
        memory.carriers = {key: Carriers.load(body) for key, body in dumped["carriers"].items()}
        memory.complaints = {key: Complaints.load(key, body) for key, body in dumped["complaints"].items()}
        for key, (threads, mentions, stories) in dumped["dirty"].items():
            stir = memory.dirty[key] = Stir()
            stir.threads, stir.stories = dict.fromkeys(threads), dict.fromkeys(stories)
            stir.mentions = msgspec.convert(mentions, list[Sighting])
        memory.dirty_due = dumped["dirty_due"]
        memory.silences = Silences.load(dumped["silences"])
        memory.timers = Timers((due, kind, key) for due, kind, key in dumped["timers"])
        memory.shadows = Shadows.load(dumped["shadows"])
        memory.shadow_timers = Timers((due, kind, key) for due, kind, key in dumped["shadow_timers"])
        memory.gaps = Gaps.load(dumped["gaps"])
        memory.roads = Roads.load(dumped["roads"])
        memory.recollection = {
            key: {author: (at, mention) for author, (at, mention) in authors}
            for key, authors in dumped["recollection"].items()
        }
        memory.set_aside = dict.fromkeys(dumped["set_aside"])
        memory.adopted = dict(dumped["adopted"])
        memory.lessons = {key: Lessons.load(body) for key, body in dumped["lessons"].items()}
        memory.overnight = Overnight.load(dumped["overnight"])
        memory.proposals = Proposals.load(dumped["proposals"])
        memory.unsent = Unsent(dumped["unsent"])
        memory.daily = (dumped["daily"][0], dumped["daily"][1])
        memory.outage = None if dumped["outage"] is None else (dumped["outage"][0], dumped["outage"][1])
        memory.foretold = {name: Foretold(*told) for name, told in dumped["foretold"].items()}
        memory.refusal = None if dumped["refusal"] is None else Refusal(*dumped["refusal"])
        return memory

    def digest(self) -> str:
        """Names the memory: equal for equal memories, in every process."""
        return hashlib.blake2b(msgspec.msgpack.encode(self.dump()), digest_size=16).hexdigest()

    def _set_back(self, now: Instant, ahead: Span) -> None:
        """The clock had run ahead: keep what was learnt and what is open, forget what is dated in the future."""
        self.now = now
        judge = Escalation()
        self.tracker, self.tales = Tracker(judge, self.tracker.capacity), Tales(judge)
        self.pulses = {key: pulse.set_back(now, ahead) for key, pulse in self.pulses.items()}
        for diary in self.diaries.values():
            diary.set_back(now)
        self.carriers = {key: Carriers() for key in self.carriers}
        for complaints in self.complaints.values():
            complaints.set_back(now)
        self.dirty, self.dirty_due, self.timers, self.recollection = {}, None, Timers(), {}
        self.shadow_timers = Timers()
        self.gaps.set_back(now, now + ahead)
        self.roads.set_back(now)
        self.shadows.shift(-ahead)
        self.foretold = {name: told.shifted(-ahead) for name, told in self.foretold.items()}
        self.desk.shift(-ahead)
        self.silences.shift(-ahead)
        self.proposals.shift(-ahead)
        self.daily = (min(self.daily[0], now), min(self.daily[1], now))
        self.refusal = self.refusal and self.refusal.shifted(-ahead)
        self.outage = self.outage and (self.outage[0] - ahead, self.outage[1] - ahead)
        held = self.overnight.incidents  # those that ended are no longer on the desk
        self.overnight.incidents = {key: shifted(incident, -ahead) for key, incident in held.items()}

    def _hours(self, key: str) -> tuple[tzinfo, tuple[Campaign, ...]]:
        """Whose hours and campaigns a brand has."""
        brand = self.rules.brands.get(key)
        return (brand.zone, brand.campaigns) if brand else (UTC, ())


def _extent(incident: Incident) -> tuple[frozenset[str], frozenset[str], Instant | None]:
    """What an incident is about: conversations, stories, and since when, where it is about the brand as a whole."""
    return _extent_of((incident.subject, *incident.covers), incident.began_at)


@lru_cache(maxsize=1_024)  # it is asked for at each tick of what is open, and hardly ever changes
def _extent_of(
    subjects: tuple[Subject, ...], began_at: Instant
) -> tuple[frozenset[str], frozenset[str], Instant | None]:
    subjects = tuple(each for each in subjects if not (each.quiet or each.topic))
    whole = any(not (each.thread or each.story) for each in subjects)
    threads, stories = ({getattr(each, kind) for each in subjects} - {""} for kind in ("thread", "story"))
    return frozenset(threads), frozenset(stories), began_at if whole else None
