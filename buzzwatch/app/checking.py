"""What `check` says of rules that could be read."""

from collections.abc import Mapping

from msgspec import Struct

from buzzwatch.app import in_shadow
from buzzwatch.app.addresses import refused, too_long
from buzzwatch.app.config import Config, unreachable
from buzzwatch.app.duty import burden, uncovered, unheard
from buzzwatch.app.rota_known import Known, faults_of
from buzzwatch.app.secret import Secrets
from buzzwatch.model.instant import Instant
from buzzwatch.rules.ruleset import check_channels, dead_ends


class Findings(Struct):
    """What must be mended, what is unwise, and what is worth knowing."""

    errors: list[str] = []
    warnings: list[str] = []
    notes: list[str] = []


def check(known: Known, files: Mapping[str, str], config: Config | None, now: Instant) -> Findings:
    """Look at rules, with what is known of their rotas, beside the sysadmin's configuration where there is one."""
    rules, secrets = known.rules, Secrets()
    found = Findings([str(fault) for fault in faults_of(files, known.refused)], list(known.warnings), list(known.notes))
    if config is not None:
        found.errors += [str(fault) for fault in check_channels(files, config.channels)]
        found.errors += [str(fault) for fault in refused(rules, files, config, secrets)]
        found.errors += [f"error: {line}" for line in too_long(rules, config, secrets)]
        found.warnings += dead_ends(rules, config.channels)
        found.warnings += unreachable(rules.people.values(), config, secrets)
        found.warnings += unheard(rules, config.wakes)
    missing, covered = uncovered(rules, now)
    found.errors += [f"error: {line}" for line in missing]
    found.warnings += covered
    for line in burden(rules):
        if line.startswith("warning: "):
            found.warnings.append(line.removeprefix("warning: "))
        else:
            found.notes.append(line)
    found.notes += in_shadow.note(rules)
    return found
