"""What a rule that holds has to show for it, and what that counts for in an incident."""

from msgspec import Struct

from buzzwatch.model.brand import Rule
from buzzwatch.model.incident import Incident, Reason, Severity, State, Subject
from buzzwatch.model.instant import Instant
from buzzwatch.model.signal import Onset


class Weight(Struct, frozen=True):
    """What a rule that holds counts for."""

    observed: float
    """The number that is compared with what people were told of."""
    severity: Severity
    raised: Severity | None = None
    """What that comes to where the press has joined; None: the same."""

    def severity_in(self, incident: Incident) -> Severity:
        """What it counts for in an incident."""
        return self.raised or self.severity if incident.raised else self.severity


class Evidence(Struct, frozen=True):
    """What a rule that holds has to show for it: its weight, and what people are told."""

    reason: Reason
    onset: Onset
    observed: float
    severity: Severity
    raised: Severity | None = None

    @property
    def weight(self) -> Weight:
        """Without what is only told."""
        return Weight(self.observed, self.severity, self.raised)


def incident_of(key: str, subject: Subject, rule: Rule, found: Evidence, now: Instant) -> Incident:
    """What opens with it now, by a rule that holds of a subject."""
    return Incident(
        id=key,
        subject=subject,
        state=State.OPEN,
        severity=found.severity,
        began_at=min(found.onset.began_at, now),
        opened_at=now,
        true_at=now,
        rules=(rule.name,),
        reason=found.reason,
        samples=found.onset.samples,
        route=rule.notify,
        worst=found.observed,
        calm=rule.calm,
    )


def route_for(incident: Incident, rule: Rule, found: Weight) -> str:
    """The rule's own, unless it is by the press alone that it comes to this: then those who heard of that."""
    return incident.route if found.severity_in(incident) > found.severity else rule.notify


def held_at(incident: Incident, found: Weight, now: Instant) -> tuple[Instant, Instant, Instant]:
    """When a watch, a warning and a critical rule of an incident held last, now that one of this weight does."""
    severity, (watch, warning, critical) = found.severity_in(incident), incident.held_at
    if severity is Severity.WATCH:
        return now, warning, critical
    return (watch, now, critical) if severity is Severity.WARNING else (watch, warning, now)
