"""The doctor's round: every check in its order, each alone."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from buzzwatch.app.doctor import (
    backup,
    clock,
    daemon,
    database,
    disk,
    files,
    network,
    people,
    program,
    secrets,
    service,
)
from buzzwatch.app.doctor.finding import Finding, Level, signed, wrong
from buzzwatch.app.doctor.patient import Patient

Check: TypeAlias = Callable[[Patient], Iterator[Finding]]

ROUND: tuple[tuple[str, tuple[Check, ...]], ...] = (
    ("program", (program.check_versions, program.check_database_version)),
    ("files", (files.check_configuration, files.check_rules, files.check_modes, files.check_group)),
    ("secrets", (secrets.check_present, secrets.check_files)),
    ("service", (service.check_unit, service.check_last_resort)),
    ("daemon", (daemon.check_answers, daemon.check_sources, daemon.check_figures, daemon.check_weight)),
    ("disk", (disk.check_room,)),
    ("database", (database.check_database, database.check_restart, database.check_old_copies)),
    ("backup", (backup.check_backup,)),
    ("clock", (clock.check_clock, clock.check_zone)),
    ("people", (people.check_rota, people.check_reach, people.check_drill)),
    ("messages", (people.check_delivered, people.check_heartbeat)),
    ("network", (network.check_places, network.check_public_url)),
    ("logs", (daemon.check_logs,)),
)
"""By subject, as it is shown."""

_LONGEST = 200


def examine(patient: Patient, checks: tuple[tuple[str, tuple[Check, ...]], ...] = ROUND) -> Iterator[Finding]:
    """Everything that is found, as it is found. A check that fails says so, and the others go on."""
    every = [(subject, check) for subject, group in checks for check in group]
    progress = patient.progress
    for done, (subject, check) in enumerate(every):
        patient.progress = lambda fraction, done=done: progress((done + fraction) / len(every))  # type: ignore[misc] # bound here
        patient.progress(0.0)
        name = check.__name__.removeprefix("check_")
        try:
            for finding in check(patient):
                yield signed(finding, subject, name)
        except Exception as error:  # noqa: BLE001 - whatever it is: the others go on
            why = f"{type(error).__name__}: {error}"[:_LONGEST]
            yield signed(wrong("{check} could not be checked: {why}", check=name, why=why), subject, name)


def exit_code(findings: list[Finding]) -> int:
    """0: all is well, 1: something should be looked at, 2: something is wrong."""
    levels = {finding.level for finding in findings}
    return 2 if Level.WRONG in levels else 1 if Level.WARNING in levels else 0
