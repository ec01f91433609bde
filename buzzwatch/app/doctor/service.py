"""The service as systemd knows it."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from buzzwatch.app.doctor.finding import Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.model.instant import HOUR, SECOND, Instant

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

NAME, LAST_RESORT = "buzzwatch.service", "buzzwatch-failed.timer"
RECEIVERS = Path("/etc/buzzwatch/credentials/last_resort")
BOOTED = Path("/run/systemd/system")
"""There while systemd runs the machine, see sd_booted(3)."""
_PATIENCE_S = 10
_PROPERTIES = (
    "LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,ExecStart,MainPID,NRestarts,Result,"
    "ActiveEnterTimestamp,WatchdogUSec,MemoryMax,NeedDaemonReload,User,Group,LimitNOFILE"
)
_CREDENTIAL = re.compile(r"^[ \t]*LoadCredential(?:Encrypted)?[ \t]*=[ \t]*([^:\s]*)(?::(\S+))?[ \t]*$", re.MULTILINE)


class Unit(Struct, frozen=True):
    """What `systemctl show` says, by property; and the files of secrets that the unit and its drop-ins name."""

    properties: Mapping[str, str]
    credentials: Mapping[str, Path] = {}

    def __getitem__(self, name: str) -> str:
        return self.properties.get(name, "")

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return self["LoadState"] not in {"", "not-found"}

    @property
    def pid(self) -> int | None:
        """Of its process, None where it does not run."""
        return int(self["MainPID"]) if self["MainPID"].isdecimal() and self["MainPID"] != "0" else None

    @property
    def program(self) -> Path | None:
        """What it starts."""
        found = re.search(r"path=(\S+)", self["ExecStart"])
        return Path(found[1]) if found else None

    @property
    def config(self) -> Path | None:
        """The configuration that it starts with."""
        found = re.search(r"(?:--config|-c)[ =]([^ ;]+)", self["ExecStart"])
        return Path(found[1]) if found else None

    @property
    def since(self) -> Instant | None:
        """When it was started last."""
        stamp = self["ActiveEnterTimestamp"]
        return int(stamp[1:]) * SECOND if re.fullmatch(r"@\d+", stamp) else None


def ask_systemd() -> Unit | None:
    """The service of this machine; None where systemd does not run it."""
    properties = show(NAME, _PROPERTIES)
    if properties is None:
        return None
    files = [properties.get("FragmentPath", ""), *properties.get("DropInPaths", "").split()]
    return Unit(properties, credentials_of(_text(Path(file)) for file in files if file))


def show(unit: str, properties: str) -> dict[str, str] | None:
    """Properties of a unit; None where systemd does not run, or does not answer."""
    systemctl = shutil.which("systemctl", path="/usr/bin:/bin")
    if systemctl is None or not BOOTED.is_dir():
        return None
    command = [systemctl, "show", unit, f"--property={properties}", "--timestamp=unix", "--no-pager"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)  # noqa: S603 - as written here
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)


def credentials_of(texts: Iterable[str]) -> dict[str, Path]:
    """The files that LoadCredential= names, in the order of the unit and its drop-ins; an empty one begins anew."""
    found: dict[str, Path] = {}
    for text in texts:
        for name, path in _CREDENTIAL.findall(text):
            if not name:
                found.clear()
            else:
                found[name] = Path(path or f"/etc/credstore/{name}")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def check_unit(patient: "Patient") -> Iterator[Finding]:
    """Whether it is installed, starts at boot, runs, and runs this program."""
    unit = patient.unit
    if unit is None:
        yield aside("systemd does not run this machine, so nothing is known of the service")
        return
    if not unit.is_there:
        remedy = "see docs/operations.md, Install; then systemctl enable --now buzzwatch"
        yield wrong("{unit} is not installed", remedy, unit=NAME)
        return
    if not patient.served:
        yield aside("{unit} runs with {file}, not with this configuration", unit=NAME, file=unit.config or "?")
        return
    yield from _of_start(unit)
    yield from _of_run(unit, patient.now)
    yield from _of_program(unit)
    yield from _of_watching(unit)


def check_last_resort(patient: "Patient") -> Iterator[Finding]:
    """Whether somebody is paged where the daemon does not run, and whom."""
    if patient.unit is None or not patient.served or not patient.unit.is_there:
        return
    timer = show(LAST_RESORT, "ActiveState") or {}
    yield from judge_last_resort(timer.get("ActiveState", ""), RECEIVERS)


def judge_last_resort(state: str, receivers: Path) -> Iterator[Finding]:
    """By the state of its timer, and by the file that says whom to tell."""
    if state != "active":
        said = "nobody is paged where the daemon does not run: {timer} does not run"
        yield wary(said, "systemctl enable --now {timer}; see docs/systemd.md", timer=LAST_RESORT)
        return
    try:
        lines = receivers.read_text("utf-8", errors="replace").splitlines()
    except PermissionError:
        yield aside("{path}: only root sees whether it is there", "sudo buzzwatch doctor", path=receivers)
        return
    except OSError:
        lines = []
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        said = "where the daemon does not run nobody is paged: {path} names no address"
        yield wary(said, "install -m 600 /dev/stdin {path}", path=receivers)
    else:
        yield fine("{timer} pages where the daemon does not run", timer=LAST_RESORT)


def _of_start(unit: Unit) -> Iterator[Finding]:
    if unit["LoadState"] == "masked":
        yield wrong("{unit} is masked: nothing can start it", "systemctl unmask buzzwatch", unit=NAME)
    elif unit["UnitFileState"] != "enabled":
        state = unit["UnitFileState"] or "?"
        yield wrong("{unit} does not start at boot ({state})", "systemctl enable buzzwatch", unit=NAME, state=state)
    else:
        yield fine("{unit} starts at boot", unit=NAME)
    if unit["NeedDaemonReload"] == "yes":
        remedy = "systemctl daemon-reload && systemctl restart buzzwatch"
        yield wary("the unit file was changed, and systemd has not read it", remedy)


def _of_run(unit: Unit, now: Instant) -> Iterator[Finding]:
    restarts = int(unit["NRestarts"]) if unit["NRestarts"].isdecimal() else 0
    if unit["ActiveState"] != "active":
        yield wrong(
            "{unit} does not run: {state}/{sub}, result {result}, restarts {restarts}",
            "systemctl start buzzwatch; journalctl -u buzzwatch -n 50",
            unit=NAME,
            state=unit["ActiveState"],
            sub=unit["SubState"],
            result=unit["Result"],
            restarts=restarts,
        )
        return
    ran = Lasting(now - unit.since) if unit.since else "?"
    if restarts and unit.since and now - unit.since < HOUR:
        said = "the service was started again by itself, {restarts} times in all, the last {ran} ago"
        yield wary(said, "journalctl -u buzzwatch -p warning -n 100", restarts=restarts, ran=ran)
    else:
        yield fine("it has run for {ran}, restarts {restarts}", ran=ran, restarts=restarts)


def _of_program(unit: Unit) -> Iterator[Finding]:
    import sys  # noqa: PLC0415 - where this program is

    program, ours = unit.program, Path(sys.argv[0]).absolute()
    if program is None or not program.exists():
        said = "the service starts {program}, which is not there"
        yield wrong(said, "systemctl edit --full buzzwatch, and mend ExecStart", program=program or "?")
    elif not ours.exists() or program.resolve().parent == ours.resolve().parent:
        yield fine("the service starts {program}", program=program)
    else:
        said = "the service starts {program}, and this is {ours}"
        yield wary(said, "{program} doctor", program=program, ours=ours)


def _of_watching(unit: Unit) -> Iterator[Finding]:
    if unit["WatchdogUSec"] in {"", "0", "infinity"}:
        remedy = "systemctl edit buzzwatch, and below [Service]: WatchdogSec=60"
        yield wary("no watchdog: a stuck daemon would stay stuck", remedy)
    else:
        yield fine("the watchdog restarts it after {span} of silence", span=unit["WatchdogUSec"])
    drop_ins = unit["DropInPaths"].split()
    if drop_ins:
        yield fine("drop-ins: {files}", files=", ".join(drop_ins))
