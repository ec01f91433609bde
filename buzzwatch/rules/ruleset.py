"""The rules directory, read and compiled."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.model.brand import Route, Ruleset
from buzzwatch.model.incident import Severity
from buzzwatch.rules import schema
from buzzwatch.rules.calendar import CALENDAR, campaigns_of, overlaps
from buzzwatch.rules.compile import brand_of, sectors_of
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.files import ONCALL, SHARED, whole_fault
from buzzwatch.rules.oncall import OncallFile
from buzzwatch.rules.roster import daily_of, night_of, outline_of, people_of, rotas_of, routes_of
from buzzwatch.rules.text import Document, Value, blot_addresses, parse
from buzzwatch.rules.trial import Trial
from buzzwatch.rules.units import nearest, shown
from buzzwatch.rules.validate import validate
from buzzwatch.rules.written import CONSOLE, Outline

_PRIVATE = frozenset({"reach", "ical"})
"""Keys of `oncall.yaml` whose values no fault repeats."""


class Placed(Struct, frozen=True):
    """A test, and where it stands: `number` counts from 1 in its file."""

    file: str
    line: int
    number: int
    brand: str
    trial: Trial


def load(files: Mapping[str, str]) -> Ruleset:
    """Compile the texts of a rules directory, by file name.

    Raises:
        RuleFaults: everything that is wrong in any of the files.
    """
    return load_with_trials(files)[0]


def load_with_trials(files: Mapping[str, str]) -> tuple[Ruleset, list[Placed]]:
    """As `load`, and the tests of the files, in their order, which are no part of a rule set."""
    faults: list[Fault] = []
    documents = _parsed(files, faults)
    outline = _outline(documents)
    oncall = OncallFile()
    calendar = schema.CalendarFile(campaigns=())
    brands: list[tuple[Document, schema.BrandFile]] = []
    for file, document in documents.items():
        try:
            if file in ONCALL:
                oncall = validate(document, OncallFile, outline, _PRIVATE)
            elif file in CALENDAR:
                calendar = validate(document, schema.CalendarFile, outline)
                faults += overlaps(document, calendar, _ours(documents))
            else:
                brands.append((document, validate(document, schema.BrandFile, _with_groups(outline, document.value))))
        except RuleFaults as refused:
            faults += refused.faults
    faults += _repeated(document for file, document in documents.items() if file not in SHARED)
    if not any(file not in SHARED for file in files):
        faults.append(whole_fault("*.yaml", "no brand is described here", "add a file that begins with `brand: …`"))
    if faults:
        raise RuleFaults(faults)
    routes = routes_of(oncall)
    written = [each for _, each in brands]
    sectors = sectors_of(written)
    compiled = [
        replace(brand_of(each, routes), peers=sectors.get(each.brand, ()), campaigns=campaigns_of(calendar, each))
        for each in written
    ]
    ruleset = Ruleset(
        _digest(files),
        {brand.key: brand for brand in compiled},
        people_of(oncall),
        routes,
        oncall.help,
        rotas=rotas_of(oncall),
        night=night_of(oncall),
        timezone=oncall.timezone,
        daily=daily_of(oncall),
        pages_per_person=oncall.pages_per_person,
        answer_within=oncall.answer_within,
    )
    return ruleset, [placed for document, each in brands for placed in _placed(document, each)]


def _placed(document: Document, written: schema.BrandFile) -> Iterator[Placed]:
    for index, trial in enumerate(written.tests):
        line, _ = document.value_place(("tests", index))
        yield Placed(document.file, line, index + 1, written.brand, trial)


def untested(ruleset: Ruleset, trials: Iterable[Placed]) -> list[str]:
    """One sentence for each brand that has tests, and rules that none of them expects to ring."""
    ringing: dict[str, set[str]] = {}
    for placed in trials:
        ringing.setdefault(placed.brand, set()).update(each.rule for each in placed.trial.expect if each.times != 0)
    silent = {key: [r.name for r in ruleset.brands[key].rules if r.name not in rang] for key, rang in ringing.items()}
    return [f"{key}: no test lets these rules ring: {', '.join(names)}" for key, names in silent.items() if names]


def check_channels(files: Mapping[str, str], channels: Collection[str]) -> list[Fault]:
    """Copies of `oncall.yaml` to channels that are not there; `files` are such as `load` accepts."""
    faults: list[Fault] = []
    valid = [*sorted(channels), CONSOLE]
    for file in sorted(files.keys() & set(ONCALL)):
        document = parse(file, files[file], blot_addresses)
        for name, route in validate(document, OncallFile).routes.items():
            for index, channel in enumerate(route.copy_to):
                if channel not in valid:
                    place = document.value_place(("routes", name, "copy", index))
                    message = f"{shown(channel)} is not a channel of buzzwatch.yaml"
                    faults.append(document.fault(place, message, nearest(channel, valid)))
    return faults


def dead_ends(ruleset: Ruleset, channels: Collection[str]) -> list[str]:
    """One sentence for each critical rule that would reach nobody."""
    return [
        f"{brand.key}: the critical rule `{rule.name}` reaches nobody by the route `{rule.notify}`"
        for brand in ruleset.brands.values()
        for rule in brand.rules
        if rule.severity is Severity.CRITICAL and not _leads_somewhere(ruleset.routes[rule.notify], channels)
    ]


def _leads_somewhere(route: Route, channels: Collection[str]) -> bool:
    return bool(route.steps) or any(channel == CONSOLE or channel in channels for channel in route.copy)


def _digest(files: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file, text in sorted(files.items()):
        for part in (file, text):
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _parsed(files: Mapping[str, str], faults: list[Fault]) -> dict[str, Document]:
    """Every file that is valid YAML, in the order of the names; the faults of the others are added."""
    documents: dict[str, Document] = {}
    for file, text in sorted(files.items()):
        try:
            documents[file] = parse(file, text, blot_addresses if file in ONCALL else None)
        except RuleFaults as refused:
            faults += refused.faults
    for names in (ONCALL, CALENDAR):
        found = [file for file in documents if file in names]
        if len(found) > 1:
            faults.append(whole_fault(found[1], f"{found[0]} is there as well", "keep one of them"))
    return documents


def _ours(documents: Mapping[str, Document]) -> dict[str, bool]:
    """Every brand that has a key, and whether it is one of ours, before its file is known to be right."""
    written = (document.value for file, document in documents.items() if file not in SHARED)
    brands = ((each.get("brand"), each.get("role", "ours")) for each in written if isinstance(each, dict))
    return {key: role == "ours" for key, role in brands if isinstance(key, str)}


def _outline(documents: Mapping[str, Document]) -> Outline:
    """What may be referred to, as far as it can be told before the files are known to be right."""
    written = next((documents[file].value for file in ONCALL if file in documents), None)
    return replace(outline_of(written), brands=tuple(_ours(documents)))


def _with_groups(outline: Outline, written: Value) -> Outline:
    """With the themes, voices and rules of one brand file."""
    groups = ((written.get(key, {}) if isinstance(written, dict) else None) for key in ("themes", "voices"))
    themes, voices = (tuple(group) if isinstance(group, dict) else None for group in groups)
    known = replace(outline, themes=themes, voices=voices)
    if not isinstance(written, dict) or "tests" not in written:
        return known
    rules = written.get("rules")
    names = [rule.get("name") for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    named = (*(name for name in names if isinstance(name, str)), "slow")
    return replace(known, rules=named, answers=bool(written.get("official")))


def _repeated(documents: Iterable[Document]) -> list[Fault]:
    """Brands and rules that have the name of an earlier one."""
    faults: list[Fault] = []
    brands: dict[str, str] = {}
    for document in documents:
        written = document.value if isinstance(document.value, dict) else {}
        key = written.get("brand")
        if isinstance(key, str) and brands.setdefault(key, document.file) != document.file:
            message = f"the brand `{key}` is described in {brands[key]} already"
            faults.append(document.fault(document.value_place(("brand",)), message, "choose another key"))
        seen: set[str] = set()
        rules = written.get("rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            name = rule.get("name") if isinstance(rule, dict) else None
            if isinstance(name, str) and name in seen:
                place = document.value_place(("rules", index, "name"))
                faults.append(document.fault(place, f"a rule `{name}` is there already", "choose another name"))
            elif isinstance(name, str):
                seen.add(name)
    return faults
