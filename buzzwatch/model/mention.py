"""What sources hand over (Mention) and what the spine counts (Sighting)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from buzzwatch.model.instant import LONGEST_WINDOW, Instant
from buzzwatch.model.story import StoryKeys

OURS = "ours"
"""The group of voices who are the brand's own people: neither customers nor an official answer."""
PRESS = "press"
"""The group of voices who are journalists: what they post counts as an article does."""

UNKNOWN_SOURCE = "unknown"


class Kind(StrEnum):
    """How a mention came to be."""

    POST = "post"
    REPLY = "reply"
    REPOST = "repost"
    QUOTE = "quote"
    REVIEW = "review"
    ARTICLE = "article"
    MESSAGE = "message"


class Author(Struct, frozen=True, gc=False):
    """Who wrote a mention, as far as the source knows; None is unknown, never 0."""

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None


class Engagement(Struct, frozen=True, gc=False):
    """Reactions at the time of hearing; None is unknown, never 0."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None


class Mention(Struct, frozen=True, gc=False):
    """The interchange format, one post as its source tells it. Unknown fields are ignored when decoding.

    `stars` are those of a review, 1 to 5: what its author thinks, in a number.
    """

    id: Annotated[str, Meta(min_length=1, max_length=500)]
    text: str
    created_at: Annotated[datetime, Meta(tz=True)]
    source: Annotated[str, Meta(max_length=100)] | None = None
    author: Author | None = None
    lang: Annotated[str, Meta(max_length=35)] | None = None
    url: Annotated[str, Meta(max_length=4000)] | None = None
    thread: Annotated[str, Meta(max_length=500)] | None = None
    parent: Annotated[str, Meta(max_length=500)] | None = None
    kind: Kind | None = None
    brand: str | None = None
    engagement: Engagement | None = None
    title: str | None = None
    deleted: bool = False
    stars: int | None = None

    @property
    def whole(self) -> str:
        """What it says: the title, if it has one, and the text."""
        return f"{self.title}\n{self.text}" if self.title else self.text


class Sighting(Struct, frozen=True, gc=False, omit_defaults=True, tag="sighting"):
    """One mention of one brand, scored: numbers and keys only, so that erasing a text later leaves every outcome.

    `author` and `copy` are stable 32-bit keys (the same in every process): of the author, 0 where unknown; of the text
    once handles, links, case and accents are gone. `negativity` is the scorer's probability, 0..1, that the text is
    negative. `thread` is the resolved key of the conversation: the root's id. `themes` are those of the brand that the
    text touches, `voice` is the group of the brand's voices that its author belongs to, "" for none. `keys` are what it
    may share with its look-alikes, none once its text is erased. `unnamed`: it does not name the brand, and only hangs
    on a conversation of it. `road` is the configured source that brought it first, where `source` is where it was said.
    """

    seen_at: Instant
    posted_at: Instant
    mention: str
    brand: str
    source: str
    thread: str
    parent: str | None
    kind: Kind
    author: int
    followers: int | None
    official: bool
    negativity: float
    scorer: str
    lang: str
    copy: int
    themes: tuple[str, ...] = ()
    voice: str = ""
    keys: StoryKeys = StoryKeys()
    unnamed: bool = False
    road: str = ""

    @property
    def counted_at(self) -> Instant:
        """When windows count it: the author's clock, never ahead of ours."""
        return min(self.posted_at, self.seen_at)

    @property
    def late(self) -> bool:
        """Too old on arrival for any window, rule or baseline."""
        return self.seen_at - self.posted_at > LONGEST_WINDOW

    @property
    def is_root(self) -> bool:
        """It starts its conversation."""
        return self.mention == self.thread

    @property
    def is_ours(self) -> bool:
        """By one of our accounts or one of our people: no customer, whatever it says."""
        return self.official or self.voice == OURS

    @property
    def is_press(self) -> bool:
        """An article, or by one of the voices of the press."""
        return (self.kind is Kind.ARTICLE or self.voice == PRESS) and not self.is_ours
