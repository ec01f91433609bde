"""Slots in the order in which they were put there: a linked list in two flat arrays."""

from array import array
from collections.abc import Mapping
from typing import Any


class Chain:
    """First in, first out, and any slot can leave from between. A slot stands in it once at most; -1 is none."""

    __slots__ = ("_newer", "_older", "newest", "oldest")

    def __init__(self) -> None:
        self._older = array("i")
        self._newer = array("i")
        self.oldest = self.newest = -1

    def make_room(self, slots: int) -> None:
        """For so many more slots."""
        self._older.frombytes(bytes(slots * self._older.itemsize))
        self._newer.frombytes(bytes(slots * self._newer.itemsize))

    def append(self, slot: int) -> None:
        """Put a slot, which is not in it, last."""
        self._older[slot], self._newer[slot] = self.newest, -1
        if self.newest >= 0:
            self._newer[self.newest] = slot
        else:
            self.oldest = slot
        self.newest = slot

    def remove(self, slot: int) -> None:
        """Take out a slot, which is in it."""
        older, newer = self._older[slot], self._newer[slot]
        if older >= 0:
            self._newer[older] = newer
        else:
            self.oldest = newer
        if newer >= 0:
            self._older[newer] = older
        else:
            self.newest = older

    def dump(self, used: int) -> dict[str, Any]:
        """As builtins and bytes; only the first `used` slots were ever in it."""
        return {
            "older": memoryview(self._older)[:used].tobytes(),
            "newer": memoryview(self._newer)[:used].tobytes(),
            "oldest": self.oldest,
            "newest": self.newest,
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Chain":
        """What `dump` gave, alive again."""
        chain = cls()
        chain._older.frombytes(dumped["older"])
        chain._newer.frombytes(dumped["newer"])
        chain.oldest, chain.newest = dumped["oldest"], dumped["newest"]
        return chain
