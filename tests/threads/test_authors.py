import random

from buzzwatch.threads.authors import Authors


def admitted(keys):
    authors = Authors()
    authors.make_room(1)
    fresh = [authors.admit(0, key) for key in keys]
    return authors, fresh


def test_distinct_keys_are_counted_exactly_up_to_five_thousand():
    dice = random.Random(1)
    keys = [dice.randrange(1, 1 << 32) for _ in range(3_000)]
    authors, fresh = admitted(keys + keys)
    assert authors.count(0) == len(set(keys)) == sum(fresh)


def test_neighbouring_keys_are_counted_exactly():
    authors, _ = admitted(list(range(1, 2_001)) * 2)
    assert authors.count(0) == 2_000


def test_no_more_than_five_thousand_are_kept():
    authors, fresh = admitted(range(1, 20_000))
    assert authors.count(0) == 5_000 == sum(fresh)


def test_a_dump_does_not_change_with_what_comes_after_it():
    for already in (3, 16, 40):
        authors, _ = admitted(range(1, already + 1))
        dumped = authors.dump(1)
        authors.admit(0, 1_000)
        assert Authors.load(dumped).count(0) == already


def test_a_cleared_slot_begins_anew_whatever_it_held():
    for already in (3, 40):
        authors, _ = admitted(range(1, already + 1))
        authors.clear(0)
        assert authors.count(0) == 0
        assert authors.admit(0, 1)


def test_keys_made_to_collide_cost_a_bounded_time_and_count_too_few_at_most():
    keys = [n << 20 for n in range(1, 4_000)]
    authors, _ = admitted(keys)
    assert 64 <= authors.count(0) <= len(keys)
