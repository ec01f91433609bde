"""The body of a message: what happens, how unusual it is, why you, what to do, and how to answer."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.incident import SHOWN, ChangeKind, State
from buzzwatch.model.instant import MINUTE, Span
from buzzwatch.model.notification import NO_NEWS, Latest, Sample
from buzzwatch.model.signal import Detector
from buzzwatch.notify import background
from buzzwatch.notify.clauses import say
from buzzwatch.notify.facts import LONGEST_NAME, Facts
from buzzwatch.notify.quoting import clean, disarm, quote, safe_link

STALE: Span = 5 * MINUTE
"""A message that leaves this long after it was due says of when it is."""
FEWEST_COPIES = 3
"""Fewer of one text are not worth a sentence."""
_LONGEST_SAMPLE = 240
_WEIGHTIEST = 5
_CLAUSES = 12
_STEPS = 10
_NAMES = 8
_LONGEST_STEP = 300
_SAY_THAT_IT_IS_TAKEN = frozenset({ChangeKind.HELP, ChangeKind.REMINDED, ChangeKind.SNOOZED})
_SAY_NO_END = frozenset({ChangeKind.TAKEN, ChangeKind.WAITING, ChangeKind.SNOOZING})


class Line(Struct, frozen=True):
    """A line of text, and an address after it."""

    text: str
    link: str | None = None


class Section(Struct, frozen=True):
    """Lines that belong together."""

    lines: tuple[Line, ...]
    heading: str = ""
    kind: str = ""
    """How it may be shown: a `quote`, or beside the `chart`."""


def sections(
    facts: Facts,
    samples: Sequence[Sample],
    link: str | None,
    replaces: int,
    *,
    doubtful: bool = False,
    latest: Latest = NO_NEWS,
) -> list[Section]:
    """The letter, the most needed first."""
    if facts.incident.drill is not None:
        told = _drill(facts, facts.incident.drill.by)
        parts = [Section(_lines(told)), Section(_lines(_circumstances(facts, replaces, doubtful=doubtful)))]
        parts += [Section(tuple(_way_on(facts, link, NO_NEWS))), Section(_lines([_reference(facts)]))]
        return [part for part in parts if part.lines]
    told = _what(facts, root_gone=latest.root_gone) if facts.is_alarm else _answer(facts)
    parts = [Section(_lines(told)), Section(_lines(_circumstances(facts, replaces, doubtful=doubtful)))]
    if facts.is_alarm:
        parts += [
            Section(_lines(_gravity(facts, samples)), facts.phrases.serious),
            Section(_lines(filter(None, [background.course(facts, latest.points)])), kind="chart"),
            *_samples(facts, samples),
            Section(tuple(_steps(facts)), facts.phrases.do),
            Section(_lines(why(facts, latest.false_alarms)), facts.phrases.why),
        ]
    parts.append(Section(tuple(_lesser(facts)), facts.phrases.also_now))
    parts.append(Section(tuple(_way_on(facts, link, latest))))
    if facts.is_alarm and latest.deaf:
        parts.append(Section(_lines([background.not_heard(facts, latest.deaf)])))
    parts.append(Section(_lines([_reference(facts)])))
    return [part for part in parts if part.lines]


def _drill(facts: Facts, by: str) -> Iterator[str]:
    """Nobody may take it for what it is not: its first word says so."""
    phrases = facts.phrases
    yield phrases.drill_says.format(what=facts.drill_event())
    if facts.is_alarm:
        yield phrases.drill_is.format(name=facts.name(by), time=facts.clock(facts.incident.opened_at))


def _lesser(facts: Facts) -> Iterator[Line]:
    """What nobody is told of for itself while this goes on, each as a message about it alone would begin."""
    lesser = facts.notice.behind
    for incident in lesser[:SHOWN]:
        alone = replace(
            facts.notice,
            incident=incident,
            severity=incident.severity,
            kind=ChangeKind.OPENED,
            page=False,
            behind=(),
        )
        yield Line(f"- {Facts(alone, facts.now).headline().within(_LONGEST_STEP)}")
    if (more := len(lesser) - SHOWN) > 0:
        yield Line(f"+{more}")


def _lines(texts: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(text) for text in texts)


def _what(facts: Facts, *, root_gone: bool) -> Iterator[str]:
    phrases, incident, reason = facts.phrases, facts.incident, facts.reason
    yield from _why_now(facts)
    if facts.says:
        yield facts.says
    if incident.subject.quiet:
        yield phrases.silent_since.format(time=facts.clock(incident.began_at))
    else:
        yield from _numbers(facts)
        since = facts.clock(incident.runs_since)
        span = facts.figures.span(facts.notice.due_at - incident.runs_since)
        phrase = phrases.since_only if facts.is_ours or facts.is_waiting else phrases.since
        yield phrase.format(time=since, span=span, trend=facts.course)
    if facts.is_conversation:
        yield from _outlook(facts)
        answered = phrases.story_answered if reason.story else phrases.answered
        yield answered if reason.answered else phrases.unanswered
    if root_gone:
        yield background.words_of(facts).root_gone
    yield from _public_clock(facts)
    if incident.state is State.TAKEN and facts.notice.kind not in _SAY_THAT_IT_IS_TAKEN:
        yield phrases.taken_since.format(name=facts.name(incident.taken_by), time=facts.clock(incident.taken_at))
    elif facts.waits_for_somebody and facts.notice.due_at - incident.opened_at >= MINUTE:
        yield phrases.untaken.format(span=facts.figures.span(facts.notice.due_at - incident.opened_at))


def _public_clock(facts: Facts) -> Iterator[str]:
    """How long people have been seen to wait, beside how long they are to."""
    span, target, figures = facts.unanswered_for, facts.notice.answer_within, facts.figures
    if span is not None and span >= MINUTE:
        phrase = facts.phrases.public_clock if target is None else facts.phrases.public_clock_target
        yield phrase.format(span=figures.span(span), target=figures.span(target or 0))


def _why_now(facts: Facts) -> Iterator[str]:
    """An alarm that comes of what people answered, or did not, says so first."""
    phrases, incident = facts.phrases, facts.incident
    if facts.notice.kind is ChangeKind.REOPENED and incident.ended_at is not None:
        yield phrases.rebound.format(time=facts.clock(incident.ended_at))
    said = {
        ChangeKind.WAITED: phrases.waited,
        ChangeKind.UNSILENCED: phrases.unsilenced,
        ChangeKind.OUTLASTED: phrases.outlasted,
        ChangeKind.HELP: phrases.helps,
        ChangeKind.REMINDED: phrases.reminded,
        ChangeKind.SNOOZED: phrases.snoozed,
        ChangeKind.RELEASED: phrases.released,
    }.get(facts.notice.kind)
    if said:
        yield said.format(name=facts.name(incident.taken_by), time=facts.clock(incident.taken_at))


def _numbers(facts: Facts) -> Iterator[str]:
    phrases, figures, reason, signal = facts.phrases, facts.figures, facts.reason, facts.window_signal
    people = [phrases.count(reason.authors, phrases.authors)]
    if reason.reach:
        people.append(phrases.reached.format(followers=phrases.count(reason.reach, phrases.followers)))
    if facts.is_conversation:
        yield _sentence(facts.line())
        yield from (_sentence(part) for part in people[1:])
    elif facts.incident.subject.topic:
        yield _sentence(facts.line())
    elif signal:
        usual = facts.usual(signal)
        yield phrases.observed.format(count=facts.counted(signal), span=figures.span(signal.over), usual=usual)
        if signal.share is not None:
            phrase = phrases.share if signal.usual_share is None else phrases.share_usual
            yield phrase.format(share=figures.share(signal.share), usual=figures.share(signal.usual_share or 0))
        if signal.learning:
            yield phrases.estimated
        if signal.detector is Detector.NEGATIVITY:
            people.insert(0, phrases.in_all.format(posts=phrases.count(reason.mentions, phrases.posts)))
        yield _sentence(", ".join(people))


def _gravity(facts: Facts, samples: Sequence[Sample]) -> Iterator[str]:
    """How important it is, and what puts that into its place."""
    phrases, incident, reason = facts.phrases, facts.incident, facts.reason
    if facts.is_ours:
        return
    important = phrases.important.format(severity=phrases.importance[facts.notice.severity])
    yield f"{important} · {facts.urgency()}"
    if incident.press:
        author = next((each.author for each in samples if each.mention == incident.press.mention), None)
        who = quote(author, LONGEST_NAME) if author else facts.name(incident.press.source)
        yield phrases.press.format(who=who, time=facts.clock(incident.press.at))
    if not incident.subject.quiet:
        yield from facts.beside()
    if reason.copies >= FEWEST_COPIES:
        yield phrases.copies.format(copies=phrases.count(reason.copies, phrases.copied))


def _outlook(facts: Facts) -> Iterator[str]:
    """What a conversation will bring, as far as it can be told."""
    phrases, number = facts.phrases, facts.figures.number
    if forecast := facts.reason.forecast:
        posts = phrases.count(forecast.mentions, phrases.posts)
        yield phrases.forecast.format(
            posts=posts, least=number(round(forecast.least)), most=number(round(forecast.most))
        )
    milestone = facts.reason.milestone
    if milestone and milestone.at > facts.now:
        yield (phrases.milestone_open if milestone.latest is None else phrases.milestone).format(
            posts=phrases.count(milestone.rate, phrases.posts),
            time=facts.ahead(milestone.at),
            earliest=facts.ahead(milestone.earliest),
            latest=facts.ahead(milestone.latest),
        )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _answer(facts: Facts) -> Iterator[str]:
    phrases, incident = facts.phrases, facts.incident
    kind = facts.notice.kind
    if kind is ChangeKind.TAKEN:
        yield phrases.taken_at.format(name=facts.name(incident.taken_by), time=facts.clock(incident.taken_at))
    elif kind is ChangeKind.WAITING:
        yield phrases.waits_until.format(name=facts.name(incident.taken_by), until=facts.ahead(incident.wait_until))
        yield phrases.wait_because.format(why=disarm(clean(incident.wait_why, _LONGEST_STEP)))
    elif kind is ChangeKind.SNOOZING:
        until = facts.ahead(incident.snooze_until)
        yield phrases.snoozes_until.format(name=facts.name(incident.taken_by), until=until)
    elif kind in {ChangeKind.RESOLVED, ChangeKind.DISMISSED}:
        phrase = phrases.closed_at if kind is ChangeKind.RESOLVED else phrases.dismissed_at
        yield phrase.format(name=facts.name(incident.closed_by), time=facts.clock(incident.closed_at))
    if kind not in _SAY_NO_END:
        since, until = facts.clock(incident.began_at), facts.clock(incident.began_at + incident.lasted)
        yield phrases.lasted.format(span=facts.figures.span(incident.lasted), since=since, until=until)
    if not incident.subject.quiet:
        yield phrases.it_was.format(facts=facts.line().rstrip("."))


def _circumstances(facts: Facts, replaces: int, *, doubtful: bool) -> Iterator[str]:
    phrases, notice = facts.phrases, facts.notice
    if notice.test:
        yield phrases.test
    if facts.is_alarm and facts.reason.heard_late:
        since, until = map(facts.clock, facts.reason.heard_late)
        began, heard = facts.clock(facts.incident.began_at), facts.clock(facts.incident.opened_at)
        if since != until:  # a restart of a few seconds delays nothing that a clock shows
            yield phrases.deaf.format(began=began, heard=heard, since=since, until=until)
    if notice.late_since is not None:
        yield phrases.late.format(time=facts.clock(notice.late_since))
    elif facts.now - notice.due_at >= STALE:
        yield phrases.stale.format(time=facts.clock(notice.due_at))
    if replaces:
        noun = phrases.replaces[replaces not in phrases.singular]
        yield noun.format(n=facts.figures.number(replaces))
    if doubtful:
        yield phrases.doubtful


def _samples(facts: Facts, samples: Sequence[Sample]) -> Iterator[Section]:
    """The words that weigh most in all of them, then each post with what we know of who wrote it."""
    phrases, heading = facts.phrases, facts.phrases.samples
    if words := _weightiest(samples[:SHOWN]):
        yield Section((Line(phrases.weighs_most.format(words=", ".join(words))),), heading)
        heading = ""
    for sample in samples[:SHOWN]:
        yield Section(tuple(_sample(facts, sample)), heading, "quote")
        heading = ""


def _sample(facts: Facts, sample: Sample) -> Iterator[Line]:
    phrases = facts.phrases
    text = quote(sample.text, _LONGEST_SAMPLE) if sample.text else ""
    shown = phrases.quoted.format(text=text) if text else phrases.let_go if sample.let_go else phrases.erased
    author = quote(sample.author, LONGEST_NAME) if sample.author else phrases.unknown_author
    if sample.followers is not None:
        followers = phrases.count(sample.followers, phrases.followers)
        author = phrases.with_followers.format(author=author, followers=followers)
    yield Line(phrases.signed.format(quote=shown, author=author, time=facts.clock(sample.posted_at)))
    if sample.text and (link := safe_link(sample.url)):
        yield Line("", link)
    if known := background.past(facts, sample):
        yield Line(known)
    if record := background.crm(facts, sample):
        yield Line(*record)


def _weightiest(samples: Sequence[Sample]) -> list[str]:
    """The words that speak most for anger in all of them together."""
    weights: dict[str, float] = {}
    for cause in (cause for sample in samples for cause in sample.why):
        weights[cause.words] = weights.get(cause.words, 0.0) + cause.weight
    heaviest = sorted(weights, key=lambda words: -weights[words])[:_WEIGHTIEST]
    return [quote(words, LONGEST_NAME) for words in heaviest]


def why(facts: Facts, false_alarms: int | None = None) -> Iterator[str]:
    """The rule, clause by clause."""
    if facts.is_ours:
        return
    yield facts.phrases.rule.format(rule=facts.name(facts.reason.rule))
    for clause in facts.reason.clauses[:_CLAUSES]:
        yield f"- {say(facts.phrases, clause)}"
    if false_alarms is not None:
        yield background.false_alarms(facts, false_alarms)


def _steps(facts: Facts) -> Iterator[Line]:
    for number, step in enumerate(facts.notice.do[:_STEPS], 1):
        yield Line(f"{number}. {facts.fill(clean(step, _LONGEST_STEP))}")
    if facts.notice.runbook:
        link = safe_link(facts.notice.runbook)
        yield (
            Line(facts.phrases.runbook, link)
            if link
            else Line(f"{facts.phrases.runbook} {clean(facts.notice.runbook, _LONGEST_STEP)}")
        )


def _way_on(facts: Facts, link: str | None, latest: Latest) -> Iterator[Line]:
    phrases, names = facts.phrases, facts.notice.also_told
    if names and facts.is_alarm:
        shown = [_told(facts, name) for name in names[:_NAMES]]
        more = [phrases.more.format(n=len(names) - _NAMES)] if len(names) > _NAMES else []
        yield Line(phrases.told.format(names=", ".join(shown + more)))
    if facts.is_alarm:
        yield from _lines(background.coming(facts, latest.coming))
    if link:
        waits = facts.is_alarm and facts.incident.state is State.OPEN and not facts.is_ours
        yield Line(phrases.take if waits else phrases.see, link)


def _told(facts: Facts, target: str) -> str:
    """A person with the means, such as Inès (sms), or a channel."""
    name, _, by = target.partition("/")
    return f"{facts.name(name)} ({clean(by, LONGEST_NAME)})" if by else facts.name(name)


def _reference(facts: Facts) -> str:
    notice = facts.notice
    return facts.phrases.reference.format(key=clean(notice.key, _LONGEST_STEP), zone=notice.timezone)
