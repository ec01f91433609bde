import pytest
from rivals import HOUR, TICK, contest

LASTS = contest.LASTS


@pytest.mark.parametrize(
    ("before", "during", "minutes"),
    [
        ([0.0] * HOUR, [0.0, 0.0, 3.0, *[0.0] * (LASTS - 3)], 15),
        ([0.0] * HOUR, [0.0] * LASTS, contest.NEVER + 1),
        ([*[0.0] * (HOUR - 1), 3.0], [3.0] * LASTS, contest.NEVER + 1),
    ],
    ids=["heard at its third tick", "not heard", "an alarm that had begun before"],
)
def test_a_delay_is_until_an_alarm_begins(before, during, minutes):
    assert contest.Trial(before, during).delay(2.0) == minutes


def result(name, told, delay):
    return contest.Result(name, told, 1.0, {factor: [delay] for factor in contest.FACTORS})


def test_of_sums_and_numbers_the_better_is_shown_the_soonest_first():
    shown = contest.best_of_each([result("a", "soft", 90), result("b", "soft", 50), result("a", "hard", 40)])
    assert [(each.name, each.told) for each in shown] == [("a", "hard"), ("b", "soft")]


def test_who_is_sooner_than_ours_by_more_than_a_tick_is_named():
    ours, tick = next(iter(contest.OVERS)), TICK
    others = [result(ours, "soft", 60), result("even", "soft", 60 - tick), result("sooner", "hard", 59 - tick)]
    assert not list(contest.lead(others[1], others))
    assert len(list(contest.lead(others[2], others))) == len(contest.FACTORS) + 1
