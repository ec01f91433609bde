from hypothesis import given
from hypothesis import strategies as st

from buzzwatch.detect import negativity, volume
from buzzwatch.detect.budget import LINE
from buzzwatch.detect.volume import Spread

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
