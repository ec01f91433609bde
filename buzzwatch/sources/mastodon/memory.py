"""Which status is which: what the ids of an instance stand for, by which it names parents and what was deleted."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from buzzwatch.sources.mastodon.wire import order

HEARD = 20_000
"""Statuses that are remembered while we run, so that replies find their parents: some 8 MB at most."""
HANDED = 5_000
"""Mentions that are remembered from start to start, so that a deletion or an edit finds them."""
_PREFIX = "status:"


class Place(Struct, frozen=True, gc=False):
    """A status's `uri` and that of the root of its conversation.

    `version` is when it was last edited, "" for never; None: it was but referred to, and not looked at yet.
    """

    uri: str
    root: str
    version: str | None = None


class Memory:
    """Bounded: the oldest are forgotten first. What was handed over is kept with the cursors of the source."""

    def __init__(self, cursors: Mapping[str, str]) -> None:
        self._heard: OrderedDict[str, Place] = OrderedDict()
        self._handed: OrderedDict[str, Place] = OrderedDict()
        kept = {name.removeprefix(_PREFIX): uris for name, uris in cursors.items() if name.startswith(_PREFIX)}
        for local in sorted(kept, key=order):
            uri, _, root = kept[local].partition(" ")
            self._handed[local] = Place(uri, root or uri)

    def find(self, local: str) -> Place | None:
        """What an id stands for, if that is still known."""
        return self._heard.get(local) or self._handed.get(local)

    def was_heard(self, local: str, version: str) -> bool:
        """Whether this very version of a status was looked at since we began."""
        known = self._heard.get(local)
        return known is not None and known.version == version

    def was_handed(self, local: str) -> bool:
        """Whether it became a mention."""
        return local in self._handed

    def was_handed_before(self, local: str) -> bool:
        """Whether it became a mention before we began, in which version nobody knows."""
        known = self._handed.get(local)
        return known is not None and known.version is None

    def hear(self, local: str, place: Place) -> None:
        """Remember a status; one that is but referred to leaves what is known of it."""
        if place.version is None and local in self._heard:
            return
        self._heard[local] = place
        self._heard.move_to_end(local)
        if len(self._heard) > HEARD:
            self._heard.popitem(last=False)

    def hand(self, local: str, place: Place) -> dict[str, str]:
        """Remember a mention; the cursors that say so, and those of which it takes the place."""
        moved = {f"{_PREFIX}{local}": place.uri if place.root == place.uri else f"{place.uri} {place.root}"}
        self._handed[local] = place
        if len(self._handed) > HANDED:
            moved[f"{_PREFIX}{self._handed.popitem(last=False)[0]}"] = ""
        return moved

    def forget(self, local: str) -> tuple[Place | None, dict[str, str]]:
        """A status that is gone: what it was, if it became a mention, and the cursors that say so."""
        self._heard.pop(local, None)
        place = self._handed.pop(local, None)
        return place, {f"{_PREFIX}{local}": ""} if place else {}

    def latest(self, count: int) -> Iterator[str]:
        """The ids of what became mentions last, the last first."""
        return (local for _, local in zip(range(count), reversed(self._handed), strict=False))
