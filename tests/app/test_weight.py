"""What the daemon takes of the machine, as the kernel tells of it."""

import os
from pathlib import Path

import pytest

from buzzwatch.app.weight import weigh
from buzzwatch.web.metrics import Metrics


@pytest.fixture
def process(tmp_path: Path) -> Path:
    (tmp_path / "fd").mkdir()
    for number in range(7):
        (tmp_path / "fd" / str(number)).touch()
    (tmp_path / "statm").write_text("900 300 100 1 0 500 0\n")
    (tmp_path / "cgroup").write_text("0::/system.slice/buzzwatch.service\n")
    return tmp_path


@pytest.fixture
def group(tmp_path: Path) -> Path:
    group = tmp_path / "cgroups/system.slice/buzzwatch.service"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("1073741824\n")
    (group / "memory.stat").write_text("anon 123456789\nfile 999999999\n")
    return group


def figures(metrics: Metrics) -> tuple[float, float, float]:
    return tuple(
        metrics.registry.get_sample_value(f"buzzwatch_{name}")
        for name in ("memory_bytes", "memory_limit_bytes", "open_files")
    )


def test_under_a_limit_all_of_the_service_counts_but_what_can_be_given_back(process, group):
    weigh(metrics := Metrics("0"), process, process / "cgroups")
    assert figures(metrics) == (123_456_789, 1_073_741_824, 7)


def test_without_a_limit_it_is_the_process_alone(process, group):
    (group / "memory.max").write_text("max\n")
    weigh(metrics := Metrics("0"), process, process / "cgroups")
    assert figures(metrics) == (300 * os.sysconf("SC_PAGE_SIZE"), 0, 7)


def test_what_the_kernel_hides_stops_nobody(tmp_path):
    weigh(metrics := Metrics("0"), tmp_path / "none", tmp_path / "none")
    assert figures(metrics) == (0, 0, 0)


def test_this_process_has_a_weight():
    weigh(metrics := Metrics("0"))
    memory, _, files = figures(metrics)
    assert memory > 10_000_000
    assert files > 2
