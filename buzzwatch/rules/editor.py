"""JSON Schema as editors want it: what they complete, explain and mark while somebody types.

Only what helps an editor is in it. No field may be null, since one is left out instead, and no default stands in it:
editors would write both into the file. Descriptions say what is left out.
"""

import re
from collections.abc import Collection
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import DictSchema, NullableSchema, WithDefaultSchema

from buzzwatch.rules.oncall import OncallFile
from buzzwatch.rules.schema import BrandFile, CalendarFile
from buzzwatch.rules.units import PLAIN_NAME
from buzzwatch.rules.written import Written

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SURE = ((BrandFile, {"brand"}), (CalendarFile, {"campaigns"}), (OncallFile, {"people", "rota", "routes"}))
"""Keys that say what kind of file it is, whatever else stands in it."""

SNIPPETS: dict[str, dict[str, Any]] = {
    "more anger than usual": {
        "name": "bad-buzz",
        "when": {"negativity": {"unusual": True, "at_least": 10, "authors": 8}},
        "severity": "critical",
    },
    "a conversation that takes off": {
        "name": "thread-escalating",
        "when": {"thread": {"escalating": True, "negative_share": "40%", "authors": 20}},
        "severity": "critical",
    },
    "one loud voice": {
        "name": "big-voice",
        "when": {"mention": {"negativity": 0.7, "followers": 100_000}},
        "severity": "warning",
    },
    "more mentions than usual": {
        "name": "sudden-volume",
        "when": {"volume": {"unusual": True, "at_least": 30, "authors": 15}},
        "severity": "warning",
    },
    "nothing is heard": {"name": "silence", "when": {"quiet": {"over": "12h"}}, "severity": "watch"},
}
"""Whole rules that an editor offers where one begins."""


class _ForEditors(GenerateJsonSchema):
    """See the module."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002 - in no place
        """Examples keep the order in which one writes their keys."""
        return value

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: DictSchema) -> JsonSchemaValue:
        told = super().dict_schema(schema)
        for pattern, value in told.pop(
            "patternProperties", {}
        ).items():  # else other keys would be right, whatever they hold
            names = {"pattern": pattern, "patternErrorMessage": PLAIN_NAME}
            told |= {"propertyNames": names, "additionalProperties": value}
        return told

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - none is: it says the key again
        return False


def rules_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the files in a rules directory.

    An editor knows a file by its keys: where one says of which kind it is, that kind alone is completed and checked, so
    that a mistake is marked where it is; where none does, every key that can begin a file is offered.
    """
    definitions = _definitions(BrandFile, OncallFile, CalendarFile)
    definitions["Rule"]["defaultSnippets"] = [{"label": label, "body": body} for label, body in SNIPPETS.items()]
    properties = {kind: definitions[kind.__name__]["properties"] for kind in (BrandFile, OncallFile, CalendarFile)}
    shared = set(properties[BrandFile]) & set(properties[OncallFile])
    begin = {
        "title": "A rule file",
        "description": "Begin with `brand: …`; in oncall.yaml with `people:`, in calendar.yaml with `campaigns:`.",
        "type": "object",
        "properties": {key: value for kind in reversed(properties.values()) for key, value in kind.items()},
        "additionalProperties": False,
    }
    likely = [(kind, set(properties[kind]) - shared) for kind in (BrandFile, OncallFile)]
    branch: dict[str, Any] = {"$ref": "#/$defs/Begin"}
    for kind, keys in reversed([*_SURE, *likely]):
        branch = {"if": _has_one_of(keys), "then": {"$ref": f"#/$defs/{kind.__name__}"}, "else": branch}
    return {"$schema": DRAFT, "title": "buzzwatch rules", **branch, "$defs": {**definitions, "Begin": begin}}


def schema_of(file: type[Written]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one kind of file."""
    return {"$schema": DRAFT, "$ref": f"#/$defs/{file.__name__}", "$defs": _definitions(file)}


def _definitions(*files: type[Written]) -> dict[str, Any]:
    kinds: list[tuple[type[Written], JsonSchemaMode]] = [(file, "validation") for file in files]
    _, told = models_json_schema(kinds, by_alias=True, schema_generator=_ForEditors)
    definitions: dict[str, Any] = told["$defs"]
    for name, definition in definitions.items():
        definition["title"] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
    return definitions


def _has_one_of(keys: Collection[str]) -> dict[str, Any]:
    return {"anyOf": [{"required": [key]} for key in sorted(keys)]}
