"""One conditional request for a feed, and what its answer says of the next one.

RFC 9110 (ETag, Last-Modified, 301, 304, 308, 410, Retry-After) and RFC 9111 (max-age, Expires).
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout, TooManyRedirects
from msgspec import Struct

from buzzwatch.model.ear import Ail
from buzzwatch.model.instant import DAY, SECOND, Instant, Span, instant_of
from buzzwatch.sources.feed.document import LARGEST_BODY
from buzzwatch.sources.outbound import MOST_REDIRECTS, ForbiddenAddressError, read_bounded

LONGEST_RETRY: Span = DAY
"""However much longer somebody asks us to stay away."""
_LONGEST_TAG = 500
_WITHIN_S = 60.0
"""Seconds for one answer from the first byte to the last, so that nobody holds us by giving a byte a minute."""
_FOR_GOOD = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_ACCEPTED = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "it wants to know who asks",
    HTTPStatus.PAYMENT_REQUIRED: "it wants to be paid",
    HTTPStatus.FORBIDDEN: "it does not let us in",
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: "it may not be shown",
}


class Unheard(Struct, frozen=True):
    """Why nothing was heard. `again_after` is what the other side asks for; `gone`: it never comes back."""

    why: str
    ail: Ail = Ail.AWAY
    again_after: Span = 0
    hopeless: bool = False
    gone: bool = False


class Heard(Struct, frozen=True):
    """An answer; `body` is None where nothing has changed. `moved_to`: the address to use from now on, if another."""

    body: bytes | None
    media_type: str
    address: str
    etag: str
    modified: str
    fresh_for: Span
    moved_to: str = ""


async def ask(
    session: ClientSession, address: str, etag: str, modified: str, now: Instant, within_s: float = _WITHIN_S
) -> Heard | Unheard:
    """Ask for a feed, unless it is as it was."""
    headers = {"Accept": _ACCEPTED}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    timeout = ClientTimeout(total=within_s, sock_connect=min(15, within_s))
    try:
        async with session.get(address, headers=headers, max_redirects=MOST_REDIRECTS, timeout=timeout) as response:
            went = [each.status for each in response.history]
            moved_to = str(response.url) if went and _FOR_GOOD.issuperset(went) else ""
            if response.status == HTTPStatus.NOT_MODIFIED and (etag or modified):
                return Heard(None, "", str(response.url), etag, modified, _fresh(response.headers, now), moved_to)
            if response.status != HTTPStatus.OK:
                return _explain(response.status, response.headers, now)
            return Heard(
                await read_bounded(response, LARGEST_BODY),
                response.headers.get("Content-Type", "")[:200],
                str(response.url),
                _short(response.headers.get("ETag", "")),
                _short(response.headers.get("Last-Modified", "")),
                _fresh(response.headers, now),
                moved_to,
            )
    except TimeoutError:
        return Unheard(f"no whole answer within {within_s:.0f} s")
    except TooManyRedirects:
        return Unheard("it redirects in circles", hopeless=True)
    except (ClientError, OSError, ValueError) as error:
        return _failed(error)


def _failed(error: Exception) -> Unheard:
    """Without the address, which may hold a secret, and which the library's texts repeat."""
    cause = getattr(error, "os_error", None)
    if isinstance(cause, ForbiddenAddressError):
        return Unheard(str(cause), Ail.REFUSED, hopeless=True)
    if isinstance(cause, OSError) and cause.strerror:
        return Unheard(f"it cannot be reached: {cause.strerror}")
    why = str(error) if type(error).__module__.startswith("buzzwatch.") else type(error).__name__
    return Unheard(f"its answer cannot be read: {why}")


def _explain(status: int, headers: Mapping[str, str], now: Instant) -> Unheard:
    again_after = min(_retry_after(headers.get("Retry-After", ""), now), LONGEST_RETRY)
    if status == HTTPStatus.GONE:
        return Unheard("it is gone for good (410): take it out", Ail.REFUSED, hopeless=True, gone=True)
    if status in _REFUSALS:
        return Unheard(f"{_REFUSALS[HTTPStatus(status)]} ({status})", Ail.REFUSED, again_after, hopeless=True)
    if status == HTTPStatus.NOT_FOUND:
        return Unheard("there is nothing at this address (404)", again_after=again_after, hopeless=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Unheard("we ask too often (429)", again_after=again_after, hopeless=not again_after)
    return Unheard(f"it answers {status}", again_after=again_after)


def _retry_after(written: str, now: Instant) -> Span:
    if written.isdecimal() and len(written) < 9:  # noqa: PLR2004 - no larger is meant
        return int(written) * SECOND
    return max(0, (_date(written) or now) - now)


def _fresh(headers: Mapping[str, str], now: Instant) -> Span:
    """For how long the other side says that nothing new comes."""
    said = [part.strip().lower() for part in headers.get("Cache-Control", "").split(",")]
    ages = [part.removeprefix("max-age=").strip('"') for part in said if part.startswith("max-age=")]
    if "no-cache" in said or "no-store" in said:
        return 0
    if ages:
        return int(ages[0]) * SECOND if ages[0].isdecimal() and len(ages[0]) < 9 else 0  # noqa: PLR2004 - see above
    expires = _date(headers.get("Expires", ""))
    return max(0, expires - (_date(headers.get("Date", "")) or now)) if expires else 0


def _date(written: str) -> Instant | None:
    try:
        moment = parsedate_to_datetime(written[:100])
        return instant_of(moment) if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_TAG else ""
