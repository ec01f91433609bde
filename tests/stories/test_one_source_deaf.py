"""One source of several is deaf: what that means for each brand is a matter of how much of it the source brings."""

import random
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace
from stage import MONDAY, Scene, ordinary_days, sighting

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.gaps import HELD, MOST_CLOSED
from buzzwatch.memory import Memory
from buzzwatch.model.input import EVERYTHING, ClockSet, Gap
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.roads import Roads
from buzzwatch.spine import Spine

FOREVER: Instant = 2**62
BRAND = """
brand: acme
match: {any: [acme]}
rules:
  - {name: silence, when: {quiet: {over: 6h}}, severity: warning}
  - {name: murmur, when: {mention: {negativity: 0.8}}, severity: warning}
"""


def scene() -> Scene:
    return Scene(MONDAY, compile_rules({"acme.yaml": BRAND}), "acme")


def by_roads(since: Instant, until: Instant, seed: int, *roads: str) -> Iterator[Sighting]:
    """Ordinary days, brought by one of these sources each."""
    dice = random.Random(seed)
    return (replace(each, road=dice.choice(roads), negativity=0.1) for each in ordinary_days(since, until, 6, seed))


def heard_of(since: Instant, road: str, number: int) -> Iterator[Sighting]:
    return (sighting(since + at * MINUTE, f"{road}{at}", road=road) for at in range(number))


def rung(told: Scene) -> set[str]:
    return {rule for change in told.changes for rule in change.incident.rules}


def test_silence_is_judged_while_a_source_is_deaf_that_brings_nothing_of_the_brand():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 30))
    told.tell(Gap(MONDAY + HOUR, "press", MONDAY + HOUR, FOREVER))
    told.run_to(MONDAY + 8 * HOUR)
    assert rung(told) == {"silence"}


def test_silence_is_not_judged_while_the_source_is_deaf_that_brings_the_brand_however_long():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 30))
    told.tell(Gap(MONDAY + HOUR, "sky", MONDAY + HOUR, FOREVER))
    told.run_to(MONDAY + 9 * DAY)
    assert rung(told) == set()
    back = MONDAY + 9 * DAY + HOUR
    told.tell(Gap(back, "sky", MONDAY + HOUR, back))
    told.run_to(back + 7 * HOUR)
    assert rung(told) == {"silence"}, "it counts from when it is heard again"


def test_silence_is_not_judged_where_nobody_can_tell_yet_who_brings_the_brand():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 3))
    told.tell(Gap(MONDAY + HOUR, "press", MONDAY + HOUR, FOREVER))
    told.run_to(MONDAY + 8 * HOUR)
    assert rung(told) == set()


def test_an_incident_calms_down_while_a_source_is_deaf_that_is_not_missed_and_stays_while_one_is_that_is():
    ends = []
    for deaf in ("press", "sky"):
        told = scene()
        told.tell(*heard_of(MONDAY, "sky", 30))
        at = MONDAY + HOUR
        told.tell(Gap(at, deaf, at, FOREVER), sighting(at + MINUTE, "angry", negativity=0.9, road="sky"))
        told.run_to(at + 5 * HOUR)
        ends.append("murmur" in {rule for incident in told.live for rule in incident.rules})
    assert ends == [False, True]


def test_learning_waits_for_two_days_then_follows_what_is_heard_and_the_normal_of_before_comes_back():
    told = scene()
    told.tell(*by_roads(MONDAY, MONDAY + 21 * DAY, 3, "sky", "sky", "sky", "press"))
    pulse = told.spine.memory.pulses["acme"]
    deaf_at, back_at = MONDAY + 21 * DAY, MONDAY + 31 * DAY
    told.tell(Gap(deaf_at, "sky", deaf_at, FOREVER))
    before = pulse.level
    assert before is not None
    few = [each for each in by_roads(deaf_at, back_at, 4, "sky", "sky", "sky", "press") if each.road == "press"]
    told.tell(*(each for each in few if each.seen_at < deaf_at + HELD))
    assert pulse.level > 0.97 * before, "the hours before the gap are still learnt, no others"
    told.tell(*(each for each in few if each.seen_at >= deaf_at + HELD))
    assert pulse.level < 0.8 * before, "the source may stay away for good"
    told.tell(Gap(back_at, "sky", deaf_at, back_at))
    assert pulse.level > 0.999 * before
    told.tell(*by_roads(back_at, back_at + 3 * DAY, 5, "sky", "sky", "sky", "press"))
    assert rung(told) == set()


def test_the_normal_of_before_comes_back_though_the_daemon_was_restarted_meanwhile():
    told = scene()
    told.tell(*by_roads(MONDAY, MONDAY + 21 * DAY, 3, "sky", "sky", "sky", "press"))
    pulse = told.spine.memory.pulses["acme"]
    deaf_at, down_at, back_at = (MONDAY + days * DAY for days in (21, 30, 31))
    told.tell(Gap(deaf_at, "sky", deaf_at, FOREVER))
    before = pulse.level
    few = [each for each in by_roads(deaf_at, down_at, 4, "sky", "sky", "sky", "press") if each.road == "press"]
    told.tell(*few)
    up_at = down_at + MINUTE
    told.tell(Gap(up_at, EVERYTHING, down_at, up_at), Gap(up_at, "sky", up_at, FOREVER))
    assert pulse.level < 0.8 * before
    told.tell(Gap(back_at, "sky", up_at, back_at))
    assert pulse.level > 0.999 * before


def test_what_was_lost_before_a_source_went_away_does_not_end_its_absence():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 30))
    at = MONDAY + 2 * HOUR
    told.tell(Gap(at, "sky", at, FOREVER), Gap(at + MINUTE, "sky", MONDAY, MONDAY + HOUR))
    told.run_to(MONDAY + 9 * HOUR)
    assert rung(told) == set()
    assert told.spine.memory.gaps.spans("acme") == [(MONDAY, MONDAY + HOUR), (at, at + HELD)]


def test_a_source_that_is_deaf_is_deaf_when_the_clock_is_set_back_too():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 30))
    ahead, now = MONDAY + 3 * HOUR, MONDAY + HOUR
    told.tell(Gap(ahead, "sky", ahead, FOREVER), Gap(ahead, "press", ahead - HOUR, ahead), ClockSet(now, ahead))
    assert list(told.spine.memory.gaps) == [Gap(ahead, "sky", now, FOREVER)]
    told.run_to(now + 9 * HOUR)
    assert rung(told) == set()


def test_one_that_comes_and_goes_crowds_out_the_gaps_of_no_other():
    told = scene()
    told.tell(*heard_of(MONDAY, "sky", 30))
    told.tell(Gap(MONDAY + 2 * HOUR, "sky", MONDAY + HOUR, MONDAY + 2 * HOUR))
    for at in range(MONDAY + 3 * HOUR, MONDAY + 3 * HOUR + 2 * MOST_CLOSED * MINUTE, MINUTE):
        told.tell(Gap(at, "web", at - MINUTE // 2, at))
    gaps = list(told.spine.memory.gaps)
    assert gaps[0].source == "sky"
    assert [gap.source for gap in gaps[1:]] == ["web"] * MOST_CLOSED
    assert all(each["usual"] == {} for each in told.spine.memory.gaps.dump())


def test_while_the_whole_daemon_is_down_nothing_is_learnt_however_long():
    told = scene()
    told.tell(Gap(MONDAY + 9 * DAY, EVERYTHING, MONDAY, MONDAY + 9 * DAY))
    assert told.spine.memory.gaps.spans("acme") == [(MONDAY, MONDAY + 9 * DAY)]


def test_what_is_known_of_gaps_and_roads_outlives_a_dump():
    told = scene()
    told.tell(*by_roads(MONDAY, MONDAY + 3 * DAY, 3, "sky", "press"))
    told.tell(Gap(MONDAY + 3 * DAY, "sky", MONDAY + 3 * DAY, FOREVER))
    told.tell(Gap(MONDAY + 3 * DAY, "broker", MONDAY + 3 * DAY, FOREVER))
    packed = msgspec.msgpack.encode(told.spine.memory.dump())
    loaded = Spine(Memory.load(msgspec.msgpack.decode(packed), told.spine.memory.rules))
    assert msgspec.msgpack.encode(loaded.memory.dump()) == packed
    assert [gap.source for gap in loaded.memory.gaps.of("acme")] == ["sky"]
    assert [gap.source for gap in loaded.memory.gaps.of("of later")] == ["sky", "broker"]


def test_a_road_that_is_heard_no_more_is_no_part_of_the_normal_after_ten_weeks():
    roads = Roads()
    for number in range(100):
        roads.count("acme", "old", MONDAY + number)
    for day in range(70):
        for number in range(5):
            roads.count("acme", "new", MONDAY + day * DAY + number)
    assert roads.matters("acme", "new")
    assert not roads.matters("acme", "old")
    assert Roads.load(roads.dump()).dump() == roads.dump()


def test_mentions_by_no_known_road_may_have_come_by_any():
    roads = Roads()
    for number in range(100):
        roads.count("acme", "", MONDAY + number)
    assert roads.matters("acme", "sky")
