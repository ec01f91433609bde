"""The files that comms staff write, as typed models: brand files and `calendar.yaml`; `oncall.yaml` has its own module.

Every field carries its description and examples, for the JSON Schema that editors complete from.
"""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from buzzwatch.rules.references import known_brand, known_route
from buzzwatch.rules.trial import Trial
from buzzwatch.rules.units import (
    Budget,
    CrmLink,
    Factor,
    Lax,
    Line,
    Moment,
    Template,
    WebAddress,
    Word,
    Zone,
    mistake,
    shown,
)
from buzzwatch.rules.when import DEEPEST_CONDITION, Quiet, Unanswered, When
from buzzwatch.rules.written import Accounts, Listed, Names, Written

LONGEST_CAMPAIGN = timedelta(days=92)
"""What lasts longer is the new normal."""


class Match(Written):
    """The words a brand is known by."""

    any: Annotated[Names, Field(min_length=1)] = Field(
        description="Names of the brand. Whole words; case, accents, l' d' and hyphens ignored; also inside hashtags.",
        examples=[["acme", "acme airlines", "@acme_fr"]],
    )
    not_us: Names = Field(
        default=(),
        description="Expressions that hold our name and are not us; the post stays if our name stands elsewhere in it.",
        examples=[["acme corporation"]],
    )
    near: Names = Field(
        default=(),
        description="For a brand named like a common word: one of these must stand within 10 words of the name.",
        examples=[["telecom", "4g", "forfait"]],
    )


def _sound(when: When) -> When:
    if when.depth > DEEPEST_CONDITION:
        raise mistake(
            "`all`, `any` and `none` are nested more than {most} deep", "write it flatter", most=DEEPEST_CONDITION
        )
    quiet = [isinstance(leaf, Quiet) for leaf in when.leaves]
    if any(quiet) and (not all(quiet) or when.denies_silence):
        raise mistake(
            "`quiet` is mixed with other conditions, and a silence has neither mentions nor conversations",
            "give it a rule of its own",
        )
    return when


class Rule(Written):
    """A rule: when to tell whom."""

    name: Word = Field(
        description="The rule's name, in small letters, once per brand; what is learnt is kept under it.",
        examples=["bad-buzz"],
    )
    says: Template | None = Field(
        default=None,
        description="What the alert means, in your own words, for the message. It may hold {brand} or {observed}.",
        examples=["Far more angry posts than usual about {brand}"],
    )
    when: Annotated[When, AfterValidator(_sound)] = Field(
        description="What must be true for the rule to ring; several conditions mean all of them.",
        examples=[{"volume": {"unusual": True}}],
    )
    budget: Budget | None = Field(
        default=None,
        description="How many false alarms you accept on ordinary days. Left out: 1 per month if critical, "
        "1 per week otherwise.",
        examples=["1 per month", "1 per 2 weeks", "1 per week"],
    )
    severity: Literal["watch", "warning", "critical"] = Field(
        description="watch: a line on the list. warning: a message. critical: a page until somebody takes it.",
        examples=["warning"],
        json_schema_extra={
            "enumDescriptions": [
                "A line on the list and in the digest; nobody is told.",
                "A message to the route; nobody is paged.",
                "A page to who is on duty, repeated until somebody takes it.",
            ]
        },
    )
    notify: Annotated[Word, AfterValidator(known_route)] | None = Field(
        default=None,
        description="Who is told: a route of oncall.yaml. Left out: `oncall` if there is one, else the console.",
        examples=["oncall"],
    )
    mode: Literal["live", "shadow"] = Field(
        default="live",
        description="shadow: it is judged, kept on record and counted, and nobody is told.",
        examples=["shadow"],
    )
    at_night: Literal["wake", "wait"] | None = Field(
        default=None,
        description="Whether people are woken in the `night` of oncall.yaml, or hear of it in the morning. "
        "Left out: wake if critical, else wait.",
        examples=["wake"],
    )
    do: Annotated[tuple[Template, ...], Lax, Field(max_length=10)] = Field(
        default=(),
        description="What to do, step by step, for who gets the message; at most ten steps.",
        examples=[["Read the three posts", "Stop the scheduled posts"]],
    )
    runbook: WebAddress | None = Field(
        default=None,
        description="The address of a page that says more.",
        examples=["https://wiki.example/crisis"],
    )


class Slow(Written):
    """What becomes of subjects that keep coming back for days: a line on the list, never a message or a page."""

    notify: Annotated[Word, AfterValidator(known_route)] | None = Field(
        default=None,
        description="A route of oncall.yaml; `care-desk` if there is one, else `oncall`, else the console.",
        examples=["care-desk"],
    )
    budget: Budget | None = Field(
        default=None,
        description="How many lines for nothing you accept, all themes together. Left out: 1 per month.",
        examples=["1 per month", "1 per 2 weeks"],
    )


def _unless_off(value: object) -> object:
    if value is None:
        raise mistake("nothing is written here", "write `off`, or remove the key")
    return None if value == "off" else value


def _or_off(schema: dict[str, Any]) -> None:
    """In the JSON Schema, `off` takes the place of nothing."""
    schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"type": "string", "const": "off"}]


def _in_one_group(voices: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, str] = {}
    for group, accounts in voices.items():
        for index, account in enumerate(accounts):
            if groups.setdefault(account, group) != group:
                raise mistake(
                    "{value} is in `{first}` and in `{second}`",
                    "keep one of them",
                    at=(group, index),
                    value=shown(account),
                    first=groups[account],
                    second=group,
                )
    return voices


class BrandFile(Written):
    """One watched brand."""

    later: ClassVar[frozenset[str]] = frozenset({"layers"})
    brand: Word = Field(
        description="The short name of the brand, in small letters; each brand has a file of its own.",
        examples=["acme"],
    )
    name: Line | None = Field(
        default=None,
        description="Its name as messages write it. Left out: the short name.",
        examples=["Acme Airlines"],
    )
    timezone: Zone = Field(
        default="UTC",
        description="Where the brand lives: what is normal is known for each hour of its local week. Left out: UTC.",
        examples=["Europe/Paris", "Europe/London", "America/Montreal", "America/New_York"],
    )
    language: Literal["fr", "en"] = Field(
        default="en", description="The language of messages to channels: fr or en. Left out: en.", examples=["fr"]
    )
    role: Literal["ours", "competitor"] = Field(
        default="ours",
        description="ours, or competitor: watched, and nobody is ever paged for it. Left out: ours.",
        examples=["ours"],
    )
    sector: Line | None = Field(
        default=None,
        description="Its trade: brands of one sector are compared when one of them rings.",
        examples=["airlines"],
    )
    match: Match = Field(
        description="The words by which a post is known to be about the brand.", examples=[{"any": ["acme"]}]
    )
    official: Accounts = Field(
        default=(),
        description="Our accounts: a reply is an answer, a root is a watched conversation, neither is a complaint.",
        examples=[["x:@acme_fr"]],
    )
    voices: Annotated[
        dict[Word, Annotated[Accounts, Field(min_length=1)]], Field(max_length=50), AfterValidator(_in_one_group)
    ] = Field(
        default_factory=dict,
        description="Accounts to know apart, by group. `ours` are our people: neither customers nor official answers.",
        examples=[{"press": ["x:@afpfr"], "ours": ["x:@ceo_acme"]}],
    )
    themes: Annotated[dict[Word, Annotated[Names, Field(min_length=1)]], Field(max_length=50)] = Field(
        default_factory=dict,
        description="Words by what they tell of; each counts as it is written and with a final s or x.",
        examples=[{"safety": ["fumée", "incendie"]}],
    )
    crm_link: CrmLink | None = Field(
        default=None,
        description="Where messages lead to an author's record; may hold {author_id}, {handle} and {source}.",
        examples=["https://crm.example/people?{source}={handle}"],
    )
    slow: Annotated[Slow | None, BeforeValidator(_unless_off)] = Field(
        default_factory=Slow,
        description="Themes that keep coming back for days; `off`: nothing is said of them.",
        examples=["off", {"notify": "care-desk"}],
        json_schema_extra=_or_off,
    )
    rules: Annotated[tuple[Rule, ...], Lax, Field(max_length=100)] = Field(
        default=(),
        description="When to tell whom, one rule after the other; each has a name, a condition and a severity.",
        examples=[[{"name": "bad-buzz", "when": {"negativity": {"unusual": True}}, "severity": "critical"}]],
    )
    tests: Annotated[tuple[Trial, ...], Lax, Field(max_length=200)] = Field(
        default=(),
        description="What `buzzwatch test` plays to the rules of this file, and which of them must ring.",
        examples=[[{"given": ["5/h for 3d"], "expect": "nothing"}]],
    )

    @model_validator(mode="after")
    def _be_able_to_answer(self) -> "BrandFile":
        for index, rule in enumerate(self.rules if not self.official else ()):
            if any(isinstance(leaf, Unanswered) for leaf in rule.when.leaves):
                said = "the rule `{rule}` asks what is `unanswered`, and no account is known to answer"
                raise mistake(said, 'add `official: ["x:@name"]`', at=("rules", index, "when"), rule=rule.name)
        return self


class Campaign(Written):
    """A time for which more mentions than usual are expected, or fewer."""

    brand: (
        Annotated[
            tuple[Annotated[Word, AfterValidator(known_brand)], ...],
            Lax,
            Field(min_length=1, max_length=500),
            Listed(),
        ]
        | None
    ) = Field(default=None, description="Of this brand or these; all of ours if left out.", examples=["acme"])
    since: Moment = Field(
        alias="from",
        description="Its beginning, as a local time of the brand's place.",
        examples=["2026-12-01 09:00"],
    )
    until: Moment = Field(description="Its end, likewise; at most 92 days later.", examples=["2026-12-03 23:00"])
    expect: Factor = Field(
        description="So many times the usual number of mentions; below 1x for strikes and holidays.", examples=["5x"]
    )
    why: Line = Field(description="What it is, for the message.", examples=["Soldes"])

    @model_validator(mode="after")
    def _end_after_it_began(self) -> "Campaign":
        if self.until <= self.since:
            raise mistake("`until` is not after `from`", "check the two dates", at=("until",))
        if self.until - self.since > LONGEST_CAMPAIGN:
            raise mistake(
                "longer than {most} days", "what lasts is learnt as usual by itself", most=LONGEST_CAMPAIGN.days
            )
        return self


class CalendarFile(Written):
    """When more mentions than usual are expected."""

    campaigns: Annotated[tuple[Campaign, ...], Lax, Field(max_length=1_000)] = Field(
        description="Times for which more mentions than usual are expected, or fewer; of one brand only one at a time.",
        examples=[[{"from": "2026-12-01 09:00", "until": "2026-12-03 23:00", "expect": "5x", "why": "Soldes"}]],
    )
