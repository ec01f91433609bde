"""Connections to addresses that people have written, or that the other side redirects to.

A name that leads to this machine, its network or a cloud's metadata service is refused, however it came about: written,
looked up or redirected to. What was written as such an address, or is listed under `allow`, is meant.
"""

import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from aiohttp import AddrInfoType, ClientSession, ClientTimeout, TCPConnector, ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

_TIMEOUT = ClientTimeout(total=None, sock_connect=15, sock_read=60)


class ForbiddenAddressError(OSError):
    """The address is not one for us to ask; the text says which and how to allow it."""


def open_session(allow: Iterable[str], headers: Mapping[str, str] | None = None) -> ClientSession:
    """A session that reaches public addresses, and the hosts in `allow` (names or IP addresses); to be closed.

    It raises `aiohttp.ClientConnectorError`, whose `os_error` is a `ForbiddenAddressError`, on all others.
    """
    guard = _Guard(frozenset(host.lower() for host in allow))
    connector = TCPConnector(resolver=guard, socket_factory=guard.open_socket)
    return ClientSession(connector=connector, headers=headers, timeout=_TIMEOUT, trust_env=True)


class _Guard(AbstractResolver):
    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow
        self._resolver = ThreadedResolver()
        self._meant: set[str] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look a name up."""
        found = await self._resolver.resolve(host, port, family)
        if host.lower() in self._allow:
            self._meant.update(each["host"] for each in found)
            return found
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise ForbiddenAddressError(f"{host} leads to {found[0]['host']}, which is not public: {_REMEDY}")
        return public

    def open_socket(self, address: AddrInfoType) -> socket.socket:
        """The last gate, which addresses written as numbers pass too."""
        family, kind, protocol, _, place = address
        host = str(place[0])
        if host not in self._meant and host not in self._allow and not is_public(host):
            raise ForbiddenAddressError(f"{host} is not public: {_REMEDY}")
        return socket.socket(family=family, type=kind, proto=protocol)

    async def close(self) -> None:
        """Let go."""
        await self._resolver.close()


_REMEDY = "if it is meant, list it under `allow` of this source"


def is_public(host: str) -> bool:
    """Whether an IP address belongs to the whole world."""
    address = ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
