"""From the bytes of a feed to its entries: RSS, RDF, Atom and JSON Feed, well formed or not.

feedparser reads XML here and does nothing else: it is given a stream of bytes, never a string, which it might take for
an address or the name of a file. What comes before the root element is cut off first, so that no entity is ever
declared; the encoding is settled here, and a document that is too deep, too large or too broken for the time it would
take is refused.

https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
https://www.jsonfeed.org/version/1.1/, https://developers.google.com/youtube/v3/guides/push_notifications.
"""

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.parsers import expat

import feedparser
import msgspec
from msgspec import Struct

from buzzwatch.ingest.identity import web_id
from buzzwatch.model.instant import MINUTE, Instant, Span, instant_of
from buzzwatch.sources.html import read_html

LARGEST_BODY = 8_000_000
"""Bytes, once inflated."""
MOST_ENTRIES = 1_000
"""Read of one document, the first ones: feeds put the newest on top."""
LONGEST_TEXT = 20_000
_LONGEST_TITLE = 1_000
_LONGEST_NAME = 300
_LONGEST_LINK = 4_000
_LARGEST_BROKEN = 1_000_000
"""Characters of XML that is not well formed: that takes longer, with the square of what is nested in it."""
_MOST_BROKEN_TAGS = 50_000
_MOST_ELEMENTS = 50_000
_MOST_ATTRIBUTES = 200
"""Of one element: feedparser takes time with the square of their number."""
_DEEPEST = 100

_ROOT = re.compile(r"<[A-Za-z_]")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_REFERENCE = re.compile("&(?:amp;)*#(?:([xX][0-9a-fA-F]{1,100})|([0-9]{1,100}));?")
_LARGEST_CHARACTER = 0x10FFFF
_SKIPPED = re.compile(r"<skipHours>([^<]*+(?:<(?:/?hour|!--)[^<]*+){0,200}+)</skipHours>")
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>")
_ZONE = re.compile(r"(?:Z|[A-Za-z]{1,5}|[+-]\d\d:?\d\d|[+-]\d\d)\)?\s*$")
_SEPARATED = re.compile(r"\s+[-–—|·:]+\s+|\s*[|]\s*")
_APPEARED = re.compile(
    r"\s*(?:The post .{0,300}? (?:first appeared|appeared first) on|"
    r"(?:L['’]article|Cet article) .{0,300}? est apparu en premier sur) .{0,200}$",
    re.DOTALL,
)
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\n\s*\n\s*")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_JSON_FEED = "https://jsonfeed.org/version/1"
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)


class NoFeedError(ValueError):
    """What came is no feed that we read; the text says why."""


class Entry(Struct, frozen=True):
    """One entry; empty is unknown. `name` is what the feed calls it, `id` what we do.

    `posted` is None without a date that can be believed; `zoned`: it says of which zone it is. `author` is the key of
    the publisher: its host, or the channel.
    """

    name: str
    id: str
    title: str
    text: str
    link: str
    author: str
    publisher: str
    source: str
    lang: str
    posted: Instant | None
    zoned: bool
    views: int | None = None


class Document(Struct, frozen=True):
    """What a feed shows now, and how often it wants to be asked: `ttl`, and hours of the day (UTC) to leave out."""

    entries: list[Entry]
    ttl: Span = 0
    skipped: frozenset[int] = frozenset()


def read(body: bytes, media_type: str, address: str) -> Document:
    """Read a feed that came from an address.

    Raises:
        NoFeedError: it is none, or one that would take too long.
    """
    text = _decode(body, media_type)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _read_json(text, address)
    root = _ROOT.search(text)
    if root is None:
        raise NoFeedError("this is no feed: there is no element in it")
    text = _REFERENCE.sub(_character, _INVALID.sub(" ", text[root.start() :]))
    _weigh(text)
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": address}
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        parsed = feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # it stumbles over some garbage, a link that closes before it opens for one
        raise NoFeedError(f"the XML is broken beyond reading ({type(error).__name__})") from error
    found = parsed["entries"]
    if not found and not parsed["version"]:
        raise NoFeedError("this is no feed: it is another kind of document")
    feed = parsed["feed"]
    publisher, lang = _flat(_get(feed, "title")), _get(feed, "language")
    entries = [_entry(each, publisher, lang, address) for each in found[:MOST_ENTRIES]]
    return Document(_apart(entries), _minutes(_get(feed, "ttl")), _skipped(text))


def read_date(written: str) -> tuple[datetime | None, bool]:
    """A date as feeds write it, and whether it says of which zone it is; without one it is taken for UTC."""
    written = written.strip()[:100]
    zoned = bool(_ZONE.search(written))
    for reader in (datetime.fromisoformat, parsedate_to_datetime, _by_feedparser):
        try:
            moment = reader(written)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC), zoned
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
            continue
    return None, False


def _by_feedparser(written: str) -> datetime:
    parsed = feedparser.datetimes._parse_date(written)  # noqa: SLF001 - the many odd forms that it knows, without a document around them
    year, month, day, hour, minute, second = parsed[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _decode(body: bytes, media_type: str) -> str:
    """The text. What is valid UTF-8 is UTF-8, whatever it calls itself; the declarations lie more often."""
    head = body[:1_000]
    marked = next((coding for mark, coding in _MARKS if head.startswith(mark)), "")
    inside = _DECLARED.search(head)
    outside = _CHARSET.search(media_type)
    claimed = [inside[1].decode() if inside else "", outside[1] if outside else ""]
    for coding in (marked, "utf-8", *claimed):
        try:
            if coding:
                return body.decode(coding)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return body.decode("utf-8" if marked == "utf-8" else "windows-1252", "replace")


def _weigh(text: str) -> None:
    """Refuse what would take too long."""
    shape = _Shape()
    try:
        shape.reader.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        if len(text) > _LARGEST_BROKEN or text.count("<") > _MOST_BROKEN_TAGS:
            raise NoFeedError("the XML is broken, and too large to make sense of it") from None


def _character(reference: re.Match[str]) -> str:
    """The reference, unless it is to no character: feedparser fails on those."""
    code = int(reference[1][1:], 16) if reference[1] else int(reference[2])
    right = 0 < code <= _LARGEST_CHARACTER and not 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - halves of surrogate pairs
    return reference[0] if right else "\ufffd"


class _Shape:
    """Counts elements and how deep they lie."""

    def __init__(self) -> None:
        self.reader = expat.ParserCreate()
        self.reader.StartElementHandler = self._open
        self.reader.EndElementHandler = self._close
        self._elements = 0
        self._depth = 0

    def _open(self, _name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if len(attributes) > _MOST_ATTRIBUTES:
            raise NoFeedError(f"over {_MOST_ATTRIBUTES} attributes at one element")
        if self._elements > _MOST_ELEMENTS or self._depth > _DEEPEST:
            raise NoFeedError(f"over {_MOST_ELEMENTS:,} elements, or {_DEEPEST} inside one another")

    def _close(self, _name: str) -> None:
        self._depth -= 1


def _entry(raw: dict[str, Any], publisher: str, lang: str, address: str) -> Entry:
    """An entry as feedparser gives it. `dict.get`, since its own warns about names that it has replaced."""
    link = _link(_get(raw, "feedburner_origlink") or _get(raw, "link"), address)
    source = dict.get(raw, "source") or {}
    video = _get(raw, "yt_videoid")
    if _VIDEO.fullmatch(video):
        name, author, said_by = f"youtube:{video}", _get(raw, "yt_channelid"), _flat(_get(raw, "author"))
    else:
        home = _link(_get(source, "href") or _get(source, "link"), address) or link or address
        name, author = "", (urlsplit(home).hostname or "").removeprefix("www.")
        said_by = _flat(_get(source, "title")) or _shortest(publisher)
    title = _without_publisher(_words(dict.get(raw, "title_detail"), _LONGEST_TITLE), {said_by, publisher})
    bodies = [*(dict.get(raw, "content") or []), dict.get(raw, "summary_detail")]
    text = _body(title, max((_words(body, LONGEST_TEXT) for body in bodies), key=len), said_by)
    guid = _get(raw, "id")
    posted, zoned = _posted(_get(raw, "published") or _get(raw, "updated") or _get(raw, "created"))
    statistics = dict.get(raw, "media_statistics") or {}
    views = _get(statistics, "views")
    return Entry(
        name=guid or link or title or text,
        id=name or _name(link, guid, title or text, address),
        title=title if text else "",
        text=text or title,
        link=link,
        author=author[:_LONGEST_NAME],
        publisher=said_by[:_LONGEST_NAME],
        source="youtube" if name else "web",
        lang=lang,
        posted=posted,
        zoned=zoned,
        views=int(views) if views.isdecimal() and len(views) <= 15 else None,  # noqa: PLR2004 - what fits everywhere
    )


def _read_json(text: str, address: str) -> Document:
    try:
        feed = msgspec.json.decode(text.lstrip("\ufeff"))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise NoFeedError(f"the JSON is broken: {error}") from None
    if not _get(feed, "version").startswith(_JSON_FEED):
        raise NoFeedError("this is JSON, and no JSON Feed")
    items = feed.get("items")
    found = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    publisher, lang = _flat(_get(feed, "title")), _get(feed, "language")
    return Document(_apart([_item(each, publisher, lang, address) for each in found[:MOST_ENTRIES]]))


def _item(raw: Mapping[str, Any], publisher: str, lang: str, address: str) -> Entry:
    link = _link(_get(raw, "url"), address)
    title = _without_publisher(_flat(_get(raw, "title"))[:_LONGEST_TITLE], {publisher})
    html = _said(_get(raw, "content_html"))
    text = _body(title, (html or _tidy(_get(raw, "content_text") or _get(raw, "summary")))[:LONGEST_TEXT], publisher)
    guid = _get(raw, "id") or (str(raw["id"]) if isinstance(raw.get("id"), int) else "")
    posted, zoned = _posted(_get(raw, "date_published") or _get(raw, "date_modified"))
    return Entry(
        name=guid or link or title or text,
        id=_name(link, guid, title or text, address),
        title=title if text else "",
        text=text or title,
        link=link,
        author=(urlsplit(link or address).hostname or "").removeprefix("www.")[:_LONGEST_NAME],
        publisher=_shortest(publisher)[:_LONGEST_NAME],
        source="web",
        lang=_get(raw, "language") or lang,
        posted=posted,
        zoned=zoned,
    )


def _get(raw: object, key: str) -> str:
    value = dict.get(raw, key) if isinstance(raw, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _words(detail: object, longest: int) -> str:
    value = _get(detail, "value")
    plain = _get(detail, "type") == "text/plain" and "<" not in value and "&" not in value
    return (_tidy(value[:longest]) if plain else _said(value))[:longest]


def _flat(text: str) -> str:
    return " ".join(_said(text[:_LONGEST_TITLE]).split())


def _said(html: str) -> str:
    """Its words, a line for each paragraph."""
    return _tidy(read_html(html, links=False))


def _tidy(text: str) -> str:
    """Without runs of spaces and empty lines."""
    text = _SPACES.sub(" ", text.replace("\r", "\n"))
    return "\n".join(line.strip() for line in _BREAKS.sub("\n", text).strip().split("\n"))


def _link(link: str, address: str) -> str:
    """An address on the web, "" for none."""
    try:
        whole = urljoin(address, link) if link else ""
        return whole if urlsplit(whole).scheme in {"http", "https"} and len(whole) <= _LONGEST_LINK else ""
    except ValueError:
        return ""


def _name(link: str, guid: str, words: str, address: str) -> str:
    link = link or (guid if guid.startswith(("http://", "https://")) else "")
    if link:
        return web_id(link)
    return f"web:{(urlsplit(link or address).hostname or '').removeprefix('www.')}#{_digest(guid or words)}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _apart(entries: Iterable[Entry]) -> list[Entry]:
    """What says something, each by a name of its own: in some feeds all have the same."""
    said = [_clean(entry) for entry in entries if entry.text]
    names, pages = Counter(entry.name for entry in said), Counter(entry.id for entry in said)
    return [
        msgspec.structs.replace(
            entry,
            name=f"{entry.name} {entry.link} {entry.title or entry.text}" if names[entry.name] > 1 else entry.name,
            id=f"{entry.id[:400]}#{_digest(entry.name + (entry.title or entry.text))}"
            if pages[entry.id] > 1
            else entry.id,
        )
        if names[entry.name] > 1 or pages[entry.id] > 1
        else entry
        for entry in said
    ]


def _clean(entry: Entry) -> Entry:
    """Without what no text may hold: broken references give halves of surrogate pairs."""
    held = {key: getattr(entry, key) for key in ("name", "id", "title", "text", "link", "author", "publisher", "lang")}
    bad = {key: _NO_TEXT.sub("\ufffd", text) for key, text in held.items() if _NO_TEXT.search(text)}
    return msgspec.structs.replace(entry, **bad) if bad else entry


def _shortest(publisher: str) -> str:
    """The name in the title of a feed: before what it says of itself."""
    return _SEPARATED.split(publisher, maxsplit=1)[0].strip() or publisher


def _without_publisher(title: str, publishers: set[str]) -> str:
    """A title without the name of the paper at its end, which would make copies look different."""
    for publisher in sorted({*publishers, *map(_shortest, publishers)} - {""}, key=len, reverse=True):
        rest = title.removesuffix(publisher)
        bare = rest.rstrip()
        if rest != title and bare.endswith(("-", "–", "—", "|", "·", ":")) and len(bare) < len(rest):
            return bare.rstrip(" -–—|·:") or title
    return title


def _body(title: str, text: str, publisher: str) -> str:
    """A summary without what is no part of it; empty where it only repeats the title."""
    text = _APPEARED.sub("", text)
    bare = " ".join(text.split())
    return "" if bare in {title, f"{title} {publisher}", f"{title} - {publisher}"} else text


def _posted(written: str) -> tuple[Instant | None, bool]:
    moment, zoned = read_date(written) if written else (None, False)
    return (instant_of(moment), zoned) if moment and moment >= _EARLIEST else (None, False)


def _minutes(ttl: str) -> Span:
    return min(int(ttl), 24 * 60) * MINUTE if ttl.isdecimal() and len(ttl) < 9 else 0  # noqa: PLR2004 - no larger is meant


def _skipped(text: str) -> frozenset[int]:
    found = _SKIPPED.search(text)
    hours = {int(hour) % 24 for hour in _HOUR.findall(found[1])} if found else set()
    return frozenset(hours)
