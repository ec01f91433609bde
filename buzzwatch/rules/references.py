"""Names that refer to what is defined elsewhere: unknown ones, and those of another kind of thing."""

from collections.abc import Collection

from msgspec.structs import replace
from pydantic import ValidationInfo as Info
from pydantic_core import PydanticCustomError

from buzzwatch.rules.units import mistake, nearest, shown
from buzzwatch.rules.words import Said, Words
from buzzwatch.rules.written import CONSOLE, Outline

KINDS = {
    "person": Said("a person"),
    "rota": Said("a rota"),
    "route": Said("a route"),
    "theme": Said("a theme"),
    "voice": Said("a group of voices"),
    "channel": Said("a channel"),
}
"""What a name can be of, with its article."""
_VALID = {
    "person": Said("people are: {words}"),
    "route": Said("routes are: {words}"),
    "theme": Said("themes are: {words}"),
    "voice": Said("voices are: {words}"),
    "channel": Said("channels are: {words}"),
}


def taken_for(name: str, wanted: str, valid: Collection[str], outline: Outline) -> tuple[Words, Words] | None:
    """Message and remedy for a name of another kind of thing than the one wanted; None where it is of none."""
    known = {
        "person": outline.people,
        "rota": outline.rotas,
        "route": outline.routes,
        "theme": outline.themes,
        "voice": outline.voices,
    }
    kind = next((kind for kind, names in known.items() if kind != wanted and names is not None and name in names), None)
    if kind is None:
        return None
    values = {"value": shown(name), "kind": KINDS[kind], "wanted": KINDS[wanted]}
    remedy = replace(_VALID[wanted], values={"words": ", ".join(valid)}) if valid else nearest(name, valid)
    return Said("{value} is {kind}, and {wanted} belongs here", values), remedy


def unknown(
    name: str, wanted: str, message: str, valid: Collection[str], outline: Outline, at: tuple[str, ...] = ()
) -> PydanticCustomError:
    """The mistake of a name that is not one of the valid ones; `message` may hold `{value}`."""
    found = taken_for(name, wanted, valid, outline)
    return mistake(*found, at=at) if found else mistake(message, nearest(name, valid), at=at, value=shown(name))


def known_route(name: str, info: Info) -> str:
    """The name of a route of `oncall.yaml`, or the console; raises what a validator does."""
    outline = info.context if isinstance(info.context, Outline) else Outline()
    if outline.routes is not None and name not in (valid := (*outline.routes, CONSOLE)):
        raise unknown(name, "route", "{value} is not a route of oncall.yaml", valid, outline)
    return name


def known_brand(name: str, info: Info) -> str:
    """The key of a brand of the directory; raises what a validator does."""
    brands = info.context.brands if isinstance(info.context, Outline) else None
    if brands is not None and name not in brands:
        raise mistake("no brand {value} is described here", nearest(name, brands), value=shown(name))
    return name
