"""The files that comms staff write, as typed models: brand files and `calendar.yaml`; `oncall.yaml` has its own module.

Every field carries its description and examples, for the JSON Schema that editors complete from.
"""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.rules.oncall import OncallFile
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
    nearest,
    shown,
)
from buzzwatch.rules.when import DEEPEST_CONDITION, Quiet, Unanswered, When
from buzzwatch.rules.written import CONSOLE, Accounts, Names, Outline, Written, listed

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
        raise mistake(f"`all`, `any` and `none` are nested more than {DEEPEST_CONDITION} deep", "write it flatter")
    quiet = [isinstance(leaf, Quiet) for leaf in when.leaves]
    if any(quiet) and (not all(quiet) or when.denies_silence):
        raise mistake(
            "`quiet` is mixed with other conditions, and a silence has neither mentions nor conversations",
            "give it a rule of its own",
        )
    return when


def _known_route(name: str, info: Info) -> str:
    routes = info.context.routes if isinstance(info.context, Outline) else None
    if routes is not None and name not in (*routes, CONSOLE):
        raise mistake(f"{shown(name)} is not a route of oncall.yaml", nearest(name, (*routes, CONSOLE)))
    return name


class Rule(Written):
    """When to tell whom."""

    name: Word = Field(description="Its name, once per brand.", examples=["bad-buzz"])
    says: Template | None = Field(default=None, description="What it means, for the message; may hold {placeholders}.")
    when: Annotated[When, AfterValidator(_sound)] = Field(
        description="What must hold.", examples=[{"volume": {"unusual": True}}]
    )
    budget: Budget | None = Field(
        default=None,
        description="False alarms accepted on ordinary days; 1 per month if critical, 1 per week otherwise.",
    )
    severity: Literal["watch", "warning", "critical"] = Field(
        description="watch: a line on the list. warning: a message. critical: a page until somebody takes it.",
        examples=["warning"],
    )
    notify: Annotated[Word, AfterValidator(_known_route)] | None = Field(
        default=None,
        description="A route of oncall.yaml; `oncall` if there is one, else the console.",
        examples=["oncall"],
    )
    mode: Literal["live", "shadow"] = Field(
        default="live",
        description="shadow: it is judged, kept on record and counted, and nobody is told.",
        examples=["shadow"],
    )
    at_night: Literal["wake", "wait"] | None = Field(
        default=None,
        description="Whether persons hear of it in the `night` of oncall.yaml or after it; `wake` if critical.",
    )
    do: Annotated[tuple[Template, ...], Lax, Field(max_length=10)] = Field(
        default=(), description="What to do, step by step; may hold {placeholders}."
    )
    runbook: WebAddress | None = Field(default=None, description="A page that says more.")


class Slow(Written):
    """What becomes of subjects that keep coming back for days: a line on the list, never a message or a page."""

    notify: Annotated[Word, AfterValidator(_known_route)] | None = Field(
        default=None,
        description="A route of oncall.yaml; `care-desk` if there is one, else `oncall`, else the console.",
        examples=["care-desk"],
    )
    budget: Budget | None = Field(
        default=None, description="Lines for nothing on ordinary days, all subjects together; 1 per month if left out."
    )


def _unless_off(value: object) -> object:
    if value is None:
        raise mistake("nothing is written here", "write `off`, or remove the key")
    return None if value == "off" else value


def _or_off(schema: dict[str, Any]) -> None:
    """In the JSON Schema, `off` takes the place of nothing."""
    schema["anyOf"] = [{"const": "off"} if kind == {"type": "null"} else kind for kind in schema["anyOf"]]


def _in_one_group(voices: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, str] = {}
    for group, accounts in voices.items():
        for account in accounts:
            if groups.setdefault(account, group) != group:
                raise mistake(f"{shown(account)} is in `{groups[account]}` and in `{group}`", "keep one of them")
    return voices


class BrandFile(Written):
    """One watched brand."""

    later: ClassVar[frozenset[str]] = frozenset({"layers"})
    brand: Word = Field(description="The brand's key, once in the directory.", examples=["acme"])
    name: Line | None = Field(default=None, description="Its name in messages; the key if left out.")
    timezone: Zone = Field(default="UTC", description="Where its day begins.", examples=["Europe/Paris"])
    language: Literal["fr", "en"] = Field(default="en", description="The language of messages to channels.")
    role: Literal["ours", "competitor"] = Field(default="ours", description="A competitor is watched and never pages.")
    sector: Line | None = Field(default=None, description="Its trade, for comparisons.", examples=["airlines"])
    match: Match = Field(description="The words it is known by.", examples=[{"any": ["acme"]}])
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
    rules: Annotated[tuple[Rule, ...], Lax, Field(max_length=100)] = Field(default=(), description="When to tell whom.")
    tests: Annotated[tuple[Trial, ...], Lax, Field(max_length=200)] = Field(
        default=(),
        description="What `buzzwatch test` plays to the rules of this file, and which of them must ring.",
        examples=[[{"given": ["5/h for 3d"], "expect": "nothing"}]],
    )

    @model_validator(mode="after")
    def _be_able_to_answer(self) -> "BrandFile":
        for rule in self.rules if not self.official else ():
            if any(isinstance(leaf, Unanswered) for leaf in rule.when.leaves):
                said = f"the rule `{rule.name}` asks what is `unanswered`, and no account is known to answer"
                raise mistake(said, 'add `official: ["x:@name"]`')
        return self


def _known_brand(name: str, info: Info) -> str:
    brands = info.context.brands if isinstance(info.context, Outline) else None
    if brands is not None and name not in brands:
        raise mistake(f"no brand {shown(name)} is described here", nearest(name, brands))
    return name


class Campaign(Written):
    """A time for which more mentions than usual are expected, or fewer."""

    brand: (
        Annotated[
            tuple[Annotated[Word, AfterValidator(_known_brand)], ...],
            Lax,
            Field(min_length=1, max_length=500),
            BeforeValidator(listed),
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
            raise mistake("`until` is not after `from`", "check the two dates")
        if self.until - self.since > LONGEST_CAMPAIGN:
            raise mistake(f"longer than {LONGEST_CAMPAIGN.days} days", "what lasts is learnt as usual by itself")
        return self


class CalendarFile(Written):
    """When more mentions than usual are expected."""

    campaigns: Annotated[tuple[Campaign, ...], Lax, Field(max_length=1_000)] = Field(
        description="Times for which more mentions than usual are expected, or fewer; of one brand only one at a time.",
        examples=[[{"from": "2026-12-01 09:00", "until": "2026-12-03 23:00", "expect": "5x", "why": "Soldes"}]],
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of all kinds of files, for editors."""
    adapter: TypeAdapter[BrandFile | OncallFile | CalendarFile] = TypeAdapter(BrandFile | OncallFile | CalendarFile)
    schema = adapter.json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "buzzwatch", **schema}
