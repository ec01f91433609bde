"""From Jetstream's events to mentions: what concerns us, what hangs on what, and what is taken back.

Pure: it is handed bytes and hands out mentions. `docs/decisions/0047-bluesky.md` gives the reasons.

- A post concerns us if its text, a link, a link card (address, title, description), a tag or the description of an
  image or video names a brand, or if it replies to, quotes or edits what is known; a repost if its subject is known.
- Known is what `Wanted` knows, and what was handed out lately: that may not be stepped yet.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import structlog
from msgspec import Struct

from buzzwatch.ingest.decode import MAX_TEXT
from buzzwatch.ingest.wild import is_wild
from buzzwatch.model.instant import DAY, Instant, instant_of, moment_of
from buzzwatch.model.mention import Author, Kind, Mention
from buzzwatch.sources.bluesky.sieve import Sieve, posts_in, resolve
from buzzwatch.sources.bluesky.wire import POST, Event, Glance, Wire, dig, each, post_at, post_id, repost_id
from buzzwatch.sources.intake import Wanted

SOURCE = "bluesky"
MOST_REMEMBERED = 20_000
MOST_REPOSTS = 1_000
"""Of one post whose reposts are remembered."""
MOST_ALL_REPOSTS = 100_000
"""Of all posts together, some 10 MB."""
MOST_LOOKED_AT = 100
"""Links, tags and descriptions of one post."""
MOST_LINKS = 4
"""Links that are put under the text whether or not they name a brand."""
LONGEST_TEXT = 3_000
"""Characters, of what is remembered for reposts; a post has 300."""
ARCHIVED = DAY
"""What says that it is so much older than its arrival is an archive being brought in, as Bluesky's own app shows it."""

_GONE = ("deleted", "takendown")
_UNKNOWN = Glance(0)
_SHORT = 2_000
"""Bytes of events in which marks are no danger."""

log = structlog.get_logger()


class _Told(Struct):
    """A post that was handed out, or the root of one."""

    text: str = ""
    lang: str | None = None
    reposts: list[str] = []


class Listener:
    """Hears one stream.

    Every event is counted once: in what `hear` returns, or in `dropped`, or in `garbage`. `moved` is told of accounts
    whose handle may have changed.
    """

    def __init__(self, wanted: Wanted, wire: Wire, moved: Callable[[str], None] = lambda _did: None) -> None:
        self._wanted = wanted
        self._wire = wire
        self._moved = moved
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._reposts = self.dropped = self.garbage = 0
        self.digest = ""
        self.prepare()

    @property
    def outdated(self) -> bool:
        """Other rules are in force: `prepare` before the next event."""
        return self._wanted.digest != self.digest

    def prepare(self) -> None:
        """Make what depends on the rules; on any thread, while nothing is heard."""
        digest = self._wanted.digest
        self._sieve = Sieve(self._wanted.brands)
        self.digest = digest

    def hear(self, raw: bytes, glance: Glance | None = None) -> list[Mention]:
        """What an event comes to: mostly nothing. `glance` is what the wire says of it, where that is known."""
        if len(raw) > _SHORT and is_wild(resolve(raw).decode("utf-8", "replace")):
            self.garbage += 1
            return []
        _, record, is_repost = glance or self._wire.glance(raw) or _UNKNOWN
        if not record and b'"operation":"create"' not in raw:  # rare: deletions, edits, accounts, and odd ways to write
            return self._read(raw)
        plain = resolve(raw[record:])
        if any(map(self._knows, posts_in(plain))) or not (is_repost or not self._sieve.may_name(plain)):
            return self._read(raw)
        self.dropped += 1
        return []

    def _read(self, raw: bytes) -> list[Mention]:
        event = self._wire.read(raw)
        if event is None:
            self.garbage += 1
            return []
        try:
            mentions = list(self._tell(event))
        except Exception:  # it would come again at each start, and again end the hearing
            log.exception("event_not_read")
            self.garbage += 1
            return []
        self.dropped += not mentions
        return mentions

    def _tell(self, event: Event) -> Iterator[Mention]:
        if event.what == "identity":
            self._moved(event.did)
        elif event.what == "account":
            if event.status in _GONE:
                yield from self._take_back_all(event)
        elif event.what == "delete":
            name = post_id if event.collection == POST else repost_id
            yield from self._take_back(name(event.did, event.key), event.time_us)
        elif event.collection == POST:
            yield from self._tell_post(event)
        else:
            yield from self._tell_repost(event)

    def _tell_post(self, event: Event) -> Iterator[Mention]:
        mention, record = post_id(event.did, event.key), event.record
        said = dig(record, "text")
        if not isinstance(said, str):
            return
        text, named = self._compose(said[:MAX_TEXT], record)
        thread, parent, kind, known = self._place(record)
        if not named and not known:
            if event.what == "update" and self._knows(mention):  # what it said is not to be read here any more
                yield from self._take_back(mention, event.time_us)
            return
        langs = [lang for lang in each(dig(record, "langs")) if isinstance(lang, str) and 0 < len(lang) <= 35]  # noqa: PLR2004 - as mentions allow
        lang = langs[0] if langs else None
        self._remember(mention, text, lang)
        if thread:
            self._remember(thread)
        yield Mention(
            id=mention,
            text=text,
            created_at=moment_of(_posted_at(event)),
            source=SOURCE,
            author=Author(id=event.did),
            lang=lang,
            url=f"https://bsky.app/profile/{event.did}/post/{event.key}",
            thread=thread,
            parent=parent,
            kind=kind,
        )

    def _tell_repost(self, event: Event) -> Iterator[Mention]:
        """It says what its subject says, where that is remembered."""
        subject = post_at(dig(event.record, "subject", "uri"))
        if subject is None or not self._knows(subject):
            return
        mention, told = repost_id(event.did, event.key), self._told.get(subject, _Told())
        has_room = len(told.reposts) < MOST_REPOSTS and self._reposts < MOST_ALL_REPOSTS
        if told.text and has_room and mention not in told.reposts:
            told.reposts.append(mention)
            self._reposts += 1
        yield Mention(
            id=mention,
            text=told.text,
            created_at=moment_of(event.time_us // 1_000),
            source=SOURCE,
            author=Author(id=event.did),
            lang=told.lang,
            parent=subject,
            kind=Kind.REPOST,
        )

    def _take_back(self, mention: str, time_us: int) -> Iterator[Mention]:
        """A deletion, and those of the reposts that repeat its text."""
        told = self._told.pop(mention, _Told())
        self._reposts -= len(told.reposts)
        for gone in (mention, *told.reposts):
            yield Mention(gone, "", moment_of(time_us // 1_000), SOURCE, deleted=True)

    def _take_back_all(self, event: Event) -> Iterator[Mention]:
        """What is remembered of an account that is no more."""
        theirs = [mention for mention in self._told if mention.startswith(f"bluesky:{event.did}/")]
        for mention in theirs:
            yield from self._take_back(mention, event.time_us)

    def _place(self, record: object) -> tuple[str | None, str | None, Kind, bool]:
        """Thread, parent, kind, and whether it hangs on what is known.

        What replies hangs on what it replies to, unless only what it quotes is known.
        """
        root = post_at(dig(record, "reply", "root", "uri"))
        parent = post_at(dig(record, "reply", "parent", "uri")) or root
        quoted = _quoted(dig(record, "embed"))
        replies = any(post is not None and self._knows(post) for post in (root, parent))
        quotes = quoted is not None and self._knows(quoted)
        if quoted and (parent is None or (quotes and not replies)):
            return None, quoted, Kind.QUOTE, quotes
        if parent:
            return root, parent, Kind.REPLY, replies
        return None, None, Kind.POST, False

    def _compose(self, said: str, record: object) -> tuple[str, bool]:
        """The text with what belongs to it, and whether it names a brand.

        Links cost a score nothing and tell which posts share a page. Titles and descriptions are words of others, and
        are added only where they name a brand that nothing before them names.
        """
        match = self._sieve.matcher.match
        lines, named = [said], set(match(said))
        embed = dig(record, "embed")
        links = dict.fromkeys(link for link in (*_first(_links(record)), *_cards(embed, "uri")) if link not in said)
        for place, link in enumerate(links):
            found = set(match(link))
            if place < MOST_LINKS or found - named:
                lines.append(link)
            named |= found
        cards = (*_cards(embed, "title"), *_cards(embed, "description"))
        for look in (*_first(_tags(record)), *cards, *_first(_alts(embed))):
            if found := set(match(look)) - named:
                lines.append(look)
                named |= found
        return "\n".join(lines), bool(named)

    def _knows(self, mention: str) -> bool:
        return mention in self._told or self._wanted.knows(mention)

    def _remember(self, mention: str, text: str = "", lang: str | None = None) -> None:
        told = self._told.get(mention)
        if told is None:
            told = self._told[mention] = _Told()
        if text and len(text) <= LONGEST_TEXT:
            told.text, told.lang = text, lang
        self._told.move_to_end(mention)
        if len(self._told) > MOST_REMEMBERED:
            self._reposts -= len(self._told.popitem(last=False)[1].reposts)


def _posted_at(event: Event) -> Instant:
    """When it was posted, by the server's clock; the author's word counts for what is brought in from an archive."""
    seen_at = event.time_us // 1_000
    try:
        said = instant_of(datetime.fromisoformat(dig(event.record, "createdAt")))
    except (TypeError, ValueError, OverflowError):
        return seen_at
    return said if 0 < said < seen_at - ARCHIVED else seen_at


def _quoted(embed: object) -> str | None:
    """The post in an `app.bsky.embed.record`, or in one with media."""
    return post_at(dig(embed, "record", "uri")) or post_at(dig(embed, "record", "record", "uri"))


def _first(found: Iterator[str]) -> Iterator[str]:
    return islice(found, MOST_LOOKED_AT)


def _media(embed: object) -> tuple[object, object]:
    return embed, dig(embed, "media")


def _texts(*found: object) -> Iterator[str]:
    return (text for text in found if isinstance(text, str) and text)


def _links(record: object) -> Iterator[str]:
    for facet in each(dig(record, "facets")):
        yield from _texts(*(dig(feature, "uri") for feature in each(dig(facet, "features"))))


def _tags(record: object) -> Iterator[str]:
    for facet in each(dig(record, "facets")):
        yield from (f"#{tag}" for feature in each(dig(facet, "features")) for tag in _texts(dig(feature, "tag")))
    yield from (f"#{tag}" for tag in _texts(*each(dig(record, "tags"))))


def _cards(embed: object, field: str) -> Iterator[str]:
    return _texts(*(dig(part, "external", field) for part in _media(embed)))


def _alts(embed: object) -> Iterator[str]:
    """Of images, of a video, and of what pictures may come to be called."""
    for part in _media(embed):
        yield from _texts(dig(part, "alt"))
        for images in part.values() if isinstance(part, dict) else ():
            yield from _texts(*(dig(image, "alt") for image in each(images)))
