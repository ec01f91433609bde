"""What `check` says of rules that could be read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.duty import burden, uncovered, unheard
from buzzwatch.app.secret import Secrets, named_in
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.model.rota import Listed
from buzzwatch.rules.ruleset import check_channels, dead_ends

if TYPE_CHECKING:
    from buzzwatch.app.config import Config
    from buzzwatch.app.rota_known import Known

_LEFT_OUT: dict[str, dict[str, str]] = {
    "fr": {
        "head": "non vérifié : {}",
        "secrets": "les valeurs des secrets {}",
        "config": "buzzwatch.yaml, donc les canaux de `copy`",
        "scorer": "le scorer branché `{}`",
        "nothing": "rien, aucun secret n'est nommé",
    },
    "en": {
        "head": "not looked at: {}",
        "secrets": "the values of the secrets {}",
        "config": "buzzwatch.yaml, hence the channels of `copy`",
        "scorer": "the plugged-in scorer `{}`",
        "nothing": "nothing, no secret is named",
    },
}


class Findings(Struct):
    """What must be mended, what is unwise, and what is worth knowing."""

    errors: list[str] = []
    warnings: list[str] = []
    notes: list[str] = []


def check(
    known: "Known", files: Mapping[str, str], config: "Config | None", now: Instant, secrets: Secrets | None = None
) -> Findings:
    """Look at rules, with what is known of their rotas, beside the sysadmin's configuration where there is one."""
    rules = known.rules
    found = Findings(warnings=list(known.warnings), notes=list(known.notes))
    if known.refused:
        from buzzwatch.app.rota_known import faults_of  # noqa: PLC0415 - three files are checked in half a second

        found.errors += [str(fault) for fault in faults_of(files, known.refused)]
    if config is not None:
        _check_beside(config, rules, files, secrets or Secrets(), found)
    rotas = {name: rota for name, rota in rules.rotas.items() if name not in known.withheld}
    missing, covered = uncovered(replace(rules, rotas=rotas), now)
    found.errors += [f"error: {line}" for line in missing]
    found.warnings += covered
    for line in burden(rules):
        if line.startswith("warning: "):
            found.warnings.append(line.removeprefix("warning: "))
        else:
            found.notes.append(line)
    return found


def _check_beside(
    config: "Config", rules: Ruleset, files: Mapping[str, str], secrets: Secrets, found: Findings
) -> None:
    """Look at rules beside the sysadmin's configuration, and add to what was found."""
    from buzzwatch.app.addresses import refused, too_long  # noqa: PLC0415 - as above
    from buzzwatch.app.config import unreachable  # noqa: PLC0415 - as above

    found.errors += [str(fault) for fault in check_channels(files, config.channels)]
    found.errors += [str(fault) for fault in refused(rules, files, config, secrets)]
    found.errors += [f"error: {line}" for line in too_long(rules, config, secrets)]
    found.warnings += dead_ends(rules, config.channels)
    found.warnings += unreachable(rules.people.values(), config, secrets)
    found.warnings += unheard(rules, config.wakes)


def left_out(rules: Ruleset, config: "Config | None", language: Literal["fr", "en"]) -> str:
    """One line: what is not looked at where secrets are withheld."""
    words, parts = _LEFT_OUT[language], []
    calendars = [rota.source for rota in rules.rotas.values() if isinstance(rota, Listed)]
    addresses = [address for person in rules.people.values() for address in person.reach.values()]
    if named := named_in([*calendars, *addresses, *(config.texts if config else ())]):
        parts.append(words["secrets"].format(", ".join(named)))
    if config is None:
        parts.append(words["config"])
    elif config.scorer:
        parts.append(words["scorer"].format(config.scorer.use))
    return words["head"].format(", ".join(parts) or words["nothing"])
