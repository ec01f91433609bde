"""`keep` of `buzzwatch.yaml`: how long what is on record stays there."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from buzzwatch.model.instant import DAY, Span
from buzzwatch.rules.units import mistake, read_span, shown
from buzzwatch.rules.written import Written

FOREVER = "forever"
LEAST: Span = 7 * DAY
MENTIONS: Span = 90 * DAY
INCIDENTS: Span = 3 * 365 * DAY
_YEARS = re.compile(r"([0-9]{1,2})y")
_MOST: Span = 100 * 365 * DAY


def _lasting(value: object) -> Span | None:
    if value == FOREVER:
        return None
    years = _YEARS.fullmatch(value) if isinstance(value, str) else None
    span = int(years[1]) * 365 * DAY if years else read_span(value) if isinstance(value, str) else None
    if span is None:
        remedy = "write a number and d or y, such as 90d or 3y, or forever"
        raise mistake("{value} is not a length of time", remedy, value=shown(value))
    if not LEAST <= span <= _MOST:
        told = "{value} is too short" if span < LEAST else "{value} is too long"
        raise mistake(told, "write 7d to 99y, or forever", value=shown(value))
    return span


_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "pattern": "^(forever|[0-9]{1,2}y|[0-9]{1,6}[smhd])$",
        "patternErrorMessage": "Write a number and d or y, such as 90d or 3y, or forever.",
        "examples": ["90d", "3y", FOREVER],
    }
)
LastingSpan = Annotated[Span | None, BeforeValidator(_lasting), _SCHEMA]
"""From 7 d to 99 years of 365 days; None: for ever."""


class Keep(Written):
    """How long mentions and incidents are kept; counts by hour are kept for ever."""

    mentions: LastingSpan = Field(
        default=MENTIONS,
        description="How long texts and numbers of mentions are kept. Counts by hour stay for ever. Left out: 90d.",
        examples=["90d", FOREVER],
    )
    incidents: LastingSpan = Field(
        default=INCIDENTS,
        description="How long incidents are kept once they are over, with history, messages and answers. Left out: 3y.",
        examples=["3y"],
    )
