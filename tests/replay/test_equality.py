"""Same inputs, same outcomes: from the journal, from a snapshot, from a dump, in another process."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from corpus import BOOK, FIRST, Lived, name_of, swaps
from stage import says

from buzzwatch.app.recover import recover, replay_journal
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.ticking import feed, run_to, ticks_end
from buzzwatch.memory import Memory
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import Input, Outcome, Tick
from buzzwatch.model.instant import SECOND, Instant
from buzzwatch.spine import Spine
from buzzwatch.store.database import open_database, open_for_reading
from buzzwatch.store.journal import Ledger

Stepped = list[tuple[Instant, Outcome]]


def telling(stepped: Iterable[tuple[Instant, Outcome]]) -> Stepped:
    return [(at, outcome) for at, outcome in stepped if says(outcome)]


def reloaded(spine: Spine) -> Spine:
    return Spine(
        Memory.load(
            msgspec.msgpack.decode(msgspec.msgpack.encode(spine.memory.dump())), BOOK[spine.memory.rules.digest]
        )
    )


def every_input(lived: Lived) -> list[Input]:
    """The journal's, and the ticks between them."""
    spine, items = Spine(), []
    for _, item in lived.inputs:
        while (due := spine.memory.next_due) is not None and due < ticks_end(item):
            items.append(Tick(due))
            spine.step(items[-1])
        items.append(item)
        spine.step(item)
    while (due := spine.memory.next_due) is not None and due <= lived.spine.memory.now:
        items.append(Tick(due))
        spine.step(items[-1])
    return items


def test_the_corpus_holds_what_is_awkward(lived: Lived):
    kinds = {change.kind for _, outcome in lived.outcomes for change in outcome.changes}
    assert kinds == set(ChangeKind)
    rules = {rule for _, outcome in lived.outcomes for change in outcome.changes for rule in change.incident.rules}
    assert {"smoke", "press", "slow", "unanswered"} <= rules
    complaints = [each for _, outcome in lived.outcomes for each in outcome.complaints]
    assert any(each.answered_at for each in complaints)
    assert any(each.incident for each in complaints)
    assert any(each.gone for each in complaints)
    assert lived.spine.memory.complaints["acme"]
    assert any(notice.incident.unanswered_since for _, outcome in lived.outcomes for notice in outcome.notices)
    slow = [change for _, outcome in lived.outcomes for change in outcome.changes if change.incident.subject.topic]
    assert [change.kind for change in slow] == [ChangeKind.OPENED, ChangeKind.OVER]
    assert {type(item).__name__ for _, item in lived.inputs} == {
        "Sighting", "RulesSwapped", "Gap", "Command", "Delivered", "Trouble", "ClockSet", "Warmed", "Corrected",
        "Silenced", "Proposed", "Erased", "RotaSwapped", "Drilled", "RulesRefused", "RulesMended",
    }  # fmt: skip
    refused = [notice.kind for _, outcome in lived.outcomes for notice in outcome.notices if notice.refused is not None]
    assert {ChangeKind.OPENED, ChangeKind.OVER} == set(refused)
    assert lived.spine.memory.refusal is not None
    told = [change.incident for _, outcome in lived.outcomes for change in outcome.changes]
    assert any(incident.press and incident.raised for incident in told)
    drills = {incident.id: incident.drill for incident in told if incident.drill}
    assert [bool(drill.cut) for drill in drills.values()] == [False, True]
    assert any(notice.behind for _, outcome in lived.outcomes for notice in outcome.notices)
    assert any(incident.reason.sector for incident in told)
    assert any(incident.reason.campaign for incident in told)
    assert any(len(incident.reason.sources) > 1 for incident in told)
    late = [item for _, item in lived.inputs if type(item).__name__ == "Sighting" and item.late]
    assert {item.mention for item in late} == {"x:stale", "x:ancient"}
    assert any(notice.late_since for _, outcome in lived.outcomes for notice in outcome.notices)
    assert any(held for _, outcome in lived.outcomes for held in outcome.held)
    assert any(change.incident.reason.copies for _, outcome in lived.outcomes for change in outcome.changes)
    assert any(notice.marks for _, outcome in lived.outcomes for notice in outcome.notices)
    rings = [ring for _, outcome in lived.outcomes for ring in outcome.shadows]
    assert {ring.rules[0] for ring in rings} == {rule.name for rule in FIRST.brands["acme"].shadows}
    assert {ring.state for ring in rings} == {State.OPEN, State.RESOLVED}
    assert len(lived.spine.memory.tales.tracker)
    scorers = {item.scorer.partition("+")[2] for _, item in lived.inputs if type(item).__name__ == "Sighting"}
    assert scorers == {"", "acme.1", "acme.2", "acme.3"} | {f"acme.{n}" for n in range(4, 10)}
    sighted = {item.mention for _, item in lived.inputs if type(item).__name__ == "Sighting"}
    assert "x:stray37" in sighted
    assert "x:stray38" not in sighted


def test_the_journal_from_its_beginning_gives_what_the_live_run_gave(lived: Lived):
    spine, database = Spine(), open_for_reading(lived.folder)
    seq, now = Ledger(database).position()
    assert telling(replay_journal(spine, database, 0, seq, now, swaps())) == lived.outcomes
    telling(run_to(spine, lived.spine.memory.now + 1))
    assert spine.memory.digest() == lived.spine.memory.digest()
    database.close()


def test_the_journal_from_any_kept_snapshot_gives_the_rest_of_what_the_live_run_gave(lived: Lived):
    database = open_for_reading(lived.folder)
    seq, now = Ledger(database).position()
    kept = lived.snapshots[::6]
    assert len(kept) > 10
    for after, packed in kept:
        dumped = msgspec.msgpack.decode(packed)
        spine = Spine(Memory.load(dumped, BOOK[dumped["rules"]]))
        stepped = telling(replay_journal(spine, database, after, seq, now, swaps()))
        assert stepped == lived.outcomes[len(lived.outcomes) - len(stepped) :], after
        telling(run_to(spine, lived.spine.memory.now + 1))
        assert spine.memory.digest() == lived.spine.memory.digest(), after
    assert len(stepped) < len(lived.outcomes)
    database.close()


def test_recovery_rebuilds_the_memory_that_was_lost(lived: Lived):
    database = open_database(lived.folder)
    spine = recover(database, lived.folder, compile_rules)
    telling(run_to(spine, lived.spine.memory.now + 1))
    assert spine.memory.digest() == lived.spine.memory.digest()
    database.close()


def test_dump_and_load_before_any_input_change_nothing(lived: Lived):
    items = every_input(lived)
    live, copies = Spine(), []
    for number, item in enumerate(items):
        copy = reloaded(live)
        if number % 80 == 0:
            copies.append(reloaded(live))
        outcome = live.step(item)
        assert copy.step(item) == outcome, (number, item)
        digest = live.memory.digest()
        assert copy.memory.digest() == digest, (number, item)
        for other in copies:
            assert other.step(item) == outcome, (number, item)
    assert [copy.memory.digest() for copy in copies] == [digest] * len(copies)


def test_a_tick_with_nothing_to_do_changes_nothing(lived: Lived):
    plain, ticked = Spine(), Spine()
    for number, (_, item) in enumerate(lived.inputs):
        expected = telling(feed(plain, item))
        idle = ticked.memory.now // SECOND * SECOND + SECOND * (1 + number % 7)
        if ticked.memory.now and idle < min(ticks_end(item), ticked.memory.next_due or idle + 1):
            assert ticked.step(Tick(idle)) == Outcome()
        assert telling(feed(ticked, item)) == expected, name_of(item.seen_at)
    assert ticked.memory.digest() == plain.memory.digest()


def test_another_process_with_another_hash_seed_gives_the_same_outcomes(lived: Lived):
    here, seed = Path(__file__).parent, "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    run = subprocess.run(
        [sys.executable, "-W", "error", here / "corpus.py"],
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{here}:{here.parent}"},
        capture_output=True,
        check=True,
    )
    assert run.stdout.endswith(msgspec.json.encode(lived.outcomes) + lived.spine.memory.digest().encode())
