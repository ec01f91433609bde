"""Every reason to hold a message back, in one place."""

from buzzwatch.model.brand import Brand
from buzzwatch.model.incident import Severity


def severity_for(brand: Brand, severity: Severity, *, answered: bool = False, press: bool = False) -> Severity:
    """What a rule's severity comes to.

    An answered conversation is no page yet. Once the press has joined it counts one more, answered or not: a reply in
    the conversation is none to the readers of the press. Competitors never page.
    """
    if answered:
        severity = min(severity, Severity.WARNING)
    if press and severity < Severity.CRITICAL:
        severity = Severity(severity + 1)
    return min(severity, Severity.WARNING) if brand.competitor else severity
