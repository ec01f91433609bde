"""Who wrote it: followers, handle and name, from Bluesky's public API.

`app.bsky.actor.getProfiles` takes up to 25 accounts and needs no account of ours (docs.bsky.app, API reference). The
documented limit of Bluesky's hosts is 3,000 requests in five minutes from one address, told by `RateLimit-Reset` and
429 (docs.bsky.app, Rate Limits); we take a third of it.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import msgspec
from aiohttp import ClientError, ClientSession
from msgspec import Struct

from buzzwatch.clock import Clock
from buzzwatch.model.instant import DAY, MINUTE, SECOND, Instant, Span
from buzzwatch.model.mention import Author
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.outbound import MOST_REDIRECTS, read_bounded

PUBLIC_API = "https://public.api.bsky.app"
A_REQUEST = 25
AT_ONCE = 100
"""Accounts asked about for one batch of mentions; the others go without."""
PATIENCE_S = 1.0
"""How long mentions wait for their authors."""
MOST_REQUESTS, IN = 1_000, 5 * MINUTE
MOST_KEPT = 50_000
KEPT: Span = DAY
_LARGEST_ANSWER = 2_000_000
_LONGEST_REST: Span = 15 * MINUTE


class _Profile(Struct):
    did: str
    handle: str | None = None
    displayName: str | None = None  # noqa: N815 - as the wire has it
    followersCount: int | None = None  # noqa: N815


class _Answer(Struct):
    profiles: list[_Profile]


class _RefusedError(Exception):
    def __init__(self, rest: Span) -> None:
        self.rest = rest


class Profiles:
    """Knows accounts for a day, and asks for those that it does not know; what fails is asked again later."""

    def __init__(self, session: ClientSession, clock: Clock, api: str = PUBLIC_API) -> None:
        self._session = session
        self._clock = clock
        self._api = api
        self._known: OrderedDict[str, tuple[Instant, Author]] = OrderedDict()
        self._backoff = Backoff(first=10 * SECOND, longest=10 * MINUTE)
        self._rest_until: Instant = 0
        self._period, self._requests = 0, 0

    def author(self, did: str) -> Author:
        """What is known of an account."""
        found = self._known.get(did)
        return found[1] if found else Author(id=did)

    def forget(self, did: str) -> None:
        """Its handle may be another now."""
        self._known.pop(did, None)

    async def ask(self, dids: Iterable[str]) -> None:
        """Learn of accounts, for a second at most; never raises for what the other side does."""
        now = self._clock.now()
        unknown = [did for did in dict.fromkeys(dids) if self._is_old(did, now)][:AT_ONCE]
        if not unknown or now < self._rest_until:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                for start in range(0, len(unknown), A_REQUEST):
                    if not self._may_ask(now):
                        return
                    self._learn(unknown[start : start + A_REQUEST], await self._request(unknown[start:][:A_REQUEST]))
        except _RefusedError as refused:
            self._rest_until = now + self._backoff.fail(at_least=refused.rest)
        except (ClientError, OSError, ValueError, RecursionError):
            self._rest_until = now + self._backoff.fail()
        else:
            self._backoff.succeed()

    def _is_old(self, did: str, now: Instant) -> bool:
        found = self._known.get(did)
        return found is None or now - found[0] >= KEPT

    def _may_ask(self, now: Instant) -> bool:
        if self._period != now // IN:
            self._period, self._requests = now // IN, 0
        self._requests += 1
        return self._requests <= MOST_REQUESTS

    async def _request(self, dids: list[str]) -> list[_Profile]:
        query = urlencode([("actors", did) for did in dids])
        url = f"{self._api}/xrpc/app.bsky.actor.getProfiles?{query}"
        async with self._session.get(url, max_redirects=MOST_REDIRECTS) as answer:
            if answer.status != 200:  # noqa: PLR2004 - HTTP
                raise _RefusedError(rest_asked(answer.headers, self._clock.now()))
            body = await read_bounded(answer, _LARGEST_ANSWER)
        return msgspec.json.decode(body, type=_Answer).profiles

    def _learn(self, asked: list[str], found: list[_Profile]) -> None:
        """Those that the answer leaves out are nobody's: suspended, deleted."""
        now, named = self._clock.now(), {profile.did: profile for profile in found}
        for did in asked:
            self._known[did] = now, _author(did, named.get(did))
            self._known.move_to_end(did)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)


def rest_asked(headers: Mapping[str, str], now: Instant) -> Span:
    """How long the other side asks us to wait: `Retry-After` in seconds, or `RateLimit-Reset` as a Unix time."""
    waits = (
        _seconds(headers.get("Retry-After")),
        _seconds(headers.get("RateLimit-Reset")) - now / SECOND if "RateLimit-Reset" in headers else 0,
    )
    return min(_LONGEST_REST, max(0, math.ceil(max(waits)) * SECOND))


def _seconds(written: str | None) -> float:
    try:
        seconds = float(written or 0)
    except ValueError:
        return 0
    return seconds if math.isfinite(seconds) else 0


def _author(did: str, profile: _Profile | None) -> Author:
    if profile is None:
        return Author(id=did)
    handle = profile.handle if profile.handle and profile.handle != "handle.invalid" else None
    return Author(
        id=did,
        handle=f"@{handle}" if handle else None,
        name=profile.displayName or None,
        followers=profile.followersCount,
    )
