import msgspec
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.threads.slots import NONE, Slots

CAPACITY = 4
moves = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), max_size=80)


@given(moves)
def test_it_finds_each_conversation_of_each_brand_and_no_other(moves):
    """Eight threads in four chains. Taken when unknown and there is room, else released."""
    slots, expected = Slots(CAPACITY), {}
    for thread, brand in moves:
        if (thread, brand) in expected:
            slots.release(expected.pop((thread, brand)))
        elif len(expected) < CAPACITY:
            expected[thread, brand] = slots.take(thread, brand)
        assert len(slots) == len(expected) == len(set(expected.values()))
        assert slots.used <= CAPACITY
        for twin in (slots, Slots.load(msgspec.msgpack.decode(msgspec.msgpack.encode(slots.dump())))):
            for name in "abcdefgh":
                found = [twin.find(name, key) for key in range(3)]
                assert found == [expected.get((name, key), NONE) for key in range(3)]
                assert set(twin.find_all(name)) == {slot for (known, _), slot in expected.items() if known == name}


def test_a_slot_that_was_released_is_the_next_to_be_taken():
    slots = Slots(CAPACITY)
    first = slots.take("a", 0)
    slots.take("b", 0)
    slots.release(first)
    assert slots.take("c", 1) == first
    assert slots.find("a", 0) == NONE
