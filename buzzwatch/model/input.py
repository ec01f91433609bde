"""Everything that can happen to the spine, and what a step gives back."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, Incident
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Held, Notice, Target
from buzzwatch.model.reading import Origin
from buzzwatch.model.response import Complaint
from buzzwatch.model.rota import Shift

EVERYTHING = "*"
"""The source named by a gap in which the daemon itself was down."""


class Tick(Struct, frozen=True, gc=False, tag="tick"):
    """A whole second at which something is dirty or due. Never journalled: it follows from the state."""

    seen_at: Instant


class RulesSwapped(Struct, frozen=True, tag="rules"):
    """Another rule set is in force. The journal keeps the files' text by `rules.digest`, and beside it the origin."""

    seen_at: Instant
    rules: Ruleset
    origin: Origin | None = None


class RulesRefused(Struct, frozen=True, tag="rulesrefused"):
    """Rule files were read and hold faults: those in force stay. One message to the route `editors`, else `ops`.

    `faults` are the first of `number`, each on one line, by language; `digest` names them all. `in_force` is since when
    the rules that stay are.
    """

    seen_at: Instant
    digest: str
    faults: tuple[dict[str, str], ...]
    number: int
    in_force: Instant
    origin: Origin


class RulesMended(Struct, frozen=True, gc=False, tag="rulesmended"):
    """Rule files that were refused are right again: told to whom the refusal was told."""

    seen_at: Instant


class RotaSwapped(Struct, frozen=True, tag="rota"):
    """A rota that a calendar elsewhere describes: who is on duty when, from now on; see `model.rota.Listed`.

    The journal keeps the shifts once, by their hash.
    """

    seen_at: Instant
    rota: str
    shifts: tuple[Shift, ...]


class Gap(Struct, frozen=True, gc=False, tag="gap"):
    """We did not hear `source` (`EVERYTHING`: any) between two instants: nothing is learnt, no silence is judged."""

    seen_at: Instant
    source: str
    since: Instant
    until: Instant


class Verb(StrEnum):
    """What a person can tell the desk."""

    TAKE = "take"
    WAIT = "wait"
    HELP = "help"
    NO_MATTER = "no-matter"
    RESOLVE = "resolve"
    SNOOZE = "snooze"


class Command(Struct, frozen=True, gc=False, omit_defaults=True, tag="command"):
    """A person's answer to an incident; `until` is that of a wait or a snooze, `why` that of a wait."""

    seen_at: Instant
    verb: Verb
    incident: str
    by: str
    until: Instant = 0
    why: str = ""


class Silenced(Struct, frozen=True, gc=False, tag="silenced"):
    """A person lets nothing be said of a brand or of an incident until a time; one that is past ends that at once."""

    seen_at: Instant
    what: str
    until: Instant
    why: str
    by: str


class Drilled(Struct, frozen=True, gc=False, tag="drilled"):
    """A person asks for an exercise of a route, in the name of a brand; `model.incident.Drill` says the rest."""

    seen_at: Instant
    brand: str
    route: str
    by: str
    copies: bool = True
    at_night: bool = False


class Mark(StrEnum):
    """What a person says of a post, or that they take it back."""

    NEGATIVE = "negative"
    NOT_NEGATIVE = "not-negative"
    NOT_US = "not-us"
    WITHDRAWN = "withdraw"


class Corrected(Struct, frozen=True, gc=False, omit_defaults=True, tag="corrected"):
    """A person marks a post of a brand; the last mark counts.

    With the numbers that learning needs, so that erasing the text later leaves what was learnt: `logit` is the log-odds
    that the scorer named `scorer` gave the text, before anything that the brand has taught; `words` are the keys of
    its words (`ingest.scorer.lessons.word_keys`) as the bytes of an `array("I")`; `copy` is its sighting's. A mark that
    is withdrawn needs none of them. `marked_at` is when the person said it, where the text was read again since for
    another scorer; else 0.
    """

    seen_at: Instant
    brand: str
    mention: str
    mark: Mark
    by: str
    scorer: str = ""
    lang: str = ""
    logit: float = 0.0
    words: bytes = b""
    copy: int = 0
    marked_at: Instant = 0
    confirmed_by: str = ""
    """Who confirmed by day what was said at night; empty: nothing was to be confirmed."""

    @property
    def said_at(self) -> Instant:
        """When the person said it."""
        return self.marked_at or self.seen_at


class Proposed(Struct, frozen=True, gc=False, tag="proposed"):
    """A person marks a post at night, on the page of an incident: it takes effect once it is confirmed by day.

    A mark that withdraws takes an earlier proposal back; where there is none, it proposes to withdraw what stands.
    """

    seen_at: Instant
    incident: str
    brand: str
    mention: str
    mark: Mark
    by: str


class Erased(Struct, frozen=True, gc=False, tag="erased"):
    """Its author took back a post that waits for an answer, or is part of what does: nobody is to answer it."""

    seen_at: Instant
    mention: str


class Delivered(Struct, frozen=True, gc=False, tag="delivered"):
    """What became of a notice, for good: given up with a reason, or sent; then `why` says whom it did not reach."""

    seen_at: Instant
    key: str
    incident: str
    target: Target
    sent: bool
    why: str = ""
    sent_as: str = ""
    """What the receiver calls the message, where it says so and lets it be changed."""
    lapsed: bool = False
    """It waited in a backup that was put back, and is too old to be sent again: it left in the life from before."""


class Trouble(Struct, frozen=True, omit_defaults=True, tag="trouble"):
    """Something is wrong with the daemon itself, or right again: one message to the `ops` route."""

    seen_at: Instant
    key: str
    """Names the trouble for as long as it lasts."""
    since: Instant
    text: str
    over: bool = False
    said: dict[str, str] = {}
    """The same in other languages, by key."""
    again: int = 0
    """How often it was told before."""


class ClockSet(Struct, frozen=True, gc=False, tag="clockset"):
    """The clock had run ahead and was set back for good: `seen_at` lies before earlier inputs'."""

    seen_at: Instant
    was: Instant = 0
    """The last instant stepped to before."""


class Warmed(Struct, frozen=True, tag="warmed"):
    """Baselines learnt elsewhere from an export, per brand: `detect.pulse.Pulse.habits` as MessagePack."""

    seen_at: Instant
    habits: dict[str, bytes]


Bodied: TypeAlias = (
    Sighting
    | Gap
    | Command
    | Silenced
    | Drilled
    | Corrected
    | Proposed
    | Erased
    | Delivered
    | Trouble
    | RulesRefused
    | RulesMended
    | ClockSet
    | Warmed
)
"""What the journal keeps whole in each row."""
Journalled: TypeAlias = Bodied | RulesSwapped | RotaSwapped
"""With what it keeps once, by its digest."""
Input: TypeAlias = Journalled | Tick


class Fault(Struct, frozen=True, gc=False):
    """A decision that failed: what was at work was set aside, the others went on."""

    brand: str
    error: str
    shadow: str = ""
    """The rule in shadow that failed and was set aside alone."""


class Outcome(Struct, frozen=True):
    """What one step gives.

    Changes for the record, notices to send, what was held and why, incidents and complaints to store; and what rules in
    shadow would have rung, as it begins and ends.
    """

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    held: tuple[Held, ...] = ()
    touched: tuple[Incident, ...] = ()
    faults: tuple[Fault, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    shadows: tuple[Incident, ...] = ()


NOTHING = Outcome()
