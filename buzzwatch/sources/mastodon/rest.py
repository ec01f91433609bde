"""What is asked of an instance over HTTP: about itself, timelines, conversations, whether statuses still exist.

Sources: https://docs.joinmastodon.org/methods/timelines/ (`min_id` reads forward, at most 40 a page),
/api/guidelines/#pagination (a page may be shorter than was asked for and not the last), /api/rate-limits/ (300 requests
in five minutes; `X-RateLimit-Remaining`, `X-RateLimit-Reset`), /methods/statuses/#context, /methods/statuses/#index (20
ids at most, since 4.3). The token goes into the header alone, and to nobody whom the instance redirects to.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import aiohttp

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.sources.mastodon.wire import (
    UNREADABLE,
    About,
    Status,
    decode_about,
    decode_context,
    decode_page,
    order,
    read_id,
    read_status,
)
from buzzwatch.sources.outbound import TooLargeError, read_bounded

LARGEST_ANSWER = 8_000_000
"""Bytes, unpacked."""
A_PAGE = 40
A_CHUNK = 20
LOOK_UPS, LOOK_UP_SPAN = 30, 5 * MINUTE
"""So many conversations are asked for within such a time, a tenth of what an instance allows."""
_LONGEST_PAUSE: Span = 15 * MINUTE
"""Whatever an instance asks for: its limits are counted over five minutes."""
_PATIENCE = 3
"""How often a page is asked for again after a pause that the instance demanded."""
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_OK, _NOT_FOUND, _GONE, _TOO_MANY = 200, 404, 410, 429
_NO_SUCH = {_NOT_FOUND, _GONE}

_REFUSALS = {
    401: "refuses the token: make a new one with the scope read:statuses under Preferences, Development; replace it",
    403: "forbids us to read: the account is limited or suspended, or the token lacks the scope read:statuses",
    422: "wants the token of an account, not of an application alone: make one under Preferences, Development",
}


class WireError(Exception):
    """The instance does not give what was asked; the text is for people. `wait` is what it asked us to wait."""

    def __init__(self, why: str, ail: Ail = Ail.AWAY, wait: Span = 0, status: int = 0) -> None:
        super().__init__(why)
        self.ail = ail
        self.wait = wait
        self.status = status


class TooMuchError(WireError):
    """The answer is larger than we read."""


class Page(NamedTuple):
    """Statuses, the oldest first, and the id to go on from; None: nothing was there. `broken` were no statuses."""

    statuses: list[Status]
    newest: str | None
    broken: int = 0


class Rest:
    """Asks one instance."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str, clock: Clock) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._clock = clock
        self._not_before: Instant = 0
        self._looked_up: deque[Instant] = deque(maxlen=LOOK_UPS)
        self.host = urlsplit(url).netloc

    async def about(self) -> About:
        """The instance itself; nothing is known of one that does not tell. Raises `WireError`."""
        try:
            return decode_about(await self._get("/api/v2/instance"))
        except UNREADABLE:
            return About()
        except WireError as error:
            if error.status in _NO_SUCH:
                return About()
            raise

    def streaming(self, about: About) -> str:
        """Where streams are served; one that is asked over TLS cannot lead us to where there is none."""
        secure = self._url.startswith("https://")
        told = about.configuration.urls.streaming
        if told and told.startswith(("wss://",) if secure else ("ws://", "wss://")):
            return told.rstrip("/")
        return f"{'wss' if secure else 'ws'}://{self._url.partition('://')[2]}"

    async def page(self, stream: str, after: str | None, limit: int = A_PAGE) -> Page:
        """What a timeline holds right after an id; None: its newest. Waits where the instance asks for it.

        Raises:
            TooMuchError: a single status is larger than we read.
            WireError: nothing else came.
        """
        path, asked = _timeline(stream)
        asked["limit"] = str(limit)
        if after is not None:
            asked["min_id"] = after
        for _ in range(_PATIENCE):
            await self._clock.wait_until(self._not_before)
            try:
                return self._read_page(await self._get(path, asked))
            except TooMuchError:
                if limit == 1:
                    raise
                return await self.page(stream, after, max(1, limit // 8))
            except WireError as error:
                if error.status in _NO_SUCH:  # nobody has used that hashtag yet
                    return Page([], None)
                if error.status != _TOO_MANY:
                    raise
        raise WireError(f"{self.host} lets us ask too seldom", wait=max(0, self._not_before - self._clock.now()))

    async def ancestors(self, local: str) -> list[Status] | None:
        """Those before a status in its conversation, from the root on; None if that cannot be had now."""
        now = self._clock.now()
        if now < self._not_before or (len(self._looked_up) == LOOK_UPS and now - self._looked_up[0] < LOOK_UP_SPAN):
            return None
        self._looked_up.append(now)
        try:
            raws = decode_context(await self._get(f"/api/v1/statuses/{local}/context")).ancestors
        except (WireError, *UNREADABLE):
            return None
        read = [read_status(raw) for raw in raws]
        return [status for status in read if status is not None] if None not in read[:1] + read[-1:] else None

    async def again(self, locals_: Sequence[str]) -> tuple[list[Status], list[str]]:
        """Of `A_CHUNK` statuses at most, those that are there, and the ids of those that are gone."""
        await self._clock.wait_until(self._not_before)
        try:
            raws = decode_page(await self._get("/api/v1/statuses", {"id[]": list(locals_)}))
        except (WireError, *UNREADABLE):  # older than 4.3, or another program
            return [], []
        there = {read_id(raw) for raw in raws}
        gone = [local for local in locals_ if local not in there and await self._is_gone(local)]
        return [status for raw in raws if (status := read_status(raw))], gone

    async def _is_gone(self, local: str) -> bool:
        await self._clock.wait_until(self._not_before)
        try:
            await self._get(f"/api/v1/statuses/{local}")
        except WireError as error:
            return error.status in _NO_SUCH
        return False

    def _read_page(self, body: bytes) -> Page:
        try:
            raws = decode_page(body)
        except UNREADABLE:
            raise WireError(f"{self.host} answers with what is no timeline") from None
        read = [read_status(raw) for raw in raws]
        ids = [local for raw in raws if (local := read_id(raw)) is not None]
        statuses = sorted((status for status in read if status is not None), key=lambda status: order(status.id))
        return Page(statuses, max(ids, key=order, default=None), read.count(None))

    async def _get(self, path: str, asked: dict[str, str] | dict[str, list[str]] | None = None) -> bytes:
        """The body of a good answer. Raises `WireError`."""
        try:
            async with self._session.get(
                self._url + path,
                params=_spread(asked or {}),
                headers=self._headers,
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as answer:
                self._note_limits(answer)
                if answer.status != _OK:
                    raise self.explain(answer.status, answer.headers.get("Location", ""))
                return await read_bounded(answer, LARGEST_ANSWER)
        except TooLargeError as error:
            raise TooMuchError(f"{self.host}: {error}") from None
        except aiohttp.ClientError as error:
            raise WireError(f"{self.host}: {failure(error)}") from None
        except TimeoutError:
            raise WireError(f"{self.host} does not answer") from None

    def explain(self, status: int, location: str = "") -> WireError:
        """What an answer that is none means, and what to do about it."""
        if status in _REFUSALS:
            return WireError(f"{self.host} {_REFUSALS[status]}", Ail.REFUSED, status=status)
        if status == _TOO_MANY:
            wait = max(SECOND, self._not_before - self._clock.now())
            return WireError(f"{self.host} lets us ask too seldom", wait=wait, status=status)
        if location:
            host = urlsplit(location).netloc or "another address"
            return WireError(f"{self.host} sends us on to {host[:100]}: write that under `url`", status=status)
        return WireError(f"{self.host} answers {status}", status=status)

    def _note_limits(self, answer: aiohttp.ClientResponse) -> None:
        """Ask nothing before the instance will listen: by how much it says, as its clock may not be ours."""
        if answer.status != _TOO_MANY and answer.headers.get("X-RateLimit-Remaining") != "0":
            return
        wait = _seconds(answer.headers.get("Retry-After", ""))
        if wait is None:
            wait = _until(answer.headers.get("X-RateLimit-Reset", ""), answer.headers.get("Date", ""))
        if wait is None:
            wait = MINUTE
        self._not_before = max(self._not_before, self._clock.now() + min(max(wait, SECOND), _LONGEST_PAUSE))


def failure(error: BaseException) -> str:
    """What went wrong on the way, without what was sent: its headers bear the token."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, aiohttp.ClientResponseError):
        return f"{type(cause).__name__} {cause.status}"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    return str(cause)[:300] or type(cause).__name__


def _timeline(stream: str) -> tuple[str, dict[str, str]]:
    kind, _, which = stream.partition(":")
    if kind == "hashtag":
        return f"/api/v1/timelines/tag/{quote(which, safe='')}", {}
    return "/api/v1/timelines/public", {which: "true"} if which else {}


def _spread(asked: dict[str, str] | dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, each) for key, value in asked.items() for each in ([value] if isinstance(value, str) else value)]


def _seconds(text: str) -> Span | None:
    return int(text) * SECOND if text.isascii() and text.isdigit() and len(text) < 7 else None  # noqa: PLR2004 - days


def _until(reset: str, date: str) -> Span | None:
    """From the instance's now to the instant that it names."""
    try:
        return int((datetime.fromisoformat(reset) - parsedate_to_datetime(date)).total_seconds() * SECOND)
    except (ValueError, TypeError):
        return None
