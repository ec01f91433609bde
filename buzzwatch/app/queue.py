"""The complaints that wait for an official answer, from the record: for a page and for a terminal."""

import sqlite3
from collections.abc import Iterator

from buzzwatch.app.response import incident_response_times, response_times
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.instant import DAY, Instant, Span, moment_of
from buzzwatch.model.mention import Mention
from buzzwatch.model.response import Complaint, ResponseTimes
from buzzwatch.notify.figures import ENGLISH, FRENCH
from buzzwatch.notify.quoting import clean
from buzzwatch.store.complaints import count_known, read_waiting
from buzzwatch.store.journal import read_mentions
from buzzwatch.threads.complaints import KEPT
from buzzwatch.web.desk import Waiting

MOST_SHOWN = 100
MONTH: Span = 30 * DAY
_LONGEST_POST = 100
_LONGEST_NAME = 40


def read_queue(db: sqlite3.Connection, brand: Brand, now: Instant) -> tuple[list[Waiting], int]:
    """Complaints about a brand that wait, the oldest first, and how many more there are than are given."""
    waiting = read_waiting(db, brand.key, now - KEPT)
    shown = waiting[:MOST_SHOWN]
    texts = read_mentions(db, [each.mention for each in shown])
    found = [_waiting(db, each, brand, texts[each.mention][0]) for each in shown if each.mention in texts]
    return found, len(waiting) - len(shown)


def _waiting(db: sqlite3.Connection, complaint: Complaint, brand: Brand, mention: Mention) -> Waiting:
    author, engagement = mention.author, mention.engagement
    return Waiting(
        brand_name=brand.name,
        complained_at=complaint.complained_at,
        text=None if mention.deleted else mention.text,
        author=(author.handle or author.name) if author else None,
        followers=author.followers if author else None,
        views=engagement.views if engagement else None,
        known=count_known(db, complaint),
        url=mention.url,
    )


def tell_queue(db: sqlite3.Connection, rules: Ruleset, brands: list[Brand], now: Instant) -> Iterator[str]:
    """Lines for a person at a terminal."""
    for brand in brands:
        if not brand.official:
            yield f"{brand.key}: no account is `official` in its rule file, so nobody knows what was answered"
            continue
        waiting, more = read_queue(db, brand, now)
        if not waiting:
            yield f"{brand.key}: no complaint waits for an answer"
            continue
        target = f", target {ENGLISH.span(rules.answer_within)}" if rules.answer_within else ""
        count = len(waiting) + more
        noun = "complaint" if count == 1 else "complaints"
        yield f"{brand.key}: {count} {noun} without an answer, the oldest first{target}"
        for each in waiting:
            yield from _lines(each, brand, now, rules.answer_within)
        if more:
            yield f"  and {more} more"


def _lines(each: Waiting, brand: Brand, now: Instant, target: Span | None) -> Iterator[str]:
    waited = now - each.complained_at
    late = "!" if target is not None and waited > target else " "
    at = f"{moment_of(each.complained_at).astimezone(brand.zone):%Y-%m-%d %H:%M}"
    known = f"complaint no. {each.known} in a year" if each.known > 1 else ""
    followers = "" if each.followers is None else f"{ENGLISH.number(each.followers)} followers"
    views = "" if each.views is None else f"{ENGLISH.number(each.views)} views"
    who = ", ".join(filter(None, (clean(each.author or "unknown author", _LONGEST_NAME), followers, views, known)))
    said = "(text erased)" if each.text is None else f"“{clean(each.text, _LONGEST_POST)}”"
    yield f"{late} {at}  {ENGLISH.span(waited):>10}  {who}: {said}"
    if each.url:
        yield f"    {clean(each.url, 300)}"


def tell_times(db: sqlite3.Connection, brands: list[Brand], now: Instant) -> Iterator[str]:
    """How fast each brand answered in the last thirty days."""
    for brand in brands:
        yield f"{brand.key}, 30 days: {describe(response_times(db, brand.key, now - MONTH, now))}"


def tell_incident_times(db: sqlite3.Connection, incident: str, language: str = "en") -> Iterator[str]:
    """How fast the complaints of an incident were answered; nothing where there were none."""
    times = incident_response_times(db, incident)
    if times.answered or times.unanswered:
        french = language == "fr"
        yield f"  réclamations\u00a0: {_describe_in_french(times)}" if french else f"  complaints: {describe(times)}"


def _describe_in_french(times: ResponseTimes) -> str:
    counted = f"{times.answered} avec réponse, {times.unanswered} sans"
    if times.median is None or times.p90 is None or times.quick is None:
        return counted
    spans = f"la moitié en {FRENCH.span(times.median)}, neuf sur dix en {FRENCH.span(times.p90)}"
    return f"{counted}\u00a0; {spans}\u00a0; {FRENCH.share(times.quick)} de toutes en 10 min"


def describe(times: ResponseTimes) -> str:
    """In one line."""
    if times.quick is None:
        return "no complaints"
    counted = f"{times.answered} answered, {times.unanswered} not"
    if times.median is None or times.p90 is None:
        return counted
    spans = f"half within {ENGLISH.span(times.median)}, nine of ten within {ENGLISH.span(times.p90)}"
    return f"{counted}; {spans}; {ENGLISH.share(times.quick)} of all within 10 min"
