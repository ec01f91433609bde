"""Why a brand did not ring, in lines for a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime

from buzzwatch.app.explain.absence import Answer, Context, Judged
from buzzwatch.app.explain.absence_words import WORDS, Words
from buzzwatch.app.explain.past import Look, reached
from buzzwatch.model.brand import Brand, Rule
from buzzwatch.model.incident import Incident, State
from buzzwatch.model.instant import Instant, instant_of, moment_of
from buzzwatch.model.signal import Clause
from buzzwatch.notify.clauses import measure
from buzzwatch.notify.digest_words import reason_of
from buzzwatch.notify.facts import with_names
from buzzwatch.notify.figures import Figures
from buzzwatch.notify.phrases import Phrases, phrases_of
from buzzwatch.notify.quoting import mask
from buzzwatch.rules.condition import Compiled

_LONGEST = 200
_MOST_TARGETS = 6
_STILL_OPEN = instant_of(datetime(2200, 1, 1, tzinfo=UTC))
"""A gap that ends later than this has no end yet."""


def tell(answer: Answer, language: str) -> Iterator[str]:
    """Lines for a person at a terminal, in the hours of the brand."""
    teller = _Teller(answer, language)
    yield from teller.head()
    yield from teller.context()
    for judged in answer.judged:
        yield ""
        yield from teller.rule(judged)


class _Teller:
    def __init__(self, answer: Answer, language: str) -> None:
        self.answer = answer
        self.words: Words = WORDS[language]
        self.phrases: Phrases = phrases_of(language)
        self.figures: Figures = self.phrases.figures
        self.brand: Brand | None = answer.brand
        self.zone = UTC if answer.brand is None else answer.brand.zone

    def clock(self, at: Instant) -> str:
        """With its date unless that is the day asked about."""
        return self.figures.clock(at, self.zone, self.answer.asked.at)

    def head(self) -> Iterator[str]:
        words, asked, answer = self.words, self.answer.asked, self.answer
        first = {incident.id: at for at, incident in reversed(answer.rang)}
        rang = ", ".join(f"{name} ({self.clock(at)})" for name, at in sorted(first.items(), key=lambda each: each[1]))
        said = words.rang.format(names=rang) if rang else words.nothing_rang
        at = f"{moment_of(asked.at).astimezone(self.zone):%Y-%m-%d %H:%M}"
        zone = "UTC" if self.brand is None else self.brand.timezone
        yield words.head.format(brand=self.brand.name if self.brand else asked.brand, at=at, zone=zone, said=said)
        if answer.under_way:
            yield "  " + words.goes_on.format(names=", ".join(map(self.incident, answer.under_way)))
        if asked.rules is not None:
            yield "  " + words.other_rules.format(where=asked.where, since=self.clock(answer.since))

    def incident(self, incident: Incident) -> str:
        """Which one, how severe, since when, and who has it."""
        severity = self.words.severity[incident.severity]
        return f"{incident.id} ({severity}, {self.clock(incident.opened_at)}{self._taken(incident)})"

    def _taken(self, incident: Incident) -> str:
        if incident.state is not State.TAKEN or incident.taken_by is None:
            return ""
        return self.words.part_of_told.format(by=mask(incident.taken_by, _LONGEST))

    def context(self) -> Iterator[str]:
        """Nothing where nothing else bears on it."""
        found = list(self._bearing(self.answer.context))
        if found:
            yield self.words.context
            yield from (f"- {line}" for line in found)

    def _bearing(self, known: Context) -> Iterator[str]:
        words = self.words
        yield from self._brand(known)
        if known.down is not None:
            yield words.down.format(since=self.clock(known.down.since), until=self.clock(known.down.until))
        for silence in known.silences:
            by, why, what = (mask(text, _LONGEST) for text in (silence.by, silence.why, silence.what))
            yield words.silenced.format(what=what, by=by, until=self.clock(silence.until), why=why)
        yield from self._deaf(known)
        if known.campaign is not None:
            factor = self.figures.number(known.campaign.factor)
            yield words.campaign.format(factor=factor, why=mask(known.campaign.why, _LONGEST))
        if known.night_until is not None:
            yield words.night.format(until=self.clock(known.night_until))
        yield from self._held(known)
        if known.rules_changed is not None:
            yield words.rules_since.format(at=self.clock(known.rules_changed))

    def _brand(self, known: Context) -> Iterator[str]:
        """What is so of it at any hour."""
        words, brand = self.words, self.brand
        if brand is None:
            yield words.unknown
            return
        says = (
            (words.unheard, not known.heard),
            (words.competitor, brand.competitor),
            (words.no_rules, not brand.rules and not brand.shadows),
            (words.set_aside, known.set_aside),
            (words.learning, known.learning),
        )
        yield from (line for line, is_so in says if is_so)

    def _deaf(self, known: Context) -> Iterator[str]:
        """Sources that were not heard, and posts that came late."""
        for gap in known.gaps:
            source, since = mask(gap.source, _LONGEST), self.clock(gap.since)
            if gap.until >= _STILL_OPEN:
                yield self.words.deaf_still.format(source=source, since=since)
            else:
                yield self.words.deaf.format(source=source, since=since, until=self.clock(gap.until))
        if known.late:
            yield self.words.late.format(n=self.figures.number(known.late), last=self.clock(known.last_late))

    def _held(self, known: Context) -> Iterator[str]:
        """Each reason once, with all whom it kept from hearing."""
        gathered: dict[tuple[str, str, Instant | None], list[str]] = {}
        first: dict[tuple[str, str, Instant | None], Instant] = {}
        for at, held in known.held:
            key = (held.incident, held.why, held.until)
            gathered.setdefault(key, []).append(mask(held.target, _LONGEST))
            first.setdefault(key, at)
        for key, targets in gathered.items():
            incident, why, until = key
            yield self.words.held.format(
                at=self.clock(first[key]),
                target=", ".join(list(dict.fromkeys(targets))[:_MOST_TARGETS]),
                incident=incident,
                why=mask(reason_of(why, self.phrases.language), _LONGEST),
                until="" if until is None else self.words.until.format(until=self.clock(until)),
            )

    def _is_mute(self, rule: Rule) -> bool:
        return self.brand is not None and any(rule.name == shadow.name for shadow in self.brand.shadows)

    def rule(self, judged: Judged) -> Iterator[str]:
        """What it said at the instant, what came of it, and how near it came in the hour around."""
        words, rule = self.words, judged.rule
        waits = words.in_shadow if self._is_mute(rule) else "" if rule.wakes else words.waits
        severity = words.severity[rule.severity]
        name = self.brand.name if self.brand is not None else self.answer.asked.brand
        says = mask(with_names(rule.says, name, rule.name), _LONGEST)
        yield words.rule.format(rule=rule.name, severity=severity, waits=waits, says=says)
        then, at = judged.then, self.clock(self.answer.asked.at)
        if not isinstance(rule.when, Compiled):
            yield f"  {words.not_judged}"
            return
        if then is None:
            yield f"  {words.not_asked.format(at=at)}"
        else:
            verdict = words.holds if then.finding.passed else words.holds_not
            yield f"  {verdict.format(at=at, about=self._about(then))}"
            yield from self._clauses(then, rule.when)
            yield from self._fate(then)
        yield from self._nearest(judged, rule.when)

    def _nearest(self, judged: Judged, condition: Compiled) -> Iterator[str]:
        words, then, nearest, held = self.words, judged.then, judged.nearest, judged.held
        if then is not None and then.finding.passed:
            return
        if held is not None:
            yield f"  {words.nearest_held.format(at=self.clock(held.at), about=self._about(held))}"
            yield from self._clauses(held, condition)
            yield from self._fate(held)
        elif nearest is None:
            return
        elif then is None or nearest.nearness > then.nearness:
            yield f"  {words.nearest.format(at=self.clock(nearest.at), about=self._about(nearest))}"
            yield from self._clauses(nearest, condition)
        else:
            yield f"  {words.nearest_now}"

    def _about(self, look: Look) -> str:
        words = self.words
        if look.mention:
            return words.of_post.format(id=mask(look.mention, _LONGEST))
        if not look.thread:
            return ""
        return (words.of_story if look.told else words.of_thread).format(id=mask(look.thread, _LONGEST))

    def _clauses(self, look: Look, condition: Compiled) -> Iterator[str]:
        alone = len(look.failed) == 1 < len(look.finding.clauses)
        for clause in look.finding.clauses:
            mark = "✓" if clause.passed else "✗"
            yield f"    {mark} {self._clause(clause, condition)}{self._short(clause, alone=alone)}"

    def _clause(self, clause: Clause, condition: Compiled) -> str:
        written = measure(self.phrases, clause, condition.over(clause.name))
        return self.phrases.unless.format(clause=written) if clause.name.startswith("none.") else written

    def _short(self, clause: Clause, *, alone: bool) -> str:
        """How far it got, and whether nothing else was missing."""
        if clause.passed:
            return ""
        part = reached(clause)
        said = [self.figures.share(part)] if part else []
        return "".join(f" · {each}" for each in [*said, *([self.words.alone] if alone else [])])

    def _fate(self, look: Look) -> Iterator[str]:
        words, incident = self.words, look.incident
        if not look.finding.passed or incident is None:
            return
        if incident.state is State.RESOLVED:
            by, at = mask(incident.closed_by or "-", _LONGEST), self.clock(incident.closed_at or 0)
            yield f"    → {words.closed.format(by=by, at=at, id=incident.id)}"
            return
        if incident.opened_at == look.at:
            yield f"    → {words.opened.format(id=incident.id)}"
        else:
            severity, since = words.severity[incident.severity], self.clock(incident.opened_at)
            part = words.part_of.format(id=incident.id, severity=severity, since=since)
            yield f"    → {part}{self._taken(incident)}"
        if incident.behind:
            yield f"    → {words.behind.format(id=incident.id, larger=incident.behind)}"
