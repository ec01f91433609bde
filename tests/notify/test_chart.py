import pytest

from buzzwatch.notify.chart import HEIGHT, WIDTH, draw
from buzzwatch.web.desk import Point


def test_the_highest_value_reaches_the_upper_edge():
    chart = draw([Point(0, 1, 2), Point(60, 4, 2)])
    assert chart.bars[1].y == 0
    assert chart.bars[1].height == HEIGHT
    assert chart.usual == f"{WIDTH / 4},{HEIGHT / 2} {WIDTH * 3 / 4},{HEIGHT / 2}"


def test_silence_draws_bars_without_height():
    assert [bar.height for bar in draw([Point(0, 0, 0), Point(60, 0, 0)]).bars] == [0, 0]


def test_of_too_many_points_the_latest_are_drawn():
    chart = draw([Point(at, 1, 1) for at in range(500)])
    assert len(chart.bars) == 120
    assert chart.since == 380


@pytest.mark.parametrize("points", [[], [Point(0, 3, 1)]])
def test_too_little_to_draw_is_no_chart(points):
    assert draw(points) is None
