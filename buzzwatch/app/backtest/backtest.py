"""How often rules would have rung: the journal, or a file, stepped under them and under others to compare."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.backtest.reread import Rereader
from buzzwatch.app.backtest.rings import Pair, Tally, compare
from buzzwatch.app.backtest.trial import Run, Told, Trial, same_brands, told_by
from buzzwatch.app.explain.asking import QuestionError
from buzzwatch.app.history import since_of
from buzzwatch.app.past import Past
from buzzwatch.app.quotes import sample_of
from buzzwatch.app.replay import Replay
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Incident
from buzzwatch.model.input import (
    Outcome,
    RulesSwapped,
)
from buzzwatch.model.instant import DAY, SECOND, Instant, Span, moment_of
from buzzwatch.model.notification import Sample
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.words import Said
from buzzwatch.store.database import StateError
from buzzwatch.store.journal import (
    Ledger,
    read_corrections,
    read_found_nothing,
    read_journal,
    read_mentions,
    read_rules,
    read_swaps,
)
from buzzwatch.store.keeping import read_head
from buzzwatch.store.snapshot import read_snapshot

USUAL_SPAN: Span = 90 * DAY
_ROWS = 5_000
"""Read at once: no read of the database lasts, so that the daemon beside it can tidy up."""
_MOST_SHOWN = 3

Progress = Callable[[float], None]


class Period(Struct, frozen=True):
    """What is told of, as `--since` and `--until` name it: so long before the end, a day, or an instant."""

    since: str | None = None
    until: str | None = None

    def between(self, first: Instant, now: Instant, usual: Span | None) -> tuple[Instant, Instant]:
        """From when until when, within what is known; `usual` is how long if nobody says, None for all. Raises."""
        until = now if self.until is None else _instant(self.until, now)
        since = first if usual is None else until - usual
        since = since if self.since is None else _instant(self.since, now)
        since, until = max(since, first), min(until, now)
        if since >= until:
            first_at, last_at = (moment_of(at).isoformat(" ", "minutes")[:16] for at in (first, now))
            told = "nothing is known of that time: there is {first} to {last} (UTC)"
            raise QuestionError(Said(told, {"first": first_at, "last": last_at}))
        return since, until


def _instant(text: str, now: Instant) -> Instant:
    if (found := since_of(text, now)) is None:
        told = "'{text}' is no time: write so far back, such as 7d or 12h, or a day such as 2026-11-20"
        raise QuestionError(Said(told, {"text": text}))
    return found


class Facts(Struct, frozen=True):
    """What the figures rest on. `dropped` counts, by sort, what people said in that time and was left out.

    `swaps` are when other rule sets came into force in that time, `known` what could still be compiled of them.
    """

    since: Instant
    until: Instant
    learnt_from: Instant
    journal: bool
    head: Instant = 0
    """Since when the journal has every mention; 0: from its beginning."""
    mentions: int = 0
    """Of customers, in that time."""
    exact: bool = False
    """Every recorded input was stepped as it was: these are the rings that were."""
    in_force: bool = False
    """The others are the rules in force."""
    dropped: dict[str, int] = {}
    swaps: tuple[Instant, ...] = ()
    refused: int = 0
    """Rule sets on record that this version does not accept: those in force before them go on."""
    unchanged: tuple[str, ...] = ()
    """Brands that were not run twice, since both rule sets say the same of them."""
    reread: tuple[str, ...] = ()
    texts: int = 0
    erased: int = 0
    unread: int = 0
    """Items of a file that are no mentions."""
    failed: tuple[str, ...] = ()
    """Brands that were set aside when a decision about them failed."""


class Backtest(Struct, frozen=True):
    """All that a report tells. `nothing`: by brand, the incidents on record that people found to be nothing."""

    facts: Facts
    these: Told
    others: Told | None
    pairs: tuple[Pair, ...]
    posts: dict[str, Sample]
    nothing: dict[str, tuple[Incident, ...]] = {}
    brands: tuple[str, ...] = ()
    """Those that it tells of, in the order of the rule files."""


def rows_of(db: sqlite3.Connection) -> int:
    """How many rows of the journal there are to step."""
    return Ledger(db).position()[0]


def of_journal(
    db: sqlite3.Connection,
    rules: Ruleset | None,
    against: Ruleset | None,
    period: Period,
    brand: str | None = None,
    progress: Progress = lambda _: None,
    directory: Path | None = None,
) -> Backtest:
    """Step the journal under `rules`, and under `against`: the rules in force where that is None.

    Without rules, or with those that were in force all the time, every input is stepped as it was. Where the beginning
    of the journal was let go, that needs the snapshot that was put aside there, of the `directory` of the state.

    Raises:
        StateError: there is nothing to step, or it cannot be read.
        QuestionError: the period is none, or nothing is known of it.
    """
    try:
        return _JournalTest(db, rules, against, brand, directory).run(period, progress)
    except sqlite3.Error as error:
        raise StateError(Said("the database cannot be read ({why}); try again in a moment", {"why": error})) from error


class _JournalTest:
    def __init__(
        self,
        db: sqlite3.Connection,
        rules: Ruleset | None,
        against: Ruleset | None,
        brand: str | None,
        directory: Path | None,
    ) -> None:
        self.db, self.brand, self.directory = db, brand, directory
        self.head = read_head(db)
        self.last, self.now = Ledger(db).position()
        self.swaps = read_swaps(db)
        if not self.swaps:
            raise StateError(
                Said("the journal is empty: nothing was heard here yet; replay a file of mentions instead")
            )
        self.on_record, self.refused = _compiled(db, {digest for _, digest in self.swaps})
        in_force = self.on_record.get(self.swaps[-1][1])
        self.in_force = against is None
        if in_force is None and against is None:
            raise StateError(
                Said("this version refuses the rules in force; name others to compare with: --against DIR")
            )
        self.against = against if against is not None or in_force is None else in_force.rules
        self.rules = rules

    def run(self, period: Period, progress: Progress) -> Backtest:
        since, until = period.between(max(self.swaps[0][0], self.head.at), self.now, USUAL_SPAN)
        rules, against = self.rules, self.against
        unchanged: frozenset[str] = frozenset()
        exact = rules is None or (self.in_force and self._was_in_force(rules, since))
        memory = self._memory() if rules is None or exact else None
        if rules is None or exact:
            runs = [Run(None, self._watched(*(each.rules for each in self.on_record.values())), None, memory)]
        elif against is None or against.digest == rules.digest:
            runs = [self._supposed(rules, self._watched(rules))]
        else:
            unchanged, watched = same_brands(rules, against), self._watched(rules, against)
            rest = (frozenset(rules.brands) if watched is None else watched) - unchanged
            runs = [self._supposed(against, watched), self._supposed(rules, rest if unchanged else watched)]
        self._step(runs, until, progress, self.head.seq if memory else 0)
        exact = exact and (memory is not None or not self.head.seq)
        return self._tell(runs, (since, until), unchanged, exact=exact)

    def _memory(self) -> Memory | None:
        """What was put aside where the journal begins; None: it begins with nothing, or that cannot be had."""
        if self.directory is None or self.brand is not None or not self.head.seq:
            return None
        dumped = read_snapshot(self.directory, self.head.seq)
        try:
            return Memory.load(dumped or {}, self.on_record[(dumped or {})["rules"]].rules)
        except (ValueError, KeyError, TypeError, IndexError):  # lost, or another version's
            return None

    def _was_in_force(self, rules: Ruleset, since: Instant) -> bool:
        """All the time, and no other."""
        before = [digest for at, digest in self.swaps if at <= since][-1:]
        return {rules.digest} == {*before, *(digest for at, digest in self.swaps if at > since)}

    def _supposed(self, rules: Ruleset, watched: frozenset[str] | None) -> Run:
        return Run(rules, watched, Rereader(rules, self.db))

    def _watched(self, *rulesets: Ruleset) -> frozenset[str] | None:
        """The brand that was asked for and, since it may be the whole sector, its peers."""
        if self.brand is None:
            return None
        known = [each.brands[self.brand].peers for each in rulesets if self.brand in each.brands]
        return frozenset((self.brand, *chain.from_iterable(known)))

    def _step(self, runs: list[Run], until: Instant, progress: Progress, begin: int) -> None:
        for after in range(begin, self.last, _ROWS):
            rows = list(read_journal(self.db, after, min(after + _ROWS, self.last), self.on_record))
            over = next((n for n, (_, item) in enumerate(rows) if item.seen_at > until), None)
            for run in runs:
                run.take(rows[:over])
            if over is not None:
                break
            progress(min(1.0, (after + _ROWS) / self.last))
        for run in runs:
            run.end(until + 1)

    def _tell(
        self, runs: list[Run], between: tuple[Instant, Instant], unchanged: frozenset[str], *, exact: bool
    ) -> Backtest:
        (since, until), run = between, runs[-1]
        rules = self.rules or self.against
        assert rules is not None  # noqa: S101 - one or the other was named, or is in force
        these = run.told(rules, since, until)
        others = runs[0].told(self.against, since, until) if len(runs) > 1 and self.against else None
        if others is not None:
            these = _with_unchanged(these, others, unchanged)
        facts = self._facts(
            runs,
            since,
            until,
            tuple(key for key in rules.brands if key in unchanged and self.brand in {None, key}),
            exact=exact,
        )
        told = backtest(facts, these, others, {}, self.brand)
        shown = dict.fromkeys(chain.from_iterable(pair.told.shown for pair in told.pairs))
        texts = read_mentions(self.db, shown)
        posts = {key: sample_of(*texts[key], None) for key in shown if key in texts}
        return replace(told, posts=posts, nothing={key: self._nothing(key, since) for key in told.brands})

    def _facts(
        self, runs: list[Run], since: Instant, until: Instant, unchanged: tuple[str, ...], *, exact: bool
    ) -> Facts:
        run, rereaders = runs[-1], [each.rereader for each in runs if each.rereader is not None]
        return Facts(
            since=since,
            until=until,
            learnt_from=max(run.spine.first_at or since, 0 if exact else self.head.at),
            head=self.head.at,
            journal=True,
            exact=exact,
            in_force=self.in_force,
            dropped=dict(sorted(Counter(kind for at, kind in run.dropped if since <= at <= until).items())),
            swaps=tuple(at for at, _ in self.swaps if since < at <= until),
            refused=self.refused,
            unchanged=unchanged,
            failed=tuple(sorted({key for each in runs for key in each.tally.failed})),
            reread=tuple(sorted(set().union(*(each.ever for each in rereaders)))),
            texts=max((each.texts for each in rereaders), default=0),
            erased=max((each.erased for each in rereaders), default=0),
        )

    def _nothing(self, brand: str, since: Instant) -> tuple[Incident, ...]:
        marks = {each.mention: each for each in read_corrections(self.db, brand)}
        return tuple(read_found_nothing(self.db, brand, since - DAY, marks))


def _compiled(db: sqlite3.Connection, digests: Iterable[str]) -> tuple[dict[str, RulesSwapped], int]:
    """The rule sets on record, and how many of them this version refuses."""
    known, refused = {}, 0
    for digest in sorted(digests):
        try:
            known[digest] = RulesSwapped(0, compile_rules(read_rules(db, digest)))
        except RuleFaults:
            refused += 1
    return known, refused


def _with_unchanged(these: Told, others: Told, unchanged: frozenset[str]) -> Told:
    rings = (*these.rings, *(ring for ring in others.rings if ring.brand in unchanged))
    joined = these.joined | {key: number for key, number in others.joined.items() if key[0] in unchanged}
    curves = these.curves | {key: curve for key, curve in others.curves.items() if key in unchanged}
    return Told(these.rules, rings, joined, curves)


def backtest(facts: Facts, these: Told, others: Told | None, posts: dict[str, Sample], brand: str | None) -> Backtest:
    """What both rang, compared; rings outside of the time served to find their like, and are left out."""
    sides = [each for each in (these, others) if each is not None]
    rung = sorted({ring.brand for each in sides for ring in each.rings})  # perhaps of a brand that is watched no more
    known = dict.fromkeys(chain(*(each.rules.brands for each in sides), rung))
    brands = tuple(key for key in known if brand in {None, key})
    pairs = tuple(
        pair
        for pair in compare(these.rings, others.rings if others else these.rings)
        if facts.since <= pair.told.at <= facts.until and pair.told.brand in brands
    )
    curves = [these.curves.get(key) or (others and others.curves.get(key)) for key in brands]
    facts = replace(facts, mentions=sum(curve.between(facts.since, facts.until) for curve in curves if curve))
    within = (facts.since, facts.until, frozenset(brands))
    return Backtest(facts, _within(these, *within), others and _within(others, *within), pairs, posts, {}, brands)


def _within(told: Told, since: Instant, until: Instant, brands: frozenset[str]) -> Told:
    rings = tuple(ring for ring in told.rings if since <= ring.at <= until and ring.brand in brands)
    return replace(told, rings=rings)


def of_file(
    past: Past,
    rules: Ruleset,
    against: Ruleset | None,
    period: Period,
    horizon: Instant,
    brand: str | None = None,
    progress: Progress = lambda _: None,
) -> Backtest:
    """Step a file of mentions under rules, and under others to compare them with; see `app.replay.Replay`.

    Raises:
        FileFaultError: the file cannot be read.
        QuestionError: the period is none, or nothing is known of it.
    """
    wanted = [rules] if against is None else [against, rules]
    posts: dict[str, Sample] = {}
    runs: list[tuple[Trial, Tally, Replay]] = []
    for number, ruleset in enumerate(wanted):
        replay, tally = Replay(ruleset, horizon, spine := Trial()), Tally()
        for at, outcome in replay.run(past.read(), partial(_advance, progress, number, len(wanted))):
            if outcome.changes or outcome.touched or outcome.shadows or outcome.faults:
                tally.take(at, outcome, spine.memory.rules)
                posts |= {key: said for key in _newly_shown(outcome, posts) if (said := replay.sample(key)) is not None}
        runs.append((spine, tally, replay))
    summary = runs[-1][2].summary
    if summary.first_at is None or summary.last_at is None:
        raise QuestionError(Said("{file}: there is no mention in it", {"file": past.file}))
    first, last = summary.first_at, summary.last_at + SECOND  # what the last one brings about is decided then
    since, until = period.between(first, max(last, *(tally.last_at for _, tally, _ in runs)), None)
    told = [
        told_by(spine, tally, ruleset, since, until) for (spine, tally, _), ruleset in zip(runs, wanted, strict=True)
    ]
    failed = tuple(sorted({key for _, tally, _ in runs for key in tally.failed}))
    unread = summary.refused + past.unread
    facts = Facts(since=since, until=until, learnt_from=first, journal=False, unread=unread, failed=failed)
    return backtest(facts, told[-1], told[0] if len(told) > 1 else None, posts, brand)


def _advance(progress: Progress, number: int, runs: int, part: float) -> None:
    progress((number + part) / runs)


def _newly_shown(outcome: Outcome, known: dict[str, Sample]) -> Iterator[str]:
    for incident in (*(change.incident for change in outcome.changes), *outcome.shadows):
        yield from (key for key in incident.shown[:_MOST_SHOWN] if key not in known)
