"""The files that people write, and who may read or change what."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.control import control_path
from buzzwatch.app.doctor.finding import Finding, aside, fine, wary, wrong
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.store.database import FILE

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

GROUP = "buzzwatch-admin"
_SERVICE_SOCKET = Path("/run/buzzwatch/control.sock")
_EVERYBODY = 0o007
_OTHERS_WRITE = 0o002
_NOT_THE_OWNER = 0o077


def check_configuration(patient: "Patient") -> Iterator[Finding]:
    """Whether there is one, and it can be read."""
    if patient.file is None:
        said = "no configuration: neither ./buzzwatch.yaml nor /etc/buzzwatch/buzzwatch.yaml is there"
        yield wrong(said, "install -m 644 buzzwatch.yaml /etc/buzzwatch/; or buzzwatch doctor --config FILE")
        return
    from buzzwatch.app.config import load  # noqa: PLC0415 - as above

    try:
        config = load(patient.file)
    except RuleFaults as refused:
        said = "{file} has faults: {n}; the first: {fault}"
        yield wrong(
            said, "buzzwatch check --config {file}", file=patient.file, n=len(refused.faults), fault=refused.faults[0]
        )
        return
    yield fine("{file} can be read", file=patient.file)
    for unwise in config.warnings:
        yield wary("{why}", why=unwise)
    if not config.channels:
        yield wary("no channel is configured: only the log would tell", "add `channels` to {file}", file=patient.file)


def check_rules(patient: "Patient") -> Iterator[Finding]:
    """Whether the rule files on disk would be taken, and what `check` says of them."""
    if patient.config is None:
        return
    from buzzwatch.app.checking import check  # noqa: PLC0415 - a configuration is needed for it
    from buzzwatch.app.rota.known import look_up  # noqa: PLC0415 - likewise
    from buzzwatch.app.unwise import unwise  # noqa: PLC0415 - likewise
    from buzzwatch.rules.files import read  # noqa: PLC0415 - likewise
    from buzzwatch.rules.ruleset import put_together, understand  # noqa: PLC0415 - likewise

    config = patient.config
    command = f"buzzwatch check --config {patient.file}"
    try:
        files = read(config.rules)
        understood = understand(files)
        rules = put_together(files, understood)
    except RuleFaults as refused:
        said = "{rules}: faults {n}; the first: {fault}"
        yield wrong(
            said, "{command}", rules=config.rules, n=len(refused.faults), fault=refused.faults[0], command=command
        )
        return
    known = look_up(rules, patient.now, config.rules, config.state, secrets=patient.secrets)
    found = check(known, files, config, patient.now, unwise(understood), patient.secrets)
    values = {"rules": config.rules, "brands": len(rules.brands), "n": len(found.errors), "command": command}
    if found.errors:
        yield wrong("{rules}: faults {n}; the first: {fault}", "{command}", fault=found.errors[0], **values)
    if found.warnings:
        values["n"] = len(found.warnings)
        yield wary("{rules}: warnings {n}; the first: {fault}", "{command}", fault=found.warnings[0], **values)
    if not found.errors:
        yield fine("{rules}: brands {brands}, no fault", **values)


def check_modes(patient: "Patient") -> Iterator[Finding]:
    """Nothing that holds a secret or a person is for everybody, and nothing that decides who is told can be changed."""
    if patient.config is None or patient.file is None:
        return
    state = patient.config.state
    if state.is_dir() and not os.access(state, os.R_OK | os.X_OK):
        remedy = "sudo usermod --append --groups buzzwatch-admin $USER, and log in again"
        yield aside("{path} may not be looked into by you", remedy, path=state)
        return
    found = [*_open_to_all(state), *_changed_by_all(patient.file, patient.config.rules)]
    sockets = [control_path(patient.config), *([_SERVICE_SOCKET] if patient.served else [])]
    found += [
        wrong("everybody may command the daemon at {path}", "chmod o= {path}", path=path)
        for path in sockets
        if path.is_socket() and _mode(path) & _mode(path.parent) & _EVERYBODY
    ]
    found += _of_owner(patient, state)
    yield from found
    if not found:
        yield fine("modes of the state, the rules and the configuration: as they should be")


def _open_to_all(state: Path) -> Iterator[Finding]:
    """What of the state others may read, where its directory lets them in."""
    key = state / "links.key"
    if _mode(key) & _NOT_THE_OWNER:
        said = "{path} is the key of all links, and others may read it (mode {mode})"
        yield wrong(said, "chmod 600 {path}", path=key, mode=f"{_mode(key):o}")
    if not _mode(state) & _EVERYBODY:
        return
    names = (f"{FILE}*", "snapshot-*", "calendars")
    for path in (state, *sorted(each for name in names for each in state.glob(name))):
        if _mode(path) & _EVERYBODY:
            said = "{path} is open to everybody (mode {mode})"
            yield wrong(said, "chmod o= {path}", path=path, mode=f"{_mode(path):o}")


def _changed_by_all(file: Path, rules: Path) -> Iterator[Finding]:
    for path in (file, rules, *_rule_files(rules)):
        if _mode(path) & _OTHERS_WRITE:
            said = "everybody may change {path} (mode {mode})"
            yield wrong(said, "chmod o-w {path}", path=path, mode=f"{_mode(path):o}")


def _of_owner(patient: "Patient", state: Path) -> Iterator[Finding]:
    """The service's user must be able to write all of the state."""
    if not patient.served or patient.unit is None or not patient.unit["User"]:
        return
    try:
        user = pwd.getpwnam(patient.unit["User"])
    except KeyError:
        said = "the user {user} of the service does not exist"
        yield wrong(said, "systemd-sysusers", user=patient.unit["User"])
        return
    try:
        strangers = [path for path in (state, *state.iterdir()) if path.stat().st_uid != user.pw_uid]
    except OSError:
        return
    if strangers:
        said = "{path} is not the service's own: the daemon cannot write it"
        command = f"chown -R {user.pw_name}: {state}"
        yield wrong(said, "{command}", path=strangers[0], command=command)


def _rule_files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError:
        return []


def _mode(path: Path) -> int:
    """Its permissions; 0 where there is nothing, or nobody may look."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def check_group(patient: "Patient") -> Iterator[Finding]:
    """Whether who asks may speak to the daemon."""
    if patient.unit is None or not patient.served or os.geteuid() == 0:
        return
    try:
        group = grp.getgrnam(GROUP)
    except KeyError:
        yield wrong("the group {group} does not exist", "systemd-sysusers", group=GROUP)
        return
    me = pwd.getpwuid(os.geteuid()).pw_name
    if group.gr_gid in os.getgroups():
        yield fine("you are in the group {group}", group=GROUP)
    elif me in group.gr_mem:
        yield wary("you are in the group {group} since after you logged in", "newgrp {group}", group=GROUP)
    else:
        said = "you are not in the group {group}: much cannot be seen from here"
        yield aside(said, "sudo usermod --append --groups {group} {me}, and log in again", group=GROUP, me=me)
