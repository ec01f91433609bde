"""What a backtest says would ring is what rang: on the same journal, with restarts, rotas and corrections."""

import asyncio
import random
from pathlib import Path

import pytest
from corpus import Keeping, Lived, _mark, _power_cut
from stage import MONDAY, ONCALL, House, mention, poisson, rules, says, warmed

from buzzwatch.app.backtest.backtest import Period, of_journal
from buzzwatch.app.backtest.rings import Tally
from buzzwatch.app.backtest.trial import Run
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.model.incident import State
from buzzwatch.model.input import Command, Mark, RotaSwapped, RulesSwapped, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.rota import Shift
from buzzwatch.store.database import open_for_reading

ALWAYS = Period(since="2026-01-01")
LISTED = compile_rules(
    rules().files
    | {
        "oncall.yaml": ONCALL.replace("tell: ines, by: [push]", 'tell: "rota:comms", by: [push, sms]')
        + "rota: {comms: {ical: comms.ics, fallback: sophie}}\nnight: {from: '22:00', until: '07:00'}\n"
    }
)


def rung(outcomes, ruleset):
    """What the live run rang."""
    tally = Tally()
    for at, outcome in outcomes:
        tally.take(at, outcome, ruleset)
    return [
        (ring.brand, ring.rule, ring.at, ring.incident, ring.severity, ring.shown) for ring in tally.rings({}, 1 << 62)
    ]


def told(rings):
    return [(ring.brand, ring.rule, ring.at, ring.incident, ring.severity, ring.shown) for ring in rings]


def test_without_other_rules_a_backtest_tells_what_rang_in_the_corpus_with_all_that_people_answered(lived: Lived):
    database = open_for_reading(lived.folder)
    found = of_journal(database, None, None, ALWAYS)
    assert found.facts.exact
    assert told(found.these.rings) == rung(lived.outcomes, lived.spine.memory.rules)
    assert len(found.these.rings) > 10
    assert not found.others
    database.close()


async def lived_alone(folder: Path, *, takes: bool = False) -> House:
    """A day under one rule set: a crisis by day, one at night, a restart in it, a rota, marks, no word of people."""
    clock = VirtualClock(MONDAY + 6 * HOUR)
    house = House(folder, clock, Keeping)
    house.open()
    start = clock.now()
    await house.tell(RulesSwapped(0, LISTED))
    await house.tell(warmed(0))
    turns = (Shift(start - DAY, start + 20 * HOUR, "ines"), Shift(start + 20 * HOUR, start + 9 * DAY, "karim"))
    await house.tell(RotaSwapped(0, "comms", turns))
    dice = random.Random(4)
    acts = [(at, mention(at, f"o{at}", angry=dice.random() < 0.1)) for at in poisson(dice, start, start + DAY, 2)]
    for begin in (8, 20):
        mob = [start + begin * HOUR + n * 25 * SECOND for n in range(24)]
        acts += [(at, mention(at, f"mob{at}", angry=True)) for at in mob]
    root = start + 25 * HOUR
    acts.append((root, mention(root, "root", angry=True)))
    replies = [root + (n + 1) * 20 * SECOND for n in range(30)]
    acts += [(at, mention(at, f"re{at}", angry=True, root="x:root", text="honteux !")) for at in replies]
    cut = start + 20 * HOUR + 6 * MINUTE + 7 * SECOND
    marked = iter(sorted(at for at, said in acts if said.id.startswith("x:mob"))[:6])
    for at, said in sorted(acts, key=lambda each: (each[0], each[1].id)):
        if at > cut > house.clock.now():
            outcomes = house.outcomes
            house = await _power_cut(house, 4 * MINUTE)
            cut = 0
            assert house.outcomes is outcomes  # and a gap is on record
        await house.move(max(at, house.clock.now()))
        await house.say(said)
        await house.deliver()
        for incident in list(house.drive.spine.memory.desk.real) if takes else ():
            if incident.state is State.OPEN:
                await house.tell(Command(0, Verb.TAKE, incident.id, "ines"))
        if at > start + 9 * HOUR and (due := next(marked, None)) is not None:
            await _mark(f"mob{due}", Mark.NOT_NEGATIVE)(house)
    await house.move(house.clock.now() + 3 * HOUR)
    return house


def live(folder: Path, **how) -> list:
    async def whole():
        house = await lived_alone(folder, **how)
        outcomes = [each for each in house.outcomes if says(each[1])]
        await house.close()
        return outcomes

    return asyncio.run(whole())


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    return folder, live(folder)


def test_under_the_rules_in_force_all_that_a_daemon_changed_and_told_happens_again_without_its_deliveries(
    alone, monkeypatch
):
    folder, outcomes = alone
    database = open_for_reading(folder)
    again = []
    hear = Run._hear
    monkeypatch.setattr(Run, "_hear", lambda run, at, outcome: (again.append((at, outcome)), hear(run, at, outcome)))
    monkeypatch.setattr("buzzwatch.app.backtest.backtest._JournalTest._was_in_force", lambda *_: False)
    found = of_journal(database, LISTED, None, ALWAYS)
    assert not found.facts.exact
    assert not found.facts.dropped
    changes = [(at, change) for at, outcome in outcomes for change in outcome.changes]
    assert [(at, change) for at, outcome in again for change in outcome.changes] == changes
    notices = [notice for _, outcome in outcomes for notice in outcome.notices]
    assert [notice for _, outcome in again for notice in outcome.notices] == notices
    assert told(found.these.rings) == rung(outcomes, LISTED)
    assert len(found.these.rings) >= 2
    assert {kind for (kind,) in database.execute("SELECT kind FROM journal")} == {
        "rules", "warmed", "rota", "sighting", "delivered", "gap", "corrected",
    }  # fmt: skip
    database.close()


def test_that_somebody_takes_what_rings_changes_who_is_paged_and_not_when_rules_ring(alone, tmp_path, monkeypatch):
    outcomes = live(tmp_path, takes=True)
    database = open_for_reading(tmp_path)
    monkeypatch.setattr("buzzwatch.app.backtest.backtest._JournalTest._was_in_force", lambda *_: False)
    found = of_journal(database, LISTED, None, ALWAYS)
    assert found.facts.dropped["command"] >= 3
    assert told(found.these.rings) == rung(outcomes, LISTED) == rung(alone[1], LISTED)
    database.close()
