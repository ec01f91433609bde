"""Distinct authors of each conversation, in little memory: one number, a tuple while few, then a hash table."""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

_FEW = 16
_MOST = 5_000
_PROBES = 64
_GOLDEN = 2_654_435_769  # 2**32 over the golden ratio: spreads keys that share their low bits


class Authors:
    """Sets of 32-bit keys, never 0, by slot; slots are numbered from 0 in the order in which they are added."""

    __slots__ = ("_few", "_first", "_many")

    def __init__(self) -> None:
        self._first = array("I")  # 0: nobody yet
        self._few: dict[int, tuple[int, ...]] = {}  # the others
        # The first item of a table is the number of all keys, the rest holds them by place, 0 = free.
        self._many: dict[int, array[int]] = {}

    def add_slot(self) -> None:
        """One more, empty."""
        self._first.append(0)

    def clear(self, slot: int) -> None:
        """Forget the authors of a slot."""
        self._first[slot] = 0
        self._few.pop(slot, None)
        self._many.pop(slot, None)

    def admit(self, slot: int, key: int) -> bool:
        """Put a key among the authors of a slot; True if it is new.

        Beyond 5,000, or where somebody made keys collide, it is taken for known: only minima are ever asked.
        """
        first = self._first[slot]
        if key == first:
            return False
        if not first:
            self._first[slot] = key
            return True
        table = self._many.get(slot)
        if table is None:
            few = self._few.get(slot, ())
            if key in few:
                return False
            if len(few) < _FEW:
                self._few[slot] = (*few, key)
                return True
            del self._few[slot]
            table = self._many[slot] = _table((first, *few), 64)
        if not _place(table, key):
            return False
        if 2 * table[0] >= len(table) - 1:
            self._many[slot] = _table((kept for kept in table[1:] if kept), 2 * (len(table) - 1))
        return True

    def count(self, slot: int) -> int:
        """How many."""
        if slot in self._many:
            return self._many[slot][0]
        return len(self._few.get(slot, ())) + (self._first[slot] > 0)

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins and bytes that share nothing that can change with this object."""
        return {
            "first": self._first.tobytes(),
            "few": list(self._few.items()),
            "many": [(slot, table.tobytes()) for slot, table in self._many.items()],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Authors":
        """What `dump` gave, alive again."""
        authors = cls()
        authors._first.frombytes(dumped["first"])
        authors._few = {slot: tuple(few) for slot, few in dumped["few"]}
        authors._many = {slot: array("I", table) for slot, table in dumped["many"]}
        return authors


def _table(keys: Iterable[int], size: int) -> "array[int]":
    table = array("I", bytes(4 * (size + 1)))
    for key in keys:
        _place(table, key)
    return table


def _place(table: "array[int]", key: int) -> bool:
    """Put a key where it belongs; False if it is there already, or there is no room."""
    size = len(table) - 1
    start = (key * _GOLDEN & 0xFFFF_FFFF) * size >> 32
    for step in range(_PROBES):
        at = (start + step) % size + 1
        if table[at] == key:
            return False
        if not table[at]:
            if table[0] >= _MOST:
                return False
            table[at] = key
            table[0] += 1
            return True
    return False
