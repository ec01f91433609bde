"""What is open is looked at again: is it calm, is a step due, does it still hold, has its silence ended?"""

from msgspec.structs import replace

from buzzwatch.agenda import Agenda, scoped
from buzzwatch.herald import Herald, timed
from buzzwatch.incidents.desk import keep_true
from buzzwatch.incidents.mute import severity_for
from buzzwatch.lookout import Lookout
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Scope
from buzzwatch.model.incident import Change, Incident, Severity, State
from buzzwatch.model.input import Silenced
from buzzwatch.model.instant import Instant
from buzzwatch.model.silence import Silence
from buzzwatch.notify import escalation, notices, relief


class Attendant:
    """Attends to one incident at a time; it keeps nothing of its own."""

    def __init__(self, memory: Memory, agenda: Agenda, herald: Herald) -> None:
        self.memory = memory
        self.agenda = agenda
        self.herald = herald

    def attend(self, incident: Incident, now: Instant, changes: list[Change | None]) -> None:
        """An incident may be calm for long enough, or its next escalation step may be due."""
        if incident.subject.quiet and incident.state is not State.RESOLVED:
            incident = self._still_silent(incident, now)
        elif incident.state is not State.RESOLVED:
            incident = self._still_waiting(incident, now)
        deaf = self.memory.gaps.is_deaf(incident.subject.brand, now) and incident.drill is None
        change = None if deaf else self.memory.desk.settle(incident, now)
        if change is not None:
            changes.append(change)
            return
        rules = self.memory.rules
        silence = self.memory.silences.over(incident, now)
        if relief.turns_at(incident, rules, now) == now:
            if silence is not None:
                self.herald.tell_ops(relief.hush_relief(incident, silence, rules, now))
            elif not (incident.hushed and incident.state is State.OPEN):  # that is about to be said anyway
                handed = relief.hand_over(incident, rules, now)
                incident = self.herald.keep(handed)
                changes.append(handed.change)
        if incident.next_at is None or incident.next_at > now:
            return
        if silence is not None and incident.wait_until is None:
            self._hold_due(incident, silence, now)
        elif incident.step_at is not None and incident.step_at <= now:
            self.herald.keep(escalation.climb(self.refreshed(incident, now), rules, now))
        else:
            taken_for = notices.route_of(incident, rules).taken_for
            changes.append(self.memory.desk.look_again(self.refreshed(incident, now), taken_for, now))

    def raise_by_press(self, incident: Incident, lookout: Lookout) -> Change | None:
        """The press may have joined; what comes to a page by that goes where the brand's critical rules go."""
        press, brand = lookout.press(incident), lookout.brand
        if press is None:
            return None
        severity = severity_for(brand, incident.severity, press=True)
        pages = severity is Severity.CRITICAL
        route = escalation.paging_route(incident, brand, self.memory.rules) if pages else incident.route
        return self.memory.desk.join_press(lookout.refreshed(incident), press, severity, route, lookout.now)

    def hasten(self, incident: Incident, lookout: Lookout) -> Change | None:
        """What is not told as the most severe yet may grow so fast that it must be; competitors never page."""
        brand, loudest = lookout.brand, severity_for(lookout.brand, Severity.CRITICAL)
        if incident.urgent or incident.loudness >= loudest or incident.subject.topic or incident.subject.quiet:
            return None
        if not lookout.is_urgent(incident):
            return None
        incident = lookout.refreshed(incident)
        pages = incident.severity + 1 == Severity.CRITICAL
        route = escalation.paging_route(incident, brand, self.memory.rules) if pages else incident.route
        return self.memory.desk.hasten(incident, route, lookout.now)

    def _hold_due(self, incident: Incident, silence: Silence, now: Instant) -> None:
        """A step is held; whoever has it is asked for news once the silence has ended."""
        if incident.snooze_until is not None:
            self.memory.desk.put(replace(incident, snooze_until=silence.until))
        elif incident.step_at is not None and incident.step_at <= now:
            self.herald.keep(escalation.hush(incident, silence, self.memory.rules, now))
        else:
            self.memory.desk.put(replace(incident, remind_at=silence.until))

    def refreshed(self, incident: Incident, now: Instant) -> Incident:
        """With the numbers of this instant: a page that repeats must not say what was true an hour ago."""
        key = incident.subject.brand
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        fixed = incident.subject.quiet or incident.drill is not None
        if brand is None or pulse is None or fixed or key in self.memory.set_aside:
            return incident
        pulse.look(now, self.memory.gaps.spans(key))
        return timed(self.memory, Lookout(now, brand, self.memory).refreshed(incident))

    def _still_silent(self, incident: Incident, now: Instant) -> Incident:
        if self.agenda.is_silent(incident):
            incident = keep_true(incident, incident.severity, now)
            self.memory.desk.put(incident)
        return incident

    def _still_waiting(self, incident: Incident, now: Instant) -> Incident:
        """Complaints that nobody answers keep true what they rang for, though nothing more is heard."""
        key = incident.subject.brand
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        if brand is None or pulse is None or key in self.memory.set_aside:
            return incident
        asking = [rule for rule in scoped(brand, Scope.BRAND) if rule.unanswered and rule.name in incident.rules]
        if asking:
            pulse.look(now, self.memory.gaps.spans(key))
        lookout = Lookout(now, brand, self.memory)
        for rule in asking:
            if rule.when.judge(lookout).passed:
                incident = keep_true(incident, severity_for(brand, rule.severity, press=incident.raised), now)
                self.memory.desk.put(incident)
        return incident

    def silence(self, said: Silenced, now: Instant, changes: list[Change | None]) -> None:
        """Whatever it hides from now on says so in its record."""
        silence, desk = self.memory.silences.hear(said), self.memory.desk
        why = f"silence: {said.why}" if silence else "silence: -"
        changes += [
            desk.remark(incident, why, said.by, now)
            for incident in list(desk.incidents.values())
            if incident.state is not State.RESOLVED and said.what in {incident.id, incident.subject.brand}
        ]
        if silence is None:
            self.speak(now, changes)
        else:
            self.memory.timers.arrange(silence.until, "silence", said.what)

    def speak(self, now: Instant, changes: list[Change | None]) -> None:
        """A silence has ended: what it held, and still lives, is said now."""
        silences, desk = self.memory.silences, self.memory.desk
        silences.drop_ended(now)
        for silence in silences.all:
            self.memory.timers.arrange(silence.until, "silence", silence.what)
        hushed = [i for i in desk.incidents.values() if i.hushed and silences.over(i, now) is None]
        changes += [desk.speak(self.refreshed(incident, now), now) for incident in hushed]
        for incident in desk.incidents:  # duty may have changed hands meanwhile
            self.agenda.follow_incident(incident)
