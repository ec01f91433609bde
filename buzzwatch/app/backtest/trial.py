"""A rule set tried on what was heard: the spine that it is stepped on, and what the journal's rows come to under it."""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.backtest.reread import Rereader, reading
from buzzwatch.app.backtest.rings import Curve, Ring, Tally
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.memory import Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import (
    NOTHING,
    ClockSet,
    Command,
    Delivered,
    Drilled,
    Input,
    Outcome,
    Proposed,
    RulesSwapped,
    Silenced,
    Tick,
    Trouble,
)
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.spine import Spine


class Told(Struct, frozen=True):
    """What one rule set rang. `joined`: by brand and rule, how often a rule held in what another one had rung for."""

    rules: Ruleset
    rings: tuple[Ring, ...]
    joined: dict[tuple[str, str], int]
    curves: dict[str, Curve]


class Trial(Spine):
    """A spine that keeps curves of what it hears.

    Brands that are not `watched` (None: all are) take part only in what brands have in common, conversations and
    stories; so what rings for the others is the same as if all were.
    """

    def __init__(self, watched: frozenset[str] | None = None, memory: Memory | None = None) -> None:
        super().__init__(memory)
        self.curves: dict[str, Curve] = {}
        self.first_at: Instant | None = None
        self._watched = watched
        self._passing: frozenset[str] = frozenset()

    def step(self, item: Input) -> Outcome:
        """See `Spine`."""
        if type(item) is Sighting:
            if item.brand in self._passing:
                self.memory.advance(item)
                self.memory.tracker.count(item)
                if not item.late:
                    self.memory.tales.hear(item, self.memory.tracker)
                return NOTHING
            curve = self.curves.get(item.brand)
            if curve is None:
                curve = self.curves[item.brand] = Curve()
            curve.count(item)
        elif isinstance(item, RulesSwapped) and self._watched is not None:
            brands = item.rules.brands
            self._passing = frozenset(brands.keys() - self._watched)
            kept = {key: brand for key, brand in brands.items() if key in self._watched}
            item = replace(item, rules=replace(item.rules, brands=kept))
        return super().step(item)


class Run:
    """One rule set (None: whichever was in force) and what the journal's rows come to under it.

    `memory` is what was remembered before the first row; None: nothing.
    """

    def __init__(
        self,
        rules: Ruleset | None,
        watched: frozenset[str] | None,
        rereader: Rereader | None,
        memory: Memory | None = None,
    ) -> None:
        self.spine = Trial(watched, memory)
        self.tally = Tally()
        self.rereader = rereader
        self.dropped: list[tuple[Instant, str]] = []
        self._rules = rules and replace(rules, daily=None)
        self._begun = False

    def take(self, rows: list[tuple[int, Input]]) -> None:
        """Step some rows."""
        if self.rereader is not None:
            self.rereader.prepare(rows)
        for seq, item in rows:
            if not self._begun:
                self._begin(item)
            if type(item) is Sighting:
                self._count(seq, item)
            elif self._rules is None:
                self._feed(item)
            else:
                self._suppose(item)

    def end(self, until: Instant) -> None:
        """Let the time pass to the end."""
        for at, outcome in run_to(self.spine, until):
            self._hear(at, outcome)

    def _count(self, seq: int, sighting: Sighting) -> None:
        if self.rereader is None or not self.rereader.brands:
            self._feed(sighting)
            return
        for each in self.rereader.read(seq, sighting, self.spine.memory.tracker):
            self._feed(each)

    def _begin(self, first: Input) -> None:
        self._begun = True
        self.spine.first_at = first.seen_at
        if self._rules is not None:
            self._feed(RulesSwapped(first.seen_at, self._rules))

    def _suppose(self, item: Input) -> None:
        """A row under rules that were not in force: what people did about the alarms that there were is left out."""
        match item:
            case RulesSwapped():
                if self.rereader is not None:
                    self.rereader.follow(item.rules)
            case Command() | Silenced() | Drilled() | Proposed():
                self.dropped.append((item.seen_at, type(item).__name__.lower()))
            case Delivered():
                if not item.sent:
                    self.dropped.append((item.seen_at, "failed"))
            case Trouble():  # of the daemon itself
                pass
            case ClockSet():
                self.end(item.was + 1)
                self.spine.memory.advance(Tick(max(item.was, self.spine.memory.now)))  # it is set back by as much
                self._feed(item)
            case _:
                self._feed(item)

    def _feed(self, item: Input) -> None:
        for at, outcome in feed(self.spine, item):
            if outcome is not NOTHING:
                self._hear(at, outcome)

    def _hear(self, at: Instant, outcome: Outcome) -> None:
        if outcome.changes or outcome.touched or outcome.shadows or outcome.faults:
            self.tally.take(at, outcome, self.spine.memory.rules)
        if self._rules is None:
            return
        for notice in outcome.notices:
            arrived = Delivered(at, notice.key, notice.incident.id, notice.target, sent=True)
            self._hear(at, self.spine.step(arrived))

    def told(self, rules: Ruleset, since: Instant, until: Instant) -> Told:
        """What it rang in a time; the rings before it serve to find what became of those in it."""
        return told_by(self.spine, self.tally, rules, since, until)


def told_by(spine: Trial, tally: Tally, rules: Ruleset, since: Instant, until: Instant) -> Told:
    """What a spine rang in a time."""
    joined = Counter((brand, rule) for brand, rule, at in tally.joined if since <= at <= until)
    return Told(rules, tally.rings(spine.curves, until), dict(joined), spine.curves)


def same_brands(rules: Ruleset, others: Ruleset) -> frozenset[str]:
    """The brands for which both rule sets ring and call alike, whatever is heard.

    Those are the same by their files and by those of their sector, where the same people are told in the same way. None
    where any brand is sought by other words: then there may be other conversations and stories.
    """
    called = ("people", "routes", "help", "rotas", "night", "timezone")
    if any(getattr(rules, name) != getattr(others, name) for name in called):
        return frozenset()
    mine, yours = rules.brands, others.brands
    if {key: reading(brand) for key, brand in mine.items()} != {key: reading(brand) for key, brand in yours.items()}:
        return frozenset()
    same = {key for key, brand in mine.items() if brand == yours[key]}
    return frozenset(key for key in same if same.issuperset(mine[key].peers))
