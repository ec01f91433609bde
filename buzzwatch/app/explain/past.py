"""The spine as it was at an instant, stepped again from the record, which is only read; and what its rules said."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.recover import RulesOnRecord, from_snapshot
from buzzwatch.app.ticking import feed, run_to, ticks_end
from buzzwatch.lookout import Lookout
from buzzwatch.memory import Memory, Stir
from buzzwatch.model.brand import Brand, Scope
from buzzwatch.model.incident import Change, Incident, Subject
from buzzwatch.model.input import Input, Outcome, Tick
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Clause, Finding
from buzzwatch.rules.condition import Compiled
from buzzwatch.spine import Spine
from buzzwatch.store.journal import read_journal, read_outages, rows_until
from buzzwatch.store.snapshot import read_snapshots

_EVERY = 2_000
"""Rows between two looks at how far it is."""
_LARGEST = 5
"""Conversations and stories that are asked about where nothing has just been said in any."""

Progress = Callable[[float], None]


class Look(Struct, frozen=True):
    """One rule asked at one instant about the brand, a conversation (`told`: a story) or a post; and what it found.

    `incident` is about the same, live or ended; None: nothing was found, or nothing came of it.
    """

    at: Instant
    rule: str
    finding: Finding
    thread: str = ""
    told: bool = False
    mention: str = ""
    subject: Subject | None = None
    """What it would have rung about."""
    incident: Incident | None = None
    change: Change | None = None
    """What it brought about at once."""

    @property
    def failed(self) -> tuple[Clause, ...]:
        """The clauses that were not satisfied."""
        return tuple(clause for clause in self.finding.clauses if not clause.passed)

    @property
    def nearness(self) -> tuple[bool, float, float]:
        """How near it was to holding: it held; the part of its clauses that passed; how far the worst other one got."""
        clauses = self.finding.clauses
        passed = sum(clause.passed for clause in clauses) / max(1, len(clauses))
        return self.finding.passed, passed, min(map(reached, self.failed), default=1.0)


def reached(clause: Clause) -> float:
    """How far a clause got, 0 to 1: the part of what is needed, where that is a number."""
    if clause.passed:
        return 1.0
    seen, needed = clause.observed, clause.needed
    if isinstance(seen, str) or isinstance(needed, str) or seen is None or needed <= 0 or clause.name[:5] == "none.":
        return 0.0
    return min(1.0, max(0.0, seen / needed))


def rebuild(
    db: sqlite3.Connection, directory: Path, at: Instant, rules: RulesOnRecord, progress: Progress = lambda _: None
) -> tuple[Spine, int]:
    """The spine as it was once an instant had been decided upon, and the last row that it was told.

    From the newest kept snapshot that is not later, else from the beginning of the journal. What it steps is thrown
    away; incidents are those that this version of the program finds.
    """
    _, last = rows_until(db, at)
    kept = ((seq, dumped) for seq, dumped in read_snapshots(directory, last) if dumped["now"] <= at)
    start, spine = from_snapshot(kept, rules)
    for seq, item in read_journal(db, start, last, rules):
        for _ in feed(spine, item):
            pass
        if seq % _EVERY == 0:
            progress((seq - start) / (last - start))
    for _ in run_to(spine, judged_until(db, at) + 1):
        pass
    return spine, last


def judged_until(db: sqlite3.Connection, at: Instant) -> Instant:
    """The last instant, not after `at`, at which anything was decided: none of a downtime."""
    return min([at, *(gap.since for gap in read_outages(db) if gap.since < at < gap.until)])


class Watch:
    """Steps a spine on and asks the rules of one brand whatever a live one asks them, at the same ticks.

    It asks just before the spine does, so what it is told is the same. `stirred` are the conversations and the stories
    of which something was heard, `heard` the posts that were asked about.
    """

    def __init__(self, spine: Spine, brand: str) -> None:
        self.spine = spine
        self.brand = brand
        self.stirred: dict[tuple[str, bool], None] = {}
        self.heard: dict[str, Sighting] = {}
        self.outcomes: list[tuple[Instant, Outcome]] = []
        """Those that change or hold something of the brand."""

    def feed(self, item: Input) -> Iterator[Look]:
        """Step one input, after the ticks that come before it."""
        yield from self.run_to(ticks_end(item))
        self.spine.step(item)

    def run_to(self, until: Instant) -> Iterator[Look]:
        """Tick whatever is due before an instant; every look, with what came of it."""
        while (due := self.spine.memory.next_due) is not None and due < until:
            looks = list(self._ask(due))
            outcome = self.spine.step(Tick(due))
            if any(change.incident.subject.brand == self.brand for change in outcome.changes) or outcome.held:
                self.outcomes.append((due, outcome))
            yield from (self._with_its_fate(look, outcome) for look in looks)

    def _ask(self, now: Instant) -> Iterator[Look]:
        memory = self.spine.memory
        brand, stir = memory.rules.brands.get(self.brand), memory.dirty.get(self.brand)
        if brand is None or self.brand in memory.set_aside or self.brand not in memory.pulses:
            return
        if stir is not None:
            self.stirred |= dict.fromkeys([(thread, False) for thread in stir.threads])
            self.stirred |= dict.fromkeys([(story, True) for story in stir.stories])
            self.heard |= {mention.mention: mention for mention in stir.mentions}
            yield from ask(memory, brand, now, stir)

    def _with_its_fate(self, look: Look, outcome: Outcome) -> Look:
        incident = self._carrier(look.subject)
        mine = (c for c in outcome.changes if incident is not None and c.incident.id == incident.id)
        return replace(look, incident=incident, change=next(mine, None))

    def _carrier(self, subject: Subject | None) -> Incident | None:
        """The live incident about it, else the last one, which has ended."""
        if subject is None:
            return None
        desk = self.spine.memory.desk
        known = (i for i in reversed(desk.incidents.values()) if subject in {i.subject, *i.covers})
        return desk.live(subject) or next(known, None)

    def ask_now(self, now: Instant) -> list[Look]:
        """Every rule at an instant, whether or not anything was heard just then; on a copy of the spine's memory.

        It is asked about the brand, the largest of what stirred, and each post that was heard.
        """
        memory = Memory.load(self.spine.memory.dump(), self.spine.memory.rules)
        brand = memory.rules.brands.get(self.brand)
        if brand is None or self.brand not in memory.pulses:
            return []
        lookout, stir = Lookout(now, brand, memory), Stir()
        for told, names in ((False, stir.threads), (True, stir.stories)):
            sized = [(lookout.size(name, told=told), name) for name, is_told in self.stirred if is_told is told]
            names.update(dict.fromkeys(name for size, name in sorted(sized, reverse=True)[:_LARGEST] if size))
        stir.mentions = list(self.heard.values())
        looks = list(ask(memory, brand, now, stir, silence=True))
        return [replace(look, incident=self._carrier(look.subject)) for look in looks]


def ask(memory: Memory, brand: Brand, now: Instant, stir: Stir, *, silence: bool = False) -> Iterator[Look]:
    """What every rule of a brand says, with every clause in numbers, in the order in which `Spine` asks them.

    `silence`: those that ask for it as well.
    """
    memory.pulses[brand.key].look(now, memory.gaps.spans(brand.key))
    lookout = Lookout(now, brand, memory)
    for rule in (*brand.rules, *brand.shadows):
        if not isinstance(rule.when, Compiled):
            continue
        for thread, told, mention in _focuses(rule.scope, rule.least, lookout, stir, silence=silence):
            lookout.focus(thread, mention, told=told)
            finding = rule.when.explain(lookout)
            named = mention.mention if mention is not None else ""
            subject = lookout.subject(finding) if finding.passed else None
            if subject is not None and rule.scope is Scope.QUIET:
                subject = Subject(brand.key, quiet=True)
            yield Look(now, rule.name, finding, thread, told, named, subject)


def _focuses(
    scope: Scope, least: int, lookout: Lookout, stir: Stir, *, silence: bool
) -> Iterator[tuple[str, bool, Sighting | None]]:
    """Conversation or story, which of the two, and post."""
    match scope:
        case Scope.BRAND:
            yield "", False, None
        case Scope.THREAD:
            talks = [(thread, False) for thread in sorted(stir.threads)]
            for thread, told in talks + [(story, True) for story in sorted(stir.stories)]:
                if silence or lookout.size(thread, told=told) >= least:
                    yield thread, told, None
        case Scope.MENTION:
            for mention in sorted(stir.mentions, key=lambda m: m.mention):
                yield mention.thread, False, mention
        case Scope.QUIET if silence:
            yield "", False, None
        case _:
            return
