"""Who is woken, when, and when that ends."""

import pytest
from stage import MONDAY, Scene, crowd, rules

from buzzwatch.model.incident import Change, ChangeKind, Incident, Severity, State
from buzzwatch.model.input import EVERYTHING, Command, Delivered, Gap, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.notification import Notice

NOON = MONDAY + 12 * HOUR


@pytest.fixture
def scene() -> Scene:
    """A crisis of twenty minutes that has just opened an incident."""
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 12, 6 * MINUTE))
    scene.run_to(NOON + 6 * MINUTE)
    return scene


def incident(scene: Scene) -> Incident:
    (only,) = scene.spine.memory.desk.incidents.values()
    return only


def last(scene: Scene) -> Change:
    return scene.changes[-1]


def goes_on(scene: Scene, span: Span, every: Span = 30 * SECOND) -> None:
    """The same anger for a while longer, neither more nor less."""
    since = scene.spine.memory.now + SECOND
    scene.tell(*crowd(since, span // every, span))
    scene.run_to(since + span)


def say(scene: Scene, verb: Verb, by: str) -> None:
    scene.tell(Command(scene.spine.memory.now + 1, verb, incident(scene).id, by))


def fail(scene: Scene, notice: Notice, at: Instant) -> None:
    scene.tell(Delivered(at, notice.key, notice.incident.id, notice.target, sent=False, why="no such number"))


def test_nobody_answers_and_every_step_is_climbed_again_and_again(scene: Scene):
    goes_on(scene, 70 * MINUTE)
    assert scene.pages[:10] == [
        (0, "ines/push"), (5, "ines/sms"), (10, "karim/push"), (20, "sophie/sms"),
        (35, "ines/push"), (40, "ines/sms"), (45, "karim/push"), (55, "sophie/sms"),
        (70, "ines/push"), (75, "ines/sms"),
    ][: len(scene.pages)]  # fmt: skip
    assert len(scene.pages) >= 9
    assert [change.kind for change in scene.changes if change.kind is ChangeKind.OPENED] == [ChangeKind.OPENED]


@pytest.mark.parametrize(("minutes", "paged"), [(1, 1), (6, 2), (11, 3), (21, 4), (36, 5)])
def test_an_answer_ends_the_pages_at_any_step_and_is_told_to_all_that_were_paged(
    scene: Scene, minutes: int, paged: int
):
    opened = scene.changes[0].at
    goes_on(scene, opened + minutes * MINUTE - scene.spine.memory.now)
    before = set(incident(scene).told)
    say(scene, Verb.TAKE, "karim")
    assert last(scene).kind is ChangeKind.TAKEN
    _, outcome = scene.outcomes[-1]
    assert {str(notice.target) for notice in outcome.notices} == before
    goes_on(scene, HOUR)
    assert len(scene.pages) == paged
    assert incident(scene).state is State.TAKEN
    if minutes < 10:
        assert {held.why for held in outcome.held} == {"taken by karim"}


def test_after_a_downtime_only_the_latest_of_the_overdue_steps_is_sent_and_says_that_it_is_late(scene: Scene):
    down, up = scene.spine.memory.now, scene.spine.memory.now + 42 * MINUTE
    due = incident(scene).step_at
    already = len(scene.notices)
    scene.tell(Gap(up, EVERYTHING, down, up))
    scene.run_to(up + SECOND)
    late = [notice for notice in scene.notices[already:] if notice.page]
    assert [(str(notice.target), notice.late_since) for notice in late] == [("ines/sms", due)]
    scene.run_to(up + 10 * MINUTE)
    assert [str(notice.target) for notice in scene.notices[already:] if notice.page] == ["ines/sms", "karim/push"]
    assert scene.notices[-1].late_since is None


def test_what_gets_twice_as_bad_after_it_was_taken_is_told_to_who_took_it_and_wakes_nobody(scene: Scene):
    say(scene, Verb.TAKE, "karim")
    scene.tell(*crowd(scene.spine.memory.now + MINUTE, 60, 8 * MINUTE))
    scene.run_to(scene.spine.memory.now + SECOND)
    assert last(scene).kind in {ChangeKind.WORSENED, ChangeKind.NOTED}
    worse = [n for _, o in scene.outcomes for n in o.notices if n.kind is ChangeKind.WORSENED and not n.page]
    assert {str(notice.target) for notice in worse} == {"console", "karim/push"}
    assert len(scene.pages) == 1


def test_a_warning_that_becomes_critical_after_it_was_taken_pages():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 30, 20 * MINUTE, negativity=0.1))
    scene.run_to(NOON + 20 * MINUTE)
    assert incident(scene).severity is Severity.WARNING
    assert scene.pages == []
    say(scene, Verb.TAKE, "karim")
    scene.tell(*crowd(scene.spine.memory.now + MINUTE, 30, 10 * MINUTE))
    scene.run_to(scene.spine.memory.now + SECOND)
    assert incident(scene).severity is Severity.CRITICAL
    assert incident(scene).state is State.OPEN
    assert scene.pages[0][1] == "ines/push"


def test_what_a_person_closed_stays_closed_for_as_long_as_it_merely_goes_on(scene: Scene):
    goes_on(scene, 20 * MINUTE)
    say(scene, Verb.RESOLVE, "ines")
    told = len(scene.notices)
    goes_on(scene, 3 * HOUR)
    assert incident(scene).state is State.RESOLVED
    assert len(scene.notices) == told


def test_what_a_person_closed_comes_back_when_it_doubles(scene: Scene):
    say(scene, Verb.RESOLVE, "ines")
    pages = len(scene.pages)
    scene.tell(*crowd(scene.spine.memory.now + MINUTE, 40, 6 * MINUTE))
    scene.run_to(scene.spine.memory.now + SECOND)
    assert ChangeKind.REOPENED in {change.kind for change in scene.changes}
    assert incident(scene).closed_by is None
    assert len(scene.pages) == pages + 1


def test_the_end_is_told_to_all_that_were_told(scene: Scene):
    goes_on(scene, 12 * MINUTE)
    scene.run_to(scene.spine.memory.now + 70 * MINUTE)
    over = next(change for change in scene.changes if change.kind is ChangeKind.OVER)
    told = [n for at, o in scene.outcomes for n in o.notices if at == over.at]
    reached = [str(n.target) for n in scene.notices if n.kind is not ChangeKind.OVER]
    assert {str(n.target) for n in told} == set(reached) == {"console", *(who for _, who in scene.pages)}
    assert all(n.kind is ChangeKind.OVER and not n.page for n in told)
    assert over.incident.lasted < over.at - over.incident.opened_at
    noon = MONDAY + DAY + 11 * HOUR
    scene.run_to(noon - SECOND)
    assert [incident.watch_until for incident in scene.spine.memory.desk.incidents.values()] == [noon]
    scene.run_to(noon)
    assert scene.spine.memory.desk.incidents == {}
    assert last(scene) == over


def test_what_starts_again_within_an_hour_of_its_end_is_the_same_incident_and_pages(scene: Scene):
    scene.run_to(scene.spine.memory.now + 40 * MINUTE)
    over = next(change for change in scene.changes if change.kind is ChangeKind.OVER)
    pages = len(scene.pages)
    scene.tell(*crowd(over.at + 30 * MINUTE, 20, 10 * MINUTE))
    scene.run_to(over.at + 41 * MINUTE)
    assert incident(scene).id == over.incident.id
    assert incident(scene).state is State.OPEN
    assert len(scene.pages) > pages


def test_what_starts_again_later_than_that_is_another_incident(scene: Scene):
    scene.run_to(NOON + 25 * HOUR)
    scene.tell(*crowd(scene.spine.memory.now, 20, 10 * MINUTE))
    scene.run_to(scene.spine.memory.now + SECOND)
    assert [change.kind for change in scene.changes].count(ChangeKind.OPENED) == 2


def test_who_cannot_be_reached_brings_the_next_step_forward(scene: Scene):
    at = scene.spine.memory.now + 10 * SECOND
    fail(scene, scene.notices[-1], at)
    assert [(who, notice.due_at) for notice in scene.notices if notice.page for who in [str(notice.target)]][1:] == [
        ("ines/sms", at)
    ]
    assert any(change.kind is ChangeKind.NOTED and "no such number" in change.why for change in scene.changes)


def test_a_channel_that_fails_brings_nothing_forward(scene: Scene):
    console = next(notice for notice in scene.notices if str(notice.target) == "console")
    fail(scene, console, scene.spine.memory.now + 10 * SECOND)
    assert len(scene.pages) == 1


def test_where_nobody_can_be_reached_a_round_is_tried_fast_and_then_the_next_one_in_its_time(scene: Scene):
    failed = 0
    until = scene.spine.memory.now + HOUR
    while scene.spine.memory.now < until:
        pages = [notice for notice in scene.notices if notice.page]
        if len(pages) > failed:
            fail(scene, pages[failed], scene.spine.memory.now + SECOND)
            failed += 1
        else:
            goes_on(scene, MINUTE)
    assert 8 <= failed <= 20
    pages = [notice.key for notice in scene.notices if notice.page]
    assert len(set(pages)) == len(pages)


def test_a_competitor_never_pages():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 60, 20 * MINUTE, "rival"))
    scene.run_to(NOON + 2 * HOUR)
    assert scene.changes[0].incident.severity is Severity.WARNING
    assert scene.pages == []
    assert {str(notice.target) for notice in scene.notices} == {"console"}
