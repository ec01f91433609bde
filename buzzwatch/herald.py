"""Who hears of what: every message that a step brings, and every one that it holds."""

from msgspec.structs import replace

from buzzwatch.agenda import Agenda
from buzzwatch.incidents.mute import INHIBITED, larger, lesser
from buzzwatch.incidents.rebound import watched
from buzzwatch.memory import Memory
from buzzwatch.model.incident import Change, Incident, Severity, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Held, Notice
from buzzwatch.notify import cover, digest, escalation, notices, troubles
from buzzwatch.notify.night import MORNING, Overnight, leave
from buzzwatch.notify.outage import gather


class Herald:
    """Gathers the messages of one step; all else that it knows is in the memory."""

    def __init__(self, memory: Memory, agenda: Agenda) -> None:
        self.memory = memory
        self.agenda = agenda
        self.notices: list[Notice] = []
        self.held: list[Held] = []

    def take(self) -> tuple[tuple[Notice, ...], tuple[Held, ...]]:
        """What was gathered since it was last taken."""
        if not self.notices and not self.held:
            return (), ()
        told: dict[str, Notice] = {}
        for notice in self.notices:  # of two of one incident to one target the later says more, unless the first pages
            if (before := told.get(notice.key)) is None or notice.page or not before.page:
                told[notice.key] = notice
        self.memory.unsent.put(told.values())
        taken = tuple(told.values()), tuple(self.held)
        self.notices, self.held = [], []
        return taken

    def announce(self, change: Change, now: Instant) -> None:
        """Tell a change to whoever hears it now, unless a silence or a larger incident holds it."""
        incident = self.memory.desk.incidents.get(change.incident.id, change.incident)
        if change.kind in escalation.HUSHED:
            incident = replace(incident, behind="")
            if (silence := self.memory.silences.over(incident, now)) is not None:
                self.keep(escalation.hush(incident, silence, self.memory.rules, now))
                return
            incident = replace(incident, hushed=False)
        brand = self.memory.rules.brands.get(incident.subject.brand)
        if incident.state is State.RESOLVED and brand is not None and incident.drill is None:
            incident = watched(incident, brand.zone, now)
        incident = timed(self.memory, incident)
        told = escalation.announce(replace(change, incident=incident), self.memory.rules, now)
        if told.notices and change.kind in INHIBITED:
            larger_one = larger(incident, self.memory.desk.real, self.memory.silences, now)
            told = told if larger_one is None else escalation.inhibit(incident, larger_one, told)
        self.keep(told)
        if told.incident.step_at is not None and told.incident.step_at <= now:
            silence, rules = self.memory.silences.over(told.incident, now), self.memory.rules
            climb = escalation.climb(told.incident, rules, now, change.kind)
            self.keep(escalation.hush(told.incident, silence, rules, now) if silence else climb)

    def keep(self, told: notices.Told) -> Incident:
        """Put what people were told of back on the desk; a critical one names the lesser ones of its brand."""
        self.memory.desk.put(told.incident)
        memory = self.memory
        if told.notices and told.incident.loudness is Severity.CRITICAL and told.incident.drill is None:
            behind = lesser(told.incident, memory.desk.real, memory.silences, memory.now)
            told = told._replace(notices=tuple(replace(notice, behind=behind) for notice in told.notices))
        self.tell_ops(told)
        return told.incident

    def tell_ops(self, told: notices.Told | None) -> None:
        """As `keep`, of what stands on no desk."""
        if told is not None:
            self.notices += told.notices
            self.held += told.held
            until = self.memory.overnight.hold(told.held, told.incident)
            if until is not None:
                self.memory.timers.arrange(until, MORNING, "")

    def end_night(self, now: Instant) -> None:
        """What waited leaves, unless the hours have changed and it is night still."""
        rules, overnight, desk = self.memory.rules, self.memory.overnight, self.memory.desk
        if rules.night is not None and (until := rules.night.end(now)) is not None:
            self.memory.timers.arrange(until, MORNING, "")
            return
        paged = {(notice.incident.id, notice.target.name) for notice in self.notices if notice.page}
        overnight.follow(desk.incidents.values())
        marks, lapses_at = self.memory.proposals.morning(now)
        if lapses_at is not None:
            self.memory.timers.arrange(max(lapses_at, now + 1), MORNING, "")
        for notice in leave(overnight, paged, rules, now, marks):
            self.notices.append(notice)
            for incident in filter(None, (desk.incidents.get(each.id) for each in notice.night)):
                desk.put(replace(incident, told=tuple(dict.fromkeys((*incident.told, str(notice.target))))))
        self.memory.overnight = Overnight()

    def leave_digest(self, now: Instant) -> None:
        """Unless it is due later by now, or its readers sleep; of several that were missed one leaves, late."""
        rules, memory = self.memory.rules, self.memory
        if rules.daily is None:
            return
        since, asked_from = memory.daily
        due = rules.daily.after(asked_from)
        targets = escalation.readers(rules.routes[rules.daily.route], rules, now)
        until = escalation.sleepers_wake_at(targets, rules, now) if due <= now else None
        if due > now or until is not None:
            memory.timers.arrange(until or due, digest.DIGEST, "")
            return
        down = memory.outage is not None and memory.outage[0] <= due <= memory.outage[1]
        mornings = {each.target: each for each in self.notices if (each.night or each.marks) and each.target in targets}
        self.notices = [each for each in self.notices if each not in mornings.values()]
        self.notices += digest.leave(targets, mornings, rules, (since, now), due if down else None)
        memory.daily = (now, now)
        self.agenda.follow_digest()

    def end_outage(self, outage: tuple[Instant, Instant], now: Instant) -> None:
        """What was due while we were down, or had not left before, leaves as one message to each target."""
        memory = self.memory
        memory.outage = None
        known = memory.desk.incidents.items()  # of what is silenced by now, nothing new is written
        spoken = {key: incident for key, incident in known if memory.silences.over(incident, now) is None}
        self.notices = gather(self.notices, memory.unsent, spoken, outage, memory.rules, now)

    def look_ahead(self, name: str, now: Instant) -> None:
        """A rota may come to be nobody's turn."""
        memory = self.memory
        trouble, told, due = cover.look_ahead(name, memory.rules, memory.foretold.pop(name, None), now)
        if told is not None:
            memory.foretold[name] = told
        if due is not None:
            memory.timers.arrange(due, "rota", name)
        self.tell_ops(None if trouble is None else troubles.announce_trouble(trouble, memory.rules, now))


def timed(memory: Memory, incident: Incident) -> Incident:
    """With what the public clock says at this instant."""
    since = memory.unanswered_since(incident)
    return replace(incident, reason=replace(incident.reason, unanswered_since=since))
