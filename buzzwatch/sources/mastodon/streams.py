"""The streams of one instance: which are heard, how far each was dealt with, and which bring only deletions."""

from collections.abc import Iterable, Mapping

from buzzwatch.ingest.normalise import fold
from buzzwatch.model.brand import Brand
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.sources.mastodon.wire import order

HASHTAGS = "hashtags"
"""Stands for one stream for each name of a brand that can be a hashtag."""
MOST = 100
"""Streams of one instance: each costs a request or two when we come back, and 300 are granted in five minutes."""
START = "0"
"""An id before all others."""
_OVERLAP: Span = MINUTE
_SNOWFLAKE_DIGITS, _SNOWFLAKE_SHIFT = 17, 16
_MUTE_AFTER, _MUTE_FOR = 20, 10 * MINUTE
"""So many deletions in a row, over such a time, are no accident; an account that leaves deletes in a burst."""


class Stream:
    """One of them. `position` is the id up to which all was dealt with, None: it was never heard before."""

    def __init__(self, name: str, position: str | None) -> None:
        self.name = name
        self.position = position
        self.catching_up = True
        self.mute = False
        self._live: str | None = None
        self._deletions = 0
        self._mute_since: Instant = 0

    def come(self, local: str) -> bool:
        """A status came live; whether `position` moved."""
        self._live = _newer(self._live, local)
        return not self.catching_up and self.move(local)

    def move(self, local: str) -> bool:
        """All up to this id was dealt with; whether that is news."""
        before, self.position = self.position, _newer(self.position, local)
        return self.position != before

    def catch_up(self) -> str:
        """What came live follows without a hole on what was read; the position."""
        self.catching_up = False
        self.position = _newer(self.position, self._live or START)
        return self.position

    def lose_touch(self) -> None:
        """The connection is a new one."""
        self.catching_up, self._live = True, None

    def bring(self) -> bool:
        """It brings a status; whether it was mute before."""
        was, self.mute, self._deletions = self.mute, False, 0
        return was

    def delete(self, now: Instant) -> bool:
        """It takes a status back; whether it has become mute by that."""
        if not self._deletions:
            self._mute_since = now
        self._deletions += 1
        was = self.mute
        self.mute = was or (self._deletions >= _MUTE_AFTER and now - self._mute_since >= _MUTE_FOR)
        return self.mute and not was


class Streams:
    """Those that are heard, by name; they outlive a connection."""

    def __init__(self, cursors: Mapping[str, str]) -> None:
        kept = {name: local for name, local in cursors.items() if _is_stream(name)}
        self._streams = {name: Stream(name, local) for name, local in kept.items()}

    def choose(self, names: Iterable[str]) -> list[str]:
        """Hear these from now on; the names of those that are heard no more."""
        wanted = list(names)
        ended = [name for name in self._streams if name not in wanted]
        self._streams = {name: self._streams.get(name) or Stream(name, None) for name in wanted}
        return ended

    def find(self, name: str) -> Stream | None:
        """One by its name."""
        return self._streams.get(name)

    def lose_touch(self) -> None:
        """The connection is a new one."""
        for stream in self._streams.values():
            stream.lose_touch()

    @property
    def caught_up(self) -> list[Stream]:
        """Those of which nothing is left to be read."""
        return [stream for stream in self._streams.values() if not stream.catching_up]

    @property
    def mute(self) -> list[str]:
        """The names of those that bring nothing but deletions."""
        return [stream.name for stream in self._streams.values() if stream.mute]


def chosen(written: Iterable[str], brands: Mapping[str, Brand]) -> list[str]:
    """The streams to hear: those written, the brands' hashtags instead of `hashtags`; the first `MOST` at most."""
    names: dict[str, None] = {}
    for name in written:
        if name == HASHTAGS:
            names |= dict.fromkeys(f"hashtag:{tag}" for brand in brands.values() for tag in hashtags_of(brand))
        else:
            names[name.casefold()] = None
    return list(names)[:MOST]


def hashtags_of(brand: Brand) -> list[str]:
    """The names of a brand as hashtags: in one word without accents, as Mastodon takes them to be the same."""
    tags = ("".join(char for char in fold(name) if char.isalnum() or char == "_") for name in brand.match.any)
    return [tag for tag in dict.fromkeys(tags) if tag and not tag.isdigit()]


def rewind(position: str) -> str:
    """An id of somewhat earlier, where ids hold the time in ms in all but their last 16 bits; else the same."""
    if len(position) < _SNOWFLAKE_DIGITS or not position.isdigit():
        return position
    return str(int(position) - (_OVERLAP << _SNOWFLAKE_SHIFT))


def _is_stream(cursor: str) -> bool:
    return cursor.startswith(("public", "hashtag:"))


def _newer(one: str | None, other: str) -> str:
    return other if one is None else max(one, other, key=order)
