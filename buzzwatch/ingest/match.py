"""Which watched brands a text names.

All names of all brands are sought in one pass over the text's folded words (`normalise.words`), so that case, accents,
apostrophes (l'Acme), hyphens (Acme-Air), underscores and punctuation never matter. A name counts

- as whole words: "acme air" in "l'Acme-Air", not in "acme airline";
- as a whole handle: "acme air" in @AcmeAir and @acme_air, not in @acme_air_fan, which is somebody;
- as a whole hashtag, and from four letters on inside one: "acme" in #BoycottAcme.

A name written with @ or # counts as that handle or hashtag alone. Scripts that do not set words off by spaces have no
whole words to go by: a name in Han, kana, Thai, Lao, Khmer or Burmese counts wherever it stands, a Korean one at the
start of a word (particles follow it), an Arabic one also behind the particles that are written onto it.

`not_us` expressions are sought in the same ways; a name that shares a word with one is struck out, the others stand.
With `near`, a name counts only within ten words of one of those words; a handle that the rule spells out is beyond
doubt and needs none.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick
from msgspec import Struct

from buzzwatch.ingest.normalise import UNSPACED, words
from buzzwatch.model.brand import Brand

NEAR_WORDS = 10
INSIDE_HASHTAG_LETTERS = 4

TAG = re.compile(r"#(\S+)")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_ARABIC = re.compile("[\u0620-\u064a]")
_ARABIC_PARTICLES = ("ال", "و", "ف", "ب", "ك", "ل", "لل", "وال", "فال", "بال", "كال", "ول", "وب")


class Way(StrEnum):
    """How a name stands in a text."""

    NAME = "name"
    HANDLE = "handle"
    HASHTAG = "hashtag"


class Hit(Struct, frozen=True):
    """One place where a brand's name stands: the name as the rule file has it, how, and what struck it out, if so.

    `not_us` is the expression that did, `near` the words of which one would have been needed close by. `first` and
    `last` are where it stands among the words of the text as `lay_out` gives it, counted from 0 (the title's first).
    """

    brand: str
    words: str
    way: Way
    struck: str = ""
    not_us: str = ""
    near: tuple[str, ...] = ()
    first: int = 0
    last: int = 0

    @property
    def counts(self) -> bool:
        """It makes the text one about the brand."""
        return not self.struck


class _Role(StrEnum):
    NAME = "any"
    NOT_US = "not_us"
    NEAR = "near"


class _Use(Struct, frozen=True):
    """What finding a spelling means to one brand."""

    order: int
    """The brand's place in the rule set."""
    role: _Role
    written: str
    way: Way
    sure: bool
    """A name that stands unless a `not_us` expression strikes it out."""


class _Find(NamedTuple):
    """Where within the folded words, and what it means."""

    start: int
    end: int
    use: _Use


class Matcher:
    """Finds the brands that a text is about; built once per rule set."""

    def __init__(self, brands: dict[str, Brand]) -> None:
        self._brands = tuple(brands.values())
        spelt: dict[str, list[_Use]] = {}
        tagged: dict[str, list[_Use]] = {}
        for order, brand in enumerate(self._brands):
            for role, written in _roles(brand):
                sure = role is _Role.NAME and (not brand.match.near or written.startswith("@"))
                for spelling, way in spellings(written):
                    spelt.setdefault(spelling, []).append(_Use(order, role, written, way, sure))
                if inside := inside_hashtag(written):
                    tagged.setdefault(inside, []).append(_Use(order, role, written, Way.HASHTAG, sure))
        self._spelt, self._spelt_uses = AhoCorasick(list(spelt)), tuple(spelt.values())
        self._tagged, self._tagged_uses = AhoCorasick(list(tagged)), tuple(tagged.values())

    def match(self, text: str, title: str | None = None) -> tuple[str, ...]:
        """Keys of the brands that a text or its title names, in the order of the rule set."""
        return self.match_words(lay_out(text, title))

    def match_words(self, folded: str) -> tuple[str, ...]:
        """`match`, for a text that is laid out already."""
        finds = self._find(folded)
        if not finds:
            return ()
        named = {find.use.order for find in finds}
        if not all(find.use.sure for find in finds):
            named = {find.use.order for find, struck in self._judge(folded, finds) if not struck}
        return tuple(self._brands[order].key for order in sorted(named))

    def explain(self, text: str, title: str | None = None) -> list[Hit]:
        """Every place where a name of a brand stands, in reading order, with what struck it out."""
        folded = lay_out(text, title)
        return [self._hit(folded, find, struck) for find, struck in self._judge(folded, self._find(folded))]

    def _hit(self, folded: str, find: _Find, struck: str) -> Hit:
        brand, use = self._brands[find.use.order], find.use
        kind, _, expression = struck.partition(": ")
        before = folded[: find.start].replace("|", " ")
        first = len(before.split()) - (not before.endswith(" "))  # part of its own word may stand before it
        inside = folded[find.start : find.end].strip().count(" ")
        return Hit(
            brand.key,
            use.written,
            use.way,
            struck,
            not_us=expression if kind == _Role.NOT_US else "",
            near=brand.match.near if kind == _Role.NEAR else (),
            first=first,
            last=first + inside,
        )

    def _find(self, folded: str) -> list[_Find]:
        finds = [
            _Find(start, end, use)
            for index, start, end in self._spelt.find_matches_as_indexes(folded, overlapping=True)
            for use in self._spelt_uses[index]
        ]
        if "#" in folded:
            finds += [
                _Find(tag.start(1) + start, tag.start(1) + end, use)
                for tag in TAG.finditer(folded)
                for index, start, end in self._tagged.find_matches_as_indexes(tag[1], overlapping=True)
                for use in self._tagged_uses[index]
            ]
        return finds

    def _judge(self, folded: str, finds: list[_Find]) -> Iterator[tuple[_Find, str]]:
        """The names found, in reading order, each with what strikes it out, empty if nothing does.

        Linear in the number of finds: a hostile text can hold thousands.
        """
        finds = sorted((_without_spaces(folded, find) for find in finds), key=lambda find: (find.start, find.end))
        not_us: dict[tuple[int, int], str] = {}
        near: dict[int, list[int]] = {}
        for start, end, use in finds:
            if use.role is _Role.NOT_US:
                not_us |= dict.fromkeys(((use.order, place) for place in range(start, end)), use.written)
            elif use.role is _Role.NEAR:
                near.setdefault(use.order, []).append(start)
        for find in finds:
            start, end, use = find
            if use.role is not _Role.NAME:
                continue
            struck = next((not_us[use.order, place] for place in range(start, end) if (use.order, place) in not_us), "")
            if struck:
                yield find, f"not_us: {struck}"
            elif not use.sure and not _is_near(folded, find, near.get(use.order, [])):
                yield find, f"near: none of {', '.join(self._brands[use.order].match.near)} within {NEAR_WORDS} words"
            else:
                yield find, ""


def lay_out(text: str, title: str | None = None) -> str:
    """The words of title and text; no word holds a bar, so no name reaches from one into the other."""
    return f"{words(title)}|{words(text)}" if title else words(text)


def _roles(brand: Brand) -> Iterator[tuple[_Role, str]]:
    for role, expressions in zip(_Role, (brand.match.any, brand.match.not_us, brand.match.near), strict=True):
        for expression in expressions:
            yield role, expression


def spellings(written: str) -> Iterator[tuple[str, Way]]:
    """What to seek among folded words for one expression of a rule file; nothing if no letter is left of it."""
    folded = words(written).strip()
    glued = _glue(folded)
    if not glued:
        return
    if folded[0] == "@":
        yield f" {folded} ", Way.HANDLE
    elif folded[0] == "#":
        yield f" {folded.split()[0]} ", Way.HASHTAG
    else:
        for bounded in _bounded(folded):
            yield bounded, Way.NAME
        for handle in dict.fromkeys((glued, folded.replace(" ", "_"))):
            yield f" @{handle} ", Way.HANDLE
        if not inside_hashtag(written):
            yield f" #{glued} ", Way.HASHTAG


def inside_hashtag(written: str) -> str:
    """What to seek inside hashtags; empty where the expression is too short, or a handle or hashtag itself."""
    folded = words(written).strip()
    glued = _glue(folded)
    return glued if len(glued) >= INSIDE_HASHTAG_LETTERS and folded[0] not in "@#" else ""


def _glue(folded: str) -> str:
    return "".join(char for char in folded if char not in " @#&_")


def _bounded(folded: str) -> Iterator[str]:
    """The name with the spaces that must surround it in its script."""
    before = "" if UNSPACED.match(folded) else " "
    after = "" if UNSPACED.match(folded[-1]) or _HANGUL.match(folded[-1]) else " "
    yield f"{before}{folded}{after}"
    if _ARABIC.match(folded):
        for particle in _ARABIC_PARTICLES:
            yield f" {particle}{folded} "
        if folded.startswith("ال"):
            yield f" لل{folded[2:]} "


def _without_spaces(folded: str, find: _Find) -> _Find:
    return _Find(find.start + (folded[find.start] == " "), find.end - (folded[find.end - 1] == " "), find.use)


def _is_near(folded: str, find: _Find, places: list[int]) -> bool:
    """One of the sorted places lies within ten words before or after the find."""
    first, last = find.start, find.end
    for _ in range(NEAR_WORDS):
        first = max(0, folded.rfind(" ", 0, max(0, first - 1)) + 1)
        last = folded.find(" ", last) + 1 or len(folded)
    index = bisect_left(places, first)
    return index < len(places) and places[index] <= last
