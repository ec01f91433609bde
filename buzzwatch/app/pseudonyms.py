"""Authors in what is kept and passed on: as letters, where they are not public voices of the brand's own choosing."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from string import ascii_uppercase

from msgspec.structs import replace

from buzzwatch.model.notification import Sample
from buzzwatch.notify.debriefing_words import WORDS
from buzzwatch.store.journal import read_sighting

_HANDLE = re.compile(r"(?<![\w@])@[\w.@-]*\w")
_MASKED = "@…"


class Pseudonyms:
    """One letter for each author of a brand's posts; those whom its rules list as official or as a voice keep theirs.

    What names an author goes with the name: the address of the post, and handles in what is quoted.
    """

    def __init__(self, db: sqlite3.Connection, brand: str, language: str) -> None:
        self._db = db
        self._brand = brand
        self._author = WORDS[language].somebody
        self._letters: dict[str, str] = {}

    def hide(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The posts with letters in the place of names, in their order."""
        for sample in samples:
            sighting = read_sighting(self._db, sample.mention, self._brand)
            if sample.author is None or (sighting is not None and (sighting.official or sighting.voice)):
                yield sample
                continue
            letter = self._letters.setdefault(sample.author, letters(len(self._letters)))
            text = sample.text and _HANDLE.sub(_MASKED, sample.text)
            yield replace(sample, author=self._author.format(letter=letter), text=text, url=None)


def letters(number: int) -> str:
    """The letter of a number: A, B, …, Z, AA, AB and so on."""
    before, last = divmod(number, len(ascii_uppercase))
    return (letters(before - 1) if before else "") + ascii_uppercase[last]
