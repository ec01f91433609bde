"""How many different people spoke: exact while they are few, about right when they are many, the same in any order."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

_KEPT = 256
_ALL = 1 << 32
_SCATTER = 2_654_435_761
"""Odd, so that every 32-bit key has a place of its own, and near to the golden ratio, so that places are even."""


class Distinct:
    """Different 32-bit keys, by the 256 of them whose places are lowest: those are so in whatever order they came.

    From 256 on the number is an estimate, off by 6 % as a rule (k minimum values; Bar-Yossef et al. 2002).
    """

    __slots__ = ("_places",)

    def __init__(self, places: Iterable[int] = ()) -> None:
        self._places = array("I", places)  # ascending: small, and a dump is a copy

    def add(self, key: int) -> None:
        """Take one into account."""
        place, places = key * _SCATTER % _ALL, self._places
        at = bisect_left(places, place)
        if at == _KEPT or (at < len(places) and places[at] == place):
            return
        places.insert(at, place)
        if len(places) > _KEPT:
            places.pop()

    @property
    def number(self) -> int:
        """How many there are."""
        if len(self._places) < _KEPT:
            return len(self._places)
        return (_KEPT - 1) * _ALL // (self._places[-1] + 1)

    def dump(self) -> bytes:
        """The kept places; `load` gives what answers the same."""
        return self._places.tobytes()

    @classmethod
    def load(cls, dumped: bytes) -> "Distinct":
        """What `dump` gave, alive again."""
        return cls(array("I", dumped))


def count_together(dumped: Iterable[bytes]) -> int:
    """How many different keys there are in all of these dumps."""
    return Distinct(sorted({place for each in dumped for place in array("I", each)})[:_KEPT]).number


def place_of(key: int) -> int:
    """Where a key stands among all keys."""
    return key * _SCATTER % _ALL


def key_at(place: int) -> int:
    """The key that stands there."""
    return place * pow(_SCATTER, -1, _ALL) % _ALL


def rekey_places(dumped: bytes, keys: Mapping[int, int]) -> bytes:
    """What `Distinct.dump` gave, with other keys for some, each standing where the old one did among the others."""
    places = array("I", dumped)
    moved = {place_of(old): place_of(new) for old, new in keys.items()}
    if moved.keys().isdisjoint(places):
        return dumped
    return array("I", sorted(moved.get(place, place) for place in places)).tobytes()


class Voices:
    """Different authors, but no more of them than there are different texts: copies of one text are one voice."""

    __slots__ = ("_authors", "_texts")

    def __init__(self) -> None:
        self._authors, self._texts = Distinct(), Distinct()

    def add(self, author: int, copy: int) -> None:
        """Count a mention by its author and its text; by somebody unknown it is nobody's voice."""
        if author:
            self._authors.add(author)
            self._texts.add(copy or author)

    @property
    def number(self) -> int:
        """How many there are."""
        return min(self._authors.number, self._texts.number)

    @property
    def authors(self) -> bytes:
        """Who spoke, for `count_together`."""
        return self._authors.dump()

    def dump(self) -> tuple[bytes, bytes]:
        """Everything, as bytes."""
        return self._authors.dump(), self._texts.dump()

    @classmethod
    def load(cls, dumped: Sequence[bytes]) -> "Voices":
        """What `dump` gave, alive again."""
        voices = cls()
        voices._authors, voices._texts = map(Distinct.load, dumped)
        return voices
