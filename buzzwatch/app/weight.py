"""What the daemon takes of the machine, beside what it may have: memory and open files."""

import os
import resource
from pathlib import Path

from buzzwatch.web.metrics import Metrics

_CGROUPS = Path("/sys/fs/cgroup")
_PROCESS = Path("/proc/self")


def weigh(metrics: Metrics, process: Path = _PROCESS, cgroups: Path = _CGROUPS) -> None:
    """Gauge it. What the kernel does not show is left as it was."""
    group = _group(process, cgroups)
    limit = _number(group / "memory.max") if group else None
    held = _anonymous(group) if group and limit else None
    memory = held if held is not None else _resident(process)
    if memory is not None:
        metrics.memory.set(memory)
    metrics.memory_limit.set(limit or 0)
    try:
        metrics.open_files.set(len(os.listdir(process / "fd")))  # noqa: PTH208 - names are enough, and cheaper
    except OSError:
        return
    metrics.open_files_limit.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _group(process: Path, cgroups: Path) -> Path | None:
    """The control group that we are in, where the kernel has the second kind of them (cgroups(7))."""
    for line in _lines(process / "cgroup"):
        if line.startswith("0::/"):
            return cgroups / line.removeprefix("0::/")
    return None


def _anonymous(group: Path) -> int | None:
    """Bytes of the group that cannot be given back, unlike what it has read from files."""
    return next((int(line.split()[1]) for line in _lines(group / "memory.stat") if line.startswith("anon ")), None)


def _resident(process: Path) -> int | None:
    fields = next(iter(_lines(process / "statm")), "").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else None


def _number(path: Path) -> int | None:
    """None where it says `max`, or nothing."""
    text = next(iter(_lines(path)), "")
    return int(text) if text.isdecimal() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
