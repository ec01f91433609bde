import random

import pytest
from rivals import HOUR
from rivals.alarms import equal_thresholds, onsets


def test_alarms_an_hour_apart_or_less_are_one():
    scores = [0.0] * 60
    for tick in (5, 5 + HOUR, 6 + 2 * HOUR + 1):
        scores[tick] = 2.0
    assert onsets(scores, 1.5) == [5, 7 + 2 * HOUR]
    assert onsets(scores, 2.5) == []


def test_a_threshold_is_the_lowest_that_rings_no_more_often():
    scores = [0.0] * 200
    for tick, score in ((10, 5.0), (40, 4.0), (70, 3.0), (100, 2.0)):
        scores[tick] = score
    assert equal_thresholds([scores], [0, 1, 3, 9]) == [float("inf"), 5.0, 3.0, 2.0]


@pytest.mark.parametrize("seed", range(5))
def test_equal_thresholds_agree_with_counting_at_every_level(seed):
    dice = random.Random(seed)
    streams = [[round(dice.expovariate(1) - 0.5, 1) for _ in range(400)] for _ in range(3)]
    levels = sorted({score for stream in streams for score in stream if score > 0}, reverse=True)
    for allowed in (1, 4, 9):
        expected = float("inf")
        for level in levels:
            if sum(len(onsets(stream, level)) for stream in streams) > allowed:
                break
            expected = level
        assert equal_thresholds(streams, [allowed]) == [expected]
