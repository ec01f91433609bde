"""Payloads as sources hand them over, taken apart into mentions.

A payload is one JSON object, an array of them, or lines with one each, in UTF-8, with or without a byte order mark.
Every item stands for itself: what is wrong with one never costs its neighbours.

Refused: broken JSON, text that is not UTF-8, wrong types, missing fields, unknown kinds, times without a zone, nesting
deeper than 32. Accepted and mended: texts beyond their length and more than two hundred marks on a letter are cut, NUL
and lone surrogates become U+FFFD, counts that cannot be (negative, beyond 2**53) become unknown, and so do stars beyond
1 to 5. An empty string in an optional field is an absent one.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.ingest.wild import tame
from buzzwatch.model.mention import Author, Engagement, Kind, Mention

MAX_PAYLOAD = 8 * 1024 * 1024
MAX_NESTING = 32
MAX_TEXT = 20_000
MAX_TITLE = 1_000
MAX_NAME = 200
MAX_COUNT = 2**53
MAX_STARS = 5
MAX_REFUSED = 10_000
MAX_TOKENS = 1_000_000
"""Of a broken array no more are read to find its elements; 8 MB of mentions have some 800,000."""
HEAD = 2_048
SHOWN = 60

_MENTION = msgspec.json.Decoder(Mention)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ONE = msgspec.json.Decoder(msgspec.Raw)
_BOM = b"\xef\xbb\xbf"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# A string that never ends reaches to the end; possessive, so that none is read twice.
_TOKEN = re.compile(rb'"[^"]*+"?+|[\[\]{},]')
_ESCAPE = re.compile(rb"(?:\\\\)++|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u[dD][89a-fA-F]\w\w|\\u0000")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")
_OPENER = {b"}": b"{", b"]": b"["}

_REMEDIES = {
    "id": "give a text of 1 to 500 characters that no other mention has, such as x:1790",
    "text": 'give the words of the post, "" where there are none',
    "created_at": "give a time with its zone, such as 2026-11-22T18:04:05Z",
    "kind": f"give one of {', '.join(Kind)}, or leave it out",
}
_OPTIONAL_FIELDS = ("source", "lang", "url", "thread", "parent", "brand", "title")
_REQUIRED = "with id, text and created_at"
_ELSE = "correct it, or leave it out where it is unknown"
T = TypeVar("T")


class Refused(Struct, frozen=True, gc=False):
    """One item not taken: its place (of lines: the line) counted from 0; why; and its first 2 kB, for the record."""

    position: int
    reason: str
    head: bytes


class Decoded(Struct, frozen=True):
    """A payload taken apart. `mentions` go with their position in the payload; `mended` of them were repaired."""

    mentions: list[tuple[int, Mention]]
    refused: list[Refused]
    mended: int = 0


class RefusalError(Exception):
    """Why an item is not taken: what was found, and what to write instead."""


def decode(payload: bytes) -> Decoded:
    """Take a payload apart; whatever the bytes, this returns.

    Over 8 MB it is refused as a whole, and after ten thousand refused items the rest is.
    """
    mentions: list[tuple[int, Mention]] = []
    refused: list[Refused] = []
    mended = 0
    for position, item in _split(payload):
        if len(refused) == MAX_REFUSED:
            reason = f"not read, like all that follows: {MAX_REFUSED} items before it were refused; mend those first"
            refused.append(Refused(position, reason, item[:HEAD]))
            break
        try:
            mention, repaired = _decode_item(item)
        except RefusalError as refusal:
            refused.append(Refused(position, str(refusal), item[:HEAD]))
        else:
            mentions.append((position, mention))
            mended += repaired
    return Decoded(mentions, refused, mended)


def _split(payload: bytes) -> Iterable[tuple[int, bytes]]:
    """The items at their positions; a blank line is no item, but is counted."""
    if len(payload) > MAX_PAYLOAD:
        return [(0, payload)]
    payload = payload.removeprefix(_BOM)
    whole = payload.strip()
    if whole.startswith(b"["):
        try:
            return enumerate(map(bytes, _ARRAY.decode(whole)))
        except (msgspec.DecodeError, RecursionError):
            return enumerate(_elements(whole))
    lines = [(number, line) for number, raw in enumerate(payload.split(b"\n")) if (line := raw.strip())]
    if not any(line.startswith(b"{") and line.endswith(b"}") for _, line in lines) or _is_one(whole):
        return [(lines[0][0] if lines else 0, whole)]
    return lines


def _tokens(array: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Strings, brackets and commas, at their places."""
    unescaped = array.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    return islice(_TOKEN.finditer(unescaped, start), MAX_TOKENS)


def _is_one(payload: bytes) -> bool:
    """A single object spread over several lines."""
    try:
        _ONE.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _elements(array: bytes) -> Iterator[bytes]:
    """The elements of an array of which one at least is broken or too deep, as far as they can be told apart.

    A closing bracket also closes what was left open inside, so that a forgotten one spoils its own element alone.
    """
    start, stack = 1, bytearray()
    for token in _tokens(array, start):
        mark = token[0]
        if mark == b"," and not stack:
            yield array[start : token.start()].strip()
            start = token.end()
        elif mark in b"[{":
            stack += mark
        elif mark in b"]}":
            opened = stack.rfind(_OPENER[mark], max(0, len(stack) - MAX_NESTING))
            if opened >= 0:
                del stack[opened:]
            elif mark == b"]" and not stack:
                yield array[start : token.start()].strip()
                start = token.end()
                break
    else:
        yield array[start:].strip()
        start = len(array)
        yield b""  # so that somebody hears of the missing end
    if rest := array[start:].strip():
        yield rest


def _decode_item(item: bytes) -> tuple[Mention, bool]:
    """The mention, and whether it was repaired; raises RefusalError."""
    mention, repaired = read_item(item, _MENTION, _REQUIRED)
    tidied, cut = _tidy(mention)
    return tidied, cut or repaired


def read_item(item: bytes, decoder: msgspec.json.Decoder[T], required: str) -> tuple[T, bool]:
    """What one JSON object says, and whether characters in it had to be replaced. `required` says what must be in it.

    Raises:
        RefusalError: it is broken, too deep, no UTF-8, or not what the decoder takes.
    """
    if len(item) > MAX_PAYLOAD:
        raise RefusalError(f"over {MAX_PAYLOAD} bytes; split it: one mention a line, or fewer mentions a payload")
    if not item:
        raise RefusalError("nothing where a mention should be: an empty payload, a stray comma, an array cut off")
    if item.count(b"[") + item.count(b"{") > MAX_NESTING and _is_deep(item):
        raise RefusalError(f"nested deeper than {MAX_NESTING} levels; send the fields of a mention and little more")
    whole = without_faulty_characters(item) if b"\\u0000" in item or b"\0" in item else item
    try:
        return decoder.decode(whole), whole != item
    except msgspec.ValidationError as error:
        raise RefusalError(_explain(error, whole, required)) from None
    except UnicodeDecodeError as error:
        faulty = error.object[error.start : error.end].hex(" ")
        raise RefusalError(f"not UTF-8: {faulty} in {_shown(item)}; send UTF-8") from None
    except msgspec.DecodeError as error:
        whole = without_faulty_characters(item)  # msgspec calls half a surrogate pair malformed
        if whole == item:
            raise RefusalError(f"broken JSON: {error}, in {_shown(item)}; send one object, {required}") from None
        return read_item(whole, decoder, required)[0], True


def _is_deep(item: bytes) -> bool:
    depth = 0
    for token in _tokens(item):
        depth += (token[0] in b"[{") - (token[0] in b"]}")
        if depth > MAX_NESTING:
            return True
    return False


def without_faulty_characters(item: bytes) -> bytes:
    """The item with U+FFFD for NUL and for halves of surrogate pairs."""
    item = item.replace(b"\0", _REPLACEMENT.encode())
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if _is_faulty(escape[0]) else escape[0], item)


def _is_faulty(escape: bytes) -> bool:
    return escape[1:2] == b"u" and len(escape) == len(b"\\u0000")  # a whole pair is twice as long


def _explain(error: msgspec.ValidationError, item: bytes, required: str) -> str:
    """What is wrong with a field, its value and the remedy."""
    problem, place = str(error), _PLACE.search(str(error))
    if place is None or not place[1]:
        return f"{problem}, in {_shown(item)}; {required}"
    field, problem = place[1], problem[: place.start()]
    return f"{field} is {_shown(_value_at(field, item))}: {problem}; {_REMEDIES.get(field, _ELSE)}"


def _value_at(field: str, item: bytes) -> bytes:
    """The JSON of a field; of the whole item where a repeated key hides it."""
    value = item
    try:
        for name in field.split("."):
            value = bytes(_FIELDS.decode(value)[name])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return item
    return value


def _shown(raw: bytes) -> str:
    """The beginning of foreign text, safe to print."""
    shown = "".join(char if char.isprintable() else "?" for char in raw[: 4 * SHOWN].decode("utf-8", "replace"))
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _tidy(mention: Mention) -> tuple[Mention, bool]:
    """The mention within bounds, and whether something had to be cut or struck out for it."""
    changes: dict[str, Any] = {}
    if len(mention.text) > MAX_TEXT:
        changes["text"] = mention.text[:MAX_TEXT]
    if mention.title and len(mention.title) > MAX_TITLE:
        changes["title"] = mention.title[:MAX_TITLE]
    for name in ("text", "title"):
        told = changes.get(name) or getattr(mention, name)
        if told and not told.isascii() and (tamed := tame(told)) != told:
            changes[name] = tamed
    if mention.author and (author := _tidy_author(mention.author)) != mention.author:
        changes["author"] = author
    if mention.engagement and (engagement := _tidy_engagement(mention.engagement)) != mention.engagement:
        changes["engagement"] = engagement
    if mention.stars is not None and not 1 <= mention.stars <= MAX_STARS:
        changes["stars"] = None
    repaired = bool(changes)
    if "" in _optional(mention):
        changes |= {name: None for name in _OPTIONAL_FIELDS if getattr(mention, name) == ""}
    return replace(mention, **changes) if changes else mention, repaired


def _optional(mention: Mention) -> tuple[str | None, ...]:
    return mention.source, mention.lang, mention.url, mention.thread, mention.parent, mention.brand, mention.title


def _tidy_author(author: Author) -> Author:
    return Author(_name(author.id), _name(author.handle), _name(author.name), _count(author.followers))


def _tidy_engagement(seen: Engagement) -> Engagement:
    return Engagement(_count(seen.likes), _count(seen.reposts), _count(seen.replies), _count(seen.views))


def _name(name: str | None) -> str | None:
    return name[:MAX_NAME] or None if name else None


def _count(number: int | None) -> int | None:
    return number if number is not None and 0 <= number <= MAX_COUNT else None
