"""What the status page shows, and what it asks of the daemon."""

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from buzzwatch.model.incident import Incident, Severity, State
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.signal import Trend
from buzzwatch.web.desk import Answer, RuleFiles, SourceRow


class Mood(StrEnum):
    """How a brand is, as far as its numbers say, the worst first."""

    ANGRY = "angry"
    """A far larger share of negative posts than usual."""
    LOUD = "loud"
    """Far more posts than usual."""
    DEAF = "deaf"
    """A source that matters to it is not heard."""
    LEARNING = "learning"
    """What is usual is not known yet."""
    NEVER = "never"
    """Nothing was ever heard of it."""
    CALM = "calm"


class Hour(Struct, frozen=True, gc=False):
    """An hour of the clock, the last one as far as it has come.

    `mentions` is None where nobody listened: before the brand was watched, or while too much was not heard. `negative`
    of `fresh` posts with different texts are negative. `low` and `high` bound what is usual, None while that is learnt.
    `deaf`: some of the hour was not heard.
    """

    at: Instant
    mentions: int | None
    negative: float = 0.0
    fresh: int = 0
    low: float | None = None
    high: float | None = None
    deaf: bool = False


class BrandRow(Struct, frozen=True, gc=False):
    """A brand. `now` are the mentions of the last hour, `low` and `high` what is usual; see `Hour`.

    `share` is that of negative posts in the trailing `share_over`, the shortest time with enough of them; None: there
    are too few. `unusual` is the larger score of both, in about standard deviations. `severity` is that of its worst
    live incident, 0 for none.
    """

    key: str
    name: str
    competitor: bool
    mood: Mood
    now: int = 0
    low: float | None = None
    high: float | None = None
    share: float | None = None
    share_over: Span = 0
    usual_share: float | None = None
    unusual: float = 0.0
    severity: int = 0
    hours: tuple[Hour, ...] = ()


class IncidentRow(Struct, frozen=True, gc=False):
    """A live incident with the numbers of this moment; `who` is the name of the person who has it."""

    incident: Incident
    brand_name: str
    competitor: bool
    trend: Trend
    who: str | None = None
    silenced_until: Instant | None = None

    @property
    def weight(self) -> tuple[bool, bool, Severity, bool]:
        """The larger the more it matters: real, ours, important, and nobody has it yet."""
        severity, is_open = self.incident.severity, self.incident.state is State.OPEN
        return self.incident.drill is None, not self.competitor, severity, is_open


class SilenceRow(Struct, frozen=True, gc=False):
    """Until when nothing is said of a brand or an incident, by whose wish, and why."""

    what: str
    until: Instant
    by: str
    why: str


class StatusView(Struct, frozen=True):
    """Everything as it stands `now`, what matters most first. `language` and `timezone` are those of the people.

    `waiting` messages have not left yet, the oldest since `waiting_since`. `ails` are the sentences of the probes
    (English) about anything but sources and rules. `faults` are those of the rule files that are refused.
    """

    now: Instant
    timezone: str
    language: str
    incidents: tuple[IncidentRow, ...] = ()
    brands: tuple[BrandRow, ...] = ()
    sources: tuple[SourceRow, ...] = ()
    waiting: int = 0
    waiting_since: Instant | None = None
    rule_files: RuleFiles = RuleFiles()
    faults: int = 0
    silences: tuple[SilenceRow, ...] = ()
    ails: tuple[str, ...] = ()

    @property
    def deaf(self) -> tuple[SourceRow, ...]:
        """The sources that are not heard."""
        return tuple(row for row in self.sources if row.deaf)


class Board(Protocol):
    """The daemon as the status page sees it."""

    @property
    def revocations(self) -> int:
        """Another number once any link was revoked."""

    async def overview(self) -> StatusView:
        """How everything stands."""

    async def watcher(self, code: str) -> str | None:
        """Whose link to the status page has this code: a person's key, "" for a wall screen; None: nobody's."""

    async def incident_code(self, person: str, incident: str) -> str | None:
        """The code of a person's own link to a live incident; None where there is no such incident."""

    async def link(self, by: str) -> Answer:
        """The address of the status page, for a person or, where `by` is empty, for a wall screen."""
