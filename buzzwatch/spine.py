"""The whole product on one page: one input in, one Outcome out. Pure: no clock, network, disk, log or random."""

from collections.abc import Callable, Iterable
from datetime import UTC
from functools import partial

from msgspec.structs import replace

from buzzwatch.agenda import Agenda, scoped
from buzzwatch.daybreak import evidence_of, subjects_of, theme_key
from buzzwatch.detect.slow import USUAL_RATE
from buzzwatch.incidents.desk import Desk
from buzzwatch.incidents.drill import obstacle
from buzzwatch.incidents.mute import INHIBITED, larger, lesser, severity_for
from buzzwatch.lookout import Lookout
from buzzwatch.memory import Memory, Stir
from buzzwatch.model.brand import Brand, Rule, Ruleset, Scope
from buzzwatch.model.incident import Change, Incident, Severity, State, Subject
from buzzwatch.model.input import (
    NOTHING,
    ClockSet,
    Command,
    Corrected,
    Delivered,
    Drilled,
    Fault,
    Gap,
    Input,
    Outcome,
    RulesSwapped,
    Silenced,
    Tick,
    Trouble,
    Warmed,
)
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Held, Notice
from buzzwatch.model.signal import Finding
from buzzwatch.model.silence import Silence
from buzzwatch.notify import escalation
from buzzwatch.notify.night import MORNING, Overnight, leave


class Spine:
    """Everything between "a mention was seen" and "these people must be told this"."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.agenda = Agenda(self.memory)
        self._notices: list[Notice] = []
        self._held: list[Held] = []

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
                return NOTHING
            case Tick():
                self._decide(now, changes, faults)  # what is dirty or due, nothing else
            case Command():
                changes = [self.memory.desk.obey(item, now)]
            case Delivered():
                self._tell_ops(escalation.announce_failure(item, self.memory.rules, now))
                changes = [self.memory.desk.note(item, now)]
            case Silenced():
                self._silence(item, now, changes)
            case Drilled():
                if not obstacle(item, self.memory.rules, self.memory.desk.alive, self.memory.silences.all, now):
                    changes = [self.memory.desk.rehearse(item, self.memory.rules, now)]
            case _:
                self._swap(item, now)
        told = self._tell(changes, now, faults)
        notices, held, touched = tuple(self._notices), tuple(self._held), self.memory.desk.take_touched()
        self._notices, self._held = [], []
        self.memory.overnight.follow(touched)
        return Outcome(tuple(told), notices, held, touched, tuple(faults))

    def restore(self, incidents: Iterable[Incident]) -> None:
        """Put the incidents of the record in the place of those in memory: the record is what people were told."""
        places = {key: place for place, key in enumerate(self.memory.desk.incidents)}
        self.memory.desk = Desk(sorted(incidents, key=lambda incident: places.get(incident.id, len(places))))
        for incident in self.memory.desk.incidents:
            self.agenda.follow_incident(incident)

    def _count(self, sighting: Sighting, now: Instant) -> None:
        memory = self.memory
        brand = memory.rules.brands.get(sighting.brand)
        if brand is None:
            return
        memory.tracker.count(sighting)
        if sighting.late:
            return
        told = memory.tales.hear(sighting, memory.tracker)
        pulse = memory.pulses.get(sighting.brand) or memory.bear(brand, sighting.counted_at)
        heard = replace(sighting, copy=told.copy) if told.copy != sighting.copy else sighting
        pulse.count(heard)
        judged = sighting.brand not in memory.set_aside
        if judged and memory.diaries[sighting.brand].count(heard, subjects_of(heard, told)):
            self.agenda.follow_day(sighting.brand)
        memory.carriers[sighting.brand].count(sighting)
        if sighting.brand not in memory.dirty:
            self._break_silence(brand, now)
        stir = memory.stir(sighting.brand)
        stir.threads[sighting.thread] = None
        if told.stirs:
            stir.stories[told.story] = None
        if not sighting.official and scoped(brand, Scope.MENTION):
            stir.mentions.append(sighting)

    def _break_silence(self, brand: Brand, now: Instant) -> None:
        self.agenda.follow_silence(brand)
        silence = self.memory.desk.live(Subject(brand.key, quiet=True))
        if silence is not None:
            self.memory.timers.arrange(now + silence.calm, "incident", silence.id)

    def _decide(self, now: Instant, changes: list[Change | None], faults: list[Fault]) -> None:
        dirty, self.memory.dirty, self.memory.dirty_due = self.memory.dirty, {}, None
        for key in sorted(dirty.keys() - self.memory.set_aside.keys()):
            self._attempt(key, partial(self._judge, key, dirty[key], now, changes), faults)
        night_ends = False
        for kind, key in self.memory.timers.take(now):
            if kind == "silence":
                self._speak(now, changes)
            elif kind == MORNING:
                night_ends = True
            elif kind == "incident":
                if (incident := self.memory.desk.incidents.get(key)) is not None:
                    self._attempt(incident.subject.brand, partial(self._attend, incident, now, changes), faults)
                    self.agenda.follow_incident(key)
            elif key not in self.memory.set_aside:
                look = self._end_days if kind == "day" else self._listen
                self._attempt(key, partial(look, key, now, changes), faults)
        if night_ends:  # after the pages of this instant: who is paged needs no other message of the same
            self._end_night(now)

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

    def _judge(self, key: str, stir: Stir, now: Instant, changes: list[Change | None]) -> None:
        brand = self.memory.rules.brands.get(key)
        if brand is None:
            return
        pulse = self.memory.pulses[key]
        pulse.look(now, self.memory.gaps.spans())
        lookout = Lookout(now, brand, self.memory)
        for rule in brand.rules:
            match rule.scope:
                case Scope.BRAND:
                    lookout.focus("")
                    self._apply(rule, lookout, changes)
                case Scope.THREAD:
                    talks = [(thread, False) for thread in sorted(stir.threads)]
                    for thread, told in talks + [(story, True) for story in sorted(stir.stories)]:
                        if lookout.size(thread, told=told) >= rule.least:
                            lookout.focus(thread, told=told)
                            self._apply(rule, lookout, changes)
                case Scope.MENTION:
                    for mention in sorted(stir.mentions, key=lambda m: m.mention):
                        lookout.focus(mention.thread, mention)
                        self._apply(rule, lookout, changes)
        for incident in self.memory.desk.of_brand(key):  # one by one: what one brought is told though the next fails
            changes.append(self._raise(lookout, incident))
            changes.append(self._hasten(lookout, self.memory.desk.incidents[incident.id]))

    def _raise(self, lookout: Lookout, incident: Incident) -> Change | None:
        """The press may have joined; what comes to a page by that goes where the brand's critical rules go."""
        press, brand = lookout.press(incident), lookout.brand
        if press is None:
            return None
        severity = severity_for(brand, incident.severity, press=True)
        pages = severity is Severity.CRITICAL
        route = escalation.paging_route(incident, brand, self.memory.rules) if pages else incident.route
        return self.memory.desk.join_press(lookout.refreshed(incident), press, severity, route, lookout.now)

    def _hasten(self, lookout: Lookout, incident: Incident) -> Change | None:
        """What is not told as the most severe yet may grow so fast that it must be; competitors never page."""
        brand, loudest = lookout.brand, severity_for(lookout.brand, Severity.CRITICAL)
        if incident.urgent or incident.loudness >= loudest or incident.subject.topic or incident.subject.quiet:
            return None
        incident = lookout.refreshed(incident)
        if not incident.reason.is_urgent:
            return None
        pages = incident.severity + 1 == Severity.CRITICAL
        route = escalation.paging_route(incident, brand, self.memory.rules) if pages else incident.route
        return self.memory.desk.hasten(incident, route, lookout.now)

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
        change = self.memory.desk.ring(
            incident, subject, rule, lambda: lookout.evidence(rule, subject, finding), lookout.now
        )
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
            pulse.look(now, self.memory.gaps.spans())
            lookout = Lookout(now, brand, self.memory)
            for rule in scoped(brand, Scope.QUIET):
                finding = rule.when.judge(lookout)
                if finding.passed and self.memory.desk.live(subject) is None:
                    changes.append(self._ring(rule, subject, finding, lookout))
        self.agenda.follow_silence(brand)

    def _end_days(self, key: str, now: Instant, changes: list[Change | None]) -> None:
        """A local day of a brand has ended: what keeps coming back is put on the list, and nobody is told."""
        brand, desk = self.memory.rules.brands.get(key), self.memory.desk
        if brand is None:
            return
        rate = brand.slow.rate if brand.slow else USUAL_RATE
        for said in self.memory.diaries[key].close(now, self.memory.gaps.spans(), rate):
            subject = Subject(key, topic=said.subject)
            incident = desk.live(subject)
            if brand.slow is not None and (said.fresh or incident is not None):
                changes.append(desk.ring(incident, subject, brand.slow, partial(evidence_of, brand.slow, said), now))
        self.agenda.follow_day(key)

    def _attend(self, incident: Incident, now: Instant, changes: list[Change | None]) -> None:
        """An incident may be calm for long enough, or its next escalation step may be due."""
        if incident.subject.quiet and incident.state is not State.RESOLVED:
            incident = self._still_silent(incident, now)
        deaf = self.memory.gaps.is_deaf(now) and incident.drill is None
        change = None if deaf else self.memory.desk.settle(incident, now)
        if change is not None:
            changes.append(change)
            return
        rules = self.memory.rules
        if escalation.turns_at(incident, rules, now) == now:
            handed = escalation.hand_over(incident, rules, now)
            incident = self._keep(handed)
            changes.append(handed.change)
        if incident.next_at is None or incident.next_at > now:
            return
        silence = self.memory.silences.over(incident, now)
        if silence is not None and incident.wait_until is None:
            self._hold_due(incident, silence, now)
        elif incident.step_at is not None and incident.step_at <= now:
            self._keep(escalation.climb(self._refreshed(incident, now), rules, now))
        else:
            taken_for = escalation.route_of(incident, rules).taken_for
            changes.append(self.memory.desk.look_again(self._refreshed(incident, now), taken_for, now))

    def _hold_due(self, incident: Incident, silence: Silence, now: Instant) -> None:
        """A step is held; whoever has it is asked for news once the silence has ended."""
        if incident.step_at is not None and incident.step_at <= now:
            self._keep(escalation.hush(incident, silence, self.memory.rules, now))
        else:
            self.memory.desk.put(replace(incident, remind_at=silence.until))

    def _refreshed(self, incident: Incident, now: Instant) -> Incident:
        """With the numbers of this instant: a page that repeats must not say what was true an hour ago."""
        key = incident.subject.brand
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        fixed = incident.subject.quiet or incident.drill is not None
        if brand is None or pulse is None or fixed or key in self.memory.set_aside:
            return incident
        pulse.look(now, self.memory.gaps.spans())
        return Lookout(now, brand, self.memory).refreshed(incident)

    def _still_silent(self, incident: Incident, now: Instant) -> Incident:
        if self.agenda.is_silent(incident):
            held_at = tuple(now if level is incident.severity else incident.held_at[level - 1] for level in Severity)
            incident = replace(incident, true_at=now, held_at=held_at)
            self.memory.desk.put(incident)
        return incident

    def _swap(self, item: RulesSwapped | Gap | Trouble | ClockSet | Warmed | Corrected, now: Instant) -> None:
        match item:
            case RulesSwapped():
                self._follow_rules(item.rules, now)
            case Gap():
                self._hear_gap(item, now)
            case ClockSet():
                self.agenda.follow_all()
            case Trouble():
                self._tell_ops(escalation.announce_trouble(item, self.memory.rules, now))
            case Warmed():
                for key, habits in item.habits.items():
                    self.memory.warm(key, habits)
            case Corrected():
                self.memory.correct(item)

    def _silence(self, said: Silenced, now: Instant, changes: list[Change | None]) -> None:
        """Whatever it hides from now on says so in its record."""
        silence, desk = self.memory.silences.hear(said), self.memory.desk
        why = f"silence: {said.why}" if silence else "silence: -"
        changes += [
            desk.remark(incident, why, said.by, now)
            for incident in list(desk.incidents.values())
            if incident.state is not State.RESOLVED and said.what in {incident.id, incident.subject.brand}
        ]
        if silence is None:
            self._speak(now, changes)
        else:
            self.memory.timers.arrange(silence.until, "silence", said.what)

    def _speak(self, now: Instant, changes: list[Change | None]) -> None:
        """A silence has ended: what it held, and still lives, is said now."""
        silences, desk = self.memory.silences, self.memory.desk
        silences.drop_ended(now)
        for silence in silences.all:
            self.memory.timers.arrange(silence.until, "silence", silence.what)
        hushed = [i for i in desk.incidents.values() if i.hushed and silences.over(i, now) is None]
        changes += [desk.speak(self._refreshed(incident, now), now) for incident in hushed]

    def _follow_rules(self, rules: Ruleset, now: Instant) -> None:
        before, self.memory.rules = self.memory.rules.brands, rules
        self.memory.set_aside = {}
        for key in before.keys() - rules.brands.keys():
            self.memory.follow_hours(key, UTC, ())  # as a loaded one would
        for brand in rules.brands.values():
            self.memory.follow_hours(brand.key, brand.zone, brand.campaigns)
            self._follow_themes(brand, before.get(brand.key))
            self.memory.compare(brand)
            self.agenda.follow_silence(brand)
            self.agenda.follow_day(brand.key)
        for incident in list(self.memory.desk.incidents.values()):
            self.memory.desk.put(escalation.under_new_rules(incident, rules, now))
            self.agenda.follow_incident(incident.id)

    def _hear_gap(self, heard: Gap, now: Instant) -> None:
        gap = self.memory.gaps.hear(heard, now)
        if gap.until <= now:
            self.memory.desk.stop_calm(gap.since, gap.until)
        self.agenda.follow_all()

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
            self._attempt(change.incident.subject.brand, partial(self._announce, change, now), faults)
            self.agenda.follow_incident(change.incident.id)
        return told

    def _with_what_follows(self, changes: list[Change | None], now: Instant) -> list[Change | None]:
        """With what they bring about: a lesser incident outlasts a larger one, a drill gives way to what is real."""
        desk, real = self.memory.desk, self.memory.desk.real
        outlasting = [i for i in real if i.behind and larger(i, real, self.memory.silences, now) is None]
        changes += [desk.outlast(incident, now) for incident in outlasting]
        return [*changes, desk.cut_drill(changes, now)]

    def _announce(self, change: Change, now: Instant) -> None:
        incident = self.memory.desk.incidents.get(change.incident.id, change.incident)
        if change.kind in escalation.HUSHED:
            if (silence := self.memory.silences.over(incident, now)) is not None:
                self._keep(escalation.hush(incident, silence, self.memory.rules, now))
                return
            incident = replace(incident, hushed=False, behind="")
        told = escalation.announce(replace(change, incident=incident), self.memory.rules, now)
        if told.notices and change.kind in INHIBITED:
            larger_one = larger(incident, self.memory.desk.real, self.memory.silences, now)
            told = told if larger_one is None else escalation.inhibit(incident, larger_one, told)
        self._keep(told)
        if told.incident.step_at is not None and told.incident.step_at <= now:
            silence, rules = self.memory.silences.over(told.incident, now), self.memory.rules
            climb = escalation.climb(told.incident, rules, now, change.kind)
            self._keep(escalation.hush(told.incident, silence, rules, now) if silence else climb)

    def _keep(self, told: escalation.Told) -> Incident:
        self.memory.desk.put(told.incident)
        memory = self.memory
        if told.notices and told.incident.loudness is Severity.CRITICAL and told.incident.drill is None:
            behind = lesser(told.incident, memory.desk.real, memory.silences, memory.now)
            told = told._replace(notices=tuple(replace(notice, behind=behind) for notice in told.notices))
        self._tell_ops(told)
        return told.incident

    def _tell_ops(self, told: escalation.Told | None) -> None:
        """As `_keep`, of what stands on no desk."""
        if told is not None:
            self._notices += told.notices
            self._held += told.held
            until = self.memory.overnight.hold(told.held, told.incident)
            if until is not None:
                self.memory.timers.arrange(until, MORNING, "")

    def _end_night(self, now: Instant) -> None:
        """What waited leaves, unless the hours have changed and it is night still."""
        rules, overnight, desk = self.memory.rules, self.memory.overnight, self.memory.desk
        if rules.night is not None and (until := rules.night.end(now)) is not None:
            self.memory.timers.arrange(until, MORNING, "")
            return
        paged = {(notice.incident.id, notice.target.name) for notice in self._notices if notice.page}
        overnight.follow(desk.incidents.values())
        for notice in leave(overnight, paged, rules, now):
            self._notices.append(notice)
            for incident in filter(None, (desk.incidents.get(each.id) for each in notice.night)):
                desk.put(replace(incident, told=tuple(dict.fromkeys((*incident.told, str(notice.target))))))
        self.memory.overnight = Overnight()

    def _follow_themes(self, brand: Brand, before: Brand | None) -> None:
        """A theme that is sought by other words begins anew: more of it would be no news."""
        diary = self.memory.diaries.get(brand.key)
        if diary is not None:
            known = before.themes if before else {}
            for theme in [theme for theme, words in brand.themes.items() if known.get(theme) != words]:
                diary.renew(theme_key(theme))
