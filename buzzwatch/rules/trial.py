"""Tests inside a rule file: what is given, part by part, and what is expected of it; typed, with all faults at once."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.model.instant import Span
from buzzwatch.rules.crowd import (
    CROWD_EXAMPLE,
    MOST_MENTIONS,
    THREAD_EXAMPLE,
    USUAL_FOLLOWERS,
    CrowdText,
    ThreadText,
)
from buzzwatch.rules.units import (
    Account,
    Factor,
    Lax,
    Line,
    LongSpan,
    Moment,
    TrialSpan,
    Word,
    mistake,
    nearest,
    shown,
)
from buzzwatch.rules.when import KindWord, Probability
from buzzwatch.rules.written import CONSOLE, Outline, Written


class Post(Written):
    """One mention by itself."""

    text: Annotated[str, Field(min_length=1, max_length=2_000)] | None = Field(
        default=None,
        description="What it says; read as live: whose it is, its themes, how negative. Left out: it is about us.",
        examples=["De la fumée à bord du vol Acme 417"],
    )
    by: Account | None = Field(
        default=None, description="Its author, with the source; somebody on x if left out.", examples=["x:@bfmtv"]
    )
    followers: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        default=USUAL_FOLLOWERS, description="Followers of its author; 100 if left out.", examples=[200000]
    )
    kind: KindWord | None = Field(
        default=None,
        description="A reply, quote or repost is one to the conversation before it; a post if left out.",
        examples=["article"],
    )
    negativity: Probability | None = Field(
        default=None,
        description="How surely it is negative, 0 to 1; left out: as the scorer finds the text.",
        examples=[0.9],
    )


def _known_brand(name: str, info: Info) -> str:
    brands = info.context.brands if isinstance(info.context, Outline) else None
    if brands is not None and name not in brands:
        raise mistake(f"no brand {shown(name)} is described here", nearest(name, brands))
    return name


_PLAYED = ("mentions", "thread", "mention", "gap", "together")


class Part(Written):
    """What happens for a while: one of `mentions`, `thread`, `mention`, `gap` and `together`."""

    mentions: CrowdText | None = Field(
        default=None, description="So many mentions, evenly over a time.", examples=[CROWD_EXAMPLE]
    )
    thread: ThreadText | None = Field(
        default=None, description="One conversation: its root, then what hangs on it.", examples=[THREAD_EXAMPLE]
    )
    mention: Post | None = Field(
        default=None,
        description="One mention by itself; it takes no time.",
        examples=[{"text": "Acme, plus jamais", "by": "x:@bfmtv", "followers": 200000}],
    )
    gap: LongSpan | None = Field(
        default=None, description="For so long we hear nothing, since our sources are deaf.", examples=["6h"]
    )
    together: Annotated[tuple["GivenPart", ...], Lax, Field(min_length=2, max_length=10)] | None = Field(
        default=None,
        description="Parts that begin at the same time; it lasts as long as the longest of them.",
        examples=[["5/h for 1h", {"thread": THREAD_EXAMPLE}]],
    )
    text: Annotated[str, Field(min_length=1, max_length=2_000)] | None = Field(
        default=None,
        description="With `mentions`: what each says, in words of its own; read as live.",
        examples=["fumée à bord d'acme"],
    )
    root: Post | None = Field(
        default=None,
        description="With `thread`: the mention that begins it.",
        examples=[{"text": "Acme m'a laissé à Nice", "by": "x:@lea", "followers": 5000}],
    )
    brand: Annotated[Word, AfterValidator(_known_brand)] | None = Field(
        default=None,
        description="With `mentions` and `thread`: another brand that they are about.",
        examples=["zephyr"],
    )
    campaign: Factor | None = Field(
        default=None,
        description="Meanwhile the calendar expects so many times the usual number of mentions.",
        examples=["5x"],
    )

    @model_validator(mode="after")
    def _be_one_thing(self) -> "Part":
        played = [name for name in _PLAYED if getattr(self, name) is not None]
        if len(played) != 1:
            said = f"`{played[0]}` and `{played[1]}` stand together" if played else "nothing happens here"
            remedy = "write one after the other, or under `together`" if played else f"add one of: {', '.join(_PLAYED)}"
            raise mistake(said, remedy)
        for name, needs in (("text", ("mentions",)), ("root", ("thread",)), ("brand", ("mentions", "thread"))):
            if getattr(self, name) is not None and played[0] not in needs:
                raise mistake(f"`{name}` does not go with `{played[0]}`", f"it goes with {' and '.join(needs)}")
        return self

    @property
    def span(self) -> Span:
        """How long it takes."""
        if self.together is not None:
            return max(part.span for part in self.together)
        crowd = self.mentions or self.thread
        return crowd.span if crowd is not None else self.gap or 0

    @property
    def count(self) -> int:
        """Mentions that it may come to, answers included."""
        if self.together is not None:
            return sum(part.count for part in self.together)
        crowd = self.mentions or self.thread
        if crowd is None:
            return int(self.mention is not None)
        return crowd.count + 1 + (crowd.count if crowd.answered is not None else 0)

    @property
    def deafens(self) -> bool:
        """Whether there is a gap in it."""
        return self.gap is not None or any(part.deafens for part in self.together or ())


def _short(value: object) -> object:
    """Mentions may be written without their key."""
    return {"mentions": value} if isinstance(value, str) else value


GivenPart: TypeAlias = Annotated[Part, BeforeValidator(_short, json_schema_input_type=CrowdText | Part)]


def _known_rule(name: str, info: Info) -> str:
    rules = info.context.rules if isinstance(info.context, Outline) else None
    if rules is not None and name not in rules:
        raise mistake(f"{shown(name)} is not a rule of this file", nearest(name, rules))
    return name


def _known_route(name: str, info: Info) -> str:
    routes = info.context.routes if isinstance(info.context, Outline) else None
    if routes is not None and name not in (*routes, CONSOLE):
        raise mistake(f"{shown(name)} is not a route of oncall.yaml", nearest(name, (*routes, CONSOLE)))
    return name


class Expected(Written):
    """A rule that must ring, and how."""

    rule: Annotated[Word, AfterValidator(_known_rule)] = Field(
        description="A rule of this file; `slow` for subjects that keep coming back.", examples=["bad-buzz"]
    )
    within: TrialSpan | None = Field(
        default=None, description="So soon after the counted part has begun, at the latest.", examples=["10m"]
    )
    not_before: TrialSpan | None = Field(
        default=None, description="So long after the counted part has begun, at the earliest.", examples=["2m"]
    )
    severity: Literal["watch", "warning", "critical"] | None = Field(
        default=None, description="Of the incident, when the rule rings.", examples=["critical"]
    )
    notify: Annotated[Word, AfterValidator(_known_route)] | None = Field(
        default=None, description="The route that hears of it.", examples=["oncall"]
    )
    times: Annotated[int, Field(ge=0, le=1_000)] | None = Field(
        default=None, description="How often it rings; 0: never. At least once if left out.", examples=[1]
    )

    @model_validator(mode="after")
    def _be_possible(self) -> "Expected":
        if self.times == 0 and any((self.within, self.not_before, self.severity, self.notify)):
            raise mistake("`times: 0` says that it never rings", "remove the rest, or `times`")
        if self.within is not None and self.not_before is not None and self.within < self.not_before:
            raise mistake("`within` ends before `not_before`", "make `within` the longer of the two")
        return self


def _nothing(value: object) -> object:
    if value == "nothing":
        return []
    if value == []:
        raise mistake("nothing is written here", "write `expect: nothing`, or the rules that must ring")
    if isinstance(value, str):
        raise mistake(f"{shown(value)} is not valid here", "write `nothing`, or `[{rule: name, within: 10m}]`")
    return value


def _or_nothing(schema: dict[str, Any]) -> None:
    """In the JSON Schema, `nothing` beside the list; never an empty one."""
    rules = {key: schema.pop(key) for key in ("items", "maxItems", "type") if key in schema}
    schema["anyOf"] = [{"const": "nothing"}, {**rules, "minItems": 1}]


def _each_once(expected: tuple[Expected, ...]) -> tuple[Expected, ...]:
    names = [each.rule for each in expected]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise mistake(f"`{twice}` is expected twice", "write it once, with `times: 2` if need be")
    return expected


class Trial(Written):
    """One test: what happens, part by part, and which rules must ring of it."""

    name: Line | None = Field(default=None, description="What it shows.", examples=["Angry posts at noon ring"])
    at: Moment | None = Field(
        default=None,
        description="The local time at which the counted part begins; left out: a Monday at 12:00, without calendar.",
        examples=["2026-11-23 21:00"],
    )
    given: Annotated[tuple[GivenPart, ...], Lax, Field(min_length=1, max_length=50)] = Field(
        description="What happens, one part after the other.", examples=[["5/h for 3d", CROWD_EXAMPLE]]
    )
    count_from: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None,
        description="The part from whose beginning times are counted; the last one if left out.",
        examples=[2],
    )
    expect: Annotated[
        tuple[Expected, ...],
        Lax,
        Field(max_length=100),
        BeforeValidator(_nothing),
        AfterValidator(_each_once),
    ] = Field(
        description="`nothing`, or the rules that must ring.",
        examples=["nothing", [{"rule": "bad-buzz", "within": "10m"}]],
        json_schema_extra=_or_nothing,
    )
    others: Literal["allowed"] | None = Field(
        default=None,
        description="Whether rules that are not expected may ring of another trouble too; they must not if left out.",
        examples=["allowed"],
    )

    @model_validator(mode="after")
    def _hold_together(self) -> "Trial":
        if self.count_from is not None and self.count_from > len(self.given):
            raise mistake(f"there is no part {self.count_from}", f"`given` has {len(self.given)}")
        total = sum(part.count for part in self.given)
        if total > MOST_MENTIONS:
            raise mistake(
                f"it comes to {total:,} mentions", f"a test may hold {MOST_MENTIONS:,}: lower or shorten a part"
            )
        if not self.expect and self.others:
            raise mistake(
                "`nothing` is expected, and `others` are allowed", "name the rule that must not ring: `times: 0`"
            )
        return self

    @property
    def counted(self) -> int:
        """The index of the part from whose beginning times are counted."""
        return (self.count_from or len(self.given)) - 1


Part.model_rebuild()
