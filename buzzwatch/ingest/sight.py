"""One mention read: whose it is, who wrote it, in which language, how negative, and on what."""

from array import array
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from buzzwatch.ingest.language import UNKNOWN, vote
from buzzwatch.ingest.likeness import liken
from buzzwatch.ingest.match import Matcher, lay_out
from buzzwatch.ingest.normalise import author_key, spoken
from buzzwatch.ingest.scorer.learnt import logit_of
from buzzwatch.ingest.scorer.lessons import Lessons, word_key, word_keys
from buzzwatch.ingest.scorer.protocol import Scorer
from buzzwatch.ingest.theme import Themes
from buzzwatch.model.brand import Brand
from buzzwatch.model.input import Corrected, Mark
from buzzwatch.model.instant import MINUTE, Instant, instant_of
from buzzwatch.model.mention import UNKNOWN_SOURCE, Author, Kind, Mention, Sighting

NO_LESSONS: Mapping[str, Lessons] = MappingProxyType({})

STARS = "stars"
"""The scorer of what its author has judged already."""
_BY_STARS = {1: 0.98, 2: 0.9, 4: 0.05, 5: 0.02}
"""How negative a review is, whatever its words; at three stars the words tell."""
_SKEW = MINUTE
"""Clocks differ by so much without anybody being wrong."""


class Reading(Struct, frozen=True):
    """What one mention comes to: a sighting for each of its brands, in the order of the rule set; none, none.

    `clamped`: it claimed to be posted more than a minute from now, and was mended to now. `struck` are brands that it
    names, and whose people have marked this very text as not about them.
    """

    sightings: tuple[Sighting, ...] = ()
    clamped: bool = False
    struck: tuple[str, ...] = ()


class Reader:
    """Reads mentions under one rule set with one scorer; built anew when either changes."""

    def __init__(self, brands: dict[str, Brand], scorer: Scorer) -> None:
        self._brands = brands
        self._scorer = scorer
        self._matcher = Matcher(brands)
        self._themes = Themes(brands)
        self._names = {
            key: frozenset(word_key(word) for name in brand.match.any for word in spoken(name))
            for key, brand in brands.items()
        }
        self._accounts = {key: frozenset(map(_account, brand.official)) for key, brand in brands.items()}
        self._voices = {
            key: {voice: frozenset(map(_account, listed)) for voice, listed in brand.voices.items()}
            for key, brand in brands.items()
        }

    def read(
        self,
        mention: Mention,
        seen_at: Instant,
        thread: str | None = None,
        inherited: tuple[str, ...] = (),
        lessons: Mapping[str, Lessons] = NO_LESSONS,
        road: str = "",
    ) -> Reading:
        """The sightings of a mention, which came by the configured source `road`.

        `thread` is the key of its conversation as far as the caller could resolve it (else the one the mention gives,
        else its own id), `inherited` are the brands whose conversation that is. A brand that the source names itself
        is taken at its word: the text is not searched for others. A text is scored once, whatever the number of
        brands; an erased one never. What people have taught about a brand adjusts the score for it, by `lessons`.
        A review of one, two, four or five stars is scored by them alone: no words, and no lesson, know better.
        """
        folded = lay_out(mention.text, mention.title)
        named = (mention.brand,) if mention.brand in self._brands else self._matcher.match_words(folded)
        keys = self._keys(named, inherited)
        if not keys:
            return Reading()
        text = mention.whole
        said = spoken(text, folded)
        lang = vote(said, mention.lang)
        known = None if mention.stars is None or mention.deleted else _BY_STARS.get(mention.stars)
        scorer = self._scorer.name if known is None else STARS
        negativity = 0.0 if mention.deleted else self._scorer.score(text, lang) if known is None else known
        posted_at = instant_of(mention.created_at)
        source = mention.source or UNKNOWN_SOURCE
        author, accounts = author_key(source, mention.author), _accounts(source, mention.author)
        themes = {} if mention.deleted else self._themes.find(folded, keys)
        copy, story_keys = liken(mention, text, said)
        struck: tuple[str, ...] = ()
        scores: dict[str, tuple[float, str]] = {}
        if lessons and not mention.deleted:
            struck = tuple(key for key in keys if key in lessons and lessons[key].strikes(mention.id, copy))
            keys = tuple(key for key in keys if key not in struck)
            scores = self._adjust(negativity, said, keys, lessons) if known is None else {}
        sightings = tuple(
            Sighting(
                seen_at=seen_at,
                posted_at=min(posted_at, seen_at),
                mention=mention.id,
                brand=key,
                source=source,
                thread=thread or mention.thread or mention.id,
                parent=mention.parent,
                kind=mention.kind or (Kind.REPLY if mention.parent else Kind.POST),
                author=author,
                followers=mention.author.followers if mention.author else None,
                official=not self._accounts[key].isdisjoint(accounts),
                negativity=scores[key][0] if key in scores else negativity,
                scorer="" if mention.deleted else scores[key][1] if key in scores else scorer,
                lang=UNKNOWN if mention.deleted else lang,
                copy=copy,
                themes=themes.get(key, ()),
                voice=_voice(accounts, self._voices[key]),
                keys=story_keys,
                unnamed=key not in named,
                road=road,
            )
            for key in keys
        )
        return Reading(sightings, posted_at > seen_at + _SKEW, struck)

    @property
    def scorer(self) -> str:
        """The name of the scorer, with nothing that a brand has taught."""
        return self._scorer.name

    def mark(self, mention: Mention, known: Sighting | Corrected, mark: Mark, by: str) -> Corrected:
        """A person's mark of a mention that was sighted or marked before, with what learning needs of its text.

        The text is that of now, which its author may have edited since.
        """
        text = mention.whole
        said = spoken(text)
        lang = vote(said, mention.lang)
        return Corrected(
            seen_at=known.seen_at,
            brand=known.brand,
            mention=mention.id,
            mark=mark,
            by=by,
            scorer=self._scorer.name,
            lang=lang,
            logit=logit_of(self._scorer.score(text, lang)),
            words=array("I", word_keys(said, self._names.get(known.brand, frozenset()))).tobytes(),
            copy=liken(mention, text, said)[0],
        )

    def _adjust(
        self, negativity: float, said: list[str], keys: tuple[str, ...], lessons: Mapping[str, Lessons]
    ) -> dict[str, tuple[float, str]]:
        """Probability and name of the scorer, for each brand that has taught something."""
        base = self._scorer.name
        taught = {key: learnt for key in keys if key in lessons and (learnt := lessons[key].learnt(base))}
        words = word_keys(said) if taught else ()
        return {
            key: (learnt.adjust(negativity, words), f"{base}+{key}.{lessons[key].revision}")
            for key, learnt in taught.items()
        }

    def _keys(self, named: tuple[str, ...], inherited: tuple[str, ...]) -> tuple[str, ...]:
        if not inherited or named == inherited:
            return named
        wanted = {*named, *inherited}
        return tuple(key for key in self._brands if key in wanted)


def _accounts(source: str, author: Author | None) -> tuple[str, ...]:
    """The names by which an account may be listed as official: its handle and its id."""
    if author is None:
        return ()
    handle, key = author.handle, author.id
    if handle and key:
        return f"{source}:{handle.lstrip('@')}".casefold(), f"{source}:{key.lstrip('@')}".casefold()
    return (f"{source}:{(handle or key or '').lstrip('@')}".casefold(),)


def _voice(accounts: tuple[str, ...], voices: dict[str, frozenset[str]]) -> str:
    """The first group that lists one of these accounts."""
    for voice, listed in voices.items():
        if not listed.isdisjoint(accounts):
            return voice
    return ""


def _account(listed: str) -> str:
    """One spelling of an account: x:@Acme_FR and x:acme_fr are the same."""
    source, _, name = listed.partition(":")
    return f"{source}:{name.lstrip('@')}".casefold()
