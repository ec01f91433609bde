from types import SimpleNamespace

import pytest

from buzzwatch.gate.guesses import MOST_IN_ALL, MOST_MISSES, REMEMBERED, Guesses, address_of


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_an_address_that_guesses_waits_a_minute_and_others_do_not():
    time = Time()
    guesses = Guesses(time)
    for _ in range(MOST_MISSES):
        assert not guesses.refuses("a")
        guesses.miss("a")
    assert guesses.refuses("a")
    assert not guesses.refuses("b")
    time.now += 60
    assert not guesses.refuses("a")


def test_of_a_crowd_that_guesses_each_may_once_and_who_never_missed_goes_on():
    guesses = Guesses(Time())
    for number in range(MOST_IN_ALL):
        guesses.miss(f"g{number}")
    assert guesses.refuses("g0")
    assert not guesses.refuses("ines")


def test_memory_is_bounded_however_many_guess():
    guesses = Guesses(Time())
    for number in range(REMEMBERED + 50):
        guesses.miss(f"g{number}")
    assert len(guesses._misses) == REMEMBERED


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "10.9.9.9, 198.51.100.4", "198.51.100.4"),
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),
        ("2a00:1:2:3:4:5:6:7", "", "2a00:1:2:3::"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "::ffff:198.51.100.4", "198.51.100.4"),
        ("127.0.0.1", "x" * 500, "x" * 64),
    ],
    ids=[
        "behind a proxy",
        "what a client claims before it",
        "no proxy of ours",
        "a network of IPv6",
        "alone",
        "IPv4 within IPv6",
        "no address",
    ],
)
def test_whose_request_it_is(peer, told, address):
    request = SimpleNamespace(remote=peer, headers={"X-Forwarded-For": told} if told else {})
    assert address_of(request) == address


def test_where_there_is_no_proxy_nobody_tells_us_who_they_are():
    request = SimpleNamespace(remote="192.168.1.9", headers={"X-Forwarded-For": "203.0.113.7"})
    assert address_of(request, behind_proxy=False) == "192.168.1.9"


def test_who_showed_a_strong_secret_is_not_locked_out_by_who_shares_their_address():
    guesses = Guesses(Time())
    guesses.befriend("office")
    for _ in range(MOST_IN_ALL):
        guesses.miss("office")
        guesses.miss("elsewhere")
    assert guesses.refuses("elsewhere")
    assert not guesses.refuses("office")


def test_friends_are_kept_within_bounds():
    guesses = Guesses(Time())
    for number in range(REMEMBERED + 50):
        guesses.befriend(f"g{number}")
    assert len(guesses._friends) == REMEMBERED
    assert guesses.is_friend(f"g{REMEMBERED}")
