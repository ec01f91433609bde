"""Brands, rules, people and routes, as compiled from the files that comms staff edit."""

from datetime import tzinfo
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.digest import Daily
from buzzwatch.model.incident import Severity
from buzzwatch.model.instant import MINUTE, Span
from buzzwatch.model.rota import Listed, Night, Rota
from buzzwatch.model.signal import Comparison
from buzzwatch.model.view import Condition


class Scope(StrEnum):
    """What a rule is judged upon.

    The brand at each tick, each stirring thread, each fresh mention, a silence, or each subject once its day has ended.
    """

    BRAND = "brand"
    THREAD = "thread"
    MENTION = "mention"
    QUIET = "quiet"
    DAY = "day"


class Rule(Struct, frozen=True):
    """One alert rule.

    `rate` is its budget in false alarms a day; `calm` how long it must not hold before it is over. `quiet_over` is how
    long a silence must last, `spread_over` the time over which sources are counted; None: it asks for neither. `least`
    is how many mentions a conversation must have before it is worth asking. `comparisons` are what it asks comparators.
    """

    name: str
    says: str
    when: Condition
    scope: Scope
    severity: Severity
    notify: str
    rate: float
    calm: Span
    quiet_over: Span | None = None
    spread_over: Span | None = None
    least: int = 0
    do: tuple[str, ...] = ()
    runbook: str | None = None
    wakes: bool = True
    """Whether it may reach persons at night."""
    comparisons: tuple[Comparison, ...] = ()
    unanswered: tuple[tuple[Span, int], ...] = ()
    """For how long it asks how many complaints to have waited."""
    gathers: dict[str, str] = {}
    """What it counts authors of, by the key under which they are remembered."""


class Match(Struct, frozen=True):
    """The words a brand is known by; see `ingest.match` for what they mean."""

    any: tuple[str, ...]
    not_us: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


class Brand(Struct, frozen=True, dict=True):
    """A watched brand.

    `official`, and the accounts of each group of `voices`, are handles as "source:@handle", folded to lower case.
    `themes` are words by the name of what they tell of; see `ingest.theme`. `peers` are the keys of the brands of its
    sector, its own among them. `campaigns` are in order and do not overlap.
    """

    key: str
    name: str
    zone: tzinfo
    timezone: str
    language: str
    competitor: bool
    match: Match
    official: frozenset[str]
    rules: tuple[Rule, ...]
    """Those that count; see `shadows`."""
    sector: str | None = None
    themes: dict[str, tuple[str, ...]] = {}
    voices: dict[str, frozenset[str]] = {}
    slow: Rule | None = None
    """What becomes of its slow signals; None: nothing."""
    peers: tuple[str, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    crm_link: str | None = None
    """Where an author's record is found, with {author_id}, {handle} and {source} to be filled in."""
    shadows: tuple[Rule, ...] = ()
    """Rules in shadow: judged and kept on record, and told to nobody."""

    @cached_property
    def scoped(self) -> dict[Scope, tuple[Rule, ...]]:
        """Its rules by what they are judged upon; asked at each mention."""
        return {scope: tuple(rule for rule in self.rules if rule.scope is scope) for scope in Scope}

    @cached_property
    def silences(self) -> tuple[Span, ...]:
        """How long the silences last that its rules ask for."""
        return tuple(rule.quiet_over for rule in self.scoped[Scope.QUIET] if rule.quiet_over is not None)

    @cached_property
    def waits(self) -> tuple[tuple[Span, int], ...]:
        """For how long its rules ask how many complaints to have waited."""
        return tuple(each for rule in self.scoped[Scope.BRAND] for each in rule.unanswered)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What its rules ask comparators, each once, in a fixed order."""
        return tuple(sorted({comparison for rule in (*self.rules, *self.shadows) for comparison in rule.comparisons}))


class Person(Struct, frozen=True):
    """Somebody who can be told; `reach` maps a means to an address that may hold `${cred:…}` placeholders.

    `slack` is the member id of their Slack account, "" if unknown.
    """

    key: str
    name: str
    language: str
    reach: dict[str, str]
    slack: str = ""


class Step(Struct, frozen=True):
    """One rung of an escalation: so long after the alert, tell a person by these means, or by all if none are named.

    `tell` is a person's key, `rota:` with a rota's for who is on duty, or `next:` with it for who follows.
    """

    after: Span
    tell: str
    by: tuple[str, ...]


class Route(Struct, frozen=True):
    """Who hears it: steps for persons, copies for channels. `repeat` None: the steps are not begun again."""

    name: str
    steps: tuple[Step, ...] = ()
    repeat: Span | None = None
    copy: tuple[str, ...] = ()
    language: str = ""
    """Of the copies; empty: the brand's."""
    taken_for: Span = 45 * MINUTE
    """How long somebody may have an incident that still grows until they are asked."""


class Ruleset(Struct, frozen=True):
    """Everything in the rules directory, compiled; `digest` names its content. All by key."""

    digest: str
    brands: dict[str, Brand]
    people: dict[str, Person]
    routes: dict[str, Route]
    help: tuple[str, ...] = ()
    """People who hear of a call for help; none: those of the incident's route."""
    files: dict[str, str] = {}
    """The texts it was compiled from, by file name."""
    rotas: dict[str, Rota | Listed] = {}
    night: Night | None = None
    timezone: str = "UTC"
    """Whose hours the people keep."""
    daily: Daily | None = None
    """When the digest leaves; None: there is none."""
    pages_per_person: float | None = None
    """How many a day anybody is to bear; None: nobody has said."""
    answer_within: Span | None = None
    """How soon a complaint is to be answered; None: nobody has said."""
