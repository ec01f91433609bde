"""Why an incident rang, who was told, and what was held, from the record."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, tzinfo

from buzzwatch.app import in_shadow
from buzzwatch.app.explain.incident_words import WORDS, Words
from buzzwatch.app.history import rules_on_record
from buzzwatch.app.queue import tell_incident_times
from buzzwatch.app.quotes import find_samples
from buzzwatch.app.report import debrief
from buzzwatch.ingest.scorer import load
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.incident import Change, Incident, Reason, Subject
from buzzwatch.model.input import Silenced
from buzzwatch.model.instant import SECOND, Instant, moment_of
from buzzwatch.model.notification import Sample
from buzzwatch.model.signal import Clause, Signal
from buzzwatch.notify.clauses import measure
from buzzwatch.notify.course import Course
from buzzwatch.notify.debriefing import Crowd, Debriefing
from buzzwatch.notify.digest_words import reason_of
from buzzwatch.notify.facts import with_names
from buzzwatch.notify.phrases import phrases_of
from buzzwatch.notify.quoting import clean
from buzzwatch.rules.condition import Compiled
from buzzwatch.store.journal import Ledger, read_incident
from buzzwatch.store.outbox import read_deliveries
from buzzwatch.store.shadows import read_shadow

_LONGEST = 300
_LONGEST_POST = 120
_BARS = "▁▂▃▄▅▆▇█"


def explain(
    db: sqlite3.Connection, incident_id: str, language: str = "en", now: Instant | None = None
) -> list[str] | None:
    """Lines for a person at a terminal, in the hours of the brand; None where nothing is named so.

    `now`: until when what is not over goes on; the last commit if left out.
    """
    found = read_incident(db, incident_id)
    rules = rules_on_record(db)
    if found is None:
        shadow = read_shadow(db, incident_id)
        return None if shadow is None else list(_shadow(db, shadow, _Teller(language, _brand(rules, shadow))))
    told = debrief(db, incident_id, Ledger(db).position()[1] if now is None else now, language)
    if told is None:
        return None
    incident, history = found
    teller = _Teller(language, _brand(rules, incident))
    words = teller.words
    return [
        *teller.head(incident),
        "",
        *teller.why(incident.reason),
        *teller.company(incident),
        *(f"  {line.strip()}" for line in tell_incident_times(db, incident_id, language)),
        *teller.course(told.crowd),
        *teller.posts(list(told.samples)),
        "",
        words.history,
        *(f"  {teller.at(change.at)}  {teller.event(change)}" for change in history),
        *teller.silences(told),
        "",
        words.told,
        *teller.deliveries(db, incident_id),
        *teller.held(told),
        *in_shadow.meanwhile(db, incident, teller.zone, language),
    ]


def _brand(rules: Ruleset | None, incident: Incident) -> Brand | None:
    return rules.brands.get(incident.subject.brand) if rules else None


def _shadow(db: sqlite3.Connection, ring: Incident, teller: "_Teller") -> Iterator[str]:
    """Why a rule in shadow would have rung."""
    yield from in_shadow.head(ring, teller.zone, teller.language)
    yield ""
    yield from teller.why(ring.reason)
    yield from teller.company(ring)
    yield from teller.posts(find_samples(db, ring, load()))


class _Teller:
    """Puts an incident into the words of a language; `brand` None: the rules no longer know it."""

    def __init__(self, language: str, brand: Brand | None) -> None:
        self.words: Words = WORDS[language]
        self.phrases = phrases_of(language)
        self.figures = self.phrases.figures
        self.language = language
        self.brand = brand
        self.zone: tzinfo = UTC if brand is None else brand.zone

    def at(self, instant: Instant) -> str:
        """To the second, with its date."""
        return f"{moment_of(instant // SECOND * SECOND).astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def clock(self, instant: Instant) -> str:
        """To the minute, with the name of the hours."""
        zone = "UTC" if self.brand is None else self.brand.timezone
        return f"{moment_of(instant).astimezone(self.zone):%H:%M} {zone}"

    def head(self, incident: Incident) -> Iterator[str]:
        """Which one, how it stands, and since when."""
        words = self.words
        yield words.head.format(
            id=incident.id,
            severity=words.severity[incident.severity],
            state=words.state[incident.state],
            brand=incident.subject.brand,
            about=self._about(incident.subject),
        )
        began, opened, true = map(self.at, (incident.began_at, incident.opened_at, incident.true_at))
        yield "  " + words.times.format(began=began, opened=opened, true=true)
        if incident.taken_by:
            yield "  " + words.taken.format(by=incident.taken_by, at=self.at(incident.taken_at or 0))
        if incident.watch_until is not None:
            ended, until = self.at(incident.closed_at or 0), self.at(incident.watch_until)
            yield "  " + words.ended.format(ended=ended, until=until)
        if incident.ended_at is not None:
            had = words.had.format(by=incident.had_by) if incident.had_by else ""
            yield "  " + words.rebound.format(at=self.at(incident.ended_at), had=had)

    def _about(self, subject: Subject) -> str:
        if subject.story:
            return self.words.story.format(id=subject.story)
        return subject.thread or subject.topic or (self.words.silence if subject.quiet else self.words.brand)

    def why(self, reason: Reason) -> Iterator[str]:
        """The rule, its strongest signal, and each clause with what was seen, needed and usual."""
        words, figures = self.words, self.figures
        says = reason.says if self.brand is None else with_names(reason.says, self.brand.name, reason.rule)
        yield words.rule.format(rule=reason.rule, says=clean(says, _LONGEST))
        if reason.signal is not None:
            yield "  " + self._signal(reason.signal)
        rules = self.brand.rules if self.brand is not None else ()
        condition = next((rule.when for rule in rules if rule.name == reason.rule), None)
        for clause in reason.clauses:
            over = condition.over(clause.name) if isinstance(condition, Compiled) else None
            written = measure(self.phrases, clause, over)
            excluded = clause.name.startswith("none.")
            said = self.phrases.unless.format(clause=written) if excluded else written
            yield f"  {'✓' if clause.passed else '✗'} {said}"
        if reason.doubling is not None:
            urgent = words.urgent if reason.is_urgent else ""
            yield "  " + words.doubles.format(span=figures.span(reason.doubling), urgent=urgent)
        if reason.copies:
            yield "  " + words.copies.format(copies=reason.copies, mentions=reason.mentions)
        if reason.answered:
            yield f"  {words.answered}"
        if reason.heard_late:
            since, until = map(self.clock, reason.heard_late)
            yield "  " + words.deaf.format(since=since, until=until)

    def _signal(self, signal: Signal) -> str:
        words, number = self.words, self.figures.number
        return words.numbers.format(
            detector=words.signal[signal.detector],
            by="" if signal.by is None else words.by.format(comparator=signal.by.value),
            observed=number(signal.observed),
            over=words.within.format(span=self.figures.span(signal.over)) if signal.over else "",
            expected=number(signal.expected),
            score=number(signal.score),
            learning=words.learning if signal.learning else "",
        )

    def company(self, incident: Incident) -> Iterator[str]:
        """What puts the numbers into their place, and what made it louder."""
        words, reason, press = self.words, incident.reason, incident.press
        if press is not None:
            raised = words.raised if incident.raised else ""
            who = clean(f"{press.mention} ({press.source})", _LONGEST)
            yield "  " + words.press.format(at=self.clock(press.at), who=who, raised=raised)
        if reason.campaign is not None:
            why, factor = clean(reason.campaign.why, _LONGEST), f"{reason.campaign.factor:g}"
            yield "  " + words.campaign.format(factor=factor, why=why)
        if len(reason.sources) > 1:
            names = clean(", ".join(reason.sources), _LONGEST)
            yield "  " + words.sources.format(n=len(reason.sources), names=names)
        if (sector := reason.sector) is not None:
            yield "  " + words.sector.format(
                rising=sector.rising, known=sector.known, name=clean(sector.name, _LONGEST)
            )

    def course(self, crowd: Crowd) -> Iterator[str]:
        """The curve as a line of bars, and what was usual below it."""
        course = crowd.course
        if course is None:
            return
        since, until = (self.figures.stamp(at, self.zone) for at in (course.since, course.until))
        span, most = self.figures.span(course.width), self.figures.number(max(course.counts))
        yield ""
        yield self.words.course.format(since=since, until=until, span=span, most=most)
        yield from self._bars(course)

    def _bars(self, course: Course) -> Iterator[str]:
        usual = [value or 0.0 for value in course.usual]
        top = max([1.0, *course.counts, *usual])
        yield f"  {''.join(_bar(count, top) for count in course.counts)}"
        if any(value is not None for value in course.usual):
            yield f"  {''.join(_bar(value, top) for value in usual)}  {self.words.usual}"

    def posts(self, samples: list[Sample]) -> Iterator[str]:
        """What is shown of it, how negative it was found, and by which words."""
        words = self.words
        if samples:
            yield ""
            yield words.posts
        for sample in samples:
            gone = words.let_go if sample.let_go else words.erased
            said = gone if sample.text is None else f"“{clean(sample.text, _LONGEST_POST)}”"
            negative = words.negative.format(share=f"{self.figures.share(sample.negativity):>4}")
            yield f"  {negative}  {clean(sample.mention, _LONGEST_POST)}: {said}"
            if sample.why:
                yield "       " + words.weighs.format(words=", ".join(cause.words for cause in sample.why))

    def event(self, change: Change) -> str:
        """What happened, by whom, and why."""
        words = self.words
        return words.event.format(
            kind=words.changes[change.kind],
            by=words.by_whom.format(by=clean(change.by, _LONGEST)) if change.by else "",
            why=words.why.format(why=clean(change.why, _LONGEST)) if change.why else "",
            severity=words.severity[change.incident.severity],
        )

    def silences(self, told: Debriefing) -> Iterator[str]:
        """Who asked for which, until when and why."""
        if told.silences:
            yield ""
            yield self.words.silences
        for said in told.silences:
            yield f"  {self.at(said.seen_at)}  {self._silence(said)}"

    def _silence(self, said: Silenced) -> str:
        by, what, why = (clean(text, _LONGEST) for text in (said.by, said.what, said.why))
        if said.until <= said.seen_at:
            return self.words.silence_ended.format(by=by, what=what)
        return self.words.silenced.format(what=what, by=by, until=self.at(said.until), why=why)

    def deliveries(self, db: sqlite3.Connection, incident: str) -> Iterator[str]:
        """Each message, and what became of it."""
        words, rows = self.words, read_deliveries(db, incident)
        if not rows:
            yield f"  {words.nobody}"
        for row in rows:
            done = f" {self.at(row['done_at'])}" if row["done_at"] else ""
            why = words.why.format(why=clean(row["why"], _LONGEST)) if row["why"] else ""
            state, attempts = words.delivery.get(row["state"], row["state"]), words.attempts.format(n=row["attempts"])
            yield f"  {self.at(row['written_at'])}  {row['target']}: {state}{done}, {attempts}{why}"

    def held(self, told: Debriefing) -> Iterator[str]:
        """What was not sent, why, and until when."""
        if told.held:
            yield ""
            yield self.words.held
        for at, held in told.held:
            until = "" if held.until is None else self.words.until.format(until=self.at(held.until))
            why = clean(reason_of(held.why, self.language), _LONGEST)
            yield f"  {self.at(at)}  {held.target}: {why}{until}"


def _bar(value: float, top: float) -> str:
    return _BARS[min(len(_BARS) - 1, int(value / top * len(_BARS)))] if value > 0 else "·"


def describe(clause: Clause) -> str:
    """A clause in one line: what was seen, what was needed, what is usual."""
    usual = "" if clause.expected is None else f", usual {_number(clause.expected)}"
    return f"{clause.name}{_by(clause)}: {_number(clause.observed)} (needed {_number(clause.needed)}{usual})"


def _by(judged: Signal | Clause) -> str:
    return "" if judged.by is None else f" by {judged.by}"


def _number(value: float | str | None) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else f"{value:.3g}" if abs(value) < 1_000 else f"{value:.0f}"  # noqa: PLR2004 - where digits stop helping
