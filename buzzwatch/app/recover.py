"""The spine as the last commit left it: a snapshot, the journal's tail, and the incidents on record."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from buzzwatch.app.ticking import feed, run_to
from buzzwatch.incidents.desk import COOL_DOWN
from buzzwatch.memory import NO_RULES, Memory
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import Outcome, RulesSwapped
from buzzwatch.model.instant import Instant
from buzzwatch.model.response import Complaint
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.spine import Spine
from buzzwatch.store.complaints import write_complaints
from buzzwatch.store.database import transaction
from buzzwatch.store.journal import Ledger, read_journal, read_rules
from buzzwatch.store.snapshot import read_snapshots

Compile = Callable[[Mapping[str, str]], Ruleset]

_TOGETHER = 10_000
"""Complaints that are written at once."""

log = structlog.get_logger()


class RulesOnRecord(Mapping[str, RulesSwapped]):
    """Rule sets that were in force, compiled again when asked for."""

    def __init__(self, connection: sqlite3.Connection, compile_rules: Compile) -> None:
        self._connection = connection
        self._compile = compile_rules
        self._known: dict[str, RulesSwapped] = {}

    def __getitem__(self, digest: str) -> RulesSwapped:
        if digest not in self._known:
            try:
                rules = self._compile(read_rules(self._connection, digest))
            except RuleFaults as faults:  # an older version's; those in force meanwhile go on
                log.warning("rules_on_record_refused", digest=digest, faults=[str(fault) for fault in faults.faults])
                raise KeyError(digest) from faults
            self._known[digest] = RulesSwapped(0, rules)
        return self._known[digest]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def recover(connection: sqlite3.Connection, directory: Path, compile_rules: Compile) -> Spine:
    """Load the newest snapshot that fits and step the rest of the journal; what comes out of that is not sent again."""
    seq, now = Ledger(connection).position()
    rules = RulesOnRecord(connection, compile_rules)
    start, spine = from_snapshot(read_snapshots(directory, seq), rules)
    complaints: list[Complaint] = []
    for _, outcome in replay_journal(spine, connection, start, seq, now, rules):
        if start == 0:  # all else was sent, or queued, by the run that stepped it first
            complaints += outcome.complaints
            if len(complaints) >= _TOGETHER:
                _keep(complaints, connection)
    _keep(complaints, connection)
    ledger = Ledger(connection)
    spine.restore(ledger.incidents(now, COOL_DOWN), ledger.shadows())
    log.info("state_recovered", seq=seq, from_snapshot=start, stepped=seq - start)
    return spine


def _keep(complaints: list[Complaint], connection: sqlite3.Connection) -> None:
    """Write those that are not on record, as after an upgrade from a version that kept none; whatever is, stays."""
    if not complaints:
        return
    # The disk may be full, or the record be read by a command alone.
    with suppress(sqlite3.OperationalError), transaction(connection):
        write_complaints(connection, complaints)
    complaints.clear()


def replay_journal(
    spine: Spine,
    connection: sqlite3.Connection,
    after: int,
    until: int,
    now: Instant,
    rules: Mapping[str, RulesSwapped],
) -> Iterator[tuple[Instant, Outcome]]:
    """Step rows `after` < seq ≤ `until`, then tick up to `now`, the last instant stepped to; every outcome."""
    for _, item in read_journal(connection, after, until, rules):
        yield from feed(spine, item)
    yield from run_to(spine, now + 1)


def from_snapshot(snapshots: Iterable[tuple[int, dict[str, Any]]], rules: RulesOnRecord) -> tuple[int, Spine]:
    """The spine of the first that fits, and the row after which it was taken; an empty one where none does."""
    for seq, dumped in snapshots:
        try:
            ruleset = rules[dumped["rules"]].rules if dumped["rules"] else NO_RULES
            return seq, Spine(Memory.load(dumped, ruleset))
        except (ValueError, KeyError, TypeError, IndexError, RuleFaults) as error:
            log.warning("snapshot_refused", seq=seq, error=f"{type(error).__name__}: {error}")
    return 0, Spine()
