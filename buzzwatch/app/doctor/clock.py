"""The machine's clock: kept by somebody, and not before what is on record."""

import ctypes
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from buzzwatch.app.doctor.database import looking_into
from buzzwatch.app.doctor.finding import Finding, Lasting, aside, fine, wary, wrong
from buzzwatch.model.instant import DAY, MINUTE

if TYPE_CHECKING:
    from buzzwatch.app.doctor.patient import Patient

_ERROR = 5
"""What adjtimex(2) answers while nobody keeps the clock."""
_ROOM = 1_024
_REMEDY = "timedatectl set-ntp true; timedatectl timesync-status"
_BEHIND = MINUTE


def check_clock(patient: "Patient") -> Iterator[Finding]:
    """Whether somebody keeps it, and whether it agrees with the record."""
    kept = is_kept()
    if kept is None:
        yield aside("nobody can say here whether the clock is kept by NTP", "timedatectl")
    elif kept:
        yield fine("the clock is kept by NTP")
    else:
        yield wary("nobody keeps the clock: NTP has not set it", _REMEDY)
    try:
        with looking_into(patient) as db:
            last = 0 if db is None else int(db.execute("SELECT now FROM position").fetchone()[0])
    except sqlite3.Error:
        last = 0
    if last > patient.now + _BEHIND:
        said = "the clock is {span} behind the last instant on record: it is wrong, or it was"
        yield wrong(said, _REMEDY, span=Lasting(last - patient.now))
    elif last and patient.now - last > 30 * DAY:
        said = "the last instant on record is {span} ago: the clock runs ahead, or nobody has watched"
        yield wary(said, "date; journalctl -u buzzwatch -n 5", span=Lasting(patient.now - last))


def is_kept() -> bool | None:
    """Whether the kernel's clock is synchronised; None where it does not say."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_ROOM))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != _ERROR


def check_zone(patient: "Patient") -> Iterator[Finding]:
    """Whose hours the machine keeps, for who reads its log; the rules have their own."""
    link = Path("/etc/localtime")
    zone = os.environ.get("TZ") or (str(link.resolve()).partition("zoneinfo/")[2] if link.exists() else "") or "UTC"
    ours = patient.rules.timezone if patient.rules else zone
    if zone != ours:
        yield fine("the machine's times are of {zone}, those of the rota of {ours}", zone=zone, ours=ours)
    else:
        yield fine("times are of {zone}", zone=zone)
