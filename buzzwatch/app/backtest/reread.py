"""Stored texts read again, for brands that are sought by other words than when the texts were heard."""

import sqlite3

from msgspec.structs import replace

from buzzwatch.ingest.sight import Reader
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.input import Input
from buzzwatch.model.instant import instant_of
from buzzwatch.model.mention import Mention, Sighting
from buzzwatch.store.journal import read_first_heard
from buzzwatch.threads.tracker import Tracker


class Rereader:
    """Gives the sightings of each stored mention as other rules would have read it; no text is scored again.

    Texts are those of now, which their authors may have edited since. What its author took back stays as it was read.
    """

    def __init__(self, rules: Ruleset, connection: sqlite3.Connection) -> None:
        self.brands: frozenset[str] = frozenset()
        """Those for which texts are read again at present."""
        self.ever: set[str] = set()
        """Those for which any was."""
        self.texts = self.erased = 0
        self._rules = rules
        self._connection = connection
        self._reader: Reader | None = None
        self._rows: list[tuple[int, Input]] = []
        self._told: dict[str, tuple[Mention, int]] | None = None
        self._sighted: dict[tuple[str, str], Sighting] = {}

    def follow(self, recorded: Ruleset) -> None:
        """From now on the journal's sightings were read by these rules."""
        known = recorded.brands
        self.brands = frozenset(
            key for key, brand in self._rules.brands.items() if reading(brand) != reading(known.get(key))
        )
        if self.brands and self._reader is None:
            self._reader = Reader(self._rules.brands, _AsHeard())

    def prepare(self, rows: list[tuple[int, Input]]) -> None:
        """These rows are to come; their texts are looked up all at once, where they are needed."""
        self._rows, self._told = rows, None

    def _look_up(self) -> dict[str, tuple[Mention, int]]:
        heard = [item for _, item in self._rows if isinstance(item, Sighting)]
        self._sighted = {(each.mention, each.brand): each for each in heard}
        return read_first_heard(self._connection, dict.fromkeys(each.mention for each in heard))

    def read(self, seq: int, sighting: Sighting, tracker: Tracker) -> list[Sighting]:
        """What is to be stepped in the place of a row: at the first row of a mention, all that it comes to."""
        if not self.brands or self._reader is None:
            return [sighting]
        if self._told is None:
            self._told = self._look_up()
        if sighting.mention not in self._told:
            return [sighting]
        mention, first = self._told[sighting.mention]
        if mention.deleted:
            self.erased += seq == first
            return [sighting]
        kept = [] if sighting.brand in self.brands else [sighting]
        if seq != first:
            return kept
        self.texts += 1
        self.ever |= self.brands
        inherited: tuple[str, ...] = ()
        if sighting.thread != mention.id or mention.parent:
            inherited = tracker.brands_of(instant_of(mention.created_at), sighting.thread, mention.parent)
        found = self._reader.read(mention, sighting.seen_at, sighting.thread, inherited).sightings
        return kept + [self._as_heard(each, sighting) for each in found if each.brand in self.brands]

    def _as_heard(self, found: Sighting, row: Sighting) -> Sighting:
        """With the numbers of the row, or of that of the very brand if it had one: they were not worked out again."""
        heard = self._sighted.get((found.mention, found.brand), row)
        return replace(
            heard,
            seen_at=row.seen_at,
            brand=found.brand,
            official=found.official,
            themes=found.themes,
            voice=found.voice,
            unnamed=found.unnamed,
        )


def reading(brand: Brand | None) -> object:
    """What decides upon which texts are a brand's, and what they are found to be; None where nobody watches it."""
    return brand and (brand.match, brand.official, brand.themes, brand.voices)


class _AsHeard:
    """Stands in for the scorer: the journal has its numbers."""

    name = ""

    def score(self, text: str, lang: str) -> float:  # noqa: ARG002 - as a scorer
        """Nothing: the number is taken from the journal."""
        return 0.0
