"""What stepping a journal again costs: `python benchmarks/backtest.py [mentions]`, with 50 rules.

Prints processor time from the journal's rows to the outcomes for ten brands with 5 rules each and for one with 50, how
it is spent, and for comparison what it takes to read and decode the same rows and do nothing. A million mentions are 90
days; fewer are the first of these days.
"""

import sqlite3
import sys
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rig.journal import rule_files, write_journal
from rig.machine import introduce, resident

from buzzwatch.app.recover import RulesOnRecord, replay_journal
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.ticking import run_to, ticks_end
from buzzwatch.model.input import Bodied
from buzzwatch.model.instant import DAY
from buzzwatch.model.mention import Sighting
from buzzwatch.spine import Spine
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import Ledger, read_journal

SEED = 20261126
MANY = 1_000_000
BAR = 90.0
"""Seconds for so many."""


def step_all(database: sqlite3.Connection) -> tuple[float, int]:
    """Seconds, and changes of incidents that came out."""
    seq, now = Ledger(database).position()
    began = time.process_time()
    rules = RulesOnRecord(database, compile_rules)
    changes = sum(len(outcome.changes) for _, outcome in replay_journal(Spine(), database, 0, seq, now, rules))
    return time.process_time() - began, changes


def decode_all(database: sqlite3.Connection) -> float:
    """Seconds of a bare loop over the same rows."""
    decode = msgspec.json.Decoder(Bodied).decode
    began = time.process_time()
    for kind, body in database.execute("SELECT kind, body FROM journal ORDER BY seq"):
        if kind != "rules":
            decode(body)
    return time.process_time() - began


def stages(database: sqlite3.Connection) -> dict[str, float]:
    """The seconds once more, by stage; the clock itself is in each of them."""
    seq, _ = Ledger(database).position()
    spent = {"read and decode": 0.0, "ticks": 0.0, "sightings": 0.0}
    spine, clock = Spine(), time.process_time
    rows = read_journal(database, 0, seq, RulesOnRecord(database, compile_rules))
    while True:
        marks = [clock()]
        if (row := next(rows, None)) is None:
            return spent
        item = row[1]
        marks.append(clock())
        for _ in run_to(spine, ticks_end(item)):
            pass
        marks.append(clock())
        spine.step(item)
        if isinstance(item, Sighting):
            marks.append(clock())
            for stage, (before, after) in zip(spent, pairwise(marks), strict=True):
                spent[stage] += after - before


def measure(brands: int, rules: int, mentions: int) -> None:
    with TemporaryDirectory() as directory, closing(open_database(Path(directory))) as database:
        seq = write_journal(database, rule_files(brands, rules), mentions, SEED)
        days = (Ledger(database).position()[1] - _first(database)) / DAY
        seconds, changes = step_all(database)
        bare = decode_all(database)
        each = 1e6 / seq
        print(f"{mentions} mentions of {days:.1f} days, {brands} x {rules} rules, {changes} changes of incidents:")
        print(f"    {seconds:.1f} s, {seconds * each:.1f} us a mention, {resident():.0f} MB at the end")
        print(f"    a million: {seconds / mentions * MANY:.0f} s, of the {BAR:.0f} s that were aimed at")
        for stage, spent in stages(database).items():
            print(f"    {stage:32s}{spent * each:8.2f} us a mention")
        print(f"    {'a bare loop over the rows':32s}{bare * each:8.2f} us: ours takes {seconds / bare:.1f} times that")


def _first(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT min(seen_at) FROM journal").fetchone()[0])


def main() -> None:
    mentions = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    introduce(SEED)
    for brands, rules in ((10, 5), (1, 50)):
        measure(brands, rules, mentions)


if __name__ == "__main__":
    main()
