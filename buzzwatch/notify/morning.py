"""The words of the one message that leaves when the night ends: what waited, what goes on, and what has ended."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.incident import ChangeKind, Incident, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Notice, Sample
from buzzwatch.model.proposal import Proposal
from buzzwatch.notify.facts import Facts, Headline
from buzzwatch.notify.letter import Line, Section
from buzzwatch.notify.quoting import quote

MOST_LINES = 20
_LONGEST_LINE = 200
_LONGEST_POST = 140


class Words(Struct, frozen=True):
    """One language. Counts are pairs, for one and for many."""

    start: str
    going_on: tuple[str, str]
    ended: tuple[str, str]
    goes_on: str
    has_ended: str
    untaken: str
    taken: str
    closed: str
    over: str
    why: str
    marks: tuple[str, str]
    marked: str
    lapsed: str
    verdicts: dict[str, str]
    mark: str
    erased: str
    confirm: str


WORDS = {
    "fr": Words(
        start="La nuit\u00a0: ",
        going_on=("{n} alerte en cours", "{n} alertes en cours"),
        ended=("{n} terminée", "{n} terminées"),
        goes_on="Toujours en cours",
        has_ended="Terminé dans la nuit",
        untaken="depuis {time}, personne ne l’a pris",
        taken="depuis {time}, pris par {name}",
        closed="clos par {name} à {time}",
        over="fini sans intervention à {time}",
        why="Ces messages ont attendu le matin, pour ne réveiller personne.",
        marks=("{n} marque à confirmer", "{n} marques à confirmer"),
        marked="Vos marques de la nuit, sans effet tant que vous ne les confirmez pas",
        lapsed="Oubliées\u00a0: sept jours sans confirmation",
        verdicts={
            "negative": "négatif",
            "not-negative": "pas négatif",
            "not-us": "pas sur nous",
            "withdraw": "marque à retirer",
        },
        mark="{verdict}, {time}\u00a0: «\u00a0{text}\u00a0»",
        erased="texte effacé depuis",
        confirm="Confirmer ou abandonner\u00a0:",
    ),
    "en": Words(
        start="The night: ",
        going_on=("{n} alert goes on", "{n} alerts go on"),
        ended=("{n} has ended", "{n} have ended"),
        goes_on="Still going on",
        has_ended="Ended during the night",
        untaken="since {time}, nobody has taken it",
        taken="since {time}, taken by {name}",
        closed="closed by {name} at {time}",
        over="over by itself at {time}",
        why="These messages waited for the morning, to wake nobody.",
        marks=("{n} mark to confirm", "{n} marks to confirm"),
        marked="Your marks of the night, without effect until you confirm them",
        lapsed="Forgotten: seven days without a confirmation",
        verdicts={
            "negative": "negative",
            "not-negative": "not negative",
            "not-us": "not about us",
            "withdraw": "mark to take back",
        },
        mark="{verdict}, {time}: “{text}”",
        erased="text erased since",
        confirm="Confirm or drop:",
    ),
}


def headline(notice: Notice, now: Instant) -> Headline:
    """How many of them go on, and how many have ended."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    counts = [(words.going_on, len(split(notice)[0])), (words.ended, len(split(notice)[1]))]
    counts.append((words.marks, sum(not _has_lapsed(mark, notice) for mark in notice.marks)))
    said = [
        pair[number not in facts.phrases.singular].format(n=facts.figures.number(number))
        for pair, number in counts
        if number
    ]
    return Headline(words.start, ", ".join(said) or words.lapsed, "")


def letter(notice: Notice, samples: Sequence[Sample], link: str | None, now: Instant) -> list[Section]:
    """A line for each, those that go on first, the worst first; then the marks, whose page `link` leads to."""
    words, facts = WORDS[notice.language], Facts(notice, now)
    parts = zip((words.goes_on, words.has_ended), split(notice), strict=True)
    sections = [Section(_lines(notice, incidents, now), heading) for heading, incidents in parts if incidents]
    reference = facts.phrases.reference.format(key=notice.key, zone=notice.timezone)
    why = (Line(words.why),) if notice.night else ()
    return [*sections, *_marks(notice, samples, link, facts), Section((*why, Line(reference)))]


def _has_lapsed(mark: Proposal, notice: Notice) -> bool:
    return mark.until <= notice.due_at


def _marks(notice: Notice, samples: Sequence[Sample], link: str | None, facts: Facts) -> list[Section]:
    words = WORDS[notice.language]
    texts = {sample.mention: sample.text for sample in samples}
    waiting: list[Line] = []
    lapsed: list[Line] = []
    for mark in notice.marks[:MOST_LINES]:
        text = texts.get(mark.mention)
        shown = words.mark.format(
            verdict=words.verdicts[mark.mark],
            time=facts.clock(mark.at),
            text=quote(text, _LONGEST_POST) if text else words.erased,
        )
        (lapsed if _has_lapsed(mark, notice) else waiting).append(Line(shown))
    if (more := len(notice.marks) - MOST_LINES) > 0:
        waiting.append(Line(f"+{more}"))
    way = (Line(words.confirm, link),) if link and waiting else ()
    sections = [Section((*waiting, *way), words.marked), Section(tuple(lapsed), words.lapsed)]
    return [section for section in sections if section.lines]


def _lines(notice: Notice, incidents: list[Incident], now: Instant) -> tuple[Line, ...]:
    lines = tuple(Line(line(notice, incident, now)) for incident in incidents[:MOST_LINES])
    more = len(incidents) - MOST_LINES
    return (*lines, Line(f"+{more}")) if more > 0 else lines


def split(notice: Notice) -> tuple[list[Incident], list[Incident]]:
    """What goes on and what has ended, the loudest first, of those the worst."""
    worst_first = sorted(notice.night, key=lambda each: (-each.loudness, -each.severity, each.opened_at))
    over = [incident for incident in worst_first if incident.state is State.RESOLVED]
    return [incident for incident in worst_first if incident.state is not State.RESOLVED], over


def line(notice: Notice, incident: Incident, now: Instant) -> str:
    """What it is, as a message about it alone would begin, and what became of it."""
    words = WORDS[notice.language]
    name = notice.names.get(incident.subject.brand, incident.subject.brand)
    alone = replace(
        notice, incident=incident, brand_name=name, severity=incident.severity, kind=ChangeKind.OPENED, night=()
    )
    facts = Facts(alone, now)
    match incident.state:
        case State.OPEN:
            became = words.untaken.format(time=facts.clock(incident.began_at))
        case State.TAKEN:
            became = words.taken.format(time=facts.clock(incident.began_at), name=facts.name(incident.taken_by))
        case _ if incident.closed_by:
            became = words.closed.format(name=facts.name(incident.closed_by), time=facts.clock(incident.closed_at))
        case _:
            became = words.over.format(time=facts.clock(incident.closed_at or incident.true_at))
    return f"{facts.headline().within(_LONGEST_LINE)} ({became})"
