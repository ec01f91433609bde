"""The demo's invented stream: ordinary weeks of two brands, and a day that ends badly for one of them.

Every sentence, handle and event is made up (`stream.json`); the same seed gives the same stream.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from buzzwatch.model.mention import Author, Kind, Mention

AFTERNOON = timedelta(hours=5, minutes=4)
"""From the start of `day` to the post that sets it off."""
LENGTH = timedelta(hours=10)
"""Of `day`."""

_RHYTHM = (10, 6, 4, 3, 4, 10, 30, 60, 85, 90, 85, 85, 95, 90, 85, 85, 90, 100, 100, 95, 85, 70, 45, 22)
"""Posts at each local hour, in per cent of the busiest."""
_MOODS = {"plain": 46, "praise": 24, "complaint": 30}
_ANSWERED = {"plain": 0.25, "praise": 0.25, "complaint": 0.75}
_ROLES = {"reply": 40, "post": 22, "quote": 14, "copy": 8, "repost": 8, "neutral": 8, "support": 6}
_OFTEN_FRENCH = 0.85


class Cast(Struct, frozen=True):
    """A brand as the stream plays it; `peak` is conversations begun in its busiest hour."""

    key: str
    zone: ZoneInfo
    languages: tuple[str, str]
    peak: float
    official: dict[str, Author]
    """Its account by source."""


def _official(name: str, followers: int, **handles: str) -> dict[str, Author]:
    return {
        source: Author(id=handle, handle=handle, name=name, followers=followers) for source, handle in handles.items()
    }


ACME = Cast(
    "acme",
    ZoneInfo("Europe/Paris"),
    ("fr", "en"),
    9.0,
    _official("Acme Airlines", 88_000, x="@acme_fr", bluesky="acme.fr"),
)
ZEPHYR = Cast(
    "zephyr",
    ZoneInfo("Europe/London"),
    ("en", "fr"),
    6.0,
    _official("Zephyr Telecom", 41_000, x="@zephyr_uk", bluesky="zephyr.example"),
)


def ordinary(start: datetime, days: int, seed: int) -> Iterator[Mention]:
    """Ordinary traffic about both brands from `start` (aware), in order of time; some 500 mentions a day."""
    teller = _Teller(seed, "a")
    yield from teller.told(teller.chatter(start, start + timedelta(days=days)))


def day(start: datetime, seed: int) -> Iterator[Mention]:
    """Ten hours from `start` (aware; meant for 14:00 in Paris): an ordinary afternoon, then Acme's bad evening."""
    teller = _Teller(seed, "b")
    end = start + LENGTH
    yield from teller.told([*teller.chatter(start, end), *teller.outcry(start + AFTERNOON, end)])


class _Teller:
    """Tells one stretch of the stream; `stretch` keeps its ids apart from those of others."""

    def __init__(self, seed: int, stretch: str) -> None:
        self._random = random.Random(f"{seed} {stretch}")  # noqa: S311 - a story, not a secret
        self._stretch = stretch
        self._serial = 0
        self._script: dict[str, Any] = json.loads(
            files("buzzwatch.app").joinpath("stream.json").read_text(encoding="utf-8")
        )
        self._people: dict[str, Author] = {}

    def told(self, mentions: Sequence[Mention]) -> list[Mention]:
        """In the order of their times, those of the same second in the order of telling."""
        return sorted(mentions, key=lambda mention: mention.created_at)

    def chatter(self, start: datetime, end: datetime) -> list[Mention]:
        """What is said of both brands on ordinary days."""
        mentions = []
        for cast in (ACME, ZEPHYR):
            for at in self._arrivals(start, end, cast.peak, _rhythm(cast)):
                mentions += self._conversation(cast, at)
        return [mention for mention in mentions if mention.created_at < end]

    def outcry(self, begin: datetime, end: datetime) -> list[Mention]:
        """The evening: a photo, the crowd, the press, a clumsy answer, a better one, and the fading."""
        script = self._script["outcry"]
        passenger = Author(id="lea_valise", handle="@lea_valise", name="Léa", followers=1_340)
        paper = Author(id="courrier_du_soir", handle="@courrier_du_soir", name="Le Courrier du soir", followers=212_000)
        spark = self._mention(begin, "x", passenger, script["spark"], "fr")

        def later(minutes: int, author: Author, text: str, kind: Kind) -> Mention:
            return self._mention(begin + timedelta(minutes=minutes), "x", author, text, "fr", spark, kind)

        clumsy = later(48, ACME.official["x"], script["clumsy"], Kind.REPLY)
        staged = [
            spark,
            later(35, paper, script["press"][0], Kind.QUOTE),
            clumsy,
            later(128, ACME.official["x"], script["better"], Kind.REPLY),
            later(140, paper, script["press"][1], Kind.QUOTE),
        ]
        crowd: list[Mention] = []
        for at in self._arrivals(begin, end, _FURY_PEAK, lambda at: _fury(at - begin)):
            crowd.append(self._voice(at, spark, clumsy, crowd))
        return staged + crowd

    def _conversation(self, cast: Cast, at: datetime) -> list[Mention]:
        lang = cast.languages[self._random.random() < 0.15]  # noqa: PLR2004 - the share of the second language
        lines = self._script["ordinary"][cast.key][lang]
        mood = self._weighted(_MOODS)
        source = self._weighted({"x": 74, "bluesky": 26})
        root = self._mention(at, source, self._person(), self._line(lines[mood]), lang)
        said = [root]
        if self._random.random() < _ANSWERED[mood]:
            said.append(self._reply(said, cast.official[source], self._line(lines["official"])))
            if self._random.random() < 0.4:  # noqa: PLR2004 - how often the author comes back
                said.append(self._reply(said, root.author, self._line(lines["follow"])))
        if self._random.random() < 0.15:  # noqa: PLR2004 - how often somebody joins in
            said.append(self._reply(said, self._person(), self._line(lines["follow"])))
        return said

    def _reply(self, said: Sequence[Mention], author: Author | None, text: str) -> Mention:
        last = said[-1]
        at = last.created_at + timedelta(seconds=self._random.randint(60, 2400))
        return self._mention(at, last.source, author, text, last.lang, last, Kind.REPLY)

    def _voice(self, at: datetime, spark: Mention, clumsy: Mention, crowd: Sequence[Mention]) -> Mention:
        """One of the crowd, in the conversation or beside it."""
        role = self._weighted(_ROLES)
        if role in ("post", "copy"):
            return self._outside(at, [mention for mention in crowd if mention.kind is Kind.POST and role == "copy"])
        author = self._person()
        if role == "repost":
            return self._mention(at, "x", author, spark.text, "fr", spark, Kind.REPOST)
        lang = self._tongue()
        lines = self._script["outcry"][lang]
        if role in ("neutral", "support"):
            return self._mention(at, "x", author, self._line(lines[role]), lang, spark, Kind.REPLY)
        if role == "reply" and at > clumsy.created_at and self._random.random() < 0.4:  # noqa: PLR2004 - it stings
            return self._mention(at, "x", author, self._angry(lines, "mockery"), lang, clumsy, Kind.REPLY)
        return self._mention(at, "x", author, self._angry(lines, role), lang, spark, Kind(role))

    def _outside(self, at: datetime, models: Sequence[Mention]) -> Mention:
        """A post of its own, word for word one of the models if there are any."""
        author = self._person()
        if models:
            model = self._random.choice(models)
            return self._mention(at, model.source, author, model.text, model.lang)
        lang = self._tongue()
        text = self._angry(self._script["outcry"][lang], "post")
        return self._mention(at, self._weighted({"x": 70, "bluesky": 30}), author, text, lang)

    def _tongue(self) -> str:
        return "fr" if self._random.random() < _OFTEN_FRENCH else "en"

    def _angry(self, lines: dict[str, list[str]], role: str) -> str:
        """A line as one more person would put it: people agree, but few in the same words."""
        return self._line(lines[role]) + self._random.choice(lines["endings"])

    def _mention(
        self,
        at: datetime,
        source: str | None,
        author: Author | None,
        text: str,
        lang: str | None,
        parent: Mention | None = None,
        kind: Kind = Kind.POST,
    ) -> Mention:
        self._serial += 1
        name = f"{self._stretch}{self._serial}"
        key = f"{source}:{name}"
        return Mention(
            id=key,
            text=text,
            created_at=at,
            source=source,
            author=author,
            lang=lang,
            url=f"https://{source}.example/{name}",
            thread=(parent.thread or parent.id) if parent else key,
            parent=parent.id if parent else None,
            kind=kind,
        )

    def _arrivals(
        self, start: datetime, end: datetime, peak: float, share: Callable[[datetime], float]
    ) -> Iterator[datetime]:
        """Random instants, `peak` × `share` an hour: a Poisson process by thinning."""
        at = start
        while True:
            at += timedelta(seconds=max(1, round(self._random.expovariate(peak / 3600))))
            if at >= end:
                return
            if self._random.random() < share(at):
                yield at

    def _person(self) -> Author:
        names = self._script["handles"]
        handle = f"@{self._random.choice(names['first'])}_{self._random.choice(names['second'])}"
        if handle not in self._people:
            followers = round(math.exp(self._random.gauss(5.2, 1.4)))
            self._people[handle] = Author(id=handle[1:], handle=handle, followers=followers)
        return self._people[handle]

    def _line(self, lines: Sequence[str]) -> str:
        fillers = self._script["fillers"]
        return self._random.choice(lines).format_map({name: self._random.choice(fillers[name]) for name in fillers})

    def _weighted(self, weights: dict[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


def _rhythm(cast: Cast) -> Callable[[datetime], float]:
    def share(at: datetime) -> float:
        local = at.astimezone(cast.zone)
        return _RHYTHM[local.hour] / 100 * (0.8 if local.isoweekday() > 5 else 1.0)  # noqa: PLR2004 - Saturday, Sunday

    return share


_FURY_PEAK = 300.0
"""Mentions an hour at the height of the outcry."""
_DOUBLING, _HEIGHT_ENDS, _HALVING = 12.0, 150.0, 25.0
"""Minutes in which it doubles at first, after which it fades, and in which it halves then."""


def _fury(since: timedelta) -> float:
    """The outcry's strength, 0..1."""
    minutes = since.total_seconds() / 60
    if minutes < _HEIGHT_ENDS:
        return min(1.0, 0.05 * math.exp2(minutes / _DOUBLING))
    return math.exp2((_HEIGHT_ENDS - minutes) / _HALVING)
