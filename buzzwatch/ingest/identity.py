"""Which post an address means: the same post told by several sources goes by one name.

Names of posts: `x:<id>`, `bluesky:<did>/<rkey>`, `mastodon:<uri>`, `youtube:<video>`, `instagram:<shortcode>` or
`instagram:<comment>`, `facebook:<page>_<post>` or `facebook:<post>_<comment>`, `web:<canonical address>`. They are
names, not addresses to fetch.
Two posts taken for one are worse than one post taken for two: whatever is doubtful has no name.

Forms of addresses: https://docs.bsky.app/docs/advanced-guides/posts, https://atproto.com/specs/record-key,
https://docs.joinmastodon.org/spec/activitypub/ and RFC 3986, section 6.2.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from buzzwatch.model.mention import Kind, Mention

MAX_URL = 4_000
"""Characters of an address; a longer one is left as it is."""
MAX_NAME = 500
"""Characters of a name: those of a mention's id."""

_WEB = re.compile(r"https?://", re.IGNORECASE)
_DEFAULT_PORTS = frozenset({80, 443})
_EXTRA_HOSTS = ("www.", "m.", "amp.")
# fmt: off
_TRACKERS = frozenset({
    "fbclid", "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "msclkid", "twclid", "ttclid", "yclid", "igshid",
    "igsh", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "oly_anon_id",
    "oly_enc_id", "rb_clickid", "s_cid", "wickedid", "__twitter_impression", "ref_src", "ref_url", "at_medium",
    "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4", "xtor", "cmpid", "ns_mchannel",
    "ns_campaign", "ns_source", "amp", "usqp", "amp_js_v", "amp_gsa",
})
# fmt: on
_ENDS_AMP = ("/amp", ".amp", "/amp.html")
_AMP_HOSTS = ("google.", ".cdn.ampproject.org")
_CACHED = re.compile(r"/(?:amp|c|v)/(?:s/)?(?=[^/]+\.[^/]+)")

_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
_KEPT = "%/:@!$&'()*+,;=~-._[]|"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_X = re.compile(r"/(?:i/web|[^/]+)/status(?:es)?/([1-9]\d{0,19})(?:/|$)", re.ASCII)
_BLUESKY = re.compile(r"/profile/([^/]+)/post/([A-Za-z0-9._:~-]{1,64})/?$")
_AT = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.(?:re)?post/([A-Za-z0-9._:~-]{1,64})$")
_DID = re.compile(r"did:(?:plc|web):[A-Za-z0-9._:%-]{1,300}")
_HANDLE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_MASTODON = re.compile(r"/(?:@|users/)([A-Za-z0-9_.-]{1,100})/(statuses/)?(\d{1,20})/?$", re.ASCII)
_NO_MASTODON = frozenset({"medium.com", "tiktok.com", "threads.net", "threads.com", "youtube.com", "flipboard.com"})
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_VIDEO_PATH = re.compile(r"/(?:shorts|live|embed|v)/([A-Za-z0-9_-]{11})/?$")
_INSTAGRAM = re.compile(r"(?:/[A-Za-z0-9_.]+)?/(?:p|reel|reels|tv)/([A-Za-z0-9_-]{5,40})(?:/c/(\d{5,25}))?(/r/\d+)?/?$")
_FACEBOOK = re.compile(r"/(\d{3,25})/posts/(\d{3,25})/?$", re.ASCII)
_FACEBOOK_STORIES = frozenset({"/permalink.php", "/story.php"})
_FACEBOOK_ID = re.compile(r"\d{3,25}", re.ASCII)

_CERTAIN = ("x:", "youtube:", "instagram:", "facebook:", "trustpilot:")
"""Ids that begin so are the platform's own."""
_X_ID = re.compile(r"[1-9]\d{14,19}", re.ASCII)
_X_SOURCES = frozenset({"x", "twitter"})
_WHERE_ANSWERS_ARE_POSTS = ("x:", "bluesky:", "mastodon:")


def canonical_url(url: str) -> str:
    """One spelling of a web address, by which two sources name the same page.

    Without what does not change the page: scheme, case of the host, `www.`, `m.`, `amp.`, default port, user, the slash
    at the end, parameters that track, AMP, the fragment where it is no route (`#!`, `#/`); parameters are in the order
    of their names. Giving the result again changes nothing. What is no web address, or hostile, is returned as it is.
    """
    try:
        return _canonical(url)
    except ValueError:  # a port that is no number, a bracket too many, half of a surrogate pair
        return url


def web_id(url: str) -> str:
    """The name of an article: its canonical address, or a digest of it where that is too long for a name."""
    name = f"web:{canonical_url(url)}"
    if len(name) <= MAX_NAME:
        return name
    return f"web:{hashlib.blake2b(name.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def post_id(url: str) -> str | None:
    """The name of the post that an address means; None where it is none, or not certain which."""
    try:
        return _post_id(url)
    except ValueError:  # as above
        return None


def name_of(reference: str) -> str:
    """The name of a parent or a conversation, which some tools give as an address."""
    if "://" not in reference[:10]:
        return reference
    return post_id(reference) or (web_id(reference) if _WEB.match(reference) else reference)


def names_of(mention: Mention) -> tuple[str, ...]:
    """All names of a mention, the one to go by first; its id is among them.

    A repost has the address of what it reposts with many tools, and a comment that of what it is about: the first has
    no other name, the second only where its address is not that of its parent.
    """
    own = mention.id
    if own.startswith(_CERTAIN):
        return (own,)
    if own.startswith("bluesky:did:"):
        handle = mention.author.handle if mention.author else None
        named = f"bluesky:@{handle.lstrip('@').casefold()}/{own.rpartition('/')[2]}" if handle else ""
        return (own, named) if named and len(named) <= MAX_NAME and mention.kind is not Kind.REPOST else (own,)
    certain = own.startswith("mastodon:http")
    if certain and "/ap/users/" not in own:
        return (own,)
    return tuple(dict.fromkeys((own, *_others(mention)) if certain else (*_others(mention), own, *_likely(mention))))


def _others(mention: Mention) -> tuple[str, ...]:
    """The names that are certain, besides the id."""
    if (own := _platform_name(mention)) is not None:
        return (own,)
    url = mention.url
    if not url or mention.kind in (Kind.REPOST, Kind.MESSAGE):
        return ()
    above = {name_of(each) for each in (mention.parent, mention.thread) if each} - {mention.id}
    named = post_id(url)
    if named is not None:
        of_post = not above and mention.kind is not Kind.REPLY
        fits = of_post or named.startswith(_WHERE_ANSWERS_ARE_POSTS) or _is_comment(url)
        return (named,) if fits and named not in above else ()
    if mention.kind is Kind.ARTICLE and not mention.parent and _is_page(url):
        return (web_id(url),)
    return ()


def _platform_name(mention: Mention) -> str | None:
    """The name by the id alone: an address, or what the platform numbers."""
    own = mention.id
    if own.startswith("web:http"):
        return web_id(own[4:])
    if "://" in own[:10]:
        return post_id(own)
    return f"x:{own}" if mention.source in _X_SOURCES and _X_ID.fullmatch(own) else None


def _likely(mention: Mention) -> tuple[str, ...]:
    """A post of Bluesky by its author's handle, which only a mention that has the handle and the did can tell."""
    if not mention.url or mention.kind in (Kind.REPOST, Kind.MESSAGE) or "/profile/" not in mention.url:
        return ()
    try:
        split = _split(mention.url)
    except ValueError:
        return ()
    found = _BLUESKY.match(split.path) if split and split.hostname == "bsky.app" else None
    handle = unquote(found[1]).casefold() if found else ""
    return (f"bluesky:@{handle}/{found[2]}",) if found and len(handle) <= 253 and _HANDLE.fullmatch(handle) else ()  # noqa: PLR2004 - as names of hosts


def _is_comment(url: str) -> bool:
    return "comment_id=" in url or "/c/" in url


def _is_page(url: str) -> bool:
    """Not the front page, which feeds give where an article has no address of its own."""
    canonical = canonical_url(url)
    return bool(_WEB.match(canonical)) and canonical.count("/") + canonical.count("?") > 2  # noqa: PLR2004 - https://host


def _split(url: str) -> SplitResult | None:
    """The parts of a web address; None for what is none."""
    if len(url) > MAX_URL or not _WEB.match(url) or not url.isprintable() or " " in url or "\\" in url:
        return None
    return urlsplit(url)


def _canonical(url: str) -> str:
    given = url
    while (split := _split(url)) is not None and (cached := _cached(split)):
        url = cached
    if split is None:
        return given
    host = _host(split)
    if not host:
        return given
    for_page = not split.fragment.startswith(("!", "/"))
    path = _without_amp(_spelled(split.path).rstrip("/"))
    fragment = "" if for_page else f"#{_spelled(split.fragment)}"
    query = _query(split.query)
    canonical = f"https://{host}{path}{'?' if query else ''}{query}{fragment}"
    return canonical if len(canonical) <= MAX_URL else given


def _cached(split: SplitResult) -> str | None:
    """What a copy in an AMP cache is a copy of."""
    host = (split.hostname or "").removeprefix("www.")
    if not (host.startswith(_AMP_HOSTS[0]) or host.endswith(_AMP_HOSTS[1])):
        return None
    found = _CACHED.match(split.path)
    if found is None:
        return None
    query = f"?{split.query}" if split.query else ""
    return f"https://{split.path[found.end() :]}{query}"


def _host(split: SplitResult) -> str:
    host = (split.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    while host.startswith(_EXTRA_HOSTS) and "." in (rest := host.partition(".")[2]) and not rest.startswith("."):
        host = rest
    return host if split.port is None or split.port in _DEFAULT_PORTS else f"{host}:{split.port}"


def _spelled(part: str) -> str:
    """One spelling of what may be escaped."""
    if part.isascii() and "%" not in part and '"' not in part and "<" not in part:
        return part
    escaped = quote(_STRAY_PERCENT.sub("%25", part), safe=_KEPT)
    return _ESCAPED.sub(lambda found: _unescaped(found[0]), escaped)


def _unescaped(escape: str) -> str:
    char = chr(int(escape[1:], 16))
    return char if char in _UNRESERVED else escape.upper()


def _without_amp(path: str) -> str:
    while True:
        if path.startswith("/amp/") and len(path) > len("/amp/"):
            path = path[len("/amp") :]
        elif path.endswith(".amp.html"):
            path = f"{path[: -len('.amp.html')]}.html"
        elif ending := next((end for end in _ENDS_AMP if path.endswith(end) and len(path) > len(end)), ""):
            path = path.removesuffix(ending).rstrip("/")
        else:
            return path


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = [pair for pair in _spelled(query).split("&") if pair and not _tracks(pair)]
    return "&".join(sorted(pairs, key=lambda pair: pair.partition("=")[0]))


def _tracks(pair: str) -> bool:
    name, _, value = pair.lower().partition("=")
    return name.startswith(("utm_", "pk_", "mtm_")) or name in _TRACKERS or (name == "outputtype" and value == "amp")


def _post_id(url: str) -> str | None:
    if url.startswith("at://"):
        found = _AT.match(url)
        return _named(f"bluesky:{found[1]}/{found[2]}") if found else None
    split = _split(url)
    if split is None or not split.hostname:
        return None
    host = split.hostname.rstrip(".")
    for extra in ("www.", "m.", "mobile."):
        host = host.removeprefix(extra)
    if host == "facebook.com" or host.endswith(".facebook.com"):
        return _facebook(split)
    platform = _PLATFORMS.get(host)
    return platform(split) if platform else _mastodon(split)


def _named(name: str) -> str | None:
    return name if len(name) <= MAX_NAME else None


def _x(split: SplitResult) -> str | None:
    found = _X.match(split.path)
    return f"x:{found[1]}" if found else None


def _instagram(split: SplitResult) -> str | None:
    """A post, or a comment of one; an answer to a comment has no name."""
    found = _INSTAGRAM.match(split.path)
    return None if found is None or found[3] else f"instagram:{found[2] or found[1]}"


def _bluesky(split: SplitResult) -> str | None:
    found = _BLUESKY.match(split.path)
    did = unquote(found[1]) if found else ""
    return _named(f"bluesky:{did}/{found[2]}") if found and _DID.fullmatch(did) else None


def _youtube(split: SplitResult) -> str | None:
    """A video; an address with `lc` means a comment of it."""
    asked = dict(parse_qsl(split.query, max_num_fields=50))
    if "lc" in asked:
        return None
    if (split.hostname or "").endswith("youtu.be"):
        video = split.path.strip("/")
    elif split.path.rstrip("/") == "/watch":
        video = asked.get("v", "")
    else:
        found = _VIDEO_PATH.match(split.path)
        video = found[1] if found else ""
    return f"youtube:{video}" if _VIDEO.fullmatch(video) else None


def _facebook(split: SplitResult) -> str | None:
    """Posts and comments in numbers; the names of pages and the `pfbid` of posts are not one name a post."""
    asked = dict(parse_qsl(split.query, max_num_fields=50))
    if found := _FACEBOOK.match(split.path):
        page, post = found[1], found[2]
    elif split.path in _FACEBOOK_STORIES:
        page, post = asked.get("id", ""), asked.get("story_fbid", "")
    else:
        return None
    comment = asked.get("reply_comment_id") or asked.get("comment_id")
    pair = (post, comment) if comment else (page, post)
    return f"facebook:{pair[0]}_{pair[1]}" if all(map(_FACEBOOK_ID.fullmatch, pair)) else None


def _mastodon(split: SplitResult) -> str | None:
    """A status as its own server numbers it: a name with a second @ is another server's, in this one's numbers."""
    found = _MASTODON.match(split.path)
    if found is None or split.path.startswith("/users/") is not bool(found[2]):
        return None
    host = (split.hostname or "").rstrip(".")
    if host.removeprefix("www.") in _NO_MASTODON or ("." not in host and split.port is None):
        return None
    place = host if split.port is None or split.port in _DEFAULT_PORTS else f"{host}:{split.port}"
    return _named(f"mastodon:https://{place}/users/{found[1]}/statuses/{found[3]}")


_PLATFORMS: Mapping[str, Callable[[SplitResult], str | None]] = MappingProxyType({
    **dict.fromkeys(("x.com", "twitter.com", "fxtwitter.com", "vxtwitter.com", "fixupx.com", "fixvx.com"), _x),
    **dict.fromkeys(("youtube.com", "music.youtube.com", "youtube-nocookie.com", "youtu.be"), _youtube),
    "bsky.app": _bluesky,
    "instagram.com": _instagram,
})  # fmt: skip
