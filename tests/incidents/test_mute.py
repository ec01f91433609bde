"""Reasons to hold a message."""

import pytest
from stage import rules

from buzzwatch.incidents.mute import severity_for
from buzzwatch.model.incident import Severity


@pytest.mark.parametrize(
    ("brand", "answered", "severity", "felt"),
    [
        ("acme", False, Severity.CRITICAL, Severity.CRITICAL),
        ("acme", True, Severity.CRITICAL, Severity.WARNING),
        ("acme", True, Severity.WATCH, Severity.WATCH),
        ("rival", False, Severity.CRITICAL, Severity.WARNING),
        ("rival", False, Severity.WATCH, Severity.WATCH),
    ],
)
def test_a_competitor_and_an_answered_conversation_are_a_warning_at_most(brand, answered, severity, felt):
    assert severity_for(rules().brands[brand], severity, answered=answered) is felt
