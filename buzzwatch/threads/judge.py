"""What a tracker asks about the conversations that it follows."""

from collections.abc import Mapping
from typing import Any, Protocol

from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.signal import Trend
from buzzwatch.model.thread import Forecast, Milestone, Phase


class Judge(Protocol):
    """Says how a conversation will go on; `detect.thread.Escalation` is one. `tens` and so on as there."""

    calm: float
    """Heat that is nothing to it."""

    def expect(self, tens: float, hours: float) -> float:
        """Mentions still to come within a day, before that is corrected."""

    def forecast(self, expected: float, *, first_day: bool) -> Forecast:
        """The same, corrected."""

    def compare(self, expected: float, came: int, *, first_day: bool) -> None:
        """Learn what came in the day after a forecast."""

    def score(self, heat: float) -> float:
        """How worrying a conversation is."""

    def trend(self, tens: float, hours: float, age: Span) -> Trend:
        """Where it is going."""

    def phase(self, trend: Trend, hours: float, crest: float, trough: float) -> Phase:
        """Where it stands in its life."""

    def milestone(self, tens: float, hours: float, age: Span, now: Instant) -> Milestone | None:
        """When it reaches the next round rate."""

    def rise(self, brand: str, before: float, after: float, now: Instant) -> None:
        """Learn that one conversation's greatest heat rose; the first time from `calm`."""

    def learn(self, before: int, most: int, heat_before: float, heat: float) -> None:
        """Learn the mentions of a conversation's largest day and its greatest heat, before a day of its and now."""

    def ceiling(self, brand: str, rate: float, now: Instant) -> float:
        """The score that `rate` ordinary conversations a day reach."""

    def dump(self) -> dict[str, Any]:
        """Everything, as builtins."""

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Become what `dump` gave."""
