"""An incident: one trouble of one brand, from the first sign to its end."""

from enum import IntEnum, StrEnum

from msgspec import Struct

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.instant import HOUR, MINUTE, Instant, Span
from buzzwatch.model.signal import Clause, Signal, Trend
from buzzwatch.model.thread import Forecast, Milestone, Phase


class Severity(IntEnum):
    """How important: watch = a line on the list, warning = a message, critical = a page until somebody takes it."""

    WATCH = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        """The word of the rule files."""
        return self.name.lower()


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    TAKEN = "taken"
    RESOLVED = "resolved"


class Subject(Struct, frozen=True, gc=False):
    """What it is about: the brand as a whole, one conversation, one story told by many, a silence, or a slow signal."""

    brand: str
    thread: str = ""
    quiet: bool = False
    topic: str = ""
    """What keeps coming back: `theme:screen`, `story:x:1790`."""
    story: str = ""
    """The mention that told it first."""

    @property
    def topic_name(self) -> str:
        """The topic as people call it."""
        return self.topic.partition(":")[2]


URGENT: Span = 20 * MINUTE
"""What doubles faster than this is urgent, however important it is."""


class Sector(Struct, frozen=True, gc=False):
    """Brands of one trade that rise together: so many of those known, the one in question among them."""

    name: str
    rising: int
    known: int


class Press(Struct, frozen=True, gc=False):
    """The mention by which the press joined a trouble that had begun on social media."""

    mention: str
    at: Instant
    source: str


class Drill(Struct, frozen=True, gc=False):
    """An exercise: nothing is wrong, and everybody is told so.

    `by` asked for it. `steps` are when those of its route are due, counted from its beginning. `copies`: channels are
    told too; `at_night`: it may wake people. `cut` is the real incident that put an end to it, "" if none did.
    """

    by: str
    steps: tuple[Span, ...]
    copies: bool = True
    at_night: bool = False
    cut: str = ""


class Reason(Struct, frozen=True):
    """Why, in numbers: the rule, its clauses, and the strongest signal with its usual value."""

    rule: str
    says: str
    clauses: tuple[Clause, ...]
    signal: Signal | None
    trend: Trend
    mentions: int
    """Of the subject: in the signal's window, or of the thread."""
    authors: int
    negative_share: float | None
    reach: int | None
    answered: bool
    thread: str = ""
    """The conversation that the numbers are of; empty: the brand as a whole."""
    heard_late: tuple[Instant, Instant] | None = None
    """The deaf time (from, until) that lies between the beginning and the hearing, if any."""
    sources: tuple[str, ...] = ()
    """Those that carry the talk of the brand, by name; empty where it is of one conversation."""
    sector: Sector | None = None
    """Where it is the whole sector and not the brand alone."""
    campaign: Campaign | None = None
    """Which of the calendar's is part of what is expected."""
    story: str = ""
    """The story that the numbers are of; then `thread` is empty."""
    copies: int = 0
    """How many of the mentions are copies of one text."""
    phase: Phase | None = None
    """Of the conversation, as the two that follow."""
    forecast: Forecast | None = None
    milestone: Milestone | None = None
    doubling: Span | None = None
    """The time in which it doubles as it grows now; None: it does not clearly grow."""

    @property
    def is_urgent(self) -> bool:
        """By its speed: little time is left, whether or not it is important yet."""
        return self.doubling is not None and self.doubling <= URGENT


class Incident(Struct, frozen=True):
    """The whole record of a trouble; a row in the same commit as what changed it."""

    id: str
    subject: Subject
    state: State
    severity: Severity
    began_at: Instant
    opened_at: Instant
    true_at: Instant
    """The last instant at which a rule of it held."""
    rules: tuple[str, ...]
    """Names of the rules that rang for it, the first first."""
    reason: Reason
    samples: tuple[str, ...]
    route: str
    worst: float
    """The largest observed value that people were told of; the next message waits for twice that."""
    held_at: tuple[Instant, Instant, Instant] = (0, 0, 0)
    """The last instant at which a watch, a warning and a critical rule of it held."""
    covers: tuple[Subject, ...] = ()
    """Further subjects that turned out to be the same trouble."""
    calm: Span = HOUR
    """How long none of its rules must hold before it is over."""
    peak: float = 0.0
    """The largest value observed since it began."""
    revision: int = 1
    taken_by: str | None = None
    taken_at: Instant | None = None
    wait_until: Instant | None = None
    """Until when who has it lets it wait."""
    wait_why: str = ""
    remind_at: Instant | None = None
    """When who has it is asked whether they still do, should it still grow then."""
    reminded: bool = False
    """They were asked, and have not answered since."""
    closed_at: Instant | None = None
    closed_by: str | None = None
    """A person's name; None when it ended by itself."""
    step: int = 0
    """Index of the next escalation step."""
    step_at: Instant | None = None
    """When that step is due; None when nothing more is due."""
    step_from: Instant = 0
    """When the present round of steps began."""
    paged: tuple[str, ...] = ()
    """Targets of the latest step that did not turn out to be unreachable."""
    told: tuple[str, ...] = ()
    """Targets already told, in order, for "who else was told"."""
    duty: tuple[str, ...] = ()
    """Who was on duty when it was last told, as rota and person; only of a critical one."""
    press: Press | None = None
    """How the press joined it, once it has."""
    hushed: bool = False
    """A silence held something of it, which nobody was told since."""
    raised: bool = False
    """By that its severity went one up, and each of its rules counts one more."""
    behind: str = ""
    """The critical incident of its brand that was told in its stead, and nobody was told of this one since."""
    drill: Drill | None = None
    """It is an exercise, and counts for nothing else."""

    urgent: bool = False
    """It grew so fast that it is told as something one more severe would be, for as long as it is of that severity."""

    @property
    def loudness(self) -> Severity:
        """The severity that it is told by."""
        return Severity(min(self.severity + self.urgent, Severity.CRITICAL))

    @property
    def shown(self) -> tuple[str, ...]:
        """Mentions to show, the most telling first: the press that joined, then the samples."""
        return tuple(dict.fromkeys((*((self.press.mention,) if self.press else ()), *self.samples)))

    @property
    def grows(self) -> bool:
        """By its latest numbers: a conversation by the phase of its life, a brand by its trend."""
        phase = self.reason.phase
        return self.reason.trend is Trend.RISING if phase is None else phase in {Phase.RISING, Phase.REBOUND}

    @property
    def next_at(self) -> Instant | None:
        """When something about it is due that people hear of; None: nothing is."""
        return min((at for at in (self.step_at, self.wait_until, self.remind_at) if at is not None), default=None)

    @property
    def lasted(self) -> Span:
        """From its beginning to the last instant at which it was true."""
        return max(0, self.true_at - self.began_at)


class ChangeKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    WORSENED = "worsened"
    REOPENED = "reopened"
    TAKEN = "taken"
    WAITING = "waiting"
    """A person lets it wait until a time; nothing is sent before, unless it worsens."""
    WAITED = "waited"
    """That time has come: it rings again."""
    UNSILENCED = "unsilenced"
    """A silence has ended that had held something of it."""
    OUTLASTED = "outlasted"
    """A larger incident of the brand has ended, which had been told in its stead."""
    HELP = "help"
    """Who has it asks for help."""
    REMINDED = "reminded"
    """It still grows long after it was taken: who has it is asked."""
    RELEASED = "released"
    """They did not answer: it rings again."""
    RESOLVED = "resolved"
    """By a person."""
    DISMISSED = "dismissed"
    """By a person, who saw that it is true and does not matter."""
    CALMED = "calmed"
    """What made it so important has ended; something lesser goes on."""
    OVER = "over"
    """By itself: calm for long enough."""
    NOTED = "noted"
    """Kept in the record, told to nobody: a further rule, a failed delivery."""


class Change(Struct, frozen=True):
    """One entry of an incident's history."""

    kind: ChangeKind
    at: Instant
    incident: Incident
    """As it stands after the change."""
    why: str = ""
    by: str | None = None
