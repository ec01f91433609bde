"""What X says: posts of the filtered stream and of the recent search, as JSON, and what is no post.

Fields as documented (docs.x.com, data dictionary of posts, "Consuming streaming data", "Handling disconnections", "Edit
Posts"; read in November 2026): any may be missing, new kinds of messages may come, an error may stand beside a post
whose expansions failed. Ids are snowflakes: their upper bits are milliseconds since November 2010.
"""

from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.model.mention import Author, Engagement, Kind, Mention

FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,"
    "note_tweet,public_metrics,referenced_tweets",
    "expansions": "author_id",
    "user.fields": "name,public_metrics,username",
}
"""What is asked of every post, and of its author."""
_EPOCH: Instant = 1_288_834_974_657
_CLOCK_BITS = 22
_TELLS_NO_LANGUAGE = frozenset({"und", "art", "zxx", "qam", "qct", "qht", "qme", "qst"})
_LANGUAGES = {"in": "id", "iw": "he"}

Id = Annotated[str, Meta(pattern="^[0-9]{1,19}$")]


class Url(Struct, frozen=True):
    """A shortened link, and where it leads."""

    url: str
    expanded_url: str | None = None


class Entities(Struct, frozen=True):
    """What stands in a text."""

    urls: tuple[Url, ...] = ()


class Note(Struct, frozen=True):
    """The whole of a text over 280 characters."""

    text: str
    entities: Entities = Entities()


class Reference(Struct, frozen=True):
    """Which post another refers to, and how: `replied_to`, `quoted`, `retweeted`."""

    type: str
    id: Id


class Metrics(Struct, frozen=True):
    """Counts of a post or of a user; None is unknown."""

    like_count: int | None = None
    retweet_count: int | None = None
    reply_count: int | None = None
    impression_count: int | None = None
    followers_count: int | None = None


class User(Struct, frozen=True):
    """An author."""

    id: Id
    username: str = ""
    name: str | None = None
    public_metrics: Metrics = Metrics()


class Erased(Struct, frozen=True):
    """The post that its author has taken back."""

    id: Id


class Deletion(Struct, frozen=True):
    """Compliance streams tell it so; the filtered one does not promise to."""

    tweet: Erased
    event_at: datetime | None = None


class Post(Struct, frozen=True):
    """A post, or in `delete` the news that there is none any more."""

    id: Id = "0"
    text: str = ""
    author_id: str | None = None
    conversation_id: Id | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    edit_history_tweet_ids: tuple[Id, ...] = ()
    entities: Entities = Entities()
    lang: str | None = None
    note_tweet: Note | None = None
    public_metrics: Metrics = Metrics()
    referenced_tweets: tuple[Reference, ...] = ()
    delete: Deletion | None = None


class Includes(Struct, frozen=True):
    """What was asked for beside posts."""

    users: tuple[User, ...] = ()


class Matching(Struct, frozen=True):
    """A rule that let a post through."""

    tag: str = ""


class Problem(Struct, frozen=True):
    """An error, inside the stream or as the body of an answer."""

    title: str = ""
    detail: str = ""
    type: str = ""
    connection_issue: str = ""
    disconnect_type: str = ""

    @property
    def ends_stream(self) -> bool:
        """What follows it is the end of the connection."""
        return bool(self.connection_issue or self.disconnect_type or self.type.endswith(_ENDINGS))

    @property
    def is_spent(self) -> bool:
        """The account has used up what it may read or has paid for."""
        told = (self.title, self.type.rpartition("/")[2])
        return any(word in {"UsageCapExceeded", "usage-capped", "CreditsDepleted", "credits"} for word in told)


_ENDINGS = ("/operational-disconnect", "/streaming-connection")


class Line(Struct, frozen=True):
    """One line of the stream."""

    data: Post | None = None
    includes: Includes = Includes()
    matching_rules: tuple[Matching, ...] = ()
    errors: tuple[Problem, ...] = ()
    title: str = ""
    detail: str = ""
    type: str = ""
    connection_issue: str = ""
    disconnect_type: str = ""

    @property
    def problem(self) -> Problem | None:
        """The error that it tells of in place of a post, whichever way; None: it does not."""
        if self.data is not None:
            return None
        if self.errors:
            return self.errors[0]
        bare = Problem(self.title, self.detail, self.type, self.connection_issue, self.disconnect_type)
        return bare if self.title or self.type else None


class Paging(Struct, frozen=True):
    """How a page of the search lies among its fellows; the first has the newest posts."""

    next_token: str = ""
    oldest_id: Id | None = None


class Page(Struct, frozen=True):
    """A page of the search."""

    data: tuple[Post, ...] = ()
    includes: Includes = Includes()
    meta: Paging = Paging()


LINE = msgspec.json.Decoder(Line)
PAGE = msgspec.json.Decoder(Page)
PROBLEM = msgspec.json.Decoder(Line)


def instant_of_id(post: int) -> Instant:
    """When a post was made."""
    return (post >> _CLOCK_BITS) + _EPOCH


def first_id(instant: Instant) -> int:
    """The lowest id that a post of that instant may have."""
    return max(0, instant - _EPOCH) << _CLOCK_BITS


def mention_of(post: Post, users: Sequence[User], brands: Sequence[str] = ()) -> Mention:
    """The post in the interchange format. `brands` are those whose rules let it through.

    All versions of an edited post bear the id of the first. A repost is cut off after 140 characters and may have lost
    the name that let it through: then it is of the brand of that rule, if there is but one.
    """
    if post.delete:
        at = post.delete.event_at or moment_of(instant_of_id(int(post.delete.tweet.id)))
        return Mention(f"x:{post.delete.tweet.id}", "", at, source="x", deleted=True)
    first = post.edit_history_tweet_ids[0] if post.edit_history_tweet_ids else post.id
    kind, parent = _hangs_on(post.referenced_tweets)
    thread = post.conversation_id or first
    if kind is Kind.REPOST and parent and thread in {post.id, first}:
        thread = parent
    user = next((user for user in users if user.id == post.author_id), None)
    cut_off = kind is Kind.REPOST and post.text.endswith("…") and len(brands) == 1
    return Mention(
        f"x:{first}",
        text_of(post),
        post.created_at or moment_of(instant_of_id(int(post.id))),
        source="x",
        author=_author(post.author_id, user),
        lang=None if post.lang in _TELLS_NO_LANGUAGE else _LANGUAGES.get(post.lang or "", post.lang),
        url=f"https://x.com/{user.username if user and user.username else 'i/web'}/status/{post.id}",
        thread=f"x:{thread}",
        parent=f"x:{parent}" if parent else None,
        kind=kind,
        brand=brands[0] if cut_off else None,
        engagement=Engagement(
            post.public_metrics.like_count,
            post.public_metrics.retweet_count,
            post.public_metrics.reply_count,
            post.public_metrics.impression_count,
        ),
    )


def text_of(post: Post) -> str:
    """All that it says, with links as they lead, and `&`, `<`, `>` as themselves."""
    text, entities = post.text, post.entities
    if post.note_tweet:
        text, entities = post.note_tweet.text, post.note_tweet.entities
    for each in entities.urls:
        if each.expanded_url:
            text = text.replace(each.url, each.expanded_url)
    return unescape(text) if "&" in text else text


def _author(key: str | None, user: User | None) -> Author | None:
    if user is None:
        return Author(id=key) if key else None
    handle = f"@{user.username}" if user.username else None
    return Author(user.id, handle, user.name, user.public_metrics.followers_count)


def _hangs_on(references: Sequence[Reference]) -> tuple[Kind, str | None]:
    """How a post came to be, and the post that it answers, repeats or quotes."""
    for type_, kind in (("retweeted", Kind.REPOST), ("replied_to", Kind.REPLY), ("quoted", Kind.QUOTE)):
        for each in references:
            if each.type == type_:
                return kind, each.id
    return Kind.POST, None
