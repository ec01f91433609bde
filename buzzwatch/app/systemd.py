"""What the service manager is told: the notification protocol of sd_notify(3)."""

import os
import socket

from buzzwatch.model.instant import Span

_LONGEST_STATUS = 500


def notify(state: str, status: str | None = None) -> None:
    """Send assignments such as `READY=1`, one a line; `status` is for people, shown on one line by `systemctl status`.

    Best effort: nothing happens outside a service, and a manager that does not listen must not stop the daemon.
    """
    if status is not None:  # On one line: what comes from a file must not become an assignment of its own.
        state = f"{state}\nSTATUS={' '.join(status.split())[:_LONGEST_STATUS]}"
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # Linux' abstract sockets
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as manager:
        try:
            manager.connect(address)
            manager.send(state.encode())
        except OSError:
            return


def watchdog_interval() -> Span | None:
    """How often to send `WATCHDOG=1`: half of what the manager allows, None where it does not watch us."""
    allowed, watched = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not allowed.isdecimal() or watched not in ("", str(os.getpid())):
        return None
    return max(1, int(allowed) // 2_000)
