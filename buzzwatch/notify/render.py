"""A notice in words: title, plain text, HTML, and one SMS."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from buzzwatch.model.incident import Severity, State
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import NO_NEWS, Latest, Message, Notice, Picture, Sample
from buzzwatch.notify import background, digest_words, morning, outage_words, refusal_words
from buzzwatch.notify.brief import brief
from buzzwatch.notify.digest_words import Found
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.letter import Line, Section, sections
from buzzwatch.notify.subject import subject

LONGEST_TITLE = 150
PICTURE = "<!-- picture -->"
"""Stands in the HTML where the chart may be shown; nothing that anybody writes can look like it."""
_COLORS = {Severity.CRITICAL: "#b3261e", Severity.WARNING: "#8a5300", Severity.WATCH: "#2f5d8a", None: "#2e6b3f"}


def render(  # noqa: PLR0913 - what is found when it leaves, by name
    notice: Notice,
    samples: Sequence[Sample],
    link: str | None,
    now: Instant,
    replaces: int = 0,
    *,
    doubtful: bool = False,
    latest: Latest = NO_NEWS,
    links: Mapping[str, str] | None = None,
    found: Found | None = None,
) -> Message:
    """What a notice says when it leaves at `now`.

    `samples` are shown in their order, three at most; `link` leads to the incident's page, where one can take it, or
    to that of the marks; `replaces` is how many older messages this one makes needless; `doubtful`: it may have arrived
    already; `latest` is what is known around the incident by now. `links` are those of several incidents, by id;
    `found` is what a digest tells.
    """
    facts = Facts(notice, now)
    if notice.digest_since is not None:
        found = found or Found()
        headline = digest_words.headline(notice, found, now)
        letter = digest_words.letter(notice, samples, link, found, now)
    elif notice.outage:
        headline = outage_words.headline(notice, now)
        letter = outage_words.letter(notice, links or {}, now, doubtful=doubtful)
    elif notice.refused is not None:
        headline = refusal_words.headline(notice, notice.refused, now)
        letter = refusal_words.letter(notice, notice.refused, now)
    elif notice.is_collective:
        headline, letter = morning.headline(notice, now), morning.letter(notice, samples, link, now)
    else:
        headline = facts.headline()
        letter = sections(facts, samples, link, replaces, doubtful=doubtful, latest=latest)
    if notice.is_collective and notice.digest_since is None and latest.deaf:
        letter.insert(-1, Section((Line(background.not_heard(facts, latest.deaf)),)))
    title = headline.within(LONGEST_TITLE)
    rings = facts.is_alarm and not notice.test and (not notice.is_collective or notice.outage is not None)
    says = background.course(facts, latest.points) if facts.is_alarm and not notice.is_collective else ""
    return Message(
        key=notice.key,
        title=title,
        text="\n\n".join(map(_plain, letter)),
        html=_html(facts, title, letter, link, alarm=rings),
        short=brief(facts, headline, samples, link, latest.deaf),
        severity=notice.severity if rings else None,
        subject="" if notice.test or notice.is_collective else subject(facts),
        picture=Picture(latest.points, says) if says else None,
    )


def _html(facts: Facts, title: str, letter: list[Section], link: str | None, *, alarm: bool) -> str:
    """The letter as a page of its own; for alarms that nobody has taken, with the link as a button near the top."""
    waits = (
        facts.is_alarm and facts.incident.state is State.OPEN and not facts.is_ours and not facts.notice.is_collective
    )
    label = facts.phrases.take if waits else facts.phrases.see
    return _page().render(
        language=facts.phrases.language,
        title=title,
        sections=letter,
        link=link,
        label=label.rstrip(":\u00a0"),
        color=_COLORS[facts.notice.severity if alarm else None],
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
