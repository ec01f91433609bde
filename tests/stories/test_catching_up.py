"""What we hear late, after deafness, downtime or a clock that was wrong."""

import random
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import MONDAY, House, Scene, crowd, mention, poisson, rules, sighting, warmed

from buzzwatch.clock import SystemClock
from buzzwatch.model.incident import ChangeKind, State
from buzzwatch.model.input import EVERYTHING, ClockSet, Command, Gap, RulesSwapped, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from buzzwatch.model.mention import Sighting

NOON = MONDAY + 12 * HOUR
NEVER: Instant = 2**62


def backlog(since: Instant, until: Instant, heard: Instant, per_hour: float = 6.0) -> list[Sighting]:
    dice = random.Random(11)
    posted = list(poisson(dice, since, until, per_hour))
    return [
        sighting(heard + number * MINUTE // len(posted), f"b{at}", posted_at=at, negativity=dice.random() ** 3)
        for number, at in enumerate(posted)
    ]


@pytest.mark.parametrize("source", [EVERYTHING, "push"])
def test_six_hours_of_ordinary_mentions_delivered_in_one_minute_ring_nothing(source: str):
    scene = Scene(MONDAY, rules())
    heard = NOON + 6 * HOUR
    if source != EVERYTHING:
        scene.tell(Gap(NOON, source, NOON, NEVER))
    scene.tell(Gap(heard, source, NOON, heard), *backlog(NOON, heard, heard))
    scene.run_to(heard + DAY)
    assert scene.changes == []


def test_a_crisis_still_true_when_we_hear_again_rings_once_and_says_since_when_and_that_we_were_deaf():
    scene = Scene(MONDAY, rules())
    began, heard = NOON + 4 * HOUR, NOON + 6 * HOUR
    scene.tell(Gap(NOON + 3 * HOUR, "push", NOON + 3 * HOUR, NEVER))
    scene.tell(Gap(heard, "push", NOON + 3 * HOUR, heard), *backlog(NOON + 3 * HOUR, heard, heard))
    scene.tell(*heard_late(crowd(began, 160, 2 * HOUR), heard + MINUTE))
    scene.run_to(heard + 5 * MINUTE)
    (opened,) = [change for change in scene.changes if change.kind is ChangeKind.OPENED]
    assert opened.at <= heard + 2 * MINUTE
    assert abs(opened.incident.began_at - began) <= 15 * MINUTE
    assert opened.incident.reason.heard_late == (NOON + 3 * HOUR, heard)
    assert len(scene.live) == 1
    assert [target for _, target in scene.pages] == ["ines/push"]


def heard_late(posts: list[Sighting], heard: Instant) -> list[Sighting]:
    return [replace(post, seen_at=heard + number) for number, post in enumerate(posts)]


def test_a_crisis_that_was_over_before_we_heard_of_it_rings_nothing():
    scene = Scene(MONDAY, rules())
    heard = NOON + 6 * HOUR
    scene.tell(Gap(heard, "push", NOON, heard), *heard_late(crowd(NOON + HOUR, 30, 20 * MINUTE), heard))
    scene.run_to(heard + HOUR)
    assert scene.pages == []


@pytest.mark.parametrize("source", [EVERYTHING, "push"])
def test_nothing_is_declared_over_because_we_were_deaf(source: str):
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 16, 8 * MINUTE))
    scene.run_to(NOON + 8 * MINUTE)
    since, until = NOON + 10 * MINUTE, NOON + 5 * HOUR
    if source != EVERYTHING:
        scene.tell(Gap(since, source, since, NEVER))
    scene.tell(Gap(until, source, since, until))
    scene.run_to(until + 5 * MINUTE)
    assert ChangeKind.OVER not in {change.kind for change in scene.changes}
    scene.run_to(until + HOUR)
    assert scene.changes[-1].kind is ChangeKind.OVER


def test_a_gap_left_open_by_a_run_that_died_lasts_until_its_source_is_heard_again():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "only", "mute", source="push"))
    scene.tell(Gap(NOON + MINUTE, "push", NOON + MINUTE, NEVER))
    scene.tell(Gap(NOON + HOUR, EVERYTHING, NOON + 2 * MINUTE, NOON + HOUR))
    scene.run_to(NOON + 8 * HOUR)
    assert scene.changes == []
    heard = NOON + 8 * HOUR
    scene.tell(Gap(heard, "push", NOON + HOUR, NEVER), Gap(heard, "push", NOON + HOUR, heard))
    scene.run_to(heard + 8 * HOUR)
    assert [change.incident.reason.rule for change in scene.changes] == ["silence"]
    assert scene.changes[0].at == heard + 6 * HOUR


def test_a_clock_set_back_shifts_what_is_open_and_escalation_goes_on():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON, 16, 8 * MINUTE))
    scene.run_to(NOON + 8 * MINUTE)
    (before,), was = scene.live, scene.spine.memory.now
    scene.tell(ClockSet(NOON - HOUR, was))
    (after,) = scene.live
    assert after.step_at - (NOON - HOUR) == before.step_at - was
    scene.run_to(NOON - HOUR + 20 * MINUTE)
    due = [notice.due_at for notice in scene.notices if notice.page]
    assert due[1:3] == [after.step_at, after.step_at + 5 * MINUTE]


def test_a_silence_goes_on_when_the_clock_is_set_back():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "only", "mute"))
    scene.run_to(NOON + 7 * HOUR)
    (silence,) = scene.live
    assert silence.subject.quiet
    scene.tell(ClockSet(NOON, NOON + 7 * HOUR))
    scene.run_to(NOON + 10 * HOUR)
    assert [incident.id for incident in scene.live] == [silence.id]
    scene.tell(sighting(NOON + 10 * HOUR, "heard", "mute"))
    scene.run_to(NOON + 11 * HOUR)
    assert scene.live == []
    scene.run_to(NOON + 17 * HOUR)
    assert [change.kind for change in scene.changes] == [ChangeKind.OPENED, ChangeKind.OVER, ChangeKind.OPENED]


class Hands:
    """A wall clock whose hands can be moved, and a monotonic one beside it."""

    def __init__(self, start: Instant) -> None:
        self.wall = self.steady = start / SECOND

    def pass_time(self, span: Span) -> None:
        self.wall += span / SECOND
        self.steady += span / SECOND


async def test_a_clock_that_jumps_to_2099_and_back_freezes_nothing(tmp_path: Path):
    hands, error = Hands(NOON), 73 * 365 * 24 * HOUR
    clock = SystemClock(wall=lambda: hands.wall, monotonic=lambda: hands.steady)
    house = House(tmp_path, clock)
    clock.went_back = lambda _: house.queue.tell(ClockSet(0))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))

    async def hear(name: str, span: Span, **changes: bool) -> None:
        hands.pass_time(span)
        await house.say(mention(round(hands.steady * SECOND), name, **changes))

    await hear("before", MINUTE)
    hands.wall += error / SECOND
    for minute in range(12):
        await hear(f"ahead{minute}", MINUTE)
    assert clock.now() > NOON + error
    hands.wall -= error / SECOND
    for minute in range(12):
        await hear(f"back{minute}", MINUTE)
    assert clock.now() == round(hands.steady * SECOND)
    for number in range(20):
        await hear(f"mob{number}", 20 * SECOND, angry=True)
    (live,) = [i for i in house.drive.spine.memory.desk.incidents.values() if i.state is State.OPEN]
    assert live.reason.rule == "bad-buzz"
    assert NOON + 20 * MINUTE < live.began_at <= clock.now()
    for minute in range(6):
        await hear(f"more{minute}", MINUTE)
    pages = [str(notice.target) for _, outcome in house.outcomes for notice in outcome.notices if notice.page]
    assert pages == ["ines/push", "ines/sms"]
    answer = await house.tell(Command(0, Verb.TAKE, live.id, "ines"))
    assert [change.kind for change in answer.changes] == [ChangeKind.TAKEN]
    heard = house.rows("SELECT count(*), max(seen_at) FROM journal WHERE kind = 'sighting'")
    assert heard[0][0] == 1 + 12 + 12 + 20 + 6
    await house.close()
