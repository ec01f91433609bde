"""Where a figure was measured: without that it says nothing."""

import os
import platform
import sys
from pathlib import Path

import buzzwatch


def introduce(seed: int) -> None:
    """Print machine, versions, seed and command."""
    print(f"{_processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}")
    print(f"Python {platform.python_version()}, buzzwatch {buzzwatch.__version__}, seed {seed}")
    print(f"python {' '.join(sys.argv)}")


def resident(process: str = "self") -> float:
    """Megabytes of memory that a process holds now."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_000


def computed(process: int) -> float:
    """Seconds that the processors have worked for a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
