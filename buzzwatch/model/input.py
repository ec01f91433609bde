"""Everything that can happen to the spine, and what a step gives back."""

from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, Incident
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Sighting
from buzzwatch.model.notification import Held, Notice, Target


class Tick(Struct, frozen=True, gc=False, tag="tick"):
    """A whole second at which something is dirty or due. Never journalled: it follows from the state."""

    seen_at: Instant


class RulesSwapped(Struct, frozen=True, tag="rules"):
    """Another rule set is in force. The journal keeps the files' text by `rules.digest`."""

    seen_at: Instant
    rules: Ruleset


class Gap(Struct, frozen=True, gc=False, tag="gap"):
    """We did not hear `source` between two instants ("*" for all): nothing in it is learnt, no silence is judged."""

    seen_at: Instant
    source: str
    since: Instant
    until: Instant


class Verb(StrEnum):
    """What a person can tell the desk."""

    TAKE = "take"
    RESOLVE = "resolve"


class Command(Struct, frozen=True, gc=False, tag="command"):
    """A person's answer to an incident."""

    seen_at: Instant
    verb: Verb
    incident: str
    by: str


class Delivered(Struct, frozen=True, gc=False, tag="delivered"):
    """What became of a notice, for good: sent, or given up with a reason."""

    seen_at: Instant
    key: str
    incident: str
    target: Target
    sent: bool
    why: str = ""


class Warmed(Struct, frozen=True, tag="warmed"):
    """Baselines learnt elsewhere from an export, per brand: dumps of `detect.pulse.Pulse.habits`."""

    seen_at: Instant
    habits: dict[str, dict[str, Any]]


Input: TypeAlias = Sighting | Tick | RulesSwapped | Gap | Command | Delivered | Warmed
Journalled: TypeAlias = Sighting | RulesSwapped | Gap | Command | Delivered | Warmed


class Outcome(Struct, frozen=True):
    """What one step gives: changes for the record, notices to send, what was held and why, incidents to store."""

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    held: tuple[Held, ...] = ()
    touched: tuple[Incident, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.notices or self.held or self.touched)


NOTHING = Outcome()
