"""What the web server asks of the daemon."""

from typing import Any, Protocol

from msgspec import Struct

from buzzwatch.model.incident import Change, Incident
from buzzwatch.model.input import Corrected, Mark, Verb
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Sample
from buzzwatch.model.silence import Silence


class Point(Struct, frozen=True, gc=False):
    """One bar of the chart: mentions from `at` to the next point, and the usual number."""

    at: Instant
    observed: float
    expected: float


class PageView(Struct, frozen=True):
    """Everything that the page of one incident shows, as it stands `now`.

    `language` is the incident's ("fr" or "en"), used where the reader's browser asks for neither. `people` are those
    who may take it, key to name; anybody by any name if it is empty. `points` are of equal width, oldest first, and
    count what `incident.reason.signal` counts: negative mentions, voices of days, else mentions; empty where there is
    nothing to draw. `marks` are what people say of the samples, by mention.
    """

    now: Instant
    incident: Incident
    brand_name: str
    language: str
    timezone: str
    people: dict[str, str]
    person: str = ""
    """Whom the link was sent to, by key; empty where it went to a channel."""
    do: tuple[str, ...] = ()
    runbook: str | None = None
    samples: tuple[Sample, ...] = ()
    history: tuple[Change, ...] = ()
    """Oldest first."""
    points: tuple[Point, ...] = ()
    marks: dict[str, Corrected] = {}
    silence: Silence | None = None
    """It holds what would be said of the incident."""


class Answer(Struct, frozen=True):
    """What became of a request, in lines for a person; `done` False: nothing was changed, and the lines say why."""

    done: bool
    lines: tuple[str, ...] = ()


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of an incident. A wait needs `until`, a local time of the brand's such as 23:40, and `why`."""

    verb: Verb
    incident: str
    by: str
    until: str = ""
    why: str = ""


class Hush(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of a silence over `what`, a brand or an incident: until when and why, or that it ends.

    `until` is a local time of the brand's, such as 23:40 or 2026-11-26 08:00.
    """

    what: str
    by: str
    until: str = ""
    why: str = ""
    ends: bool = False


class Rehearsal(Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks for a drill, of what: a brand or a route, or neither; `route` names one where `what` is a brand."""

    by: str
    what: str = ""
    route: str = ""
    copies: bool = True
    at_night: bool = False


class Desk(Protocol):
    """The daemon as the web server sees it. Incidents go by id, people by key; unknown ones make `done` False."""

    def unready(self) -> tuple[str, ...]:
        """Why the daemon cannot do its work; empty when it can."""

    def status(self) -> dict[str, Any]:
        """Figures and states for `GET /status`, as JSON types."""

    async def page(self, code: str) -> PageView | None:
        """The incident behind the code of a link, None where there is none."""

    async def answer(self, reply: Reply) -> Answer:
        """Do what a person says of an incident; done once committed."""

    async def silence(self, hush: Hush) -> Answer:
        """Let nothing be said of a brand or an incident, or end that; done once committed."""

    def silences(self) -> Answer:
        """Each silence in a line."""

    async def rehearse(self, asked: Rehearsal) -> Answer:
        """Begin a drill; done once committed, and then the first line is the id of its incident."""

    async def revoke(self, incident: str) -> Answer:
        """Let none of the links of an incident lead to it any more."""

    async def correct(self, brand: str, mention: str, mark: Mark, by: str) -> Answer:
        """Mark a post of a brand, or take a mark back; done once committed."""

    async def reload(self) -> Answer:
        """Read the rules again: the changes, or all faults."""

    async def learn(self, habits: dict[str, dict[str, Any]]) -> Answer:
        """Adopt baselines learnt from an export, per brand."""

    async def notify_test(self, channel: str) -> Answer:
        """Send a message marked as a test on the production path, and wait for what became of it."""
