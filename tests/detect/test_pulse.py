import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import MONDAY, aged, alarms, burst, follow, poisson, sighting

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.instant import DAY, EVERY_WINDOW, HOUR, MINUTE, WINDOWS, instant_of, next_second
from buzzwatch.model.signal import Detector, Trend

PARIS = ZoneInfo("Europe/Paris")
DETECTORS = (Detector.VOLUME, Detector.NEGATIVITY)
MONTHLY, WEEKLY = 1 / 30, 1 / 7
CHANGES = [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)]


def state(pulse):
    every = [pulse.signal(detector, EVERY_WINDOW) for detector in DETECTORS]
    return [*every, *(pulse.signal(detector, over) for detector in DETECTORS for over in WINDOWS)]


def run(pulse, items):
    for _ in follow(pulse, items):
        pass
    return pulse


def highest(pulse):
    return max(signal.score for signal in state(pulse))


@given(st.integers(0, 400 * DAY), st.integers(1, 90 * DAY))
@settings(max_examples=30)
def test_a_brand_nobody_mentions_never_alarms(first, then):
    pulse = Pulse(PARIS, MONDAY)
    for now in (MONDAY + first, MONDAY + first + then):
        pulse.look(now)
        for detector in DETECTORS:
            for over in WINDOWS:
                assert pulse.signal(detector, over).score < pulse.ceiling(detector, over, 1.0)
        assert pulse.signal(Detector.VOLUME, EVERY_WINDOW).score == 0


def test_a_mention_a_week_is_no_crisis():
    pulse = Pulse(UTC, MONDAY)
    for now in follow(pulse, [sighting(MONDAY + week * 7 * DAY, negativity=1.0) for week in range(80)]):
        assert all(signal.score < LINE for signal in state(pulse)), now


def test_the_first_minutes_of_a_busy_brand_do_not_ring():
    dice = random.Random(4)
    pulse = Pulse(UTC, MONDAY)
    assert alarms(pulse, map(sighting, poisson(dice, MONDAY, MONDAY + DAY, 300)), HOUR, WEEKLY) == []


@pytest.mark.parametrize("over", [15 * MINUTE, HOUR, 6 * HOUR])
def test_quiet_streams_stay_within_their_budget(over):
    rung = months = 0
    for seed in range(8):
        dice = random.Random(seed)
        instants = poisson(dice, MONDAY, MONDAY + 60 * DAY, (0.05, 0.4, 1, 3)[seed % 4])
        rung += len(
            alarms(Pulse(UTC, MONDAY), [sighting(at, negativity=dice.random()) for at in instants], over, WEEKLY)
        )
        months += 2
    assert rung <= months * 30 * WEEKLY


def test_a_rise_to_many_times_the_usual_rings_within_minutes():
    pulse = aged(per_hour=5)
    rung = alarms(pulse, burst(MONDAY, 2, 30, negativity=0.9), 15 * MINUTE, MONTHLY)
    assert rung
    assert rung[0] - MONDAY < 9 * MINUTE


def test_a_brand_three_days_old_hears_its_first_crisis():
    pulse = aged(per_hour=5, days=3)
    rung = alarms(pulse, burst(MONDAY, 2, 20, negativity=0.8), 15 * MINUTE, MONTHLY, [Detector.NEGATIVITY])
    assert rung
    assert rung[0] - MONDAY < 12 * MINUTE


def test_many_calm_mentions_are_volume_alone():
    pulse = run(aged(per_hour=20), burst(MONDAY, 10, 30, negativity=0.25))
    assert pulse.signal(Detector.VOLUME, HOUR).score > pulse.ceiling(Detector.VOLUME, HOUR, MONTHLY)
    assert pulse.signal(Detector.NEGATIVITY, HOUR).score < LINE


def test_one_text_copied_a_hundred_times_is_volume_alone():
    pulse = run(aged(per_hour=5), burst(MONDAY, 10, 10, negativity=0.95, copy=12_345))
    assert pulse.signal(Detector.VOLUME, 15 * MINUTE).observed >= 100
    assert pulse.signal(Detector.NEGATIVITY, 15 * MINUTE).observed < 3


def test_six_hours_of_ordinary_mentions_heard_in_one_minute_ring_nothing():
    pulse = aged(per_hour=30)
    dice = random.Random(3)
    heard = MONDAY + 6 * HOUR
    items = [
        sighting(at, heard + number * 50, negativity=dice.random() ** 2)
        for number, at in enumerate(poisson(dice, MONDAY, heard, 30))
    ]
    assert alarms(pulse, items, HOUR, WEEKLY) == []
    assert highest(pulse) < 3


def test_mentions_too_late_or_from_before_the_brand_was_watched_enter_nothing():
    pulse = Pulse(UTC, MONDAY)
    run(pulse, [sighting(MONDAY - HOUR, MONDAY + HOUR), sighting(MONDAY + HOUR, MONDAY + 14 * HOUR)])
    assert pulse.mentions(12 * HOUR) == 0


def test_our_own_posts_are_no_traffic_but_end_a_silence():
    pulse = run(Pulse(UTC, MONDAY), [sighting(MONDAY + MINUTE, official=True, negativity=1.0)])
    assert pulse.mentions(HOUR) == 0
    assert pulse.share(HOUR) is None
    assert pulse.last_at == MONDAY + MINUTE


def daily_rhythm(start):
    dice = random.Random(6)
    return [
        sighting(at)
        for at in poisson(dice, start, start + 31 * DAY, 20)
        if 8 <= datetime.fromtimestamp(at / 1_000, PARIS).hour < 22 or dice.random() < 0.1
    ]


@pytest.mark.parametrize(("over", "detectors"), [(HOUR, DETECTORS), (EVERY_WINDOW, [Detector.VOLUME])])
@pytest.mark.parametrize("day", CHANGES)
def test_a_change_of_the_clocks_does_not_ring(day, over, detectors):
    pulse, items = Pulse(PARIS, instant_of(day) - 28 * DAY), daily_rhythm(instant_of(day) - 28 * DAY)
    rung = alarms(pulse, items, over, MONTHLY, detectors)
    assert not [at for at in rung if instant_of(day) < at < instant_of(day) + 2 * DAY]


def test_a_rise_rings_over_all_windows_together_and_names_the_one_that_shows_it():
    pulse = aged(per_hour=5)
    rung = alarms(pulse, burst(MONDAY, 2, 30), EVERY_WINDOW, MONTHLY, [Detector.VOLUME])
    assert rung
    assert rung[0] - MONDAY < 20 * MINUTE
    signal = pulse.signal(Detector.VOLUME, EVERY_WINDOW)
    assert signal.over in WINDOWS
    assert signal.observed > 3 * signal.expected


def test_anger_over_all_windows_is_that_of_the_one_that_shows_it_most():
    pulse = run(aged(per_hour=20), burst(MONDAY, 2, 20, negativity=0.9))
    signal = pulse.signal(Detector.NEGATIVITY, EVERY_WINDOW)
    assert signal.over in WINDOWS[:4]
    assert signal.observed == pulse.signal(Detector.NEGATIVITY, signal.over).observed
    assert signal.score > LINE


@pytest.mark.parametrize("per_hour", [10, 60])
def test_three_times_the_anger_for_two_hours_rings_at_a_weekly_budget(per_hour):
    pulse, dice = aged(per_hour), random.Random(9)
    calm = [sighting(at, negativity=dice.random() ** 2) for at in poisson(dice, MONDAY, MONDAY + 2 * HOUR, per_hour)]
    angry = [sighting(at, negativity=0.8) for at in poisson(dice, MONDAY, MONDAY + 2 * HOUR, per_hour)]
    items = sorted([*calm, *angry], key=lambda item: item.seen_at)
    assert alarms(pulse, items, EVERY_WINDOW, WEEKLY, [Detector.NEGATIVITY])


@pytest.mark.parametrize("per_hour", [0.4, 3, 20])
def test_calm_anger_over_all_windows_stays_within_its_budget(per_hour):
    dice, days = random.Random(7), 40
    instants = poisson(dice, MONDAY, MONDAY + days * DAY, per_hour)
    items = (sighting(at, negativity=dice.random() ** 2) for at in instants)
    rung = alarms(Pulse(UTC, MONDAY), items, EVERY_WINDOW, WEEKLY, [Detector.NEGATIVITY])
    assert len(rung) <= days * WEEKLY + 2 * (days * WEEKLY) ** 0.5


def test_a_look_at_which_nothing_is_new_is_no_onset():
    pulse = run(aged(per_hour=5), burst(MONDAY, 2, 30))
    score = pulse.signal(Detector.VOLUME, EVERY_WINDOW).score
    pulse.look(MONDAY + 3 * HOUR)
    assert not pulse.onset_at_last_look
    assert pulse.signal(Detector.VOLUME, EVERY_WINDOW).score == score > 0


def test_a_brand_that_doubled_for_good_is_normal_again_within_days():
    dice = random.Random(5)
    pulse = aged(per_hour=10)
    rung = []
    for days, per_hour in ((7, 20), (14, 20)):
        since = MONDAY + (0 if days == 7 else 7 * DAY)
        items = map(sighting, poisson(dice, since, since + days * DAY, per_hour))
        rung.append(alarms(pulse, items, EVERY_WINDOW, WEEKLY, [Detector.VOLUME]))
    assert 1 <= len(rung[0]) <= 4
    assert len(rung[1]) <= 3
    assert pulse.signal(Detector.VOLUME, HOUR).expected == pytest.approx(20, rel=0.25)


def test_counts_spread_over_minutes_are_the_same_as_mentions():
    told, counted = Pulse(UTC, MONDAY), Pulse(UTC, MONDAY)
    for row in range(200):
        first, count = MONDAY // MINUTE + 5 * row, 7 + row % 5
        counted.spread(first, 5, count)
        for minute in range(5):
            for number in range(count // 5 + (minute < count % 5)):
                told.count(sighting((first + minute) * MINUTE + number, (first + 5) * MINUTE - 2_000, negativity=0.0))
        for pulse in (told, counted):
            pulse.look((first + 5) * MINUTE - 1_000)
        volumes = [
            [pulse.signal(Detector.VOLUME, over) for over in (EVERY_WINDOW, *WINDOWS)] for pulse in (told, counted)
        ]
        assert volumes[0] == volumes[1]


@pytest.mark.parametrize("day", CHANGES)
def test_a_brand_in_the_wrong_zone_rings_when_the_clocks_change(day):
    pulse, items = Pulse(UTC, instant_of(day) - 28 * DAY), daily_rhythm(instant_of(day) - 28 * DAY)
    assert [at for at in alarms(pulse, items, HOUR, MONTHLY) if instant_of(day) < at < instant_of(day) + 2 * DAY]


def test_the_beginning_and_the_samples_of_a_rise_are_told():
    pulse = aged(per_hour=5)
    run(pulse, burst(MONDAY + HOUR, 3, 25, negativity=0.9))
    onset = pulse.onset(Detector.NEGATIVITY, 15 * MINUTE)
    assert abs(onset.began_at - (MONDAY + HOUR)) <= 2 * MINUTE
    assert len(set(onset.samples)) == 3


def test_a_stray_mention_hours_before_is_not_the_beginning():
    pulse = aged(per_hour=0.006, days=60)
    run(pulse, [sighting(MONDAY + HOUR), *burst(MONDAY + 7 * HOUR, 2, 20)])
    assert abs(pulse.onset(Detector.VOLUME, HOUR).began_at - (MONDAY + 7 * HOUR)) <= MINUTE


def test_samples_of_a_conversation_are_its_own():
    pulse = run(aged(per_hour=5), [*burst(MONDAY, 1, 9), sighting(MONDAY + 9 * MINUTE, thread="x:root")])
    assert pulse.onset(Detector.VOLUME, HOUR, "x:root").samples == (f"x:{MONDAY + 9 * MINUTE}",)


def test_a_rise_is_rising_a_plateau_steady_and_an_end_fading():
    pulse = aged(per_hour=2)
    trends = []
    for minutes in (range(14), range(14, 45), range(45, 46)):
        later = HOUR // 4 if minutes == range(45, 46) else 0
        run(pulse, [each for minute in minutes for each in burst(MONDAY + minute * MINUTE + later, 3, 1)])
        trends.append(pulse.trend(Detector.VOLUME))
    assert trends == [Trend.RISING, Trend.STEADY, Trend.FADING]


def test_authors_and_shares_are_those_of_the_window():
    pulse = run(aged(per_hour=0.01), burst(MONDAY, 2, 5, negativity=0.8, author=9))
    assert pulse.authors(Detector.NEGATIVITY, 15 * MINUTE) == 1
    assert pulse.share(15 * MINUTE) == pytest.approx(0.8)


def test_the_order_of_mentions_within_a_second_changes_no_signal():
    dice = random.Random(11)
    second = MONDAY + 5 * MINUTE + 1
    items = [
        sighting(second - dice.randrange(9 * MINUTE), second, negativity=dice.random(), author=n + 1, copy=n + 1)
        for n in range(40)
    ]
    pulses = []
    for _ in range(5):
        dice.shuffle(items)
        pulses.append(run(aged(per_hour=3, days=5), items))
    assert all(state(pulse) == state(pulses[0]) for pulse in pulses)
    assert all(pulse.onset(Detector.VOLUME, HOUR) == pulses[0].onset(Detector.VOLUME, HOUR) for pulse in pulses)


def test_a_dump_at_every_step_changes_nothing():
    dice = random.Random(12)
    items = [sighting(at, negativity=dice.random()) for at in poisson(dice, MONDAY, MONDAY + 6 * DAY, 2)]
    pulse = Pulse(PARIS, MONDAY)
    for item in items:
        twin = Pulse.load(pulse.dump(), PARIS)
        for each in (pulse, twin):
            each.count(item)
        again = Pulse.load(pulse.dump(), PARIS)
        for each in (pulse, twin, again):
            each.look(next_second(item.seen_at))
        assert pulse.dump() == twin.dump() == again.dump()
        assert state(pulse) == state(twin) == state(again)


def test_a_dump_shares_nothing_with_what_lives_on():
    pulse = aged(per_hour=2, days=4)
    dumped = pulse.dump()
    kept = msgspec.msgpack.encode(dumped)
    run(pulse, burst(MONDAY, 2, 60))
    assert msgspec.msgpack.encode(dumped) == kept


def test_looking_when_nothing_happened_teaches_nothing_else():
    idle, watched = aged(per_hour=4), aged(per_hour=4)
    for step in range(1, 400):
        watched.look(MONDAY + step * 5 * MINUTE)
    for pulse in (idle, watched):
        pulse.look(MONDAY + 2 * DAY)
    assert state(idle) == state(watched)
    for pulse in (idle, watched):
        run(pulse, [sighting(MONDAY + 2 * DAY + HOUR)])
    assert state(idle) == state(watched)
    assert idle.habits() == watched.habits()


def test_habits_carry_over_to_a_new_brand():
    teacher = aged(per_hour=20)
    pupil = Pulse(UTC, MONDAY + 90 * DAY)
    pupil.adopt(msgspec.json.decode(msgspec.json.encode(teacher.habits())))
    pupil.look(MONDAY + 90 * DAY + 13 * HOUR)
    signal = pupil.signal(Detector.VOLUME, HOUR)
    assert signal.expected == pytest.approx(20, rel=0.2)
    assert not signal.learning


def test_habits_with_other_windows_are_refused():
    habits = aged(per_hour=1, days=1).habits()
    with pytest.raises(ValueError, match="16 are needed"):
        Pulse(UTC, MONDAY).adopt(habits | {"tails": []})


def test_a_window_no_rule_can_name_is_an_error():
    with pytest.raises(KeyError):
        Pulse(UTC, MONDAY).signal(Detector.VOLUME, 7 * MINUTE)


def test_a_reported_outage_leaves_the_normal_as_it_was():
    told, untold = aged(per_hour=6), aged(per_hour=6)
    for pulse, gaps in ((told, [(MONDAY, MONDAY + 3 * DAY)]), (untold, [])):
        pulse.count(sighting(MONDAY + 3 * DAY + 12 * HOUR))
        pulse.look(MONDAY + 3 * DAY + 12 * HOUR + 1_000, gaps)
    assert told.signal(Detector.VOLUME, 12 * HOUR).expected == pytest.approx(12 * 6, rel=0.15)
    assert untold.signal(Detector.VOLUME, 12 * HOUR).expected < 0.75 * 12 * 6


def test_a_rise_does_not_begin_before_the_lull_that_parts_it_from_an_earlier_one():
    pulse = aged(per_hour=0.1)
    earlier, later = burst(MONDAY + HOUR, 10, 30, negativity=0.9), burst(MONDAY + 5 * HOUR, 1, 12, negativity=0.9)
    run(pulse, [*earlier, *later])
    assert abs(pulse.onset(Detector.NEGATIVITY, 15 * MINUTE).began_at - (MONDAY + 5 * HOUR)) <= MINUTE
