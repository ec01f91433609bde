"""A text as the scorer hears it: folded words with the pauses between them, and the marks of feeling around them."""

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import itemgetter, sub
from typing import NamedTuple
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
PLACES = 1 << 18
"""Of a table of hashed n-grams."""
MOST_REMEMBERED = 100_000
"""Words, of all languages together."""

_PAUSES = ".,;:!?"
_ELLIPSIS = "..."
_MOST_MARKS = 8
_FIRST = 0
_FEWEST_CAPITALS = 4
_SHORTEST_IN_TAG = 4
_TAG = re.compile(r"#\w+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-ZÀ-Þ])(?=[A-ZÀ-Þ])")
_EMOTICON = re.compile(r"[:;=<](?<!\d.)['^-]?([()\[\]dDpP|@*\\/3])(?!\w)")
_SYMBOL = re.compile("[^\x00-\u25ff]")
"""Where emoji begin. A class that lists them all takes ten times as long."""
_SHOUTED = re.compile("[A-ZÀ-Þ]" * _FEWEST_CAPITALS)
"""Written out, which is sought twice as fast as with a count."""
_DRAWLED = re.compile(r"([^\W\d])\1{2,}")
_NUMBER = re.compile(r"\d{3,}")
_ODD = re.compile(r"(\w)\1\1|\d{3}")


class Speech(NamedTuple):
    """A text heard: `words` are folded, with a `PAUSE` where one is heard, and one before and after all.

    `weights` are those of the n-grams of each word. `roles` tell what each word is to the lists, 0 for nothing. `pairs`
    hash each word with the next: places in a table of `PLACES`, some counted from its end. `marks` are emoji, emoticons
    such as ":(", "!", "??".
    """

    words: tuple[str, ...]
    weights: tuple[float, ...]
    roles: tuple[int, ...]
    pairs: list[int]
    marks: list[str]


class Ear:
    """Takes texts of one language apart, and remembers their words.

    `known` are words, of whatever language, by which drawled ones and hashtags in small letters are understood; `roles`
    are those of this language's words; `weigh` gives what the n-grams of a word or mark weigh, asked once for each.
    `room` is how many words may be remembered.
    """

    def __init__(
        self,
        known: frozenset[str],
        roles: Mapping[str, int],
        weigh: Callable[[str], float],
        room: Callable[[], int] = lambda: MOST_REMEMBERED,
    ) -> None:
        self._words = _Words(known, roles, weigh)
        self._tags = _Tags(known)
        self._room = room

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
        words = self._words
        if len(words) + len(self._tags) > self._room():
            words.forget()
            self._tags.clear()
        of_each = itemgetter(_FIRST, *map(words.__getitem__, tokens(said)), _FIRST)
        return Speech(
            of_each(words.spelt), of_each(words.weights), of_each(words.roles), pairs_of(of_each(words.keys_of)), marks
        )

    def weight_of(self, mark: str) -> float:
        """What the n-grams of a mark weigh."""
        return self._words.weights[self._words[mark]]


def key_of(word: str) -> int:
    """A hash of a word, the same in every process: a place in a table of `PLACES`."""
    return crc32(word.encode("utf-8", "replace")) % PLACES


def pairs_of(keys: Sequence[int]) -> list[int]:
    """Hashes of neighbours, by their differences: order counts."""
    return list(map(sub, keys, islice(keys, 1, None)))


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
    marks: list[str] = []
    if ":" in said or ";" in said or "=" in said or "<" in said:
        marks += [f":{mouth.lower()}" for mouth in islice(_EMOTICON.findall(said), _MOST_MARKS)]
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
    if not _ODD.search(word):
        return word
    spelt = _NUMBER.sub("000", word)
    once, twice = (_DRAWLED.sub(repeat, spelt) for repeat in (r"\1", r"\1\1"))
    return once if once in known and twice not in known else twice


class _Words(dict[str, int]):
    """Words by how they are written, numbered as they come.

    What is known of them lies in arrays by number: frequent words come first and stay close to one another, since to
    look into memory here and there is what takes the time.
    """

    def __init__(self, known: frozenset[str], roles: Mapping[str, int], weigh: Callable[[str], float]) -> None:
        super().__init__()
        self._known = known
        self._roles = roles
        self._weigh = weigh
        self.forget()

    def forget(self) -> None:
        """Begin anew; numbers given before mean nothing any more."""
        self.clear()
        self.spelt: list[str] = []
        self.weights = array("d")
        self.keys_of = array("i")
        self.roles = bytearray()
        self[PAUSE]  # the first

    def __missing__(self, written: str) -> int:
        if len(written) > LONGEST_WORD:
            return self[written[:LONGEST_WORD]]
        spelt = _spell(written, self._known)
        self.spelt.append(spelt)
        self.weights.append(0.0 if spelt == PAUSE else self._weigh(spelt))
        self.keys_of.append(key_of(spelt))
        self.roles.append(self._roles.get(spelt, 0))
        self[written] = number = len(self.spelt) - 1
        return number


class _Tags(dict[str, str]):
    """The words of hashtags: #WorstAirline by its capitals, #worstairline by the words that are known."""

    def __init__(self, known: frozenset[str]) -> None:
        super().__init__()
        self._known = known

    def open(self, tag: re.Match[str]) -> str:
        """The words, set off from what stands around them."""
        return self[tag[0]]

    def __missing__(self, tag: str) -> str:
        camel = _CAMEL.sub(" ", tag[1:])
        separate = " " in camel or "_" in camel
        opened = f" {camel} " if separate else f" {' '.join(_cut(fold(camel)[:LONGEST_WORD], self._known))} "
        if len(tag) <= LONGEST_WORD:
            self[tag] = opened
        return opened
