"""What rules in shadow would have rung: kept for the record alone, off the desk, where no teller meets it."""

from collections.abc import Collection, Iterable
from itertools import chain, count, islice
from typing import Any

import msgspec
from msgspec.structs import replace

from buzzwatch.incidents.desk import MOST_COVERED, shifted
from buzzwatch.incidents.evidence import Evidence, incident_of
from buzzwatch.model.brand import Rule
from buzzwatch.model.incident import Incident, State, Subject
from buzzwatch.model.instant import Instant, Span, moment_of

SHADOW = "shadow"
"""What the ids begin with."""
MOST_LIVE = 100
"""Of more of one rule that hold at once, those that began first are called over."""
MOST_OF_ALL = 10_000
"""The same, of all rules together: each takes two kilobytes, and twenty microseconds of every snapshot."""


class Shadows:
    """Each is an incident of its rule alone, from the instant at which it would have rung until it is over."""

    def __init__(self, live: Iterable[Incident] = ()) -> None:
        self.live: dict[str, Incident] = {}
        self._of_rule: dict[tuple[str, str], dict[str, None]] = {}
        self._news: dict[str, Incident] = {}
        for each in live:
            self.put(each)

    def take_news(self) -> tuple[Incident, ...]:
        """Those that began or ended in this step, as they stand."""
        news, self._news = tuple(self._news.values()), {}
        return news

    def put(self, known: Incident) -> None:
        """Keep one, or another version of it."""
        self.live[known.id] = known
        self._of_rule.setdefault((known.subject.brand, known.rules[0]), {})[known.id] = None

    def of_rule(self, brand: str, rule: str) -> list[Incident]:
        """The live ones of a rule, oldest first."""
        return [self.live[key] for key in self._of_rule.get((brand, rule), ())]

    def open(self, subject: Subject, rule: Rule, found: Evidence, now: Instant) -> Incident:
        """It would have rung now."""
        key = self._new_id(f"{SHADOW}-{subject.brand}-{rule.name}-{moment_of(now):%y%m%d-%H%M%S}")
        opened = replace(incident_of(key, subject, rule, found, now), held_at=(now, now, now))
        self.put(opened)
        self._news[opened.id] = opened
        oldest = self.of_rule(subject.brand, rule.name)[:-MOST_LIVE]
        for each in oldest or list(islice(self.live.values(), max(0, len(self.live) - MOST_OF_ALL))):
            self.end(each, now)
        return opened

    def keep_true(self, known: Incident, now: Instant, *covered: Subject) -> Incident:
        """It still holds, perhaps about another subject too; the record need not hear of that."""
        kept = replace(known, true_at=now, held_at=(now, now, now), covers=(*known.covers, *covered)[-MOST_COVERED:])
        self.live[known.id] = kept
        return kept

    def end(self, known: Incident, now: Instant) -> None:
        """It is over, or its rule is in shadow no more."""
        del self.live[known.id]
        del self._of_rule[known.subject.brand, known.rules[0]][known.id]
        self._news[known.id] = replace(known, state=State.RESOLVED, closed_at=now)

    def stop_calm(self, since: Instant, until: Instant, untouched: Collection[str] = ()) -> None:
        """We were deaf, but to some brands: what nobody heard then does not make anything else calm."""
        for key, known in self.live.items():
            if known.subject.brand in untouched:
                continue
            held = known.held_at[0] + max(0, until - max(since, known.held_at[0]))
            self.live[key] = replace(known, held_at=(held, held, held))

    def shift(self, span: Span) -> None:
        """Move every instant: the clock they were taken from was wrong by so much."""
        self.live = {key: shifted(known, span) for key, known in self.live.items()}
        self._news |= self.live

    def dump(self) -> list[dict[str, Any]]:
        """As builtins; `load` gives the same."""
        return [msgspec.to_builtins(each) for each in self.live.values()]

    @classmethod
    def load(cls, dumped: list[dict[str, Any]]) -> "Shadows":
        """What `dump` gave."""
        return cls(msgspec.convert(dumped, list[Incident]))

    def _new_id(self, stem: str) -> str:
        """By the second: what was over before it stays on record under its own."""
        names = chain((stem,), (f"{stem}-{n}" for n in count(2)))
        return next(name for name in names if name not in self.live and name not in self._news)


def calm_at(known: Incident) -> Instant:
    """When one that does not hold again by then is over."""
    return known.held_at[0] + known.calm
