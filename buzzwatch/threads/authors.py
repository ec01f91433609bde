"""Distinct authors of each conversation, in little memory: one number, then a hash table."""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

_FIRST_SIZE = 8  # a power of two, as all sizes
_MOST = 5_000
_PROBES = 64


class Authors:
    """Sets of 32-bit keys, never 0, by slot; slots are numbered from 0 in the order in which they are added.

    Keys are hashes already: their low bits say where they are looked for first.
    """

    __slots__ = ("_first", "_tables")

    def __init__(self) -> None:
        self._first = array("I")  # 0: nobody yet
        self._tables: dict[int, array[int]] = {}
        """Of those with two or more: all keys by place, 0 = free, and after them how many there are."""

    def make_room(self, slots: int) -> None:
        """For so many more slots, empty."""
        self._first.frombytes(bytes(slots * self._first.itemsize))

    def clear(self, slot: int) -> None:
        """Forget the authors of a slot."""
        self._first[slot] = 0
        self._tables.pop(slot, None)

    def admit(self, slot: int, key: int) -> bool:
        """Put a key among the authors of a slot; True if it is new.

        Beyond 5,000, or where somebody made keys collide, it is taken for known: only minima are ever asked.
        """
        table = self._tables.get(slot)
        if table is None:
            first = self._first[slot]
            if key == first:
                return False
            if not first:
                self._first[slot] = key
                return True
            table = self._tables[slot] = _table((first,), _FIRST_SIZE)
        mask = len(table) - 2
        at, probes = key & mask, _PROBES
        held = table[at]
        while held:
            probes -= 1
            if held == key or not probes:
                return False
            at = (at + 1) & mask
            held = table[at]
        count = table[-1] + 1
        if count > _MOST:
            return False
        table[at], table[-1] = key, count
        if 2 * count > mask:
            self._tables[slot] = _table(table[:-1], 4 * (mask + 1))
        return True

    def count(self, slot: int) -> int:
        """How many."""
        table = self._tables.get(slot)
        return int(self._first[slot] > 0) if table is None else table[-1]

    def dump(self, used: int) -> dict[str, Any]:
        """As builtins and bytes that share nothing with this object; only the first `used` slots ever had authors."""
        return {
            "first": memoryview(self._first)[:used].tobytes(),
            "tables": [(slot, table.tobytes()) for slot, table in self._tables.items()],
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Authors":
        """What `dump` gave, alive again."""
        authors = cls()
        authors._first.frombytes(dumped["first"])
        authors._tables = {slot: array("I", table) for slot, table in dumped["tables"]}
        return authors


def rekey_authors(dumped: Mapping[str, Any], keys: Mapping[int, int]) -> dict[str, Any]:
    """What `Authors.dump` gave, with other keys for some; they are none of the others."""
    first = array("I", dumped["first"])
    tables = [(slot, array("I", table)) for slot, table in dumped["tables"]]
    return {
        "first": array("I", (keys.get(key, key) for key in first)).tobytes(),
        "tables": [(slot, _rekeyed(table, keys).tobytes()) for slot, table in tables],
    }


def _rekeyed(table: "array[int]", keys: Mapping[int, int]) -> "array[int]":
    held = table[:-1]
    if keys.keys().isdisjoint(held):
        return table
    return _table((keys.get(key, key) for key in held), len(held))


def _table(keys: Iterable[int], size: int) -> "array[int]":
    """Distinct keys by place, and how many they are; 0 is none."""
    table = array("I", bytes(4 * (size + 1)))
    for key in keys:
        if key:
            at = key & (size - 1)
            while table[at]:
                at = (at + 1) & (size - 1)
            table[at] = key
            table[-1] += 1
    return table
