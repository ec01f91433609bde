"""The drill: each kind of source is muted, and reported within its own learned time; and else it is left alone."""

import pytest
from silence import KINDS, drill

from buzzwatch.model.instant import DAY, HOUR, MINUTE

FIREHOSE, BROKER, FEED, WEBHOOK = KINDS[:4]
SEED = 7_000


@pytest.mark.parametrize(
    ("kind", "days", "longest"),
    [
        (FIREHOSE, 9, 7 * MINUTE),
        (WEBHOOK, 30, 14 * DAY),
        pytest.param(BROKER, 16, 12 * HOUR, marks=pytest.mark.soak),
        pytest.param(FEED, 120, 12 * DAY, marks=pytest.mark.soak),
    ],
)
def test_a_muted_source_is_reported_within_its_own_time_and_nothing_was_reported_before(kind, days, longest):
    done = drill(kind, SEED, days)
    assert done.found <= longest
    assert done.due > done.patience
    assert done.false <= max(1, done.months)
    assert done.floods == 0
