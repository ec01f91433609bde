"""Where the daemon's secrets are, for who looks from outside: only whether they are there, and who may read them."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.finding import Finding, aside, fine, wary, wrong
from buzzwatch.app.secret import PLACEHOLDER, SecretError, Secrets, named_in
from buzzwatch.model.rota import Listed
from buzzwatch.rules.words import Said

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

RUNNING = Path("/run/credentials/buzzwatch.service")
"""Where systemd puts them for the daemon while it runs; root may look."""
KEPT = Path("/etc/buzzwatch/credentials")


class Loaded(Secrets):
    """Secrets by the files that systemd loads them from."""

    def __init__(self, files: Mapping[str, Path], environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.files = files

    def _find(self, kind: str, name: str) -> str:
        file = self.files.get(name) if kind == "cred" else None
        if file is None:
            return super()._find(kind, name)
        try:
            return file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            told = {"placeholder": f"${{cred:{name}}}", "name": name, "why": getattr(error, "strerror", "no text")}
            said = "{placeholder} cannot be read ({why}): add LoadCredential={name}:… to the service"
            raise SecretError(Said(said, told)) from None


def where_loaded(environment: Mapping[str, str], configured: Mapping[str, Path]) -> dict[str, Path]:
    """Each secret's file: ours if we have any, those of the running daemon, or those that its unit names."""
    ours = environment.get("CREDENTIALS_DIRECTORY")
    if ours is not None:
        return _files(Path(ours))
    return {**configured, **_files(RUNNING)}


def _files(directory: Path) -> dict[str, Path]:
    try:
        return {path.name: path for path in directory.iterdir()}
    except OSError:
        return {}


def named(patient: "Patient") -> list[str]:
    """The placeholders of the configuration and of the rules."""
    rules = patient.rules
    people = rules.people.values() if rules else ()
    calendars = [rota.source for rota in rules.rotas.values() if isinstance(rota, Listed)] if rules else []
    addresses = [address for person in people for address in person.reach.values()]
    return named_in([*(patient.config.texts if patient.config else ()), *addresses, *calendars])


def check_present(patient: "Patient") -> Iterator[Finding]:
    """Whether each secret that is named is there, and is not empty."""
    wanted, there = named(patient), 0
    for placeholder in wanted:
        kind, name = PLACEHOLDER.findall(placeholder)[0]
        try:
            if patient.secrets.resolve(placeholder).strip():
                there += 1
            else:
                yield wrong("{placeholder} is empty", "{write}", placeholder=placeholder, write=_write(name))
        except SecretError:
            yield _lacking(patient, kind, name, placeholder)
    if there:
        yield fine("secrets that are named and there: {n}", n=there)
    elif not wanted and patient.config is not None:
        yield fine("no secret is named")


def _lacking(patient: "Patient", kind: str, name: str, placeholder: str) -> Finding:
    if os.geteuid() != 0 and (kind == "env" or (patient.unit and patient.served)):
        return aside(
            "{placeholder}: only root sees whether it is there",
            "sudo buzzwatch doctor",
            placeholder=placeholder,
        )
    if kind == "env" and not patient.served:
        return wrong("{placeholder} is not set", "export {name}=…", placeholder=placeholder, name=name)
    if kind == "env":
        return wrong(
            "{placeholder} is not set in the daemon's environment",
            "systemctl edit buzzwatch, and below [Service]: EnvironmentFile=/etc/buzzwatch/environment",
            placeholder=placeholder,
        )
    if not patient.served:
        remedy = "write ${env:…} in its place, and export it before the daemon starts"
        return wrong("{placeholder}: outside systemd there are no credentials", remedy, placeholder=placeholder)
    return wrong(
        "{placeholder} is named and not loaded",
        "{write}; systemctl edit buzzwatch, and below [Service]: LoadCredential={name}:{directory}/{name}",
        placeholder=placeholder,
        write=_write(name),
        name=name,
        directory=KEPT,
    )


def _write(name: str) -> str:
    return f"install -m 600 /dev/stdin {KEPT / name}"


def check_files(patient: "Patient") -> Iterator[Finding]:
    """Whether the unit's files of secrets are there, and for root alone."""
    if patient.unit is None or not patient.served:
        return
    fit = 0
    for name, path in patient.unit.credentials.items():
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except PermissionError:
            yield aside("{path}: only root sees whether it is there", "sudo buzzwatch doctor", path=path)
            continue
        except OSError:
            said = "{path} is not there: the service will not start again"
            yield wrong(said, "{write}", path=path, write=f"install -m 600 /dev/stdin {path}", name=name)
            continue
        if mode & 0o077:
            yield wrong(
                "{path}: others may read this secret (mode {mode})", "chmod 600 {path}", path=path, mode=f"{mode:o}"
            )
        else:
            fit += 1
    if fit:
        yield fine("files of secrets, each for its owner alone: {n}", n=fit)
    yield from _unused(patient)


def _unused(patient: "Patient") -> Iterator[Finding]:
    if patient.unit is None or patient.config is None or patient.rules is None:
        return
    wanted = {name for kind, name in PLACEHOLDER.findall(" ".join(named(patient))) if kind == "cred"}
    for name in sorted(patient.unit.credentials.keys() - wanted):
        yield wary(
            "the service loads the secret {name}, which nothing names",
            "remove its LoadCredential, or name it",
            name=name,
        )
