"""Mentions invented for a test, from what its parts say: the same on every machine, whatever the day.

Each mention has an equal slice of its part's time for itself and comes at an instant of chance in it, so that a window
holds as many as its writer expects, give or take one, and nothing clusters by chance: what rings, rings by the text of
the test. The baseline never believes traffic to be calmer than chance, so even traffic makes no rule more nervous.
"""

import heapq
from array import array
from collections.abc import Iterator
from operator import attrgetter
from random import Random
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import Instant, Span, moment_of
from buzzwatch.model.mention import Author, Kind, Mention, Sighting
from buzzwatch.model.story import MOST_PAIRS, StoryKeys
from buzzwatch.rules.crowd import USUAL_SOURCE, USUALLY_NEGATIVE, Crowd
from buzzwatch.rules.trial import Part, Post

SCORER = "test"
"""The scorer of mentions whose test says how negative they are."""
DEAF = "test"
FOREVER: Instant = 2**62
MANY = 100_000
"""Shares are counted in whole parts of it, so that no rounding moves a mention."""
HALF = 0.5
"""A conversation of which at least so much is negative begins so."""


class Told(Struct, frozen=True):
    """Something invented: a mention to be read, or what is counted as it is; `negativity` overrules the scorer."""

    at: Instant
    item: Mention | Sighting | Gap
    negativity: float | None = None
    shape: Sighting | None = None
    """What the mention is but for its text."""


class Inventor:
    """Invents the parts of one test, one after the other."""

    def __init__(self, brands: dict[str, Brand], brand: str) -> None:
        self._brands = brands
        self._brand = brand
        self._root = ""
        """The conversation that began last."""
        self._number = 0

    def tell(self, parts: tuple[Part, ...], start: Instant) -> Iterator[Told]:
        """What is told of parts that follow each other, in the order of time."""
        at = start
        for part in parts:
            yield from self._part(part, at)
            at += part.span

    def _part(self, part: Part, start: Instant) -> Iterator[Told]:
        self._number += 1
        name, brand = f"test-{self._number}", part.brand or self._brand
        if part.together is not None:
            yield from heapq.merge(*(self._part(each, start) for each in part.together), key=attrgetter("at"))
        elif part.mention is not None:
            yield self._post(part.mention, name, start, brand)
        elif part.gap is not None:
            yield Told(start, Gap(start, DEAF, start, FOREVER))  # as of a source that is found to be deaf
            yield Told(start + part.gap, Gap(start + part.gap, DEAF, start, start + part.gap))
        elif part.thread is not None:
            yield from self._thread(part, part.thread, name, brand, start)
        elif part.mentions is not None:
            yield from self._crowd(part.mentions, name, brand, start, text=part.text)

    def _post(self, post: Post, name: str, at: Instant, brand: str) -> Told:
        source, _, handle = post.by.partition(":") if post.by else (USUAL_SOURCE, ":", f"@{name}")
        key = f"{source}:{name}"
        kind = Kind(post.kind) if post.kind else Kind.POST
        parent = (self._root or None) if kind in {Kind.REPLY, Kind.QUOTE, Kind.REPOST} else None
        if parent is None:
            self._root = key
        told = Mention(
            id=key,
            text=post.text or "",
            created_at=moment_of(at),
            source=source,
            author=Author(handle=handle, followers=post.followers),
            thread=parent,
            parent=parent,
            kind=kind,
            brand=None if post.text else brand,
        )
        negativity = USUALLY_NEGATIVE if post.negativity is None and not post.text else post.negativity
        return Told(at, told, negativity)

    def _thread(self, part: Part, crowd: Crowd, name: str, brand: str, start: Instant) -> Iterator[Told]:
        yield self._begin(part.root, crowd, f"{name}-root", brand, start)
        thread = self._root
        replies = self._crowd(replace(crowd, answered=None), name, brand, start, thread=thread)
        if crowd.answered is None:
            yield from replies
        else:
            answer = self._answer(thread, thread, brand, start + crowd.answered, crowd.source)
            yield from heapq.merge(replies, iter([answer]), key=attrgetter("at"))

    def _begin(self, root: Post | None, crowd: Crowd, name: str, brand: str, at: Instant) -> Told:
        """The root of a conversation; one of which nothing is said is as most of its crowd are."""
        mood = float((USUALLY_NEGATIVE if crowd.negative is None else crowd.negative) >= HALF)
        if root is not None:
            told = self._post(root, name, at, brand)
            return told if root.text or root.negativity is not None else replace(told, negativity=mood)
        key = self._root = f"{crowd.source}:{name}"
        said = self._shape(replace(crowd, kind=Kind.POST, alike=False), name, brand, Random(name))  # noqa: S311 - a story
        return Told(at, _place(said, key, at, key, None, name, mood))

    def _crowd(
        self, crowd: Crowd, name: str, brand: str, start: Instant, *, text: str | None = None, thread: str = ""
    ) -> Iterator[Told]:
        """The mentions of a crowd; `thread`: they hang on it. What each says is `text`, or is not looked at."""
        dice = Random(f"{name} {crowd.count} {crowd.span}")  # noqa: S311 - a story, not a secret
        shape = self._shape(crowd, name, brand, dice)
        share = crowd.negative
        answers: list[Told] = []
        moods = [0, 0]
        for number, at in enumerate(_arrivals(crowd.count, crowd.span, start, dice)):
            while answers and answers[0].at <= at:
                yield answers.pop(0)
            negative = share is not None and _is_negative(number, share)
            author = _author(crowd, moods, negative=negative, number=number)
            moods[negative] += 1
            key = f"{crowd.source}:{name}-{number}"
            first = f"{crowd.source}:{name}-0" if crowd.kind == Kind.REPOST else key
            parent = thread or (first if first != key else None)
            said = _place(
                shape,
                key,
                at,
                thread or first,
                parent,
                f"{name} {author}",
                USUALLY_NEGATIVE if share is None else float(negative),
            )
            if text is None:
                yield Told(at, said)
            else:
                yield Told(at, _mention(said, text), None if share is None else float(negative), said)
            if crowd.answered is not None and (negative or share is None):
                answers.append(self._answer(said.thread, key, brand, at + crowd.answered, crowd.source))
        yield from answers

    def _shape(self, crowd: Crowd, name: str, brand: str, dice: Random) -> Sighting:
        """What all mentions of a crowd have in common."""
        pairs = array("I", sorted(dice.getrandbits(32) for _ in range(MOST_PAIRS))).tobytes()
        return Sighting(
            seen_at=0,
            posted_at=0,
            mention="",
            brand=brand,
            source=crowd.source,
            thread="",
            parent=None,
            kind=Kind(crowd.kind),
            author=0,
            followers=crowd.followers,
            official=False,
            negativity=0.0,
            scorer=SCORER,
            lang=self._brands[brand].language,
            copy=crc32(name.encode()) or 1 if crowd.alike else 0,
            themes=(crowd.theme,) if crowd.theme else (),
            voice=crowd.voice,
            keys=StoryKeys(pairs) if crowd.alike else StoryKeys(),
        )

    def _answer(self, thread: str, parent: str, brand: str, at: Instant, source: str) -> Told:
        """Our own account replies."""
        key = f"{source}:answer-{parent}"
        return Told(
            at,
            Sighting(
                seen_at=at,
                posted_at=at,
                mention=key,
                brand=brand,
                source=source,
                thread=thread,
                parent=parent,
                kind=Kind.REPLY,
                author=crc32(b"official"),
                followers=None,
                official=True,
                negativity=0.0,
                scorer=SCORER,
                lang=self._brands[brand].language,
                copy=crc32(key.encode()) or 1,
            ),
        )


def _place(
    shape: Sighting, key: str, at: Instant, thread: str, parent: str | None, author: str, negativity: float
) -> Sighting:
    """One of a crowd."""
    return replace(
        shape,
        seen_at=at,
        posted_at=at,
        mention=key,
        thread=thread,
        parent=parent,
        author=crc32(author.encode()) or 1,
        negativity=negativity,
        copy=shape.copy or crc32(key.encode()) or 1,
    )


def _mention(said: Sighting, text: str) -> Mention:
    """The mention to be read for one of a crowd that has a text."""
    return Mention(
        id=said.mention,
        text=text,
        created_at=moment_of(said.posted_at),
        source=said.source,
        author=Author(id=str(said.author), followers=said.followers),
        thread=None if said.thread == said.mention else said.thread,
        parent=said.parent,
        kind=said.kind,
    )


def _arrivals(count: int, span: Span, start: Instant, dice: Random) -> Iterator[Instant]:
    """Instants in ascending order, each by chance in its own equal slice of the time."""
    for number in range(count):
        yield start + int((number + dice.random()) * span / count)


def _is_negative(number: int, share: float) -> bool:
    """Whether the mention with this number is: evenly spread, so that of any ten the right number are."""
    of_many = round(share * MANY)
    return ((number + 1) * of_many + MANY // 2) // MANY > (number * of_many + MANY // 2) // MANY


def _author(crowd: Crowd, moods: list[int], *, negative: bool, number: int) -> int:
    """Of as many as were named; the negative ones are counted from the first author on, the others from the last."""
    if crowd.authors is None:
        return number
    place = moods[negative] % crowd.authors
    return place if negative else crowd.authors - 1 - place
