r"""Which events of the whole of Bluesky may concern us, told from their bytes before any JSON is decoded.

Sound and not exact: what `ingest.match.Matcher` finds in any string of an event passes; what passes needlessly costs a
decoding. The matcher compares folded words; a folded name is a run of letters, whatever stood between them. So the
event and the names are both reduced to their folded letters, and the names are sought as mere parts of the event, in
one pass for all of them.

What JSON and HTML write as escapes is resolved first: `H\u0026M`, `H&amp;M`, `acme\nair`. ASCII is folded as bytes,
the rest character by character as `ingest.normalise` does.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from ahocorasick_rs import BytesAhoCorasick, Implementation

from buzzwatch.ingest.match import Matcher, inside_hashtag, spellings
from buzzwatch.ingest.normalise import BETWEEN, ENTITIES, letters_of
from buzzwatch.model.brand import Brand

_ESCAPE = re.compile(rb"(?:\\u[0-9A-Fa-f]{4})+|\\.", re.DOTALL)
_ENTITY = re.compile(f"&(?:{'|'.join(ENTITIES)});".encode())
_POST = re.compile(rb"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.post/([A-Za-z0-9._~:-]+)")

_ASCII = bytes(range(128))
_LOWER = bytes(range(256)).lower()
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())
_MEMO_UP_TO = 0x20000
_FEW = 100
"""So many different characters beyond ASCII are replaced one by one, which is quicker than looking each up."""


class Sieve:
    """Passes what may name one of the brands; built once per rule set, with the matcher that decides."""

    def __init__(self, brands: Mapping[str, Brand]) -> None:
        self.matcher = Matcher(dict(brands))
        names = set(map(squeeze_name, _names(brands)))
        self._all = b"" in names
        self._names = BytesAhoCorasick(sorted(names - {b""}), implementation=Implementation.DFA)

    def may_name(self, plain: bytes) -> bool:
        """Whether an event, as `resolve` gives it, may name a brand."""
        return self._all or bool(self._names.find_matches_as_indexes(squeeze(plain)))


def resolve(raw: bytes) -> bytes:
    """JSON with its escapes resolved: no JSON any more. What is neither letter nor digit may have become a space."""
    if b"\\" not in raw:
        return raw
    plain = raw.replace(rb"\\", b" ").replace(rb"\n", b" ").replace(rb"\"", b" ")
    return _ESCAPE.sub(_resolve_one, plain) if b"\\" in plain else plain


def posts_in(plain: bytes) -> list[str]:
    """The ids of the posts that an event, as `resolve` gives it, points to."""
    if b"at://" not in plain:
        return []
    return [f"bluesky:{did.decode()}/{key.decode()}" for did, key in set(_POST.findall(plain))]


def squeeze(plain: bytes) -> bytes:
    """The folded letters and digits of UTF-8 text, and nothing between them."""
    if b"&" in plain:
        plain = _ENTITY.sub(b"", plain)
    if not plain.isascii():
        plain = _fold(plain)
    return plain.translate(_LOWER, _NO_LETTERS)


def squeeze_name(folded: str) -> bytes:
    """What `squeeze` leaves of a name that is folded already."""
    return "".join(char for char in folded if char not in BETWEEN).encode("utf-8", "replace")


def _names(brands: Mapping[str, Brand]) -> Iterable[str]:
    """What the matcher seeks, for all expressions by which a brand may be named."""
    for brand in brands.values():
        for written in brand.match.any:
            yield from (spelling for spelling, _ in spellings(written))
            if inside := inside_hashtag(written):
                yield inside


def _resolve_one(escape: re.Match[bytes]) -> bytes:
    written = escape[0]
    if written[1:2] == b"u" and len(written) > 2:  # noqa: PLR2004 - a lone \u is broken JSON
        text: str = json.loads(b'"' + written + b'"')
        return text.encode("utf-8", "replace")
    return b"/" if written == rb"\/" else b" "


class _Letters(dict[int, str]):
    """By code point; filled as they come, bounded as Unicode's first planes are."""

    def __missing__(self, code: int) -> str:
        letters = letters_of(chr(code))
        if code < _MEMO_UP_TO:
            self[code] = letters
        return letters


_LETTERS = _Letters()


class _Spelled(dict[str, tuple[bytes, bytes]]):
    """By character, its bytes and those of its letters; bounded likewise."""

    def __missing__(self, char: str) -> tuple[bytes, bytes]:
        spelled = char.encode("utf-8", "replace"), _LETTERS[ord(char)].encode("utf-8", "replace")
        if ord(char) < _MEMO_UP_TO:
            self[char] = spelled
        return spelled


_SPELLED = _Spelled()


def _fold(plain: bytes) -> bytes:
    """With what is beyond ASCII folded; an accent on an ASCII letter goes, composed or not."""
    wide = plain.translate(None, _ASCII).decode("utf-8", "replace")
    chars = set(wide)
    if len(chars) <= _FEW and unicodedata.is_normalized("NFC", wide):
        for written, letters in map(_SPELLED.__getitem__, chars):
            if written != letters:
                plain = plain.replace(written, letters)
        return plain
    first, last = len(plain) - len(plain.lstrip(_ASCII)), len(plain.rstrip(_ASCII))
    between = plain[first:last].decode("utf-8", "replace")
    between = unicodedata.normalize("NFC", between)
    return plain[:first] + between.translate(_LETTERS).encode("utf-8", "replace") + plain[last:]
