"""The course of an incident, as pages and letters draw it."""

from msgspec import Struct

from buzzwatch.model.instant import Instant


class Point(Struct, frozen=True, gc=False):
    """One bar of the chart: mentions from `at` to the next point, and the usual number."""

    at: Instant
    observed: float
    expected: float
