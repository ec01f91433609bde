"""What a rule may ask, as it is written: typed, described, with all faults at once."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic import ValidationInfo as Info

from buzzwatch.model.instant import HOUR
from buzzwatch.model.signal import Comparator
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
from buzzwatch.rules.written import Outline, Written, listed

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
            raise mistake("this asks for nothing", f"add one of: {asked}")
        return self


def _installed(name: str) -> str:
    if name != OURSELVES and find_spec("river") is None:  # it is looked for, not imported: that takes seconds
        raise mistake(f"`{name}` needs river, which is not installed", f'pip install "{RIVER_EXTRA}"')
    return name


Judge: TypeAlias = Annotated[
    Literal["buzzwatch", "gaussian", "half_space_trees", "one_class_svm"], AfterValidator(_installed)
]


class Unusual(Requirements):
    """Requirements that may ask what is unusual, and by whose judgement."""

    unusual: Asked | None = Field(
        default=None, description="More than is normal at this hour, as rare as `budget` says."
    )
    over: Window | None = Field(
        default=None,
        description="The trailing window. Left out: all together for `unusual` by ourselves, 1h for the rest.",
    )
    by: Judge | None = Field(
        default=None,
        description="Who judges `unusual`: ourselves if left out, or one of river's detectors, to compare.",
        examples=["half_space_trees"],
    )

    @model_validator(mode="after")
    def _judge_something(self) -> "Unusual":
        if self.by is not None and self.unusual is None:
            raise mistake("`by` says who judges `unusual`, and `unusual` is missing", "add `unusual: true`")
        return self

    @property
    def comparator(self) -> Comparator | None:
        """Who judges `unusual` in our place."""
        return None if self.by in {None, OURSELVES} else Comparator(self.by)


class Volume(Unusual):
    """How many mentions there are."""

    at_least: Count | None = Field(default=None, description="Mentions in the window.", examples=[50])
    times: Ratio | None = Field(default=None, description="Mentions, against what is usual (never less than 1).")
    authors: Count | None = Field(default=None, description="Different authors in the window.", examples=[20])


class Negativity(Unusual):
    """How many mentions are negative."""

    at_least: Count | None = Field(default=None, description="Negative mentions in the window.", examples=[10])
    share: Share | None = Field(default=None, description="Negative mentions among all in the window.")
    times: Ratio | None = Field(
        default=None, description="Negative mentions, against what is usual (never less than 1)."
    )
    authors: Count | None = Field(default=None, description="Different authors of negative mentions.", examples=[8])


class Thread(Requirements):
    """One conversation: a post with its replies, quotes and reposts."""

    later: ClassVar[frozenset[str]] = frozenset({"over"})
    escalating: Asked | None = Field(default=None, description="It takes off, as rarely seen as `budget` says.")
    mentions: Count | None = Field(default=None, description="Mentions in the conversation.", examples=[30])
    authors: Count | None = Field(
        default=None, description="Different authors, without our own accounts.", examples=[20]
    )
    negative_share: Share | None = Field(default=None, description="Negative mentions among all of it.")
    reach: Count | None = Field(default=None, description="Followers of its authors, added up.", examples=[100000])
    forecast: Count | None = Field(default=None, description="Further mentions expected within 24 h.", examples=[200])
    answered: bool | None = Field(default=None, description="Whether we answered in the last 30 minutes.")


def _known_theme(name: str, info: Info) -> str:
    return defined(name, "themes", "[word]", info.context.themes if isinstance(info.context, Outline) else None)


def _known_voice(name: str, info: Info) -> str:
    return defined(name, "voices", '["x:@name"]', info.context.voices if isinstance(info.context, Outline) else None)


def defined(name: str, key: str, example: str, known: tuple[str, ...] | None) -> str:
    """The name of one of the file's `themes` or `voices`, which are `known`; raises what a validator does."""
    if known is not None and name not in known:
        remedy = nearest(name, known) if known else f"add `{key}: {{{name}: {example}}}` to the file"
        raise mistake(f"{shown(name)} is not one of `{key}`", remedy)
    return name


ThemeWords: TypeAlias = Annotated[
    tuple[Annotated[Word, AfterValidator(_known_theme)], ...], Lax, Field(min_length=1), BeforeValidator(listed)
]
VoiceWords: TypeAlias = Annotated[
    tuple[Annotated[Word, AfterValidator(_known_voice)], ...], Lax, Field(min_length=1), BeforeValidator(listed)
]


class Mention(Requirements):
    """One mention by itself, never one of our own accounts, and of our people only where `voice: ours` is asked."""

    negativity: Probability | None = Field(
        default=None, description="How surely it is negative, 0 to 1.", examples=[0.7]
    )
    followers: Count | None = Field(default=None, description="Followers of its author.", examples=[100000])
    kind: Annotated[tuple[KindWord, ...], Lax, Field(min_length=1), BeforeValidator(listed)] | None = Field(
        default=None, description="One of these kinds.", examples=["review", ["post", "article"]]
    )
    source: Annotated[tuple[Line, ...], Lax, Field(min_length=1), BeforeValidator(listed)] | None = Field(
        default=None, description="From one of these sources.", examples=["x", ["x", "bluesky"]]
    )
    theme: ThemeWords | None = Field(
        default=None, description="On one of these of our `themes`.", examples=["safety", ["safety", "boycott"]]
    )
    voice: VoiceWords | None = Field(default=None, description="By one of these of our `voices`.", examples=["press"])
    authors: Count | None = Field(
        default=None, description="Such mentions by so many authors within `over`.", examples=[3]
    )
    over: LongSpan | None = Field(default=None, description="The trailing window of `authors`; 1h if left out.")

    @model_validator(mode="after")
    def _count_authors_over(self) -> "Mention":
        if self.over is not None and self.authors is None:
            raise mistake("`over` says in which time authors are counted, and `authors` is missing", "add `authors: 3`")
        return self


class Spread(Written):
    """On how many sources the brand is talked of."""

    sources: Annotated[int, Field(ge=2, le=50)] = Field(
        description="So many different sources carry mentions of the brand.", examples=[3]
    )
    over: LongSpan = Field(default=HOUR, description="The trailing window; 1h if left out.", examples=["2h"])


class Quiet(Written):
    """Nothing at all is heard of the brand."""

    over: LongSpan = Field(description="For so long; time in which a source was deaf does not count.", examples=["6h"])


class Unanswered(Written):
    """Complaints wait for an official answer."""

    over: WaitSpan = Field(alias="for", description="For at least so long, 1m to 2d.", examples=["1h"])
    at_least: Count = Field(default=1, description="So many of them; 1 if left out.", examples=[5])


class When(Written):
    """Conditions; several keys mean all of them."""

    volume: Volume | None = Field(default=None, description="How many mentions there are.")
    negativity: Negativity | None = Field(default=None, description="How many of them are negative.")
    thread: Thread | None = Field(default=None, description="What one conversation does.")
    mention: Mention | None = Field(default=None, description="What one mention is.")
    quiet: Quiet | None = Field(default=None, description="Nothing is heard any more.")
    spread: Spread | None = Field(default=None, description="On how many sources it is talked of.")
    unanswered: Unanswered | None = Field(default=None, description="Complaints wait for an official answer.")
    all: "Conditions | None" = Field(default=None, description="Every one of these holds.")
    any: "Conditions | None" = Field(default=None, description="At least one of these holds.")
    none: "Conditions | None" = Field(default=None, description="None of these holds.")

    @model_validator(mode="after")
    def _ask_something(self) -> "When":
        if not any(value is not None for _, value in self):
            raise mistake("this asks for nothing", f"add one of: {', '.join(type(self).model_fields)}")
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
