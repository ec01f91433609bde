"""The digest: one message to a route, whose words are found in the record when it leaves."""

from collections.abc import Iterable

from msgspec.structs import replace

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Notice, Target
from buzzwatch.model.signal import Trend

DIGEST = "digest"
"""What the ids of these messages and the timer for them begin with."""


def leave(
    targets: Iterable[Target],
    mornings: dict[Target, Notice],
    rules: Ruleset,
    span: tuple[Instant, Instant],
    late_since: Instant | None,
) -> list[Notice]:
    """One message for each target, of what happened in a span; it takes in a morning message that leaves with it."""
    since, now = span
    frame = _frame(since, now)
    names = {key: brand.name for key, brand in rules.brands.items()}
    names |= {key: person.name for key, person in rules.people.items()}
    blank = Notice(
        key="",
        due_at=now,
        target=Target(""),
        kind=ChangeKind.OVER,
        severity=Severity.WATCH,
        language="en",
        brand_name="",
        timezone=rules.timezone,
        incident=frame,
    )
    return [
        replace(
            mornings.get(target, blank),
            key=f"{frame.id}.{since // 1000}.{target}",  # the clock may be set back, and the same second come again
            target=target,
            language=_language(target, rules),
            incident=replace(frame, samples=mornings[target].incident.samples) if target in mornings else frame,
            kind=ChangeKind.OVER,
            names=names,
            digest_since=since,
            late_since=late_since,
        )
        for target in targets
    ]


def _language(target: Target, rules: Ruleset) -> str:
    """A person's own; for a channel the route's, else that of the brands if they have but one."""
    if target.by and target.name in rules.people:
        return rules.people[target.name].language
    route = rules.routes.get(rules.daily.route) if rules.daily else None
    languages = {brand.language for brand in rules.brands.values()}
    return (route.language if route else "") or (languages.pop() if len(languages) == 1 else "en")


def _frame(since: Instant, now: Instant) -> Incident:
    """An incident of no brand: nobody can take it."""
    return Incident(
        id=f"{DIGEST}-{now // 1000}",
        subject=Subject(brand=""),
        state=State.RESOLVED,
        severity=Severity.WATCH,
        began_at=since,
        opened_at=now,
        true_at=now,
        rules=(DIGEST,),
        reason=Reason(DIGEST, "", (), None, Trend.STEADY, 0, 0, None, None, answered=False),
        samples=(),
        route="",
        worst=0.0,
    )
