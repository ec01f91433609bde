"""What `check` says of rules that could be read."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.addresses import refused, too_long
from buzzwatch.app.config import Config, unreachable
from buzzwatch.app.duty import burden, uncovered, unheard
from buzzwatch.app.rota_known import Known, faults_of
from buzzwatch.app.secret import Secrets
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.ruleset import check_channels, dead_ends
from buzzwatch.rules.words import Language, Said, Words, in_language

_ERROR, _WARNING = Said("error: {said}"), Said("warning: {said}")


class Findings(Struct):
    """What must be mended, what is unwise, and what is worth knowing."""

    errors: list[Words | Fault] = []
    warnings: list[Words | Fault] = []
    notes: list[Words] = []


def check(known: Known, files: Mapping[str, str], config: Config | None, now: Instant, wary: list[Fault]) -> Findings:
    """Look at rules, with what is known of their rotas, beside the sysadmin's configuration where there is one.

    `wary` is what is unwise in the files by themselves.
    """
    rules, secrets = known.rules, Secrets()
    found = Findings([*faults_of(files, known.refused)], [*wary, *known.warnings], [*known.notes])
    if config is not None:
        found.errors += check_channels(files, config.channels)
        found.errors += refused(rules, files, config, secrets)
        found.errors += too_long(rules, config, secrets)
        found.warnings += dead_ends(rules, config.channels)
        found.warnings += unreachable(rules.people.values(), config, secrets)
        found.warnings += unheard(rules, config.wakes)
    missing, covered = uncovered(rules, now)
    found.errors += missing
    found.warnings += covered
    for line, too_many in burden(rules):
        if too_many:
            found.warnings.append(line)
        else:
            found.notes.append(line)
    return found


def as_lines(found: Findings, language: Language) -> list[str]:
    """Errors and warnings for who reads them, those with places first. An error with its place needs no such word."""
    lines = []
    for kind, each in [(_ERROR, error) for error in found.errors] + [(_WARNING, wary) for wary in found.warnings]:
        if isinstance(each, Fault):
            lines.append(each.said(language) if kind is _ERROR else each.said(language, kind))
        else:
            lines.append(in_language(replace(kind, values={"said": each}), language))
    return lines


def closing(where: str, rules: Ruleset, found: Findings) -> Words:
    """How many brands and rules were looked at, and how many faults they have."""
    number = sum(len(brand.rules) for brand in rules.brands.values())
    values = {"where": where, "brands": len(rules.brands), "rules": number, "faults": len(found.errors)}
    return Said("{where}: {brands} brands, {rules} rules, {faults} faults", values)


def in_force(state: Path) -> Ruleset | None:
    """The rules last in force on a state directory; None where there are none, or none that can be read."""
    if not state.exists():
        return None
    import sqlite3  # noqa: PLC0415 - a laptop or a pipeline that checks files has no state

    from buzzwatch.app.history import rules_on_record  # noqa: PLC0415 - likewise
    from buzzwatch.store.database import StateError, open_for_reading  # noqa: PLC0415 - likewise

    try:
        db = open_for_reading(state)
    except StateError:
        return None
    try:
        return rules_on_record(db)
    except sqlite3.Error:
        return None
    finally:
        db.close()
