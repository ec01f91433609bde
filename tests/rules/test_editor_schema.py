"""What editors are told of the files that people write: all of it, and only what is true."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from buzzwatch.app.config import Config
from buzzwatch.cli import app
from buzzwatch.rules.editor import rules_schema, schema_of
from buzzwatch.rules.oncall import OncallFile
from buzzwatch.rules.schema import BrandFile, CalendarFile
from buzzwatch.rules.written import Written

ROOT = Path(__file__).parents[2]
RULES, DAEMON = rules_schema(), schema_of(Config)


def models() -> dict[str, type[Written]]:
    """All that the files are made of, by name."""
    told = {**RULES["$defs"], **DAEMON["$defs"]}
    return {cls.__name__: cls for cls in subclasses(Written) if cls.__name__ in told}


def subclasses(cls: type[Written]) -> Iterator[type[Written]]:
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def properties(told: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property wherever it stands in a schema."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key == "properties":
                yield from value.items()
            yield from properties(value)
    elif isinstance(told, list):
        for each in told:
            yield from properties(each)


@pytest.mark.parametrize("told", [RULES, DAEMON], ids=["rules", "daemon"])
def test_every_field_is_described_in_a_sentence_and_has_an_example(told):
    found = list(properties(told))
    assert len(found) > 25
    assert [name for name, field in found if not field.get("description", "").endswith(".")] == []
    assert [name for name, field in found if not field.get("examples")] == []


def told_of(model: type[Written]) -> dict[str, dict[str, Any]]:
    """What is told of a model's fields; one that may be written as text has them under `anyOf`."""
    told = next(told["$defs"][model.__name__] for told in (RULES, DAEMON) if model.__name__ in told["$defs"])
    return next(part["properties"] for part in [told, *told.get("anyOf", [])] if "properties" in part)


def test_every_field_of_every_model_is_told():
    assert {BrandFile, OncallFile, CalendarFile, Config} <= set(models().values())
    for model in models().values():
        assert set(told_of(model)) == {field.alias or name for name, field in model.model_fields.items()}


def refusal(model: type[Written], name: str, example: object) -> str:
    """Why a field does not accept an example; empty where it does. The editor's own test looks at types."""
    try:
        TypeAdapter(model.model_fields[name].rebuild_annotation()).validate_python(example)
    except ValidationError as error:
        return f"{model.__name__}.{name}: {example}: {error}"
    return ""


def test_every_example_is_accepted():
    tried = [
        refusal(model, name, example)
        for model in models().values()
        for name, field in model.model_fields.items()
        for example in told_of(model)[field.alias or name]["examples"]
        if example != "off"  # `slow: off` is nothing at all: its own test reads it from a file
    ]
    assert len(tried) > 100
    assert [why for why in tried if why] == []


def test_a_wrong_example_would_be_found():
    assert "Rule.budget: once" in refusal(models()["Rule"], "budget", "once")


def test_nothing_is_told_that_an_editor_would_write_into_the_file_for_nothing():
    text = json.dumps([RULES, DAEMON])
    assert '"default"' not in text
    assert '"null"' not in text


@pytest.mark.parametrize(("path", "asked"), [("rules/buzzwatch.schema.json", []), ("daemon.schema.json", ["daemon"])])
def test_what_lies_beside_the_files_is_what_the_command_prints(path, asked):
    printed = CliRunner().invoke(app, ["schema", *asked])
    assert printed.exit_code == 0
    assert printed.output == (ROOT / path).read_text("utf-8")
