import pytest
from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.budget import LINE
from buzzwatch.detect.negativity import BELIEF
from buzzwatch.detect.unit import Unit
from buzzwatch.detect.volume import Spread
from buzzwatch.model.instant import DAY

ORDINARY = Spread(dispersion=1.3, noise=0.05, doubt=0.1)
amounts = st.floats(0, 1e7)


def test_one_mention_of_a_brand_mentioned_once_a_week_is_nothing():
    assert volume.score(1, 1 / 168, ORDINARY) < 1
    assert volume.score(2, 1 / 168, ORDINARY) < LINE


def test_thirty_mentions_where_one_is_usual_are_something():
    assert volume.score(30, 1, ORDINARY) > 2 * LINE


@given(observed=amounts, expected=amounts)
def test_a_drop_never_scores_and_a_rise_never_scores_less_than_a_smaller_one(observed, expected):
    score = volume.score(observed, expected, ORDINARY)
    assert score >= 0
    assert score == 0 or observed > expected
    assert volume.score(observed * 2, expected, ORDINARY) >= score


def test_what_is_doubtful_scores_less():
    assert volume.score(20, 5, ORDINARY._replace(doubt=1.0)) < volume.score(20, 5, ORDINARY)


def test_ten_times_the_mentions_at_the_usual_share_are_no_negativity():
    assert negativity.score(50.0, 200, expected=5.0, usual_share=0.25, spread=ORDINARY) == 0
    assert volume.score(200, 20, ORDINARY) > 2 * LINE


def test_four_angry_posts_are_no_share():
    assert negativity.share_score(3.6, 4, 0.25) < LINE


def test_forty_angry_posts_among_fifty_are():
    assert negativity.score(40.0, 50, expected=3.0, usual_share=0.25, spread=ORDINARY) > 2 * LINE


def test_an_angrier_share_without_more_anger_is_nothing():
    assert negativity.score(3.0, 3, expected=5.0, usual_share=0.25, spread=ORDINARY) == 0


def lived(angriest, days=300):
    temper = Unit(0, BELIEF)
    for day in range(days):
        temper.hear(angriest, day * DAY)
        temper.hear(0.1, day * DAY + 1)
    temper.hear(0.0, days * DAY)
    return temper


@pytest.mark.parametrize("usual", [1.0, 2.5, 7.0])
def test_as_angry_as_usual_once_a_day_is_the_line_whatever_the_brand(usual):
    assert lived(usual).weigh(usual) == pytest.approx(LINE, rel=0.05)


def test_where_nobody_is_ever_angry_one_certain_post_stays_under_the_line():
    lonely = Spread(dispersion=1.3, noise=0.052, doubt=1.0)
    assert lived(0.0).weigh(negativity.score(1.0, 1, 0.0, 0.2, lonely)) < LINE


def test_a_crisis_teaches_no_more_than_a_few_loud_days():
    before, temper = lived(1.0), lived(1.0)
    temper.hear(50.0, 300 * DAY + 1)
    temper.hear(0.0, 301 * DAY)
    assert temper.weigh(3.0) > 0.85 * before.weigh(3.0)


def test_calm_days_without_a_look_are_calm():
    looked, asleep = lived(1.5, 10), lived(1.5, 10)
    for day in range(10, 40):
        looked.hear(0.0, day * DAY)
    for temper in (looked, asleep):
        temper.hear(0.0, 40 * DAY)
    assert looked.weigh(1.0) == pytest.approx(asleep.weigh(1.0))


def test_a_temper_is_the_same_once_it_was_dumped_and_loaded():
    temper = lived(1.3, 7)
    assert Unit.load(temper.dump(), BELIEF).dump() == temper.dump()
    pupil = Unit(9 * DAY, BELIEF)
    pupil.adopt(temper.habits())
    assert pupil.weigh(1.0) == temper.weigh(1.0)
