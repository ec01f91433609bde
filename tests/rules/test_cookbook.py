"""Every example of the two pages about rules is read as it stands, and the tests in it are played."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec import Struct

from buzzwatch.app.rehearsal.rehearsal import Rehearsal
from buzzwatch.app.rehearsal.verdict import judge
from buzzwatch.model.brand import Ruleset
from buzzwatch.rules.ruleset import Placed, load, load_with_trials

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("rules.md", "regles.md")
RECIPES = 11
BRAND = 'brand: acme\nmatch: {any: [acme]}\nofficial: ["x:@acme_fr"]\n'
_HEADING = re.compile(r"^(#{1,4}) (.+)$")
_FENCE = re.compile(r"^```(.*)$")


class Example(Struct, frozen=True):
    """A fenced block of YAML, under which heading it stands, and whether in the cookbook."""

    page: str
    line: int
    heading: str
    recipe: bool
    info: str
    text: str


@cache
def examples(page: str) -> tuple[Example, ...]:
    return tuple(_examples(page))


def _examples(page: str) -> Iterator[Example]:
    heading, recipe, info, block = "", False, "", []
    for number, line in enumerate((DOCS / page).read_text("utf-8").splitlines(), 1):
        if fence := _FENCE.match(line):
            if info:
                if info.startswith("yaml"):
                    yield Example(page, number - len(block), heading, recipe, info, "\n".join(block) + "\n")
                info, block = "", []
            else:
                info = fence[1] or "text"
        elif info:
            block.append(line)
        elif title := _HEADING.match(line):
            heading = title[2]
            if len(title[1]) < 3:
                recipe = heading in {"Cookbook", "Recettes"}


def kind(example: Example) -> str:
    """What sort of file it is, by its first key."""
    return example.text.partition(":")[0]


@cache
def oncall(page: str) -> str:
    """The routes that the recipes of a page use: its first `oncall.yaml`."""
    return next(each.text for each in examples(page) if "\nroutes:" in each.text)


def directory(page: str, heading: str) -> dict[str, str]:
    """The files that stand under one heading."""
    files = {"oncall.yaml": oncall(page)}
    for each in examples(page):
        if each.heading == heading and each.info == "yaml":
            name = {"brand": f"{each.line}.yaml", "campaigns": "calendar.yaml"}.get(kind(each), "oncall.yaml")
            files[name] = each.text
    return files


@cache
def recipes(page: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.heading for each in examples(page) if each.recipe))


def played() -> list[tuple[str, str]]:
    """Headings under which tests stand."""
    found = ((page, each.heading) for page in PAGES for each in examples(page) if "\ntests:" in each.text)
    return list(dict.fromkeys(found))


@cache
def loaded(page: str, heading: str) -> tuple[Ruleset, list[Placed]]:
    return load_with_trials(directory(page, heading))


@pytest.mark.parametrize(("page", "heading"), played())
def test_the_tests_of_an_example_pass(page: str, heading: str):
    rules, placed = loaded(page, heading)
    rehearsal = Rehearsal(rules)
    failed = {each.trial.name: failures for each in placed if (failures := judge(rehearsal.play(each)))}
    assert failed == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_all_recipes_and_each_a_test_that_rings_and_one_that_stays_quiet(page: str):
    assert len(recipes(page)) == RECIPES
    for heading in recipes(page):
        expected = [each.trial.expect for each in loaded(page, heading)[1]]
        assert any(expected), heading
        assert not all(expected), heading


@pytest.mark.parametrize("page", PAGES)
def test_every_rule_of_a_recipe_is_rung_by_a_test_of_it(page: str):
    for heading in recipes(page):
        rules, placed = loaded(page, heading)
        rung = {(each.brand, expected.rule) for each in placed for expected in each.trial.expect}
        written = {(brand.key, rule.name) for brand in rules.brands.values() for rule in (*brand.rules, *brand.shadows)}
        assert rung == written, heading


@pytest.mark.parametrize(
    "example", [each for page in PAGES for each in examples(page)], ids=lambda each: f"{each.page}:{each.line}"
)
def test_an_example_is_valid(example: Example):
    match kind(example):
        case _ if example.info == "yaml fragment":
            rule = "rules:\n  - name: one\n    severity: watch\n    " + example.text.replace("\n", "\n    ")
            assert load({"acme.yaml": BRAND + rule}).brands["acme"].rules
        case "brand":
            mine, beside = example.text.partition("\n")[0], directory(example.page, example.heading)
            others = {file: text for file, text in beside.items() if text.partition("\n")[0] != mine}
            assert load({**others, "mine.yaml": example.text}).brands
        case "campaigns":
            assert load({"acme.yaml": BRAND, "calendar.yaml": example.text}).brands["acme"].campaigns
        case _:
            assert load({"acme.yaml": BRAND, "oncall.yaml": example.text}).people


def test_the_recipes_of_the_two_pages_ask_the_same():
    conditions = [
        {
            (brand.key, rule.severity, rule.notify, rule.scope)
            for heading in recipes(page)
            for brand in loaded(page, heading)[0].brands.values()
            for rule in (*brand.rules, *brand.shadows)
        }
        for page in PAGES
    ]
    assert conditions[0] == conditions[1]
