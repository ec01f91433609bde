"""The state machine of incidents: one trouble, one incident."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from buzzwatch.incidents import drill as drills
from buzzwatch.incidents.answers import answer, close, look_again, set_free
from buzzwatch.incidents.evidence import Evidence, Weight, held_at, incident_of, route_for
from buzzwatch.model.brand import Rule, Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Incident, Press, Severity, State, Subject
from buzzwatch.model.input import Command, Delivered, Drilled
from buzzwatch.model.instant import HOUR, Instant, Span, moment_of
from buzzwatch.model.mention import PRESS

COOL_DOWN: Span = HOUR
"""What starts again within this time of its end is the same incident, whatever else is watched for longer."""
MOST_CLOSED = 1_000
"""Of more that have ended, those that ended first are let go of."""
MOST_COVERED = 100
URGENT = "urgent"
"""Why it is told anew, where that is its speed."""
WORSE = 2.0
"""People are told again when the observed value has grown this many times since they were last told."""


_DATED = (
    "began_at",
    "opened_at",
    "true_at",
    "taken_at",
    "closed_at",
    "watch_until",
    "ended_at",
    "again_at",
    "step_at",
    "step_from",
    "wait_until",
    "snooze_until",
    "remind_at",
)


class Desk:
    """Incidents that are open, and those closed less than `COOL_DOWN` ago or watched still; see `rebound`."""

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        self.incidents = {incident.id: incident for incident in incidents}
        self.touched: dict[str, None] = {}
        self._alive: list[str] | None = None
        """Those that are not over: found anew when one ends or begins, not at each tick."""
        self._standing: list[Incident] | None = None
        """The same as they stand, since one was last put: several ask at each tick."""
        self._drop_oldest()

    def put(self, incident: Incident) -> None:
        """Keep another version of an incident, to be stored with this step."""
        before = self.incidents.get(incident.id)
        if before is None or (before.state is State.RESOLVED) is not (incident.state is State.RESOLVED):
            self._alive = None
        self._standing = None
        self.incidents[incident.id] = incident
        self.touched[incident.id] = None

    def take_touched(self) -> tuple[Incident, ...]:
        """The incidents that this step changed, each as it stands now."""
        touched = tuple(self.incidents[key] for key in self.touched if key in self.incidents)
        self.touched = {}
        if touched and any(incident.state is State.RESOLVED for incident in touched):
            self._drop_oldest()
        return touched

    def live(self, subject: Subject) -> Incident | None:
        """The open or taken incident about this subject, its own or one found to be the same trouble."""
        return next((i for i in self.real if i.subject == subject or subject in i.covers), None)

    def cover(self, incident: Incident, subject: Subject) -> Incident:
        """Remember that another subject is the same trouble: it stays so, however the shares change."""
        self.put(replace(incident, covers=(*incident.covers, subject)[-MOST_COVERED:]))
        return self.incidents[incident.id]

    def of_brand(self, brand: str) -> list[Incident]:
        """The live incidents of a brand, oldest first."""
        return [i for i in self.alive if i.subject.brand == brand and i.drill is None]

    @property
    def real(self) -> list[Incident]:
        """The live ones that are no drill, oldest first."""
        return [i for i in self.alive if i.drill is None]

    @property
    def alive(self) -> list[Incident]:
        """All that are not over, oldest first; not to be changed."""
        if self._alive is None:
            self._alive = [key for key, i in self.incidents.items() if i.state is not State.RESOLVED]
        if self._standing is None:
            self._standing = [self.incidents[key] for key in self._alive]
        return self._standing

    def ring(
        self,
        incident: Incident | None,
        subject: Subject,
        rule: Rule,
        evidence: Callable[[], Evidence],
        now: Instant,
        weight: Callable[[], Weight] | None = None,
    ) -> Change | None:
        """A rule holds: open an incident, worsen the given one, or merely note that it still holds.

        `weight` is that of the evidence, where it costs less: most of the time a rule merely still holds.
        """
        if incident is None:
            return self._begin(subject, rule, evidence(), now)
        return self._continue(incident, rule, weight() if weight else evidence().weight, evidence, now)

    def _begin(self, subject: Subject, rule: Rule, found: Evidence, now: Instant) -> Change | None:
        before, weight = self._recently_closed(subject), found.weight
        if before is None:
            return self._open(subject, rule, found, now)
        goes_on = before.closed_by is not None and now - before.true_at < before.calm
        doubled = rule.name == before.reason.rule and found.observed >= WORSE * max(before.worst, before.peak)
        news = found.severity is Severity.CRITICAL and rule.name not in before.rules
        severity = weight.severity_in(before)
        if goes_on and not doubled and not news and severity <= before.severity:
            self.put(replace(before, true_at=now))  # a person closed it and it merely went on: stay closed
            return None
        if now > _same_until(before):
            return self._open(subject, rule, found, now)
        again = replace(
            set_free(before),
            severity=severity,
            rules=_with(before.rules, rule.name),
            true_at=now,
            reason=found.reason,
            samples=found.onset.samples,
            worst=max(before.worst, found.observed) if rule.name == before.reason.rule else found.observed,
            route=route_for(before, rule, weight),
            calm=max(rule.calm, before.calm),
            held_at=held_at(before, weight, now),
            urgent=False,
            closed_at=None,
            closed_by=None,
            watch_until=None,
            ended_at=before.closed_at,
            had_by=before.taken_by or before.closed_by,
            again_at=max(min(found.onset.began_at, now), before.closed_at or 0),
        )
        return self._change(again, ChangeKind.REOPENED, now)

    def _open(self, subject: Subject, rule: Rule, found: Evidence, now: Instant) -> Change:
        incident = incident_of(self._new_id(subject.brand, now), subject, rule, found, now)
        incident = replace(incident, held_at=held_at(incident, found.weight, now))
        self.put(incident)
        return Change(ChangeKind.OPENED, now, incident)

    def _continue(
        self, incident: Incident, rule: Rule, found: Weight, evidence: Callable[[], Evidence], now: Instant
    ) -> Change | None:
        same = rule.name == incident.reason.rule
        incident = replace(
            incident,
            calm=max(rule.calm, incident.calm),
            held_at=held_at(incident, found, now),
            peak=max(incident.peak, found.observed) if same else incident.peak,
        )
        severity = found.severity_in(incident)
        if severity > incident.severity:
            shown = evidence()
            worse = replace(
                set_free(incident),  # what was taken was less than this
                severity=severity,
                rules=_with(incident.rules, rule.name),
                true_at=now,
                reason=shown.reason,
                samples=shown.onset.samples,
                worst=max(incident.worst, found.observed) if same else found.observed,
                route=route_for(incident, rule, found),
                urgent=False,  # of what it was: whether this is, is asked anew
            )
            return self._change(worse, ChangeKind.WORSENED, now)
        if same and found.observed >= WORSE * max(incident.worst, 1.0):
            shown = evidence()
            worse = replace(
                _awake(incident), true_at=now, reason=shown.reason, samples=shown.onset.samples, worst=found.observed
            )
            return self._change(worse, ChangeKind.WORSENED, now)
        if rule.name not in incident.rules and found.severity is Severity.CRITICAL:
            shown = evidence()
            worse = replace(
                _awake(incident),
                rules=_with(incident.rules, rule.name),
                true_at=now,
                reason=shown.reason,
                samples=shown.onset.samples,
                worst=found.observed,
                route=rule.notify if incident.raised and incident.step_at is None else incident.route,
            )
            return self._change(worse, ChangeKind.WORSENED, now)
        if rule.name not in incident.rules:
            noted = replace(incident, true_at=now, rules=_with(incident.rules, rule.name))
            return self._change(noted, ChangeKind.NOTED, now, why=rule.name)
        if now != incident.true_at or incident.held_at != self.incidents[incident.id].held_at:
            self.put(replace(incident, true_at=now))  # of two rules of one instant each keeps it from calming
        return None

    def join_press(self, incident: Incident, press: Press, severity: Severity, route: str, now: Instant) -> Change:
        """The press has joined: told once. By that it may come to a higher severity, which `route` then hears.

        It stays raised for as long as its rules hold and come to that severity, as if each were one more severe.
        """
        joined = replace(_awake(incident), press=press)
        if severity > incident.severity:
            watch, warning, critical = incident.held_at
            joined = replace(
                set_free(joined),
                severity=severity,
                raised=True,
                route=route,
                urgent=False,
                held_at=(0, watch, max(warning, critical)),
            )
        return self._change(joined, ChangeKind.WORSENED, now, why=PRESS)

    def hasten(self, incident: Incident, route: str, now: Instant) -> Change:
        """It grows so fast that it is told as something one more severe, which `route` then hears."""
        hastened = replace(incident, urgent=True, route=route)
        pages = hastened.loudness is Severity.CRITICAL
        return self._change(set_free(hastened) if pages else _awake(hastened), ChangeKind.WORSENED, now, why=URGENT)

    def due_at(self, incident: Incident) -> Instant:
        """When the incident must be looked at again though nothing happens: calm for long enough, or forgotten."""
        if incident.state is State.RESOLVED:
            return max(_same_until(incident), incident.true_at + incident.calm)
        calm_at = incident.held_at[incident.severity - 1] + incident.calm
        return calm_at if incident.next_at is None else min(calm_at, incident.next_at)

    def settle(self, incident: Incident, now: Instant) -> Change | None:
        """Lower or declare over what has been calm for long enough; let go of what was closed long ago."""
        if incident.state is State.RESOLVED:
            if now >= self.due_at(incident):
                del self.incidents[incident.id]
            return None
        if now < incident.held_at[incident.severity - 1] + incident.calm:
            return None
        if still := [level for level in Severity if now < incident.held_at[level - 1] + incident.calm]:
            return self._change(
                replace(incident, severity=max(still), step_at=None, urgent=False), ChangeKind.CALMED, now
            )
        return self._change(close(incident, now, None), ChangeKind.OVER, now)

    def obey(self, command: Command, now: Instant) -> Change | None:
        """Carry out what a person said; nothing where the incident is not on the desk, or closed already."""
        incident = self.incidents.get(command.incident)
        if incident is None or incident.state is State.RESOLVED:
            return None
        if incident.drill is not None:
            ended = drills.answered(incident, command.by, now)
            return self._change(ended, ChangeKind.RESOLVED, now, why=command.verb, by=command.by)
        answered = answer(incident, command, now)
        return answered and self._change(answered[1], answered[0], now, why=command.why, by=command.by)

    def look_again(self, incident: Incident, taken_for: Span, now: Instant) -> Change | None:
        """The time of a wait, of a snooze or of a taken incident is up; see `answers.look_again`."""
        found = look_again(incident, taken_for, now)
        if found is None:
            self.put(replace(incident, remind_at=now + taken_for, reminded=False, snooze_until=None))
            return None
        return self._change(found[1], found[0], now, by=incident.taken_by)

    def remark(self, incident: Incident, why: str, by: str, now: Instant) -> Change:
        """Keep in the record what concerns it and is told to nobody."""
        return self._change(incident, ChangeKind.NOTED, now, why=why, by=by)

    def speak(self, incident: Incident, now: Instant) -> Change:
        """What a silence had held is said now."""
        return self._change(replace(incident, hushed=False), ChangeKind.UNSILENCED, now)

    def note(self, delivered: Delivered, now: Instant) -> Change | None:
        """Keep in the record what could not be delivered; a step of which nothing arrives makes the next one due.

        Not the first of another round: where nobody can be reached, trying faster does not help.
        """
        incident = self.incidents.get(delivered.incident)
        if delivered.sent or incident is None or incident.state is State.RESOLVED:
            return None
        paged = tuple(target for target in incident.paged if target != str(delivered.target))
        if delivered.lapsed:  # it may well have arrived: nothing follows from it
            paged = incident.paged
        elif incident.step_at is not None and incident.step and incident.paged and not paged:
            incident = replace(incident, step_at=now)
        incident = replace(incident, paged=paged)
        return self._change(incident, ChangeKind.NOTED, now, why=f"{delivered.target}: {delivered.why}")

    def rehearse(self, asked: Drilled, rules: Ruleset, now: Instant) -> Change:
        """Begin a drill; see `incidents.drill.obstacle`."""
        incident = drills.begin(asked, rules, self._new_id(f"{drills.DRILL}-{asked.brand}", now), now)
        self.put(incident)
        return Change(ChangeKind.OPENED, now, incident, by=asked.by)

    def cut_drill(self, changes: Iterable[Change | None], now: Instant) -> Change | None:
        """A real alarm that pages ends the drill: nobody is to mistake one for the other."""
        incident = next((i for i in self.alive if i.drill is not None), None)
        if incident is None or incident.drill is None:
            return None
        alarms = (c.incident for c in changes if c is not None and c.incident.drill is None)
        real = next((i.id for i in alarms if i.loudness is Severity.CRITICAL and i.state is State.OPEN), None)
        if real is None:
            return None
        return self._change(drills.cut(incident, incident.drill, real, now), ChangeKind.OVER, now, why=real)

    def outlast(self, incident: Incident, now: Instant) -> Change:
        """What was told in its stead has ended, and it goes on."""
        return self._change(replace(incident, behind=""), ChangeKind.OUTLASTED, now, why=incident.behind)

    def stop_calm(self, since: Instant, until: Instant, untouched: Collection[str] = ()) -> None:
        """We were deaf, but to some brands: what nobody heard then does not make anything else calm."""
        for incident in list(self.incidents.values()):
            if incident.subject.brand in untouched:
                continue
            if incident.state is not State.RESOLVED and incident.drill is None:
                held_at = tuple(at + max(0, until - max(since, at)) for at in incident.held_at)
                self.put(replace(incident, held_at=held_at))

    def shift(self, span: Span) -> None:
        """Move every instant: the clock they were taken from was wrong by so much.

        What is said afterwards is of another revision, for it may be said at an instant at which something was said.
        """
        for incident in list(self.incidents.values()):
            self.put(replace(shifted(incident, span), revision=incident.revision + 1))

    def dump(self) -> dict[str, Any]:
        """Numbers and words only; `load` gives the same desk."""
        return {"incidents": msgspec.to_builtins(list(self.incidents.values()))}

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Desk":
        """The desk that was dumped."""
        return cls(msgspec.convert(dumped["incidents"], list[Incident]))

    def _drop_oldest(self) -> None:
        if len(self.incidents) <= MOST_CLOSED:
            return
        closed = [i for i in self.incidents.values() if i.state is State.RESOLVED]
        for incident in sorted(closed, key=lambda i: (i.closed_at or 0, i.id))[: max(0, len(closed) - MOST_CLOSED)]:
            del self.incidents[incident.id]

    def _recently_closed(self, subject: Subject) -> Incident | None:
        latest = reversed(self.incidents.values())
        return next((i for i in latest if i.drill is None and (i.subject == subject or subject in i.covers)), None)

    def _change(
        self, incident: Incident, kind: ChangeKind, now: Instant, why: str = "", by: str | None = None
    ) -> Change:
        after = replace(incident, revision=incident.revision + 1)
        self.put(after)
        return Change(kind, now, after, why, by)

    def _new_id(self, brand: str, now: Instant) -> str:
        stem = f"{brand}-{moment_of(now):%y%m%d-%H%M}"
        names = (stem, *(f"{stem}-{n}" for n in range(2, len(self.incidents) + 3)))
        return next(name for name in names if name not in self.incidents)


def keep_true(incident: Incident, severity: Severity, now: Instant) -> Incident:
    """A rule of this severity holds though nothing new is heard."""
    held_at = tuple(now if level is severity else incident.held_at[level - 1] for level in Severity)
    return replace(incident, true_at=now, held_at=held_at)


def _same_until(incident: Incident) -> Instant:
    """Until when what starts again is the same as this one, which has ended."""
    return max((incident.closed_at or 0) + COOL_DOWN, incident.watch_until or 0)


def shifted(incident: Incident, span: Span) -> Incident:
    """An incident whose every instant is moved."""
    dated = {name: getattr(incident, name) for name in _DATED}
    moved: dict[str, Any] = {name: at + span for name, at in dated.items() if at is not None}
    if incident.press is not None:
        moved["press"] = replace(incident.press, at=incident.press.at + span)
    return replace(incident, held_at=tuple(at + span for at in incident.held_at), **moved)


def _awake(incident: Incident) -> Incident:
    """It worsens: nobody has said that this may wait."""
    return incident if incident.wait_until is None and incident.snooze_until is None else set_free(incident)


def _with(rules: tuple[str, ...], name: str) -> tuple[str, ...]:
    return rules if name in rules else (*rules, name)
