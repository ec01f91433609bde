"""How near a rule came that did not ring: the instant at which most of its clauses held, and what was missing."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from buzzwatch.app.rehearsal.rehearsal import Played, Rehearsal
from buzzwatch.lookout import Lookout
from buzzwatch.model.brand import Rule, Scope
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Clause, Finding
from buzzwatch.rules.condition import Compiled
from buzzwatch.spine import Spine


class Approach(Struct, frozen=True):
    """The nearest that a rule came, and when."""

    at: Instant
    nearness: float
    clauses: tuple[Clause, ...]


class Onlooker:
    """Asks rules at every decision of a counted part what they lack."""

    def __init__(self, played: Played, until: list[tuple[Rule, Instant]]) -> None:
        self._played = played
        self._rules = [(rule, rule.when, last) for rule, last in until if isinstance(rule.when, Compiled)]
        self.approaches: dict[str, Approach] = {}

    def look(self, spine: Spine, now: Instant, fresh: list[Sighting]) -> None:
        """Look at the brand as it was just decided upon, or, with nothing fresh, as it lies before a mention."""
        brand = spine.memory.rules.brands[self._played.brand.key]
        if now < self._played.zero or brand.key not in spine.memory.pulses:
            return
        lookout = Lookout(now, brand, spine.memory)
        for rule, when, last in self._rules:
            if now <= last:
                for finding in self._findings(rule, when, lookout, fresh):
                    self._keep(rule, finding, now)

    def _findings(self, rule: Rule, when: Compiled, lookout: Lookout, fresh: list[Sighting]) -> Iterator[Finding]:
        match rule.scope:
            case Scope.MENTION:
                for mention in fresh:
                    lookout.focus(mention.thread, mention)
                    yield when.explain(lookout)
            case Scope.THREAD:
                for thread in dict.fromkeys(mention.thread for mention in fresh):
                    lookout.focus(thread)
                    yield when.explain(lookout)
            case Scope.QUIET if fresh:
                return  # just after a mention there is none
            case _:
                lookout.focus("")
                yield when.explain(lookout)

    def _keep(self, rule: Rule, finding: Finding, now: Instant) -> None:
        clauses = finding.clauses
        near = sum(map(_nearness, clauses)) / len(clauses) if clauses else 0.0
        best = self.approaches.get(rule.name)
        if not finding.passed and (best is None or near > best.nearness):
            self.approaches[rule.name] = Approach(now, near, clauses)


def find_approaches(rehearsal: Rehearsal, played: Played, until: Mapping[str, Instant]) -> dict[str, Approach]:
    """By rule: the nearest it came in the counted part, until an instant. The test is played once more for it."""
    asked = (*played.brand.rules, *played.brand.shadows)
    rules = [(rule, until[rule.name]) for rule in asked if rule.name in until]
    if not rules:
        return {}
    onlooker = Onlooker(played, rules)
    rehearsal.play(played.placed, onlooker.look)
    return onlooker.approaches


def _nearness(clause: Clause) -> float:
    """1 where it holds, else which part of what was needed was seen."""
    if clause.passed:
        return 1.0
    if isinstance(clause.observed, float) and isinstance(clause.needed, float) and clause.needed > 0:
        return min(1.0, max(0.0, clause.observed / clause.needed))
    return 0.0
