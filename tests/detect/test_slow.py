"""What keeps coming back for days is told once, when it is clear; one loud day, a season and a larger brand are not."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from math import sqrt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from streams import MONDAY, sighting

from buzzwatch.detect.days import day_of, start_of
from buzzwatch.detect.recurring import LONGEST, Recurring
from buzzwatch.detect.slow import Diary, Recurrence
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.signal import Trend

MONTHLY = 1 / 30
PARIS = ZoneInfo("Europe/Paris")
SCREEN = "theme:screen"
Days = Callable[[int], int]


def post(at: Instant, author: int, **changes: object) -> Sighting:
    return sighting(at, author=author, copy=author, mention=f"x:{author}", **changes)


def live(diary: Diary, days: Iterable[int], screen: Days, others: Days = lambda _: 10, gaps=()) -> list[Recurrence]:
    """Days counted from MONDAY, each with so many voices; what was said at their ends."""
    told = []
    for day in days:
        noon = MONDAY + day * DAY + 12 * HOUR
        for number in range(screen(day)):
            diary.count(post(noon + number, day * 10_000 + number + 1), (SCREEN,))
        for number in range(others(day)):
            diary.count(post(noon + number, day * 10_000 + 5_000 + number), ())
        told += diary.close(noon + 12 * HOUR, gaps, MONTHLY)
    return told


def fresh(told: list[Recurrence]) -> list[Recurrence]:
    return [each for each in told if each.fresh]


def sparse(day: int) -> int:
    """One voice every other day."""
    return day % 2


def aged(days: int = 60, screen: Days = sparse, others: Days = lambda _: 10) -> Diary:
    """A diary of the days before MONDAY."""
    diary = Diary(UTC, MONDAY - days * DAY)
    assert fresh(live(diary, range(-days, 0), screen, others)) == []
    return diary


def reloaded(diary: Diary) -> Diary:
    return Diary.load(msgspec.msgpack.decode(msgspec.msgpack.encode(diary.dump())), diary.zone)


def test_what_grows_from_day_to_day_is_told_in_its_first_week_with_numbers_and_posts():
    told = fresh(live(aged(), range(14), lambda day: 1 + day // 2))
    first = told[0]
    assert first.subject == SCREEN
    assert first.began_at == MONDAY - DAY
    assert (first.voices, first.authors, first.spoken, first.width) == (13, 13, 7, 7)
    assert first.expected == pytest.approx(4, abs=0.5)
    assert first.score >= first.ceiling >= 2
    assert first.trend is Trend.RISING
    assert not first.learning
    assert first.samples == ("x:50003", "x:40003", "x:30002")


def test_a_plateau_is_told_once_and_again_when_it_doubles():
    diary = aged()
    said = live(diary, range(20), lambda _: 6)
    assert [each.fresh for each in said].count(True) == 1
    assert len(said) >= 15  # it goes on
    again = fresh(live(diary, range(20, 30), lambda _: 13))
    assert len(again) == 1
    assert again[0].pace >= 2 * fresh(said)[0].pace


def test_after_a_calm_it_is_told_again_and_the_calm_ends_it():
    diary = aged()
    assert len(fresh(live(diary, range(7), lambda _: 5))) == 1
    assert live(diary, range(9, 30), sparse) == []
    assert len(fresh(live(diary, range(30, 37), lambda _: 6))) == 1


def test_a_new_level_becomes_the_usual():
    diary = aged()
    assert len(fresh(live(diary, range(90), lambda _: 6))) == 1
    assert live(diary, range(90, 120), lambda _: 6) == []
    assert diary.history(SCREEN)[-1][1:] == (6.0, pytest.approx(6, abs=1))


def test_one_viral_day_is_no_slow_signal():
    assert live(aged(), range(20), lambda day: 300 if day == 3 else sparse(day)) == []


def test_a_single_author_or_a_single_text_is_no_slow_signal():
    for same in ({"author": 7}, {"copy": 7}):
        diary = aged()
        for day in range(14):
            for number in range(8):
                at = MONDAY + day * DAY + number * HOUR
                diary.count(sighting(at, **({"author": at % 10_007, "copy": at % 10_009} | same)), (SCREEN,))
            assert diary.close(MONDAY + (day + 1) * DAY, (), MONTHLY) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"official": True}, id="official"),
        pytest.param({"voice": "ours"}, id="our people"),
        pytest.param({"author": 0}, id="unknown authors"),
        pytest.param({"late": 13 * HOUR}, id="late"),
    ],
)
def test_what_is_nobodys_voice_does_not_count(changes):
    diary, late = aged(), changes.pop("late", 0)
    for day in range(10):
        for number in range(9):
            at = MONDAY + day * DAY + 14 * HOUR + number * MINUTE
            told = sighting(at, at + late, **({"author": at % 1_000_003} | changes))
            diary.count(told, (SCREEN,))
        assert diary.close(MONDAY + (day + 2) * DAY, (), MONTHLY) == []


def test_a_brand_that_doubles_has_twice_as_much_of_everything():
    diary = aged(90, lambda _: 4, lambda _: 20)
    assert live(diary, range(30), lambda _: 9, lambda _: 45) == []
    assert len(fresh(live(aged(90, lambda _: 4, lambda _: 20), range(30), lambda _: 12, lambda _: 20))) == 1


def test_weekends_and_a_holiday_are_no_news():
    def seasonal(usual: int) -> Days:
        return lambda day: usual // (2 if day % 7 > 4 else 1) // (3 if 30 <= day < 44 else 1)

    diary = aged(90, seasonal(6), seasonal(30))
    assert live(diary, range(90), seasonal(6), seasonal(30)) == []


def test_a_new_brand_is_not_judged_before_it_has_a_past():
    diary = Diary(UTC, MONDAY)
    assert live(diary, range(9), lambda day: 3 * day) == []


def test_a_subject_never_heard_of_in_an_old_brand_is_news_and_a_renewed_one_is_not():
    story = aged(screen=lambda _: 0)
    assert fresh(live(story, range(7), lambda _: 3))
    theme = aged(screen=lambda _: 0)
    theme.renew(SCREEN)
    assert fresh(live(theme, range(9), lambda _: 3)) == []


def test_a_day_mostly_deaf_is_neither_judged_nor_learnt():
    diary, plain = aged(), aged()
    gaps = ((MONDAY + DAY + HOUR, MONDAY + 2 * DAY),)
    assert live(diary, range(1), lambda _: 1) == live(plain, range(1), lambda _: 1) == []
    diary.count(post(MONDAY + DAY, 99), (SCREEN,))
    assert diary.close(MONDAY + 2 * DAY + 59 * MINUTE, gaps, MONTHLY) == []
    assert diary.due(gaps) == MONDAY + 2 * DAY + HOUR
    diary.close(MONDAY + 2 * DAY + HOUR, gaps, MONTHLY)
    assert diary.due(gaps) is None
    assert diary.history(SCREEN)[-1][1] == 0.0
    for _ in range(LONGEST):
        plain._pass_day(0, {})
        diary._pass_day(0, {})
    assert diary.dump()["past"] == plain.dump()["past"]  # nothing of it was learnt
    assert diary.history(SCREEN)[-1][2] == plain.history(SCREEN)[-1][2]


def test_a_day_that_ends_in_an_open_gap_waits_for_half_a_day_at_most():
    diary = aged()
    diary.count(post(MONDAY + HOUR, 1), (SCREEN,))
    assert diary.due(((MONDAY + 20 * HOUR, 1 << 62),)) == MONDAY + 36 * HOUR
    assert diary.due(((MONDAY + 20 * HOUR, MONDAY + 23 * HOUR + 30 * MINUTE),)) == MONDAY + 24 * HOUR + 30 * MINUTE
    assert diary.due(((MONDAY + 2 * HOUR, MONDAY + 3 * HOUR),)) == MONDAY + DAY


def test_what_comes_in_after_its_day_was_closed_counts_on_the_next():
    diary = aged()
    diary.close(MONDAY, (), MONTHLY)
    diary.count(post(MONDAY + HOUR, 1), (SCREEN,))
    diary.close(MONDAY + DAY, (), MONTHLY)
    diary.count(sighting(MONDAY + 23 * HOUR, MONDAY + 25 * HOUR, author=5), (SCREEN,))
    assert diary.due(()) == MONDAY + 2 * DAY
    diary.close(MONDAY + 2 * DAY, (), MONTHLY)
    assert [voices for _, voices, _ in diary.history(SCREEN)[-2:]] == [1.0, 1.0]


def test_days_found_together_after_a_downtime_are_judged_once_each():
    daily, late = aged(), aged()
    expected = live(daily, range(6), lambda _: 5)
    for day in range(6):
        noon = MONDAY + day * DAY + 12 * HOUR
        for number in range(5):
            late.count(post(noon + number, day * 10_000 + number + 1), (SCREEN,))
        for number in range(10):
            late.count(post(noon + number, day * 10_000 + 5_000 + number), ())
    told = late.close(MONDAY + 6 * DAY, (), MONTHLY)
    assert [(each.began_at, each.voices) for each in told] == [(each.began_at, each.voices) for each in expected]
    assert late.close(MONDAY + 6 * DAY, (), MONTHLY) == []


@pytest.mark.parametrize("days", [1, 13, 14, 15, 40, 2_500])
def test_silent_days_are_learnt_at_once_as_one_by_one(days):
    swift, slow = aged(), aged()
    for _ in range(days):
        slow._pass_day(0, {})
        slow._first += 1
    for diary in (swift, slow):
        diary.count(post(MONDAY + days * DAY, 1), (SCREEN,))
        diary.close(MONDAY + (days + 1) * DAY, (), MONTHLY)
    one, other = swift.history(SCREEN), slow.history(SCREEN)
    assert [bar[:2] for bar in one] == [bar[:2] for bar in other]
    assert one[-1][2] == pytest.approx(other[-1][2])


@pytest.mark.parametrize("night", [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)])
def test_days_follow_the_clocks_of_the_place(night):
    begin = int(night.timestamp()) * SECOND
    hours = 23 if night.month == 3 else 25
    day = day_of(PARIS, begin)
    assert start_of(PARIS, day) == begin
    assert start_of(PARIS, day + 1) == begin + hours * HOUR
    assert day_of(PARIS, begin - 1) == day - 1
    assert {day_of(PARIS, begin + number * 15 * MINUTE) for number in range(hours * 4)} == {day}
    diary = Diary(PARIS, begin)
    assert diary.count(post(begin, 1), ())
    assert not diary.count(post(begin + hours * HOUR - 1, 2), ())
    assert diary.due(()) == begin + hours * HOUR
    assert diary.count(post(begin + hours * HOUR, 3), ())


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Beirut", "America/Havana"])
def test_where_clocks_change_at_midnight_days_follow_each_other(zone):
    place = ZoneInfo(zone)
    at, last = MONDAY, day_of(place, MONDAY)
    for _ in range(365 * 24):
        at += HOUR
        day = day_of(place, at)
        assert last <= day <= last + 1
        assert start_of(place, day) <= at < start_of(place, day + 1)
        last = day


def test_a_clock_set_back_forgets_the_future_alone():
    diary = aged()
    live(diary, range(3), sparse)
    diary.count(post(MONDAY + 3 * DAY, 1), (SCREEN,))
    diary.set_back(MONDAY + 2 * DAY + 23 * HOUR)
    assert diary.due(()) is None
    said = live(diary, range(2, 9), lambda _: 5)
    assert len(fresh(said)) == 1


def test_dump_and_load_change_nothing_and_the_order_of_mentions_neither():
    dice, one = random.Random(3), aged()
    other = reloaded(one)
    for day in range(10):
        posts = [post(MONDAY + day * DAY + HOUR, dice.getrandbits(32), followers=n % 3) for n in range(700)]
        for each in posts:
            one.count(each, (SCREEN, f"story:{each.author % 5}"))
        for each in dice.sample(posts, len(posts)):
            other.count(each, (SCREEN, f"story:{each.author % 5}"))
        assert one.dump() == other.dump()
        other = reloaded(other)
        end = MONDAY + (day + 1) * DAY
        assert one.close(end, (), MONTHLY) == other.close(end, (), MONTHLY)
        assert one.dump() == other.dump()


def test_a_flood_of_subjects_is_bounded_and_the_same_in_any_order():
    one, other = aged(), aged()
    stories = [f"story:{number}" for number in range(3_000)]
    for number, story in enumerate(stories):
        one.count(post(MONDAY + HOUR, number), (story,))
    for number, story in reversed(list(enumerate(stories))):
        other.count(post(MONDAY + HOUR, number), (story,))
    assert one.dump() == other.dump()
    for diary in (one, other):
        diary.close(MONDAY + DAY, (), MONTHLY)
    assert one.dump() == other.dump()
    assert len(one.dump()["subjects"]) == 300
    assert SCREEN in one.dump()["subjects"]


def test_subjects_that_nobody_speaks_of_are_forgotten():
    diary = aged()
    assert set(diary.dump()["subjects"]) == {SCREEN}
    live(diary, range(500), lambda _: 0)
    assert diary.dump()["subjects"] == {}


def test_a_subject_remembers_a_fortnight():
    recurring = Recurring()
    for day in range(40):
        recurring.pass_day(day, b"", "", day)
    assert recurring.days == list(range(40 - LONGEST, 40))


def drawn(diary: Diary, days: range, seed: int, mean: Callable[[int], float], others: float = 10) -> Iterator[int]:
    """Negative-binomial days; those, from 1 on, at whose ends something new was said."""
    dice = random.Random(seed)
    for day in days:
        mood = dice.lognormvariate(-0.01, 0.14)
        screen, everybody = draw(dice, mean(day) * mood), draw(dice, others * mood)
        if fresh(live(diary, [day], lambda _, count=screen: count, lambda _, count=everybody: count)):
            yield day + 1


def draw(dice: random.Random, mean: float) -> int:
    mean *= dice.gammavariate(10, 0.1)
    passed, count = dice.expovariate(1), 0
    while passed < mean:
        passed, count = passed + dice.expovariate(1), count + 1
    return count


def test_on_ordinary_days_less_is_found_than_the_budget_allows():
    days, rates = range(200), (0.2, 0.2, 2.0, 2.0, 8.0)
    found = [
        len(list(drawn(Diary(UTC, MONDAY), days, seed, lambda _, rate=rate: rate))) for seed, rate in enumerate(rates)
    ]
    allowed = len(days) * MONTHLY
    assert sum(found) <= len(found) * allowed
    assert max(found) <= allowed + 2 * sqrt(allowed)


def test_a_cracked_screen_is_found_within_ten_days():
    """From one voice every other day to eight a day within a fortnight."""
    for seed in range(8):
        diary = Diary(UTC, MONDAY - 60 * DAY)
        for _ in drawn(diary, range(-60, 0), seed, lambda _: 0.5):
            pass
        assert next(drawn(diary, range(14), seed, lambda day: 0.5 + 7.5 * day / 14)) <= 10, seed
