"""Comments and posts in what Meta's webhooks bring of a page or of an Instagram account.

Shapes: developers.facebook.com/docs/graph-api/webhooks/reference/page (`feed`: item, verb, comment_id, post_id,
parent_id, from, message, created_time in seconds) and …/reference/instagram (`comments`, `live_comments`: id, text,
from, media, parent_id; no time of its own, so that of the notification counts).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from buzzwatch.model.mention import Author, Kind, Mention

MAX_CHANGES = 5_000
"""Of one notification; Meta sends a thousand at most."""
_POSTS = frozenset({"status", "post", "photo", "video", "link", "share", "album"})
_SAID = frozenset({"add", "edit", "edited", "unhide"})
_TAKEN_BACK = frozenset({"remove", "delete", "hide", "block"})
_MILLISECONDS = 10**11
"""Larger than any second that a comment can have been written at: it is in milliseconds."""


class ChangeError(Exception):
    """A change that cannot be understood; the text says why."""


class Change(Struct, frozen=True):
    """One change: on which platform, of what kind, what it tells, and when it was told (seconds, or milliseconds)."""

    platform: str
    field: str
    value: Any
    told_at: Any


def changes(document: Any) -> Iterator[Change]:  # noqa: ANN401 - it may be anything
    """The changes in a notification, or in a list of them."""
    left = MAX_CHANGES
    for told in document if isinstance(document, list) else [document]:
        platform = _get(told, "object")
        for entry in _listed(_get(told, "entry")):
            alone = [entry] if _get(entry, "field") else []  # as the examples for Instagram have it
            for change in [*_listed(_get(entry, "changes")), *alone]:
                if left == 0:
                    return
                left -= 1
                yield Change(str(platform), str(_get(change, "field")), _get(change, "value"), _get(entry, "time"))


def read_change(change: Change) -> Mention | None:
    """The mention; None for what is neither a comment nor a post.

    Raises:
        ChangeError: it lacks its id or its date.
    """
    if change.platform == "instagram" and change.field in {"comments", "live_comments"}:
        return _instagram(change)
    if change.platform == "page" and change.field == "feed":
        return _facebook(change)
    return None


def _instagram(change: Change) -> Mention:
    value = change.value
    identity = _text(value, "id", "comment_id")
    media, parent = _text(_get(value, "media"), "id"), _text(value, "parent_id")
    author = _get(value, "from")
    return Mention(
        id=f"instagram:{_needed(identity, 'value.id')}",
        text=_text(value, "text") or "",
        created_at=_date(_get(value, "created_time") or change.told_at, "entry.time"),
        source="instagram",
        author=_author(_text(author, "id"), handle=_text(author, "username")),
        thread=f"instagram:{media}" if media else None,
        parent=f"instagram:{parent or media}" if parent or media else None,
        kind=Kind.REPLY,
    )


def _facebook(change: Change) -> Mention | None:
    value = change.value
    item, verb = _text(value, "item") or "", _text(value, "verb") or ""
    if (item != "comment" and item not in _POSTS) or verb not in _SAID | _TAKEN_BACK:
        return None
    post, parent = _text(value, "post_id"), _text(value, "parent_id")
    is_comment = item == "comment"
    identity = _text(value, "comment_id") if is_comment else post
    author = _get(value, "from")
    deleted = verb in _TAKEN_BACK
    return Mention(
        id=f"facebook:{_needed(identity, 'value.comment_id' if is_comment else 'value.post_id')}",
        text="" if deleted else _text(value, "message") or "",
        created_at=_date(_get(value, "created_time") or change.told_at, "value.created_time"),
        source="facebook",
        author=_author(_text(author, "id"), name=_text(author, "name")),
        url=_text(_get(value, "post"), "permalink_url"),
        thread=f"facebook:{post}" if post and is_comment else None,
        parent=f"facebook:{parent or post}" if is_comment and (parent or post) else None,
        kind=Kind.REPLY if is_comment else Kind.POST,
        deleted=deleted,
    )


def _get(value: Any, key: str) -> Any:  # noqa: ANN401 - as in `changes`
    return value.get(key) if isinstance(value, dict) else None


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - as in `changes`
    return value if isinstance(value, list) else []


def _text(value: Any, *keys: str) -> str | None:  # noqa: ANN401 - as in `changes`
    for key in keys:
        told = _get(value, key)
        if isinstance(told, (str, int)) and not isinstance(told, bool) and str(told):
            return str(told)
    return None


def _needed(identity: str | None, place: str) -> str:
    if identity is None:
        raise ChangeError(f"nothing stands at {place}: it has no id")
    return identity


def _author(identity: str | None, *, handle: str | None = None, name: str | None = None) -> Author | None:
    return Author(id=identity, handle=handle, name=name) if identity or handle or name else None


def _date(told: Any, place: str) -> datetime:  # noqa: ANN401 - as in `changes`
    if isinstance(told, str):
        told = int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else None  # noqa: PLR2004 - digits
    if not isinstance(told, (int, float)) or isinstance(told, bool) or not 0 <= told < 10**14:
        raise ChangeError(f"{place} is no time in seconds")
    milliseconds = told if told >= _MILLISECONDS else told * 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))
