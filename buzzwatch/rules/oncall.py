"""`oncall.yaml` as typed models: who can be told, who is on duty, by which ways, and when it is night."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.model.instant import MINUTE
from buzzwatch.rules import meant
from buzzwatch.rules.references import unknown
from buzzwatch.rules.units import (
    EVERY_SPAN,
    WEEKDAYS,
    Budget,
    Day,
    Delay,
    Lax,
    Line,
    LongSpan,
    Moment,
    SlackMember,
    TimeOfDay,
    TimeOfWeek,
    Word,
    Zone,
    mistake,
    nearest,
    read_span,
    shown,
)
from buzzwatch.rules.words import Said, either
from buzzwatch.rules.written import Outline, Written

LONGEST_OVERRIDE = timedelta(days=366)
"""What lasts longer is another rota."""
_TURNS = ("rota:", "next:")
_WORKING_DAYS = 5
_TURNS_NEED = ("people", "starts", "hand_over")
_CALENDARS = ("https", "http", "webcal")


class Person(Written):
    """Somebody who can be told."""

    later: ClassVar[frozenset[str]] = frozenset({"crm", "layers"})
    name: Line = Field(description="The name that others read in messages and lists.", examples=["Inès"])
    language: Literal["fr", "en"] = Field(
        default="en", description="The language of messages to this person: fr or en. Left out: en.", examples=["fr"]
    )
    reach: dict[Word, Annotated[str, Field(min_length=1, max_length=2000)]] = Field(
        min_length=1,
        max_length=10,
        description="How this person is reached, by names of your choice, the preferred one first. Each is an address: "
        "`${cred:name}` for one that the sysadmin keeps, an Apprise URL, an e-mail address, or `console`.",
        examples=[{"email": "ines@acme.example"}, {"push": "${cred:ines_push}", "sms": "${cred:ines_sms}"}],
    )
    slack: SlackMember | None = Field(
        default=None,
        description="Their Slack member id, whose presses of buttons are theirs.",
        examples=["U0123456789"],
    )


def _outlined(info: Info) -> Outline:
    return info.context if isinstance(info.context, Outline) else Outline()


def _known_person(name: str, info: Info) -> str:
    outline = _outlined(info)
    if outline.people is not None and name not in outline.people:
        raise unknown(name, "person", "{value} is not one of `people`", tuple(outline.people), outline)
    return name


def _known_target(tell: str, info: Info) -> str:
    outline = _outlined(info)
    rotas = outline.rotas or {}
    for prefix in _TURNS:
        if tell.startswith(prefix):
            name = tell.removeprefix(prefix)
            if outline.rotas is not None and name not in rotas:
                person = Said("write {right}", {"right": f"`{name}`"}) if name in (outline.people or {}) else None
                named = [f"{prefix}{each}" for each in rotas]
                raise mistake("{value} names no rota", person or nearest(tell, named), value=shown(tell))
            return tell
    if tell in rotas and tell not in (outline.people or {}):
        raise mistake("{value} is a rota", "write {right}", value=shown(tell), right=f"`rota:{tell}`")
    return _known_person(tell, info)


KnownPerson = Annotated[Word, AfterValidator(_known_person)]


class Override(Written):
    """A time in which another person is on duty than the rota says."""

    since: Moment = Field(
        alias="from", description="When it begins, in the timezone of this file.", examples=["2026-12-24 18:00"]
    )
    until: Moment = Field(description="When it ends, likewise.", examples=["2026-12-26 09:00"])
    person: KnownPerson = Field(description="Who is on duty instead: one of `people`.", examples=["sophie"])
    why: Line = Field(default="", min_length=0, description="The reason, for who reads the rota.", examples=["Noël"])

    @model_validator(mode="after")
    def _end_after_it_began(self) -> "Override":
        if self.until <= self.since:
            raise mistake("`until` is not after `from`", "check the two dates", at=("until",))
        if self.until - self.since > LONGEST_OVERRIDE:
            raise mistake("longer than {most} days", "change `people` of the rota", most=LONGEST_OVERRIDE.days)
        return self


class Turns(NamedTuple):
    """What a rota by turns cannot do without."""

    people: tuple[str, ...]
    starts: date
    hand_over: tuple[int, int]


def _calendar(source: str) -> str:
    scheme, colon, _ = source.partition("://")
    if "\0" in source or (colon and "${" not in scheme and scheme.lower() not in _CALENDARS):
        raise mistake(
            "this is not where a calendar can be read", "write https://…, ${cred:name}, or the path of a file"
        )
    return source


class Rota(Written):
    """People who are on duty by turns of a week, or as a calendar elsewhere says."""

    later: ClassVar[frozenset[str]] = frozenset({"ics"})
    people: Annotated[tuple[KnownPerson, ...], Lax, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Who takes turns, a week each, in this order.", examples=[["ines", "karim"]]
    )
    starts: Day | None = Field(
        default=None, description="The day on which the first of them begins.", examples=["2026-11-23"]
    )
    hand_over: TimeOfWeek | None = Field(
        default=None,
        description="When the next one takes over, in the timezone of this file.",
        examples=["monday 09:00"],
    )
    ends: Day | None = Field(
        default=None, description="The day on which nobody takes over. Left out: never.", examples=["2027-06-28"]
    )
    overrides: Annotated[tuple[Override, ...], Lax, Field(max_length=500)] = Field(
        default=(),
        description="Times in which another person is on duty; where two overlap the later one written.",
        examples=[[{"from": "2026-12-24 18:00", "until": "2026-12-26 09:00", "person": "sophie", "why": "Noël"}]],
    )
    ical: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_calendar)] | None = Field(
        default=None,
        description="In the place of turns: the address of an iCalendar, `${cred:name}` for one, or a file's path.",
        examples=["${cred:rota_address}"],
    )
    fallback: KnownPerson | None = Field(
        default=None, description="One of `people`, who is called where it is nobody's turn.", examples=["sophie"]
    )

    @property
    def turns(self) -> Turns:
        """Of a rota that no calendar describes."""
        if self.people is None or self.starts is None or self.hand_over is None:
            raise ValueError("a calendar has no turns")
        return Turns(self.people, self.starts, self.hand_over)

    @model_validator(mode="after")
    def _be_one(self) -> "Rota":
        if self.ical is None:
            for name in _TURNS_NEED:
                if getattr(self, name) is None:
                    example = {"people": "[ines, karim]", "starts": "2026-11-23", "hand_over": "monday 09:00"}[name]
                    raise mistake("`{key}` is missing", "add `{key}: {example}`, or `ical`", key=name, example=example)
            return self
        for name in (*_TURNS_NEED, "ends", "overrides"):
            if getattr(self, name):
                raise mistake(
                    "`{key}` stands beside `ical`", "keep one of them: a calendar says all of it", at=(name,), key=name
                )
        if self.fallback is None:
            raise mistake(
                "`fallback` is missing: a calendar elsewhere can be out of reach, or end", "add one of `people`"
            )
        return self

    @model_validator(mode="after")
    def _end_after_it_began(self) -> "Rota":
        if self.ends is not None and self.starts is not None and self.ends <= self.starts:
            raise mistake("`ends` is not after `starts`", "check the two days", at=("ends",))
        return self


class Night(Written):
    """When people sleep."""

    since: TimeOfDay = Field(alias="from", description="When it begins.", examples=["22:00"])
    until: TimeOfDay = Field(description="When it ends, the next day where that is not later.", examples=["07:00"])

    @model_validator(mode="after")
    def _leave_a_day(self) -> "Night":
        if self.since == self.until:
            raise mistake("this night never ends", "let `until` differ from `from`", at=("until",))
        return self


class Step(Written):
    """One rung of an escalation."""

    after: Delay = Field(
        description="How long after the alert this step is taken; 0m: at once.", examples=["0m", "5m", "10m"]
    )
    tell: Annotated[str, Field(max_length=70), AfterValidator(_known_target)] = Field(
        description="One of `people`; `rota:comms` for who is on duty there, `next:comms` for who follows.",
        examples=["rota:comms", "next:comms", "sophie"],
    )
    by: Annotated[tuple[Word, ...], Lax, Field(min_length=1)] | None = Field(
        default=None,
        description="By which of the person's ways in `reach`. Left out: by all of them.",
        examples=[["push", "sms"]],
    )

    @model_validator(mode="after")
    def _reach(self, info: Info) -> "Step":
        outline = _outlined(info)
        people = outline.people or {}
        if not self.tell.startswith(_TURNS):
            self._reach_each(self.tell, people.get(self.tell, ()))
            return self
        for person in (outline.rotas or {}).get(self.tell.partition(":")[2], ()):
            means = people.get(person, ())
            if self.by and means and not set(self.by) & set(means):
                raise mistake(
                    "`{person}` of {value} cannot be reached by {by}",
                    "add {means}",
                    at=("by",),
                    person=person,
                    value=shown(self.tell),
                    by=", ".join(f"`{each}`" for each in self.by),
                    means=either([f"`{each}`" for each in means]),
                )
        return self

    def _reach_each(self, person: str, means: tuple[str, ...]) -> None:
        for index, by in enumerate(self.by or ()):
            if means and by not in means:
                raise mistake(
                    "{value} cannot be reached by {by}",
                    nearest(by, means),
                    at=("by", index),
                    value=shown(person),
                    by=shown(by),
                )


def _every(value: object) -> object:
    if not isinstance(value, str) or not value.startswith("every "):
        span = value if isinstance(value, str) and read_span(value) is not None else meant.span(value)
        remedy = Said("write {right}", {"right": f"`every {span}`"}) if span else "write `every 15m`"
        raise mistake("{value} is not a repetition", remedy, value=shown(value))
    return value.removeprefix("every ")


class Route(Written):
    """Who hears it."""

    steps: Annotated[tuple[Step, ...], Lax, Field(max_length=20)] = Field(
        default=(),
        description="Who is paged for a critical alert, step by step, until somebody takes it.",
        examples=[[{"after": "0m", "tell": "rota:comms"}, {"after": "10m", "tell": "next:comms"}]],
    )
    repeat: Annotated[LongSpan, BeforeValidator(_every), EVERY_SPAN] | None = Field(
        default=None,
        description="After the last step the first again, so often. Left out: every 15m.",
        examples=["every 15m"],
    )
    copy_to: Annotated[tuple[Word, ...], Lax, Field(max_length=20)] = Field(
        default=(),
        alias="copy",
        description="Where a copy goes: channels of buzzwatch.yaml, or `console`.",
        examples=[["slack-crise"]],
    )
    language: Literal["fr", "en"] | None = Field(
        default=None, description="The language of the copies: fr or en. Left out: the brand's.", examples=["fr"]
    )
    taken_for: LongSpan = Field(
        default=45 * MINUTE,
        description="So long after somebody took it, what still grows brings a reminder, then a page. Left out: 45m.",
        examples=["45m"],
    )

    @model_validator(mode="after")
    def _lead_somewhere(self) -> "Route":
        if not self.steps and not self.copy_to:
            raise mistake("this route leads nowhere", "add `steps` or `copy`")
        if self.repeat is not None and not self.steps:
            raise mistake("`repeat` has no `steps` to repeat", "add `steps`, or remove `repeat`", at=("repeat",))
        for index, (before, step) in enumerate(pairwise(self.steps), 1):
            if step.after < before.after:
                at = ("steps", index, "after")
                raise mistake("the steps are not in the order of `after`", "put the earliest first", at=at)
        return self


def _days(value: object) -> object:
    if value == "daily":
        return tuple(range(len(WEEKDAYS)))
    if value == "weekdays":
        return tuple(range(_WORKING_DAYS))
    named = value if isinstance(value, list) and value else [value]
    for name in named:
        if name not in WEEKDAYS:
            right = meant.synonym(str(name), WEEKDAYS)
            raise mistake(
                "{value} is not a day of the week",
                "write {right}" if right else "write weekdays, daily, or a list of {words}",
                value=shown(name),
                words=", ".join(WEEKDAYS),
                right=right,
            )
    return tuple(sorted({WEEKDAYS.index(name) for name in named}))


Days = Annotated[
    tuple[int, ...],
    BeforeValidator(_days),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["weekdays", "daily", *WEEKDAYS]},
                {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1},
            ],
            "examples": ["weekdays"],
        }
    ),
]
"""Days of the week, Monday is 0."""


class Digest(Written):
    """The message that tells what nobody was told of at once."""

    at: TimeOfDay = Field(description="When it is sent, in the timezone of this file.", examples=["08:30"])
    days: Days = Field(
        default=(0, 1, 2, 3, 4),
        description="`weekdays`, `daily`, or a list of days. Left out: weekdays.",
        examples=["weekdays"],
    )
    to: Word = Field(
        description="One of `routes`: its copies, else the persons of its first step.", examples=["care-desk"]
    )


class OncallFile(Written):
    """Who can be told, who is on duty, by which ways, and when it is night."""

    timezone: Zone = Field(
        default="UTC",
        description="Whose hours the people keep: all times of this file are of that place. Left out: UTC.",
        examples=["Europe/Paris", "Europe/London", "America/Montreal", "America/New_York"],
    )
    people: Annotated[dict[Word, Person], Field(max_length=500)] = Field(
        default_factory=dict,
        description="Everybody who can be told, each under a short name in small letters.",
        examples=[{"ines": {"name": "Inès", "reach": {"sms": "${cred:ines_sms}"}}}],
    )
    rota: Annotated[dict[Word, Rota], Field(max_length=50)] = Field(
        default_factory=dict,
        description="Who is on duty: people by turns of a week, or as a calendar says, each rota by its name.",
        examples=[{"comms": {"people": ["ines", "karim"], "starts": "2026-11-23", "hand_over": "monday 09:00"}}],
    )
    night: Night | None = Field(
        default=None,
        description="When people are told only of what may wake them. Left out: every hour is alike.",
        examples=[{"from": "22:00", "until": "07:00"}],
    )
    pages_per_person: Budget | None = Field(
        default=None,
        description="How often one person may be paged by mistake: `check` warns where rules may do it more.",
        examples=["8 per month"],
    )
    answer_within: LongSpan | None = Field(
        default=None,
        description="How soon a complaint is to be answered; alerts show it beside how long it has waited.",
        examples=["10m"],
    )
    routes: Annotated[dict[Word, Route], Field(max_length=200)] = Field(
        default_factory=dict,
        description="The ways by which alerts go out, by name: rules say `notify: name`.",
        examples=[{"care-desk": {"copy": ["console"]}}],
    )
    digest: Digest | None = Field(
        default=None,
        description="A message on some days: signals to watch, what was held, silences, response times, sources.",
        examples=[{"at": "08:30", "days": "weekdays", "to": "care-desk"}],
    )
    help: Annotated[tuple[Annotated[Word, AfterValidator(_known_person)], ...], Lax, Field(max_length=100)] = Field(
        default=(),
        description="People who hear it when somebody asks for help; those of the incident's route if left out.",
        examples=[["karim", "sophie"]],
    )

    @model_validator(mode="after")
    def _tell_somebody(self) -> "OncallFile":
        if self.digest is not None and self.digest.to not in self.routes:
            said = "{value}, to which the digest goes, is not one of `routes`"
            outline = Outline(people=dict.fromkeys(self.people, ()), rotas=dict.fromkeys(self.rota, ()))
            raise unknown(self.digest.to, "route", said, tuple(self.routes), outline, ("digest", "to"))
        return self
