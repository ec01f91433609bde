"""One test of a rule file, played: the spine that runs live, under a virtual clock, and which rules rang."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.hearing import Hearing
from buzzwatch.app.rehearsal.invention import Inventor, Told
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.model.brand import Brand, Ruleset
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.incident import Change, ChangeKind, Reason, Severity, State
from buzzwatch.model.input import Gap, Outcome, RulesSwapped
from buzzwatch.model.instant import MINUTE, SECOND, Instant, instant_of
from buzzwatch.model.mention import Mention, Sighting
from buzzwatch.rules.ruleset import Placed
from buzzwatch.rules.trial import Part, Trial
from buzzwatch.spine import Spine

USUAL_DAY = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - in the brand's own place
"""A Monday at noon: when the counted part begins where a test does not say."""


class Ring(Struct, frozen=True):
    """A rule rang: an incident was opened or began again by it, or it joined one that was there."""

    at: Instant
    rule: str
    severity: Severity
    route: str
    incident: str
    reason: Reason
    joined: bool
    shadow: bool = False
    """Its rule is in shadow: it would have rung, and tells nobody."""


class Played(Struct):
    """What came of a test: it runs from `start` to `end`, and its counted part begins at `zero`."""

    placed: Placed
    brand: Brand
    start: Instant
    zero: Instant
    end: Instant
    rings: list[Ring]
    minutes: dict[int, list[int]]
    """By minute: mentions of the brand, and how many of them were negative."""
    unheard: int = 0
    """Mentions whose text names no brand of ours."""
    faults: list[str] = []


_TOLD_EVERY = 500
Progress = Callable[[float], None]
Watch = Callable[[Spine, Instant, list[Sighting]], None]
"""Looks on: called before each sighting (with none) and after each decision (with those since the last)."""


class Rehearsal:
    """Plays tests under one rule set."""

    def __init__(self, rules: Ruleset) -> None:
        self._rules = replace(rules, daily=None, files={})  # a digest tells what a record holds, and there is none
        self._hearing = Hearing(rules)

    def play(self, placed: Placed, watch: Watch | None = None, progress: Progress = lambda _: None) -> Played:
        """Play one test from an empty memory; `progress` hears now and then which part of it is over."""
        trial, brand = placed.trial, self._rules.brands[placed.brand]
        zero = instant_of((trial.at or USUAL_DAY).replace(tzinfo=brand.zone))
        start = zero - sum(part.span for part in trial.given[: trial.counted])
        end = start + sum(part.span for part in trial.given)
        end = max([end, *(zero + each.within for each in trial.expect if each.within is not None)])
        played = Played(placed, brand, start, zero, end, [], {})
        spine, known = Spine(), _Known()
        rules = self._with_campaigns(brand, trial, start)
        for at, outcome in self._run(spine, rules, played, watch, progress):
            played.rings += known.rings(at, outcome, brand.key)
            played.faults += [f"{fault.brand}: {fault.error}" for fault in outcome.faults]
        return played

    def _run(
        self, spine: Spine, rules: Ruleset, played: Played, watch: Watch | None, progress: Progress
    ) -> Iterator[tuple[Instant, Outcome]]:
        yield from feed(spine, RulesSwapped(played.start, rules))
        inventor = Inventor(rules.brands, played.brand.key)
        fresh: list[Sighting] = []
        for number, told in enumerate(inventor.tell(played.placed.trial.given, played.start)):
            if told.at > played.end:
                break
            if number % _TOLD_EVERY == 0:
                progress((told.at - played.start) / max(1, played.end - played.start))
            yield from _until(spine, told.at, fresh, watch)
            if isinstance(told.item, Gap):
                yield from feed(spine, told.item)
                continue
            for sighting in self._read(told, spine, played):
                if watch is not None:
                    watch(spine, told.at, [])
                spine.step(sighting)
                if sighting.brand == played.brand.key:
                    fresh.append(sighting)
                    _note(played, sighting)
        yield from _until(spine, played.end + SECOND + 1, fresh, watch)
        if watch is not None:
            watch(spine, played.end, [])

    def _read(self, told: Told, spine: Spine, played: Played) -> Iterable[Sighting]:
        """What a mention comes to, as live, but for what its test says of it."""
        if isinstance(told.item, Sighting):
            return (told.item,)
        assert isinstance(told.item, Mention)  # noqa: S101 - a gap is told elsewhere
        reading = self._hearing.see(told.item, told.at, spine.memory.tracker)
        self._hearing.forget_batch()
        played.unheard += not reading.sightings
        return [_as_told(sighting, told) for sighting in reading.sightings]

    def _with_campaigns(self, brand: Brand, trial: Trial, start: Instant) -> Ruleset:
        """The rules, with the campaigns that the test gives its brand in the place of the calendar's.

        A test that names no day has no calendar.
        """
        campaigns: list[Campaign] = []
        at = start
        for part in trial.given:
            if part.campaign is not None:
                since, until = at // MINUTE * MINUTE, -(-(at + part.span) // MINUTE) * MINUTE
                campaigns.append(Campaign(since, until, part.campaign, _why(part)))
            at += part.span
        if not campaigns and trial.at is not None:
            return self._rules
        brands = self._rules.brands if trial.at is not None else _without_campaigns(self._rules.brands)
        return replace(self._rules, brands={**brands, brand.key: replace(brand, campaigns=tuple(campaigns))})


class _Known:
    """Which rules have rung for which incident."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[str, ...]] = {}

    def rings(self, at: Instant, outcome: Outcome, brand: str) -> list[Ring]:
        """The rings of a brand that an outcome tells of, those in shadow too."""
        shadows = [
            Ring(at, each.rules[0], each.severity, each.route, each.id, each.reason, joined=False, shadow=True)
            for each in outcome.shadows
            if each.subject.brand == brand and each.state is State.OPEN
        ]
        return shadows + [
            Ring(
                at,
                rule,
                change.incident.severity,
                change.incident.route,
                change.incident.id,
                change.incident.reason,
                change.kind not in {ChangeKind.OPENED, ChangeKind.REOPENED},
            )
            for change in outcome.changes
            if change.incident.subject.brand == brand
            for rule in self._news(change)
        ]

    def _news(self, change: Change) -> list[str]:
        incident = change.incident
        known = self._rules.get(incident.id, ())
        self._rules[incident.id] = incident.rules
        again = [incident.reason.rule] if change.kind is ChangeKind.REOPENED else []
        return list(dict.fromkeys([*again, *(rule for rule in incident.rules if rule not in known)]))


def _until(
    spine: Spine, instant: Instant, fresh: list[Sighting], watch: Watch | None
) -> Iterator[tuple[Instant, Outcome]]:
    """Decide all that is due before an instant."""
    due = spine.memory.next_due
    if due is None or due >= instant:
        return
    for at, outcome in run_to(spine, instant):
        yield at, outcome
        if watch is not None:
            watch(spine, at, fresh)
        fresh.clear()


def _as_told(sighting: Sighting, told: Told) -> Sighting:
    """A sighting as its text was read, with what the test says itself."""
    changes = {} if told.negativity is None else {"negativity": told.negativity}
    if (shape := told.shape) is None:
        return replace(sighting, **changes) if changes else sighting
    keys, copy = (sighting.keys, sighting.copy) if shape.keys.pairs else (shape.keys, shape.copy)
    themes = tuple(dict.fromkeys((*sighting.themes, *shape.themes)))
    voice = shape.voice or sighting.voice
    return replace(sighting, author=shape.author, keys=keys, copy=copy, themes=themes, voice=voice, **changes)


def _note(played: Played, sighting: Sighting) -> None:
    counts = played.minutes.setdefault(sighting.counted_at // MINUTE, [0, 0])
    counts[0] += 1
    counts[1] += sighting.negativity >= 0.5  # noqa: PLR2004 - more likely than not


def _why(part: Part) -> str:
    return f"{part.campaign:g}x"


def _without_campaigns(brands: dict[str, Brand]) -> dict[str, Brand]:
    return {key: replace(brand, campaigns=()) if brand.campaigns else brand for key, brand in brands.items()}
