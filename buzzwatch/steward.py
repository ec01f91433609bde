"""Puts in force what comes from outside and is no mention: rules, rotas, gaps, clocks, what became of posts."""

from datetime import UTC

from buzzwatch.agenda import Agenda
from buzzwatch.bystander import Bystander
from buzzwatch.daybreak import theme_key
from buzzwatch.herald import Herald
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.input import (
    EVERYTHING,
    ClockSet,
    Corrected,
    Erased,
    Gap,
    Mark,
    Proposed,
    RotaSwapped,
    RulesMended,
    RulesRefused,
    RulesSwapped,
    Trouble,
    Warmed,
)
from buzzwatch.model.instant import Instant
from buzzwatch.model.response import Complaint
from buzzwatch.notify import escalation, refusal, troubles
from buzzwatch.notify.night import MORNING

Circumstance = (
    RulesSwapped
    | RulesRefused
    | RulesMended
    | RotaSwapped
    | Gap
    | Trouble
    | ClockSet
    | Warmed
    | Corrected
    | Proposed
    | Erased
)
"""What is so outside, as an input."""


class Steward:
    """Decides nothing: what follows is found at the next tick."""

    def __init__(self, memory: Memory, agenda: Agenda, herald: Herald, bystander: Bystander) -> None:
        self.memory = memory
        self.agenda = agenda
        self.herald = herald
        self.bystander = bystander

    def put_in_force(self, item: Circumstance, now: Instant) -> tuple[Complaint, ...]:
        """From now on it is as an input says; which complaints are none any more, for the record."""
        match item:
            case RulesSwapped():
                self._follow_rules(item.rules, now)
            case RulesRefused() | RulesMended():
                self.memory.refusal, told = refusal.hear(item, self.memory.refusal, self.memory.rules, now)
                self.herald.tell_ops(told)
            case RotaSwapped():
                self._follow_shifts(item)
            case Gap():
                self._hear_gap(item, now)
            case ClockSet():
                self.agenda.follow_all()
                self.bystander.follow_all()
            case Trouble():
                self.herald.tell_ops(troubles.announce_trouble(item, self.memory.rules, now))
            case Warmed():
                for key, habits in item.habits.items():
                    self.memory.warm(key, habits)
            case Corrected() | Proposed() | Erased():
                return self._hear_of_post(item, now)
        return ()

    def _hear_of_post(self, item: Corrected | Proposed | Erased, now: Instant) -> tuple[Complaint, ...]:
        """A person marks a post, or its author took it back."""
        match item:
            case Corrected():
                self.memory.correct(item)
                if item.mark in {Mark.NOT_NEGATIVE, Mark.NOT_US}:
                    return self._let_leave(item.mention, item.brand)
            case Erased():
                return self._let_leave(item.mention, *self.memory.complaints)
            case Proposed():
                self._propose(item, now)
        return ()

    def _propose(self, said: Proposed, now: Instant) -> None:
        """A mark waits for the morning; by day it waits for the next one's message, and may be confirmed before."""
        night = self.memory.rules.night
        morning = (night.end(now) if night else None) or now
        if self.memory.proposals.hear(said, morning):
            self.memory.timers.arrange(max(morning, now + 1), MORNING, "")

    def _let_leave(self, mention: str, *brands: str) -> tuple[Complaint, ...]:
        """A post is no complaint about these brands, or no more."""
        known = filter(None, map(self.memory.complaints.get, brands))
        return tuple(left for complaints in known for left in complaints.leave(mention))

    def _follow_rules(self, rules: Ruleset, now: Instant) -> None:
        if rules.daily != self.memory.rules.daily:
            told_since = self.memory.daily[0] if self.memory.rules.daily else now
            self.memory.daily = (told_since, now)
        former = self.memory.rules
        before = former.brands
        self.memory.follow_rules(rules)
        self.memory.forget_gathered(former)
        self.agenda.follow_digest()
        self.memory.set_aside = {}
        for key in before.keys() - rules.brands.keys():
            self.memory.follow_hours(key, UTC, ())  # as a loaded one would
            self.memory.complaints.pop(key, None)
        for brand in rules.brands.values():
            self.memory.follow_hours(brand.key, brand.zone, brand.campaigns)
            self._follow_themes(brand, before.get(brand.key))
            self.memory.compare(brand)
            self.memory.follow_official(brand)
            self.agenda.follow_silence(brand)
            self.agenda.follow_day(brand.key)
            self.agenda.follow_waiting(brand, afresh=True)
        for incident in list(self.memory.desk.incidents.values()):
            self.memory.desk.put(escalation.under_new_rules(incident, rules, now))
            self.agenda.follow_incident(incident.id)
        self.agenda.follow_rotas()
        self.bystander.follow_rules(now)

    def _follow_shifts(self, item: RotaSwapped) -> None:
        """Who is on duty may be another from now on."""
        self.memory.shifts[item.rota] = item.shifts
        self.memory.follow_rules(self.memory.rules)
        for incident in self.memory.desk.incidents:
            self.agenda.follow_incident(incident)
        self.agenda.follow_rotas()

    def _hear_gap(self, heard: Gap, now: Instant) -> None:
        deafness = self.memory.hear_gap(heard)
        gap = deafness.gap
        if gap.until <= now:
            self.memory.desk.stop_calm(gap.since, gap.until, deafness.untouched)
            self.memory.shadows.stop_calm(gap.since, gap.until, deafness.untouched)
        if heard.source == EVERYTHING and heard.until <= now:
            self.memory.outage = (heard.since, heard.until)
        self.agenda.follow_all()
        self.bystander.follow_all()

    def _follow_themes(self, brand: Brand, before: Brand | None) -> None:
        """A theme that is sought by other words begins anew: more of it would be no news."""
        diary = self.memory.diaries.get(brand.key)
        if diary is not None:
            known = before.themes if before else {}
            for theme in [theme for theme, words in brand.themes.items() if known.get(theme) != words]:
                diary.renew(theme_key(theme))
