"""What is wrong with the daemon itself, and messages that were given up: the `ops` route hears."""

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from buzzwatch.model.brand import Route, Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Delivered, Trouble
from buzzwatch.model.instant import DAY, Instant
from buzzwatch.model.notification import Notice, Target
from buzzwatch.model.signal import Trend
from buzzwatch.notify.notices import (
    CONSOLE,
    Told,
    let_sleep,
    notices_of,
    reachable,
)

_OPS = "ops-"


def announce_trouble(trouble: Trouble, rules: Ruleset, now: Instant) -> Told:
    """Tell the `ops` route what is wrong with the daemon itself or right again; persons only by day."""
    route = rules.routes.get("ops", CONSOLE)
    incident = incident_of(trouble, route.language)
    targets, held = let_sleep(hearers(route, rules, now), incident, rules, now)
    return Told(incident, notices_of_trouble(trouble, rules, targets), held)


def hearers(route: Route, rules: Ruleset, now: Instant) -> list[Target]:
    """The channels of a route, and whom its first step would tell."""
    persons = [target for step in route.steps[:1] for target in reachable(step.tell, step.by, rules, now)]
    return [*(Target(name) for name in route.copy), *persons]


def notices_of_trouble(trouble: Trouble, rules: Ruleset, targets: Iterable[Target]) -> tuple[Notice, ...]:
    """What is wrong with the daemon itself or right again, for given targets."""
    kind = ChangeKind.OVER if trouble.over else ChangeKind.OPENED
    notices = notices_of(incident_of(trouble), kind, targets, rules, trouble.seen_at)
    return tuple(replace(each, incident=incident_of(trouble, each.language)) for each in notices)


def incident_of(trouble: Trouble, language: str = "") -> Incident:
    """The daemon's own troubles take the way of an incident that is of no brand."""
    text = trouble.said.get(language, trouble.text)
    reason = Reason(trouble.key, text, (), None, Trend.STEADY, 0, 0, None, None, answered=False)
    return Incident(
        id=f"{_OPS}{trouble.key}-{trouble.since // 1000}",
        subject=Subject(brand=""),
        state=State.RESOLVED if trouble.over else State.OPEN,
        severity=Severity.WARNING,
        began_at=trouble.since,
        opened_at=trouble.since,
        true_at=trouble.seen_at,
        rules=("ops",),
        reason=reason,
        samples=(),
        route="ops",
        worst=0.0,
        revision=1 + trouble.again + trouble.over,
    )


def announce_failure(delivered: Delivered, rules: Ruleset, now: Instant) -> Told | None:
    """Tell the `ops` route, once a day for each target, that messages to it were given up or do not reach everybody."""
    if not delivered.why or delivered.incident.startswith(_OPS):
        return None
    today = now // DAY * DAY
    became = "did not reach everybody" if delivered.sent else "was given up"
    text = f"a message to {delivered.target} {became}: {delivered.why}"
    told = announce_trouble(Trouble(today, f"delivery-{delivered.target}", today, text), rules, now)
    return told._replace(notices=tuple(map(partial(_found_at, now), told.notices)))  # the key alone is of the day


def _found_at(now: Instant, notice: Notice) -> Notice:
    return replace(notice, due_at=now, incident=replace(notice.incident, began_at=now, opened_at=now, true_at=now))
