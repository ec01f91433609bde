"""Whoever wants to be rung again soon, at each point of an escalation, under the virtual clock."""

import pytest
from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, rules
from test_answers import NOON, STEPS, Drill

from buzzwatch.incidents.answers import GRACE, LONGEST_SNOOZE
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import Command, Silenced, Verb
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant, Span

QUARTER = 15 * MINUTE


def snooze(drill: Drill, by: str = "ines", span: Span = QUARTER) -> Instant:
    """When it rings again."""
    until = drill.spine.memory.now + span
    drill.answer(Verb.SNOOZE, by, until)
    return until


def rung(drill: Drill) -> list[tuple[str, Instant]]:
    """Who was rung as they had asked, and when."""
    return [(str(n.target), at) for at, o in drill.outcomes for n in o.notices if n.kind is ChangeKind.SNOOZED]


@pytest.mark.parametrize("minute", STEPS)
@pytest.mark.parametrize(("by", "means"), [("ines", "ines/push"), ("karim", "karim/push"), ("sophie", "sophie/sms")])
def test_who_snoozes_at_any_step_is_rung_again_alone_and_all_from_the_first_step_if_they_do_not_answer(
    minute: int, by: str, means: str
):
    drill = Drill()
    drill.keep_alive_to(drill.began + minute * MINUTE + 30 * SECOND)
    until = snooze(drill, by)
    snoozed_at = drill.spine.memory.now
    assert (drill.incident.state, drill.incident.taken_by) == (State.TAKEN, by)
    drill.keep_alive_to(until + GRACE + 6 * MINUTE)
    [(who, at)] = rung(drill)
    assert who == means
    assert until <= at < until + SECOND
    pages = drill.paged_since(snoozed_at + SECOND)
    assert [who for _, who in pages] == ["ines/push", "ines/sms"], "nobody meanwhile, then from the first step"
    assert drill.of_kind(ChangeKind.RELEASED)[0].due_at - at == GRACE


def test_it_is_announced_as_a_snooze_to_all_who_were_told_and_needs_no_reason():
    drill = Drill()
    until = snooze(drill)
    notices = drill.of_kind(ChangeKind.SNOOZING)
    assert [str(notice.target) for notice in notices] == ["console", "ines/push"]
    assert {notice.incident.snooze_until for notice in notices} == {until}
    assert {notice.incident.wait_until for notice in notices} == {None}, "a wait stops the public clock, this does not"


def test_what_is_held_by_a_snooze_says_so_and_until_when():
    drill = Drill()
    until = snooze(drill)
    held = [held for _, outcome in drill.outcomes for held in outcome.held]
    assert {(each.why, each.until) for each in held} == {("taken by ines: snoozed", until)}


def test_it_rings_again_though_it_does_not_grow_and_an_answer_ends_it():
    drill = Drill()
    until = snooze(drill)
    drill.keep_alive_to(until + MINUTE)
    assert not drill.incident.grows
    assert len(rung(drill)) == 1
    assert drill.answer(Verb.TAKE) == ["console", "ines/push"], "who heard of the snooze hears who has it"
    assert drill.incident.remind_at == drill.spine.memory.now + 45 * MINUTE
    drill.keep_alive_to(until + 20 * MINUTE)
    assert drill.of_kind(ChangeKind.RELEASED) == []


def test_one_may_snooze_again_and_is_rung_at_the_later_time_alone():
    drill = Drill()
    first = snooze(drill)
    drill.keep_alive_to(first + MINUTE)
    second = snooze(drill)
    drill.keep_alive_to(second + MINUTE)
    assert [at // MINUTE for _, at in rung(drill)] == [first // MINUTE, second // MINUTE]
    assert drill.of_kind(ChangeKind.RELEASED) == []


def test_a_snooze_pressed_twice_is_one():
    drill = Drill()
    snooze(drill)
    before = len(drill.changes)
    snooze(drill)
    assert len(drill.changes) == before
    snooze(drill, span=30 * MINUTE)
    assert len(drill.changes) == before + 1


@pytest.mark.parametrize("span", [0, -MINUTE, LONGEST_SNOOZE + MINUTE], ids=["now", "past", "longer than an hour"])
def test_a_snooze_for_no_time_to_come_or_for_too_long_changes_nothing(span: Span):
    drill = Drill()
    assert drill.answer(Verb.SNOOZE, "ines", drill.spine.memory.now + SECOND + span) == []
    assert drill.incident.state is State.OPEN


def test_what_gets_worse_while_it_is_snoozed_rings_at_once_from_the_first_step_and_not_again_at_its_end():
    drill = Drill()
    until = snooze(drill, "karim", 30 * MINUTE)
    now = drill.spine.memory.now
    drill.grow_for(5 * MINUTE, 20)
    assert [who for _, who in drill.paged_since(now)][:1] == ["ines/push"]
    assert (drill.incident.state, drill.incident.snooze_until) == (State.OPEN, None)
    drill.answer(Verb.TAKE, "karim")
    drill.keep_alive_to(until + MINUTE)
    assert rung(drill) == []


def test_a_severity_that_rises_while_it_is_snoozed_pages_from_the_first_step():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 60, 6 * MINUTE, negativity=0.1))
    scene.run_to(NOON + 7 * MINUTE)
    (incident,) = scene.live
    now = scene.spine.memory.now + SECOND
    scene.tell(Command(now, Verb.SNOOZE, incident.id, "karim", now + HOUR))
    assert scene.pages == []
    scene.tell(*crowd(NOON + 8 * MINUTE, 40, 6 * MINUTE))
    scene.run_to(NOON + 15 * MINUTE)
    assert [who for _, who in scene.pages][:1] == ["ines/push"]


def test_what_does_not_page_rings_who_snoozed_it_and_nobody_else_when_they_are_silent():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 60, 6 * MINUTE, negativity=0.1))
    scene.run_to(NOON + 7 * MINUTE)
    now = scene.spine.memory.now + SECOND
    scene.tell(Command(now, Verb.SNOOZE, scene.live[0].id, "karim", now + QUARTER))
    scene.run_to(now + 40 * MINUTE)
    assert [str(n.target) for n in scene.notices if n.kind is ChangeKind.SNOOZED] == ["karim/push"]
    assert [n for n in scene.notices if n.kind is ChangeKind.RELEASED] == []
    assert scene.live[0].snooze_until is None


def test_what_ends_while_it_is_snoozed_is_over_and_rings_no_more():
    drill = Drill()
    snooze(drill, span=HOUR)
    drill.spine.memory.desk.put(replace(drill.incident, calm=10 * MINUTE))
    drill.tell(Command(drill.spine.memory.now + SECOND, Verb.SNOOZE, drill.incident.id, "ines", drill.fed_to + HOUR))
    drill.run_to(drill.fed_to + 2 * HOUR)
    assert drill.changes[-1].kind is ChangeKind.OVER
    assert rung(drill) == []


@pytest.mark.parametrize("down", [MINUTE, 2 * HOUR], ids=["back before it ends", "back after it ended"])
def test_a_snooze_outlives_a_restart(down: Span):
    drill = Drill()
    until = snooze(drill)
    drill.restart(down)
    drill.keep_alive_to(until + MINUTE)
    drill.run_to(drill.spine.memory.now + MINUTE)
    assert [who for who, _ in rung(drill)] == ["ines/push"]


def test_a_restart_between_the_ring_and_its_answer_forgets_neither():
    drill = Drill()
    until = snooze(drill)
    drill.keep_alive_to(until + MINUTE)
    drill.restart(SECOND)
    drill.keep_alive_to(until + GRACE + MINUTE)
    assert len(rung(drill)) == 1
    assert [str(n.target) for n in drill.of_kind(ChangeKind.RELEASED)] == ["console", "ines/push"]


def test_a_silence_that_somebody_asked_for_holds_the_ring_until_its_end():
    drill = Drill()
    until = snooze(drill)
    ends = until + 10 * MINUTE
    drill.tell(Silenced(drill.spine.memory.now + SECOND, "acme", ends, "exercice", "karim"))
    drill.keep_alive_to(ends + MINUTE)
    [(who, at)] = rung(drill)
    assert who == "ines/push"
    assert ends <= at < ends + SECOND
