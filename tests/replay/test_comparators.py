"""Rules that name comparators: what they say is the same after any dump, in any process, and in any order."""

import os
import random
import subprocess
import sys
from functools import cache
from itertools import groupby

import msgspec
from stage import MONDAY, crowd, ordinary_days, says

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.memory import Memory
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import ClockSet, Gap, Input, RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.signal import Comparator
from buzzwatch.spine import Spine

HEAD = "brand: acme\ntimezone: Europe/Paris\nlanguage: fr\nmatch: {any: [acme]}\nrules:\n"
ANGRY = "  - {name: angry, when: {negativity: {unusual: true, at_least: 10, by: one_class_svm}}, severity: critical}\n"
LOUD = "  - {{name: {0}, when: {{volume: {{unusual: true, over: 30m, at_least: 30, by: {0}}}}}, severity: warning}}\n"
FIRST = compile_rules({"acme.yaml": HEAD + ANGRY})
RULES = compile_rules({"acme.yaml": HEAD + ANGRY + "".join(LOUD.format(by) for by in Comparator)})
BOOK = {each.digest: each for each in (FIRST, RULES)}
BURST = MONDAY + 3 * DAY + 10 * HOUR
END = MONDAY + 4 * DAY


def world(seed: int = 1) -> list[Input]:
    """Four days: the rules change, nobody listens for a night, a crisis comes, the clock is set back."""
    said = [each for each in ordinary_days(MONDAY, END, 12, seed=3) if not _deaf(each.seen_at)]
    said = sorted(said + crowd(BURST, 60, 25 * MINUTE), key=lambda each: each.seen_at)
    dice, mixed = random.Random(seed), []
    for _, within in groupby(said, key=lambda each: each.seen_at // SECOND):
        second = list(within)
        dice.shuffle(second)
        last = max(each.seen_at for each in second)
        mixed += [msgspec.structs.replace(each, seen_at=last) for each in second]
    items: list[Input] = [
        *mixed,
        RulesSwapped(MONDAY, FIRST),
        RulesSwapped(MONDAY + 5 * HOUR, RULES),
        Gap(MONDAY + 32 * HOUR, "push", MONDAY + 25 * HOUR, MONDAY + 32 * HOUR),
    ]
    return sorted(items, key=lambda item: item.seen_at)


def _deaf(at: int) -> bool:
    return MONDAY + 25 * HOUR <= at < MONDAY + 32 * HOUR


def reloaded(spine: Spine) -> Spine:
    dumped = msgspec.msgpack.decode(msgspec.msgpack.encode(spine.memory.dump()))
    return Spine(Memory.load(dumped, BOOK[spine.memory.rules.digest]))


@cache
def lived(seed: int) -> tuple[list[object], str]:
    """What came of it, and what the comparators of the brand remember at the end."""
    spine, told = Spine(), []
    for item in world(seed):
        told += [pair for pair in feed(spine, item) if says(pair[1])]
    told += [pair for pair in run_to(spine, END) if says(pair[1])]
    return told, repr(spine.memory.pulses["acme"].dump()["panel"])


def test_each_comparator_rings_in_the_crisis_and_says_that_it_did():
    told, _ = lived(1)
    changes = [change for _, outcome in told for change in outcome.changes]
    clauses = {clause for change in changes for clause in change.incident.reason.clauses if clause.by}
    assert {rule for change in changes for rule in change.incident.rules} == {"angry", *Comparator}
    assert {clause.by for clause in clauses} <= set(Comparator)
    assert clauses
    [opened] = [change.at for change in changes if change.kind is ChangeKind.OPENED]
    assert BURST < opened < BURST + 20 * MINUTE


def test_dumps_and_loads_at_any_time_change_nothing():
    live, copies = Spine(), []
    for number, item in enumerate([*world(), ClockSet(END, END + HOUR)]):
        if number % 90 == 30:
            copies = [*copies[-3:], reloaded(live)]
        outcomes = list(feed(live, item))
        for copy in copies:
            assert list(feed(copy, item)) == outcomes, (number, item)
    assert all(copy.memory.digest() == live.memory.digest() for copy in copies)


def test_the_order_within_a_second_and_another_hash_seed_change_nothing():
    other = subprocess.run(
        [sys.executable, "-W", "error", __file__],
        env=os.environ
        | {
            "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == lived(1)[1]


if __name__ == "__main__":
    sys.stdout.write(lived(2)[1])
