import copy
import math
import random

import pytest

pytest.importorskip("river")
from rivals import DAY, HOUR
from rivals.learners import Absolute, Gaussian, Svm, Trees

LEARNERS = [Gaussian, Absolute, Trees, Svm]


def lived(learner, ticks=2 * DAY):
    dice, learner = random.Random(3), learner()
    for _ in range(ticks):
        learner.step(float(dice.randrange(5)))
    return learner


def most(learner, counts):
    return max(learner.step(count) for count in counts)


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_flat_series_gives_finite_scores_and_no_alarm(learner):
    learner = learner()
    scores = [learner.step(0.0) for _ in range(DAY)]
    assert all(math.isfinite(score) for score in scores)
    assert max(scores[HOUR:]) <= 1e-6


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_burst_scores_higher_than_a_drop(learner):
    burst, drop = lived(learner), lived(learner)
    assert most(burst, [40.0] * HOUR) > most(drop, [0.0] * HOUR)


@pytest.mark.parametrize("learner", [Gaussian, Absolute])
def test_a_larger_burst_scores_higher_however_large(learner):
    large = lived(learner)
    larger = copy.deepcopy(large)
    assert larger.step(4_000.0) > 5 * large.step(400.0) > 50
