"""What a brand's names found in the last days, from the record: in which ways, by which words, and how much noise."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from math import log, sqrt

from msgspec import Struct

from buzzwatch.ingest.language import COMMON
from buzzwatch.ingest.match import Hit, Matcher, lay_out
from buzzwatch.ingest.scorer.lessons import Lessons
from buzzwatch.ingest.strike import Suggested, Text, suggest
from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Mark
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.mention import Mention, Sighting
from buzzwatch.store.journal import read_corrections, read_mentions, read_sightings

NEGATIVE = 0.5
BESIDE = 5
"""So many words before and after the name are the words around it."""
FEWEST_BEFORE = 20
"""Posts of the period before, below which nothing is compared with it."""
FEWEST_HOLDING = 3
MOST_WORDS = 12
_TOGETHER = 1_000
_SHORTEST_WORD = 3
_PRIOR = 0.5

Progress = Callable[[float], None]


_TELLING = 2.0
"""Standard errors above even, from which on a word is told."""
_FIRST_WAYS = ("name", "handle", "hashtag")
"""A post that is found in several ways is counted for the first of these."""


class Post(Struct, frozen=True):
    """One post of the brand: how it was found. `mention` None: its text was erased."""

    sighting: Sighting
    mention: Mention | None
    way: str
    """`source`, `name`, `handle`, `hashtag`, `thread`; `text`: erased; `other`: by no name of the rules asked."""
    hits: tuple[Hit, ...] = ()


class Tally(Struct, frozen=True):
    """The posts of a period, counted."""

    posts: int
    negative: int
    ways: Counter[str]
    words: Counter[str]
    languages: Counter[str]
    sources: Counter[str]

    @property
    def share(self) -> float | None:
        """The negative part; None of none."""
        return self.negative / self.posts if self.posts else None


class Sampled(Struct, frozen=True):
    """A post to judge the noise by; `root` is what the conversation began with, where that carried it."""

    post: Post
    root: Mention | None = None
    gone: bool = False
    """By other rules it would not have been heard."""


class Found(Struct, frozen=True):
    """All that `match --since` says."""

    brand: Brand
    since: Instant
    until: Instant
    now: Tally
    before: Tally
    around: tuple[tuple[str, int, int], ...] | None
    """Words with how many posts hold them now and before; None: too few posts to compare with."""
    sample: tuple[Sampled, ...]
    suggested: Suggested
    hang: int
    """Posts marked as not about the brand that do not name it, or whose name is struck out already."""
    other_rules: bool = False
    gone: int = 0
    stays: int = 0


class Period(Struct, frozen=True):
    """Which days are asked about, how many posts are to be shown, and the rules whose names are tried."""

    since: Instant
    until: Instant
    sample: int = 10
    tried: Brand | None = None

    @property
    def span(self) -> Span:
        """Its length."""
        return self.until - self.since


def look_into(db: sqlite3.Connection, brand: Brand, period: Period, progress: Progress = lambda _: None) -> Found:
    """Count, compare and sample what was heard of a brand; the record is only read."""
    matcher = Matcher({brand.key: brand})
    before = list(_posts(db, matcher, brand, (period.since - period.span, period.since)))
    progress(1 / 3)
    posts = list(_posts(db, matcher, brand, (period.since, period.until)))
    progress(2 / 3)
    tried = period.tried or brand
    gone = _gone(db, Matcher({tried.key: tried}), posts, tried.key) if period.tried else frozenset()
    suggested, hang = _suggestions(db, tried, [*before, *posts])
    found = Found(
        brand,
        period.since,
        period.until,
        _count(posts),
        _count(before),
        _around(posts, before) if len(before) >= FEWEST_BEFORE else None,
        tuple(_sampled(db, posts, period.sample, gone)),
        suggested,
        hang,
        period.tried is not None,
        len(gone),
        len(posts) - len(gone),
    )
    progress(1.0)
    return found


def _posts(db: sqlite3.Connection, matcher: Matcher, brand: Brand, times: tuple[Instant, Instant]) -> Iterator[Post]:
    sightings = read_sightings(db, brand.key, times[0], times[1] - 1)
    while several := list(islice(sightings, _TOGETHER)):
        texts = read_mentions(db, [each.mention for each in several])
        for sighting in several:
            mention = texts[sighting.mention][0] if sighting.mention in texts else None
            yield _post(matcher, brand.key, sighting, mention)


def _post(matcher: Matcher, brand: str, sighting: Sighting, mention: Mention | None) -> Post:
    if mention is None or mention.deleted:
        return Post(sighting, None, "thread" if sighting.unnamed else "text")
    hits = tuple(hit for hit in matcher.explain(mention.text, mention.title) if hit.counts)
    if mention.brand == brand:
        return Post(sighting, mention, "source", hits)
    if hits:
        order = [hit.way for hit in hits]
        return Post(sighting, mention, min(order, key=_FIRST_WAYS.index), hits)
    return Post(sighting, mention, "thread" if sighting.unnamed else "other")


def _count(posts: Sequence[Post]) -> Tally:
    return Tally(
        len(posts),
        sum(post.sighting.negativity >= NEGATIVE for post in posts),
        Counter(str(post.way) for post in posts),
        Counter(word for post in posts for word in {hit.words for hit in post.hits}),
        Counter(post.sighting.lang for post in posts),
        Counter(post.sighting.source for post in posts),
    )


def _around(posts: Iterable[Post], before: Iterable[Post]) -> tuple[tuple[str, int, int], ...]:
    """Words beside the name by how surely they are more frequent now: log-odds of the posts that hold them."""
    now, then = _beside(posts), _beside(before)
    all_now, all_then = now.pop("", 0), then.pop("", 0)
    ranked = []
    for word, held in now.items():
        if held >= FEWEST_HOLDING:
            a, b = held + _PRIOR, all_now - held + _PRIOR
            c, d = then[word] + _PRIOR, all_then - then[word] + _PRIOR
            sure = (log(a / b) - log(c / d)) / sqrt(1 / a + 1 / b + 1 / c + 1 / d)
            ranked.append((-sure, word, held, then[word]))
    return tuple((word, held, usual) for sure, word, held, usual in sorted(ranked)[:MOST_WORDS] if sure < -_TELLING)


def _beside(posts: Iterable[Post]) -> Counter[str]:
    """How many posts hold each word near the name, copies once; under "" how many there are."""
    found: Counter[str] = Counter()
    known: set[int] = set()
    for post in posts:
        if post.mention is None or not post.hits or post.sighting.copy in known:
            continue
        known.add(post.sighting.copy)
        words = lay_out(post.mention.text, post.mention.title).replace("|", " ").split()
        names = {place for hit in post.hits for place in range(hit.first, hit.last + 1)}
        near = {place + step for place in names for step in range(-BESIDE, BESIDE + 1)} - names
        told = {words[place] for place in near if 0 <= place < len(words)}
        found.update(word for word in told if len(word) >= _SHORTEST_WORD and word[0] != "@" and word not in COMMON)
        found[""] += 1
    return found


def _sampled(db: sqlite3.Connection, posts: Sequence[Post], number: int, gone: frozenset[str]) -> Iterator[Sampled]:
    """So many posts, the same each time, spread over the ways; copies once, those that would be gone first."""
    ways: dict[tuple[bool, str], list[Post]] = {}
    known: set[int] = set()
    for post in sorted(posts, key=lambda each: blake2b(each.sighting.mention.encode("utf-8", "replace")).digest()):
        if post.mention is not None and post.sighting.copy not in known:
            known.add(post.sighting.copy)
            ways.setdefault((post.sighting.mention not in gone, post.way), []).append(post)
    queues = [iter(ways[key]) for key in sorted(ways)]
    chosen: list[Post] = []
    while queues and len(chosen) < number:
        drawn = [(queue, next(queue, None)) for queue in queues]
        queues = [queue for queue, post in drawn if post is not None]
        chosen += [post for _, post in drawn if post is not None]
    chosen = chosen[:number]
    roots = read_mentions(db, [post.sighting.thread for post in chosen if post.way == "thread"])
    for post in chosen:
        root = roots.get(post.sighting.thread) if post.way == "thread" else None
        yield Sampled(post, root[0] if root else None, post.sighting.mention in gone)


def _gone(db: sqlite3.Connection, tried: Matcher, posts: Sequence[Post], brand: str) -> frozenset[str]:
    """The posts that other rules would not have heard: those that name nothing and hang on nothing that stays."""
    staying: set[str] = set()
    silent: list[Post] = []
    for post in posts:
        mention = post.mention
        if mention is None or mention.brand == brand or tried.match(mention.text, mention.title):
            staying.add(post.sighting.thread)
        else:
            silent.append(post)
    roots = read_mentions(db, {post.sighting.thread for post in silent if post.sighting.unnamed})
    for key, (root, _) in roots.items():
        if root.brand == brand or tried.match(root.text, root.title):
            staying.add(key)
    known = {post.sighting.mention for post in posts}
    return frozenset(
        post.sighting.mention
        for post in silent
        if not (post.sighting.unnamed and (post.sighting.thread in staying or _is_older(post, known, roots)))
    )


def _is_older(post: Post, known: set[str], roots: dict[str, tuple[Mention, float]]) -> bool:
    """What it hangs on is not known any more: it is given the benefit of the doubt."""
    return post.sighting.thread not in known and post.sighting.thread not in roots


def _suggestions(db: sqlite3.Connection, brand: Brand, posts: Sequence[Post]) -> tuple[Suggested, int]:
    """From all marks of the brand, and from the posts of the period and the one before as the others."""
    lessons = Lessons()
    for mark in read_corrections(db, brand.key):
        lessons.take(mark)
    marks = lessons.kept
    not_us = [key for key, mark in marks.items() if mark.mark is Mark.NOT_US]
    ours = {key for key, mark in marks.items() if mark.mark is not Mark.NOT_US}
    texts = {key: mention for key, (mention, _) in read_mentions(db, marks).items() if not mention.deleted}
    matcher = Matcher({brand.key: brand})
    marked = [_text(texts[key], marks[key].copy) for key in not_us if key in texts]
    hang = sum(not matcher.match(each.text, each.title) for each in marked)
    others = [
        _text(post.mention, post.sighting.copy)
        for post in posts
        if post.mention is not None and post.sighting.mention not in marks
    ]
    others += [_text(texts[key], marks[key].copy, ours=True) for key in ours if key in texts]
    copies = {each.copy for each in marked}
    return suggest(brand, marked, [each for each in others if each.ours or each.copy not in copies]), hang


def _text(mention: Mention, copy: int, *, ours: bool = False) -> Text:
    return Text(mention.text, mention.title, copy, ours)
