from buzzwatch.timers import Timers


def test_a_later_look_waits_for_the_one_that_is_arranged():
    timers = Timers()
    timers.arrange(5, "quiet", "acme")
    timers.arrange(9, "quiet", "acme")
    assert timers.dump() == [(5, "quiet", "acme")]


def test_an_earlier_look_takes_the_place_of_the_later_one():
    timers = Timers()
    timers.arrange(9, "quiet", "acme")
    timers.arrange(5, "quiet", "acme")
    assert list(timers.take(5)) == [("quiet", "acme")]
    assert timers.first is None


def test_what_is_due_comes_in_order_and_the_rest_stays():
    timers = Timers([(7, "incident", "a-1"), (3, "quiet", "b"), (9, "quiet", "c")])
    assert list(timers.take(8)) == [("quiet", "b"), ("incident", "a-1")]
    assert timers.first == 9


def test_who_looks_may_arrange_the_next_look():
    timers = Timers([(3, "quiet", "b")])
    for kind, key in timers.take(3):
        timers.arrange(6, kind, key)
    assert timers.dump() == [(6, "quiet", "b")]


def test_a_loaded_dump_rings_as_the_original_does():
    timers = Timers([(9, "quiet", "c")])
    timers.arrange(3, "incident", "a-1")
    timers.arrange(4, "quiet", "c")
    loaded = Timers(timers.dump())
    assert (loaded.first, loaded.dump()) == (timers.first, timers.dump())
    assert list(loaded.take(10)) == list(timers.take(10))
