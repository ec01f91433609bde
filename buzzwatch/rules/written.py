"""What every file that comms staff write is made of."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

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

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    later: ClassVar[frozenset[str]] = frozenset()


def listed(value: object) -> object:
    """One alone may be written without brackets."""
    return [value] if isinstance(value, str) else value


Names: TypeAlias = Annotated[tuple[Phrase, ...], Lax, Field(max_length=500)]
Accounts: TypeAlias = Annotated[tuple[Account, ...], Lax, Field(max_length=200)]
