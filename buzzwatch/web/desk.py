"""What the web server asks of the daemon."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from buzzwatch.model.curve import Point
from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import Change, Incident
from buzzwatch.model.input import Corrected, Mark, Verb
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.notification import Deaf, Sample
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.silence import Silence
from buzzwatch.rules.words import Language

if TYPE_CHECKING:
    from buzzwatch.web.board import Board


class Pending(Struct, frozen=True):
    """A mark that waits for a confirmation, and the post as it stands now; text None: erased since."""

    proposal: Proposal
    brand_name: str
    text: str | None


class RuleFiles(Struct, frozen=True):
    """Since when the rules in force are, the files on disk are refused, and they were saved and not read; None: not."""

    in_force: Instant = 0
    refused: Instant | None = None
    unread: Instant | None = None


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
    pending: tuple[Pending, ...] = ()
    """Marks given at night: those of its posts, and all that `person` gave, the oldest first."""
    night_until: Instant | None = None
    """When the night ends, if it is night: until then nothing is confirmed."""
    unanswered_since: Instant | None = None
    """When the first complaint was posted that waits for an official answer, while the public clock runs."""
    answer_within: Span | None = None
    waiting: int | None = None
    """Complaints about the brand that wait, None where it has no account to answer with."""
    rule_files: RuleFiles = RuleFiles()
    deaf: tuple[Deaf, ...] = ()
    """The sources that are not heard at present."""


class Waiting(Struct, frozen=True):
    """A complaint without an answer. `followers` and `views` are None where unknown; hostile text, as everywhere.

    `known` is how many complaints its author made about the brand in a year, this one among them.
    """

    brand_name: str
    complained_at: Instant
    text: str | None
    author: str | None
    followers: int | None
    views: int | None
    known: int
    url: str | None


class QueueView(Struct, frozen=True):
    """The complaints that wait, the oldest first; `more` are not shown. `language` and `timezone` as in `PageView`."""

    now: Instant
    brand_name: str
    language: str
    timezone: str
    answer_within: Span | None
    waiting: tuple[Waiting, ...]
    more: int = 0
    rule_files: RuleFiles = RuleFiles()
    deaf: tuple[Deaf, ...] = ()


class Answer(Struct, frozen=True, omit_defaults=True):
    """What became of a request, in lines for a terminal; `done` False: nothing was changed, and the lines say why.

    `why` is the phrase of `web.words` that says why in the reader's language: "no" and it is its key there.
    """

    done: bool
    lines: tuple[str, ...] = ()
    why: str = ""


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of an incident.

    A wait needs `until`, a local time of the brand's such as 23:40, and `why`; a snooze needs `span`, a length of time
    such as 15m, and a wait may have that in the place of `until`.
    """

    verb: Verb
    incident: str
    by: str
    until: str = ""
    why: str = ""
    span: str = ""


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


class SourceRow(Struct, frozen=True):
    """How one source does; instants and spans in milliseconds.

    `since` is when its state began, `ail` None: it is well. `usual_hour` is expected in an hour such as this one,
    `last_hour` came in the last 50 to 60 minutes. `due` are the posts expected since the last, `patience` is the number
    of them that makes a silence. `learning`: less than a week was heard. `warnings`: see `app.ear.Ear.warnings`.
    """

    name: str
    kind: str
    connected: bool
    deaf: bool
    ail: Ail | None
    why: str
    since: Instant
    last_event: Instant | None
    last_hour: int
    usual_hour: float
    due: float
    patience: float
    lag: Span | None
    cursor_age: Span | None
    learning: bool
    warnings: tuple[str, ...]


class AccountRow(Struct, frozen=True):
    """An official account of which nothing has come for thirty days; `seen_at` None: never."""

    brand: str
    account: str
    seen_at: Instant | None


class Sources(Struct, frozen=True):
    """What `buzzwatch sources` shows; times of the day are those of `timezone`."""

    now: Instant
    timezone: str
    sources: tuple[SourceRow, ...]
    accounts: tuple[AccountRow, ...] = ()


class Reload(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants the rule files read, by key where they say so, and the language of the answer."""

    by: str = ""
    language: Language = "en"


class Desk(Protocol):
    """The daemon as the web server sees it. Incidents go by id, people by key; unknown ones make `done` False."""

    @property
    def board(self) -> "Board":
        """What the status page asks."""

    def unready(self) -> tuple[str, ...]:
        """Why the daemon cannot do its work; empty when it can."""

    def status(self) -> dict[str, Any]:
        """Figures and states for `GET /status`, as JSON types."""

    async def sources(self) -> Sources:
        """How each source and each official account does."""

    async def page(self, code: str) -> PageView | None:
        """The incident behind the code of a link, None where there is none."""

    async def queue(self, code: str) -> QueueView | None:
        """The complaints that wait about the brand of the incident behind a link, None where there is none."""

    async def link_queue(self, brand: str, by: str) -> Answer:
        """The address of the page with the queue of a brand, for one person."""

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

    async def correct(self, brand: str, mention: str, mark: Mark, by: str, incident: str = "") -> Answer:
        """Mark a post of a brand, or take a mark back; done once committed.

        On the page of an `incident`, at night, it only waits for a confirmation.
        """

    async def confirm(self, posts: Sequence[tuple[str, str]], by: str) -> Answer:
        """Let marks that wait take effect, each by brand and mention; done once committed."""

    async def reload(self, asked: Reload, uid: int | None = None) -> Answer:
        """Read the rules again: the changes, or all faults. `uid` is the system's user who asks, None if unknown."""

    async def learn(self, habits: dict[str, dict[str, Any]]) -> Answer:
        """Adopt baselines learnt from an export, per brand."""

    async def notify_test(self, channel: str) -> Answer:
        """Send a message marked as a test on the production path, and wait for what became of it."""
