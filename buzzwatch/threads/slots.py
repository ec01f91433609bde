"""Which conversation lives in which slot: a chained hash table in flat arrays."""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

NONE = -1


class Slots:
    """Conversations, each of one brand, by a number below `capacity`; slots that become free are used again.

    A dict of as many costs seven times the memory: 31 bytes for the entry, 32 for the number in it, again as much while
    it grows. `brands` are keys of brands.
    """

    __slots__ = ("_free", "_heads", "_mask", "_next", "brands", "capacity", "threads")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.threads: list[str] = []
        self.brands = array("i")
        self._free: list[int] = []
        self._mask = (1 << (capacity - 1).bit_length()) - 1
        self._heads = array("i", [NONE]) * (self._mask + 1)  # the first slot of each chain
        self._next = array("i")  # the following one of each slot

    def __len__(self) -> int:
        return len(self.threads) - len(self._free)

    @property
    def used(self) -> int:
        """Slots that were ever taken: those from there on never were."""
        return len(self.threads)

    def find(self, thread: str, brand: int) -> int:
        """The slot of a conversation, NONE if it has none."""
        threads, brands = self.threads, self.brands
        slot = self._heads[hash(thread) & self._mask]
        while slot >= 0 and (brands[slot] != brand or threads[slot] != thread):
            slot = self._next[slot]
        return slot

    def find_all(self, thread: str) -> Iterator[int]:
        """The slots of a thread, one for each of its brands, in no order that means anything."""
        slot = self._heads[hash(thread) & self._mask]
        while slot >= 0:
            if self.threads[slot] == thread:
                yield slot
            slot = self._next[slot]

    def take(self, thread: str, brand: int) -> int:
        """A slot for a conversation that has none; there must be room."""
        if self._free:
            slot = self._free.pop()
            self.threads[slot], self.brands[slot] = thread, brand
        else:
            slot = len(self.threads)
            self.threads.append(thread)
            self.brands.append(brand)
            self._next.append(NONE)
        self._link(slot)
        return slot

    def release(self, slot: int) -> None:
        """Let another conversation have it."""
        place = hash(self.threads[slot]) & self._mask
        before, each = NONE, self._heads[place]
        while each != slot:
            before, each = each, self._next[each]
        if before == NONE:
            self._heads[place] = self._next[slot]
        else:
            self._next[before] = self._next[slot]
        self.threads[slot] = ""
        self._free.append(slot)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing with this object."""
        return {
            "capacity": self.capacity,
            "threads": self.threads.copy(),
            "brands": self.brands.tobytes(),
            "free": self._free.copy(),
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Slots":
        """What `dump` gave, alive again."""
        slots = cls(dumped["capacity"])
        slots.threads = list(dumped["threads"])
        slots.brands.frombytes(dumped["brands"])
        slots._free = list(dumped["free"])
        slots._next = array("i", [NONE]) * len(slots.threads)
        free = set(slots._free)
        for slot in range(len(slots.threads)):
            if slot not in free:
                slots._link(slot)
        return slots

    def _link(self, slot: int) -> None:
        place = hash(self.threads[slot]) & self._mask
        self._next[slot] = self._heads[place]
        self._heads[place] = slot
