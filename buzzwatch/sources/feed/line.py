"""One feed, asked again and again: when, what of it is handed over, and when that was posted.

What a poll brings is no surge: it counts when it was posted. Entries without a date came at some time since the feed
was asked before, and are spread over it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientSession

from buzzwatch.clock import Clock
from buzzwatch.model.instant import DAY, HOUR, LONGEST_WINDOW, MINUTE, SECOND, Instant, Span, moment_of
from buzzwatch.model.mention import Author, Engagement, Kind, Mention
from buzzwatch.sources.backoff import Backoff
from buzzwatch.sources.feed.document import Document, Entry, NoFeedError, read
from buzzwatch.sources.feed.seen import Place, remember, sift
from buzzwatch.sources.feed.wire import Heard, Unheard, ask
from buzzwatch.sources.intake import Intake

LONGEST_ASKED: Span = HOUR
"""A feed that wants to be asked more rarely is obeyed up to here: what it calls fresh for a day would leave us deaf."""
LONGEST_SKIPPED: Span = 8 * HOUR
COURTESY: Span = 2 * SECOND
"""Between two requests to one host."""
A_BATCH = 50
SPREAD: Span = 30 * SECOND
"""Over which the first requests are spread."""
_AT_ONCE = 4
_RETRY: Span = MINUTE
_AHEAD: Span = DAY
"""A date further ahead is none: feeds of events give the day of the event."""
_FAILURES = 2
"""So many in a row are a silence: a feed is asked again soon, and one failure says little."""
_LONGEST_LANG = 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One feed. `label` names it to people, without secrets."""

    address: str = field(repr=False)
    label: str

    @property
    def key(self) -> str:
        """The name of its cursor."""
        return blake2b(self.address.encode("utf-8", "replace"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How feeds are read. `brand`: whose feeds they are, if they are about one anyway."""

    every: Span = 15 * MINUTE
    allow: tuple[str, ...] = ()
    brand: str | None = None
    within_s: float = 60.0


class Manners:
    """Few requests at once, one at a time to a host, and one document read at a time."""

    def __init__(self, clock: Clock) -> None:
        self.reading = asyncio.Lock()
        self._clock = clock
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._hosts: dict[str, asyncio.Lock] = {}
        self._left: dict[str, Instant] = {}

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for it."""
        host = urlsplit(address).hostname or ""
        async with self._hosts.setdefault(host, asyncio.Lock()):
            await self._clock.wait_until(self._left.get(host, 0) + COURTESY)
            try:
                async with self._few:
                    yield
            finally:
                self._left[host] = self._clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all feeds of a source have in common."""

    source: str
    habits: Habits
    intake: Intake
    clock: Clock
    session: ClientSession
    chance: random.Random
    manners: Manners


class Line:
    """One feed. `trouble`: why nothing was heard the last time; `lost`: something went by unseen the last time."""

    def __init__(self, shared: Shared, subscription: Subscription, place: Place) -> None:
        self.label = subscription.label
        self.trouble: Unheard | None = None
        self.tried = False
        self.lost = False
        self.note = ""
        self._all = shared
        self._key = subscription.key
        self._written = self._address = subscription.address
        self._place = place
        self._backoff = Backoff(_RETRY, max(HOUR, shared.habits.every), shared.chance)
        self._failures = 0
        self._ever_heard = False
        self._shown = Document([])

    @property
    def hears(self) -> bool:
        """Whether it may be counted on."""
        if self.trouble is None:
            return self.tried
        return self._ever_heard and self._failures < _FAILURES and not self.trouble.hopeless

    async def follow(self, report: Callable[[], None]) -> None:
        """Ask until the feed is gone for good; `report` is called after each time."""
        clock = self._all.clock
        await clock.wait_until(clock.now() + int(self._all.chance.uniform(0, SPREAD)))
        while not (self.trouble and self.trouble.gone):
            async with self._all.manners.turn(self._address):
                now = clock.now()
                try:
                    wait = await self._ask(now)
                except Exception as error:  # noqa: BLE001 - whatever garbage does to us, the other feeds go on
                    wait = self._fail(Unheard(f"reading it failed, a fault of buzzwatch ({type(error).__name__})"))
            report()
            await clock.wait_until(now + wait)

    async def _ask(self, now: Instant) -> Span:
        """Ask once, hand over what is new, and say how long to wait."""
        place, within_s = self._place, self._all.habits.within_s
        answer = await ask(self._all.session, self._address, place.etag, place.modified, now, within_s)
        heard = await self._read(answer) if isinstance(answer, Heard) else answer
        if isinstance(heard, Unheard):
            return self._fail(heard)
        self.tried, self.trouble, self._failures, self._ever_heard, self.lost = True, None, 0, True, False
        self._backoff.succeed()
        answer, document = heard
        if document is None:
            self._place = msgspec.structs.replace(place, heard=now)
        else:
            self._shown = document
            await self._hand_over(document.entries, answer, now)
        self._move(answer.moved_to)
        return self._wait(answer.fresh_for, now)

    def _fail(self, trouble: Unheard) -> Span:
        self.tried, self.trouble = True, trouble
        self._address, self.note = self._written, ""  # whoever moved by mistake is found where they were
        self._failures += 1
        return self._backoff.fail(at_least=trouble.again_after, hopeless=trouble.hopeless)

    async def _read(self, answer: Heard) -> tuple[Heard, Document | None] | Unheard:
        if answer.body is None:
            return answer, None
        try:
            async with self._all.manners.reading:
                return answer, await asyncio.to_thread(read, answer.body, answer.media_type, answer.address)
        except NoFeedError as error:
            return Unheard(str(error))

    def _move(self, moved_to: str) -> None:
        """Follow for good whoever moved for good, unless it is to where the line is no longer guarded."""
        if moved_to and not (self._address.startswith("https:") and moved_to.startswith("http:")):
            self._address = moved_to
            self.note = f"it moved for good, to {urlsplit(moved_to).hostname}: write its new address"

    def _wait(self, fresh_for: Span, now: Instant) -> Span:
        every = self._all.habits.every
        asked = min(max(fresh_for, self._shown.ttl), max(LONGEST_ASKED, every))
        due = now + int(max(every, asked) * self._all.chance.uniform(1, 1.1))
        latest = due + LONGEST_SKIPPED
        while due < latest and due // HOUR % 24 in self._shown.skipped:
            due = (due // HOUR + 1) * HOUR + int(self._all.chance.uniform(0, SPREAD))
        return due - now

    async def _hand_over(self, entries: Sequence[Entry], answer: Heard, now: Instant) -> None:
        """Give what is new to the intake, and keep our place in the same commits."""
        place = self._place
        known, first = place.pairs(), place.first or now
        since = place.heard or first
        sifted = sift(known, entries)
        new = sifted.new
        if not known:
            new = [each for each in new if place.first and is_sure(each) and (each.posted or 0) > first]
        elif sifted.apart:
            self._lose(entries, since, now)
            new = [each for each in new if is_sure(each)]
        dated = date(new, since, now) + [(each, _of_edit(each, now)) for each in sifted.edited]
        mentions = [mention_of(each, posted, self._all.habits.brand) for each, posted in dated]
        halfway = Place(first=first, heard=place.heard, known=place.known)
        whole = Place(first, now, answer.etag, answer.modified, remember(known, entries))
        for start in range(0, len(mentions), A_BATCH):
            last = start + A_BATCH >= len(mentions)
            if not await self._commit(mentions[start : start + A_BATCH], whole if last else halfway):
                return
        if (
            not mentions
            and msgspec.structs.replace(whole, heard=place.heard) != place
            and not await self._commit([], whole)
        ):
            return
        self._place = whole

    async def _commit(self, mentions: Sequence[Mention], place: Place) -> bool:
        """Whether it was taken."""
        intake = self._all.intake
        if intake.full:
            await intake.room()
        payload = msgspec.json.encode(mentions) if mentions else b""
        receipt = intake.submit(self._all.source, payload, {self._key: place.dump()})
        await asyncio.wait({receipt})
        return not receipt.cancelled()

    def _lose(self, entries: Sequence[Entry], since: Instant, now: Instant) -> None:
        """Nothing of what was shown before is shown now: between the two, some may have come and gone."""
        self.lost = True
        oldest = min((each.posted for each in entries if each.posted is not None and is_sure(each)), default=now)
        if since < min(oldest, now):
            self._all.intake.gap(self._all.source, since, min(oldest, now))


def mention_of(entry: Entry, posted: Instant, brand: str | None = None) -> Mention:
    """An entry as we hand it over."""
    return Mention(
        id=entry.id,
        text=entry.text,
        created_at=moment_of(posted),
        source=entry.source,
        author=Author(id=entry.author or None, name=entry.publisher or None),
        lang=entry.lang if 0 < len(entry.lang) <= _LONGEST_LANG else None,
        url=entry.link or None,
        kind=Kind.ARTICLE if entry.source == "web" else Kind.POST,
        brand=brand,
        engagement=Engagement(views=entry.views) if entry.views is not None else None,
        title=entry.title or None,
    )


def is_sure(entry: Entry) -> bool:
    """Whether its date can be taken at its word."""
    return entry.posted is not None and entry.zoned


def date(entries: Sequence[Entry], since: Instant, now: Instant) -> list[tuple[Entry, Instant]]:
    """When entries that were not there at `since` count, the earliest first.

    When they say that they were posted. A date without a zone is brought between the two instants, a date ahead to now.
    Without a date, or with an absurd one, they are spread evenly between the two, the first shown as the youngest.
    """
    undated = [each for each in entries if each.posted is None or each.posted > now + _AHEAD]
    step = max(0, now - since) / max(1, len(undated))
    spread = {id(each): now - int(step * (place + 0.5)) for place, each in enumerate(undated)}
    dated = []
    for each in entries:
        posted = spread.get(id(each))
        if posted is None:
            posted = min(each.posted or 0, now)
            posted = posted if each.zoned else max(posted, min(since, now))
        dated.append((each, posted))
    return sorted(dated, key=lambda pair: pair[1])


def _of_edit(entry: Entry, now: Instant) -> Instant:
    """For the case that we did not know it: what was shown long ago is no news, whatever is changed in it."""
    posted = entry.posted
    return posted if posted is not None and posted <= now else now - LONGEST_WINDOW - MINUTE
