import os
import socket

import pytest

from buzzwatch.app.systemd import notify, watchdog_interval


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, monkeypatch):
    name = str(tmp_path / "notify") if request.param == "path" else f"@buzzwatch-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield manager


def test_the_manager_hears_the_state(manager):
    notify("READY=1", "Écoute 2 sources")
    assert manager.recv(1000).decode() == "READY=1\nSTATUS=Écoute 2 sources"


def test_a_status_of_many_lines_is_told_on_one(manager):
    notify("WATCHDOG=1", "acme.yaml:3:1: unknown key\n  ruels:\nMAINPID=1")
    assert manager.recv(1000).decode() == "WATCHDOG=1\nSTATUS=acme.yaml:3:1: unknown key ruels: MAINPID=1"


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "/nowhere/notify"])
def test_without_a_manager_nothing_happens(address, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert notify("READY=1") is None


@pytest.mark.parametrize(
    ("allowed", "process", "interval"),
    [
        ("60000000", None, 30_000),
        pytest.param("60000000", str(os.getpid()), 30_000, id="us"),  # the same name in every process
        ("60000000", "1", None),
        (None, None, None),
        ("soon", None, None),
        ("1", None, 1),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_asks(allowed, process, interval, monkeypatch):
    for name, value in (("WATCHDOG_USEC", allowed), ("WATCHDOG_PID", process)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog_interval() == interval
