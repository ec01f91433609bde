"""What every file that comms staff write is made of."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from buzzwatch.rules.units import (
    Account,
    Lax,
    Phrase,
)

CONSOLE = "console"
"""The built-in route and channel."""


class Outline(Struct, frozen=True):
    """What may be referred to. None: not known.

    Routes, people with their means, and rotas with all who may be on duty are those of `oncall.yaml`; themes, voices
    and rules those of the brand's own file, and whether an account of its `answers`; brands those of all files.
    """

    routes: tuple[str, ...] | None = None
    people: Mapping[str, tuple[str, ...]] | None = None
    themes: tuple[str, ...] | None = None
    voices: tuple[str, ...] | None = None
    brands: tuple[str, ...] | None = None
    rotas: Mapping[str, tuple[str, ...]] | None = None
    rules: tuple[str, ...] | None = None
    answers: bool | None = None


class Written(BaseModel):
    """A mapping that somebody writes. `later` names keys of coming releases, which are refused as such."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
    later: ClassVar[frozenset[str]] = frozenset()


class Listed:
    """Marks a list of which one alone may be written without brackets."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


def listed(value: object) -> object:
    """One alone, as a list."""
    return [value] if isinstance(value, str) else value


Names: TypeAlias = Annotated[tuple[Phrase, ...], Lax, Field(max_length=500)]
Accounts: TypeAlias = Annotated[tuple[Account, ...], Lax, Field(max_length=200)]
