"""The whole product on one page: one input in, one Outcome out. Pure: no clock, network, disk, log or random."""

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from buzzwatch.agenda import Agenda, scoped
from buzzwatch.attendant import Attendant
from buzzwatch.bystander import Bystander, hears_mentions
from buzzwatch.daybreak import evidence_of, subjects_of
from buzzwatch.detect.slow import USUAL_RATE
from buzzwatch.herald import Herald
from buzzwatch.incidents.desk import Desk
from buzzwatch.incidents.drill import obstacle
from buzzwatch.incidents.mute import larger
from buzzwatch.lookout import Lookout
from buzzwatch.memory import Memory, Stir
from buzzwatch.model.brand import Brand, Rule, Scope
from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.incident import Change, Incident, Severity, Subject
from buzzwatch.model.input import (
    NOTHING,
    Command,
    Delivered,
    Drilled,
    Fault,
    Input,
    Outcome,
    Silenced,
    Tick,
)
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.response import Complaint
from buzzwatch.model.signal import Finding
from buzzwatch.notify import escalation, troubles
from buzzwatch.notify.digest import DIGEST
from buzzwatch.notify.night import MORNING
from buzzwatch.notify.outage import OUTAGE
from buzzwatch.steward import Steward

ANY_SIZE = 1 << 62
"""Of a conversation in which a mention is judged by itself."""


class Spine:
    """Everything between "a mention was seen" and "these people must be told this"."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.agenda = Agenda(self.memory)
        self.herald = Herald(self.memory, self.agenda)
        self.attendant = Attendant(self.memory, self.agenda, self.herald)
        self.bystander = Bystander(self.memory, self.agenda)
        self.steward = Steward(self.memory, self.agenda, self.herald, self.bystander)
        self._complaints: list[Complaint] = []

    def step(self, item: Input) -> Outcome:
        """Take one input.

        Raises:
            TimeWentBackwardsError: its `seen_at` lies before an earlier input's; the state is unchanged.
        """
        now = self.memory.advance(item)
        changes: list[Change | None] = []
        faults: list[Fault] = []
        match item:
            case Sighting():
                self._count(item, now)  # O(1): windows, thread; marks brand and thread dirty
                return Outcome(complaints=self._take_complaints()) if self._complaints else NOTHING
            case Tick():
                self._decide(now, changes, faults)  # what is dirty or due, nothing else
                self.bystander.tick(now, faults)
            case Command():
                changes = [self.memory.desk.obey(item, now)]
            case Delivered():
                self.herald.tell_ops(troubles.announce_failure(item, self.memory.rules, now))
                several = self.memory.unsent.finish(item)
                changes = [
                    self.memory.desk.note(replace(item, incident=each), now) for each in several or [item.incident]
                ]
            case Silenced():
                self.attendant.silence(item, now, changes)
            case Drilled():
                if not obstacle(item, self.memory.rules, self.memory.desk.alive, self.memory.silences.all, now):
                    changes = [self.memory.desk.rehearse(item, self.memory.rules, now)]
            case _:
                self._complaints += self.steward.put_in_force(item, now)
        told = self._tell(changes, now, faults)
        if self.memory.outage is not None and isinstance(item, Tick):
            self.herald.end_outage(self.memory.outage, now)
        (notices, held), touched = self.herald.take(), self.memory.desk.take_touched()
        self.memory.overnight.follow(touched)
        news = self.memory.shadows.take_news()
        return Outcome(tuple(told), notices, held, touched, tuple(faults), self._take_complaints(), news)

    def restore(self, incidents: Iterable[Incident], shadows: Iterable[Incident] = ()) -> None:
        """Put the incidents of the record in the place of those in memory: the record is what people were told.

        Of what rings in shadow memory knows more, as far as it knows of it.
        """
        for known in shadows:
            if known.id not in self.memory.shadows.live:
                self.memory.shadows.put(known)
        self.bystander.follow_all()
        places = {key: place for place, key in enumerate(self.memory.desk.incidents)}
        self.memory.desk = Desk(sorted(incidents, key=lambda incident: places.get(incident.id, len(places))))
        for incident in self.memory.desk.incidents:
            self.agenda.follow_incident(incident)

    def _take_complaints(self) -> tuple[Complaint, ...]:
        """What the record is to keep of them."""
        complaints, self._complaints = tuple(self._complaints), []
        return complaints

    def _count(self, sighting: Sighting, now: Instant) -> None:
        memory = self.memory
        brand = memory.rules.brands.get(sighting.brand)
        if brand is None:
            return
        memory.tracker.count(sighting)
        complaints = memory.complaints.get(sighting.brand)
        if sighting.late:
            if complaints is not None:
                self._complaints += complaints.hear(sighting)
            return
        told = memory.tales.hear(sighting, memory.tracker)
        pulse = memory.pulses.get(sighting.brand) or memory.bear(brand, sighting.counted_at)
        heard = replace(sighting, copy=told.copy) if told.copy != sighting.copy else sighting
        pulse.count(heard)
        if complaints is None:
            complaints = memory.complaints.get(sighting.brand)  # it may have been born just now
        if complaints is not None:
            self._complaints += complaints.hear(sighting, told.copy, told.story)
        judged = sighting.brand not in memory.set_aside
        if judged and memory.diaries[sighting.brand].count(heard, subjects_of(heard, told)):
            self.agenda.follow_day(sighting.brand)
        memory.carriers[sighting.brand].count(sighting)
        memory.roads.count(sighting.brand, sighting.road, now)
        if sighting.brand not in memory.dirty:
            self._break_silence(brand, now)
        stir = memory.stir(sighting.brand)
        stir.threads[sighting.thread] = None
        if told.stirs:
            stir.stories[told.story] = None
        if not sighting.official and (scoped(brand, Scope.MENTION) or hears_mentions(brand)):
            stir.mentions.append(sighting)

    def _break_silence(self, brand: Brand, now: Instant) -> None:
        self.agenda.follow_silence(brand)
        alive = self.memory.desk.alive
        quiet = any(incident.subject.quiet for incident in alive)
        silence = self.memory.desk.live(Subject(brand.key, quiet=True)) if quiet else None
        if silence is not None:
            self.memory.timers.arrange(now + silence.calm, "incident", silence.id)
        if brand.shadows:
            self.bystander.break_silence(brand, now)

    def _decide(self, now: Instant, changes: list[Change | None], faults: list[Fault]) -> None:
        dirty, self.memory.dirty, self.memory.dirty_due = self.memory.dirty, {}, None
        for key in sorted(dirty.keys() - self.memory.set_aside.keys()):
            self._attempt(key, partial(self._judge, key, dirty[key], now, changes, faults), faults)
        once: set[str] = set()
        for kind, key in self.memory.timers.take(now):
            if kind in {MORNING, DIGEST, OUTAGE}:
                once.add(kind)
            else:
                self._turn_to(kind, key, now, changes, faults)
        if MORNING in once:  # after the pages of this instant: who is paged needs no other message of the same
            self.herald.end_night(now)
        if DIGEST in once:  # after what waited for the morning: who gets both gets one message
            self.herald.leave_digest(now)

    def _turn_to(self, kind: str, key: str, now: Instant, changes: list[Change | None], faults: list[Fault]) -> None:
        """What a timer was arranged for is due."""
        match kind:
            case "silence":
                self.attendant.speak(now, changes)
            case "rota":
                self.herald.look_ahead(key, now)
            case "incident":
                if (incident := self.memory.desk.incidents.get(key)) is not None:
                    attend = partial(self.attendant.attend, incident, now, changes)
                    self._attempt(incident.subject.brand, attend, faults)
                    self.agenda.follow_incident(key)
            case _ if key not in self.memory.set_aside:
                look = {"day": self._end_days, "waiting": self._ask_who_waits}.get(kind, self._listen)
                self._attempt(key, partial(look, key, now, changes), faults)

    def _attempt(self, brand: str, work: Callable[[], None], faults: list[Fault]) -> None:
        """Decide upon one brand; one that fails is set aside until the rules change, the others go on.

        Its incidents still calm down and are still told, without fresh numbers.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other brands must not go deaf with this one
            if brand not in self.memory.set_aside:
                self.memory.set_aside[brand] = None
                faults.append(Fault(brand, f"{type(error).__name__}: {error}"))

    def _judge(self, key: str, stir: Stir, now: Instant, changes: list[Change | None], faults: list[Fault]) -> None:
        brand = self.memory.rules.brands.get(key)
        if brand is None:
            return
        pulse = self.memory.pulses[key]
        pulse.look(now, self.memory.gaps.spans(key))
        lookout = Lookout(now, brand, self.memory)
        talks = [(thread, False) for thread in sorted(stir.threads, key=by_turn)]
        talks += [(story, True) for story in sorted(stir.stories, key=by_turn)]
        foci: dict[Scope, list[tuple[str, Sighting | None, bool, int]]] = {
            Scope.BRAND: [("", None, False, 0)],
            Scope.THREAD: [(talk, None, told, lookout.size(talk, told=told)) for talk, told in talks],
            Scope.MENTION: [
                (m.thread, m, False, ANY_SIZE) for m in sorted(stir.mentions, key=lambda m: by_turn(m.mention))
            ],
        }
        for rule in brand.rules:
            for talk, mention, told, size in foci.get(rule.scope, ()):
                if size >= rule.least:
                    lookout.focus(talk, mention, told=told)
                    self._apply(rule, lookout, changes)
        self.agenda.follow_waiting(brand)
        for incident in self.memory.desk.of_brand(key):  # one by one: what one brought is told though the next fails
            changes.append(self.attendant.raise_by_press(incident, lookout))
            changes.append(self.attendant.hasten(self.memory.desk.incidents[incident.id], lookout))
            self._complaints += self.memory.claim_complaints(incident)
        self.bystander.judge(stir, lookout, faults)

    def _apply(self, rule: Rule, lookout: Lookout, changes: list[Change | None]) -> None:
        finding = rule.when.judge(lookout)
        if finding.passed:
            changes.append(self._ring(rule, lookout.subject(finding), finding, lookout))

    def _ring(self, rule: Rule, subject: Subject, finding: Finding, lookout: Lookout) -> Change | None:
        incident = self.memory.desk.live(subject)
        if incident is None:
            same = (i for i in self.memory.desk.of_brand(subject.brand) if lookout.is_same_trouble(subject, i, finding))
            incident = next(same, None)
            incident = incident and self.memory.desk.cover(incident, subject)
        evidence = partial(lookout.evidence, rule, subject, finding)
        weight = partial(lookout.weight, rule, subject, finding)
        change = self.memory.desk.ring(incident, subject, rule, evidence, lookout.now, weight)
        if change is not None and change.incident.raised and change.incident.severity is Severity.CRITICAL:
            route = escalation.paging_route(change.incident, lookout.brand, self.memory.rules, rule.notify)
            change = replace(change, incident=replace(change.incident, route=route))
            self.memory.desk.put(change.incident)
        return change

    def _listen(self, key: str, now: Instant, changes: list[Change | None]) -> None:
        """A brand may have been silent for as long as one of its rules says."""
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        if brand is None or pulse is None:
            return
        subject = Subject(key, quiet=True)
        if self.memory.desk.live(subject) is None:
            pulse.look(now, self.memory.gaps.spans(key))
            lookout = Lookout(now, brand, self.memory)
            for rule in scoped(brand, Scope.QUIET):
                finding = rule.when.judge(lookout)
                if finding.passed and self.memory.desk.live(subject) is None:
                    changes.append(self._ring(rule, subject, finding, lookout))
        self.agenda.follow_silence(brand)

    def _ask_who_waits(self, key: str, now: Instant, changes: list[Change | None]) -> None:
        """Complaints may have waited for as long as a rule says, though nothing was heard."""
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        if brand is None or pulse is None:
            return
        pulse.look(now, self.memory.gaps.spans(key))
        lookout = Lookout(now, brand, self.memory)
        for rule in scoped(brand, Scope.BRAND):
            if rule.unanswered:
                self._apply(rule, lookout, changes)
        for incident in self.memory.desk.of_brand(key):
            self._complaints += self.memory.claim_complaints(incident)
        self.agenda.follow_waiting(brand)

    def _end_days(self, key: str, now: Instant, changes: list[Change | None]) -> None:
        """A local day of a brand has ended: what keeps coming back is put on the list, and nobody is told."""
        brand, desk = self.memory.rules.brands.get(key), self.memory.desk
        if brand is None:
            return
        rate = brand.slow.rate if brand.slow else USUAL_RATE
        for said in self.memory.diaries[key].close(now, self.memory.gaps.spans(key), rate):
            subject = Subject(key, topic=said.subject)
            incident = desk.live(subject)
            if brand.slow is not None and (said.fresh or incident is not None):
                changes.append(desk.ring(incident, subject, brand.slow, partial(evidence_of, brand.slow, said), now))
        self.agenda.follow_day(key)

    def _tell(self, changes: Iterable[Change | None], now: Instant, faults: list[Fault]) -> list[Change]:
        """Who hears of each change now; several alarms at once are one message, and its first step leaves with it."""
        told: list[Change] = []
        alarmed: set[str] = set()
        for change in self._with_what_follows(list(changes), now):
            if change is None:
                continue
            told.append(change)
            if change.kind in escalation.ALARMS:
                if change.incident.id in alarmed:
                    continue
                alarmed.add(change.incident.id)
            self._attempt(change.incident.subject.brand, partial(self.herald.announce, change, now), faults)
            self.agenda.follow_incident(change.incident.id)
        return told

    def _with_what_follows(self, changes: list[Change | None], now: Instant) -> list[Change | None]:
        """With what they bring about: a lesser incident outlasts a larger one, a drill gives way to what is real."""
        if not any(i.behind or i.drill for i in self.memory.desk.alive):  # none outlasts, none gives way
            return changes
        desk, real = self.memory.desk, self.memory.desk.real
        speaking = {change.incident.id for change in changes if change is not None and change.kind in escalation.ALARMS}
        behind = [i for i in real if i.behind and i.id not in speaking]
        outlasting = [i for i in behind if larger(i, real, self.memory.silences, now) is None]
        changes += [desk.outlast(incident, now) for incident in outlasting]
        return [*changes, desk.cut_drill(changes, now)]
