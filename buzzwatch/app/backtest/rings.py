"""When rules rang in a run of the spine, what was heard meanwhile, and how the rings of two runs differ."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, Subject
from buzzwatch.model.input import Outcome
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Detector

STEP: Span = 5 * MINUTE
"""The width of a step of a curve."""
CREST: Span = 15 * MINUTE
"""The busiest stretch of this length is the peak of a trouble; what rings less apart than this rings at one time."""
SAME: Span = MINUTE
"""Two rings of one trouble that are less apart have not moved."""
NEGATIVE = 0.5


class Curve:
    """Posts about a brand by step of the authors' time, all of them and the angry ones; those of its own people not."""

    __slots__ = ("angry", "posts")

    def __init__(self) -> None:
        self.posts: dict[int, int] = {}
        self.angry: dict[int, int] = {}

    def count(self, sighting: Sighting) -> None:
        """Add a post; what comes too late for any window is in no curve either."""
        if sighting.official or sighting.late:
            return
        step = sighting.posted_at // STEP
        self.posts[step] = self.posts.get(step, 0) + 1
        if sighting.negativity >= NEGATIVE:
            self.angry[step] = self.angry.get(step, 0) + 1

    def between(self, since: Instant, until: Instant) -> int:
        """How many posts there were in a time, by the step."""
        return sum(count for step, count in self.posts.items() if since // STEP <= step <= until // STEP)

    def crest(self, since: Instant, until: Instant, *, angry: bool) -> Instant | None:
        """The middle of the busiest stretch between two instants, the first of several; None where nobody spoke."""
        counts, width = self.angry if angry else self.posts, CREST // STEP
        most, first, last = 0, 0, 0
        for step in range(since // STEP, until // STEP + 1):
            total = sum(counts.get(step + n - width // 2, 0) for n in range(width))
            if total > most:
                most, first, last = total, step, step
            elif total == most and last == step - 1:
                last = step
        return (first + last + 1) * STEP // 2 if most else None


class Ring(Struct, frozen=True):
    """A rule made people hear of a trouble that they had not heard of from it: one line of a backtest.

    `until` is the last instant at which a rule of the trouble held. `peak_at` is when most was posted about it, None
    of a silence or a subject that comes back. `woken` are the people whom the first step would have called at night.
    """

    brand: str
    rule: str
    at: Instant
    began_at: Instant
    until: Instant
    subject: Subject
    incident: str
    severity: Severity
    over: Span
    detector: Detector | None
    observed: float
    expected: float | None
    shown: tuple[str, ...]
    woken: tuple[str, ...] = ()
    peak_at: Instant | None = None


class Tally:
    """Rings of one run, gathered from its outcomes."""

    def __init__(self) -> None:
        self.joined: list[tuple[str, str, Instant]] = []
        """Brand and rule, and when it held in a trouble that another rule had rung for, and nobody was told anew."""
        self.failed: dict[str, None] = {}
        """Brands of which a decision failed: they were set aside."""
        self._rings: list[Ring] = []
        self._open: dict[str, list[int]] = {}  # by incident: which of the rings
        self._known: dict[str, tuple[tuple[str, ...], Severity]] = {}

    def take(self, at: Instant, outcome: Outcome, rules: Ruleset) -> None:
        """Note what one step brought, under the rules in force at it."""
        self.failed |= dict.fromkeys(fault.brand for fault in outcome.faults)
        for change in outcome.changes:
            if change.incident.drill is None:
                self._hear(change, at, outcome, rules)
        for shadow in outcome.shadows:
            if shadow.id not in self._open:
                self._open[shadow.id] = [len(self._rings)]
                self._rings.append(_ring(shadow, at, outcome, rules))
        for incident in (*outcome.touched, *outcome.shadows):
            for number in self._open.get(incident.id, ()):
                self._rings[number] = replace(self._rings[number], until=incident.true_at)

    @property
    def last_at(self) -> Instant:
        """When the last ring was; 0 where there is none."""
        return max((ring.at for ring in self._rings), default=0)

    def rings(self, curves: dict[str, Curve], until: Instant) -> tuple[Ring, ...]:
        """All up to an instant, with the peaks of the curves."""
        found = (_peaked(ring, curves.get(ring.brand)) for ring in self._rings if ring.at <= until)
        return tuple(sorted(found, key=lambda ring: (ring.brand, ring.at, ring.rule, ring.incident)))

    def _hear(self, change: Change, at: Instant, outcome: Outcome, rules: Ruleset) -> None:
        incident = change.incident
        rules_before, severity_before = self._known.get(incident.id, ((), Severity.WATCH))
        self._known[incident.id] = incident.rules, incident.severity
        if rings(change, rules_before, severity_before):
            if change.kind is not ChangeKind.WORSENED:  # what lasts from now on is not what had ended
                self._open[incident.id] = []
            self._open.setdefault(incident.id, []).append(len(self._rings))
            self._rings.append(_ring(incident, at, outcome, rules))
        elif change.kind is ChangeKind.NOTED and change.why in incident.rules and change.why not in rules_before:
            self.joined.append((incident.subject.brand, change.why, at))


def rings(change: Change, rules_before: tuple[str, ...], severity_before: Severity) -> bool:
    """Whether by a change a rule makes people hear of a trouble that they had not heard of from it.

    It opens it, or again after its end; or it joins as something critical, or as more than it was. Not because the
    press joins, the trouble is urgent or twice as large, or a person's answer has run out.
    """
    if change.kind in {ChangeKind.OPENED, ChangeKind.REOPENED}:
        return True
    if change.kind is not ChangeKind.WORSENED or change.why:
        return False
    return change.incident.reason.rule not in rules_before or change.incident.severity > severity_before


def _ring(incident: Incident, at: Instant, outcome: Outcome, rules: Ruleset) -> Ring:
    reason, signal = incident.reason, incident.reason.signal
    night = rules.night is not None and rules.night.end(at) is not None
    called = (n.target.name for n in outcome.notices if n.page and n.incident.id == incident.id and n.target.by)
    return Ring(
        brand=incident.subject.brand,
        rule=reason.rule,
        at=at,
        began_at=incident.runs_since,
        until=incident.true_at,
        subject=incident.subject,
        incident=incident.id,
        severity=incident.severity,
        over=signal.over if signal else 0,
        detector=signal.detector if signal else None,
        observed=signal.observed if signal else float(reason.mentions),
        expected=signal.expected if signal else None,
        shown=incident.shown,
        woken=tuple(dict.fromkeys(called)) if night else (),
    )


def _peaked(ring: Ring, curve: Curve | None) -> Ring:
    if curve is None or ring.subject.quiet or ring.subject.topic:
        return ring
    angry = ring.detector is Detector.NEGATIVITY
    return replace(ring, peak_at=curve.crest(ring.began_at, max(ring.at, ring.until), angry=angry))


class Fate(StrEnum):
    """What becomes of a ring under the other rules."""

    SAME = "same"
    MOVED = "moved"
    ADDED = "added"
    GONE = "gone"


class Pair(Struct, frozen=True):
    """A ring under these rules and the one of the same trouble under those that they are compared with."""

    ring: Ring | None
    other: Ring | None

    @property
    def told(self) -> Ring:
        """The one to tell of: under these rules, else under the others."""
        told = self.ring or self.other
        assert told is not None  # noqa: S101 - a pair is of at least one
        return told

    @property
    def moved(self) -> Span:
        """How much later it rings under these rules; less than 0: so much earlier."""
        return self.ring.at - self.other.at if self.ring and self.other else 0

    @property
    def fate(self) -> Fate:
        """What the change of rules does to it."""
        if self.other is None:
            return Fate.ADDED
        if self.ring is None:
            return Fate.GONE
        return Fate.MOVED if abs(self.moved) >= SAME else Fate.SAME


def compare(these: Iterable[Ring], others: Iterable[Ring]) -> list[Pair]:
    """Each ring once, with its like under the other rules, in the order of brand and time.

    Alike are rings of one brand and rule whose troubles lasted at one time: first those about the same conversation,
    story or brand, nearest first, then what is left. That both have the same subject is not asked: another rule may
    come to the same crowd by its conversation.
    """
    left: dict[tuple[str, str], list[Ring]] = {}
    for ring in others:
        left.setdefault((ring.brand, ring.rule), []).append(ring)
    of_rule: dict[tuple[str, str], list[Ring]] = {}
    for ring in these:
        of_rule.setdefault((ring.brand, ring.rule), []).append(ring)
    pairs = []
    for key in sorted(left.keys() | of_rule.keys()):
        pairs += _pair(of_rule.get(key, []), left.get(key, []))
    return sorted(pairs, key=lambda pair: (pair.told.brand, pair.told.at, pair.told.rule, pair.ring is None))


def _pair(these: Sequence[Ring], others: Sequence[Ring]) -> list[Pair]:
    choice = sorted(
        (ring.subject != other.subject, abs(ring.at - other.at), mine, yours)
        for mine, ring in enumerate(these)
        for yours, other in enumerate(others)
        if _meet(ring, other)
    )
    mate: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, mine, yours in choice:
        if mine not in mate and yours not in taken:
            mate[mine] = yours
            taken.add(yours)
    pairs = [Pair(ring, others[mate[n]] if n in mate else None) for n, ring in enumerate(these)]
    return pairs + [Pair(None, other) for n, other in enumerate(others) if n not in taken]


def _meet(ring: Ring, other: Ring) -> bool:
    """Whether two troubles lasted at one time."""
    first, second = (min(each.began_at, each.at) for each in (ring, other))
    return first <= max(other.at, other.until) + CREST and second <= max(ring.at, ring.until) + CREST
