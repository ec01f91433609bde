"""The calendar of a rota from an address: bounded, and only if it has changed."""

import asyncio
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientSSLError

from buzzwatch.app.rota.ical import CalendarError
from buzzwatch.app.rota.source import LARGEST, Copy, text_of

PATIENCE_S = 10
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED = 200, 304
_SCHEMES = frozenset({"http", "https"})


async def fetch(session: ClientSession, address: str, known: Copy | None) -> tuple[str, str, str] | None:
    """Its text, ETag and Last-Modified; None where it is as it was.

    Raises:
        CalendarError: it cannot be had.
    """
    headers = {"Accept": "text/calendar, */*;q=0.1"}
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.modified:
        headers["If-Modified-Since"] = known.modified
    try:
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(MOST_REDIRECTS + 1):
                async with session.get(address, headers=headers, allow_redirects=False) as response:
                    if response.status == _NOT_MODIFIED and known is not None:
                        return None
                    if response.status not in _REDIRECTS:
                        return await _body(response)
                    address = _leads_to(address, response.headers.get("Location", ""))
    except TimeoutError:
        raise CalendarError(f"did not come within {PATIENCE_S} s") from None
    except ClientSSLError:
        raise CalendarError("cannot be had: the certificate of its server is not good") from None
    except (ClientError, OSError, ValueError) as error:
        raise CalendarError(f"cannot be had ({type(error).__name__})") from None
    raise CalendarError(f"leads on to other addresses more than {MOST_REDIRECTS} times")


async def _body(response: ClientResponse) -> tuple[str, str, str]:
    if response.status != _OK:
        raise CalendarError(f"cannot be had: its server answered {response.status}")
    content = b""
    async for chunk in response.content.iter_chunked(65_536):
        content += chunk
        if len(content) > LARGEST:
            break
    return text_of(content), response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")


def _leads_to(address: str, location: str) -> str:
    target = urljoin(address, location)
    before, after = urlsplit(address).scheme.lower(), urlsplit(target).scheme.lower()
    if after not in _SCHEMES or (before, after) == ("https", "http"):
        raise CalendarError("leads on to an address that is not https://")
    return target
