import random

from buzzwatch.threads import authors


def shelf_of(keys):
    shelf = [()]
    fresh = [authors.admit(shelf, 0, key) for key in keys]
    return shelf, fresh


def test_distinct_keys_are_counted_exactly_up_to_five_thousand():
    dice = random.Random(1)
    keys = [dice.randrange(1, 1 << 32) for _ in range(3_000)]
    shelf, fresh = shelf_of(keys + keys)
    assert authors.count(shelf[0]) == len(set(keys)) == sum(fresh)


def test_neighbouring_keys_are_counted_exactly():
    shelf, _ = shelf_of(list(range(1, 2_001)) * 2)
    assert authors.count(shelf[0]) == 2_000


def test_no_more_than_five_thousand_are_kept():
    shelf, fresh = shelf_of(range(1, 20_000))
    assert authors.count(shelf[0]) == 5_000 == sum(fresh)


def test_few_keys_are_a_tuple_that_nobody_can_change():
    shelf, _ = shelf_of(range(1, 17))
    assert shelf[0] == tuple(range(1, 17))


def test_keys_made_to_collide_cost_a_bounded_time_and_count_too_few_at_most():
    inverse = pow(2_654_435_769, -1, 1 << 32)
    keys = [key for n in range(1, 4_000) if (key := n * inverse % (1 << 32))]
    shelf, _ = shelf_of(keys)
    assert 64 <= authors.count(shelf[0]) <= len(keys)
