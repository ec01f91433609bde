"""What is legal in rule files and yet surely not meant: names, people, routes and addresses. See `app.unwise_rules`."""

from collections.abc import Iterable, Iterator

from buzzwatch.app.unwise_rules import of_rules
from buzzwatch.model.brand import Rule, Ruleset
from buzzwatch.rules.common_words import COMMON
from buzzwatch.rules.condition import Compiled
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.files import ONCALL
from buzzwatch.rules.meant import folded
from buzzwatch.rules.oncall import OncallFile
from buzzwatch.rules.ruleset import Understood
from buzzwatch.rules.schema import BrandFile
from buzzwatch.rules.text import Document
from buzzwatch.rules.when import When
from buzzwatch.rules.written import CONSOLE

_TOLD_BY_ITSELF = frozenset({"oncall", "care-desk", "ops", "editors", CONSOLE})
"""Routes that are used without being named."""


def unwise(understood: Understood) -> list[Fault]:
    """Every finding with its place, in the order of the files."""
    found: list[Fault] = []
    for document, brand in understood.brands:
        found += [*_of_names(document, brand), *_of_addresses(document, brand), *of_rules(document, brand)]
        found += _untested(document, brand)
    found += _shared_names(understood.brands)
    for file in ONCALL:
        if file in understood.documents:
            found += _of_oncall(understood.documents[file], understood.oncall, _named_routes(understood))
    return sorted(found, key=lambda fault: (fault.file, fault.line, fault.column))


def _untested(document: Document, brand: BrandFile) -> Iterator[Fault]:
    """Of a brand that has tests: the rules that none of them expects to ring."""
    ringing = {each.rule for trial in brand.tests for each in trial.expect if each.times != 0}
    for index, rule in enumerate(brand.rules if brand.tests else ()):
        if rule.name not in ringing:
            place = document.value_place(("rules", index, "name"))
            yield document.fault(place, "no test lets `{rule}` ring", "add one under `tests`", rule=rule.name)


def _of_names(document: Document, brand: BrandFile) -> Iterator[Fault]:
    for index, name in enumerate(brand.match.any if not brand.match.near else ()):
        plain = folded(name).replace(" ", "-")
        if plain in COMMON or len(plain) == 1:
            yield document.fault(
                document.value_place(("match", "any", index)),
                "`{name}` is also an everyday word: posts that do not tell of {brand} will count",
                "add `near: [word, word]` with words that stand near it when the brand is meant",
                name=name,
                brand=brand.name or brand.brand,
            )
    voices = {account: group for group, accounts in brand.voices.items() for account in accounts}
    for index, account in enumerate(brand.official):
        if account in voices:
            yield document.fault(
                document.value_place(("official", index)),
                "`{account}` is in `official`, and in `voices` under `{group}`",
                "keep one of them",
                account=account,
                group=voices[account],
            )
    if brand.role == "ours" and not brand.rules:
        place = document.key_place(("brand",))
        said = "the brand `{brand}` has no rule: nobody is ever told of it"
        yield document.fault(place, said, "add `rules`, or `role: competitor`", brand=brand.brand)


def _of_addresses(document: Document, brand: BrandFile) -> Iterator[Fault]:
    if brand.crm_link is not None and not {"{handle}", "{author_id}"} & {
        part + "}" for part in _braces(brand.crm_link)
    }:
        place = document.value_place(("crm_link",))
        yield document.fault(place, "this leads to the same page for every author", "add {handle} or {author_id}")
    addresses = [(("crm_link",), brand.crm_link)]
    addresses += [(("rules", index, "runbook"), rule.runbook) for index, rule in enumerate(brand.rules)]  # type: ignore[misc] # paths of other lengths
    for path, address in addresses:
        if address is not None and address.startswith("http://"):
            place = document.value_place(path)
            yield document.fault(place, "this address is read in the clear", "write https:// if the server knows it")


def _braces(link: str) -> Iterator[str]:
    return ("{" + part.partition("}")[0] for part in link.split("{")[1:])


def _shared_names(brands: Iterable[tuple[Document, BrandFile]]) -> Iterator[Fault]:
    """A name that two brands are known by, unless both say what must stand near it."""
    first: dict[str, tuple[Document, BrandFile]] = {}
    for document, brand in brands:
        for index, name in enumerate(brand.match.any):
            other, owner = first.setdefault(folded(name), (document, brand))
            if owner.brand != brand.brand and not (owner.match.near and brand.match.near):
                yield document.fault(
                    document.value_place(("match", "any", index)),
                    "`{name}` is a name of `{brand}` too, in {file}: its posts count for both",
                    "keep it in one of them, or add `near` to both",
                    name=name,
                    brand=owner.brand,
                    file=other.file,
                )


def _named_routes(understood: Understood) -> set[str]:
    named = {understood.oncall.digest.to} if understood.oncall.digest else set[str]()
    for _, brand in understood.brands:
        named |= {rule.notify for rule in brand.rules if rule.notify}
        named |= {brand.slow.notify} if brand.slow and brand.slow.notify else set()
    return named | _TOLD_BY_ITSELF


def _of_oncall(document: Document, oncall: OncallFile, routes: set[str]) -> Iterator[Fault]:
    steps = [step.tell for route in oncall.routes.values() for step in route.steps]
    rotas = {tell.partition(":")[2] for tell in steps if ":" in tell}
    for name in oncall.routes:
        if name not in routes:
            place = document.key_place(("routes", name))
            yield document.fault(
                place, "no rule notifies the route `{route}`", "name it in a rule, or remove it", route=name
            )
    for name in oncall.rota:
        if name not in rotas:
            place = document.key_place(("rota", name))
            yield document.fault(
                place,
                "no route tells the rota `{rota}`",
                "write `tell: rota:{rota}` in a route, or remove it",
                rota=name,
            )
    told = {*steps, *oncall.help}
    for rota in oncall.rota.values():
        told |= {*(rota.people or ()), *(each.person for each in rota.overrides), rota.fallback or ""}
    for person in oncall.people if not any(rota.ical for rota in oncall.rota.values()) else ():
        if person not in told:
            place = document.key_place(("people", person))
            said = "no route, rota or `help` names `{person}`, who is never told anything"
            yield document.fault(place, said, "name them in a route or a rota, or remove them", person=person)


def renamed(understood: Understood, before: Ruleset) -> list[Fault]:
    """Rules that were in force under another name.

    By its name a rule is found on record, and the authors are kept whom a `mention` with `authors` counts; an open
    incident that a critical rule of another name joins rings again. What is usual stays: it is the brand's.
    """
    found: list[Fault] = []
    for document, brand in understood.brands:
        known = {rule.name: rule for rule in before.brands[brand.brand].rules} if brand.brand in before.brands else {}
        gone = [each for name, each in known.items() if all(name != rule.name for rule in brand.rules)]
        for index, rule in enumerate(brand.rules if gone else ()):
            twin = next((each for each in gone if _asks(each) == rule.when), None)
            if twin is not None and rule.name not in known:
                place = document.value_place(("rules", index, "name"))
                said = (
                    "the rule `{old}` is now `{rule}`: its record and the authors that it counted begin anew, "
                    "and what is open may ring again"
                )
                remedy = "keep the name `{old}` and change `says`, if it is the same rule"
                found.append(document.fault(place, said, remedy, old=twin.name, rule=rule.name))
    return found


def _asks(rule: Rule) -> When | None:
    return rule.when.when if isinstance(rule.when, Compiled) else None
