"""What people are told, and what is held back."""

from msgspec import Struct

from buzzwatch.model.cause import Cause
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.instant import Instant


class Target(Struct, frozen=True, gc=False, order=True):
    """Where a message goes: a person by one of their means (`ines`, `sms`), or a channel (`slack-crise`, "")."""

    name: str
    by: str = ""

    def __str__(self) -> str:
        return f"{self.name}/{self.by}" if self.by else self.name


class Notice(Struct, frozen=True):
    """One message for one target; the words are found when it leaves, by `notify.render`.

    `key` is stable: the same inputs give the same key, so that a repeat is recognised. `late_since` tells that it was
    due earlier and the daemon was down. `also_told` are the other targets of this incident.
    """

    key: str
    due_at: Instant
    target: Target
    kind: ChangeKind
    severity: Severity
    language: str
    brand_name: str
    timezone: str
    incident: Incident
    do: tuple[str, ...] = ()
    runbook: str | None = None
    also_told: tuple[str, ...] = ()
    names: dict[str, str] = {}
    """Of the people whom the message mentions, by key."""
    page: bool = False
    """It repeats until somebody takes the incident."""
    late_since: Instant | None = None
    test: bool = False
    night: tuple[Incident, ...] = ()
    """What waited for the morning: then the message is of these, and `incident` only stands for them."""
    behind: tuple[Incident, ...] = ()
    """Lesser incidents of the brand that this message is told in the stead of."""


class Held(Struct, frozen=True, gc=False):
    """A message that was due and not sent: to whom, why, until when (None: for good)."""

    incident: str
    target: str
    why: str
    until: Instant | None
    night: bool = False
    """It waits for the morning, and is told then."""


class Sample(Struct, frozen=True, gc=False):
    """A post to show: hostile text, escaped by whoever shows it. Text None: erased since.

    `why` are the few words that spoke most for its being negative, the heaviest first; none where it is more likely
    not, where its text was erased, and where its scorer cannot say.
    """

    mention: str
    text: str | None
    author: str | None
    followers: int | None
    url: str | None
    posted_at: Instant
    negativity: float
    why: tuple[Cause, ...] = ()


class Standing(Struct, frozen=True, gc=False):
    """Which incident a message is of and how that stands, for channels that keep one message for each and change it.

    `sent_as` is what the receiver calls the earlier message, "" where there is none; `doubtful` as in `Lease`; `worse`:
    it became so, and no page merely repeats.
    """

    incident: str
    state: State
    language: str
    worse: bool = False
    sent_as: str = ""
    doubtful: bool = False


class Message(Struct, frozen=True):
    """Words ready to leave: plain text for everybody, and HTML where a channel shows it. `key` names it for ever."""

    key: str
    title: str
    text: str
    html: str
    short: str
    """One SMS segment: GSM-7, at most 160 characters."""
    severity: Severity | None = None
    """Of an alarm; None: an answer, an ending, a test."""
    standing: Standing | None = None


class Lease(Struct, frozen=True):
    """An outbox row that is the courier's to send.

    `attempts` have failed so far, `replaces` older unsent rows were superseded by it, `first_at` is when it was put in.
    `doubtful`: it may have left already, nobody knows. `sent_as` is what the receiver calls the last message of the
    incident that it got, "" if it does not say.
    """

    notice: Notice
    attempts: int
    replaces: int
    first_at: Instant
    doubtful: bool = False
    sent_as: str = ""
