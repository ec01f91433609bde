"""What Mastodon says, as far as we listen: statuses, accounts and what streams carry.

Sources: https://docs.joinmastodon.org/entities/Status/, /entities/Account/, /entities/Instance/, /methods/streaming/,
and for what the documents leave open (the messages of a WebSocket, the answers to a subscription) `streaming/index.js`
of https://github.com/mastodon/mastodon. Ids are texts that only their instance understands, a `uri` is the same
everywhere.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Uri = Annotated[str, Meta(min_length=8, max_length=480, pattern=r"^https?://[^\s\x00-\x1f]+$")]
"""No longer than a mention's id may be, with its prefix; without spaces, which set two of them apart in a cursor."""
Id = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class Account(Struct, frozen=True):
    """Who posted. `acct` is user@domain, of local accounts user alone."""

    acct: Annotated[str, Meta(min_length=1, max_length=300)]
    display_name: str | None = None
    followers_count: int | None = None
    note: str | None = None
    noindex: bool | None = None
    """Asks search engines to leave the account out."""
    indexable: bool | None = None
    """Lets others find its public posts by search; most people never answered, and that counts as no."""


class Media(Struct, frozen=True):
    """A picture, a film or a sound, as its author describes it."""

    description: str | None = None


class Option(Struct, frozen=True):
    """One answer that a poll offers."""

    title: str


class Poll(Struct, frozen=True):
    """A question with answers to choose from."""

    options: tuple[Option, ...] = ()


class Quote(Struct, frozen=True):
    """The status that is quoted; None where its author has not agreed, or it is gone."""

    quoted_status: "Status | None" = None


class Status(Struct, frozen=True):
    """One post, or with `reblog` that somebody boosted one."""

    id: Id
    uri: Uri
    created_at: Annotated[datetime, Meta(tz=True)]
    account: Account
    visibility: str
    content: str | None = None
    spoiler_text: str | None = None
    language: str | None = None
    url: str | None = None
    in_reply_to_id: Id | None = None
    edited_at: str | None = None
    media_attachments: tuple[Media, ...] = ()
    poll: Poll | None = None
    quote: Quote | None = None
    reblog: "Status | None" = None
    favourites_count: int | None = None
    reblogs_count: int | None = None
    replies_count: int | None = None


class Frame(Struct, frozen=True):
    """One message of a WebSocket: an event of a stream, or `error` with its HTTP `status`."""

    stream: tuple[str, ...] = ()
    event: str = ""
    payload: str | None = None
    error: str | None = None
    status: int | None = None


class Urls(Struct, frozen=True):
    """Where else an instance is to be found."""

    streaming: str | None = None


class Configuration(Struct, frozen=True):
    """What clients should know."""

    urls: Urls = Urls()
    timelines_access: Any = None
    """By feed and part of it who may read it: public, authenticated, disabled; since 4.5."""


class About(Struct, frozen=True):
    """An instance: the domain of its accounts, and where its streams are."""

    domain: Annotated[str, Meta(max_length=253)] | None = None
    configuration: Configuration = Configuration()

    def closes(self, stream: str) -> bool:
        """Whether it says that nobody is given this stream."""
        kind, _, part = stream.partition(":")
        feeds = self.configuration.timelines_access
        feed = feeds.get("hashtag_feeds" if kind == "hashtag" else "live_feeds") if isinstance(feeds, dict) else None
        parts = (part,) if kind == "public" and part else ("local", "remote")
        return isinstance(feed, dict) and all(feed.get(part) == "disabled" for part in parts)


class Context(Struct, frozen=True):
    """A status within its conversation; `ancestors` from the root on."""

    ancestors: tuple[msgspec.Raw, ...] = ()


class _Identified(Struct, frozen=True):
    id: Id


UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding raises, whatever the bytes."""
decode_frame = msgspec.json.Decoder(Frame).decode
decode_status = msgspec.json.Decoder(Status).decode
decode_page = msgspec.json.Decoder(list[msgspec.Raw]).decode
decode_id = msgspec.json.Decoder(_Identified).decode
decode_about = msgspec.json.Decoder(About).decode
decode_context = msgspec.json.Decoder(Context).decode


def order(local: str) -> tuple[int, str]:
    """By which local ids of one instance are older or newer: numbers of growing length, or texts of one length."""
    return len(local), local


def read_status(raw: bytes | msgspec.Raw | str) -> Status | None:
    """A status, None for what is none."""
    try:
        return decode_status(raw)
    except UNREADABLE:
        return None


def read_id(raw: bytes | msgspec.Raw) -> str | None:
    """The id of what may be no status otherwise."""
    try:
        return decode_id(raw).id
    except UNREADABLE:
        return None
