"""From a parsed file to a typed model; what pydantic refuses becomes faults in the words of who wrote the file."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from buzzwatch.rules import meant
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.text import Document, Path
from buzzwatch.rules.units import CUSTOM, nearest, shown
from buzzwatch.rules.words import Said, Words
from buzzwatch.rules.written import Written

M = TypeVar("M", bound=Written)

_KEY = "[key]"
"""How pydantic marks that the key of a dict, not its value, is wrong."""
_EXPECTED = {
    "string_type": Said("text"),
    "int_type": Said("a whole number"),
    "int_from_float": Said("a whole number"),
    "float_type": Said("a number"),
    "bool_type": Said("true or false"),
    "tuple_type": Said("a list"),
    "dict_type": Said("a mapping (`key: value`)"),
    "model_type": Said("a mapping (`key: value`)"),
    "model_attributes_type": Said("a mapping (`key: value`)"),
}

_SWITCHES = {"yes": "true", "on": "true", "oui": "true", "vrai": "true"} | dict.fromkeys(
    ("no", "off", "non", "faux"), "false"
)
"""What people write for true and false."""


def validate(document: Document, model: type[M], context: object = None, secret: frozenset[str] = frozenset()) -> M:
    """The document as `model`; raises `RuleFaults` with everything that is wrong.

    Values under the keys of `secret` are not repeated in faults.
    """
    try:
        return model.model_validate(document.value, context=context)
    except ValidationError as error:
        details = error.errors(include_url=False)
        meant_keys = {path for detail in details for path in _meant_key(detail, model)}
        raise RuleFaults(
            _fault(document, model, detail, secret)
            for detail in details
            if not _follows(detail, details) and (detail["type"] != "missing" or detail["loc"] not in meant_keys)
        ) from None


def _meant_key(detail: ErrorDetails, model: type[Written]) -> Iterator[Path]:
    """The key that an unknown one stands for: that it is missing needs no words of its own."""
    path: Path = detail["loc"]
    if detail["type"] == "extra_forbidden":
        _, remedy = _unknown_key(str(path[-1]), _model_at(model, path[:-1]))
        if isinstance(remedy, Said) and "word" in remedy.values:
            yield (*path[:-1], str(remedy.values["word"]))


def _follows(detail: ErrorDetails, others: list[ErrorDetails]) -> bool:
    """Whether a list seems too short only because what is in it was refused."""
    path = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(path)] == path for other in others if other is not detail
    )


def _fault(document: Document, model: type[Written], detail: ErrorDetails, secret: frozenset[str]) -> Fault:
    path: Path = detail["loc"]
    value = detail["input"]
    if path and path[-1] == _KEY:
        path = path[:-1]
        place = document.key_place(path)
    elif detail["type"] == "extra_forbidden" or value is None:
        place = document.key_place(path)
    else:
        place = document.value_place((*path, *detail.get("ctx", {}).get("at", ())))
    message, remedy = _words(detail, model, path, value)
    if secret.intersection(path) and not isinstance(value, dict):
        message, remedy = (_without(words, str(value)) for words in (message, remedy))
    return document.fault(place, message, remedy)


def _without(words: Words, private: str) -> Words:
    return words.without(private[:40]) if isinstance(words, Said) else words


def _words(detail: ErrorDetails, model: type[Written], path: Path, value: object) -> tuple[Words, Words]:
    """Message and remedy of one error."""
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind == CUSTOM:
        return limits["message"], limits["remedy"]
    if kind == "missing":
        values = {"key": path[-1], "example": _example(model, path)}
        return Said("`{key}` is missing", values), Said("add `{key}: {example}`", values)
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), _model_at(model, path[:-1]))
    if kind in _EXPECTED:
        expected = Said("expected {what}, found {value}", {"what": _EXPECTED[kind], "value": shown(value)})
        return expected, _retyped(kind, value)
    return _out_of_bounds(kind, limits, value) or (detail["msg"], "")


def _out_of_bounds(kind: str, limits: Mapping[str, Any], value: object) -> tuple[Words, Words] | None:
    """Message and remedy for a value of the right type that is not allowed."""
    match kind:
        case "literal_error":
            words = _words_of(str(limits["expected"]))
            return Said("{value} is not valid here", {"value": shown(value)}), nearest(str(value), words)
        case "too_short" | "string_too_short":
            return "nothing is written here", "write at least one, or remove the key"
        case "too_long" | "string_too_long":
            longer = "longer than {most} characters" if isinstance(value, str) else "longer than {most} entries"
            return Said(longer, {"most": limits["max_length"]}), "shorten it"
        case "greater_than_equal":
            least = {"least": f"{limits['ge']:g}"}
            return Said("{value} is too small", {"value": shown(value)}), Said("write {least} or more", least)
        case "less_than_equal":
            most = {"most": f"{limits['le']:g}"}
            return Said("{value} is too large", {"value": shown(value)}), Said("write {most} or less", most)
    return None


def _unknown_key(key: str, model: type[Written] | None) -> tuple[Words, Words]:
    unknown = Said("unknown key {value}", {"value": shown(key)})
    if model is None:
        return unknown, "remove it"
    if key in model.later:
        return Said("not yet: `{key}` comes with a later release", {"key": key}), "remove it"
    return unknown, nearest(key, [field.alias or name for name, field in model.model_fields.items()])


def _retyped(kind: str, value: object) -> Words:  # noqa: PLR0911 - one for each kind of value
    """How to write what was meant by a value of the wrong type."""
    match kind, value:
        case _, None:
            return "write a value, or remove the key"
        case "string_type", bool() | int() | float():
            written = str(value).lower() if isinstance(value, bool) else value
            return Said("put it in quotes: {right}", {"right": f'"{written}"'})
        case "tuple_type", dict():
            return "begin each of its entries with a dash"
        case "tuple_type", str() | int() | float():
            return Said("put it in brackets: {right}", {"right": f"[{str(value)[:40]}]"})
        case "bool_type", str() if value.lower() in _SWITCHES:
            return _right(_SWITCHES[value.lower()])
        case "int_type" | "int_from_float" | "float_type", _:
            right = meant.whole(value) if isinstance(value, str) else None
            return _right(right) if right and right != value else "write digits only, without quotes, spaces or units"
    return _right(_EXPECTED[kind])


def _right(form: str | Said) -> Said:
    return Said("write {right}", {"right": form})


def _words_of(expected: str) -> list[str]:
    """The valid words out of pydantic's `'a', 'b' or 'c'`."""
    return [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]


def _example(model: type[Written], path: Path) -> str:
    parent = _model_at(model, path[:-1])
    fields = parent.model_fields if parent else {}
    field = next((field for name, field in fields.items() if (field.alias or name) == path[-1]), None)
    return _flow(field.examples[0]) if field and field.examples else "…"


def _flow(value: object) -> str:
    """An example as it is written on one line."""
    match value:
        case dict():
            return f"{{{', '.join(f'{key}: {_flow(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(_flow(item) for item in value)}]"
        case bool():
            return str(value).lower()
    return str(value)


def _model_at(model: type[Written], path: Path) -> type[Written] | None:
    """The model that a path of keys and indexes leads to."""
    here: Any = model
    for step in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            here = _bare(fields[step].annotation) if step in fields else None
        else:
            here = _element(here)
    return here if isinstance(here, type) and issubclass(here, Written) else None


def _bare(annotation: Any) -> Any:  # noqa: ANN401 - annotations are of any type
    """An annotation without `None` and without metadata."""
    while True:
        parts = [part for part in get_args(annotation) if part is not type(None)]
        if hasattr(annotation, "__metadata__") or (type(None) in get_args(annotation) and len(parts) == 1):
            annotation = parts[0]
        else:
            return annotation


def _element(annotation: Any) -> Any:  # noqa: ANN401 - annotations are of any type
    """What a list or a mapping of this annotation holds."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is tuple and parts:
        return _bare(parts[0])
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(parts) > 1:
        return _bare(parts[1])
    return None
