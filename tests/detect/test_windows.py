import random

import pytest

from buzzwatch.detect.windows import RING, SPAN, WIDTHS, Bucket, Windows

BORN = 29_000_000


def counted(windows):
    past, opened = windows.past(), windows.open()
    return [tuple(past[kind][index] + opened[kind] for kind in range(3)) for index in range(len(WIDTHS))]


def test_every_window_holds_exactly_its_trailing_minutes_whatever_the_steps():
    dice = random.Random(5)
    windows = Windows(BORN)
    events = []
    for _ in range(1_500):
        windows.roll(windows.head + dice.choice([0, 0, 1, 1, 2, 7, 40, 300, 900]))
        minute = windows.head - min(windows.head - BORN, dice.choice([0, 0, 0, 1, 4, 5, 90, SPAN]))
        milli = dice.randrange(1_001)
        windows.count(minute, milli, 1, 0)
        events.append((minute, milli))
        expected = []
        for width in WIDTHS:
            inside = [milli for minute, milli in events if windows.head - width < minute <= windows.head]
            expected.append((len(inside), len(inside), sum(inside)))
        assert counted(windows) == expected


def test_a_minute_leaves_after_twelve_hours_and_is_handed_over_once():
    windows = Windows(BORN)
    windows.count(BORN, 900, 1, 7)
    windows.roll(BORN + SPAN)
    assert windows.left == []
    assert windows.bucket(BORN).mentions == 1
    windows.roll(BORN + RING)
    assert windows.left == [Bucket(BORN, 1, 1, 900)]
    windows.roll(BORN + 5 * RING)
    assert len(windows.left) == 1
    assert windows.total() == 0


def test_a_copy_counts_for_volume_and_authors_but_once_for_negativity():
    windows = Windows(BORN)
    assert windows.count(BORN, 900, 1, 77)
    assert not windows.count(BORN, 900, 2, 77)
    assert windows.open() == (2, 1, 900)
    assert windows.authors(5, angry=True) == 2


def test_a_copy_is_fresh_again_once_the_first_has_left_every_window():
    windows = Windows(BORN)
    windows.count(BORN, 900, 1, 77)
    windows.roll(BORN + RING)
    assert windows.count(BORN + RING, 900, 1, 77)


def test_texts_without_a_key_are_never_copies_and_unknown_authors_are_nobody():
    windows = Windows(BORN)
    assert windows.count(BORN, 0, 0, 0)
    assert windows.count(BORN, 0, 0, 0)
    assert windows.authors(5, angry=False) == 0


def test_authors_are_counted_once_and_only_in_their_window():
    windows = Windows(BORN)
    for author in (1, 2, 2):
        windows.count(BORN, 100, author, 0)
    windows.roll(BORN + 5)
    windows.count(BORN + 5, 700, 3, 0)
    assert windows.authors(5, angry=False) == 1
    assert windows.authors(15, angry=False) == 3
    assert windows.authors(15, angry=True) == 1


def test_the_log_of_authors_keeps_the_latest():
    windows = Windows(BORN)
    for author in range(1, 5_001):
        windows.count(BORN, 0, author, 0)
    assert windows.authors(5, angry=False) == 2_048


@pytest.mark.parametrize("minute", [-1_000_000, 1_000, 5_000_000_000])
def test_no_date_breaks_it(minute):
    windows = Windows(minute)
    windows.count(minute, 900, 5, 6)
    windows.roll(minute + 3)
    assert windows.authors(15, angry=True) == 1


def test_a_dump_comes_back_the_same_and_shares_nothing():
    dice = random.Random(9)
    windows = Windows(BORN)
    for _ in range(300):
        windows.roll(windows.head + dice.choice([0, 1, 30, 800]))
        dumped = windows.dump()
        twin = Windows.load(dumped)
        for each in (windows, twin):
            each.count(windows.head, 600, windows.head % 7, windows.head % 5)
        assert twin.dump() == windows.dump() != dumped
        assert counted(twin) == counted(windows)


@pytest.mark.parametrize(("minutes", "mentions"), [(1, 7), (5, 23), (5, 0), (60, 61), (720, 1_000)])
@pytest.mark.parametrize("apart", [0, 3, 1_000])
def test_counts_spread_evenly_are_the_same_as_mentions_one_by_one(minutes, mentions, apart):
    spread, counted = Windows(BORN), Windows(BORN)
    for row in range(3):
        first = BORN + row * (minutes + apart)
        spread.spread(first, minutes, mentions)
        each, more = divmod(mentions, minutes)
        for minute in range(first, first + minutes):
            counted.roll(minute)
            for _ in range(each + (minute - first < more)):
                counted.count(minute, 0, 0, 0)
        assert spread.past()[0] == counted.past()[0]
        assert spread.open()[0] == counted.open()[0]
        assert spread.total() == counted.total()


def test_counts_of_one_time_twice_are_added_up():
    once, twice = Windows(BORN), Windows(BORN)
    once.spread(BORN, 5, 40)
    for _ in range(2):
        twice.spread(BORN, 5, 20)
    assert sum(once.backwards(angry=False)) == sum(twice.backwards(angry=False)) == 40
    assert twice.past()[0] == once.past()[0] == [32] * len(WIDTHS)
