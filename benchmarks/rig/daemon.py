"""A real daemon and a real broker, on loopback ports of their own, in a directory that goes away with them."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

PATIENCE = 60.0
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Daemon:
    """`buzzwatch run` in a process of its own."""

    def __init__(self, directory: Path, config: str, rules: dict[str, str]) -> None:
        self._state = directory / "state"
        self._log = directory / "log"
        (directory / "rules").mkdir()
        for name, text in rules.items():
            (directory / "rules" / name).write_text(text)
        self._config = directory / "buzzwatch.yaml"
        self._config.write_text(f"state: {self._state}\nrules: rules\n{config}")

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """From the moment at which it hears its source to its orderly end."""
        command = [sys.executable, "-m", "buzzwatch", "run", "-c", str(self._config)]
        environment = os.environ | {"RUNTIME_DIRECTORY": str(self._config.parent)}
        with (
            self._log.open("wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment) as process,
        ):
            try:
                self._wait_for("source_heard", process)
                yield process
            finally:
                process.send_signal(signal.SIGTERM)

    def _wait_for(self, words: str, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + PATIENCE
        while words not in self._log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the daemon does not hear: {self._log.read_text()}")
            time.sleep(0.02)

    def journalled(self) -> int:
        """Mentions committed so far."""
        database = f"file:{self._state / 'buzzwatch.db'}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM content").fetchone()[0])

    def wait_until_journalled(self, count: int) -> None:
        """Until so many mentions are committed."""
        until = time.monotonic() + PATIENCE
        while self.journalled() < count:
            if time.monotonic() > until:
                raise RuntimeError(f"only {self.journalled()} of {count} mentions were committed")
            time.sleep(0.05)


def has_broker() -> bool:
    """Whether mosquitto is installed."""
    return shutil.which("mosquitto", path=_PATH) is not None


@contextmanager
def broker(directory: Path) -> Iterator[int]:
    """A mosquitto; gives its port."""
    port = free_port()
    config = directory / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\n")
    program = shutil.which("mosquitto", path=_PATH)
    with subprocess.Popen([str(program), "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + PATIENCE
            while not _listens(port) and time.monotonic() < until:
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
