"""A text as the scorer hears it: folded words with the pauses between them, and the marks of feeling around them."""

import re
from collections.abc import Callable, Container
from itertools import compress, islice
from operator import sub
from typing import NamedTuple, Protocol
from unicodedata import category, normalize
from zlib import crc32

from buzzwatch.ingest.normalise import bare, fold, tokens

READ_CHARACTERS = 2_000
"""Of a longer text only the beginning is scored."""
PAUSE = "&"
"""Where a sentence or a part of one ends; as `normalise.tokens` has it, a word of its own."""
SHOUT = "AA"
"""The mark of words in capitals."""
LONGEST_WORD = 40
PLACES = 1 << 19
"""Of a table of hashed n-grams."""
LISTED, BEGINS = 1, 2
"""A word of the lists; the first of one of their expressions."""
MOST_REMEMBERED = 50_000
"""Words, of all languages together; at most twice as many for a while."""

_PAUSES = ".,;:!?"
_ELLIPSIS = "..."
_MOST_MARKS = 8
_FEWEST_CAPITALS = 4
_SHORTEST_IN_TAG = 4
_TAG = re.compile(r"#\w+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ])(?=[A-ZÀ-Þ])")
_EMOTICON = re.compile(r"[:;=<](?<!\d.)['^-]?([()\[\]dDpP|@*\\/3])(?!\w)")
_SYMBOL = re.compile("[^\x00-\u25ff]")
"""Where emoji begin. A class that lists them all takes ten times as long."""
_SHOUTED = re.compile(f"[A-ZÀ-Þ]{{{_FEWEST_CAPITALS},}}")
_DRAWLED = re.compile(r"([^\W\d])\1{2,}")
_NUMBER = re.compile(r"\d{3,}")


class Word(NamedTuple):
    """One word as it is remembered: its spelling, a hash, what the lists know of it, and what its n-grams weigh."""

    spelt: str
    key: int
    known: int
    """0, or `LISTED` and `BEGINS` added up."""
    weight: float


class Speech(NamedTuple):
    """A text heard: `words` are folded, with a `PAUSE` where one is heard, each with its weight.

    `known` are the places of the words that the lists know, and what they know. `pairs` hash each word with the next:
    places in a table of `PLACES`, some counted from its end. `marks` are emoji, emoticons such as ":(", "!", "??".
    """

    words: tuple[str, ...]
    weights: tuple[float, ...]
    known: list[tuple[int, int]]
    pairs: list[int]
    marks: list[str]


class Lists(Protocol):
    """Word lists, as far as hearing goes: single words, and the beginnings of expressions."""

    @property
    def words(self) -> Container[str]:
        """What has a valence or a role."""

    @property
    def expressions(self) -> Container[str]:
        """First words of expressions."""


class Ear:
    """Takes texts of one language apart, and remembers their words.

    `known` are words, of whatever language, by which drawled ones and hashtags in small letters are understood;
    `lists` are this language's; `weigh` gives what the n-grams of a word or mark weigh, asked once for each. `room` is
    how many words may be remembered.
    """

    def __init__(
        self,
        known: frozenset[str],
        lists: Lists,
        weigh: Callable[[str], float],
        room: Callable[[], int] = lambda: MOST_REMEMBERED,
    ) -> None:
        self._words = _Words(known, lists, weigh, room)
        self._tags = _Tags(known, room)

    def hear(self, text: str) -> Speech:
        """Typography, composition of accents, links and handles make no difference."""
        text = text.strip()
        if not text.isascii():
            text = normalize("NFC", text)
        said = bare(text[:READ_CHARACTERS])
        marks = _marks(said)
        if "#" in said:
            said = _TAG.sub(self._tags.open, said)
        for pause in _PAUSES:
            if pause in said:
                said = said.replace(pause, PAUSE)
        if not (written := tokens(said)):
            return Speech((), (), [], [], marks)
        words, keys, known, weights = zip(*map(self._words.__getitem__, written), strict=True)
        return Speech(
            words, weights, list(compress(enumerate(known), known)), list(map(sub, keys, islice(keys, 1, None))), marks
        )

    def weight_of(self, mark: str) -> float:
        """What the n-grams of a mark weigh."""
        return self._words[mark].weight


def key_of(word: str | bytes) -> int:
    """A hash of a word, the same in every process."""
    return crc32(word.encode("utf-8", "replace") if isinstance(word, str) else word)


def _cut(glued: str, known: frozenset[str]) -> list[str]:
    """Known words cut off at both ends of what is written in one."""
    if glued in known:
        return [glued]
    for end in range(len(glued) - 1, _SHORTEST_IN_TAG - 1, -1):
        if glued[:end] in known:
            return [glued[:end], *_cut(glued[end:], known)]
    for start in range(1, len(glued) - _SHORTEST_IN_TAG + 1):
        if glued[start:] in known:
            return [glued[:start], glued[start:]]
    return [glued]


def _marks(said: str) -> list[str]:
    marks = [f":{mouth.lower()}" for mouth in islice(_EMOTICON.findall(said), _MOST_MARKS)]
    if not said.isascii():
        symbols = dict.fromkeys(_SYMBOL.findall(said))
        marks += islice((symbol for symbol in symbols if category(symbol) == "So"), _MOST_MARKS)
    for mark in "!?":
        if mark in said:
            marks.append(mark if said.count(mark) == 1 else mark * 2)
    if _ELLIPSIS in said or "…" in said:
        marks.append(_ELLIPSIS)
    if _SHOUTED.search(said):
        marks.append(SHOUT)
    return marks


def _spell(word: str, known: frozenset[str]) -> str:
    """One spelling of a word: "nuuuul" is "nul" where that is known, long numbers are all the same."""
    spelt = _NUMBER.sub("000", word)
    if not _DRAWLED.search(spelt):
        return spelt
    once, twice = (_DRAWLED.sub(repeat, spelt) for repeat in (r"\1", r"\1\1"))
    return once if once in known and twice not in known else twice


class _Words(dict[str, Word]):
    """Words by how they are written; forgotten when there are too many."""

    def __init__(
        self, known: frozenset[str], lists: Lists, weigh: Callable[[str], float], room: Callable[[], int]
    ) -> None:
        super().__init__()
        self._room = room
        self._known = known
        self._lists = lists
        self._weigh = weigh
        self._earlier: dict[str, Word] = {}

    def __missing__(self, written: str) -> Word:
        if written in self._earlier:
            word = self._earlier[written]
            self._remember(written, word)
            return word
        spelt = _spell(written[:LONGEST_WORD], self._known)
        known = LISTED * (spelt in self._lists.words) + BEGINS * (spelt in self._lists.expressions)
        word = Word(spelt, key_of(spelt) % PLACES, known, 0.0 if spelt == PAUSE else self._weigh(spelt))
        if len(written) <= LONGEST_WORD:
            self._remember(written, word)
        return word

    def _remember(self, written: str, word: Word) -> None:
        """Those not met again while as many others were are forgotten."""
        if len(self) >= self._room():
            self._earlier = dict(self)
            self.clear()
        self[written] = word


class _Tags(dict[str, str]):
    """The words of hashtags: #WorstAirline by its capitals, #worstairline by the words that are known."""

    def __init__(self, known: frozenset[str], room: Callable[[], int]) -> None:
        super().__init__()
        self._known = known
        self._room = room

    def open(self, tag: re.Match[str]) -> str:
        """The words, set off from what stands around them."""
        return self[tag[0]]

    def __missing__(self, tag: str) -> str:
        camel = _CAMEL.sub(" ", tag[1:])
        separate = " " in camel or "_" in camel
        opened = f" {camel} " if separate else f" {' '.join(_cut(fold(camel)[:LONGEST_WORD], self._known))} "
        if len(self) >= self._room() // 4:
            self.clear()
        if len(tag) <= LONGEST_WORD:
            self[tag] = opened
        return opened
