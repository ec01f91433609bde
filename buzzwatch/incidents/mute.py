"""Every reason to hold a message back, in one place."""

from buzzwatch.model.brand import Brand
from buzzwatch.model.incident import Incident, Severity, State


def severity_for(brand: Brand, severity: Severity, *, answered: bool) -> Severity:
    """What a rule's severity comes to: competitors never page, and an answered conversation is no page yet."""
    if brand.competitor or answered:
        return min(severity, Severity.WARNING)
    return severity


def reason_to_hold(incident: Incident) -> str | None:
    """Why the next escalation step of an incident is not sent, None when nothing holds it."""
    if incident.state is State.TAKEN:
        return f"taken by {incident.taken_by}"
    if incident.state is State.RESOLVED:
        return f"resolved by {incident.closed_by}" if incident.closed_by else "over"
    return None
