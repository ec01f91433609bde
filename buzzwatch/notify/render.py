"""A notice in words: title, plain text, HTML, and one SMS."""

from collections.abc import Iterable, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Message, Notice, Sample
from buzzwatch.notify import morning
from buzzwatch.notify.brief import brief
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.letter import Line, Section, sections

LONGEST_TITLE = 150


def render(
    notice: Notice,
    samples: Sequence[Sample],
    link: str | None,
    now: Instant,
    replaces: int = 0,
    *,
    doubtful: bool = False,
) -> Message:
    """What a notice says when it leaves at `now`.

    `samples` are shown in their order, three at most; `link` leads to the incident's page, where one can take it;
    `replaces` is how many older messages this one makes needless; `doubtful`: it may have arrived already.
    """
    facts = Facts(notice, now)
    headline = morning.headline(notice, now) if notice.night else facts.headline()
    title = headline.within(LONGEST_TITLE)
    letter = (
        morning.letter(notice, now) if notice.night else sections(facts, samples, link, replaces, doubtful=doubtful)
    )
    language = facts.phrases.language
    return Message(
        key=notice.key,
        title=title,
        text="\n\n".join(map(_plain, letter)),
        html=_page().render(language=language, title=title, sections=letter),
        short=brief(facts, headline, samples, link),
        severity=notice.severity if facts.is_alarm and not (notice.test or notice.night) else None,
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
