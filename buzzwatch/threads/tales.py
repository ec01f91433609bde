"""How each story goes: tellings that nothing but what they say holds together, counted as replies are."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from struct import Struct as Packing
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.forgotten import turn_of
from buzzwatch.model.instant import DAY, MINUTE, Instant, Span
from buzzwatch.model.mention import OURS, Kind, Sighting
from buzzwatch.threads.judge import Judge
from buzzwatch.threads.stories import Stories
from buzzwatch.threads.tracker import Tracker

MOST_TELLINGS = 1_024
"""Kept of each brand, the latest ones: they tell which part of what is heard are copies."""

_IDLE: Span = 3 * DAY
_UNKNOWN = -1
_OPENING = Packing("<IqHqB")
"""Of the mention that told a story first: author, followers, negativity in thousandths, when posted, whether ours."""


class Told(Struct, frozen=True, gc=False):
    """What a mention tells: its story, the key of the first text of its kind, and whether the story has gone on.

    `began_at` is when the one that told it first was posted.
    """

    story: str
    copy: int
    began_at: Instant
    stirs: bool = False


class Tales:
    """The stories of all brands, and those told more than once as conversations of their own.

    A story's conversation is its tracker's slot under the id of the mention that told it first. That mention counts in
    it, and who tells the story elsewhere; what is said in the conversation that it began counts there alone. A lonely
    mention takes no slot. `judge` may be the one of the conversations: then stories and conversations together are what
    a budget is about.
    """

    def __init__(self, judge: Judge, capacity: int = 20_000, texts: int = 50_000) -> None:
        self.tracker = Tracker(judge, capacity, _IDLE)
        self._stories = Stories(texts)
        self._tellings: dict[str, _Tellings] = {}

    def hear(self, sighting: Sighting, conversations: Tracker) -> Told:
        """Let a mention tell its story; the conversations have counted it.

        The brand's own posts begin stories and answer them without counting.
        """
        placed = self._stories.place(
            sighting.mention, sighting.keys, sighting.seen_at, sighting.copy, _pack_opening(sighting)
        )
        if sighting.is_ours:
            answers = sighting.official and sighting.parent is not None and self._answer(sighting)
            return Told(placed.story, placed.copy, sighting.counted_at, answers)
        if placed.story == sighting.mention:
            return Told(placed.story, placed.copy, sighting.counted_at)
        began_at = _OPENING.unpack_from(placed.opening)[3]
        home = placed.opening[_OPENING.size :].decode()
        tellings = self._tellings.get(sighting.brand)
        if tellings is None:
            tellings = self._tellings[sighting.brand] = _Tellings()
        pasted = placed.copied and sighting.kind is not Kind.REPOST
        tellings.note(sighting, placed.story, placed.copy if pasted else 0)
        if sighting.thread == home:
            return Told(placed.story, placed.copy, began_at)
        brand, story = sighting.brand, placed.story
        if self.tracker.slot_of(brand, story) is None and conversations.slot_of(brand, home) is not None:
            self.tracker.count(_first(sighting, story, placed.opening))
        self.tracker.count(replace(sighting, thread=story, parent=story))
        return Told(story, placed.copy, began_at, stirs=True)

    def story_of(self, mention: str) -> str:
        """The story that a mention has told; its own id where none is known."""
        return self.tracker.key_of(mention, mention, None)

    def copies(self, brand: str, since: Instant, *, story: str = "", thread: str = "") -> int:
        """How many mentions of a brand have one text, since an instant of the authors' time; 0 if none is a copy.

        Reposts are no copies: nobody pasted them. Only those of a story or of a conversation where one is named.
        """
        tellings = self._tellings.get(brand)
        return 0 if tellings is None else tellings.copies(since, story, thread)

    def share(self, brand: str, story: str, thread: str) -> float:
        """Which part of the latest tellings of a story were made in one conversation."""
        tellings = self._tellings.get(brand)
        return 0.0 if tellings is None else tellings.share(story, thread)

    def dump(self) -> dict[str, Any]:
        """Everything but the judge, as builtins and bytes that share nothing with this object."""
        tracker = self.tracker.dump()
        del tracker["judge"]
        return {
            "tracker": tracker,
            "stories": self._stories.dump(),
            "tellings": {brand: tellings.dump() for brand, tellings in self._tellings.items()},
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any], judge: Judge) -> "Tales":
        """What `dump` gave, alive again under a judge who is what he was."""
        tales = cls(judge)
        tales.tracker = Tracker.load({**dumped["tracker"], "judge": judge.dump()}, judge)
        tales._stories = Stories.load(dumped["stories"])
        tales._tellings = {brand: _Tellings.load(tellings) for brand, tellings in dumped["tellings"].items()}
        return tales

    def _answer(self, reply: Sighting) -> bool:
        """An official reply to a telling, or in the conversation that a telling began, answers the story."""
        for known in filter(None, (reply.parent, reply.thread)):
            story = self.story_of(known)
            if self.tracker.slot_of(reply.brand, story) is not None:
                self.tracker.count(replace(reply, thread=story))
                return True
        return False


class _Tellings:
    """The latest mentions of one brand that told what was told before: minute, text, story and conversation."""

    __slots__ = ("_at", "_columns")

    def __init__(self) -> None:
        self._columns = [array("I") for _ in range(4)]
        self._at = 0

    def note(self, sighting: Sighting, story: str, copy: int) -> None:
        """Keep one, in the place of the oldest; `copy` is 0 where its text is its own."""
        told = (sighting.counted_at // MINUTE, copy, _key(story), _key(sighting.thread))
        if len(self._columns[0]) < MOST_TELLINGS:
            for column, value in zip(self._columns, told, strict=True):
                column.append(value)
            return
        for column, value in zip(self._columns, told, strict=True):
            column[self._at] = value
        self._at = (self._at + 1) % MOST_TELLINGS

    def copies(self, since: Instant, story: str, thread: str) -> int:
        """The most that have one text, with the first one, which is not kept here."""
        wanted = _key(story) if story else 0, _key(thread) if thread else 0
        counted = Counter(
            copy
            for minute, copy, told, place in self._rows()
            if copy and minute * MINUTE >= since and wanted[0] in (0, told) and wanted[1] in (0, place)
        )
        return max(counted.values()) + 1 if counted else 0

    def share(self, story: str, thread: str) -> float:
        """Of the tellings of one story those in one conversation."""
        wanted, home = _key(story), _key(thread)
        places = [place for _, _, told, place in self._rows() if told == wanted]
        return places.count(home) / len(places) if places else 0.0

    def dump(self) -> dict[str, Any]:
        """Everything."""
        return {"at": self._at, "columns": [column.tobytes() for column in self._columns]}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "_Tellings":
        """What `dump` gave."""
        tellings = cls()
        tellings._at = dumped["at"]
        tellings._columns = [array("I", column) for column in dumped["columns"]]
        return tellings

    def _rows(self) -> "Iterator[tuple[int, ...]]":
        return zip(*self._columns, strict=True)


def _pack_opening(sighting: Sighting) -> bytes:
    followers = _UNKNOWN if sighting.followers is None else max(0, min(sighting.followers, 1 << 62))
    numbers = _OPENING.pack(
        sighting.author,
        followers,
        int(sighting.negativity * 1_000 + 0.5),
        sighting.counted_at,
        sighting.is_ours,
    )
    return numbers + sighting.thread.encode()


def rename_opening(opening: bytes, post: Callable[[str], str], authors: Mapping[int, int]) -> bytes:
    """What is kept of the mention that told a story first, with other names for its conversation and its author."""
    if not opening:
        return opening
    author, *numbers = _OPENING.unpack_from(opening)
    packed = _OPENING.pack(authors.get(author, author), *numbers)
    return packed + post(opening[_OPENING.size :].decode()).encode()


def _first(telling: Sighting, story: str, opening: bytes) -> Sighting:
    """The mention that told a story first, seen now, since it has only now become one."""
    author, followers, milli, posted_at, ours = _OPENING.unpack_from(opening)
    return replace(
        telling,
        mention=story,
        thread=story,
        parent=None,
        author=author,
        followers=None if followers == _UNKNOWN else followers,
        negativity=milli / 1_000,
        posted_at=posted_at,
        official=False,
        voice=OURS if ours else "",
    )


def _key(name: str) -> int:
    return turn_of(name) or 1
