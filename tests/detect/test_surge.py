import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.detect.budget import LINE
from buzzwatch.detect.surge import HOLD, Surge
from buzzwatch.model.instant import DAY, HOUR

BORN = 1_767_571_200_000
LOUD = 60.0


def lived(days, loudest=LOUD):
    """One whose every day had one such moment; and the instant at which the last day ended."""
    surge = Surge(BORN)
    for day in range(days):
        surge.hear(loudest, BORN + day * DAY + 12 * HOUR)
        surge.hear(0.0, BORN + day * DAY + 20 * HOUR)
    return surge, BORN + days * DAY


def heard(surge, loudness, now):
    surge.hear(loudness, now)
    return surge.score


@pytest.mark.parametrize("loudest", [20.0, 60.0, 900.0])
def test_the_loudest_moment_of_a_usual_day_scores_the_line(loudest):
    surge, now = lived(300, loudest)
    assert heard(surge, loudest, now + HOUR) == pytest.approx(LINE, rel=0.05)


def test_a_plateau_keeps_the_score_of_its_onset():
    surge, now = lived(30)
    onset = heard(surge, 4 * LOUD, now)
    assert [heard(surge, loud * LOUD, now + hour * HOUR) for hour, loud in enumerate((3, 5, 2), 1)] == [onset] * 3
    assert surge.onset_at == now


def test_what_is_louder_by_a_good_part_is_another_onset():
    surge, now = lived(30)
    onset = heard(surge, 4 * LOUD, now)
    assert heard(surge, 6 * LOUD, now + HOUR) == pytest.approx(1.5 * onset)
    assert surge.onset_at == now + HOUR


def test_what_came_down_is_over_and_as_loud_again_the_same_day_is_no_onset():
    surge, now = lived(30)
    surge.hear(4 * LOUD, now)
    assert [heard(surge, loud * LOUD, now + hour * HOUR) for hour, loud in ((1, 1), (2, 4), (3, 5))] == [0, 0, 0]


def test_a_day_later_the_same_is_an_onset_again():
    surge, now = lived(30)
    first = heard(surge, 4 * LOUD, now)
    assert 0 < heard(surge, 4 * LOUD, now + HOLD + 1) < first


def test_a_crisis_teaches_little_and_a_rougher_life_much():
    calm, now = lived(60)
    before = heard(calm, 3 * LOUD, now)
    shaken, _ = lived(60)
    shaken.hear(1_000 * LOUD, now)
    assert 0.85 * before < heard(shaken, 3 * LOUD, now + 2 * DAY) < before
    rough, _ = lived(60, 2 * LOUD)
    assert heard(rough, 3 * LOUD, now) < 0.6 * before


def test_three_mentions_at_once_are_the_least_unit_however_long_it_was_silent():
    surge = Surge(BORN)
    first = heard(surge, 1.0, BORN + 400 * DAY)
    later = heard(surge, 1.0, BORN + 4_000 * DAY)
    assert first == later < LINE


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 3 * DAY)), max_size=40))
def test_a_dump_between_any_two_moments_changes_nothing(moments):
    surge, now = Surge(BORN), BORN
    for loudness, later in moments:
        now += later
        twin = Surge.load(surge.dump())
        surge.hear(loudness, now)
        twin.hear(loudness, now)
        assert twin.dump() == surge.dump()


def test_habits_carry_the_unit_over():
    teacher, now = lived(60)
    pupil = Surge(now)
    pupil.adopt(teacher.habits())
    assert heard(pupil, LOUD, now + HOUR) == pytest.approx(heard(teacher, LOUD, now + HOUR), rel=0.03)
