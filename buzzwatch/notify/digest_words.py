"""The words of the digest: what was found, what was held, what is silenced, how fast we answer, what we hear."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import Incident
from buzzwatch.model.input import EVERYTHING
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.notification import Notice, Sample
from buzzwatch.model.response import ResponseTimes
from buzzwatch.model.silence import Silence
from buzzwatch.notify import ear_words, morning
from buzzwatch.notify.facts import LONGEST_NAME, Facts, Headline
from buzzwatch.notify.letter import Line, Section
from buzzwatch.notify.quoting import clean, disarm

MOST_LINES = 20
NEEDLESS = ("taken by ", "watch: ")
"""Reasons of what was not sent since somebody's answer made it needless, and of what is only to be watched."""
_LONGEST_WHY = 200


class HeldBack(Struct, frozen=True):
    """What was not sent about an incident for one reason, to whom, and until when; the incident as it stands now."""

    incident: Incident
    why: str
    targets: tuple[str, ...]
    until: Instant | None


class Ear(Struct, frozen=True):
    """How a source does: since when, whether it hears, and what ails it; why in its own words is for the sysadmin."""

    name: str
    heard: bool
    since: Instant
    ail: Ail | None = None


class Missed(Struct, frozen=True):
    """For how long a source was not heard since the last digest, and in how many pieces; "*" is all of them."""

    name: str
    pieces: int
    lasted: Span


class Unseen(Struct, frozen=True):
    """An official account, or a source, of which nothing has come for long; `brand` is empty for a source."""

    brand: str
    name: str
    seen_at: Instant | None


class ShadowRings(Struct, frozen=True):
    """How often a rule in shadow would have rung since the last digest, and in a month; `rate` is its budget a day."""

    brand: str
    rule: str
    rings: int
    month: int
    rate: float


class Found(Struct, frozen=True):
    """What the record and the daemon say of the time since the last digest."""

    watch: tuple[Incident, ...] = ()
    held: tuple[HeldBack, ...] = ()
    silences: tuple[Silence, ...] = ()
    response: tuple[tuple[str, ResponseTimes], ...] = ()
    ears: tuple[Ear, ...] = ()
    told_at: Instant | None = None
    """When this reader was told what had waited for the morning: then it is not in `held`."""
    shadows: tuple[ShadowRings, ...] = ()
    missed: tuple[Missed, ...] = ()
    unseen: tuple[Unseen, ...] = ()


class Words(Struct, frozen=True):
    """One language. Counts are pairs, for one and for many."""

    start: str
    watched: tuple[str, str]
    held_back: tuple[str, str]
    silenced: tuple[str, str]
    deaf: tuple[str, str]
    nothing: str
    nothing_since: str
    nothing_heard: str
    """The same where a source was not heard, or is not well."""
    heard: tuple[str, str]
    watch: str
    held: str
    held_line: str
    until: str
    reasons: dict[str, str]
    silences: str
    silence: str
    response: str
    times: str
    no_times: str
    sources: str
    deaf_line: str
    ailing_line: str
    missed_line: tuple[str, str]
    down_line: tuple[str, str]
    unseen_account: str
    unseen_source: str
    never: str
    last_seen: str
    told: str
    late: str
    since: str
    shadows: str
    rang: tuple[str, str]
    budgets: tuple[str, str, str]
    """A budget by day, by week and by month."""


WORDS = {
    "fr": Words(
        start="Le point\u00a0: ",
        watched=("{n} signal à suivre", "{n} signaux à suivre"),
        held_back=("{n} message retenu", "{n} messages retenus"),
        silenced=("{n} silence", "{n} silences"),
        deaf=("{n} source non entendue", "{n} sources non entendues"),
        nothing="rien à signaler",
        nothing_since="Rien à signaler depuis le {since}.",
        nothing_heard="Rien à signaler de ce que nous avons entendu depuis le {since}.",
        heard=("{n} source entendue.", "{n} sources entendues."),
        watch="À suivre",
        held="Retenu",
        held_line="{line}. Pour {names}\u00a0: {why}{until}",
        until=", jusqu’à {until}",
        reasons={
            "night: this is no reason to wake anybody": "la nuit, pas de quoi réveiller quelqu’un",
            "night: the rule waits for the morning": "la nuit, la règle attend le matin",
            "silenced by ": "silence demandé par ",
        },
        silences="Silences en cours",
        silence="{what}\u00a0: demandé par {by} jusqu’à {until}, parce que\u00a0: {why}",
        response="Délais de réponse",
        times="{brand}\u00a0: médiane {median}, 90\u00a0% sous {p90}, {quick} en dix minutes ({answered} sur {all})",
        no_times="{brand}\u00a0: {all} réclamations, aucune réponse",
        sources="Sources",
        deaf_line="{name} n’est pas entendue depuis {since}\u00a0: {why}",
        ailing_line="{name} va mal depuis {since}\u00a0: {why}",
        missed_line=(
            "{name} n’a pas été entendue pendant {span}",
            "{name} n’a pas été entendue à {n} reprises, {span} en tout",
        ),
        down_line=("Nous étions arrêtés pendant {span}", "Nous étions arrêtés à {n} reprises, {span} en tout"),
        unseen_account="Le compte officiel {name} de {brand} n’a rien dit depuis trente jours ({seen})",
        unseen_source="La source {name} n’a rien apporté depuis trente jours ({seen})",
        never="jamais vu",
        last_seen="vu pour la dernière fois le {at}",
        told="Ce qui avait attendu la nuit vous a été dit à {time}.",
        late="Ce point était dû à {time}\u00a0: nous étions arrêtés.",
        since="Depuis le {since}.",
        shadows="À l’essai, sans alerter personne",
        rang=(
            "{brand}, {rule} : aurait sonné {n} fois, {month} en trente jours (budget : {budget})",
            "{brand}, {rule} : aurait sonné {n} fois, {month} en trente jours (budget : {budget})",
        ),
        budgets=("{n} par jour", "{n} par semaine", "{n} par mois"),
    ),
    "en": Words(
        start="Digest: ",
        watched=("{n} signal to watch", "{n} signals to watch"),
        held_back=("{n} message held", "{n} messages held"),
        silenced=("{n} silence", "{n} silences"),
        deaf=("{n} source not heard", "{n} sources not heard"),
        nothing="nothing to report",
        nothing_since="Nothing to report since {since}.",
        nothing_heard="Nothing to report of what we have heard since {since}.",
        heard=("{n} source is heard.", "{n} sources are heard."),
        watch="To watch",
        held="Held",
        held_line="{line}. For {names}: {why}{until}",
        until=", until {until}",
        reasons={
            "night: this is no reason to wake anybody": "at night, this is no reason to wake anybody",
            "night: the rule waits for the morning": "at night, the rule waits for the morning",
        },
        silences="Silences in force",
        silence="{what}: asked for by {by} until {until}, because: {why}",
        response="Response times",
        times="{brand}: median {median}, 90% within {p90}, {quick} within ten minutes ({answered} of {all})",
        no_times="{brand}: {all} complaints, no answer",
        sources="Sources",
        deaf_line="{name} has not been heard since {since}: {why}",
        ailing_line="{name} has not been well since {since}: {why}",
        missed_line=("{name} was not heard for {span}", "{name} was not heard {n} times, {span} in all"),
        down_line=("We were down for {span}", "We were down {n} times, {span} in all"),
        unseen_account="The official account {name} of {brand} has said nothing for thirty days ({seen})",
        unseen_source="The source {name} has brought nothing for thirty days ({seen})",
        never="never seen",
        last_seen="last seen {at}",
        told="You were told at {time} what had waited for the morning.",
        late="This digest was due at {time}: we were down.",
        since="Since {since}.",
        shadows="In shadow, telling nobody",
        rang=(
            "{brand}, {rule}: would have rung once, {month} in thirty days (budget {budget})",
            "{brand}, {rule}: would have rung {n} times, {month} times in thirty days (budget {budget})",
        ),
        budgets=("{n} per day", "{n} per week", "{n} per month"),
    ),
}


def headline(notice: Notice, found: Found, now: Instant) -> Headline:
    """How much there is of each."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    counts = (
        (words.watched, len(found.watch)),
        (words.held_back, sum(len(held.targets) for held in found.held)),
        (words.silenced, len(found.silences)),
        (words.deaf, sum(not ear.heard for ear in found.ears)),
    )
    said = [_count(facts, noun, number) for noun, number in counts if number]
    if notice.night or notice.marks:
        said.insert(0, morning.headline(notice, now).what)
    return Headline(words.start, ", ".join(said) or words.nothing, "")


def letter(notice: Notice, samples: Sequence[Sample], link: str | None, found: Found, now: Instant) -> list[Section]:
    """A section for each that there is something of; one short line where there is nothing."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    since = facts.clock(notice.digest_since)
    sections = [
        *(morning.letter(notice, samples, link, now)[:-1] if notice.night or notice.marks else ()),
        Section(_shown(morning.line(notice, incident, now) for incident in found.watch), words.watch),
        Section(_shown(_held(notice, held, now) for held in found.held), words.held),
        Section(_shown(_silence(facts, words, silence) for silence in found.silences), words.silences),
        Section(_shown(_times(facts, words, *each) for each in found.response), words.response),
        Section(_shown(_rang(facts, words, rang) for rang in found.shadows), words.shadows),
        Section(tuple(_ears(facts, words, found)), words.sources),
    ]
    told = notice.night or notice.marks or found.watch or found.held or found.silences or found.response
    quiet = not (told or found.shadows)
    heard = sum(ear.heard for ear in found.ears)
    well = not found.missed and not found.unseen and all(ear.heard and ear.ail is None for ear in found.ears)
    if quiet:
        proof = _count(facts, words.heard, heard) if found.ears else ""
        calm = f"{words.nothing_since.format(since=since)} {proof}".strip()
        first = Section((Line(calm if well else words.nothing_heard.format(since=since)),))
        deaf = [section for section in sections if section.heading == words.sources and not well]
        sections = [first, *deaf]
    else:
        sections.insert(0, Section((Line(words.since.format(since=since)),)))
    closing: list[Line] = []
    if notice.late_since is not None:
        closing.append(Line(words.late.format(time=facts.clock(notice.late_since))))
    if found.told_at is not None:
        closing.append(Line(words.told.format(time=facts.clock(found.told_at))))
    reference = facts.phrases.reference.format(key=notice.key, zone=notice.timezone)
    return [section for section in (*sections, Section((*closing, Line(reference)))) if section.lines]


def _shown(texts: Iterable[str]) -> tuple[Line, ...]:
    lines = [Line(f"- {text}") for text in texts]
    more = [Line(f"+{len(lines) - MOST_LINES}")] if len(lines) > MOST_LINES else []
    return (*lines[:MOST_LINES], *more)


def _held(notice: Notice, held: HeldBack, now: Instant) -> str:
    words, facts = WORDS[notice.language], Facts(notice, now)
    why = reason_of(held.why, notice.language)
    names = ", ".join(dict.fromkeys(facts.name(target.partition("/")[0]) for target in held.targets))
    until = "" if held.until is None else words.until.format(until=facts.clock(held.until))
    line = morning.line(notice, held.incident, now)
    return words.held_line.format(line=line, names=names, why=disarm(clean(why, _LONGEST_WHY)), until=until)


def reason_of(why: str, language: str) -> str:
    """Why something was held, as the record has it, in the words of a language."""
    for recorded, said in WORDS[language].reasons.items():
        if why.startswith(recorded):
            return f"{said}{why.removeprefix(recorded)}"
    return why


def _silence(facts: Facts, words: Words, silence: Silence) -> str:
    why = disarm(clean(silence.why, _LONGEST_WHY))
    what, by = facts.name(silence.what), facts.name(silence.by)
    return words.silence.format(what=what, by=by, until=facts.clock(silence.until), why=why)


def _times(facts: Facts, words: Words, brand: str, times: ResponseTimes) -> str:
    number, span = facts.figures.number, facts.figures.span
    complaints = number(times.answered + times.unanswered)
    if times.median is None or times.p90 is None:
        return words.no_times.format(brand=facts.name(brand), all=complaints)
    return words.times.format(
        brand=facts.name(brand),
        median=span(times.median),
        p90=span(times.p90),
        quick=facts.figures.share(times.quick or 0.0),
        answered=number(times.answered),
        all=complaints,
    )


def _rang(facts: Facts, words: Words, rang: ShadowRings) -> str:
    number = facts.figures.number
    days = next((days for days in (1, 7) if rang.rate * days >= 1 - 1e-9), 30)
    budget = words.budgets[(1, 7, 30).index(days)].format(n=number(round(rang.rate * days)))
    rule = disarm(clean(rang.rule, LONGEST_NAME))
    line = words.rang[rang.rings != 1]
    return line.format(
        brand=facts.name(rang.brand), rule=rule, n=number(rang.rings), month=number(rang.month), budget=budget
    )


def _ears(facts: Facts, words: Words, found: Found) -> Iterator[Line]:
    """Those that are deaf or ail by name, the others in number; then what was missed, and what is never seen."""
    for ear in found.ears:
        if not ear.heard or ear.ail is not None:
            line = words.ailing_line if ear.heard else words.deaf_line
            name = disarm(clean(ear.name, LONGEST_NAME))
            yield Line(f"- {line.format(name=name, since=facts.clock(ear.since), why=_reason(facts, ear))}")
    if heard := sum(ear.heard for ear in found.ears):
        yield Line(_count(facts, words.heard, heard))
    yield from _shown(_missed(facts, words, missed) for missed in found.missed)
    yield from _shown(_unseen(facts, words, unseen) for unseen in found.unseen)


def _reason(facts: Facts, ear: Ear) -> str:
    return ear_words.WORDS[facts.phrases.language].reasons[ear.ail or Ail.AWAY]


def _missed(facts: Facts, words: Words, missed: Missed) -> str:
    name = disarm(clean(missed.name, LONGEST_NAME))
    line = (words.down_line if missed.name == EVERYTHING else words.missed_line)[missed.pieces > 1]
    return line.format(name=name, n=facts.figures.number(missed.pieces), span=facts.figures.span(missed.lasted))


def _unseen(facts: Facts, words: Words, unseen: Unseen) -> str:
    seen = words.never if unseen.seen_at is None else words.last_seen.format(at=facts.day_of(unseen.seen_at))
    line = words.unseen_account if unseen.brand else words.unseen_source
    return line.format(name=disarm(clean(unseen.name, LONGEST_NAME)), brand=facts.name(unseen.brand), seen=seen)


def _count(facts: Facts, noun: tuple[str, str], number: int) -> str:
    return noun[number not in facts.phrases.singular].format(n=facts.figures.number(number))
