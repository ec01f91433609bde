from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.threads.chain import Chain

SLOTS = 6


def order(chain):
    """What it holds, by taking it out from the front."""
    left, found = Chain.load(chain.dump(SLOTS)), []
    while left.oldest >= 0:
        found.append(left.oldest)
        left.remove(left.oldest)
    return found


@given(st.lists(st.integers(0, SLOTS - 1), max_size=60))
def test_it_is_a_list_that_any_slot_can_leave(moves):
    chain, expected = Chain(), []
    chain.make_room(SLOTS)
    for slot in moves:
        if slot in expected:
            chain.remove(slot)
            expected.remove(slot)
        else:
            chain.append(slot)
            expected.append(slot)
        assert order(chain) == expected
        assert (chain.oldest, chain.newest) == ((expected[0], expected[-1]) if expected else (-1, -1))


def test_a_dump_shares_nothing_with_it():
    chain = Chain()
    chain.make_room(SLOTS)
    chain.append(2)
    twin = Chain.load(chain.dump(SLOTS))
    chain.append(4)
    assert (order(twin), order(chain)) == ([2], [2, 4])
