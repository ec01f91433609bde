"""Different authors are counted exactly while few, nearly so when many, and copies make no crowd."""

import random

import pytest

from buzzwatch.detect.distinct import Distinct, Voices, count_together


def counted(keys):
    distinct = Distinct()
    for key in keys:
        distinct.add(key)
    return distinct


@pytest.mark.parametrize("number", [0, 1, 2, 100, 255])
def test_few_keys_are_counted_exactly_however_often_they_come(number):
    keys = [key * 7 + 1 for key in range(number)]
    assert counted(keys * 3).number == number


@pytest.mark.parametrize("number", [256, 300, 2_000, 50_000])
@pytest.mark.parametrize("step", [0, 1, 1_000])
def test_many_keys_are_counted_within_a_fifth(number, step):
    dice = random.Random(number)
    keys = [key * step + 1 for key in range(number)] if step else [dice.getrandbits(32) for _ in range(number)]
    assert counted(keys).number == pytest.approx(number, rel=0.2)


@pytest.mark.parametrize("number", [10, 256, 400, 5_000])
def test_the_order_and_a_dump_on_the_way_make_no_difference(number):
    dice = random.Random(number)
    keys = [dice.getrandbits(32) for _ in range(number)]
    plain, other = counted(keys), counted(sorted(keys[: number // 2]))
    other = Distinct.load(other.dump())
    for key in reversed(keys):
        other.add(key)
    assert (plain.dump(), plain.number) == (other.dump(), other.number)


def test_the_authors_of_several_days_are_counted_once():
    days = [counted(range(1, 30)).dump(), counted(range(20, 40)).dump(), b""]
    assert count_together(days) == 39


@pytest.mark.parametrize(
    ("posts", "number"),
    [
        ([(1, 5), (2, 5), (3, 5)], 1),
        ([(1, 5), (1, 6), (1, 7)], 1),
        ([(1, 5), (2, 6), (2, 5)], 2),
        ([(0, 5), (0, 6)], 0),
    ],
)
def test_a_voice_is_an_author_with_a_text(posts, number):
    voices = Voices()
    for author, copy in posts:
        voices.add(author, copy)
    assert voices.number == number
