"""What a played test shows: whether what was expected happened, and nothing else."""

from enum import StrEnum

from msgspec import Struct

from buzzwatch.app.rehearsal.rehearsal import Played, Ring
from buzzwatch.model.incident import Severity
from buzzwatch.rules.trial import Expected


class Flaw(StrEnum):
    """In which way a test failed."""

    SILENT = "silent"
    EARLY = "early"
    LATE = "late"
    SEVERITY = "severity"
    ROUTE = "route"
    TIMES = "times"
    UNEXPECTED = "unexpected"
    BROKEN = "broken"


class Failure(Struct, frozen=True):
    """One thing that is not as expected: what should have been, and the `ring` that was; `fault` is the program's."""

    flaw: Flaw
    rule: str
    expected: Expected | None = None
    ring: Ring | None = None
    times: int = 0
    fault: str = ""


def judge(played: Played) -> list[Failure]:
    """Everything that is not as the test expects; none: it passed."""
    failures = [Failure(Flaw.BROKEN, "", fault=fault) for fault in played.faults]
    for expected in played.placed.trial.expect:
        rings = [ring for ring in played.rings if ring.rule == expected.rule and ring.at >= played.zero]
        failure = _fall_short(expected, rings, played)
        if failure is not None:
            failures.append(failure)
    return failures + [Failure(Flaw.UNEXPECTED, ring.rule, ring=ring) for ring in unexpected(played)]


def _fall_short(expected: Expected, rings: list[Ring], played: Played) -> Failure | None:
    """In what the rings of a rule are not as expected, the gravest first."""
    if expected.times == 0:
        return Failure(Flaw.TIMES, expected.rule, expected, rings[0], len(rings)) if rings else None
    if not rings:
        return Failure(Flaw.SILENT, expected.rule, expected)
    first, flaw = rings[0], None
    after = first.at - played.zero
    if expected.within is not None and after > expected.within:
        flaw = Flaw.LATE
    elif expected.not_before is not None and after < expected.not_before:
        flaw = Flaw.EARLY
    elif expected.times is not None and len(rings) != expected.times:
        flaw = Flaw.TIMES
    elif expected.severity is not None and first.severity.label != expected.severity:
        flaw = Flaw.SEVERITY
    elif expected.notify is not None and first.route != expected.notify:
        flaw = Flaw.ROUTE
    return None if flaw is None else Failure(flaw, expected.rule, expected, first, len(rings))


def unexpected(played: Played) -> list[Ring]:
    """Rings of rules that the test does not expect, and of those it does before its counted part begins.

    One trouble is told once: a rule that is no more severe and rang for the incident of an expected one is passed over.
    So is one in shadow, which wakes nobody.
    """
    trial = played.placed.trial
    if trial.others:
        return []
    wanted = {each.rule for each in trial.expect}
    severities = {rule.name: rule.severity for rule in played.brand.rules}
    excused: dict[str, Severity] = {}
    for ring in played.rings:
        if ring.rule in wanted and ring.at >= played.zero:
            severity = severities.get(ring.rule, Severity.WATCH)
            excused[ring.incident] = max(severity, excused.get(ring.incident, severity))
    return [
        ring
        for ring in played.rings
        if (ring.at < played.zero and not ring.shadow)
        or (
            ring.rule not in wanted
            and not ring.shadow
            and (ring.incident not in excused or severities.get(ring.rule, Severity.WATCH) > excused[ring.incident])
        )
    ]
