"""How long sources wait before another attempt."""

import random

import pytest

from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.sources.backoff import Backoff


@pytest.fixture
def backoff() -> Backoff:
    return Backoff(SECOND, MINUTE, random.Random(7))


def test_waits_double_up_to_the_longest_and_chance_halves_them_at_most(backoff: Backoff):
    waits = [backoff.fail() for _ in range(12)]
    for wait, whole in zip(waits, [1, 2, 4, 8, 16, 32, *[60] * 6], strict=True):
        assert whole * SECOND / 2 <= wait <= whole * SECOND
    assert len(set(waits)) == len(waits)


def test_waits_may_grow_evenly_instead():
    backoff = Backoff(SECOND, 16 * SECOND, random.Random(7), linear=True)
    for wait, whole in zip([backoff.fail() for _ in range(20)], [*range(1, 17), *[16] * 4], strict=True):
        assert whole * SECOND / 2 <= wait <= whole * SECOND


def test_success_begins_anew(backoff: Backoff):
    for _ in range(9):
        backoff.fail()
    backoff.succeed()
    assert backoff.fail() <= SECOND


def test_what_the_other_side_asks_for_is_never_shortened(backoff: Backoff):
    assert backoff.fail(at_least=HOUR) == HOUR


def test_what_is_hopeless_waits_the_longest_at_once(backoff: Backoff):
    assert backoff.fail(hopeless=True) >= MINUTE / 2
