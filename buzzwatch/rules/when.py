"""What a rule may ask, as it is written: typed, described, with all faults at once."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec.structs import replace
from pydantic import AfterValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.model.instant import HOUR
from buzzwatch.model.signal import Comparator
from buzzwatch.rules.references import taken_for
from buzzwatch.rules.units import (
    Count,
    Lax,
    Line,
    LongSpan,
    Ratio,
    Share,
    WaitSpan,
    Window,
    Word,
    mistake,
    nearest,
    shown,
)
from buzzwatch.rules.written import Listed, Outline, Written

DEEPEST_CONDITION = 8
"""Levels of `all`, `any` and `none` within each other."""
OURSELVES = "buzzwatch"
"""Who judges what is unusual unless a rule names somebody else."""
RIVER_EXTRA = "buzzwatch[river]"
"""What to install for the others."""


def _must_be_true(value: bool) -> bool:  # noqa: FBT001 - pydantic passes the value so
    if not value:
        raise mistake("`false` asks for nothing here", "leave it out, or put the condition under `none`")
    return value


Asked: TypeAlias = Annotated[bool, AfterValidator(_must_be_true)]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
KindWord: TypeAlias = Literal["post", "reply", "repost", "quote", "review", "article", "message"]

_ASKS_NOTHING = frozenset({"over", "by"})


class Requirements(Written):
    """Minimums that must all be reached; `over` or `by` alone ask for nothing."""

    @model_validator(mode="after")
    def _ask_something(self) -> "Requirements":
        if not any(value is not None for name, value in self if name not in _ASKS_NOTHING):
            asked = ", ".join(name for name in type(self).model_fields if name not in _ASKS_NOTHING)
            raise mistake("this asks for nothing", "add one of: {words}", words=asked)
        return self


def _installed(name: str) -> str:
    if name != OURSELVES and find_spec("river") is None:  # it is looked for, not imported: that takes seconds
        raise mistake(
            "`{name}` needs river, which is not installed", 'pip install "{extra}"', name=name, extra=RIVER_EXTRA
        )
    return name


Judge: TypeAlias = Annotated[
    Literal["buzzwatch", "gaussian", "half_space_trees", "one_class_svm"], AfterValidator(_installed)
]


class Unusual(Requirements):
    """Requirements that may ask what is unusual, and by whose judgement."""

    unusual: Asked | None = Field(
        default=None,
        description="true: more than is normal for the brand at this hour, so much more as the rule's `budget` says.",
        examples=[True],
    )
    over: Window | None = Field(
        default=None,
        description="In how long a time, up to now. Left out: all windows together for `unusual`, 1h for the rest.",
        examples=["15m"],
    )
    by: Judge | None = Field(
        default=None,
        description="Who judges `unusual`: ourselves if left out, or one of river's detectors, to compare.",
        examples=["half_space_trees"],
    )

    @model_validator(mode="after")
    def _judge_something(self) -> "Unusual":
        if self.by is not None and self.unusual is None:
            raise mistake("`by` says who judges `unusual`, and `unusual` is missing", "add `unusual: true`", at=("by",))
        return self

    @property
    def comparator(self) -> Comparator | None:
        """Who judges `unusual` in our place."""
        return None if self.by in {None, OURSELVES} else Comparator(self.by)


class Volume(Unusual):
    """How many mentions there are."""

    at_least: Count | None = Field(default=None, description="At least so many mentions in that time.", examples=[50])
    times: Ratio | None = Field(
        default=None,
        description="At least so many times the usual number of mentions; the usual counts as one at least.",
        examples=["3x"],
    )
    authors: Count | None = Field(default=None, description="By at least so many different authors.", examples=[20])


class Negativity(Unusual):
    """How many mentions are negative."""

    at_least: Count | None = Field(
        default=None, description="At least so many negative mentions in that time.", examples=[10]
    )
    share: Share | None = Field(
        default=None, description="At least so large a part of all mentions is negative.", examples=["40%"]
    )
    times: Ratio | None = Field(
        default=None,
        description="At least so many times the usual number of negative mentions; the usual counts as one at least.",
        examples=["3x"],
    )
    authors: Count | None = Field(
        default=None, description="The negative mentions are by at least so many different authors.", examples=[8]
    )


class Thread(Requirements):
    """One conversation: a post with its replies, quotes and reposts."""

    later: ClassVar[frozenset[str]] = frozenset({"over"})
    escalating: Asked | None = Field(
        default=None,
        description="true: the conversation takes off, as rarely seen as the rule's `budget` says.",
        examples=[True],
    )
    mentions: Count | None = Field(
        default=None, description="At least so many mentions in the conversation.", examples=[30]
    )
    authors: Count | None = Field(
        default=None, description="By at least so many different authors, our own accounts left out.", examples=[20]
    )
    negative_share: Share | None = Field(
        default=None, description="At least so large a part of the conversation is negative.", examples=["40%"]
    )
    reach: Count | None = Field(
        default=None, description="Its authors have at least so many followers, added up.", examples=[100000]
    )
    forecast: Count | None = Field(
        default=None, description="At least so many more mentions are expected within 24 hours.", examples=[200]
    )
    answered: bool | None = Field(
        default=None,
        description="true: one of our accounts answered in the last 30 minutes; false: none did.",
        examples=[False],
    )


def _known_theme(name: str, info: Info) -> str:
    return defined(name, "theme", "[word]", info.context)


def _known_voice(name: str, info: Info) -> str:
    return defined(name, "voice", '["x:@name"]', info.context)


def defined(name: str, kind: str, example: str, context: object) -> str:
    """The name of one of the file's `themes` or `voices`; raises what a validator does."""
    outline = context if isinstance(context, Outline) else Outline()
    key, defined = f"{kind}s", outline.themes if kind == "theme" else outline.voices
    if defined is None or name in defined:
        return name
    if other := taken_for(name, kind, defined, replace(outline, people=None, rotas=None, routes=None)):
        raise mistake(*other)
    remedy = nearest(name, defined) if defined else "add `{example}` to the file"
    example = f"{key}: {{{name}: {example}}}"
    raise mistake("{value} is not one of `{key}`", remedy, value=shown(name), key=key, example=example)


ThemeWords: TypeAlias = Annotated[
    tuple[Annotated[Word, AfterValidator(_known_theme)], ...], Lax, Field(min_length=1), Listed()
]
VoiceWords: TypeAlias = Annotated[
    tuple[Annotated[Word, AfterValidator(_known_voice)], ...], Lax, Field(min_length=1), Listed()
]


class Mention(Requirements):
    """One mention by itself, never one of our own accounts, and of our people only where `voice: ours` is asked."""

    negativity: Probability | None = Field(
        default=None, description="How surely the mention is negative, from 0 to 1.", examples=[0.7, 0.9]
    )
    followers: Count | None = Field(
        default=None,
        description="Its author has at least so many followers; an author of whom that is not known never counts.",
        examples=[100000],
    )
    kind: Annotated[tuple[KindWord, ...], Lax, Field(min_length=1), Listed()] | None = Field(
        default=None, description="It is of one of these kinds.", examples=["review", ["post", "article"]]
    )
    source: Annotated[tuple[Line, ...], Lax, Field(min_length=1), Listed()] | None = Field(
        default=None, description="It comes from one of these sources.", examples=["x", ["x", "bluesky"]]
    )
    theme: ThemeWords | None = Field(
        default=None,
        description="It is on one of the `themes` of this file.",
        examples=["safety", ["safety", "boycott"]],
    )
    voice: VoiceWords | None = Field(
        default=None, description="It is by one of the `voices` of this file.", examples=["press", ["press", "ours"]]
    )
    authors: Count | None = Field(
        default=None, description="At least so many different authors post such mentions within `over`.", examples=[3]
    )
    over: LongSpan | None = Field(
        default=None,
        description="In how long a time the `authors` are counted, up to now. Left out: 1h.",
        examples=["30m"],
    )

    @model_validator(mode="after")
    def _count_authors_over(self) -> "Mention":
        if self.over is not None and self.authors is None:
            said = "`over` says in which time authors are counted, and `authors` is missing"
            raise mistake(said, "add `authors: 3`", at=("over",))
        return self


class Spread(Written):
    """On how many sources the brand is talked of."""

    sources: Annotated[int, Field(ge=2, le=50)] = Field(
        description="At least so many different sources carry mentions of the brand.", examples=[3]
    )
    over: LongSpan = Field(default=HOUR, description="In how long a time, up to now. Left out: 1h.", examples=["2h"])


class Quiet(Written):
    """Nothing at all is heard of the brand."""

    over: LongSpan = Field(
        description="Nothing was heard for so long; time in which a source was deaf does not count.", examples=["6h"]
    )


class Unanswered(Written):
    """Complaints wait for an official answer."""

    over: WaitSpan = Field(
        alias="for", description="The complaints have waited for at least so long, 1m to 2d.", examples=["1h"]
    )
    at_least: Count = Field(default=1, description="At least so many of them wait. Left out: 1.", examples=[5])


class When(Written):
    """Conditions; several keys mean all of them."""

    volume: Volume | None = Field(
        default=None,
        description="How many mentions of the brand there are in a time.",
        examples=[{"unusual": True, "authors": 20}],
    )
    negativity: Negativity | None = Field(
        default=None,
        description="How many of the mentions are negative.",
        examples=[{"unusual": True, "at_least": 10, "authors": 8}],
    )
    thread: Thread | None = Field(
        default=None,
        description="What one conversation does, or one story that many posts tell.",
        examples=[{"escalating": True, "negative_share": "40%"}],
    )
    mention: Mention | None = Field(
        default=None,
        description="What one mention is: how negative, by whom, about what.",
        examples=[{"negativity": 0.7, "followers": 100000}, {"theme": "safety", "authors": 3}],
    )
    quiet: Quiet | None = Field(
        default=None, description="Nothing is heard of the brand any more.", examples=[{"over": "12h"}]
    )
    spread: Spread | None = Field(
        default=None,
        description="On how many sources, such as x or bluesky, the brand is talked of.",
        examples=[{"sources": 3, "over": "2h"}],
    )
    unanswered: Unanswered | None = Field(
        default=None,
        description="Complaints that wait for an answer of one of our `official` accounts.",
        examples=[{"for": "1h", "at_least": 5}],
    )
    all: "Conditions | None" = Field(
        default=None, description="Every one of these conditions holds.", examples=[[{"volume": {"unusual": True}}]]
    )
    any: "Conditions | None" = Field(
        default=None,
        description="At least one of these conditions holds.",
        examples=[[{"mention": {"negativity": 0.9}}, {"spread": {"sources": 3}}]],
    )
    none: "Conditions | None" = Field(
        default=None, description="None of these conditions holds.", examples=[[{"thread": {"answered": True}}]]
    )

    @model_validator(mode="after")
    def _ask_something(self) -> "When":
        if not any(value is not None for _, value in self):
            raise mistake("this asks for nothing", "add one of: {words}", words=", ".join(type(self).model_fields))
        return self

    @property
    def leaves(self) -> "Iterator[Leaf]":
        """Every condition but `all`, `any` and `none`, wherever it stands."""
        written = (self.volume, self.negativity, self.thread, self.mention, self.quiet, self.spread, self.unanswered)
        for leaf in written:
            if leaf is not None:
                yield leaf
        for group in (self.all, self.any, self.none):
            for when in group or ():
                yield from when.leaves

    @property
    def depth(self) -> int:
        """Levels of `all`, `any` and `none`."""
        groups = [group for group in (self.all, self.any, self.none) if group]
        return max((1 + max(when.depth for when in group) for group in groups), default=0)

    @property
    def denies_silence(self) -> bool:
        """Whether a `quiet` stands under `none`."""
        denied = any(isinstance(leaf, Quiet) for when in self.none or () for leaf in when.leaves)
        return denied or any(when.denies_silence for group in (self.all, self.any) for when in group or ())


Leaf: TypeAlias = Volume | Negativity | Thread | Mention | Quiet | Spread | Unanswered
Conditions: TypeAlias = Annotated[tuple[When, ...], Lax, Field(min_length=1, max_length=50)]
When.model_rebuild()
