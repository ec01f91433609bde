"""Campaigns of the calendar: what they multiply, what they hide, and what they do not."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streams import MONDAY, aged, follow, poisson, sighting

from buzzwatch.detect.calendar import Calendar
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import DAY, EVERY_WINDOW, HOUR, MINUTE, WINDOWS, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Detector

PARIS = ZoneInfo("Europe/Paris")
MONTHLY = 1 / 30
SALES = Campaign(MONDAY + 9 * HOUR, MONDAY + 33 * HOUR, 5.0, "Soldes")
END = MONDAY + 2 * DAY
BOTH = (Detector.VOLUME, Detector.NEGATIVITY)


@cache
def past(per_hour: float = 6.0) -> dict[str, Any]:
    return aged(per_hour, days=14).dump()


def under(*campaigns: Campaign, zone: tzinfo = UTC) -> Pulse:
    return Pulse.load(past(), zone, campaigns)


def days(*factors: tuple[Campaign, float], seed: int = 3, until: Instant = END) -> Iterator[Sighting]:
    """Chance traffic from MONDAY on, in each campaign really so many times as dense."""
    dice = random.Random(seed)
    most = max([1.0, *(factor for _, factor in factors)])
    for at in poisson(dice, MONDAY, until, 6.0 * most):
        factor = next((factor for each, factor in factors if each.since <= at < each.until), 1.0)
        if dice.random() < factor / most:
            yield sighting(at, negativity=dice.random() ** 2)


def rings(pulse: Pulse, items: Iterable[Sighting], detectors: tuple[Detector, ...] = BOTH) -> list[Instant]:
    """Over a quarter of an hour, an hour, and all windows together; within six hours once."""
    asked = [(each, over) for each in detectors for over in (15 * MINUTE, HOUR)] + [(Detector.VOLUME, EVERY_WINDOW)]
    asked = [each for each in asked if each[0] in detectors]
    rung: list[Instant] = []
    last: Instant = 0
    for now in follow(pulse, items):
        if any(pulse.signal(*each).score >= pulse.ceiling(*each, MONTHLY) for each in asked):
            if now - last > 6 * HOUR:
                rung.append(now)
            last = now
    return rung


def usual(pulse: Pulse) -> list[float]:
    return [pulse.signal(each, over).expected for each in BOTH for over in WINDOWS]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_campaign_as_loud_as_expected_rings_nothing_and_leaves_what_is_usual_as_it_was(seed: int):
    told, plain = under(SALES), under()
    assert rings(told, days((SALES, 5.0), seed=seed)) == []
    assert rings(plain, days(seed=seed)) == []
    for pulse in (told, plain):
        pulse.count(sighting(SALES.until + 2 * DAY))  # what is over is learnt when somebody is heard again
        pulse.look(SALES.until + 2 * DAY)
    assert usual(told) == pytest.approx(usual(plain), rel=0.06)
    surges = [pulse.habits()["surge"] for pulse in (told, plain)]
    units = [squares / days for days, squares in surges]
    assert units[0] == pytest.approx(units[1], rel=0.1)


def test_without_an_entry_it_rings():
    (first, *_) = rings(under(), days((SALES, 5.0)))
    assert SALES.since < first < SALES.since + HOUR


def test_a_crisis_within_a_campaign_rings():
    crisis = Campaign(SALES.since + 8 * HOUR, SALES.since + 10 * HOUR, 1.0, "")
    (first, *_) = rings(under(SALES), days((crisis, 20.0), (SALES, 5.0), until=crisis.until))
    assert crisis.since < first < crisis.since + HOUR


def test_anger_within_a_campaign_rings_by_its_share():
    dice, since = random.Random(8), SALES.since + 6 * HOUR
    pulse = under(SALES)
    calm = list(days((SALES, 5.0), until=since))
    angry = [sighting(at, negativity=0.9) for at in poisson(dice, since, since + 2 * HOUR, 30.0)]
    assert rings(pulse, calm) == []
    assert rings(pulse, angry, (Detector.VOLUME,)) == []
    assert pulse.signal(Detector.NEGATIVITY, HOUR).score > pulse.ceiling(Detector.NEGATIVITY, HOUR, MONTHLY)
    assert pulse.signal(Detector.NEGATIVITY, HOUR).usual_share == pytest.approx(0.33, abs=0.05)


def bars(pulse: Pulse, at: Instant) -> dict[int, float]:
    """What is usual in each minute."""
    pulse.look(at)
    return {begin // MINUTE: usual for begin, _, usual in pulse.history(Detector.VOLUME, 1)}


@pytest.mark.parametrize("hours", [9.5, 10, 20.5, 23, 32.5])
def test_a_campaign_multiplies_every_minute_from_its_first_to_its_last(hours: float):
    since, until, at = MONDAY + 9 * HOUR + 17 * MINUTE, MONDAY + 20 * HOUR + 43 * MINUTE, MONDAY + int(hours * HOUR)
    told, plain = (bars(under(Campaign(since, until, factor, "")), at) for factor in (5.0, 1.0))
    factors = {minute: 5 if since <= minute * MINUTE < until else 1 for minute in plain}
    assert told == pytest.approx({minute: factors[minute] * plain[minute] for minute in plain})


@pytest.mark.parametrize("minutes", [0, 17, 30, 75])
def test_a_window_that_straddles_an_edge_expects_the_sum_of_both_parts(minutes: int):
    at = MONDAY + 9 * HOUR + minutes * MINUTE
    pulse = under(Campaign(MONDAY + 9 * HOUR, MONDAY + 9 * HOUR + 30 * MINUTE, 0.2, "Grève"))
    minute = bars(pulse, at)
    for over in WINDOWS:
        whole = sum(minute[at // MINUTE - back] for back in range(1, over // MINUTE))
        assert pulse.signal(Detector.VOLUME, over).expected == pytest.approx(whole)
        share = pulse.signal(Detector.NEGATIVITY, over).expected / whole
        assert share == pytest.approx(under().signal(Detector.NEGATIVITY, HOUR).usual_share, rel=0.05)


def test_the_open_minute_is_expected_at_its_own_factor():
    pulse, plain = under(Campaign(MONDAY + 9 * HOUR, MONDAY + 10 * HOUR, 5.0, "")), under()
    for at, factor in ((MONDAY + 9 * HOUR - 1, 1), (MONDAY + 9 * HOUR + 30_000, 5), (MONDAY + 10 * HOUR + 30_000, 1)):
        rates = []
        for each in (pulse, plain):
            each.look(at // MINUTE * MINUTE)
            before = each.signal(Detector.VOLUME, 12 * HOUR).expected
            each.look(at)
            rates.append(each.signal(Detector.VOLUME, 12 * HOUR).expected - before)
        assert rates[0] == pytest.approx(factor * rates[1])


def test_the_campaign_of_a_window_is_the_last_that_reaches_into_it():
    other = Campaign(SALES.until, SALES.until + HOUR, 2.0, "Noël")
    pulse = under(SALES, other)
    for at, over, found in (
        (SALES.since - 1, HOUR, None),
        (SALES.since, HOUR, SALES),
        (SALES.until + 30 * MINUTE, HOUR, other),
        (other.until + 59 * MINUTE - 1, HOUR, other),
        (other.until + 59 * MINUTE, HOUR, None),
        (other.until + 59 * MINUTE, 3 * HOUR, other),
    ):
        pulse.look(at)
        assert pulse.campaign(over) == found, at - SALES.since


def test_an_entry_that_comes_or_goes_in_the_middle_counts_from_then_on():
    now = SALES.since + 6 * HOUR
    pulse = under()
    rung = rings(pulse, days((SALES, 5.0), until=now))
    expected = pulse.signal(Detector.VOLUME, HOUR).expected
    told = Pulse.load(pulse.dump(), UTC, [SALES])
    assert told.signal(Detector.VOLUME, HOUR).expected == pytest.approx(5 * expected)
    told.look(now + MINUTE)
    assert (
        max(told.signal(each, over).score for each in BOTH for over in WINDOWS)
        < 3
        < max(pulse.signal(each, over).score for each in BOTH for over in WINDOWS)
    )
    again = Pulse.load(told.dump(), UTC)
    assert rung
    assert again.signal(Detector.VOLUME, HOUR).expected == pytest.approx(expected, rel=0.02)


def test_a_dump_amid_a_campaign_changes_nothing():
    pulse = under(SALES)
    for number, item in enumerate(days((SALES, 5.0), until=SALES.since + 14 * HOUR)):
        pulse.count(item)
        if number % 40 == 0:
            twin = Pulse.load(pulse.dump(), UTC, [SALES])
            for each in (pulse, twin):
                each.look(item.seen_at // 1_000 * 1_000 + 1_000)
            assert twin.dump() == pulse.dump()
            assert usual(twin) == usual(pulse)


def test_of_a_thousand_campaigns_only_those_near_are_looked_at():
    asked = []

    class Counted(tuple[Campaign, ...]):
        __slots__ = ()

        def __getitem__(self, place: Any) -> Any:
            asked.append(place)
            return super().__getitem__(place)

    many = [Campaign(MONDAY + day * DAY, MONDAY + day * DAY + HOUR, 2.0, "") for day in range(-500, 500)]
    pulse = under(*many)
    pulse._calendar.campaigns = Counted(many)
    for minute in range(0, 3 * 24 * 60, 7):
        pulse.look(MONDAY + minute * MINUTE)
    assert 0 < len(asked) < 72 * 3 * 5
    assert Calendar(many).between(MONDAY, MONDAY + DAY) == (many[500],)


def test_a_calendar_of_paris_follows_its_clocks_when_they_change_amid_a_campaign():
    spring = int(datetime(2026, 3, 29, tzinfo=PARIS).timestamp()) * 1_000
    campaign = Campaign(spring - 6 * HOUR, spring + 20 * HOUR, 5.0, "")
    dice = random.Random(2)
    calm = [
        sighting(at)
        for at in poisson(dice, spring - 16 * DAY, spring + 26 * HOUR, 30.0)
        if dice.random() < (1.0 if campaign.since <= at < campaign.until else 0.2)
        and (8 <= datetime.fromtimestamp(at / 1_000, PARIS).hour < 22 or dice.random() < 0.1)
    ]
    pulse = Pulse(PARIS, spring - 16 * DAY, [campaign])
    assert [at for at in rings(pulse, calm) if at > campaign.since] == []
