"""What people are told, and what is held back."""

from msgspec import Struct

from buzzwatch.model.author import Past
from buzzwatch.model.cause import Cause
from buzzwatch.model.curve import Point
from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import ChangeKind, Incident, Severity, State
from buzzwatch.model.instant import Instant, Span
from buzzwatch.model.proposal import Proposal


class Target(Struct, frozen=True, gc=False, order=True):
    """Where a message goes: a person by one of their means (`ines`, `sms`), or a channel (`slack-crise`, "")."""

    name: str
    by: str = ""

    def __str__(self) -> str:
        return f"{self.name}/{self.by}" if self.by else self.name


class RefusedFiles(Struct, frozen=True):
    """What is told of rule files with faults; see `model.input.RulesRefused`. `again`: after other faults."""

    faults: tuple[dict[str, str], ...] = ()
    number: int = 0
    in_force: Instant = 0
    again: bool = False


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
    answer_within: Span | None = None
    """How soon a complaint is to be answered, if anybody has said."""
    night: tuple[Incident, ...] = ()
    """What waited for the morning: then the message is of these, and `incident` only stands for them."""
    marks: tuple[Proposal, ...] = ()
    """Marks of the receiver's that wait for a confirmation, or have lapsed by `due_at`: in a morning message."""
    outage: tuple[Instant, Instant] | None = None
    """While we were down so long: then `night` is what was due meanwhile, or had not left before."""
    digest_since: Instant | None = None
    """It is the digest of what happened since then; `night` is then what waited for this very morning."""
    instead_of: tuple[str, ...] = ()
    """Keys of older messages that it makes needless."""
    refused: RefusedFiles | None = None
    """It tells of rule files that were refused, or, where it ends that, are accepted again."""
    behind: tuple[Incident, ...] = ()
    """Lesser incidents of the brand that this message is told in the stead of."""

    @property
    def is_collective(self) -> bool:
        """It is of several incidents, or of none: `incident` only stands for them."""
        return bool(self.night or self.marks or self.outage) or self.digest_since is not None


class Held(Struct, frozen=True, gc=False):
    """A message that was due and not sent: to whom, why, until when (None: for good)."""

    incident: str
    target: str
    why: str
    until: Instant | None
    night: bool = False
    """It waits for the morning, and is told then."""


class Sample(Struct, frozen=True, gc=False):
    """A post to show: hostile text, escaped by whoever shows it. Text None: erased since; `let_go`: by us, for its age.

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
    past: Past | None = None
    """Of its author; None: nothing is known, or its text was erased."""
    crm_link: str | None = None
    """Where the brand's people find its author."""
    let_go: bool = False


class Coming(Struct, frozen=True, gc=False):
    """Who is told next if nobody takes it: a person's name, by which means, and when."""

    at: Instant
    name: str
    by: tuple[str, ...]


class Deaf(Struct, frozen=True, gc=False):
    """A source that is not heard at present, since when, and what ails it; None: not known."""

    source: str
    since: Instant
    ail: Ail | None = None


class Latest(Struct, frozen=True):
    """What is known around an incident when its message leaves, beside the notice."""

    points: tuple[Point, ...] = ()
    """Its course, of equal width, oldest first; see `web.desk.PageView`."""
    false_alarms: int | None = None
    """Of its rule, so far this month; None: not known."""
    coming: tuple[Coming, ...] = ()
    deaf: tuple[Deaf, ...] = ()
    root_gone: bool = False
    """The author of the first post of its conversation or story has taken it back."""


NO_NEWS = Latest()


class Picture(Struct, frozen=True):
    """The course of an incident to draw, and the sentence that says the same."""

    points: tuple[Point, ...]
    says: str


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
    subject: str = ""
    """Of a letter: the same for all that is said of an incident, so that it stays one conversation."""
    picture: Picture | None = None


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
