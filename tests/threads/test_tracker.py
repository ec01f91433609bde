import random
from math import log2

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buzzwatch.detect.thread import Escalation
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Kind, Sighting
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Phase
from buzzwatch.threads.tracker import Tracker

NOW = 1_767_571_200_000


def reply(posted_at=NOW, seen_at=None, **changes):
    fields = {
        "seen_at": posted_at if seen_at is None else seen_at, "posted_at": posted_at, "mention": f"x:{posted_at}",
        "brand": "acme", "source": "x", "thread": "root", "parent": None, "kind": Kind.REPLY, "author": 1,
        "followers": None, "official": False, "negativity": 0.9, "scorer": "test@1", "lang": "en", "copy": 1,
    }  # fmt: skip
    return Sighting(**(fields | changes))


def tracker(**options):
    return Tracker(Escalation(), **options)


def filled(*sightings, **options):
    tracked = tracker(**options)
    for each in sightings:
        tracked.count(each)
    return tracked


def view(tracked, now=NOW, thread="root"):
    return tracked.view(tracked.slot_of("acme", thread), now)


def test_a_conversation_adds_up_mentions_authors_negativity_and_reach():
    seen = view(filled(reply(followers=100), reply(author=2), reply(author=2, followers=50, negativity=0.0)))
    assert (seen.mentions, seen.authors, seen.reach) == (3, 2, 100)
    assert seen.negative_share == pytest.approx(0.6)


def test_nobody_knows_the_reach_when_no_followers_are_known():
    assert view(filled(reply())).reach is None


def test_a_reply_to_a_reply_belongs_to_the_root():
    tracked = filled(reply(mention="root"), reply(mention="first", parent="root"))
    assert tracked.key_of("second", "first", None) == "root"
    assert tracked.key_of("second", "first", "told") == "told"
    assert tracked.key_of("second", "unheard of", None) == "unheard of"
    assert tracked.key_of("alone", None, None) == "alone"


def test_brands_are_found_by_thread_and_by_reply_in_stable_order():
    tracked = filled(
        reply(brand="zephyr"), reply(brand="acme", mention="m", parent="p"), reply(brand="other", thread="elsewhere")
    )
    assert tracked.brands_of(NOW, "root") == tracked.brands_of(NOW, "m", "root", None, "") == ("zephyr", "acme")
    assert tracked.brands_of(NOW, "m", "elsewhere") == ("zephyr", "acme", "other")
    assert tracked.brands_of(NOW, "nothing", "") == ()


def test_one_thread_of_two_brands_is_two_conversations():
    tracked = filled(reply(brand="zephyr"), reply(), reply())
    assert view(tracked).mentions == 2
    assert tracked.view(tracked.slot_of("zephyr", "root"), NOW).mentions == 1


def test_an_official_root_is_a_watched_conversation_without_a_mention():
    seen = view(filled(reply(mention="root", official=True)))
    assert (seen.mentions, seen.authors, seen.answered, seen.negative_share) == (0, 0, False, 0.0)


def test_an_official_reply_answers_for_half_an_hour():
    tracked = filled(reply(mention="root"), reply(NOW + MINUTE, official=True))
    assert not view(filled(reply(mention="root"))).answered
    assert view(tracked, NOW + MINUTE).answered
    assert view(tracked, NOW + 31 * MINUTE).answered
    assert not view(tracked, NOW + 31 * MINUTE + 1).answered


def test_a_conversation_that_speeds_up_after_the_answer_is_not_answered():
    tracked = filled(reply(mention="root"), reply(NOW + MINUTE, official=True))
    for second in range(10):
        tracked.count(reply(NOW + 2 * MINUTE + second * SECOND))
    assert not view(tracked, NOW + 3 * MINUTE).answered


def test_a_burst_scores_higher_than_as_many_mentions_over_a_day():
    burst = filled(*(reply(NOW - n * SECOND) for n in range(40, 0, -1)))
    slow = filled(*(reply(NOW - n * DAY // 40) for n in range(40, 0, -1)))
    assert view(burst).score > view(slow).score + 2
    assert view(burst).forecast > 4 * view(slow).forecast
    assert view(burst, NOW + 3 * HOUR).score < view(burst).score


def test_a_lone_mention_scores_nothing():
    assert view(filled(reply())).score == 0


def test_the_rate_is_mentions_an_hour():
    steady = filled(*(reply(NOW - n * MINUTE) for n in range(180, 0, -1)))
    assert view(steady).rate == pytest.approx(60, rel=0.1)


def test_a_late_mention_joins_as_what_it_would_be_by_now():
    in_time = filled(reply(NOW - 2 * HOUR), reply(NOW - HOUR), reply(NOW))
    late = filled(reply(NOW - 2 * HOUR), reply(NOW), reply(NOW - HOUR, NOW + SECOND))
    assert view(late).mentions == 3
    assert view(late).rate == pytest.approx(view(in_time).rate)
    assert view(late).forecast == pytest.approx(view(in_time).forecast)


def test_a_mention_older_than_the_first_moves_the_beginning_only():
    seen = view(filled(reply(), reply(NOW - DAY, NOW)))
    assert (seen.first_at, seen.last_at) == (NOW - DAY, NOW)


@pytest.mark.parametrize(
    ("ages", "trend"),
    [
        ([0, 1, 2, 3, 4, 5], Trend.RISING),
        (range(0, 240, 4), Trend.STEADY),
        (range(30, 60), Trend.FADING),
        ([0], Trend.STEADY),
    ],
)
def test_the_trend_compares_ten_minutes_with_the_hour(ages, trend):
    assert view(filled(*(reply(NOW - age * MINUTE) for age in sorted(ages, reverse=True)))).trend is trend


@pytest.mark.parametrize("over", [5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 12 * HOUR])
def test_recent_mentions_of_a_steady_conversation_are_about_those_of_the_window(over):
    tracked = filled(*(reply(NOW - n * MINUTE) for n in range(2_000, 0, -1)))
    assert tracked.recent(0, over, NOW) == pytest.approx(over / MINUTE, rel=0.35)


def test_all_mentions_of_a_young_conversation_are_recent():
    tracked = filled(*(reply(NOW - n * MINUTE) for n in range(50, 0, -1)))
    assert tracked.recent(0, HOUR, NOW) == 50


def test_the_least_recently_seen_gives_way_when_all_slots_are_taken():
    tracked = filled(*(reply(NOW + n, thread=f"t{n}") for n in range(3)), capacity=3)
    tracked.count(reply(NOW + MINUTE, thread="t0"))
    tracked.count(reply(NOW + MINUTE, thread="new"))
    assert tracked.slot_of("acme", "t1") is None
    assert tracked.brands_of(NOW, "t0", "new") == ("acme",)
    assert len(tracked) == 3
    assert view(tracked, NOW + MINUTE, "new").mentions == 1


def test_what_nobody_speaks_of_for_three_days_is_dropped():
    tracked = filled(reply(thread="old"), reply(NOW + DAY, thread="young"))
    tracked.count(reply(NOW + 3 * DAY + 10 * MINUTE + 1, thread="now"))
    assert tracked.slot_of("acme", "old") is None
    assert tracked.brands_of(NOW + 3 * DAY, "young") == ("acme",)
    assert tracked.brands_of(NOW + 4 * DAY + 1, "young") == (), "the authors' time decides, also before it is dropped"


def test_an_active_conversation_stays_while_others_come_and_go():
    tracked = tracker(capacity=100)
    for n in range(5_000):
        tracked.count(reply(NOW + n * SECOND, thread="crisis"))
        tracked.count(reply(NOW + n * SECOND, thread=f"t{n}"))
    assert view(tracked, NOW + 5_000 * SECOND, "crisis").mentions == 5_000
    assert len(tracked) == 100


def test_a_conversation_that_wakes_up_after_it_was_dropped_is_a_new_one():
    tracked = filled(reply(), reply(), reply(NOW + 4 * DAY))
    assert view(tracked, NOW + 4 * DAY).mentions == 1
    assert view(tracked, NOW + 4 * DAY).first_at == NOW + 4 * DAY


def test_idle_conversations_make_room_without_being_asked_for():
    tracked = filled(*(reply(NOW + n * HOUR, thread=f"t{n}") for n in range(1_000)))
    assert 72 <= len(tracked) <= 120


def test_the_judge_hears_of_every_rise_that_matters_and_of_the_rest_by_the_end_of_the_day():
    judge = Hearing()
    tracked = Tracker(judge)
    for n in range(300):
        tracked.count(reply(NOW + n * SECOND))
    assert len(judge.rises) < 80
    tracked.count(reply(NOW + DAY + HOUR, thread="other"))
    assert judge.rises[0][0] == pytest.approx(judge.calm)
    assert [before for before, _ in judge.rises[1:]] == pytest.approx([after for _, after in judge.rises[:-1]])
    assert judge.rises[-1][1] == pytest.approx(tracked._heat[0])


def test_the_ceiling_rises_with_what_the_brand_is_used_to():
    rough = tracker()
    for thread in range(200):
        for n in range(60):
            rough.count(reply(NOW + thread * HOUR + n * SECOND, thread=f"t{thread}"))
    calm = filled(*(reply(NOW + n * HOUR, thread=f"t{n}") for n in range(200)))
    assert rough.thread_ceiling("acme", 1 / 30) > calm.thread_ceiling("acme", 1 / 30) + 2
    assert calm.thread_ceiling("acme", 1 / 30) == calm.thread_ceiling("never heard of", 1 / 30)


class Hearing(Escalation):
    """Notes what it is given to learn."""

    def __init__(self):
        super().__init__()
        self.days, self.came, self.rises = [], [], []

    def learn(self, before, most, heat_before, heat):
        self.days.append((before, most))

    def rise(self, brand, before, after, now):
        self.rises.append((before, after))

    def compare(self, expected, came, *, first_day):
        self.came.append((round(expected, 3), came))


def test_what_became_of_a_conversation_is_learnt_a_day_after_it_began():
    judge = Hearing()
    tracked = Tracker(judge)
    for minute in range(5):
        tracked.count(reply(NOW + minute * MINUTE))
    tracked.count(reply(NOW + DAY - 1, thread="other"))
    assert judge.days == []
    tracked.count(reply(NOW + DAY, thread="other"))
    assert judge.days == [(0, 5)]


def test_the_largest_of_several_days_is_learnt():
    judge = Hearing()
    tracked = Tracker(judge)
    for day, mentions in enumerate((3, 1, 7)):
        for n in range(mentions):
            tracked.count(reply(NOW + 2 * day * DAY + n))
    tracked.count(reply(NOW + 9 * DAY, thread="other"))
    assert judge.days == [(0, 3), (3, 3), (3, 7)]


def test_a_conversation_that_gives_way_is_learnt_as_far_as_it_came():
    judge = Hearing()
    tracked = Tracker(judge, capacity=1)
    tracked.count(reply())
    tracked.count(reply(NOW + 1, thread="other"))
    assert judge.days == [(0, 1)]


def test_nothing_is_learnt_of_a_conversation_that_nobody_joined():
    judge = Hearing()
    tracked = Tracker(judge)
    tracked.count(reply(mention="root", official=True))
    tracked.count(reply(NOW + 2 * DAY, thread="other"))
    assert judge.days == judge.came == []


def test_the_forecast_of_the_first_hour_is_compared_with_the_day():
    judge = Hearing()
    tracked = Tracker(judge)
    for at in (NOW, NOW + MINUTE, NOW + 2 * HOUR, NOW + 3 * HOUR):
        tracked.count(reply(at))
    tracked.count(reply(NOW + DAY, thread="other"))
    assert judge.came == [(13.412, 2)]


def timeline(*parts):
    """Mentions at even distances: (from minute, to minute, an hour)."""
    ages = (since + 60 * n / rate for since, until, rate in parts for n in range(int((until - since) * rate / 60)))
    return filled(*(reply(NOW + int(age * MINUTE)) for age in ages))


@pytest.mark.parametrize(
    ("parts", "minute", "phase"),
    [
        ([(0, 60, 6), (60, 75, 240)], 75, Phase.RISING),
        ([(0, 300, 120)], 300, Phase.PEAKING),
        ([(0, 60, 120), (60, 100, 90)], 100, Phase.PEAKING),
        ([(0, 120, 120), (120, 170, 10)], 170, Phase.FADING),
        ([(0, 120, 120), (120, 240, 24)], 240, Phase.FADING),
        ([(0, 120, 120)], 121 + 4 * 60, Phase.OVER),
        ([(0, 120, 120), (120, 600, 2)], 600, Phase.OVER),
        ([(0, 120, 120), (360, 380, 120)], 380, Phase.REBOUND),
        ([(0, 120, 120), (360, 420, 120), (420, 470, 2)], 470, Phase.FADING),
    ],
)
def test_a_timeline_goes_through_the_phases_of_its_life(parts, minute, phase):
    assert view(timeline(*parts), NOW + minute * MINUTE).phase is phase


def test_only_what_rises_has_a_milestone():
    rising = filled(*(reply(NOW + int(15 * MINUTE * log2(n))) for n in range(1, 61)))
    milestone = view(rising, NOW + 89 * MINUTE).milestone
    assert milestone.rate == 200
    assert NOW + 89 * MINUTE < milestone.earliest < milestone.at < NOW + 110 * MINUTE
    calm = filled(*(reply(NOW - n * MINUTE) for n in range(180, 0, -1)))
    assert view(calm).milestone is None


def test_the_forecast_lies_in_its_interval():
    seen = view(filled(*(reply(NOW + n * SECOND) for n in range(60))), NOW + MINUTE)
    assert 0 <= seen.likely.least <= seen.likely.mentions == seen.forecast <= seen.likely.most


events = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 2),
        st.integers(0, 30),
        st.integers(-HOUR, 2 * DAY),
        st.booleans(),
        st.booleans(),
    ),
    max_size=60,
)


@given(events)
@settings(max_examples=60)
def test_a_dump_at_every_step_changes_nothing(steps):
    tracked, now = tracker(capacity=5), NOW
    for thread, brand, author, later, official, threaded in steps:
        at = now + later
        now = max(now, at)
        item = reply(
            at, now, thread=f"t{thread}", brand=f"b{brand}", author=author, official=official,
            parent=f"t{thread}" if threaded else None, followers=author or None,
        )  # fmt: skip
        dumped = tracked.dump()
        kept = msgspec.msgpack.encode(dumped)
        twin = Tracker.load(msgspec.msgpack.decode(kept), Escalation())
        assert tracked.count(item) == twin.count(item)
        assert msgspec.msgpack.encode(twin.dump()) == msgspec.msgpack.encode(tracked.dump())
        assert msgspec.msgpack.encode(dumped) == kept
        slot = tracked.slot_of(item.brand, item.thread)
        assert tracked.view(slot, now) == twin.view(slot, now)
        assert tracked.brands_of(NOW, item.thread) == twin.brands_of(NOW, item.thread)
        assert len(tracked) <= 5


def test_the_latest_replies_are_remembered_and_the_oldest_forgotten():
    tracked = filled(*(reply(NOW + n, mention=f"m{n}", parent="p") for n in range(100_001)))
    assert tracked.key_of("new", "m100000", None) == "root"
    assert tracked.key_of("new", "m50001", None) == "root"
    assert tracked.key_of("new", "m0", None) == "m0"


def test_a_thousand_authors_survive_a_dump():
    dice = random.Random(2)
    tracked = filled(*(reply(NOW + n, author=dice.randrange(1, 1 << 32)) for n in range(1_000)))
    twin = Tracker.load(tracked.dump(), Escalation())
    assert view(twin).authors == 1_000
    twin.count(reply(NOW + DAY, author=5))
    assert view(tracked).authors == 1_000
