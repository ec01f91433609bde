"""What `check` says of rules that could be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app import in_shadow
from buzzwatch.app.duty import burden, uncovered, unheard
from buzzwatch.app.secret import Secrets, named_in
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.model.rota import Listed
from buzzwatch.rules.faults import Fault
from buzzwatch.rules.ruleset import check_channels, dead_ends
from buzzwatch.rules.words import Language, Said, Words, in_language

_NO_PROXY = "{variable} names no proxy of HTTP, and is not obeyed: write http://host:port"
_ERROR, _WARNING = Said("error: {said}"), Said("warning: {said}")

if TYPE_CHECKING:
    from buzzwatch.app.config import Config
    from buzzwatch.app.rota.known import Known


class Findings(Struct):
    """What must be mended, what is unwise, and what is worth knowing."""

    errors: list[Words | Fault] = []
    warnings: list[Words | Fault] = []
    notes: list[Words] = []


def check(
    known: "Known",
    files: Mapping[str, str],
    config: "Config | None",
    now: Instant,
    wary: list[Fault],
    secrets: Secrets | None = None,
) -> Findings:
    """Look at rules, with what is known of their rotas, beside the sysadmin's configuration where there is one.

    `wary` is what is unwise in the files by themselves.
    """
    rules = known.rules
    found = Findings(warnings=[*wary, *known.warnings], notes=[*known.notes])
    if known.refused:
        from buzzwatch.app.rota.known import faults_of  # noqa: PLC0415 - three files are checked in half a second

        found.errors += faults_of(files, known.refused)
    if config is not None:
        _check_beside(config, rules, files, secrets or Secrets(), found)
    rotas = {name: rota for name, rota in rules.rotas.items() if name not in known.withheld}
    missing, covered = uncovered(replace(rules, rotas=rotas), now)
    found.errors += missing
    found.warnings += covered
    for line, too_many in burden(rules):
        if too_many:
            found.warnings.append(line)
        else:
            found.notes.append(line)
    found.notes += in_shadow.note(rules)
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
    brands, faults = len(rules.brands), len(found.errors)
    values = {
        "where": where,
        "brands": Said("{n} brand" if brands == 1 else "{n} brands", {"n": brands}),
        "rules": Said("{n} rule" if number == 1 else "{n} rules", {"n": number}),
        "faults": Said("{n} fault" if faults == 1 else "{n} faults" if faults else "0 faults", {"n": faults}),
    }
    return Said("{where}: {brands}, {rules}, {faults}", values)


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


def _check_beside(
    config: "Config", rules: Ruleset, files: Mapping[str, str], secrets: Secrets, found: Findings
) -> None:
    """Look at rules beside the sysadmin's configuration, and add to what was found."""
    from buzzwatch.app.addresses import refused, too_long  # noqa: PLC0415 - as above
    from buzzwatch.app.config import unreachable  # noqa: PLC0415 - as above
    from buzzwatch.proxies import unusable  # noqa: PLC0415 - as above

    found.errors += check_channels(files, config.channels)
    found.errors += refused(rules, files, config, secrets)
    found.errors += too_long(rules, config, secrets)
    found.warnings += dead_ends(rules, config.channels)
    found.warnings += unreachable(rules.people.values(), config, secrets)
    found.warnings += unheard(rules, config.wakes)
    found.warnings += [Said(_NO_PROXY, {"variable": variable}) for variable in unusable()]


def left_out(rules: Ruleset, config: "Config | None") -> Words:
    """One line: what is not looked at where secrets are withheld."""
    parts: list[Words] = []
    calendars = [rota.source for rota in rules.rotas.values() if isinstance(rota, Listed)]
    addresses = [address for person in rules.people.values() for address in person.reach.values()]
    if named := named_in([*calendars, *addresses, *(config.texts if config else ())]):
        parts.append(Said("the values of the secrets {names}", {"names": ", ".join(named)}))
    if config is None:
        parts.append(Said("buzzwatch.yaml, hence the channels of `copy`"))
    elif config.scorer:
        parts.append(Said("the plugged-in scorer `{scorer}`", {"scorer": config.scorer.use}))
    left = parts[0] if parts else Said("nothing, no secret is named")
    for part in parts[1:]:
        left = Said("{first}, {last}", {"first": left, "last": part})
    return Said("not looked at: {left}", {"left": left})
