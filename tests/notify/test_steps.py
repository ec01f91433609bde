"""Who hears of a change, and when the next step is due."""

import pytest
from msgspec.structs import replace
from stage import MONDAY, Scene, crowd, rules

from buzzwatch.model.brand import Route, Ruleset, Step
from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, State
from buzzwatch.model.input import Delivered, Trouble
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.notification import Target
from buzzwatch.notify.escalation import announce, climb
from buzzwatch.notify.notices import route_of
from buzzwatch.notify.render import render
from buzzwatch.notify.troubles import announce_failure, announce_trouble

NOON = MONDAY + 12 * HOUR


@pytest.fixture(scope="module")
def incident() -> Incident:
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 12, 6 * MINUTE))
    scene.run_to(NOON + 6 * MINUTE)
    return replace(scene.live[0], told=(), step=0, step_at=None, revision=1)


def routed(**routes: Route) -> Ruleset:
    return replace(rules(), routes={**rules().routes, **routes})


def told(kind: ChangeKind, incident: Incident, ruleset: Ruleset) -> list[str]:
    return [str(notice.target) for notice in announce(Change(kind, NOON, incident), ruleset, NOON).notices]


def test_a_critical_alarm_goes_to_the_copies_and_sets_the_first_step(incident: Incident):
    outcome = announce(Change(ChangeKind.OPENED, NOON, incident), rules(), NOON)
    assert [str(notice.target) for notice in outcome.notices] == ["console"]
    assert (outcome.incident.step, outcome.incident.step_at, outcome.incident.told) == (0, NOON, ("console",))


def test_what_climbs_already_does_not_begin_anew_when_it_worsens(incident: Incident):
    climbing = replace(incident, step=2, step_at=NOON + MINUTE)
    after = announce(Change(ChangeKind.WORSENED, NOON, climbing), rules(), NOON).incident
    assert (after.step, after.step_at) == (2, NOON + MINUTE)


def test_a_warning_pages_nobody_and_reaches_the_first_person_only_where_there_is_no_copy(incident: Incident):
    warning = replace(incident, severity=Severity.WARNING)
    assert told(ChangeKind.OPENED, warning, rules()) == ["console"]
    bare = routed(oncall=replace(rules().routes["oncall"], copy=()))
    assert told(ChangeKind.OPENED, warning, bare) == ["ines/push"]


def test_a_watch_is_told_to_nobody_and_says_why(incident: Incident):
    outcome = announce(Change(ChangeKind.OPENED, NOON, replace(incident, severity=Severity.WATCH)), rules(), NOON)
    assert outcome.notices == ()
    assert [(held.target, held.until) for held in outcome.held] == [("oncall", None)]


@pytest.mark.parametrize(("person", "target"), [("ines", "ines/push"), ("sophie", "sophie/sms")])
def test_who_took_it_hears_that_it_gets_worse_by_means_of_their_own(incident: Incident, person: str, target: str):
    taken = replace(incident, state=State.TAKEN, taken_by=person)
    assert told(ChangeKind.WORSENED, taken, rules()) == ["console", target]


def test_an_answer_is_told_to_those_who_were_told_and_holds_the_steps_to_come(incident: Incident):
    taken = replace(incident, state=State.TAKEN, taken_by="ines", told=("console", "ines/push"), step=2)
    outcome = announce(Change(ChangeKind.TAKEN, NOON, taken), rules(), NOON)
    assert [str(notice.target) for notice in outcome.notices] == ["console", "ines/push"]
    assert [(held.target, held.why) for held in outcome.held] == [
        ("karim/push", "taken by ines"),
        ("sophie/sms", "taken by ines"),
    ]


def test_steps_of_the_same_instant_leave_together(incident: Incident):
    steps = (Step(0, "ines", ("push", "sms")), Step(0, "karim", ("push",)), Step(MINUTE, "sophie", ("sms",)))
    route = Route("oncall", steps, repeat=None)
    outcome = climb(replace(incident, step_at=NOON, step_from=NOON), routed(oncall=route), NOON)
    assert [str(notice.target) for notice in outcome.notices] == ["ines/push", "ines/sms", "karim/push"]
    last = climb(outcome.incident, routed(oncall=route), NOON + MINUTE)
    assert [str(notice.target) for notice in last.notices] == ["sophie/sms"]
    assert last.incident.step_at is None, "no repeat, no further step"


def test_an_overdue_step_is_late_after_a_minute(incident: Incident):
    due = replace(incident, step_at=NOON, step_from=NOON)
    (notice,) = climb(due, rules(), NOON + MINUTE).notices
    assert notice.late_since is None
    (notice,) = climb(due, rules(), NOON + MINUTE + 1).notices
    assert (notice.late_since, str(notice.target)) == (NOON, "ines/push")


def test_means_that_a_person_does_not_have_are_passed_over(incident: Incident):
    route = Route("oncall", (Step(0, "karim", ("sms", "push")), Step(MINUTE, "nobody", ("push",))), repeat=None)
    outcome = climb(replace(incident, step_at=NOON, step_from=NOON), routed(oncall=route), NOON + MINUTE)
    assert outcome.notices == ()
    first = climb(replace(incident, step_at=NOON, step_from=NOON), routed(oncall=route), NOON)
    assert [str(notice.target) for notice in first.notices] == ["karim/push"]


def test_where_the_route_is_gone_its_rules_present_route_serves_and_else_the_console(incident: Incident):
    gone = replace(incident, route="former")
    assert route_of(gone, rules()).name == "oncall"
    assert route_of(replace(gone, reason=replace(gone.reason, rule="former")), rules()).name == "console"


def test_trouble_of_our_own_goes_to_ops_and_its_end_as_well():
    began = announce_trouble(Trouble(NOON, "disk", NOON, "full"), rules(), NOON).notices
    ended = announce_trouble(Trouble(NOON + HOUR, "disk", NOON, "well", over=True), rules(), NOON + HOUR).notices
    assert [str(notice.target) for notice in (*began, *ended)] == ["console", "console"]
    assert began[0].incident.id == ended[0].incident.id
    assert began[0].key != ended[0].key
    assert [notice.kind for notice in (*began, *ended)] == [ChangeKind.OPENED, ChangeKind.OVER]


def test_trouble_is_told_in_the_language_of_the_route():
    for language, said in (("fr", "sourde"), ("en", "deaf"), ("", "sourde" if rules().brands == {} else "deaf")):
        route = Route("ops", copy=("mail",), language=language)
        trouble = Trouble(NOON, "source-x", NOON, "deaf", said={"fr": "sourde", "en": "deaf"}, again=2)
        told = announce_trouble(trouble, routed(ops=route), NOON)
        (notice,) = told.notices
        assert notice.incident.reason.says == said
        assert notice.incident.revision == 3


def test_a_target_that_fails_is_told_to_ops_once_a_day_and_never_that_telling_ops_failed():
    def failed(at: int, incident: str = "acme-1") -> list[str]:
        lost = Delivered(at, "k", incident, Target("ines", "sms"), sent=False, why="no such number")
        told = announce_failure(lost, rules(), at)
        return [notice.key for notice in told.notices] if told else []

    assert failed(NOON) == failed(NOON + HOUR) != failed(NOON + DAY)
    assert failed(NOON, "ops-disk-1") == []


def test_a_target_that_fails_is_told_as_of_when_it_failed():
    lost = Delivered(NOON, "k", "acme-1", Target("ines", "sms"), sent=False, why="no such number")
    (notice,) = announce_failure(lost, rules(), NOON).notices
    text = render(notice, (), None, NOON + SECOND).text
    assert "could not be sent sooner" not in text
    assert "00:00" not in text


def test_whom_a_message_did_not_reach_is_told_to_ops_though_it_was_sent(incident: Incident):
    sent = Delivered(NOON, "k", incident.id, Target("mail-com"), sent=True, why="mailto:// answered 550 for 1 of 3")
    told = announce_failure(sent, rules(), NOON)
    assert [notice.incident.reason.says for notice in told.notices] == [
        "a message to mail-com did not reach everybody: mailto:// answered 550 for 1 of 3"
    ]
    assert announce_failure(replace(sent, why=""), rules(), NOON) is None
