"""Backups: whether they are made, and whether the last one was."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.finding import Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.app.doctor.service import show
from buzzwatch.model.instant import DAY, SECOND

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

TIMER, MADE = "buzzwatch-backup.timer", "buzzwatch-backup.service"
_OLD = 2 * DAY
_REMEDY = "systemctl enable --now buzzwatch-backup.timer; see docs/backup.md"


def check_backup(patient: "Patient") -> Iterator[Finding]:
    """What systemd knows of the timer and of its last run."""
    if patient.unit is None or not patient.served:
        return
    timer = show(TIMER, "LoadState,ActiveState,UnitFileState,LastTriggerUSec")
    made = show(MADE, "Result,ExecMainExitTimestamp,ExecMainStatus")
    if timer is None or made is None:
        yield aside("systemd does not say when the last backup was made")
        return
    yield from judge(timer, made, patient.now)


def judge(timer: dict[str, str], made: dict[str, str], now: int) -> Iterator[Finding]:
    """By the properties of the timer and of the service that it starts."""
    if timer.get("LoadState") != "loaded" or timer.get("ActiveState") != "active":
        yield wary("no backup is made by itself: {timer} does not run", _REMEDY, timer=TIMER)
        return
    stamp = made.get("ExecMainExitTimestamp", "")
    if not stamp.startswith("@") or not stamp[1:].isdecimal() or stamp == "@0":
        stamp = timer.get("LastTriggerUSec", "")
    if not stamp.startswith("@") or not stamp[1:].isdecimal() or stamp == "@0":
        yield wary("no backup was made yet since the machine started", "systemctl start {made}", made=MADE)
        return
    ago = Lasting(now - int(stamp[1:]) * SECOND)
    if made.get("Result") not in {"success", ""}:
        said = "the last backup failed {span} ago ({result})"
        yield wrong(said, "journalctl -u {made} -n 50", span=ago, result=made.get("Result"), made=MADE)
    elif ago.span > _OLD:
        yield wary("the last backup is {span} old", "journalctl -u {made} -n 50", span=ago, made=MADE)
    else:
        yield fine("the last backup was made {span} ago", span=ago)
