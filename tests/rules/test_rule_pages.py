"""The pages that people read are true."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from buzzwatch.app import config
from buzzwatch.rules import oncall, schema, when
from buzzwatch.rules.units import PLACEHOLDERS
from buzzwatch.rules.written import Written

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(yaml[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: str) -> list[tuple[str, str]]:
    return FENCE.findall((DOCS / page).read_text())


def models(*, of: object) -> Iterator[type[Written]]:
    for value in vars(of).values():
        if isinstance(value, type) and issubclass(value, Written) and value.__module__ == of.__name__:
            yield value


def keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


@pytest.mark.parametrize(("info", "text"), fences("configuration.md"))
def test_an_example_of_the_configuration_page_is_valid(info, text, tmp_path):
    (tmp_path / "buzzwatch.yaml").write_text(text)
    assert config.load(tmp_path / "buzzwatch.yaml", {}).sources


def test_there_are_examples():
    assert len(fences("configuration.md")) >= 1


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("rules.md", schema),
        ("rules.md", when),
        ("rules.md", oncall),
        ("regles.md", when),
        ("configuration.md", config),
    ],
)
def test_every_key_is_documented(page, module):
    text = (DOCS / page).read_text()
    missing = [
        f"{model.__name__}.{key}"
        for model in models(of=module)
        for key in [*keys(model), *sorted(model.later)]
        if f"`{key}`" not in text
    ]
    assert missing == []


def test_every_key_of_a_rule_is_documented_in_french_too():
    text = (DOCS / "regles.md").read_text()
    assert [key for key in keys(schema.Rule) if f"`{key}`" not in text] == []


@pytest.mark.parametrize("page", ["rules.md", "regles.md"])
def test_every_placeholder_is_documented(page):
    text = (DOCS / page).read_text()
    assert [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in text] == []
