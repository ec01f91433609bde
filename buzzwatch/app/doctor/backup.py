"""Backups: whether they are made, whether the last one was, and where it lies."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.backing_up import PLACE
from buzzwatch.app.doctor.finding import Bytes, Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.app.doctor.service import show
from buzzwatch.model.instant import DAY, SECOND, Instant

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

TIMER, MADE = "buzzwatch-backup.timer", "buzzwatch-backup.service"
_STAMP = Path("/var/lib/systemd/timers") / f"stamp-{TIMER}"
"""Bears the time of the last run, also over a reboot: see Persistent= in systemd.timer(5)."""
_OLD = 2 * DAY
_REMEDY = "systemctl enable --now buzzwatch-backup.timer; see docs/backup.md"


def check_backup(patient: "Patient") -> Iterator[Finding]:
    """What systemd knows of the timer and of its last run, and the newest file."""
    if patient.unit is None or not patient.served:
        return
    timer = show(TIMER, "LoadState,ActiveState")
    made = show(MADE, "Result,ExecMainExitTimestamp")
    if timer is None or made is None:
        yield aside("systemd does not say when the last backup was made")
        return
    yield from judge(timer, made, patient.now, _modified(_STAMP))
    if patient.state is not None:
        yield from judge_files(PLACE, patient.state, patient.now)


def judge(timer: dict[str, str], made: dict[str, str], now: Instant, stamp: Instant | None = None) -> Iterator[Finding]:
    """By the properties of the timer and of the service that it starts, and by when that was started last."""
    if timer.get("LoadState") != "loaded" or timer.get("ActiveState") != "active":
        yield wary("no backup is made by itself: {timer} does not run", _REMEDY, timer=TIMER)
        return
    ended = made.get("ExecMainExitTimestamp", "")
    last = int(ended[1:]) * SECOND if ended[:1] == "@" and ended[1:].isdecimal() and ended != "@0" else stamp
    if last is None:
        yield wary("no backup was made yet", "systemctl start {made}", made=MADE)
        return
    ago = Lasting(now - last)
    if made.get("Result") not in {"success", "", None}:
        said = "the last backup failed {span} ago ({result})"
        yield wrong(said, "journalctl -u {made} -n 50", span=ago, result=made.get("Result"), made=MADE)
    elif ago.span > _OLD:
        yield wary("the last backup is {span} old", "journalctl -u {made} -n 50", span=ago, made=MADE)
    else:
        yield fine("the last backup was made {span} ago", span=ago)


def judge_files(place: Path, state: Path, now: Instant) -> Iterator[Finding]:
    """By the newest file that backups are kept in, as far as we may look."""
    try:
        newest = max(place.glob("*.tar"), key=lambda path: path.stat().st_mtime, default=None)
        if newest is None:
            return
        told, here = newest.stat(), state.stat()
    except OSError:
        return
    ago, size = Lasting(now - int(told.st_mtime * SECOND)), Bytes(told.st_size)
    yield fine("{path} is {span} old ({size})", path=newest, span=ago, size=size)
    if told.st_dev == here.st_dev:
        said = "backups lie on the disk that the state is on: when it dies, both are gone"
        yield wary(said, "copy {place} elsewhere, or mount another disk there: see docs/backup.md", place=place)


def _modified(path: Path) -> Instant | None:
    try:
        return int(path.stat().st_mtime * SECOND)
    except OSError:
        return None
