"""Every reason to hold a message back, in one place."""

from buzzwatch.model.brand import Brand
from buzzwatch.model.incident import Severity


def severity_for(brand: Brand, severity: Severity, *, answered: bool) -> Severity:
    """What a rule's severity comes to: competitors never page, and an answered conversation is no page yet."""
    if brand.competitor or answered:
        return min(severity, Severity.WARNING)
    return severity
