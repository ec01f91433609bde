"""A notice in words: title, plain text, HTML, and one SMS."""

from collections.abc import Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from buzzwatch.model.incident import Severity, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import NO_NEWS, Latest, Message, Notice, Picture, Sample
from buzzwatch.notify import background, morning
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.letter import Line, Section, sections
from buzzwatch.notify.sms import segment
from buzzwatch.notify.subject import subject

LONGEST_TITLE = 150
PICTURE = "<!-- picture -->"
"""Stands in the HTML where the chart may be shown; nothing that anybody writes can look like it."""
_COLORS = {Severity.CRITICAL: "#b3261e", Severity.WARNING: "#8a5300", Severity.WATCH: "#2f5d8a", None: "#2e6b3f"}


def render(
    notice: Notice,
    samples: Sequence[Sample],
    link: str | None,
    now: Instant,
    replaces: int = 0,
    *,
    doubtful: bool = False,
    latest: Latest = NO_NEWS,
) -> Message:
    """What a notice says when it leaves at `now`.

    `samples` are shown in their order, three at most; `link` leads to the incident's page, where one can take it;
    `replaces` is how many older messages this one makes needless; `doubtful`: it may have arrived already; `latest` is
    what is known around the incident by now.
    """
    facts = Facts(notice, now)
    headline = morning.headline(notice, now) if notice.night else facts.headline()
    title = headline.within(LONGEST_TITLE)
    letter = (
        morning.letter(notice, now)
        if notice.night
        else sections(facts, samples, link, replaces, doubtful=doubtful, latest=latest)
    )
    says = "" if notice.night or not facts.is_alarm else background.course(facts, latest.points)
    return Message(
        key=notice.key,
        title=title,
        text="\n\n".join(map(_plain, letter)),
        html=_html(facts, title, letter, link),
        short=segment(headline.start, headline.what, headline.end, link, headline.aside),
        severity=notice.severity if facts.is_alarm and not (notice.test or notice.night) else None,
        subject="" if notice.test or notice.night else subject(facts),
        picture=Picture(latest.points, says) if says else None,
    )


def _html(facts: Facts, title: str, letter: list[Section], link: str | None) -> str:
    """The letter as a page of its own; for alarms that nobody has taken, with the link as a button near the top."""
    waits = facts.is_alarm and facts.incident.state is State.OPEN and not facts.is_ours and not facts.notice.night
    label = facts.phrases.take if waits else facts.phrases.see
    return _page().render(
        language=facts.phrases.language,
        title=title,
        sections=letter,
        link=link,
        label=label.rstrip(":\u00a0"),
        color=_COLORS[facts.notice.severity if facts.is_alarm and not facts.notice.night else None],
        picture=PICTURE,
    )


def _plain(section: Section) -> str:
    heading: Iterable[str] = (section.heading,) if section.heading else ()
    return "\n".join((*heading, *map(_plain_line, section.lines)))


def _plain_line(line: Line) -> str:
    return " ".join(part for part in (line.text, line.link) if part)


@cache
def _page() -> Template:
    loader = PackageLoader("buzzwatch.notify")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("message.html")
