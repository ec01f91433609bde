"""Why a brand did not ring at an instant: every rule as it was judged then, and what else stood in the way.

The record is stepped again to half an hour before, then the rules are listened to until half an hour after. It is only
read: the running daemon is not disturbed.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.explain.asking import Asked
from buzzwatch.app.explain.past import Look, Progress, Watch, judged_until, rebuild
from buzzwatch.app.recover import RulesOnRecord
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Brand, Rule
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.incident import ChangeKind, Incident
from buzzwatch.model.input import EVERYTHING, Gap, RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span
from buzzwatch.model.notification import Held
from buzzwatch.model.signal import Detector
from buzzwatch.model.silence import Silence
from buzzwatch.store.journal import read_journal, read_outages, read_sightings, rows_until

AROUND: Span = 30 * MINUTE
"""How long before and after the instant the nearest approach is looked for."""
LATE_WITHIN: Span = 24 * HOUR
"""Posts heard so long afterwards are told as late."""
RANG = frozenset({ChangeKind.OPENED, ChangeKind.WORSENED, ChangeKind.REOPENED, ChangeKind.UNSILENCED})
_STEPPED = 0.9
"""The part of the work that the way to the hour around is taken for."""


class Judged(Struct, frozen=True):
    """One rule: at the instant, and in the hour around. None: there was nothing to judge it by."""

    rule: Rule
    then: Look | None
    nearest: Look | None
    held: Look | None
    """The first time that it held."""


class Context(Struct, frozen=True):
    """What else bears on whether anybody heard."""

    heard: bool = True
    set_aside: bool = False
    learning: bool = False
    campaign: Campaign | None = None
    silences: tuple[Silence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    down: Gap | None = None
    late: int = 0
    last_late: Instant = 0
    night_until: Instant | None = None
    held: tuple[tuple[Instant, Held], ...] = ()
    rules_changed: Instant | None = None


class Answer(Struct, frozen=True):
    """Everything found. `brand` None: it was not watched then."""

    asked: Asked
    brand: Brand | None
    since: Instant
    """Where the listening began."""
    judged: tuple[Judged, ...]
    context: Context
    under_way: tuple[Incident, ...]
    """At the instant."""
    rang: tuple[tuple[Instant, Incident], ...]
    """In the hour around."""


def ask_why_not(db: sqlite3.Connection, directory: Path, asked: Asked, progress: Progress = lambda _: None) -> Answer:
    """Step the record again and listen; `asked.at` is no earlier than its first row."""
    at, since = asked.at, asked.at - AROUND
    rules = RulesOnRecord(db, compile_rules)
    spine, row = rebuild(db, directory, since, rules, lambda part: progress(part * _STEPPED))
    if asked.rules is not None:
        spine.step(RulesSwapped(max(since, spine.memory.now), asked.rules))
    watch = Watch(spine, asked.brand)
    (_, middle), (_, last) = rows_until(db, at), rows_until(db, at + AROUND)
    looks = list(_listen(db, watch, (row, middle), at, rules, asked))
    then, brand = watch.ask_now(at), spine.memory.rules.brands.get(asked.brand)
    context, under_way = _context(watch, asked), tuple(spine.memory.desk.of_brand(asked.brand))
    looks += _listen(db, watch, (middle, last), at + AROUND, rules, asked)
    progress(1.0)
    return Answer(
        asked,
        brand,
        since,
        tuple(_judged(brand, then, [*looks, *then], asked.rule)) if brand is not None else (),
        _with_the_record(db, context, watch, asked, under_way),
        under_way,
        tuple(_rang(watch)),
    )


def _listen(
    db: sqlite3.Connection,
    watch: Watch,
    rows: tuple[int, int],
    until: Instant,
    rules: Mapping[str, RulesSwapped],
    asked: Asked,
) -> Iterator[Look]:
    """Step rows after the first up to the last, then time up to an instant; what is worth keeping of each rule."""
    best: dict[str, tuple[Look, Look | None]] = {}
    for look in _looks(db, watch, rows, until, rules, asked):
        nearest, held = best.get(look.rule, (look, None))
        if held is None and look.finding.passed:
            held = look
        best[look.rule] = (look if look.nearness > nearest.nearness else nearest, held)
    for nearest, held in best.values():
        yield from (nearest, held) if held is not None else (nearest,)


def _looks(
    db: sqlite3.Connection,
    watch: Watch,
    rows: tuple[int, int],
    until: Instant,
    rules: Mapping[str, RulesSwapped],
    asked: Asked,
) -> Iterator[Look]:
    for _, item in read_journal(db, *rows, rules):
        if asked.rules is None or not isinstance(item, RulesSwapped):
            yield from watch.feed(item)
    yield from watch.run_to(judged_until(db, until) + 1)


def _judged(brand: Brand, then: list[Look], looks: list[Look], only: str) -> Iterator[Judged]:
    for rule in (*brand.rules, *brand.shadows):
        if only in {"", rule.name}:
            mine = [look for look in looks if look.rule == rule.name]
            yield Judged(
                rule,
                max((look for look in then if look.rule == rule.name), key=lambda each: each.nearness, default=None),
                max(mine, key=lambda each: each.nearness, default=None),
                min((look for look in mine if look.finding.passed), key=lambda each: each.at, default=None),
            )


def _rang(watch: Watch) -> Iterator[tuple[Instant, Incident]]:
    for at, outcome in watch.outcomes:
        for change in outcome.changes:
            if change.kind in RANG and change.incident.subject.brand == watch.brand and not change.incident.drill:
                yield at, change.incident


def _context(watch: Watch, asked: Asked) -> Context:
    """What the memory knows at the instant."""
    memory, brand = watch.spine.memory, asked.brand
    pulse = memory.pulses.get(brand)
    names = {brand, *(incident.id for incident in memory.desk.of_brand(brand))}
    return Context(
        set_aside=brand in memory.set_aside,
        heard=pulse is not None,
        learning=pulse is not None and pulse.signal(Detector.VOLUME, HOUR).learning,
        campaign=None if pulse is None else pulse.campaign(HOUR),
        silences=tuple(each for each in memory.silences.all if each.what in names and asked.at < each.until),
        night_until=memory.rules.night.end(asked.at) if memory.rules.night else None,
    )


def _with_the_record(
    db: sqlite3.Connection, known: Context, watch: Watch, asked: Asked, under_way: tuple[Incident, ...]
) -> Context:
    """With what is known by the end of the hour around, and what only the record has."""
    at = asked.at
    late = [
        each for each in read_sightings(db, asked.brand, at + 1, at + LATE_WITHIN) if at - HOUR < each.posted_at <= at
    ]
    (changed,) = db.execute(
        "SELECT (SELECT seen_at FROM journal WHERE kind IN ('silenced', 'rules', 'corrected', 'gap', 'clockset') "
        "AND kind = 'rules' AND seen_at > ? ORDER BY seq LIMIT 1)",
        (at,),
    ).fetchone()
    return replace(
        known,
        gaps=tuple(
            gap
            for gap in watch.spine.memory.gaps.of(asked.brand)
            if gap.source != EVERYTHING and gap.since < at + AROUND and gap.until > at - HOUR
        ),
        down=next((gap for gap in read_outages(db) if gap.since < at + AROUND and gap.until > at - HOUR), None),
        late=len(late),
        last_late=max((each.seen_at for each in late), default=0),
        held=tuple(_held(db, watch, asked, under_way)),
        rules_changed=changed if asked.rules is None else None,
    )


def _held(
    db: sqlite3.Connection, watch: Watch, asked: Asked, under_way: Iterable[Incident]
) -> Iterator[tuple[Instant, Held]]:
    """What was not sent of what was under way or rang, until the end of the hour around; by other rules, would not."""
    ids = dict.fromkeys([i.id for i in under_way] + [i.id for _, i in _rang(watch)])
    if asked.rules is not None:
        held = ((at, each) for at, outcome in watch.outcomes for each in outcome.held)
        yield from ((at, each) for at, each in held if each.incident in ids)
        return
    for name in ids:
        rows = db.execute(
            "SELECT at, target, why, until FROM held WHERE incident = ? AND at <= ? ORDER BY at",
            (name, asked.at + AROUND),
        )
        yield from ((at, Held(name, target, why, until)) for at, target, why, until in rows)
