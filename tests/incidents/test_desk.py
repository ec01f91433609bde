"""The state machine of incidents."""

from typing import Any

import pytest
from msgspec.structs import replace
from stage import MONDAY, rules

from buzzwatch.incidents.desk import COOL_DOWN, WORSE, Desk
from buzzwatch.incidents.evidence import Evidence
from buzzwatch.model.incident import Change, ChangeKind, Incident, Press, Reason, Severity, State, Subject
from buzzwatch.model.input import Command, Delivered, Verb
from buzzwatch.model.instant import HOUR, MINUTE, Instant
from buzzwatch.model.notification import Target
from buzzwatch.model.signal import Onset, Trend

NOON = MONDAY + 12 * HOUR
BRAND = Subject("acme")
RULES = {rule.name: rule for rule in rules().brands["acme"].rules}
BUZZ, VOLUME = RULES["bad-buzz"], RULES["sudden-volume"]


def evidence(observed: float = 10.0, severity: Severity = Severity.CRITICAL, rule: str = "bad-buzz") -> Evidence:
    reason = Reason(rule, "", (), None, Trend.STEADY, 10, 8, 0.8, None, answered=False)
    return Evidence(reason, Onset(NOON - MINUTE, ("x:1",)), observed, severity)


def ring(desk: Desk, at: Instant, observed: float = 10.0, rule: Any = BUZZ, **changes: Any) -> Change | None:
    found = evidence(observed, changes.get("severity", rule.severity), rule.name)
    return desk.ring(desk.live(BRAND), BRAND, rule, lambda: found, at)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    ring(desk, NOON)
    return desk


def only(desk: Desk) -> Incident:
    (incident,) = desk.incidents.values()
    return incident


def obey(desk: Desk, verb: Verb, by: str = "ines", at: Instant = NOON + MINUTE) -> Change | None:
    return desk.obey(Command(at, verb, only(desk).id, by), at)


def test_a_rule_that_still_holds_is_asked_for_its_weight_alone(desk: Desk):
    asked: list[float] = []

    def show(observed: float) -> Evidence:
        asked.append(observed)
        return evidence(observed)

    for at, observed in ((NOON + 1, 15.0), (NOON + 2, WORSE * 10)):
        weight = evidence(observed).weight
        desk.ring(only(desk), BRAND, BUZZ, lambda seen=observed: show(seen), at, lambda found=weight: found)
    assert asked == [WORSE * 10]
    assert (only(desk).worst, only(desk).peak, only(desk).true_at) == (WORSE * 10, WORSE * 10, NOON + 2)


def test_an_incident_is_named_by_its_brand_and_minute_and_never_twice(desk: Desk):
    other = desk.ring(None, Subject("acme", "x:1"), BUZZ, evidence, NOON)
    third = desk.ring(None, Subject("acme", "x:2"), BUZZ, evidence, NOON + 1)
    assert list(desk.incidents) == ["acme-260302-1200", "acme-260302-1200-2", "acme-260302-1200-3"]
    assert (other.kind, third.kind) == (ChangeKind.OPENED, ChangeKind.OPENED)
    assert only_began(desk) == {NOON - MINUTE}


def only_began(desk: Desk) -> set[Instant]:
    return {incident.began_at for incident in desk.incidents.values()}


def test_what_merely_goes_on_changes_nothing_but_its_last_true_instant(desk: Desk):
    desk.take_touched()
    assert ring(desk, NOON + MINUTE) is None
    assert only(desk).true_at == NOON + MINUTE
    assert [each.id for each in desk.take_touched()] == [only(desk).id]
    assert desk.take_touched() == ()


@pytest.mark.parametrize(("observed", "kind"), [(19.9, None), (20.0, ChangeKind.WORSENED)])
def test_people_are_told_again_when_it_has_doubled(desk: Desk, observed: float, kind: ChangeKind | None):
    change = ring(desk, NOON + MINUTE, observed)
    assert (change and change.kind) == kind
    assert WORSE == 2.0


def test_numbers_of_another_rule_are_not_compared(desk: Desk):
    change = ring(desk, NOON + MINUTE, 500.0, VOLUME)
    assert (change.kind, change.why) == (ChangeKind.NOTED, "sudden-volume")
    assert ring(desk, NOON + 2 * MINUTE, 5_000.0, VOLUME) is None
    assert only(desk).rules == ("bad-buzz", "sudden-volume")


def test_a_rule_of_higher_severity_takes_over_with_its_route(desk: Desk):
    lesser = Desk()
    ring(lesser, NOON, rule=VOLUME)
    obey(lesser, Verb.TAKE)
    change = ring(lesser, NOON + 2 * MINUTE)
    assert change.kind is ChangeKind.WORSENED
    assert (change.incident.state, change.incident.severity) == (State.OPEN, Severity.CRITICAL)
    assert (change.incident.route, change.incident.reason.rule) == ("oncall", "bad-buzz")


def test_it_is_over_when_none_of_its_rules_has_held_for_long_enough(desk: Desk):
    ring(desk, NOON + 10 * MINUTE)
    due = desk.due_at(only(desk))
    assert due == NOON + 10 * MINUTE + BUZZ.calm
    assert desk.settle(only(desk), due - 1) is None
    over = desk.settle(only(desk), due)
    assert (over.kind, over.incident.closed_at, over.incident.closed_by) == (ChangeKind.OVER, due, None)
    assert over.incident.lasted == 11 * MINUTE


def test_what_made_it_critical_may_end_while_something_lesser_goes_on(desk: Desk):
    for minute in range(5, 60, 5):
        ring(desk, NOON + minute * MINUTE, rule=VOLUME)
    calmed = desk.settle(only(desk), NOON + VOLUME.calm)
    assert (calmed.kind, calmed.incident.severity) == (ChangeKind.CALMED, Severity.WARNING)
    assert calmed.incident.step_at is None


def test_deaf_time_makes_nothing_calm(desk: Desk):
    desk.stop_calm(NOON + 10 * MINUTE, NOON + 3 * HOUR)
    assert desk.due_at(only(desk)) == NOON + 3 * HOUR + BUZZ.calm - 10 * MINUTE
    assert only(desk).true_at == NOON


def test_taking_stops_the_steps_and_taking_it_twice_is_nothing(desk: Desk):
    desk.put(replace(only(desk), step_at=NOON + 5 * MINUTE))
    taken = obey(desk, Verb.TAKE)
    assert (taken.kind, taken.by, taken.incident.step_at) == (ChangeKind.TAKEN, "ines", None)
    assert obey(desk, Verb.TAKE) is None
    assert obey(desk, Verb.TAKE, "karim").incident.taken_by == "karim"


def test_nothing_can_be_done_to_what_is_closed_or_unknown(desk: Desk):
    assert desk.obey(Command(NOON, Verb.TAKE, "acme-1", "ines"), NOON) is None
    assert obey(desk, Verb.RESOLVE).kind is ChangeKind.RESOLVED
    assert obey(desk, Verb.TAKE) is None
    assert obey(desk, Verb.RESOLVE) is None


def test_what_a_person_closed_stays_closed_while_the_same_goes_on_however_long_and_whichever_rule_says_so(desk: Desk):
    obey(desk, Verb.RESOLVE)
    at = NOON + MINUTE
    for _ in range(30):
        at += 10 * MINUTE
        assert desk.settle(only(desk), at) is None
        assert ring(desk, at) is None
        assert ring(desk, at + 1, 900.0, VOLUME) is None
    assert only(desk).state is State.RESOLVED


def test_it_is_forgotten_an_hour_after_its_end_or_when_it_is_calm_whichever_is_later(desk: Desk):
    obey(desk, Verb.RESOLVE)
    assert desk.due_at(only(desk)) == NOON + MINUTE + COOL_DOWN
    ring(desk, NOON + 20 * MINUTE)
    ring(desk, NOON + 45 * MINUTE)
    assert desk.due_at(only(desk)) == NOON + 45 * MINUTE + BUZZ.calm
    assert desk.settle(only(desk), desk.due_at(only(desk))) is None
    assert desk.incidents == {}


def test_what_comes_back_by_a_graver_rule_is_told_by_that_rules_route():
    desk = Desk()
    ring(desk, NOON, rule=VOLUME)
    obey(desk, Verb.RESOLVE)
    again = ring(desk, NOON + 5 * MINUTE, 8.0)
    assert again.kind is ChangeKind.REOPENED
    assert (again.incident.route, again.incident.worst) == ("oncall", 8.0)
    assert again.incident.rules == ("sudden-volume", "bad-buzz")
    assert again.incident.closed_by is None


def fail(desk: Desk, target: Target) -> Change | None:
    return desk.note(Delivered(NOON + 2, "k", only(desk).id, target, sent=False, why="no"), NOON + 2)


@pytest.mark.parametrize(
    ("step", "paged", "target", "due"),
    [
        (2, ("ines/sms",), Target("ines", "sms"), NOON + 2),
        (2, ("ines/push", "ines/sms"), Target("ines", "sms"), NOON + 5 * MINUTE),
        (2, ("ines/sms",), Target("mail"), NOON + 5 * MINUTE),
        (0, ("ines/sms",), Target("ines", "sms"), NOON + 5 * MINUTE),
    ],
    ids=["all of the step", "one means of two", "a channel", "the first step of another round"],
)
def test_a_message_that_failed_is_noted_and_a_step_of_which_nothing_arrives_makes_the_next_one_due(
    desk, step, paged, target, due
):
    desk.put(replace(only(desk), step=step, step_at=NOON + 5 * MINUTE, paged=paged))
    noted = fail(desk, target)
    assert (noted.kind, noted.why, noted.incident.step_at) == (ChangeKind.NOTED, f"{target}: no", due)


def test_what_was_sent_is_not_noted_nor_what_fails_after_the_end(desk: Desk):
    assert desk.note(Delivered(NOON, "k", only(desk).id, Target("mail"), sent=True), NOON) is None
    obey(desk, Verb.RESOLVE)
    assert fail(desk, Target("ines", "sms")) is None


def test_a_dump_is_the_same_desk(desk: Desk):
    obey(desk, Verb.TAKE)
    loaded = Desk.load(desk.dump())
    assert loaded.incidents == desk.incidents
    assert loaded.dump() == desk.dump()


def test_a_shift_moves_every_instant(desk: Desk):
    before = only(desk)
    desk.shift(-HOUR)
    after = only(desk)
    assert after.opened_at == before.opened_at - HOUR
    assert after.taken_at is None
    assert desk.due_at(after) == desk.due_at(before) - HOUR


def press(desk: Desk, at: Instant, severity: Severity, route: str = "room") -> Change:
    return desk.join_press(only(desk), Press("x:paper", at - MINUTE, "press"), severity, route, at)


def test_the_press_raises_what_its_rules_count_for_until_they_have_not_held_for_long_enough():
    desk = Desk()
    ring(desk, NOON, rule=VOLUME)
    change = press(desk, NOON + MINUTE, Severity.CRITICAL)
    assert (change.kind, change.why) == (ChangeKind.WORSENED, "press")
    assert desk.settle(only(desk), NOON + VOLUME.calm - 1) is None
    found = replace(evidence(10.0, Severity.WARNING, VOLUME.name), raised=Severity.CRITICAL)
    assert desk.ring(only(desk), BRAND, VOLUME, lambda: found, NOON + MINUTE) is None
    assert desk.settle(only(desk), NOON + VOLUME.calm) is None
    assert desk.settle(only(desk), NOON + MINUTE + VOLUME.calm).kind is ChangeKind.OVER


def test_a_critical_rule_takes_over_the_route_of_what_the_press_made_critical_and_pages_nobody():
    desk = Desk()
    ring(desk, NOON, rule=VOLUME)
    press(desk, NOON + MINUTE, Severity.CRITICAL)
    assert ring(desk, NOON + 2 * MINUTE).kind is ChangeKind.WORSENED
    assert (only(desk).route, only(desk).severity) == ("oncall", Severity.CRITICAL)


def test_where_the_press_raises_nothing_what_was_taken_stays_taken(desk: Desk):
    obey(desk, Verb.TAKE)
    assert press(desk, NOON + 2 * MINUTE, Severity.CRITICAL).kind is ChangeKind.WORSENED
    assert (only(desk).taken_by, only(desk).raised, only(desk).route) == ("ines", False, "oncall")


def test_a_clock_that_was_ahead_moves_the_press_as_well(desk: Desk):
    press(desk, NOON + MINUTE, Severity.CRITICAL)
    desk.shift(-HOUR)
    assert only(desk).press.at == NOON - HOUR


def test_what_the_press_made_critical_goes_the_same_way_when_it_comes_back():
    desk = Desk()
    ring(desk, NOON, rule=VOLUME)
    press(desk, NOON + MINUTE, Severity.CRITICAL, "oncall")
    assert desk.settle(only(desk), NOON + VOLUME.calm).kind is ChangeKind.OVER
    found = replace(evidence(30.0, Severity.WARNING, VOLUME.name), raised=Severity.CRITICAL)
    again = desk.ring(None, BRAND, VOLUME, lambda: found, NOON + VOLUME.calm + MINUTE)
    assert (again.kind, again.incident.severity, again.incident.route) == (
        ChangeKind.REOPENED,
        Severity.CRITICAL,
        "oncall",
    )
