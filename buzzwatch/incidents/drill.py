"""An exercise: an incident of the same desk, rota, escalation and answers, of which everybody hears that it is one.

It ends with the first answer, with the first real alarm that pages, or some time after the last step of its route.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from buzzwatch.incidents.answers import close
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Drill, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Drilled
from buzzwatch.model.instant import MINUTE, Instant, Span
from buzzwatch.model.signal import Trend
from buzzwatch.model.silence import Silence

GRACE: Span = 5 * MINUTE
"""How long the last person may take to answer."""
DRILL = "drill"
"""What stands for the rule of it, and begins its id."""


def obstacle(
    asked: Drilled, rules: Ruleset, live: Iterable[Incident], silences: Iterable[Silence], now: Instant
) -> str:
    """Why it cannot begin now, as a sentence; "" if it can."""
    route = rules.routes.get(asked.route)
    if asked.brand not in rules.brands:
        return f"there is no brand {asked.brand!r}; brands are: {', '.join(rules.brands)}"
    if route is None or not route.steps:
        paging = ", ".join(name for name, each in rules.routes.items() if each.steps)
        return f"{asked.route!r} is no route with steps, so nobody would be called; such routes are: {paging or 'none'}"
    if silence := next((each for each in silences if each.what == asked.brand), None):
        return f"{asked.brand} is silenced by {silence.by}: end that first"
    if critical := next((each for each in live if each.loudness is Severity.CRITICAL), None):
        why = "another drill is under way" if critical.drill else "this is no time for a drill"
        return f"{why}: {critical.id} is not over"
    ends_at = now + route.steps[-1].after + GRACE
    if rules.night is not None and not asked.at_night and (rules.night.end(now) or rules.night.end(ends_at)):
        return "it would go on in the night, and wake people: begin it by day, or give --at-night"
    return ""


def begin(asked: Drilled, rules: Ruleset, name: str, now: Instant) -> Incident:
    """The incident of it. It pages as a critical one does, and is calm once its time is up."""
    steps = tuple(step.after for step in rules.routes[asked.route].steps)
    return Incident(
        id=name,
        subject=Subject(asked.brand),
        state=State.OPEN,
        severity=Severity.CRITICAL,
        began_at=now,
        opened_at=now,
        true_at=now,
        rules=(DRILL,),
        reason=Reason(DRILL, "", (), None, Trend.STEADY, 0, 0, None, None, answered=False),
        samples=(),
        route=asked.route,
        worst=0.0,
        held_at=(0, 0, now),
        calm=steps[-1] + GRACE,
        drill=Drill(asked.by, steps, asked.copies, asked.at_night),
    )


def answered(incident: Incident, by: str, now: Instant) -> Incident:
    """Whatever somebody answers, that they did is what was to be seen."""
    return replace(close(incident, now, by), taken_by=by, taken_at=now, true_at=now)


def cut(incident: Incident, drill: Drill, real: str, now: Instant) -> Incident:
    """Ended, since there is something real to do."""
    return replace(close(incident, now, None), true_at=now, drill=replace(drill, cut=real))
