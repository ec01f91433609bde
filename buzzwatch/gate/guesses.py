"""Whoever tries codes that lead nowhere must wait, alone or in a crowd."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from aiohttp import web

MOST_MISSES = 10
"""Of one address in a minute."""
MOST_IN_ALL = 100
"""Of all addresses in a minute; beyond, an address that has missed once in that time is refused as well."""
REMEMBERED = 10_000
_MINUTE_S = 60.0


class Guesses:
    """Counts misses by address; who never missed is never refused. `clock` is in seconds.

    For strong secrets whoever was right is kept as a friend, and never refused either: so nobody who shares their
    address can lock them out by guessing. For short codes nobody is to be: a holder of one could guess the others.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._misses: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """By address: when its minute began, and its misses since; the latest to miss comes last."""
        self._in_all = (clock(), 0)
        self._friends: OrderedDict[str, None] = OrderedDict()
        """Who was right before; the latest comes last."""

    def is_friend(self, address: str) -> bool:
        """Whether it was right before."""
        return address in self._friends

    def befriend(self, address: str) -> None:
        """Note that an address showed a secret that nobody can guess."""
        self._friends[address] = None
        self._friends.move_to_end(address)
        if len(self._friends) > REMEMBERED:
            self._friends.popitem(last=False)

    def refuses(self, address: str) -> bool:
        """Whether an address must wait before it is answered."""
        if address in self._friends:
            return False
        misses = self._current(self._misses.get(address, (0.0, 0)))
        return misses >= MOST_MISSES or (misses > 0 and self._current(self._in_all) >= MOST_IN_ALL)

    def miss(self, address: str) -> None:
        """Note that an address asked for what is not there."""
        self._misses[address] = self._one_more(self._misses.get(address, (0.0, 0)))
        self._misses.move_to_end(address)
        if len(self._misses) > REMEMBERED:
            self._misses.popitem(last=False)
        self._in_all = self._one_more(self._in_all)

    def _current(self, counted: tuple[float, int]) -> int:
        return counted[1] if self._clock() - counted[0] < _MINUTE_S else 0

    def _one_more(self, counted: tuple[float, int]) -> tuple[float, int]:
        misses = self._current(counted)
        return (counted[0], misses + 1) if misses else (self._clock(), 1)


def address_of(request: web.Request, *, behind_proxy: bool = True) -> str:
    """Whose request it is; an IPv6 network counts as one. A proxy on a private address is believed about its client.

    Where there is no proxy nobody is: whoever knocks from nearby could else be somebody new each time.
    """
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() if behind_proxy else ""
    peer = request.remote or ""
    return _network(told if told and _is_near(peer) else peer)


def _is_near(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    # A socket for both protocols tells of IPv4 in this form, and all of IPv4 would be one network.
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
