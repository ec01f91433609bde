"""Through which proxy an address is reached: one answer for every library that we use.

The environment says it, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; of two spellings the one in small letters holds.
Each library reads that in its own way: aiohttp looks for `WSS_PROXY` where a WebSocket is opened, and knows no networks
under `NO_PROXY`; requests knows those of IPv4 alone; both take user and password from `~/.netrc`, which is for people's
own programs. So they are asked for nothing here, and told.

There is no standard; what is common is described in https://about.gitlab.com/blog/we-need-to-talk-no-proxy/
"""

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from aiohttp import (
    BasicAuth,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
)
from yarl import URL

_VARIABLES = {"http": "http_proxy", "ws": "http_proxy", "https": "https_proxy", "wss": "https_proxy"}
_NONE = "no_proxy"
_TIMEOUT = ClientTimeout(total=300, sock_connect=30)


class ProxyRefusesError(ClientHttpProxyError):
    """The proxy, and not who is behind it, answered; the text is for people."""

    def __str__(self) -> str:
        place = self.request_info.real_url.with_user(None)
        return f"the proxy {place} answered {self.status} {self.message}; check HTTPS_PROXY, its user and password"


def proxy_for(url: URL, environment: Mapping[str, str] = os.environ) -> URL | None:
    """The proxy, with user and password where it has them; None where the address is reached without one."""
    variable = _VARIABLES.get(url.scheme)
    proxy = _proxy(_read(environment, variable)) if variable else None
    return None if proxy is None or _is_excepted(url, _read(environment, _NONE)) else proxy


def proxies(environment: Mapping[str, str] = os.environ) -> list[URL]:
    """All that are set, without user and password."""
    found = (_proxy(_read(environment, variable)) for variable in sorted(set(_VARIABLES.values())))
    return [proxy.with_user(None) for proxy in found if proxy is not None]


def unusable(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that name what is no proxy of HTTP, and so are not obeyed."""
    return [
        variable.upper()
        for variable in sorted(set(_VARIABLES.values()))
        if _read(environment, variable) and _proxy(_read(environment, variable)) is None
    ]


def open_session(timeout: ClientTimeout = _TIMEOUT) -> ClientSession:
    """A session to addresses that the person who runs us wrote; to be closed."""
    return ClientSession(middlewares=(go_through,), timeout=timeout)


async def go_through(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """A middleware of sessions, WebSockets among them: send a request through the proxy that is its."""
    proxy = proxy_for(request.url)
    if proxy is not None:
        auth = BasicAuth(proxy.user, proxy.password or "", "utf-8") if proxy.user else None
        request.update_proxy(proxy.with_user(None), auth, None)
    try:
        return await handler(request)
    except ClientHttpProxyError as error:
        raise ProxyRefusesError(error.request_info, error.history, status=error.status, message=error.message) from None


def _read(environment: Mapping[str, str], variable: str) -> str:
    return (environment.get(variable) or environment.get(variable.upper(), "")).strip()


def _proxy(written: str) -> URL | None:
    """None: nothing is written, or what neither library speaks to."""
    if not written:
        return None
    try:
        proxy = URL(written if "://" in written else f"http://{written}")
    except ValueError:
        return None
    return proxy if proxy.scheme == "http" and proxy.host and proxy.port else None


def _is_excepted(url: URL, written: str) -> bool:
    host = (url.host or "").lower().rstrip(".")
    return any(_covers(entry, host) for entry, port in _entries(written) if port in {0, url.port})


def _entries(written: str) -> Iterator[tuple[str, int]]:
    """Hosts and networks under NO_PROXY, each with its port; 0: every one."""
    for entry in re.split(r"[\s,]+", written.lower()):
        found = re.fullmatch(r"(\[[^\]]+\]|[^:]+):([0-9]{1,5})", entry)
        host, port = (found[1], int(found[2])) if found else (entry, 0)
        if host:
            yield host.strip("[]"), port


def _covers(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        domain = entry.removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(entry, strict=False)
    except ValueError:
        return False
