"""The whole product on one page: one input in, one Outcome out. Pure: no clock, network, disk, log or random."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo
from functools import partial
from typing import Any

import msgspec

from buzzwatch.detect.pulse import Pulse
from buzzwatch.detect.thread import Escalation
from buzzwatch.gaps import Gaps
from buzzwatch.incidents.desk import Desk
from buzzwatch.lookout import Lookout, Recollection, silent_since
from buzzwatch.model.brand import Brand, Rule, Ruleset, Scope
from buzzwatch.model.incident import Change, Incident, Severity, State, Subject
from buzzwatch.model.input import (
    NOTHING,
    ClockSet,
    Command,
    Delivered,
    Fault,
    Gap,
    Input,
    Outcome,
    RulesSwapped,
    Tick,
    Trouble,
    Warmed,
)
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, next_second
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Held, Notice
from buzzwatch.model.signal import Finding
from buzzwatch.notify import escalation
from buzzwatch.threads.tracker import Tracker
from buzzwatch.timers import Timers

NO_RULES = Ruleset(digest="", brands={}, people={}, routes={})
DUMP_VERSION = 3


class TimeWentBackwardsError(ValueError):
    """An input is older than one already stepped."""


class Stir:
    """What happened to one brand since it was last decided upon."""

    __slots__ = ("mentions", "threads")

    def __init__(self) -> None:
        self.threads: dict[str, None] = {}
        self.mentions: list[Sighting] = []


class Spine:
    """Everything between "a mention was seen" and "these people must be told this"."""

    def __init__(self, capacity: int = 200_000) -> None:
        self.now: Instant = 0
        self.rules = NO_RULES
        self.tracker = Tracker(Escalation(), capacity)
        self.desk = Desk()
        self._pulses: dict[str, Pulse] = {}
        self._dirty: dict[str, Stir] = {}
        self._dirty_due: Instant | None = None
        self._timers = Timers()
        self._gaps = Gaps()
        self._recollection: Recollection = {}
        self._set_aside: dict[str, None] = {}
        self._adopted: dict[str, bytes] = {}
        self._notices: list[Notice] = []
        self._held: list[Held] = []

    def step(self, item: Input) -> Outcome:
        """Take one input.

        Raises:
            TimeWentBackwardsError: its `seen_at` lies before an earlier input's; the state is unchanged.
        """
        now = self._advance(item)
        changes: list[Change | None] = []
        faults: list[Fault] = []
        match item:
            case Sighting():
                self._count(item, now)  # O(1): windows, thread; marks brand and thread dirty
                return NOTHING
            case Tick():
                self._decide(now, changes, faults)  # what is dirty or due, nothing else
            case Command():
                changes = [self.desk.obey(item, now)]
            case Delivered():
                self._notices += escalation.announce_failure(item, self.rules, now)
                changes = [self.desk.note(item, now)]
            case _:
                self._swap(item, now)
        told = self._tell(changes, now, faults)
        notices, held = tuple(self._notices), tuple(self._held)
        self._notices, self._held = [], []
        return Outcome(tuple(told), notices, held, self.desk.take_touched(), tuple(faults))

    @property
    def next_due(self) -> Instant | None:
        """The next whole second at which a tick would do something; skipping every other changes nothing."""
        first = self._timers.first
        timer = None if first is None else max(-(-first // SECOND) * SECOND, next_second(self.now))
        if self._dirty_due is None:
            return timer
        dirty = max(self._dirty_due, -(-self.now // SECOND) * SECOND)  # a downtime may lie between
        return dirty if timer is None else min(dirty, timer)

    def pulse(self, brand: str) -> Pulse | None:
        """What is known of a brand's traffic, for pages and for moving what was learnt."""
        return self._pulses.get(brand)

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Put the incidents of the record in the place of those in memory: the record is what people were told."""
        places = {key: place for place, key in enumerate(self.desk.incidents)}
        self.desk = Desk(sorted(incidents, key=lambda incident: places.get(incident.id, len(places))))
        for incident in self.desk.incidents:
            self._wait_for(incident)

    def dump(self) -> dict[str, Any]:
        """The whole memory as builtins and bytes, sharing nothing with it; quick, since the loop waits for it."""
        return {
            "version": DUMP_VERSION,
            "now": self.now,
            "rules": self.rules.digest,
            "tracker": self.tracker.dump(),
            "desk": self.desk.dump(),
            "pulses": {key: pulse.dump() for key, pulse in self._pulses.items()},
            "dirty": {
                key: [list(stir.threads), [msgspec.to_builtins(m) for m in stir.mentions]]
                for key, stir in self._dirty.items()
            },
            "dirty_due": self._dirty_due,
            "timers": self._timers.dump(),
            "gaps": self._gaps.dump(),
            "recollection": {key: list(authors.items()) for key, authors in self._recollection.items()},
            "set_aside": list(self._set_aside),
            "adopted": dict(self._adopted),
        }

    @classmethod
    def load(cls, dumped: dict[str, Any], rules: Ruleset) -> "Spine":
        """The spine that was dumped; `rules` are those whose digest it names.

        Raises:
            ValueError: the dump is another version's, or names other rules.
        """
        if dumped.get("version") != DUMP_VERSION or dumped["rules"] != rules.digest:
            raise ValueError(f"a dump of version {dumped.get('version')} under rules {dumped.get('rules')}")
        spine = cls()
        spine.now = dumped["now"]
        spine.rules = rules
        spine.tracker = Tracker.load(dumped["tracker"], Escalation())
        spine.desk = Desk.load(dumped["desk"])
        spine._pulses = {key: Pulse.load(body, spine._zone(key)) for key, body in dumped["pulses"].items()}
        for key, (threads, mentions) in dumped["dirty"].items():
            stir = spine._dirty[key] = Stir()
            stir.threads = dict.fromkeys(threads)
            stir.mentions = msgspec.convert(mentions, list[Sighting])
        spine._dirty_due = dumped["dirty_due"]
        spine._timers = Timers((due, kind, key) for due, kind, key in dumped["timers"])
        spine._gaps = Gaps.load(dumped["gaps"])
        spine._recollection = {
            key: {author: (at, mention) for author, (at, mention) in authors}
            for key, authors in dumped["recollection"].items()
        }
        spine._set_aside = dict.fromkeys(dumped["set_aside"])
        spine._adopted = dict(dumped["adopted"])
        return spine

    def digest(self) -> str:
        """Names the memory: equal for equal memories, in every process."""
        return hashlib.blake2b(msgspec.msgpack.encode(self.dump()), digest_size=16).hexdigest()

    def _advance(self, item: Input) -> Instant:
        seen_at = item.seen_at
        if isinstance(item, ClockSet) and seen_at < self.now:  # else nothing that was stepped lies in the future
            self._set_back(seen_at)
        if seen_at < self.now:
            raise TimeWentBackwardsError(f"{seen_at} comes before {self.now}, which was stepped already")
        self.now = seen_at
        return seen_at

    def _set_back(self, now: Instant) -> None:
        """The clock had run ahead: keep what was learnt and what is open, forget what is dated in the future."""
        ahead = self.now - now
        self.now = now
        self.tracker = Tracker(Escalation(), self.tracker.capacity)
        self._pulses = {key: pulse.set_back(now, ahead) for key, pulse in self._pulses.items()}
        self._dirty, self._dirty_due, self._timers, self._gaps, self._recollection = {}, None, Timers(), Gaps(), {}
        self.desk.shift(-ahead)
        for incident in self.desk.incidents:
            self._wait_for(incident)
        for brand in self.rules.brands.values():
            self._wait_for_silence(brand)

    def _count(self, sighting: Sighting, now: Instant) -> None:
        brand = self.rules.brands.get(sighting.brand)
        if brand is None:
            return
        self.tracker.count(sighting)
        if sighting.late:
            return
        pulse = self._pulses.get(sighting.brand) or self._birth(brand, sighting.counted_at)
        pulse.count(sighting)
        stir = self._dirty.get(sighting.brand)
        if stir is None:
            stir = self._dirty[sighting.brand] = Stir()
            self._dirty_due = self._dirty_due or next_second(now)
            self._wait_for_silence(brand)
            silence = self.desk.live(Subject(brand.key, quiet=True))
            if silence is not None:
                self._timers.arrange(now + silence.calm, "incident", silence.id)
        stir.threads[sighting.thread] = None
        if not sighting.official and _scoped(brand, Scope.MENTION):
            stir.mentions.append(sighting)

    def _birth(self, brand: Brand, at: Instant) -> Pulse:
        pulse = self._pulses[brand.key] = Pulse(brand.zone, at)
        if brand.key in self._adopted:
            pulse.adopt(msgspec.msgpack.decode(self._adopted.pop(brand.key)))
        return pulse

    def _decide(self, now: Instant, changes: list[Change | None], faults: list[Fault]) -> None:
        dirty, self._dirty, self._dirty_due = self._dirty, {}, None
        for key in sorted(dirty.keys() - self._set_aside.keys()):
            self._attempt(key, partial(self._judge, key, dirty[key], now, changes), faults)
        for kind, key in self._timers.take(now):
            if kind == "incident":
                if (incident := self.desk.incidents.get(key)) is not None:
                    self._attempt(incident.subject.brand, partial(self._attend, incident, now, changes), faults)
                    self._wait_for(key)
            elif key not in self._set_aside:
                self._attempt(key, partial(self._listen, key, now, changes), faults)

    def _attempt(self, brand: str, work: Callable[[], None], faults: list[Fault]) -> None:
        """Decide upon one brand; one that fails is set aside until the rules change, the others go on.

        Its incidents still calm down and are still told, without fresh numbers.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other brands must not go deaf with this one
            if brand not in self._set_aside:
                self._set_aside[brand] = None
                faults.append(Fault(brand, f"{type(error).__name__}: {error}"))

    def _judge(self, key: str, stir: Stir, now: Instant, changes: list[Change | None]) -> None:
        brand = self.rules.brands.get(key)
        if brand is None:
            return
        pulse = self._pulses[key]
        pulse.look(now, self._gaps.spans())
        lookout = self._lookout(brand, pulse, now)
        for rule in brand.rules:
            match rule.scope:
                case Scope.BRAND:
                    lookout.focus("")
                    self._apply(rule, lookout, changes)
                case Scope.THREAD:
                    for thread in sorted(stir.threads):
                        if lookout.size(thread) >= rule.least:
                            lookout.focus(thread)
                            self._apply(rule, lookout, changes)
                case Scope.MENTION:
                    for mention in sorted(stir.mentions, key=lambda m: m.mention):
                        lookout.focus(mention.thread, mention)
                        self._apply(rule, lookout, changes)

    def _apply(self, rule: Rule, lookout: Lookout, changes: list[Change | None]) -> None:
        finding = rule.when.judge(lookout)
        if finding.passed:
            changes.append(self._ring(rule, lookout.subject(finding), finding, lookout))

    def _ring(self, rule: Rule, subject: Subject, finding: Finding, lookout: Lookout) -> Change | None:
        incident = self.desk.live(subject)
        if incident is None:
            same = (i for i in self.desk.of_brand(subject.brand) if lookout.is_same_trouble(subject, i, finding))
            incident = next(same, None)
            incident = incident and self.desk.cover(incident, subject)
        return self.desk.ring(incident, subject, rule, lambda: lookout.evidence(rule, subject, finding), lookout.now)

    def _listen(self, key: str, now: Instant, changes: list[Change | None]) -> None:
        """A brand may have been silent for as long as one of its rules says."""
        brand, pulse = self.rules.brands.get(key), self._pulses.get(key)
        if brand is None or pulse is None:
            return
        subject = Subject(key, quiet=True)
        if self.desk.live(subject) is None:
            pulse.look(now, self._gaps.spans())
            lookout = self._lookout(brand, pulse, now)
            for rule in _scoped(brand, Scope.QUIET):
                finding = rule.when.judge(lookout)
                if finding.passed and self.desk.live(subject) is None:
                    changes.append(self._ring(rule, subject, finding, lookout))
        self._wait_for_silence(brand)

    def _attend(self, incident: Incident, now: Instant, changes: list[Change | None]) -> None:
        """An incident may be calm for long enough, or its next escalation step may be due."""
        if incident.subject.quiet and incident.state is not State.RESOLVED:
            incident = self._still_silent(incident, now)
        change = None if self._gaps.is_deaf(now) else self.desk.settle(incident, now)
        if change is not None:
            changes.append(change)
        elif incident.step_at is not None and incident.step_at <= now:
            self._keep(escalation.climb(self._refreshed(incident, now), self.rules, now))

    def _refreshed(self, incident: Incident, now: Instant) -> Incident:
        """With the numbers of this instant: a page that repeats must not say what was true an hour ago."""
        brand, pulse = self.rules.brands.get(incident.subject.brand), self._pulses.get(incident.subject.brand)
        if brand is None or pulse is None or incident.subject.quiet or brand.key in self._set_aside:
            return incident
        pulse.look(now, self._gaps.spans())
        return self._lookout(brand, pulse, now).refreshed(incident)

    def _is_silent(self, incident: Incident) -> bool:
        pulse = self._pulses.get(incident.subject.brand)
        return pulse is not None and pulse.last_at is not None and pulse.last_at <= incident.began_at

    def _still_silent(self, incident: Incident, now: Instant) -> Incident:
        if self._is_silent(incident):
            held_at = tuple(now if level is incident.severity else incident.held_at[level - 1] for level in Severity)
            incident = msgspec.structs.replace(incident, true_at=now, held_at=held_at)
            self.desk.put(incident)
        return incident

    def _swap(self, item: RulesSwapped | Gap | Trouble | ClockSet | Warmed, now: Instant) -> None:
        match item:
            case RulesSwapped():
                self.rules = item.rules
                self._set_aside = {}
                for brand in item.rules.brands.values():
                    self._follow_zone(brand)
                    self._wait_for_silence(brand)
                self._page_the_unpaged(now)
            case Gap():
                self._hear_gap(item, now)
            case Trouble():
                self._notices += escalation.announce_trouble(item, self.rules)
            case Warmed():
                for key, habits in item.habits.items():
                    if key in self._pulses:
                        self._pulses[key].adopt(msgspec.msgpack.decode(habits))
                    else:
                        self._adopted[key] = habits

    def _page_the_unpaged(self, now: Instant) -> None:
        """A critical incident whose route had nobody to page, and now has, begins to page."""
        for incident in list(self.desk.incidents.values()):
            pages = incident.state is State.OPEN and incident.severity is Severity.CRITICAL
            if pages and incident.step_at is None and escalation.route_of(incident, self.rules).steps:
                self.desk.put(msgspec.structs.replace(incident, step=0, step_from=now, step_at=now))
                self._wait_for(incident.id)

    def _hear_gap(self, heard: Gap, now: Instant) -> None:
        gap = self._gaps.hear(heard, now)
        if gap.until <= now:
            self.desk.stop_calm(gap.since, gap.until)
        for incident in self.desk.incidents:
            self._wait_for(incident)
        for brand in self.rules.brands.values():
            self._wait_for_silence(brand)

    def _tell(self, changes: Iterable[Change | None], now: Instant, faults: list[Fault]) -> list[Change]:
        """Who hears of each change now; several alarms at once are one message, and its first step leaves with it."""
        told: list[Change] = []
        alarmed: set[str] = set()
        for change in changes:
            if change is None:
                continue
            told.append(change)
            if change.kind in escalation.ALARMS:
                if change.incident.id in alarmed:
                    continue
                alarmed.add(change.incident.id)
            self._attempt(change.incident.subject.brand, partial(self._announce, change, now), faults)
            self._wait_for(change.incident.id)
        return told

    def _announce(self, change: Change, now: Instant) -> None:
        incident = self.desk.incidents.get(change.incident.id, change.incident)
        told = escalation.announce(msgspec.structs.replace(change, incident=incident), self.rules, now)
        self._keep(told)
        if told.incident.step_at is not None and told.incident.step_at <= now:
            self._keep(escalation.climb(told.incident, self.rules, now))

    def _keep(self, told: escalation.Told) -> None:
        self.desk.put(told.incident)
        self._notices += told.notices
        self._held += told.held

    def _wait_for(self, key: str) -> None:
        incident = self.desk.incidents.get(key)
        if incident is None:
            return
        due_at, step_at = self.desk.due_at(incident), incident.step_at
        if incident.subject.quiet and incident.state is not State.RESOLVED and self._is_silent(incident):
            later = self._ever_more_rarely(incident.began_at)  # whoever is heard has it looked at sooner
            due_at = min(later, step_at or later)
        elif due_at <= self.now and self._gaps.is_deaf(self.now):  # it may be calm, but who knows
            due_at = min(self.now + MINUTE, step_at or self.now + MINUTE)
        self._timers.arrange(max(due_at, self.now + 1), "incident", key)

    def _ever_more_rarely(self, since: Instant) -> Instant:
        """When to look again at what has lasted since an instant, perhaps for years: after as long once more."""
        return 2 * self.now - since

    def _wait_for_silence(self, brand: Brand) -> None:
        pulse = self._pulses.get(brand.key)
        since = None if pulse is None else silent_since(pulse, self._gaps)
        overs = [rule.quiet_over for rule in _scoped(brand, Scope.QUIET) if rule.quiet_over is not None]
        if since is not None and since + DAY * 365 > self.now and overs:
            coming = [since + over for over in overs if since + over > self.now]
            self._timers.arrange(min(coming, default=self._ever_more_rarely(since)), "quiet", brand.key)

    def _follow_zone(self, brand: Brand) -> None:
        pulse = self._pulses.get(brand.key)
        if pulse is not None and pulse.zone != brand.zone:
            self._pulses[brand.key] = Pulse.load(pulse.dump(), brand.zone)

    def _zone(self, brand: str) -> tzinfo:
        return self.rules.brands[brand].zone if brand in self.rules.brands else UTC

    def _lookout(self, brand: Brand, pulse: Pulse, now: Instant) -> Lookout:
        return Lookout(now, brand, pulse, self.tracker, self._gaps, self._recollection)


def _scoped(brand: Brand, scope: Scope) -> list[Rule]:
    return [rule for rule in brand.rules if rule.scope is scope]
