"""Who carries the talk of a brand: its sources, and the press among them."""

from bisect import insort
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, Span
from buzzwatch.model.mention import UNKNOWN_SOURCE, Sighting

MOST_SOURCES = 64
"""Kept of a brand, the latest: whoever invents sources fills no memory."""
MOST_PRESS = 100
"""Posts of the press kept of a brand, the latest."""
UNHEARD: Span = 12 * HOUR
"""For so long there was none of the press before, for one post of it to be a jump."""
LEAD: Span = 5 * MINUTE
"""Of a brand-wide trouble the beginning is known to the minute: with what came so soon after, it may have begun."""
_USUAL: Span = 7 * DAY
"""The past by which posts of the press are usual."""
_MANY, _TIMES = 3, 3.0
"""Where the press is usual, a jump takes so many posts, and so many times the usual number."""


class PressPost(NamedTuple):
    """One mention by the press."""

    at: Instant
    mention: str
    thread: str
    source: str


def _turn(post: "PressPost") -> tuple[Instant, int, str, str, str]:
    return post.at, *by_turn(post.mention), post.thread, post.source


class Carriers:
    """When each source was last heard of one brand, and the latest posts of the press; bounded, our own left out.

    What is kept are the latest by instant and name, so that the order of mentions within a second changes nothing.
    """

    __slots__ = ("_heard", "press")

    def __init__(self) -> None:
        self._heard: dict[str, Instant] = {}
        self.press: list[PressPost] = []
        """The latest, in the order of the authors' time."""

    def count(self, sighting: Sighting) -> None:
        """Take a mention into account; O(1)."""
        if sighting.is_ours:
            return
        at, source, heard = sighting.counted_at, sighting.source, self._heard
        if source != UNKNOWN_SOURCE and at > heard.get(source, at - 1):
            heard[source] = at
            if len(heard) > MOST_SOURCES:
                del heard[min(heard, key=lambda name: (heard[name], name))]
        if sighting.is_press:
            insort(self.press, PressPost(at, sighting.mention, sighting.thread, source), key=_turn)
            del self.press[:-MOST_PRESS]

    def sources(self, over: Span, now: Instant) -> tuple[str, ...]:
        """Those heard in the trailing `over`, by name."""
        return tuple(sorted(source for source, at in self._heard.items() if at > now - over))

    def jump(self, since: Instant, threads: Collection[str] | None) -> PressPost | None:
        """The first post of the press after a trouble began at `since`, if it had begun without the press.

        `threads` are the conversations that the trouble is about, None: the brand as a whole. The press of a brand
        that is used to it has jumped only once it says more than usual.
        """
        if threads is None:
            since += LEAD
        if not self.press or self.press[-1].at <= since:
            return None
        posts = [post for post in self.press if threads is None or post.thread in threads]
        after = [post for post in posts if post.at > since]
        if not after:
            return None
        forgotten = len(self.press) == MOST_PRESS and self.press[0].at > since - UNHEARD
        if not forgotten and not any(since - UNHEARD < post.at <= since for post in posts):
            return after[0]
        return after[0] if threads is None and not forgotten and self._is_much(since, after) else None

    def _is_much(self, since: Instant, after: list[PressPost]) -> bool:
        reach = max(since - _USUAL, self.press[0].at)
        usual = sum(reach <= post.at <= since for post in self.press) / max(since - reach, HOUR)
        return len(after) >= max(_MANY, _TIMES * usual * max(after[-1].at - since, HOUR))

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins that share nothing with this object."""
        return {"heard": sorted(self._heard.items()), "press": [tuple(post) for post in self.press]}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Carriers":
        """What `dump` gave, alive again."""
        carriers = cls()
        carriers._heard = {source: at for source, at in dumped["heard"]}  # noqa: C416 - pairs come as lists
        carriers.press = [PressPost(*post) for post in dumped["press"]]
        return carriers
