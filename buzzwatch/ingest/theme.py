"""Which themes of a brand a text touches.

The words of a theme are sought as the names of a brand are (see `ingest.match`): whole words, and from four letters on
inside a hashtag, without case, accents, apostrophes and hyphens; but not as handles, which are somebody's name. A word
counts as it is written and in its simple plural, with a final s or x; an expression also with its last word, or with
all of its words, in the plural. Every other form has to be written out.
"""

from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick

from buzzwatch.ingest.match import TAG, Way, inside_hashtag, spellings
from buzzwatch.model.brand import Brand

_PLURAL = ("s", "x", "z")
"""A word that ends so has no plural of its own."""


class Themes:
    """Finds the themes of all brands in one pass; built once per rule set."""

    def __init__(self, brands: dict[str, Brand]) -> None:
        self._themes = {key: tuple(brand.themes) for key, brand in brands.items() if brand.themes}
        spelt: dict[str, dict[str, set[str]]] = {}  # by spelling and brand: the themes
        tagged: dict[str, dict[str, set[str]]] = {}
        for key, brand in brands.items():
            for theme, expressions in brand.themes.items():
                for written in expressions:
                    for form in _forms(written):
                        for spelling in _sought(form):
                            spelt.setdefault(spelling, {}).setdefault(key, set()).add(theme)
                        if inside := inside_hashtag(form):
                            tagged.setdefault(inside, {}).setdefault(key, set()).add(theme)
        self._spelt, self._spelt_uses = AhoCorasick(list(spelt)), tuple(spelt.values())
        self._tagged, self._tagged_uses = AhoCorasick(list(tagged)), tuple(tagged.values())

    def find(self, folded: str, brands: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """The themes that a text, laid out by `match.lay_out`, touches of each of these brands, in their order."""
        if self._themes.keys().isdisjoint(brands):
            return {}
        uses = [
            self._spelt_uses[index] for index, _, _ in self._spelt.find_matches_as_indexes(folded, overlapping=True)
        ]
        if "#" in folded:
            uses += [
                self._tagged_uses[index]
                for tag in TAG.finditer(folded)
                for index, _, _ in self._tagged.find_matches_as_indexes(tag[1], overlapping=True)
            ]
        if not uses:
            return {}
        found = {key: {theme for use in uses for theme in use.get(key, ())} for key in brands}
        return {key: tuple(theme for theme in self._themes.get(key, ()) if theme in found[key]) for key in brands}


def _forms(written: str) -> Iterator[str]:
    """An expression as it is written and in the plural."""
    yield written
    *first, last = written.split()
    for ending in "sx":
        yield " ".join((*first, _plural(last, ending)))
    if first:
        yield " ".join(_plural(word, "s") for word in (*first, last))


def _plural(word: str, ending: str) -> str:
    return word if word.casefold().endswith(_PLURAL) else word + ending


def _sought(form: str) -> Iterator[str]:
    for spelling, way in spellings(form):
        if way is not Way.HANDLE or form.startswith("@"):
            yield spelling
