"""A poll every 15 minutes is never a surge, and a crisis in the press still is one."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from feed_stand_in import rss
from msgspec import structs
from stage import MONDAY, Scene, own_words, poisson

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.detect.windows import Windows
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.sources.feed.document import Entry, read
from buzzwatch.sources.feed.line import date, mention_of
from buzzwatch.threads.stories import Stories

RULES = Path(__file__).parents[2] / "rules"
EVERY = 15 * MINUTE
LEARNT = 14
DAYS = 30
PAPERS = 20
TOPICS = (
    "Acme ouvre une ligne entre Lyon et Porto",
    "Acme publie ses résultats du trimestre",
    "Acme commande douze avions",
    "Retards chez Acme ce matin",
    "Acme change ses bagages en cabine",
    "Grève : Acme annule des vols",
)
DISPATCH = "Scandale chez Acme : des passagers furieux bloqués toute la nuit, une honte"


@cache
def shipped() -> Ruleset:
    return compile_rules({path.name: path.read_text("utf-8") for path in (RULES / "acme.yaml", RULES / "oncall.yaml")})


@cache
def reader() -> Reader:
    return Reader(shipped().brands, load())


def article(name: str, text: str, at: Instant, paper: int) -> tuple[Instant, Entry]:
    """Posted then; every third paper writes no dates, every fifth of the others no zone."""
    dated = paper % 3 != 0
    link = f"https://paper{paper}.example/{name}"
    author, publisher = f"paper{paper}.example", f"Paper {paper}"
    entry = Entry(
        name, f"web:{link}", "", text, link, author, publisher, "web", "fr", at if dated else None, paper % 5 != 0
    )
    return at, entry


def ordinary(seed: int, since: Instant, until: Instant, per_hour: float) -> Iterator[tuple[Instant, Entry]]:
    dice = random.Random(seed)
    for number, at in enumerate(poisson(dice, since, until, per_hour)):
        text = f"{dice.choice(TOPICS)} {own_words(f'{seed}-{number}')}"
        yield article(f"{seed}-{number}", text, at, dice.randrange(PAPERS))


def polled(articles: list[tuple[Instant, Entry]]) -> Iterator[Sighting]:
    """What comes of articles whose paper is asked every 15 minutes, each paper at a moment of its own."""
    by_poll: dict[tuple[Instant, int], list[tuple[Instant, Entry]]] = {}
    for at, entry in articles:
        paper = int(entry.author[5:].partition(".")[0])
        offset = paper * EVERY // PAPERS
        by_poll.setdefault((((at - offset) // EVERY + 1) * EVERY + offset, paper), []).append((at, entry))
    for (now, _), told in sorted(by_poll.items()):
        shown = [entry for _, entry in sorted(told, reverse=True, key=lambda each: each[0])]
        for entry, posted in date(shown, now - EVERY, now):
            yield from reader().read(mention_of(entry, posted), now, road="press").sightings


def opened(scene: Scene, since: Instant) -> list[str]:
    return [
        change.incident.reason.rule
        for change in scene.changes
        if change.kind is ChangeKind.OPENED and change.at >= since and change.incident.subject.brand == "acme"
    ]


@pytest.mark.soak
@pytest.mark.parametrize("per_hour", [2.0, 6.0])
def test_a_month_of_ordinary_feeds_rings_nothing(per_hour):
    scene = Scene(MONDAY - LEARNT * DAY, shipped(), "nobody")
    scene.tell(*polled(list(ordinary(1, MONDAY - LEARNT * DAY, MONDAY + DAYS * DAY, per_hour))))
    assert opened(scene, MONDAY - LEARNT * DAY) == []


def test_of_few_feeds_only_the_silence_rings():
    """Of half an article an hour, hours without one are a silence indeed."""
    scene = Scene(MONDAY - LEARNT * DAY, shipped(), "nobody")
    scene.tell(*polled(list(ordinary(1, MONDAY - LEARNT * DAY, MONDAY + DAYS * DAY, 0.5))))
    assert set(opened(scene, MONDAY - LEARNT * DAY)) <= {"silence"}


def after_eight_deaf_hours(*, spread: bool) -> list[str]:
    """A search without dates, that is answered again after hours of refusals: all of them come at once."""
    heard_again = MONDAY + DAY + 16 * HOUR
    scene = Scene(MONDAY, shipped(), "acme")
    told = list(ordinary(3, MONDAY, heard_again, 6.0))
    for at, entry in told:
        if at < heard_again - 8 * HOUR:
            scene.tell(*reader().read(mention_of(entry, at), at, road="press").sightings)
    missed = [entry for at, entry in reversed(told) if at >= heard_again - 8 * HOUR]
    undated = [structs.replace(entry, posted=None) for entry in missed]
    dated = date(undated, heard_again - 8 * HOUR, heard_again)
    for entry, posted in dated:
        mention = mention_of(entry, posted if spread else heard_again)
        scene.tell(*reader().read(mention, heard_again, road="press").sightings)
    scene.run_to(heard_again + HOUR)
    return opened(scene, heard_again)


def test_what_comes_at_once_after_hours_counts_over_those_hours():
    assert after_eight_deaf_hours(spread=True) == []
    assert "sudden-volume" in after_eight_deaf_hours(spread=False)


def test_a_real_burst_in_the_press_still_rings():
    began = MONDAY + DAY + 14 * HOUR
    calm = list(ordinary(1, MONDAY, MONDAY + 2 * DAY, 6.0))
    crisis = [
        article(
            f"crisis-{number}",
            f"Scandale, honte : Acme {own_words(f'c{number}')}",
            began + number * MINUTE,
            number % PAPERS,
        )
        for number in range(50)
    ]
    scene = Scene(MONDAY, shipped(), "acme")
    scene.tell(*polled(sorted([*calm, *crisis], key=lambda each: each[0])))
    assert "sudden-volume" in opened(scene, began)
    assert opened(scene, MONDAY) == opened(scene, began)


def test_what_one_poll_brings_counts_over_the_time_since_the_one_before():
    shown = [article(f"{number}", "Acme", MONDAY, 0)[1] for number in range(30)]
    times = [posted for _, posted in date(shown, MONDAY, MONDAY + EVERY)]
    for since in range(0, EVERY, 3 * MINUTE):
        assert sum(since <= at - MONDAY < since + 3 * MINUTE for at in times) == 6


def syndicated(count: int) -> list[tuple[Instant, Entry]]:
    """One dispatch in so many papers, read from their feeds, each with its name on the title."""
    articles = []
    for number in range(count):
        title = escape(f"{DISPATCH} - Journal {number}")
        source = f"<source url='https://journal{number}.example'>Journal {number}</source>"
        link = f"<link>https://journal{number}.example/a</link>"
        text = rss(f"<item><title>{title}</title>{link}{source}</item>", title="Acme - Google News")
        entry = read(text.encode(), "text/xml", "https://news.example/rss").entries[0]
        articles.append((MONDAY + 12 * HOUR + number * MINUTE, entry))
    return articles


def test_a_dispatch_in_thirty_papers_is_one_story_and_counts_once_as_anger():
    told = [
        sighting
        for at, entry in syndicated(30)
        for sighting in reader().read(mention_of(entry, at), at, road="press").sightings
    ]
    assert len({sighting.mention for sighting in told}) == len({sighting.author for sighting in told}) == 30
    stories, windows = Stories(), Windows(told[0].counted_at // MINUTE)
    placed = [stories.place(each.mention, each.keys, each.seen_at, each.copy) for each in told]
    assert {each.story for each in placed} == {told[0].mention}
    assert [each.copied for each in placed] == [False, *[True] * 29]
    fresh = [
        windows.count(each.counted_at // MINUTE, 900, each.author, place.copy)
        for each, place in zip(told, placed, strict=True)
    ]
    assert fresh == [True, *[False] * 29]


def test_a_dispatch_in_thirty_papers_is_no_outcry():
    scene = Scene(MONDAY, shipped(), "acme")
    for at, entry in syndicated(30):
        scene.tell(*reader().read(mention_of(entry, at), at, road="press").sightings)
    assert "bad-buzz" not in opened(scene, MONDAY)
