"""Mappings as people write them in YAML, and those that come with buzzwatch: `app/presets/*.yaml`."""

import re
from collections.abc import Mapping
from datetime import tzinfo
from importlib.resources import files
from pathlib import Path as File
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from buzzwatch.ingest.mapping import EPOCH, EPOCH_MS, ISO, Fields, Filter, fold_column, make_path
from buzzwatch.ingest.mapping import Field as Mapped
from buzzwatch.model.mention import Kind
from buzzwatch.rules.files import read_text
from buzzwatch.rules.text import parse
from buzzwatch.rules.units import Lax, Zone, mistake, shown
from buzzwatch.rules.validate import validate
from buzzwatch.rules.written import Written

_PRESETS = files("buzzwatch.app").joinpath("presets")
_LONGEST = 300
_FORM = re.compile(r"[^\x00-\x1f]{1,60}")


def _path(text: str) -> str:
    try:
        make_path(text)
    except ValueError:
        remedy = "write the keys with dots between, [*] for every element of a list: data.posts[*].author"
        raise mistake("{value} is not a path", remedy, value=shown(text)) from None
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_words(value: object) -> object:
    """Numbers, true and false, as the texts they are compared as."""
    if isinstance(value, dict):
        return {str(key): _word(each) for key, each in value.items()}
    return [_word(each) for each in value] if isinstance(value, list) else [_word(value)]


def _word(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _form(text: str) -> str:
    if text not in {ISO, EPOCH, EPOCH_MS} and not (_FORM.fullmatch(text) and "%" in text):
        remedy = "write iso, epoch, epoch-ms, or a form such as %d/%m/%Y %H:%M"
        raise mistake("{value} is not a form of dates", remedy, value=shown(text))
    return text


OnePath = Annotated[str, Field(min_length=1, max_length=_LONGEST), AfterValidator(_path)]
Paths = Annotated[
    tuple[OnePath, ...],
    Lax,
    Field(min_length=1, max_length=20),
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Words = Annotated[tuple[str, ...], Lax, Field(min_length=1, max_length=200), BeforeValidator(_as_words)]
Table = Annotated[dict[str, str], Field(max_length=200), BeforeValidator(_as_words)]
Forms = Annotated[
    tuple[Annotated[str, AfterValidator(_form)], ...],
    Lax,
    Field(min_length=1, max_length=20),
    BeforeValidator(_as_list),
]


class Place(Written):
    """Where one field of a mention stands, and what is done with it."""

    at: Paths = Field(default=(), description="The path, or several: the first at which something stands is taken.")
    constant: str | None = Field(default=None, max_length=_LONGEST, description="What it is where nothing stands.")
    prefix: str = Field(default="", max_length=100, description="What is put before it.")
    values: Table = Field(default={}, description="What each value that may stand there means.")
    otherwise: str | None = Field(default=None, max_length=_LONGEST, description="What it is for any other value.")
    join: str | None = Field(default=None, max_length=20, description="Take all that stands there, with this between.")
    dates: Forms = Field(
        default=(ISO,), description="Forms of dates: iso, epoch, epoch-ms, or such as %d/%m/%Y %H:%M. Left out: iso."
    )
    zone: Zone | None = Field(default=None, description="The time zone of dates that bear none. Left out: UTC.")
    out_of: Annotated[int, Field(ge=1, le=100)] = Field(default=5, description="The best mark, for `stars`.")

    @model_validator(mode="after")
    def _say_something(self) -> "Place":
        if not self.at and self.constant is None:
            raise mistake("neither `at` nor `constant` is written", "write where it stands: `at: data.author.name`")
        return self

    def compiled(self, zone: tzinfo) -> Mapped:
        """For `ingest.mapping`."""
        return Mapped(
            paths=tuple(make_path(path) for path in self.at),
            constant=self.constant,
            prefix=self.prefix,
            values={key.casefold(): value for key, value in self.values.items()},
            otherwise=self.otherwise,
            join=self.join,
            dates=self.dates,
            zone=ZoneInfo(self.zone) if self.zone else zone,
            out_of=self.out_of,
        )


def _as_place(value: object) -> object:
    return {"at": value} if isinstance(value, (str, list)) else value


Somewhere = Annotated[Place, BeforeValidator(_as_place)]


class AuthorPlaces(Written):
    """Where the author stands."""

    id: Somewhere | None = None
    handle: Somewhere | None = None
    name: Somewhere | None = None
    followers: Somewhere | None = None


class EngagementPlaces(Written):
    """Where the reactions stand."""

    likes: Somewhere | None = None
    reposts: Somewhere | None = None
    replies: Somewhere | None = None
    views: Somewhere | None = None


class MappingFile(Written):
    """A mapping: where the fields of a mention stand in what a tool sends or exports."""

    says: str = Field(default="", max_length=_LONGEST, description="What it is for.")
    items: Paths | None = Field(
        default=None, description="Where the list of items stands. Left out: the whole is one item, or a list of them."
    )
    only: Annotated[dict[OnePath, Words], Field(max_length=10)] = Field(
        default={}, description="Only items at whose path one of these values stands."
    )
    skip: Annotated[dict[OnePath, Words], Field(max_length=10)] = Field(
        default={}, description="Not those at whose path one of these values stands."
    )
    columns: Annotated[tuple[Words, ...], Lax, Field(max_length=10)] = Field(
        default=(), description="Columns by which an export is recognised."
    )
    shape: Annotated[tuple[OnePath, ...], Lax, Field(max_length=10)] = Field(
        default=(), description="Paths in the first item by which a JSON is recognised."
    )
    id: Somewhere | None = None
    text: Somewhere | None = None
    created_at: Somewhere
    title: Somewhere | None = None
    source: Somewhere | None = None
    url: Somewhere | None = None
    lang: Somewhere | None = None
    kind: Somewhere | None = None
    thread: Somewhere | None = None
    parent: Somewhere | None = None
    brand: Somewhere | None = None
    stars: Somewhere | None = None
    deleted: Somewhere | None = None
    author: AuthorPlaces = AuthorPlaces()
    engagement: EngagementPlaces = EngagementPlaces()

    @model_validator(mode="after")
    def _be_whole(self) -> "MappingFile":
        if self.id is None and self.url is None:
            raise mistake("neither `id` nor `url` is written", "write where the id of a post stands, or its address")
        if self.text is None and self.title is None:
            raise mistake("neither `text` nor `title` is written", "write where the words of a post stand")
        kinds = {} if self.kind is None else {**self.kind.values, "": self.kind.otherwise, " ": self.kind.constant}
        for kind in kinds.values():
            if kind is not None and kind not in list(Kind):
                remedy = "valid here: {words}"
                raise mistake("{value} is not a kind of mention", remedy, value=shown(kind), words=", ".join(Kind))
        return self

    def compiled(self, name: str, zone: tzinfo) -> Fields:
        """For `ingest.mapping`; dates without a zone, where none is written, are in `zone`."""
        plain = ("id", "text", "created_at", "title", "source", "url", "lang", "kind", "thread", "parent", "brand")
        places: dict[str, Place | None] = {key: getattr(self, key) for key in (*plain, "stars", "deleted")}
        places |= {f"author.{key}": getattr(self.author, key) for key in AuthorPlaces.model_fields}
        places |= {f"engagement.{key}": getattr(self.engagement, key) for key in EngagementPlaces.model_fields}
        return Fields(
            name=name,
            fields={key: place.compiled(zone) for key, place in places.items() if place is not None},
            items=tuple(make_path(path) for path in self.items or ()),
            only=_filters(self.only),
            skip=_filters(self.skip),
            columns=tuple(frozenset(map(fold_column, columns)) for columns in self.columns),
            shape=tuple(make_path(path) for path in self.shape),
        )


def _filters(written: Mapping[str, tuple[str, ...]]) -> tuple[Filter, ...]:
    return tuple(
        Filter(make_path(path), frozenset(value.casefold() for value in values)) for path, values in written.items()
    )


def preset_names() -> tuple[str, ...]:
    """The mappings that come along."""
    names = (each.name for each in _PRESETS.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load_preset(name: str, zone: tzinfo) -> Fields:
    """One of those that come along."""
    text = _PRESETS.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return validate(parse(f"{name}.yaml", text), MappingFile).compiled(name, zone)


def load_mapping(path: File, zone: tzinfo) -> Fields:
    """A mapping that somebody wrote. Raises `RuleFaults`."""
    return validate(parse(path.name, read_text(path)), MappingFile).compiled(path.stem, zone)
