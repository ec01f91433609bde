"""One trouble, one incident; a second trouble, a second one; and a silence is a trouble too."""

from stage import MONDAY, Scene, crowd, ordinary_days, rules, sighting

from buzzwatch.model.incident import ChangeKind, Severity
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Kind, Sighting

NOON = MONDAY + 12 * HOUR
NEVER: Instant = 2**62


def replies(since: Instant, count: int, span: int, **changes: object) -> list[Sighting]:
    """An angry conversation under one root."""
    angry = crowd(since, count, span, thread="x:root", parent="x:root", kind=Kind.REPLY, **changes)
    return [sighting(since, "root", negativity=0.9), *angry[1:]]


def test_a_conversation_that_explains_the_brands_excess_and_the_brand_are_one_incident():
    scene = Scene(MONDAY, rules())
    scene.tell(*replies(NOON, 60, 15 * MINUTE))
    scene.run_to(NOON + 20 * MINUTE)
    (only,) = scene.live
    assert {"bad-buzz", "thread-escalating"} <= set(only.rules)
    assert [change.kind for change in scene.changes].count(ChangeKind.OPENED) == 1
    assert [target for _, target in scene.pages] == ["ines/push", "ines/sms", "karim/push"][: len(scene.pages)]


def test_a_brand_wide_trouble_that_one_conversation_explains_worsens_with_it():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 30, 20 * MINUTE, negativity=0.2))
    scene.run_to(NOON + 20 * MINUTE)
    (calm,) = scene.live
    assert calm.severity is Severity.WARNING
    scene.tell(*replies(NOON + 21 * MINUTE, 60, 15 * MINUTE))
    scene.run_to(NOON + 37 * MINUTE)
    assert [incident.id for incident in scene.live] == [calm.id]
    assert scene.live[0].severity is Severity.CRITICAL


def test_a_conversation_apart_from_the_brands_trouble_is_another_incident():
    scene = Scene(MONDAY, rules())
    both = [*crowd(NOON, 150, 20 * MINUTE), *replies(NOON + 5 * MINUTE, 40, 12 * MINUTE)]
    scene.tell(*sorted(both, key=lambda each: each.seen_at))
    scene.run_to(NOON + 20 * MINUTE)
    assert sorted(bool(incident.subject.thread) for incident in scene.live) == [False, True]


def test_two_brands_in_trouble_are_two_incidents():
    scene = Scene(MONDAY, rules())
    both = [*crowd(NOON, 30, 10 * MINUTE), *crowd(NOON, 30, 10 * MINUTE, "zephyr")]
    scene.tell(*sorted(both, key=lambda each: each.seen_at))
    scene.run_to(NOON + 10 * MINUTE)
    assert sorted(incident.subject.brand for incident in scene.live) == ["acme", "zephyr"]


def test_an_official_answer_keeps_an_escalating_conversation_from_paging_until_it_speeds_up_again():
    scene = Scene(MONDAY, rules())
    reply = sighting(NOON + 3 * MINUTE, "us", thread="x:root", parent="x:root", official=True)
    talk = [*replies(NOON, 13, 3 * MINUTE, negativity=0.45), reply]
    scene.tell(*talk)
    scene.run_to(NOON + 4 * MINUTE)
    severities = {change.incident.severity for change in scene.changes}
    slow = crowd(NOON + 4 * MINUTE, 20, 20 * MINUTE, thread="x:root", parent="x:root", negativity=0.45)
    scene.tell(*slow)
    scene.run_to(NOON + 25 * MINUTE)
    assert Severity.CRITICAL not in severities
    assert scene.pages == []
    scene.tell(*crowd(NOON + 26 * MINUTE, 80, 8 * MINUTE, thread="x:root", parent="x:root", negativity=0.9))
    scene.run_to(NOON + 35 * MINUTE)
    assert [target for _, target in scene.pages][:1] == ["ines/push"]


def test_a_silence_rings_once_and_is_over_when_the_brand_is_heard_again():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "last", "mute"))
    scene.run_to(NOON + 30 * HOUR)
    (opened,) = scene.changes
    assert (opened.at, opened.incident.began_at) == (NOON + 6 * HOUR, NOON)
    scene.tell(sighting(NOON + 30 * HOUR + SECOND, "again", "mute"))
    scene.run_to(NOON + 35 * HOUR)
    over = scene.changes[-1]
    assert over.kind is ChangeKind.OVER
    assert 30 * HOUR - 6 * HOUR <= over.incident.lasted <= 30 * HOUR + SECOND
    scene.run_to(NOON + 37 * HOUR)
    assert [change.kind for change in scene.changes] == [ChangeKind.OPENED, ChangeKind.OVER, ChangeKind.OPENED]


def test_no_silence_is_judged_inside_a_gap_and_it_counts_from_its_end():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "last", "mute"))
    scene.tell(Gap(NOON + HOUR, "push", NOON + HOUR, NEVER))
    scene.run_to(NOON + 20 * HOUR)
    assert scene.changes == []
    scene.tell(Gap(NOON + 20 * HOUR + SECOND, "push", NOON + HOUR, NOON + 20 * HOUR))
    scene.run_to(NOON + 27 * HOUR)
    assert [change.at for change in scene.changes] == [NOON + 26 * HOUR]


def test_a_brand_never_heard_of_is_not_silent():
    scene = Scene(MONDAY, rules())
    scene.run_to(NOON + 7 * DAY)
    assert scene.changes == []


def test_a_second_real_crisis_in_a_month_rings_like_the_first():
    scene = Scene(MONDAY, rules())
    crises = (NOON + 2 * DAY, NOON + 9 * DAY)
    calm = ordinary_days(MONDAY, MONDAY + 10 * DAY, 6.0, seed=3)
    angry = [post for at in crises for post in crowd(at, 60, HOUR)]
    scene.tell(*sorted([*calm, *angry], key=lambda each: each.seen_at))
    scene.run_to(MONDAY + 10 * DAY)
    first_pages = {}
    for notice in scene.notices:
        if notice.page:
            first_pages.setdefault(notice.incident.id, notice.due_at)
    assert len(first_pages) == 2
    for began, paged in zip(crises, first_pages.values(), strict=True):
        assert began < paged < began + 20 * MINUTE
