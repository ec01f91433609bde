"""The words of the one message that leaves after a downtime: what still burns, the worst first, and what has ended."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Incident, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Notice
from buzzwatch.notify.facts import Facts, Headline
from buzzwatch.notify.letter import Line, Section
from buzzwatch.notify.morning import line, split

MOST_LINES = 20
_MOST_ENDED = 5
_LONGEST_EVENT = 90


class Words(Struct, frozen=True):
    """One language. Counts are pairs, for one and for many."""

    start: str
    burns: str
    others: str
    nothing: str
    ended: tuple[str, str]
    still: str
    has_ended: str
    why: str
    doubtful: str
    take: str
    see: str


WORDS = {
    "fr": Words(
        start="Pendant l’interruption ({since}–{until}), ",
        burns="brûle encore\u00a0: {worst}",
        others=" (+{n})",
        nothing="plus rien ne brûle",
        ended=("{n} terminée", "{n} terminées"),
        still="Brûle encore, le pire d’abord",
        has_ended="Terminé\u00a0: {names}",
        why="Nous étions arrêtés de {since} à {until}. Voici tout ce qui était dû ou n’avait pas pu partir.",
        doubtful="Une partie en est peut-être déjà arrivée.",
        take="Je prends\u00a0:",
        see="Voir\u00a0:",
    ),
    "en": Words(
        start="During the outage ({since}–{until}), ",
        burns="still burning: {worst}",
        others=" (+{n})",
        nothing="nothing burns any more",
        ended=("{n} has ended", "{n} have ended"),
        still="Still burning, the worst first",
        has_ended="Ended: {names}",
        why="We were down from {since} to {until}. Here is all that was due or had not left.",
        doubtful="Part of it may have arrived already.",
        take="I take it:",
        see="See:",
    ),
}


def headline(notice: Notice, now: Instant) -> Headline:
    """What burns worst, how many others do, and how many have ended."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    since, until = (facts.clock(at) for at in notice.outage or (now, now))
    going_on, over = split(notice)
    what = words.nothing
    if going_on:
        what = words.burns.format(worst=_alone(notice, going_on[0], now).headline().within(_LONGEST_EVENT))
    more = words.others.format(n=facts.figures.number(len(going_on) - 1)) if len(going_on) > 1 else ""
    noun = words.ended[len(over) not in facts.phrases.singular]
    ended = f", {noun.format(n=facts.figures.number(len(over)))}" if over else ""
    return Headline(words.start.format(since=since, until=until), what, more, ended)


def letter(notice: Notice, links: Mapping[str, str], now: Instant, *, doubtful: bool) -> list[Section]:
    """A line for each that burns, with its link by incident; what has ended in one line."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    since, until = (facts.clock(at) for at in notice.outage or (now, now))
    going_on, over = split(notice)
    lines: list[Line] = []
    for incident in going_on[:MOST_LINES]:
        lines.append(Line(f"- {line(notice, incident, now)}"))
        if link := links.get(incident.id):
            lines.append(Line(words.take if incident.state is State.OPEN else words.see, link))
    if (more := len(going_on) - MOST_LINES) > 0:
        lines.append(Line(f"+{more}"))
    circumstances = [Line(words.why.format(since=since, until=until))]
    if doubtful:
        circumstances.append(Line(words.doubtful))
    sections = [Section(tuple(lines), words.still), Section(_ended(notice, over, now)), Section(tuple(circumstances))]
    reference = facts.phrases.reference.format(key=notice.key, zone=notice.timezone)
    return [*(section for section in sections if section.lines), Section((Line(reference),))]


def _ended(notice: Notice, over: list[Incident], now: Instant) -> tuple[Line, ...]:
    if not over:
        return ()
    shown = [line(notice, incident, now) for incident in over[:_MOST_ENDED]]
    more = [f"+{len(over) - _MOST_ENDED}"] if len(over) > _MOST_ENDED else []
    return (Line(WORDS[notice.language].has_ended.format(names="; ".join(shown + more))),)


def _alone(notice: Notice, incident: Incident, now: Instant) -> Facts:
    """As a message about it alone would put it."""
    name = notice.names.get(incident.subject.brand, incident.subject.brand)
    alone = replace(
        notice,
        incident=incident,
        brand_name=name,
        severity=incident.severity,
        kind=ChangeKind.OPENED,
        night=(),
        outage=None,
    )
    return Facts(alone, now)
