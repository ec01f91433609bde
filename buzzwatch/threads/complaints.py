"""The complaints about one brand that wait for an official answer, in O(1) a mention and bounded memory.

A complaint is one customer in one conversation. What they post there later is part of it, and so are copies of its text
while it waits: it is counted once, and an answer to any of these posts answers it.
"""

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from buzzwatch.model.forgotten import by_turn
from buzzwatch.model.instant import DAY, Instant, Span
from buzzwatch.model.mention import OURS, Kind, Sighting
from buzzwatch.model.response import Complaint

LINE = 0.6
"""From this probability of being negative on a post complains: of those just there, six in ten are negative."""
KEPT: Span = 3 * DAY
"""As long as a conversation is remembered: what has waited for longer is let go unanswered."""
MOST_WAITING = 1_000
"""Beyond, a quarter is let go: of all but the oldest quarter those that fewest follow, the latest first."""
MOST_POSTS = 8 * MOST_WAITING
"""Posts by which those that wait are known."""
MOST_ASKING = 1_000
"""Incidents of which is remembered that they have asked for theirs."""
MOST_OURS = 2_000
"""Official posts kept, and posts that they replied to."""


_Key: TypeAlias = tuple[Instant, int, str]


class Waiting(Struct, gc=False, array_like=True):
    """A complaint that waits, by its first post. `places` are the conversations and authors where it was made."""

    at: Instant
    mention: str
    author: int
    followers: int | None
    story: str
    copies: list[int]
    posts: list[str]
    places: list[tuple[str, int | str]]
    incident: str = ""

    @property
    def key(self) -> _Key:
        """What orders complaints: the first comes first."""
        return self.at, *by_turn(self.mention)


class Complaints:
    """Of one brand. Every method that changes anything says what the record is to keep."""

    __slots__ = (
        "_added", "_answered", "_brand", "_claimed", "_copies", "_order", "_ours", "_places", "_posts", "let_go",
    )  # fmt: skip

    def __init__(self, brand: str) -> None:
        self.let_go = 0
        """How many were dropped unanswered, since too many waited."""
        self._brand = brand
        self._posts: dict[str, Waiting] = {}
        self._places: dict[str, dict[int | str, Waiting]] = {}  # by conversation, then by author
        self._copies: dict[int, Waiting] = {}
        self._order: list[_Key] = []
        self._added: list[Waiting] = []  # to what, one by one, a post was added
        self._claimed: dict[str, tuple[tuple[Any, ...], int]] = {}
        """By incident: what it asked for, and how many had been added by then."""
        self._ours: OrderedDict[str, None] = OrderedDict()  # official posts, the latest last
        self._answered: OrderedDict[str, Instant] = OrderedDict()  # what they replied to, and when

    def __len__(self) -> int:
        return len(self._order)

    def hear(self, post: Sighting, copy: int = 0, story: str = "") -> tuple[Complaint, ...]:
        """Let a post complain, go on about its author's complaint, or answer; `copy` is 0 where its text is its own.

        What is `late` complains no more, and still answers.
        """
        if post.official:
            return self._hear_ours(post)
        place = self._places.get(post.thread)
        waiting = place.get(post.author or post.mention) if place else None
        complains = post.negativity >= LINE and self._complains(post)
        if waiting is None:
            if not complains:
                return ()
            waiting = self._copies.get(copy) if copy else None
            if waiting is None:
                return self._open(post, copy, story)
        return self._join(waiting, post, complains=complains)

    def leave(self, mention: str) -> tuple[Complaint, ...]:
        """A post was taken back, or is no complaint; a complaint leaves with its first post."""
        waiting = self._posts.get(mention)
        if waiting is None:
            return ()
        if waiting.mention != mention:
            waiting.posts.remove(mention)
            del self._posts[mention]
            return ()
        self._drop(waiting)
        return (self._record(waiting, gone=True),)

    def knows(self, mention: str) -> bool:
        """Whether a post is part of a complaint that waits."""
        return mention in self._posts

    def count(self, over: Span, now: Instant) -> int:
        """How many have waited for at least so long."""
        return max(0, bisect_left(self._order, (now - over + 1,)) - self._expired(now))

    def oldest(self, now: Instant) -> Instant | None:
        """When the one that waits longest was posted."""
        expired = self._expired(now)
        return self._order[expired][0] if expired < len(self._order) else None

    def due(self, over: Span, least: int, now: Instant) -> Instant | None:
        """When `least` of those that wait now will have waited for so long; None: so many do not wait."""
        place = self._expired(now) + least - 1
        return self._order[place][0] + over if place < len(self._order) else None

    def loudest(self, over: Span, now: Instant, most: int) -> tuple[str, ...]:
        """Of those that have waited for so long the ones that most people follow, then the oldest."""
        aged = self._order[self._expired(now) : bisect_left(self._order, (now - over + 1,))]
        waiting = sorted((self._posts[mention] for *_, mention in aged), key=_influence)
        return tuple(each.mention for each in waiting[:most])

    def first(self, threads: Collection[str], stories: Collection[str], since: Instant | None) -> Instant | None:
        """When the first was posted that waits in one of these conversations or stories, or of all since an instant."""
        return next((each.at for each in self._of(threads, stories, since)), None)

    def claim(
        self, incident: str, threads: Collection[str], stories: Collection[str], since: Instant | None
    ) -> tuple[Complaint, ...]:
        """Those that wait there and belong to no incident belong to this one."""
        asked = (threads, stories, since)
        before, known = self._claimed.get(incident, (None, 0))
        if before != asked:
            fresh = [self._posts[mention] for *_, mention in self._order]
        elif known < len(self._added):  # it asks at each tick, and has all else that it asks for
            fresh = self._still_waiting(self._added[known:])
        else:
            return ()
        claimed = [each for each in fresh if not each.incident and _is_of(each, threads, stories, since)]
        for each in claimed:
            each.incident = incident
        if len(self._claimed) >= MOST_ASKING and incident not in self._claimed:
            del self._claimed[next(iter(self._claimed))]
        self._claimed[incident] = asked, len(self._added)
        return tuple(map(self._record, claimed))

    def set_back(self, now: Instant) -> None:
        """The clock had run ahead: nothing was posted in the future."""
        self._forget_claims()
        for *_, mention in self._order:
            waiting = self._posts[mention]
            waiting.at = min(waiting.at, now)
        self._order = sorted((min(at, now), turn, mention) for at, turn, mention in self._order)
        self._answered = OrderedDict((post, min(at, now)) for post, at in self._answered.items())

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins that share nothing with this object."""
        return {
            "waiting": msgspec.to_builtins([self._posts[mention] for *_, mention in self._order]),
            "ours": list(self._ours),
            "answered": list(self._answered.items()),
            "let_go": self.let_go,
        }

    @classmethod
    def load(cls, brand: str, dumped: dict[str, Any]) -> "Complaints":
        """What `dump` gave, alive again."""
        complaints = cls(brand)
        for waiting in msgspec.convert(dumped["waiting"], list[Waiting]):
            complaints._order.append(waiting.key)
            complaints._copies.update(dict.fromkeys(waiting.copies, waiting))
            complaints._posts.update(dict.fromkeys(waiting.posts, waiting))
            for thread, author in waiting.places:
                complaints._places.setdefault(thread, {})[author] = waiting
        complaints._order.sort()  # an older version put those of one instant in another order
        complaints._ours = OrderedDict.fromkeys(dumped["ours"])
        complaints._answered = OrderedDict((post, at) for post, at in dumped["answered"])
        complaints.let_go = dumped["let_go"]
        return complaints

    def _complains(self, post: Sighting) -> bool:
        """Whether a negative post is for us to answer: a customer's own words, to us, and of these hours."""
        if post.voice == OURS or post.is_press or post.kind is Kind.REPOST or post.late:
            return False
        return not post.unnamed or post.thread in self._ours or (post.parent or "") in self._ours

    def _open(self, post: Sighting, copy: int, story: str) -> tuple[Complaint, ...]:
        at = post.counted_at
        waiting = Waiting(at, post.mention, post.author, post.followers, story, [], [], [])
        answered_at = self._answer_to(post)
        if answered_at is not None:
            return (self._record(waiting, answered_at=max(at, answered_at)),)
        self._make_room(post.seen_at)
        self._register(waiting, post)
        if copy:
            waiting.copies.append(copy)
            self._copies[copy] = waiting
        insort(self._order, waiting.key)
        return (self._record(waiting),)

    def _join(self, waiting: Waiting, post: Sighting, *, complains: bool) -> tuple[Complaint, ...]:
        """One more post of a complaint; if it is an earlier one that came late, the complaint is that old."""
        answered_at = self._answered.get(post.mention)
        if answered_at is not None:
            return (self._meet(waiting, answered_at),)
        self._register(waiting, post)
        if post.followers is not None:
            waiting.followers = max(post.followers, waiting.followers or 0)
        if not complains or (post.counted_at, *by_turn(post.mention)) >= waiting.key or post.mention not in self._posts:
            return ()
        before = self._record(waiting, gone=True)
        self._unlist(waiting)
        waiting.at, waiting.mention, waiting.author = post.counted_at, post.mention, post.author
        insort(self._order, waiting.key)
        return before, self._record(waiting)

    def _register(self, waiting: Waiting, post: Sighting) -> None:
        if self._claimed:
            self._added.append(waiting)
            if len(self._added) > MOST_WAITING:
                self._forget_claims()
        if len(self._posts) < MOST_POSTS or not waiting.posts:
            if post.mention not in self._posts:
                waiting.posts.append(post.mention)
            self._posts[post.mention] = waiting
        author = post.author or post.mention
        place = self._places.setdefault(post.thread, {})
        if author not in place and len(waiting.places) < MOST_POSTS // MOST_WAITING:
            place[author] = waiting
            waiting.places.append((post.thread, author))

    def _hear_ours(self, reply: Sighting) -> tuple[Complaint, ...]:
        """Note a post of ours, and let it answer.

        A reply answers the customer to whose post it is; one to the first post of a conversation, or to none that is
        named, speaks to all who had complained in it by then. A repost answers nobody.
        """
        _remember(self._ours, reply.mention, None)
        if reply.is_root or reply.kind is Kind.REPOST:
            return ()
        to, at = reply.parent or reply.thread, reply.counted_at
        _remember(self._answered, to, max(at, self._answered.get(to, at)))
        met = {waiting.key: waiting for waiting in self._spoken_to(reply, to, at)}
        return tuple(self._meet(met[key], at) for key in sorted(met))

    def _spoken_to(self, reply: Sighting, to: str, at: Instant) -> Iterator[Waiting]:
        if to in self._posts:
            yield self._posts[to]
        if to == reply.thread:
            yield from (waiting for waiting in self._places.get(to, {}).values() if waiting.at <= at)

    def _answer_to(self, post: Sighting) -> Instant | None:
        """When it was answered that is heard only now; None: it was not."""
        to_it, to_all = self._answered.get(post.mention), self._answered.get(post.thread)
        if to_it is not None:
            return to_it
        return to_all if to_all is not None and to_all >= post.counted_at else None

    def _meet(self, waiting: Waiting, at: Instant) -> Complaint:
        self._drop(waiting)
        return self._record(waiting, answered_at=max(at, waiting.at))

    def _make_room(self, now: Instant) -> None:
        for *_, mention in self._order[: self._expired(now)]:
            self._drop(self._posts[mention])
        if len(self._order) < MOST_WAITING:
            return
        quarter = MOST_WAITING // 4
        weighed = sorted((self._posts[mention] for *_, mention in self._order[quarter:]), key=_influence)
        for waiting in weighed[-quarter:]:
            self._drop(waiting)
        self.let_go += quarter

    def _drop(self, waiting: Waiting) -> None:
        self._unlist(waiting)
        for post in waiting.posts:
            del self._posts[post]
        for copy in waiting.copies:
            del self._copies[copy]
        for thread, author in waiting.places:
            place = self._places[thread]
            del place[author]
            if not place:
                del self._places[thread]

    def _unlist(self, waiting: Waiting) -> None:
        del self._order[bisect_left(self._order, waiting.key)]

    def _expired(self, now: Instant) -> int:
        """How many of the oldest nobody will answer any more."""
        if not self._order or self._order[0][0] >= now - KEPT:
            return 0
        return bisect_right(self._order, (now - KEPT,))

    def _forget_claims(self) -> None:
        self._claimed.clear()
        self._added.clear()

    def _still_waiting(self, added: Iterable[Waiting]) -> list[Waiting]:
        """Those of them that wait, each once; the first come first."""
        waiting = {each.key: each for each in added if self._posts.get(each.mention) is each}
        return [waiting[key] for key in sorted(waiting)]

    def _of(self, threads: Collection[str], stories: Collection[str], since: Instant | None) -> Iterator[Waiting]:
        """The first come first."""
        for *_, mention in self._order:
            waiting = self._posts[mention]
            if _is_of(waiting, threads, stories, since):
                yield waiting

    def _record(self, waiting: Waiting, *, answered_at: Instant | None = None, gone: bool = False) -> Complaint:
        return Complaint(
            self._brand, waiting.mention, waiting.author, waiting.at, answered_at, waiting.incident, gone=gone
        )


def _is_of(waiting: Waiting, threads: Collection[str], stories: Collection[str], since: Instant | None) -> bool:
    """Whether it was made in one of these conversations or stories, or of all since an instant."""
    return (
        (since is not None and waiting.at >= since)
        or waiting.story in stories
        or any(thread in threads for thread, _ in waiting.places)
    )


def _influence(waiting: Waiting) -> tuple[int, Instant, int, str]:
    """The most followed first, then the oldest."""
    return (-(waiting.followers or 0), *waiting.key)


def _remember(kept: OrderedDict[str, Any], post: str, value: Instant | None) -> None:
    """The latest last; the first is forgotten where there are too many. Of a plain dict it costs more to find."""
    kept[post] = value
    kept.move_to_end(post)
    if len(kept) > MOST_OURS:
        kept.popitem(last=False)
