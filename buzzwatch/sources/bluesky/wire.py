"""What Jetstream sends, in its two forms.

- v1, `/subscribe`: one JSON object a frame, with `did`, `time_us` and `kind` (commit, account, identity).
- v2, `/xrpc/network.bsky.jetstream.subscribeEvents`: a frame wraps a message (`$type: message`, `payload`), and the
  payload's `$type` ends in #commit, #account, #identity, #sync or #info; one of `$type: error` is the last.

A cursor is the time of an event in microseconds in both: v2 also counts events, takes what is at least 1e15 for a
time, and says that only times are portable between instances. A cursor that is too old begins at the oldest event
kept, in v1 without a word.

Sources: github.com/bluesky-social/jetstream, `docs/README.md` sections 4.5 to 5.2 and
`lexicons/network/bsky/jetstream/subscribeEvents.json`; for v1 also the README of its predecessor (jetstream-legacy).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

POST = "app.bsky.feed.post"
REPOST = "app.bsky.feed.repost"
LARGEST_FRAME = 1_000_000
"""Bytes; a post has some hundreds. Servers are asked to leave out what is larger."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COLON = ord(":")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,250}")
_KEY = re.compile(r"[A-Za-z0-9._~:-]{1,200}")


class Event(NamedTuple):
    """One event of either form. `what`: create, update, delete, account, identity; `record` is of anybody's making."""

    did: str
    time_us: int
    what: str
    collection: str = ""
    key: str = ""
    record: Any = None
    status: str = ""
    """Of an account that is not active: deleted, takendown, suspended, deactivated."""


class Glance(NamedTuple):
    """What the first bytes of an event tell. `record`: where that of a new post or repost begins, 0: unknown."""

    time_us: int
    """When it was witnessed."""
    record: int = 0
    is_repost: bool = False


class Wire(Protocol):
    """How one form is asked for and read. Nothing raises on garbage."""

    @property
    def path(self) -> str:
        """Where it is served."""

    @property
    def protocols(self) -> tuple[str, ...]:
        """WebSocket subprotocols to offer."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those that Bluesky runs for everybody."""

    def ask(self, cursor: int | None) -> str:
        """The query, from a time in microseconds on."""

    def glance(self, raw: bytes) -> Glance | None:
        """What can be told without decoding; None: this is no event."""

    def read(self, raw: bytes) -> Event | None:
        """The event; None: it is none that we know."""

    def complaint(self, raw: bytes) -> str:
        """Why the other side ends the connection, if that is what this says."""


class FirstWire:
    """v1."""

    path = "/subscribe"
    protocols: tuple[str, ...] = ()
    hosts = (
        "jetstream2.us-east.bsky.network",
        "jetstream1.us-west.bsky.network",
        "jetstream1.us-east.bsky.network",
        "jetstream2.us-west.bsky.network",
    )
    _head = re.compile(
        rb'\{"did":"[^"\\]*","time_us":([1-3][0-9]{15}),(?:"kind":"commit","commit":\{"rev":"[^"\\]*","operation":"create",'
        rb'"collection":"app\.bsky\.feed\.(re)?post","rkey":"[^"\\]*","record":)?'
    )
    """Anchored, as a record may hold keys of the same names."""

    class _Head(Struct):
        time_us: int

    _decoder = msgspec.json.Decoder(_Head)

    def ask(self, cursor: int | None) -> str:
        """See `Wire`."""
        wanted = [("wantedCollections", POST), ("wantedCollections", REPOST)]
        return _query([*wanted, ("compress", "false")], cursor)

    def glance(self, raw: bytes) -> Glance | None:
        """See `Wire`."""
        if head := self._head.match(raw):
            end = head.end()
            return Glance(int(head[1]), end if raw[end - 1] == _COLON else 0, head[2] is not None)
        try:
            return _plausible(self._decoder.decode(raw).time_us)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def read(self, raw: bytes) -> Event | None:
        """See `Wire`."""
        glance, found = self.glance(raw), _decode(raw)
        if glance is None:
            return None
        did, kind = text(found, "did"), text(found, "kind")
        if kind == "commit":
            return _commit(did, glance.time_us, found.get("commit"))
        return _of_account(did, glance.time_us, kind, found.get("account"))

    def complaint(self, raw: bytes) -> str:  # noqa: ARG002 - v1 has none
        """See `Wire`."""
        return ""


class SecondWire:
    """v2."""

    path = "/xrpc/network.bsky.jetstream.subscribeEvents"
    protocols = ("xrpc.v1.json",)
    hosts = ("jetstream.us-east.bsky.network", "jetstream.us-west.bsky.network")

    class _Frame(Struct):
        class Payload(Struct):
            time: datetime
            witnessedAt: datetime | None = None  # noqa: N815 - as the wire has it

        payload: Payload

    _decoder = msgspec.json.Decoder(_Frame)

    def ask(self, cursor: int | None) -> str:
        """See `Wire`."""
        kinds = [("kinds", kind) for kind in ("commit", "account", "identity")]
        return _query([*kinds, ("collections", POST), ("collections", REPOST)], cursor)

    def glance(self, raw: bytes) -> Glance | None:
        """See `Wire`. The order of keys is not promised, and a record may hold keys of the same names."""
        try:
            payload = self._decoder.decode(raw).payload
            return _plausible(((payload.witnessedAt or payload.time) - _EPOCH) // _MICROSECOND)
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
            return None

    def read(self, raw: bytes) -> Event | None:
        """See `Wire`."""
        glance, payload = self.glance(raw), _decode(raw).get("payload")
        if glance is None or not isinstance(payload, dict):
            return None
        did, kind = text(payload, "did"), text(payload, "$type").rpartition("#")[2]
        if kind == "commit":
            return _commit(did, glance.time_us, payload)
        return _of_account(did, glance.time_us, kind, payload.get("account"))

    def complaint(self, raw: bytes) -> str:
        """See `Wire`."""
        found = _decode(raw)
        return f"{found.get('error')}: {found.get('message')}" if found.get("$type") == "error" else ""


def make_wire(name: str) -> Wire:
    """The form of that name, v1 or v2."""
    return SecondWire() if name == "v2" else FirstWire()


def post_id(did: str, key: str) -> str:
    """The id of a post's mention."""
    return f"bluesky:{did}/{key}"


def repost_id(did: str, key: str) -> str:
    """The id of a repost's mention: records of two collections may bear one key."""
    return f"bluesky:{did}/repost/{key}"


def post_at(uri: object) -> str | None:
    """The id of the post that an at:// address leads to; None: it is none of a post."""
    if not isinstance(uri, str) or not uri.startswith("at://"):
        return None
    did, _, rest = uri[5:].partition("/")
    collection, _, key = rest.partition("/")
    return post_id(did, key) if collection == POST and _DID.fullmatch(did) and _KEY.fullmatch(key) else None


def dig(node: object, *path: str) -> Any:  # noqa: ANN401 - JSON
    """What stands at the end of a path of keys, in JSON of anybody's making; None if nothing does."""
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def text(node: object, *path: str) -> str:
    """The string that stands there; "" if none does."""
    found = dig(node, *path)
    return found if isinstance(found, str) else ""


def each(node: object) -> Iterator[Any]:
    """The elements of a list, and of anything else none."""
    if isinstance(node, list):
        yield from node


def _plausible(time_us: int) -> Glance | None:
    """A time after 2001 and before 2096."""
    return Glance(time_us) if 10**15 <= time_us < 4 * 10**15 else None


def _query(words: list[tuple[str, str]], cursor: int | None) -> str:
    begin = [] if cursor is None else [("cursor", str(cursor))]
    return urlencode([*words, ("maxMessageSizeBytes", str(LARGEST_FRAME)), *begin])


def _decode(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _commit(did: str, time_us: int, commit: object) -> Event | None:
    what, collection, key = (text(commit, name) for name in ("operation", "collection", "rkey"))
    if not (_DID.fullmatch(did) and _KEY.fullmatch(key)):
        return None
    if collection not in {POST, REPOST} or what not in {"create", "update", "delete"}:
        return None
    return Event(did, time_us, what, collection, key, dig(commit, "record"))


def _of_account(did: str, time_us: int, kind: str, account: object) -> Event | None:
    if not did or kind not in {"account", "identity"}:
        return None
    gone = kind == "account" and dig(account, "active") is False
    return Event(did, time_us, kind, status=str(dig(account, "status")) if gone else "")
