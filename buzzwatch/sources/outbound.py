"""Connections to addresses that people have written, or that the other side redirects to.

A name that leads to this machine, its network or a cloud's metadata service is refused, however it came about: written,
looked up or redirected to. What the person who runs us wrote as such an address, or listed under `allow`, is meant.

Looked at is the address that a socket is opened to, so that a name that leads elsewhere at the next look gains nothing.
Behind a proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) it is the proxy that looks names up: then addresses written as
numbers and `localhost` are refused here, and names are for the proxy to refuse. A network's own NAT64 prefix cannot be
told from any other; the well-known one can (RFC 6052).

Of the environment the proxies are taken alone, see `buzzwatch.proxies`: what `~/.netrc` holds would be sent to whoever
a feed redirects to.
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp import (
    AddrInfoType,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)
from aiohttp.abc import AbstractResolver, ResolveResult

from buzzwatch import proxies

MOST_REDIRECTS = 5
"""For `max_redirects` of a request; of itself the library follows ten."""

_TIMEOUT = ClientTimeout(total=None, sock_connect=15, sock_read=60)
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""What the library takes for public: IETF protocol assignments, Oracle's metadata among them (RFC 6890), and Azure's
(https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16)."""
_REMEDY = "if it is meant, list it under `allow` of this source"


class ForbiddenAddressError(OSError):
    """The address is not one for us to ask; the text says which and how to allow it."""


class TooLargeError(ClientError):
    """A body is larger than we read."""


def open_session(allow: Iterable[str], headers: Mapping[str, str] | None = None) -> ClientSession:
    """A session that reaches public addresses, and the hosts in `allow`; to be closed. It keeps no cookies.

    `allow` holds names and IP addresses, each for every port or as host:port: see `meant`. WebSockets are under the
    same guard. The session raises `aiohttp.ClientConnectorError`, whose `os_error` is a `ForbiddenAddressError`, on all
    others. Read bodies with `read_bounded`; `headers` go to whoever a request is redirected to.
    """
    guard = _Guard(allow)
    return ClientSession(
        connector=TCPConnector(resolver=guard, socket_factory=guard.open_socket),
        middlewares=(guard.check, proxies.go_through),
        headers=headers,
        timeout=_TIMEOUT,
        cookie_jar=DummyCookieJar(),
    )


def meant(addresses: Iterable[str], allow: Iterable[str] = ()) -> frozenset[str]:
    """What to give as `allow`: all that is listed there, and host:port of `addresses` written as numbers or localhost.

    `addresses` are URLs from the configuration, never from outside. A name in them that leads to a private address is
    not meant until it is listed.
    """
    hosts = set(allow)
    for address in addresses:
        host, port = _place(address)
        if port and (_number(host) or _is_here(host)):
            hosts.add(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return frozenset(hosts)


async def read_bounded(response: ClientResponse, limit: int) -> bytes:
    """The body, inflated where it came deflated, of at most `limit` bytes.

    The library inflates piece by piece, so that of a bomb no more than a piece beyond the limit is ever in memory.

    Raises:
        TooLargeError: there is more; the connection is closed.
        aiohttp.ClientPayloadError: the body is broken or cut off.
    """
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            response.close()
            raise TooLargeError(f"the body is over {limit} bytes once inflated")
    return bytes(body)


def is_public(host: str) -> bool:
    """Whether an IP address belongs to the whole world, and is nobody's metadata service."""
    return _is_public(ip_address(host.partition("%")[0]))


class _Guard(AbstractResolver):
    """Lets a request through to what is public or meant, and to the proxies of the environment."""

    def __init__(self, allow: Iterable[str]) -> None:
        listed = [_listed(host) for host in allow]
        self._everywhere = {host for host, port in listed if not port}
        self._at_port = {(host, port) for host, port in listed if port}
        self._at_port |= {_place(str(proxy)) for proxy in proxies.proxies()}
        self._looked_up: set[tuple[str, int]] = set()
        self._resolver = ThreadedResolver()

    async def check(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """The first gate, of each request and redirect: what a proxy would reach for us."""
        host, port = _bare(request.url.host or ""), request.url.port or 0
        number = _number(host)
        private = not _is_public(number) if number else _is_here(host)
        if private and not self._is_meant(str(number or host), port) and not self._is_meant(host, port):
            refused = ForbiddenAddressError(f"{host} is not public: {_REMEDY}")
            raise ClientConnectorError(request.connection_key, refused)
        return await handler(request)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The second gate: look a name up. Of several addresses those that are not public are left out."""
        found = await self._resolver.resolve(host, port, family)
        if self._is_meant(_bare(host), port):
            self._looked_up.update((each["host"], port) for each in found)
            return found
        right = [each for each in found if is_public(each["host"]) or self._is_meant(each["host"], port)]
        if found and not right:
            raise ForbiddenAddressError(f"{host} leads to {found[0]['host']}, which is not public: {_REMEDY}")
        return right

    def open_socket(self, address: AddrInfoType) -> socket.socket:
        """The last gate, which addresses written as numbers pass too."""
        family, kind, protocol, _, place = address
        host, port = str(place[0]), int(place[1])
        if not is_public(host) and not self._is_meant(host, port) and (host, port) not in self._looked_up:
            raise ForbiddenAddressError(f"{host} is not public: {_REMEDY}")
        return socket.socket(family=family, type=kind, proto=protocol)

    async def close(self) -> None:
        """Let go."""
        await self._resolver.close()

    def _is_meant(self, host: str, port: int) -> bool:
        return host in self._everywhere or (host, port) in self._at_port


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    within = list(_within(address))
    if within:
        return all(map(_is_public, within))
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    listed = any(address in network for network in _NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not listed


def _within(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, in every spelling that the system's resolver takes for a number: 0x7f.1 too."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host[:1].isdecimal() else None
    except OSError:
        return None


def _is_here(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _place(address: str) -> tuple[str, int]:
    """Host and port of a URL; port 0: none can be read."""
    try:
        parts = urlsplit(address)
        return _bare(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return "", 0


def _listed(written: str) -> tuple[str, int]:
    """Host and port of an entry of `allow`; port 0: every one."""
    host, colon, port = written.rpartition(":")
    with_port = colon and port.isdecimal() and (":" not in host or host.startswith("["))
    return (_bare(host), int(port)) if with_port else (_bare(written), 0)


def _bare(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")
