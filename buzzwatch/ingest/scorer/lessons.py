"""What people have taught about the posts of one brand."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec

from buzzwatch.ingest.language import COMMON
from buzzwatch.ingest.scorer.learnt import Example, Learnt, learn
from buzzwatch.model.input import Corrected, Mark

MOST_LESSONS = 2_000
"""Kept of each brand, those marked last."""
MOST_WORDS = 60
"""Of a longer text only the beginning teaches and is adjusted."""

_LABELS = {Mark.NEGATIVE: True, Mark.NOT_NEGATIVE: False}


def word_key(word: str) -> int:
    """A stable 32-bit key of a folded word."""
    return crc32(word.encode("utf-8", "replace"))


_COMMON = frozenset(map(word_key, COMMON))


def word_keys(said: Sequence[str], names: frozenset[int] = frozenset()) -> list[int]:
    """Keys of the words of a text and of its neighbouring pairs, each once.

    `said` are its folded words (`normalise.spoken`). Two words have the key of both written as one. The commonest words
    of a language, and those with the keys of a brand's `names`, are in nearly all posts: they have keys in pairs only.
    """
    words = " ".join(said[:MOST_WORDS]).encode("utf-8", "replace").split()
    keys = list(map(crc32, words))
    singles = [key for key in keys if key not in _COMMON and key not in names]
    return list(dict.fromkeys([*singles, *map(crc32, words[1:], keys)]))


class Lessons:
    """The last mark of each post, and how many were made; bounded, and whole in `dump`."""

    def __init__(self) -> None:
        self.revision = 0
        """How many marks of this brand were ever made: names the state."""
        self.kept: dict[str, Corrected] = {}
        """By mention, the one marked last at the end."""
        self._learnt: dict[str, Learnt | None] = {}
        self._struck: frozenset[int] | None = None

    def take(self, mark: Corrected) -> None:
        """A post is marked, or a mark withdrawn: as if there had never been one.

        A mark read again for another scorer counts only while that mark stands: people may have changed it meanwhile.
        """
        standing = self.kept.get(mark.mention)
        if mark.marked_at and (standing is None or (standing.mark, standing.said_at) != (mark.mark, mark.said_at)):
            return
        self.revision += 1
        self.kept.pop(mark.mention, None)
        if mark.mark is not Mark.WITHDRAWN:
            self.kept[mark.mention] = mark
            if len(self.kept) > MOST_LESSONS:
                del self.kept[next(iter(self.kept))]
        self._learnt, self._struck = {}, None

    def strikes(self, mention: str, copy: int) -> bool:
        """Whether a mention is a copy of a text that was marked as not about the brand; a marked post is none."""
        if mention in self.kept:
            return False
        if self._struck is None:
            self._struck = frozenset(mark.copy for mark in self.kept.values() if mark.mark is Mark.NOT_US)
        return copy in self._struck

    def learnt(self, scorer: str) -> Learnt | None:
        """What the marks of texts that this scorer has judged teach; None where there are none.

        Worked out at the first question after a mark, from the marks alone.
        """
        if scorer not in self._learnt:
            found = examples(self.kept.values(), scorer)
            self._learnt = {scorer: learn(found) if found else None}
        return self._learnt[scorer]

    def dump(self) -> dict[str, Any]:
        """Everything; what was learnt follows from it. Marks are frozen: whoever packs the dump packs them."""
        return {"revision": self.revision, "kept": list(self.kept.values())}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Lessons":
        """What `dump` gave."""
        lessons = cls()
        lessons.revision = dumped["revision"]
        lessons.kept = {mark.mention: mark for mark in msgspec.convert(dumped["kept"], list[Corrected])}
        return lessons


def examples(marks: Iterable[Corrected], scorer: str) -> list[Example]:
    """What marks say of negativity, as far as this scorer has judged the texts; copies of one text are one example."""
    last: dict[int, Corrected] = {}
    for mark in marks:
        if mark.mark in _LABELS and mark.scorer == scorer:
            last.pop(mark.copy, None)
            last[mark.copy] = mark
    return [Example(mark.logit, _LABELS[mark.mark], array("I", mark.words)) for mark in last.values()]
