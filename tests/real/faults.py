"""What befalls a daemon from outside, for real: its disk, its network and its machine's clock."""

import asyncio
import ctypes
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from buzzwatch.model.instant import SECOND

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_ORIGINAL = "/proc/thread-self/ns/net"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""Of the Debian package `faketime`: it tells a process, and no other, what time it is."""


def mount_small(folder, size):
    """Make a file system of its own there; whether this user may."""
    options = f"size={size},mode=0750"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True)
    return done.returncode == 0


class Disk:
    """A small file system under a daemon's state, where a ballast comes and goes."""

    def __init__(self, folder, size="16m"):
        self._folder = folder
        self._ballast = folder / "ballast"
        folder.mkdir()
        self.is_own = mount_small(folder, size)

    def fill(self):
        """To the last byte."""
        room = os.statvfs(self._folder)
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            os.posix_fallocate(ballast.fileno(), 0, room.f_bavail * room.f_frsize)
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(4096))

    def make_room(self):
        self._ballast.unlink(missing_ok=True)

    def remove(self):
        if self.is_own:
            subprocess.run(["umount", self._folder], check=True)


class Network:
    """A namespace of its own for this thread and all processes and threads that it starts, with a line that can be cut.

    Nothing that is in it reaches anything outside, and nothing outside notices.
    """

    def __init__(self):
        self._before = os.open(_ORIGINAL, os.O_RDONLY)
        self.is_own = _libc.unshare(_CLONE_NEWNET) == 0
        if self.is_own:
            self.mend()

    def cut(self):
        """No packet passes any more, and nobody is told."""
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)

    def mend(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def leave(self):
        if self.is_own:
            assert _libc.setns(self._before, _CLONE_NEWNET) == 0
        os.close(self._before)


class WallClock:
    """The true time of a drill, in which time may fly, and what the daemon's machine takes for it."""

    def __init__(self, folder):
        assert FAKETIME, "libfaketime is missing: sudo apt install faketime"
        self._told = folder / "clock"
        self._base = self._speed = 0
        self._since = time.time()
        self._ahead = 0
        self.set_ahead(0)

    @property
    def environment(self):
        """For daemons whose clock can be set while they run."""
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._told),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # or who waits for the interpreter spins
            "NO_FAKE_STAT": "1",
        }

    def flying(self, speed):
        """For a daemon that is started now, for which all time runs so many times as fast; so does the truth."""
        self._base, self._since, self._speed = self._ahead_of_us(), time.time(), speed - 1
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": f"{self._base + self._ahead:+.3f} x{speed}",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }

    def land(self):
        """It has ended; time runs as usual again."""
        self._base, self._speed = self._ahead_of_us(), 0
        self.set_ahead(self._ahead)

    def set_ahead(self, seconds):
        """Set the daemon's clock so many seconds ahead of the truth."""
        self._ahead = seconds
        scratch = self._told.with_suffix(".part")
        scratch.write_text(f"{self._base + seconds:+.3f}\n")
        scratch.replace(self._told)

    def _ahead_of_us(self):
        return self._base + (time.time() - self._since) * self._speed

    def now(self):
        """The true instant."""
        return round((time.time() + self._ahead_of_us()) * SECOND)

    async def wait_until(self, instant):
        """Look again and again: time may fly meanwhile."""
        while (left := (instant - self.now()) / SECOND) > 0:  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(min(left, 0.2))
