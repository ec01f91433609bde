"""The endpoints of X that are asked, and what their refusals mean.

`GET /2/tweets/search/stream`, `GET` and `POST /2/tweets/search/stream/rules`, `GET /2/tweets/search/recent`, app-only
Bearer Token (docs.x.com, "Filtered Stream", "Update stream rules", "Pagination", "Response codes and errors", "Handling
disconnections"; read in November 2026). An answer to new rules may say in `errors` which of them were not made, beside
those that were.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import aiohttp
import msgspec
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from msgspec import Struct

from buzzwatch.clock import Clock
from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import HOUR, SECOND, Instant, Span, instant_of
from buzzwatch.sources.outbound import ForbiddenAddressError, TooLargeError, read_bounded
from buzzwatch.sources.x.wire import FIELDS, LINE, PAGE, Page, Problem

_STREAM = "/2/tweets/search/stream"
_RULES = "/2/tweets/search/stream/rules"
_SEARCH = "/2/tweets/search/recent"
_ANSWER = ClientTimeout(total=60, sock_connect=15)
_ENDLESS = ClientTimeout(total=None, sock_connect=15, sock_read=None)
_LARGEST_ANSWER = 8 * 1024 * 1024
_AT_ONCE = 100
"""Rules in one request."""
_SHOWN = 200
_OK, _CREATED, _BAD, _UNAUTHORIZED, _UNPAID, _FORBIDDEN, _MISSING, _CONFLICT = 200, 201, 400, 401, 402, 403, 404, 409
_RATED = frozenset({420, 429})
_SERVER_ERROR = 500
_TOO_MANY = "TooManyConnections"


class Pace(StrEnum):
    """How soon to try again: the classes of X's own guide."""

    NETWORK = "network"
    """250 ms more each time, up to 16 s."""
    SERVER = "server"
    """From 5 s, doubled each time, up to 320 s."""
    RATE = "rate"
    """From a minute, doubled each time, and not before the limit is lifted."""


class XError(Exception):
    """X is not heard; the text is for people. `hopeless`: a person must act. `lifted_at`: when a limit is."""

    def __init__(
        self, why: str, pace: Pace, *, hopeless: bool = False, ail: Ail = Ail.AWAY, lifted_at: Instant = 0
    ) -> None:
        super().__init__(why)
        self.pace = pace
        self.hopeless = hopeless
        self.ail = ail
        self._lifted_at = lifted_at

    def asked(self, now: Instant) -> Span:
        """How long X asks us to wait, an hour at most: its windows are shorter, and the clocks may differ."""
        return max(0, min(self._lifted_at - now, HOUR))


class Stored(Struct, frozen=True):
    """A rule that X has."""

    id: str
    value: str
    tag: str = ""


class _Next(Struct, frozen=True):
    next_token: str = ""


class _StoredRules(Struct, frozen=True):
    data: tuple[Stored, ...] = ()
    meta: _Next = _Next()


class Unmade(Struct, frozen=True):
    """A rule that X did not take, and why."""

    value: str = ""
    title: str = ""
    detail: str = ""
    details: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """For people."""
        return _shown("; ".join(self.details) or self.detail or self.title)


class _Made(Struct, frozen=True):
    errors: tuple[Unmade, ...] = ()


_STORED = msgspec.json.Decoder(_StoredRules)
_MADE = msgspec.json.Decoder(_Made)


class Api:
    """X, asked. Everything raises `XError`."""

    def __init__(self, session: ClientSession, url: str, clock: Clock) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._clock = clock
        self._dated: tuple[Instant, Span] | None = None
        """What its last answer was dated, and when that came."""

    def now(self) -> Instant:
        """The earlier of two times, ours and X's, which its ids go by: by one that is ahead posts would be passed over.

        X's is the date of its last answer and what has passed since.
        """
        ours = self._clock.now()
        if self._dated is None:
            return ours
        date, came = self._dated
        return min(ours, date + self._clock.elapsed() - came)

    @asynccontextmanager
    async def stream(self, backfill_minutes: int | None = None) -> AsyncIterator[aiohttp.StreamReader]:
        """The stream, once X has let us in."""
        more = {"backfill_minutes": str(backfill_minutes)} if backfill_minutes else {}
        plain = {"Accept-Encoding": "identity"}  # what is packed waits for more
        async with self._ask("GET", _STREAM, _ENDLESS, FIELDS | more, headers=plain) as response:
            if response.status != _OK:
                raise await _refusal(response)
            yield response.content

    async def rules(self) -> list[Stored]:
        """All rules that X has of this app, ours and others."""
        stored: list[Stored] = []
        token = ""
        while True:
            asked = {"pagination_token": token} if token else {}
            _, body = await self._answer("GET", _RULES, asked)
            page = _decoded(_STORED, body)
            stored += page.data
            token = page.meta.next_token
            if not token or not page.data:
                return stored

    async def add_rules(self, added: Sequence[Mapping[str, str]]) -> list[Unmade]:
        """Add rules of `value` and `tag`; those that X did not take. One that is there already counts as taken."""
        refused: list[Unmade] = []
        for start in range(0, len(added), _AT_ONCE):
            refused += await self._add(added[start : start + _AT_ONCE])
        return refused

    async def _add(self, added: Sequence[Mapping[str, str]]) -> list[Unmade]:
        status, body = await self._answer("POST", _RULES, json={"add": list(added)}, also={_BAD})
        made = _decoded(_MADE, body)
        if status != _BAD:
            return [each for each in made.errors if each.title != "DuplicateRule"]
        if len(added) == 1:  # one faulty rule must not cost the others
            error = made.errors[0] if made.errors else Unmade(title="Invalid Rule")
            return [Unmade(added[0]["value"], error.title, error.detail, error.details)]
        half = len(added) // 2
        return await self._add(added[:half]) + await self._add(added[half:])

    async def delete_rules(self, ids: Sequence[str]) -> None:
        """Take rules away."""
        for start in range(0, len(ids), _AT_ONCE):
            await self._answer("POST", _RULES, json={"delete": {"ids": list(ids[start : start + _AT_ONCE])}})

    async def search(self, query: str, since: int, until: int, size: int, token: str = "") -> Page:
        """A page of what was posted between two ids, both excluded, the newest first; `until` 0: until now."""
        asked = {"query": query, "since_id": str(since), "max_results": str(size)}
        asked |= {"until_id": str(until)} if until else {}
        _, body = await self._answer("GET", _SEARCH, FIELDS | asked | ({"next_token": token} if token else {}))
        page: Page = _decoded(PAGE, body)
        return page

    async def _answer(
        self,
        method: str,
        path: str,
        asked: Mapping[str, str] | None = None,
        *,
        json: object = None,
        also: Iterable[int] = (),
    ) -> tuple[int, bytes]:
        more = {} if json is None else {"json": json}
        async with self._ask(method, path, _ANSWER, asked, **more) as response:
            if response.status not in {_OK, _CREATED, *also}:
                raise await _refusal(response)
            return response.status, await _body(response)

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        path: str,
        limit: ClientTimeout,
        asked: Mapping[str, str] | None,
        **more: Any,  # noqa: ANN401 - as the session takes it
    ) -> AsyncIterator[ClientResponse]:
        try:
            async with self._session.request(
                method, f"{self._url}{path}", params=asked, timeout=limit, allow_redirects=False, **more
            ) as response:
                if (date := _date_of(response.headers)) is not None:
                    self._dated = date, self._clock.elapsed()
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            cause = getattr(error, "os_error", None)
            if isinstance(cause, ForbiddenAddressError):
                raise XError(str(cause), Pace.SERVER, hopeless=True, ail=Ail.REFUSED) from error
            said = f"{self._url}: {type(error).__name__}" if not str(error) else f"{self._url}: {error}"
            raise XError(said, Pace.NETWORK) from error


def explain(problem: Problem) -> XError:
    """What an error inside the stream means."""
    said = _shown(problem.detail or problem.title or problem.type)
    if problem.is_spent:
        return _spent(said)
    if problem.connection_issue == _TOO_MANY:
        return _connected_elsewhere(0)
    return XError(f"X has ended the stream: {said}", Pace.NETWORK)


async def _refusal(response: ClientResponse) -> XError:
    """What an answer means that is not the one asked for."""
    problem = await _problem(response)
    said = _shown(problem.detail or problem.title or response.reason or "")
    status = response.status
    if status == _UNPAID or problem.is_spent:
        return _spent(said)
    if status in _RATED:
        lifted_at = _lifted_at(response.headers)
        if problem.connection_issue == _TOO_MANY:
            return _connected_elsewhere(lifted_at)
        return XError(f"X asks us to wait ({status}): {said}", Pace.RATE, lifted_at=lifted_at)
    if status >= _SERVER_ERROR or status == _CONFLICT:
        return XError(f"X cannot answer ({status}): {said}", Pace.SERVER)
    remedy = {
        _UNAUTHORIZED: "X does not accept the token: make a new Bearer Token in the developer console",
        _FORBIDDEN: "X does not let this app in: check in the developer console that it belongs to a project, "
        "and what its plan allows",
        _MISSING: "nothing is there: check `url`",
    }.get(status, "X does not take what we ask")
    return XError(f"{remedy} ({status}{': ' if said else ''}{said})", Pace.SERVER, hopeless=True, ail=Ail.REFUSED)


def _spent(said: str) -> XError:
    why = (
        f"X delivers no more: what the account may read or has paid for is used up ({said}); see the developer console"
    )
    return XError(why, Pace.RATE, hopeless=True, ail=Ail.SPENT)


def _connected_elsewhere(lifted_at: Instant) -> XError:
    why = (
        "X says that this app is connected already: by another daemon, or by our last connection, of which X has not "
        "noticed the end"
    )
    return XError(why, Pace.SERVER, lifted_at=lifted_at)


async def _problem(response: ClientResponse) -> Problem:
    try:
        line = _decoded(LINE, await _body(response))
    except (XError, aiohttp.ClientError, TimeoutError, OSError):
        return Problem()
    return line.problem or Problem()


async def _body(response: ClientResponse) -> bytes:
    try:
        return await read_bounded(response, _LARGEST_ANSWER)
    except TooLargeError as error:
        raise XError(f"an answer of X: {error}", Pace.SERVER) from error


def _decoded(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:  # noqa: ANN401 - as the decoder makes it
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise XError(f"an answer of X makes no sense ({type(error).__name__})", Pace.SERVER) from error


def _date_of(headers: Mapping[str, str]) -> Instant | None:
    """When an answer was made (RFC 9110, 6.6.1), by whoever made it; None: nobody says."""
    try:
        said = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return instant_of(said if said.tzinfo else said.replace(tzinfo=UTC))


def _lifted_at(headers: Mapping[str, str]) -> Instant:
    """When there may be requests again; 0: it is not for too many requests that we were refused, or nobody knows."""
    header = headers.get("x-rate-limit-reset", "")
    if headers.get("x-rate-limit-remaining", "0") != "0":
        return 0
    return int(header) * SECOND if header.isascii() and header.isdigit() and len(header) <= len("9999999999") else 0


def _shown(text: str) -> str:
    """Foreign text, cut short and safe to print."""
    shown = "".join(char if char.isprintable() else " " for char in text[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
