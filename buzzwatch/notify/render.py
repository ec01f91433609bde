"""A notice in words: title, plain text, HTML, and one SMS."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Message, Notice, Sample
from buzzwatch.notify import digest_words, morning, outage_words
from buzzwatch.notify.digest_words import Found
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.letter import Line, Section, sections
from buzzwatch.notify.sms import segment

LONGEST_TITLE = 150


def render(  # noqa: PLR0913 - what is found when it leaves, by name
    notice: Notice,
    samples: Sequence[Sample],
    link: str | None,
    now: Instant,
    replaces: int = 0,
    *,
    doubtful: bool = False,
    links: Mapping[str, str] | None = None,
    found: Found | None = None,
) -> Message:
    """What a notice says when it leaves at `now`.

    `samples` are shown in their order, three at most; `link` leads to the incident's page, where one can take it;
    `replaces` is how many older messages this one makes needless; `doubtful`: it may have arrived already. `links` are
    those of several incidents, by id; `found` is what a digest tells.
    """
    facts = Facts(notice, now)
    if notice.digest_since is not None:
        found = found or Found()
        headline, letter = digest_words.headline(notice, found, now), digest_words.letter(notice, found, now)
    elif notice.outage:
        headline, letter = (
            outage_words.headline(notice, now),
            outage_words.letter(notice, links or {}, now, doubtful=doubtful),
        )
    elif notice.night:
        headline, letter = morning.headline(notice, now), morning.letter(notice, now)
    else:
        headline, letter = facts.headline(), sections(facts, samples, link, replaces, doubtful=doubtful)
    title = headline.within(LONGEST_TITLE)
    language = facts.phrases.language
    return Message(
        key=notice.key,
        title=title,
        text="\n\n".join(map(_plain, letter)),
        html=_page().render(language=language, title=title, sections=letter),
        short=segment(headline.start, headline.what, headline.end, link, headline.aside),
        severity=notice.severity if facts.is_alarm and (notice.outage or not (notice.test or notice.night)) else None,
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
