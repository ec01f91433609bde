"""Distinct authors of one conversation, in little memory: a tuple while few, then a hash table in one array."""

from array import array
from typing import TypeAlias

Known: TypeAlias = "tuple[int, ...] | array[int]"
"""32-bit keys, never 0. In a table the first item is the number of keys, the rest holds them by place, 0 = free."""

_FEW = 16
_MOST = 5_000
_PROBES = 64
_GOLDEN = 2_654_435_769  # 2**32 over the golden ratio: spreads keys that share their low bits


def admit(shelf: list[Known], slot: int, key: int) -> bool:
    """Put a key among the authors of a slot; True if it is new.

    Beyond 5,000, or where somebody made keys collide, it is taken for known: only minima are ever asked.
    """
    known = shelf[slot]
    if isinstance(known, tuple):
        if key in known:
            return False
        if len(known) < _FEW:
            shelf[slot] = (*known, key)
            return True
        known = shelf[slot] = _table(known, 64)
    if not _place(known, key):
        return False
    if 2 * known[0] >= len(known) - 1:
        shelf[slot] = _table([kept for kept in known[1:] if kept], 2 * (len(known) - 1))
    return True


def count(known: Known) -> int:
    """How many."""
    return len(known) if isinstance(known, tuple) else known[0]


def _table(keys: "tuple[int, ...] | list[int]", size: int) -> "array[int]":
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
