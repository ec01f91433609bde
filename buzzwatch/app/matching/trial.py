"""One text tried on the rules of a directory: which brands it is about, by which words, what it misses for others."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from buzzwatch.app.matching.words import WORDS, Words
from buzzwatch.ingest.language import language_of
from buzzwatch.ingest.marking import marked, places
from buzzwatch.ingest.match import NEAR_WORDS, Hit, Matcher
from buzzwatch.ingest.scorer.protocol import Explaining, Scorer
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.brand import Brand
from buzzwatch.model.cause import Cause
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.model.mention import Author, Mention, Sighting
from buzzwatch.notify.phrases import phrases_of
from buzzwatch.notify.quoting import clean

LONGEST_TEXT = 500
_LONGEST_LINE = 100
_MOST_CAUSES = 6
_MOST_OTHERS = 12
_BRACKETS = ("[", "]")
_COLOURS = ("\x1b[1;33m", "\x1b[0m")
_LINE_COLOURS = {True: ("\x1b[32m", "\x1b[0m"), False: ("\x1b[31m", "\x1b[0m")}


class Said(Struct, frozen=True):
    """A text, and what is known of who wrote it where."""

    text: str
    source: str | None = None
    by: str | None = None
    lang: str | None = None


class Verdict(Struct, frozen=True):
    """What one text comes to. `hits` are in reading order, those that were struck out among them."""

    said: Said
    sightings: tuple[Sighting, ...]
    hits: tuple[Hit, ...]
    lang: str
    negativity: float
    why: tuple[Cause, ...]


class Trial:
    """Reads texts as the daemon would under these brands; needs neither state nor secrets."""

    def __init__(self, brands: dict[str, Brand], scorer: Scorer, now: Instant) -> None:
        self.brands = brands
        self._scorer = scorer
        self._now = now
        self._matcher = Matcher(brands)
        self._reader = Reader(brands, scorer)

    def judge(self, said: Said) -> Verdict:
        """Which brands a text is about, and all that stands in the way of the others."""
        author = Author(handle=said.by) if said.by else None
        mention = Mention("text", said.text, moment_of(self._now), source=said.source, author=author, lang=said.lang)
        lang = language_of(said.text, said.lang)
        explaining = self._scorer if isinstance(self._scorer, Explaining) else None
        return Verdict(
            said,
            self._reader.read(mention, self._now).sightings,
            tuple(self._matcher.explain(said.text)),
            lang,
            self._scorer.score(said.text, lang),
            explaining.why(said.text, lang) if explaining else (),
        )


def tell(trial: Trial, verdict: Verdict, language: str, *, coloured: bool) -> Iterator[str]:
    """Lines for a person at a terminal."""
    words = WORDS[language]
    yield words.text.format(text=_marked(verdict, coloured=coloured, limit=LONGEST_TEXT))
    yield from _judgement(verdict, language)
    about = {sighting.brand: sighting for sighting in verdict.sightings}
    touched = [key for key in trial.brands if key in about or any(hit.brand == key for hit in verdict.hits)]
    for key in touched:
        yield ""
        yield from _brand(trial.brands[key], about.get(key), [hit for hit in verdict.hits if hit.brand == key], words)
    others = [key for key in trial.brands if key not in touched]
    if others:
        yield ""
        names = ", ".join(others[:_MOST_OTHERS])
        more = words.more.format(n=len(others) - _MOST_OTHERS) if len(others) > _MOST_OTHERS else ""
        yield words.not_named.format(names=names + more)


def tell_line(verdict: Verdict, language: str, *, coloured: bool) -> str:
    """One text in one line: the brands it is about, the ones that it misses and why, and the text."""
    words = WORDS[language]
    about = [sighting.brand for sighting in verdict.sightings]
    missed = {hit.brand: _line_reason(hit, words) for hit in verdict.hits if hit.brand not in about}
    said = ", ".join([*about, *(f"{key}? ({why})" for key, why in missed.items())]) or "-"
    before, after = _LINE_COLOURS[bool(about)] if coloured else ("", "")
    return f"{before}{said}{after}\t{_marked(verdict, coloured=coloured, limit=_LONGEST_LINE)}"


def read_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """The texts of a stream, one a line; empty ones are passed over."""
    for line in lines:
        if text := line.decode("utf-8", "replace").strip("\ufeff\r\n\t "):
            yield text


def _line_reason(hit: Hit, words: Words) -> str:
    return words.short_not_us.format(expression=hit.not_us) if hit.not_us else words.short_near


def _marked(verdict: Verdict, *, coloured: bool, limit: int) -> str:
    """The text on one line, with the names that count marked."""
    text = clean(verdict.said.text, limit)
    found = places(text)
    spots = [
        (found[hit.first][0], found[hit.last][1])
        for hit in verdict.hits
        if hit.counts and found and hit.last < len(found)
    ]
    return marked(text, spots, *(_COLOURS if coloured else _BRACKETS))


def _judgement(verdict: Verdict, language: str) -> Iterator[str]:
    words, figures = WORDS[language], phrases_of(language).figures
    lang = words.languages.get(verdict.lang, words.language.format(code=verdict.lang))
    yield "  " + words.judged.format(share=figures.share(verdict.negativity), language=lang)
    causes = [(clean(cause.words, 30), cause.weight) for cause in verdict.why if cause.weight and cause.words]
    told = [f"{said} {'▲' if weight > 0 else '▼'}" for said, weight in causes if len(said) > 1 or not said.isalnum()]
    if told:
        yield "  " + words.weighed.format(causes=", ".join(told[:_MOST_CAUSES]))


def _brand(brand: Brand, sighting: Sighting | None, hits: list[Hit], words: Words) -> Iterator[str]:
    verdict = words.matched if sighting is not None else words.not_matched
    yield verdict.format(key=brand.key, name=brand.name)
    for hit in dict.fromkeys(hits_without_places(hits)):
        way = words.ways[hit.way]
        if hit.not_us:
            yield "  " + words.struck.format(name=hit.words, way=way, expression=hit.not_us)
        elif hit.near:
            yield "  " + words.lacks.format(name=hit.words, way=way, near=", ".join(hit.near), n=NEAR_WORDS)
        else:
            yield "  " + words.found.format(name=hit.words, way=way)
    if sighting is None:
        return
    if sighting.themes:
        yield "  " + words.themes.format(themes=", ".join(sighting.themes))
    if sighting.official:
        yield "  " + words.official
    elif sighting.voice:
        yield "  " + words.voice.format(voice=sighting.voice)


def hits_without_places(hits: Iterable[Hit]) -> Iterator[Hit]:
    """The same name in the same way is told once."""
    return (Hit(hit.brand, hit.words, hit.way, hit.struck, hit.not_us, hit.near) for hit in hits)
