"""Judges the rules in shadow: what they would have rung is kept, and nothing else is any different for it.

They are judged after the rules that count and write nothing but `Memory.shadows` and what their own conditions gather.
Their timers are their own, so that no other rule is asked for their sake, and at these no pulse is looked at.
"""

from collections.abc import Callable
from functools import partial

from buzzwatch.agenda import Agenda
from buzzwatch.detect.pulse import Pulse
from buzzwatch.incidents.shadows import calm_at
from buzzwatch.lookout import Lookout
from buzzwatch.memory import Memory, Stir
from buzzwatch.model.brand import Brand, Rule, Scope
from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.incident import Incident, Subject
from buzzwatch.model.input import Fault
from buzzwatch.model.instant import HOUR, Instant
from buzzwatch.model.signal import Finding


class Bystander:
    """Keeps nothing of its own."""

    def __init__(self, memory: Memory, agenda: Agenda) -> None:
        self.memory = memory
        self.agenda = agenda

    def judge(self, stir: Stir, lookout: Lookout, faults: list[Fault]) -> None:
        """Of what stirs at a brand, whose pulse has been looked at."""
        for rule in lookout.brand.shadows:
            self._attempt(lookout.brand, rule, partial(self._judge, rule, stir, lookout), faults)
        if lookout.brand.shadows:
            self._follow_waiting(lookout.brand)

    def tick(self, now: Instant, faults: list[Fault]) -> None:
        """What a timer of theirs was arranged for is due."""
        for kind, key in self.memory.shadow_timers.take(now):
            if kind == "over":
                self._attend(key, now, faults)
                continue
            brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
            if brand is None or pulse is None or key in self.memory.set_aside:
                continue
            lookout = self._lookout(brand, pulse, now)
            if kind == "quiet":
                for rule in _in_shadow(brand, Scope.QUIET):
                    self._attempt(brand, rule, partial(self._listen, rule, lookout), faults)
                self._follow_silence(brand)
            else:
                for rule in [each for each in _in_shadow(brand, Scope.BRAND) if each.unanswered]:
                    self._attempt(brand, rule, partial(self._apply, rule, lookout), faults)
                self._follow_waiting(brand)

    def follow_rules(self, now: Instant) -> None:
        """A rule that is in shadow no more has nothing going on; what is there now may be due."""
        for known in list(self.memory.shadows.live.values()):
            if self._rule_of(known) is None:
                self.memory.shadows.end(known, now)
        self.follow_all(afresh=True)

    def follow_all(self, *, afresh: bool = False) -> None:
        """Everything that may be due; see `Agenda`."""
        for known in self.memory.shadows.live.values():
            self._follow(known)
        for brand in self.memory.rules.brands.values():
            if brand.shadows:
                self._follow_silence(brand)
                self._follow_waiting(brand, afresh=afresh)

    def break_silence(self, brand: Brand, now: Instant) -> None:
        """Somebody is heard again: a silence calms from now on."""
        self._follow_silence(brand)
        for rule in _in_shadow(brand, Scope.QUIET):
            for known in self.memory.shadows.of_rule(brand.key, rule.name):
                self.memory.shadow_timers.arrange(now + known.calm, "over", known.id)

    def _judge(self, rule: Rule, stir: Stir, lookout: Lookout) -> None:
        match rule.scope:
            case Scope.BRAND:
                lookout.focus("")
                self._apply(rule, lookout)
            case Scope.THREAD:
                talks = [(thread, False) for thread in sorted(stir.threads, key=by_turn)]
                talks += [(story, True) for story in sorted(stir.stories, key=by_turn)]
                for thread, told in talks:
                    if lookout.size(thread, told=told) >= rule.least:
                        lookout.focus(thread, told=told)
                        self._apply(rule, lookout)
            case Scope.MENTION:
                for mention in sorted(stir.mentions, key=lambda m: by_turn(m.mention)):
                    lookout.focus(mention.thread, mention)
                    self._apply(rule, lookout)

    def _listen(self, rule: Rule, lookout: Lookout) -> None:
        finding = rule.when.judge(lookout)
        if finding.passed:
            self._ring(rule, Subject(lookout.brand.key, quiet=True), finding, lookout)

    def _apply(self, rule: Rule, lookout: Lookout) -> None:
        finding = rule.when.judge(lookout)
        if finding.passed:
            self._ring(rule, lookout.subject(finding), finding, lookout)

    def _ring(self, rule: Rule, subject: Subject, finding: Finding, lookout: Lookout) -> None:
        """As if this rule were the only one: its own troubles are one where they are the same."""
        shadows = self.memory.shadows
        mine = shadows.of_rule(subject.brand, rule.name)
        for known in mine:
            if known.subject == subject or subject in known.covers:
                shadows.keep_true(known, lookout.now)
                return
        for known in mine:
            if lookout.is_same_trouble(subject, known, finding):
                shadows.keep_true(known, lookout.now, subject)
                return
        self._follow(shadows.open(subject, rule, lookout.evidence(rule, subject, finding), lookout.now))

    def _attend(self, key: str, now: Instant, faults: list[Fault]) -> None:
        """One may be calm for long enough."""
        known = self.memory.shadows.live.get(key)
        if known is None:
            return
        if known.subject.quiet and self.agenda.is_unheard(known):
            self.memory.shadows.keep_true(known, now)
        elif not known.subject.quiet:
            self._ask_again(known, now, faults)
        known = self.memory.shadows.live.get(key)
        if known is None:  # called over for others that began just now
            return
        if calm_at(known) <= now and not self.memory.gaps.is_deaf(known.subject.brand, now):
            self.memory.shadows.end(known, now)
        else:
            self._follow(known)

    def _ask_again(self, known: Incident, now: Instant, faults: list[Fault]) -> None:
        """Complaints that nobody answers keep it true, though nothing more is heard."""
        key, rule = known.subject.brand, self._rule_of(known)
        brand, pulse = self.memory.rules.brands.get(key), self.memory.pulses.get(key)
        if rule is None or not rule.unanswered or rule.scope is not Scope.BRAND or brand is None or pulse is None:
            return
        self._attempt(brand, rule, partial(self._apply, rule, self._lookout(brand, pulse, now)), faults)

    def _follow(self, known: Incident) -> None:
        """See `Agenda.follow_incident`."""
        now, due = self.memory.now, calm_at(known)
        if known.subject.quiet and self.agenda.is_unheard(known):
            due = self.agenda.ever_more_rarely(known.began_at)
        elif due <= now and self.memory.gaps.is_deaf(known.subject.brand, now):
            due = now + HOUR  # or when the gap ends
        self.memory.shadow_timers.arrange(max(due, now + 1), "over", known.id)

    def _follow_silence(self, brand: Brand) -> None:
        overs = [rule.quiet_over for rule in _in_shadow(brand, Scope.QUIET) if rule.quiet_over is not None]
        due = self.agenda.silence_due(brand.key, overs)
        if due is not None:
            self.memory.shadow_timers.arrange(due, "quiet", brand.key)

    def _follow_waiting(self, brand: Brand, *, afresh: bool = False) -> None:
        asked = [each for rule in _in_shadow(brand, Scope.BRAND) for each in rule.unanswered]
        due = self.agenda.waiting_due(brand.key, asked, afresh=afresh)
        if due is not None:
            self.memory.shadow_timers.arrange(due, "waiting", brand.key)

    def _lookout(self, brand: Brand, pulse: Pulse, now: Instant) -> Lookout:
        """Upon a copy of the pulse: a look at an instant at which nobody else looks must leave no trace."""
        copy = Pulse.load(pulse.dump(), pulse.zone, pulse.campaigns)
        copy.look(now, self.memory.gaps.spans(brand.key))
        return Lookout(now, brand, self.memory, copy)

    def _rule_of(self, known: Incident) -> Rule | None:
        brand = self.memory.rules.brands.get(known.subject.brand)
        return next((rule for rule in brand.shadows if rule.name == known.rules[0]), None) if brand else None

    def _attempt(self, brand: Brand, rule: Rule, work: Callable[[], None], faults: list[Fault]) -> None:
        """One that fails is set aside alone, until the rules change."""
        name = f"{brand.key}.{rule.name}"
        if name in self.memory.set_aside:
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the rules that count go on
            self.memory.set_aside[name] = None
            faults.append(Fault(brand.key, f"{type(error).__name__}: {error}", rule.name))


def hears_mentions(brand: Brand) -> bool:
    """Whether a rule in shadow is judged upon each mention of a brand."""
    return any(rule.scope is Scope.MENTION for rule in brand.shadows)


def _in_shadow(brand: Brand, scope: Scope) -> list[Rule]:
    return [rule for rule in brand.shadows if rule.scope is scope]
