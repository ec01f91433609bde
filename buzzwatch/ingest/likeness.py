"""What a mention may share with its look-alikes: neighbouring words, a link, a hashtag."""

import re
from array import array
from hashlib import blake2b
from itertools import islice
from zlib import crc32

from buzzwatch.ingest.normalise import UNSPACED, spoken
from buzzwatch.model.mention import Mention
from buzzwatch.model.story import MOST_PAIRS, StoryKeys

FEWEST_WORDS = 4
"""Fewer words (“Merci Acme !”) are said by many people independently: no copy of one another."""
MOST_WORDS = 80
"""Of a long text only the beginning is compared: whoever copies an article cuts its end."""
MOST_LINKS = 4
MOST_TAGS = 5
"""A text with more hashtags is about none of them."""

_LINK = re.compile(r"https?://[^\s<>\"“”«»]+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:(?:www|m|mobile|amp)\.)*([^/?#]+)/?([^?#]*)\??([^#]*)", re.IGNORECASE)
_POST_ON_X = re.compile(r"(?:i/web|\w+)/status(?:es)?/(\d+)")
_X = ("x.com", "twitter.com")
_TRACE = re.compile(r"(?:(?:utm|at|mc)_\w+|xtor|fbclid|gclid|dclid|msclkid|igshid?|cmpid|ref|ref_src)(?:=.*)?|")
"""A parameter that tells who passed the link on, not where it leads."""


def keys_of(mention: Mention) -> StoryKeys:
    """What a mention may share with its look-alikes; nothing once its text is erased."""
    return liken(mention, mention.whole, spoken(mention.whole))[1]


def liken(mention: Mention, text: str, said: list[str]) -> tuple[int, StoryKeys]:
    """A stable 32-bit key of a mention's words, equal where they are the same, and what `keys_of` gives.

    `text` is title and text, `said` its words as `normalise.spoken` gives them. Texts of too few words to tell a copy
    have keys of their own, never 0.
    """
    if mention.deleted:
        return _own(mention), StoryKeys()
    words = _words(said)
    address = canonical(mention.url) if mention.url else ""
    marks = _marks(text, said) if "://" in text or "#" in text else ()
    copy = crc32(b" ".join(words)) or 1 if len(words) >= FEWEST_WORDS else _own(mention)
    return copy, StoryKeys(_pairs(words[:MOST_WORDS]), _key(address) if address else 0, marks)


def _own(mention: Mention) -> int:
    return crc32(mention.id.encode("utf-8", "replace")) or 1


def canonical(link: str) -> str:
    """Where a link leads, however it was passed on; empty for a front page and for a link cut short.

    Without scheme, `www.`, fragment and the parameters that trace its way. A post on X goes by its number alone.
    """
    address = _ADDRESS.match(link.rstrip(".,;:!?)]'’"))
    if address is None or link.endswith("…"):
        return ""
    host, path, query = address[1].lower(), address[2].rstrip("/"), address[3]
    if host in _X and (post := _POST_ON_X.match(path)):
        return f"{_X[0]}/{post[1]}"
    if query:
        query = "&".join(sorted(part for part in query.split("&") if not _TRACE.fullmatch(part)))
    return f"{host}/{path}?{query}" if path or query else ""


def _marks(text: str, said: list[str]) -> tuple[int, ...]:
    marks = []
    if "://" in text:
        marks += [address for link in _LINK.findall(text)[:MOST_LINKS] if (address := canonical(link))]
    if "#" in text:
        tags = [word for word in said if word[0] == "#" and len(word) > 1]
        marks += tags if len(tags) <= MOST_TAGS else ()
    return tuple(map(_key, dict.fromkeys(marks)))


def _words(said: list[str]) -> list[bytes]:
    """Encoded, those of scripts without spaces sign by sign, without the RT of who passes on by hand."""
    text = " ".join(said)
    if not text.isascii():
        text = UNSPACED.sub(lambda run: " ".join(run[0]), text)
    words = text.encode("utf-8", "replace").split()
    if words and words[0] == b"rt":
        del words[0]
    return words


def _pairs(words: list[bytes]) -> bytes:
    """See `StoryKeys.pairs`."""
    if len(words) < FEWEST_WORDS:
        return b""
    return array("I", sorted(set(map(crc32, map(bytes.__add__, words, islice(words, 1, None)))))[:MOST_PAIRS]).tobytes()


def _key(name: str) -> int:
    """Of 64 bits, since nothing else tells two of them apart; never 0."""
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()) or 1
