"""How ticks and inputs follow each other."""

from stage import MONDAY, crowd, rules, says, sighting

from buzzwatch.app.ticking import run_to, ticks_end
from buzzwatch.model.input import EVERYTHING, NOTHING, ClockSet, Gap, RulesSwapped, Tick
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.spine import Spine

NOON = MONDAY + 12 * HOUR


def test_ticks_before_an_input_end_at_it_or_where_the_time_was_cut():
    assert ticks_end(sighting(NOON, "one")) == NOON
    assert ticks_end(Gap(NOON, EVERYTHING, MONDAY, NOON)) == MONDAY + 1
    assert ticks_end(Gap(NOON, "push", MONDAY, NOON)) == NOON
    assert ticks_end(ClockSet(MONDAY, NOON)) == NOON + 1


def test_running_to_an_instant_ticks_what_is_due_before_it_and_nothing_else():
    spine = Spine()
    assert list(run_to(spine, NOON)) == []
    spine.step(RulesSwapped(MONDAY, rules()))
    for item in crowd(NOON, 3, 2 * SECOND):
        spine.step(item)
    assert [at for at, _ in run_to(spine, NOON + MINUTE)] == [NOON + 2 * SECOND]
    assert spine.step(Tick(NOON + MINUTE)) == NOTHING
    assert not says(NOTHING)
