"""One name for one post, by its address, until the shared module for it is here."""

import re
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urlsplit

_LONGEST = 480
_POST = re.compile(r"/(?:[^/]+|i/web)/status(?:es)?/([0-9]{1,20})(?:/|$)")
_BLUESKY = re.compile(r"/profile/(did:[a-z]+:[a-zA-Z0-9._:%-]{1,200})/post/([a-zA-Z0-9._:~-]{1,512})/?$")
_CAMPAIGN = re.compile(r"utm_|fbclid$|gclid$|mc_eid$|igshid$")


def post_id(url: str) -> str | None:
    """The id that a post has by every road, told by its address; None where that tells no platform."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("mobile.").removeprefix("m.")
    except ValueError:
        return None
    if host in {"x.com", "twitter.com"} and (found := _POST.match(parts.path)):
        return f"x:{found[1]}"
    if host == "bsky.app" and (found := _BLUESKY.match(parts.path)):
        return f"bluesky:{found[1]}/{found[2]}"
    return None


def canonical_url(url: str) -> str:
    """One spelling of an address: without scheme's age, campaign marks and fragment."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    except ValueError:
        return url.strip()
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if not _CAMPAIGN.match(key)])
    path = parts.path.rstrip("/") or "/"
    told = f"https://{host}{port}{path}{'?' if query else ''}{query}"
    return told if len(told) <= _LONGEST else f"https://{host}/#{blake2b(told.encode(), digest_size=16).hexdigest()}"
