"""Ordinary weeks ring no more often than the rules allow."""

import msgspec
import pytest
from stage import MONDAY, Scene, ordinary_days, rules

from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Severity
from buzzwatch.model.instant import DAY

LEARNT = 14
CALIBRATED = ("bad-buzz", "thread-escalating", "sudden-volume")
"""A budget sets thresholds where a rule asks for the unusual; that of `chorus` is fixed, and rings when it is met."""


@pytest.fixture(scope="module")
def plain() -> Ruleset:
    """The rules of acme without what is judged at every mention."""
    files = dict(rules().files)
    return compile_rules({name: files[name] for name in ("acme.yaml", "oncall.yaml")})


SOAK = (pytest.mark.soak, pytest.mark.timeout(1_200))


@pytest.mark.parametrize(
    ("per_hour", "days"),
    [
        (3.0, 60),
        (30.0, 10),
        pytest.param(30.0, 60, marks=SOAK),
        pytest.param(300.0, 60, marks=SOAK),
    ],
)
def test_ordinary_days_ring_within_the_budgets(plain: Ruleset, per_hour: float, days: int):
    scene = Scene(MONDAY - LEARNT * DAY, plain, "nobody")
    scene.tell(*ordinary_days(MONDAY - LEARNT * DAY, MONDAY + days * DAY, per_hour, seed=9))
    opened = [c.incident for c in scene.changes if c.kind is ChangeKind.OPENED and c.at >= MONDAY]
    by_rule = {
        rule.name: sum(i.reason.rule == rule.name for i in opened)
        for rule in plain.brands["acme"].rules
        if rule.name in CALIBRATED
    }
    allowed = {rule.name: rule.rate * days for rule in plain.brands["acme"].rules}
    for rule, rung in by_rule.items():
        assert rung <= allowed[rule] + 2 * allowed[rule] ** 0.5 + 1, (rule, by_rule)
    assert sum(i.severity is Severity.CRITICAL for i in opened) <= 6
    assert msgspec.to_builtins(scene.spine.memory.dump()["set_aside"]) == []
