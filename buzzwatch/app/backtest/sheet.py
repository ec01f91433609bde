"""A backtest in the words of its reader, ready for a terminal or a page."""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from msgspec import Struct

from buzzwatch.app.backtest.backtest import Backtest
from buzzwatch.app.backtest.chart import Bars
from buzzwatch.app.backtest.figures import RuleFigures, a_month, budget_of, figures_of, is_nothing
from buzzwatch.app.backtest.rings import STEP, Fate, Pair, Ring
from buzzwatch.app.backtest.words import Words, words_of
from buzzwatch.model.instant import DAY, HOUR, Instant, Span, moment_of
from buzzwatch.model.notification import Sample
from buzzwatch.model.signal import Detector
from buzzwatch.notify.debriefing import Post
from buzzwatch.notify.figures import Figures
from buzzwatch.notify.phrases import Noun, Phrases, phrases_of
from buzzwatch.notify.quoting import clean, quote, safe_link

SHOWN = 3
_LONGEST_POST = 280
_LONGEST_NAME = 60
_MOST_DATES = 12
_FEW_DAYS = 3 * DAY
_NONE = "–"
_EMPTY = {"0", _NONE}
"""What is not worth a column."""


class RingLines(Struct, frozen=True):
    """One ring: when, which rule, what becomes of it, and why, in sentences."""

    when: str
    rule: str
    severity: str
    fate: str
    fate_says: str
    lines: tuple[str, ...]
    posts: tuple[Post, ...]


class BrandPart(Struct, frozen=True):
    """One brand: its rules as a table, and their rings."""

    key: str
    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rings: tuple[RingLines, ...]


class Sheet(Struct, frozen=True):
    """The whole, ready to be written in a format."""

    language: str
    title: str
    subtitle: str
    headline: str
    assumes_heading: str
    assumes: tuple[str, ...]
    no_rings: str
    brands: tuple[BrandPart, ...]


def compose(told: Backtest, language: str) -> Sheet:
    """In French or in English."""
    return Speaker(told, language).sheet()


class Speaker:
    """Finds the words for one backtest in one language."""

    def __init__(self, told: Backtest, language: str) -> None:
        self.told = told
        self.w: Words = words_of(language)
        self.phrases: Phrases = phrases_of(language)
        self.figures: Figures = self.phrases.figures
        self.others = self.w.in_force if told.facts.in_force else self.w.other

    def sheet(self) -> Sheet:
        """All of it but the pictures."""
        facts, zone = self.told.facts, self._zone()
        subtitle = self.w.subtitle.format(
            since=self._stamp(facts.since, zone),
            until=self._stamp(facts.until, zone),
            mentions=self.figures.number(facts.mentions),
        )
        return Sheet(
            language=self.phrases.language,
            title=self.w.title,
            subtitle=subtitle,
            headline=self._headline(),
            assumes_heading=self.w.assumes,
            assumes=tuple(self._assumes(zone)),
            no_rings=self.w.no_rings,
            brands=tuple(map(self._brand, self.told.brands)),
        )

    def _headline(self) -> str:
        told, w = self.told, self.w
        rings = len(told.these.rings)
        month = a_month(told, rings)
        budget = sum(budget_of(told.these, brand) for brand in told.brands)
        rate = "" if month is None else w.rate.format(month=self._number(month), budget=self._times(budget))
        said = w.rang if told.facts.exact else w.would
        first = said.format(span=self._span_of_all(), n=self._times(rings), rate=rate)
        if told.others is None:
            return f"{first}."
        first += w.compared.format(others=self.others, n=self._number(len(told.others.rings)))
        return f"{first} {self._changes()}"

    def _changes(self) -> str:
        fates = [pair.fate for pair in self.told.pairs]
        nouns = ((Fate.ADDED, self.w.added), (Fate.GONE, self.w.gone), (Fate.MOVED, self.w.moved))
        parts = [self._many(noun, fates.count(fate)) for fate, noun in nouns if fate in fates]
        said = ", ".join(parts)
        return f"{said[:1].upper()}{said[1:]}." if said else self.w.nothing_changes

    def _span_of_all(self) -> str:
        span = self.told.facts.until - self.told.facts.since
        days, hours = round(span / DAY), round(span / HOUR)
        return self.phrases.count(days, self.w.days) if days > 1 else self.phrases.count(hours, self.w.hours)

    def _assumes(self, zone: tzinfo) -> Iterator[str]:
        facts, w = self.told.facts, self.w
        if not facts.mentions:
            yield w.no_mentions
        if facts.head:
            yield w.only_totals.format(at=self._stamp(facts.head, zone))
        if not (facts.head and facts.exact):
            yield w.learnt.format(at=self._stamp(facts.learnt_from, zone)) if facts.journal else w.file
        yield w.exact if facts.exact else w.supposed
        if facts.dropped:
            what = ", ".join(self.phrases.count(n, w.dropped_kinds[kind]) for kind, n in facts.dropped.items())
            yield w.dropped.format(what=what)
        if facts.swaps:
            noun = w.swapped_exact if facts.exact else w.swapped
            yield self._many(noun, len(facts.swaps), at=self._stamp(facts.swaps[-1], zone))
        if facts.refused:
            yield self._many(w.refused, facts.refused)
        yield from self._limits()
        if facts.journal:
            yield w.scores
        if facts.unchanged:
            yield w.unchanged.format(brands=", ".join(facts.unchanged))
        yield from self._columns()

    def _limits(self) -> Iterator[str]:
        """What the counts leave out."""
        facts, w = self.told.facts, self.w
        if facts.reread:
            yield w.reread.format(brands=", ".join(facts.reread), n=self.figures.number(facts.texts))
            yield w.floor
        if facts.erased:
            yield self._many(w.erased_texts, facts.erased)
        if facts.unread:
            yield self._many(w.unread, facts.unread)
        if facts.failed:
            yield w.failed.format(brands=", ".join(facts.failed))

    def _columns(self) -> Iterator[str]:
        """What the names of columns mean, of those that are shown."""
        asides = [row[-len(self.w.head_asides) :] for key in self.told.brands for row in self._rows(key)]
        says = (self.w.joins, self.w.night, self.w.nothing, self.w.times_say)
        for column, said in enumerate(says):
            if any(row[column] not in _EMPTY for row in asides):
                yield said

    def _rows(self, key: str) -> list[tuple[str, ...]]:
        return [self._row(each) for each in figures_of(self.told, key)]

    def _brand(self, key: str) -> BrandPart:
        w, compared = self.w, self.told.others is not None
        others = w.others_head[not self.told.facts.in_force]
        wanted = (*w.head, *(w.head_compared if compared else ()), *w.head_asides)
        rows, fixed = self._rows(key), len(wanted) - len(w.head_asides)
        shown = [n for n in range(len(wanted)) if n < fixed or any(row[n] not in _EMPTY for row in rows)]
        return BrandPart(
            key=key,
            name=self.name(key),
            head=tuple(wanted[n].format(others=others) for n in shown),
            rows=tuple(tuple(row[n] for n in shown) for row in rows),
            rings=tuple(self._ring(pair) for pair in self.told.pairs if pair.told.brand == key),
        )

    def _row(self, each: RuleFigures) -> tuple[str, ...]:
        number = self._number
        mine = (
            each.rule,
            number(each.rings),
            _NONE if each.a_month is None else number(each.a_month),
            _NONE if each.budget is None else number(each.budget),
        )
        compared = () if each.others is None else map(number, (each.others, each.added, each.gone, each.moved))
        times = (self._signed(each.after_onset), self._signed(each.before_peak))
        return (*mine, *compared, number(each.joined), number(each.night), number(each.nothing), *times)

    def _ring(self, pair: Pair) -> RingLines:
        ring, zone = pair.told, self._zone(pair.told.brand)
        compared = self.told.others is not None
        shown = [self.told.posts[key] for key in ring.shown[:SHOWN] if key in self.told.posts]
        return RingLines(
            when=self._stamp(ring.at, zone),
            rule=ring.rule,
            severity=self.phrases.severity[ring.severity],
            fate=pair.fate.value if compared else "",
            fate_says=self.w.fates[pair.fate.value] if compared else "",
            lines=tuple(self._lines(pair, zone)),
            posts=tuple(self._post(each, zone) for each in shown),
        )

    def _lines(self, pair: Pair, zone: tzinfo) -> Iterator[str]:
        ring, w = pair.told, self.w
        yield self._observed(ring, zone)
        after = max(0, ring.at - ring.began_at)
        began = w.after_onset.format(span=self.figures.span(after)) if after else w.at_onset
        if ring.peak_at is None:
            yield f"{began}."
        else:
            ahead = ring.peak_at - ring.at
            peak = w.at_peak if abs(ahead) < STEP else w.before_peak if ahead > 0 else w.after_peak
            yield began + peak.format(span=self.figures.span(abs(ahead)))
        if self.told.others is not None:
            yield self._compared(pair, zone)
        if ring.woken:
            yield w.woken.format(names=", ".join(self._person(key) for key in ring.woken))
        if is_nothing(self.told, ring):
            yield w.found_nothing

    def _observed(self, ring: Ring, zone: tzinfo) -> str:
        w = self.w
        if ring.subject.quiet:
            return w.silence.format(since=self._stamp(ring.began_at, zone))
        nouns = {Detector.NEGATIVITY: w.angry, Detector.SLOW: w.voices}
        count = self.phrases.count(ring.observed, nouns.get(ring.detector, w.posts) if ring.detector else w.posts)
        if ring.expected is None or not ring.over:
            return w.in_all.format(count=count)
        return w.observed.format(count=count, span=self.figures.span(ring.over), usual=self._number(ring.expected))

    def _compared(self, pair: Pair, zone: tzinfo) -> str:
        w = self.w
        match pair.fate:
            case Fate.ADDED:
                return w.only_these.format(others=self.others)
            case Fate.GONE:
                return w.only_others.format(others=self.others)
            case Fate.SAME:
                return w.same.format(others=self.others)
        said, other = (w.earlier, pair.other) if pair.moved < 0 else (w.later, pair.other)
        at = self._stamp(other.at, zone) if other else ""
        moved = self.figures.span(abs(pair.moved))
        text = said.format(span=moved, others=self.others, at=at)
        return f"{text[:1].upper()}{text[1:]}"

    def _post(self, sample: Sample, zone: tzinfo) -> Post:
        text = quote(sample.text, _LONGEST_POST) if sample.text else ""
        author = quote(sample.author, _LONGEST_NAME) if sample.author else self.w.unknown_author
        link = safe_link(sample.url) if text else None
        return Post(text or self.w.erased, f"{author}, {self._stamp(sample.posted_at, zone)}", link)

    def chart(self, brand: str, bars: Bars, lanes: Sequence[Sequence[Ring]]) -> str:
        """What a picture shows, for who cannot see it. The first of `lanes` are these rules' rings."""
        zone, most = self._zone(brand), max(bars.posts)
        written = self.figures.day_of if bars.width >= DAY else self._stamp
        said = [
            self.w.chart.format(
                brand=self.name(brand),
                span=self.figures.span(bars.width),
                since=written(bars.since, zone),
                until=written(bars.until, zone),
                most=self._number(most),
                at=written(bars.since + bars.posts.index(most) * bars.width, zone),
            )
        ]
        for name, rings in zip(self.lanes(), lanes, strict=False):
            dates = dict.fromkeys(self._stamp(ring.at, zone) for ring in rings)
            when = ", ".join(list(dates)[:_MOST_DATES]) + (", …" if len(dates) > _MOST_DATES else "")
            phrase = self.w.chart_rings if rings else self.w.chart_none
            said.append(phrase.format(these=f"{name[:1].upper()}{name[1:]}", n=self._number(len(rings)), when=when))
        return " ".join(said)

    def lanes(self) -> tuple[str, str]:
        """Whose rings the two rows of marks are."""
        return self.w.legend_these, self.w.legend_others.format(others=self.others)

    def tick(self, brand: str, at: Instant, whole: Span) -> str:
        """A time beneath a picture: the day, or the hour where it shows a few days."""
        local = moment_of(at).astimezone(self._zone(brand))
        return f"{local:{self.figures.date}}" if whole > _FEW_DAYS else f"{local:{self.figures.date} %H:%M}"

    def name(self, key: str) -> str:
        """Of a brand, as people call it."""
        sides = (each.rules.brands.get(key) for each in (self.told.these, self.told.others) if each is not None)
        return next((clean(brand.name, _LONGEST_NAME) for brand in sides if brand is not None), key)

    def _person(self, key: str) -> str:
        sides = (each.rules.people.get(key) for each in (self.told.these, self.told.others) if each is not None)
        return next((clean(person.name, _LONGEST_NAME) for person in sides if person is not None), key)

    def _zone(self, brand: str = "") -> tzinfo:
        """A brand's; of what concerns all of them that of the first one."""
        sides = [each.rules.brands for each in (self.told.these, self.told.others) if each is not None]
        for key in (brand, *self.told.brands):
            for brands in sides:
                if key in brands:
                    return brands[key].zone
        return UTC

    def _stamp(self, at: Instant, zone: tzinfo) -> str:
        return f"{self.figures.day_of(at, zone)} {self.figures.clock(at, zone, at)}"

    def _number(self, value: float) -> str:
        return self.figures.number(value)

    def _times(self, number: float) -> str:
        return f"{self._number(number)}\u00a0{self.w.times[number not in self.phrases.singular]}"

    def _signed(self, span: Span | None) -> str:
        if span is None:
            return _NONE
        return f"{'−' if span < 0 else ''}{self.figures.span(abs(span))}"

    def _many(self, noun: Noun, number: int, **filled: str) -> str:
        return noun[number not in self.phrases.singular].format(n=self._number(number), **filled)
