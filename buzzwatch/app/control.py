"""Speaking to the running daemon through its socket."""

import http.client
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from buzzwatch.app.config import Config
from buzzwatch.rules.words import Said
from buzzwatch.web.desk import Answer

CONTROL = "control.sock"
SERVICE_STATE = Path("/var/lib/buzzwatch")
_SERVICE_SOCKET = Path("/run/buzzwatch") / CONTROL
_TIMEOUT_S = 120.0


class NoDaemonError(Exception):
    """Nobody answers; the text says where we asked and what to do."""


def control_path(config: Config) -> Path:
    """Where a daemon puts its socket: in the service's runtime directory, else beside the database."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(runtime or config.state) / CONTROL


def ask(config: Config, path: str, body: object = None, *, packed: bool = False) -> Answer:
    """Post a request to the daemon of this configuration, or of this machine's service.

    Raises:
        NoDaemonError: nobody answers.
    """
    sent = msgspec.msgpack.encode(body) if packed else msgspec.json.encode(body)
    answer = fetch(config, path, sent)
    try:
        return msgspec.json.decode(answer, type=Answer)
    except msgspec.DecodeError:
        return Answer(False, (answer.decode(errors="replace")[:2_000],))


def fetch(config: Config, path: str, sent: bytes = b"{}") -> bytes:
    """What the daemon answers to a request, as it is. Raises as `ask`."""
    paths = [control_path(config)]
    if config.state == SERVICE_STATE:  # the service's own socket is not beside its state
        paths.append(_SERVICE_SOCKET)
    connection = _Connection(paths)
    try:
        connection.request("POST", path, sent)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        told = "the daemon did not answer to the end ({why}); see its log"
        raise NoDaemonError(Said(told, {"why": error})) from error
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, paths: list[Path]) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._paths = paths

    def connect(self) -> None:
        refused: list[str] = []
        for path in dict.fromkeys(self._paths):
            self.sock: Any = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(_TIMEOUT_S)
            try:
                self.sock.connect(str(path))
            except OSError as error:
                self.sock.close()
                refused.append(f"{path}: {error.strerror or error}")
            else:
                return
        told = "no daemon answers ({why}); is it running, and are you in the group buzzwatch-admin?"
        raise NoDaemonError(Said(told, {"why": "; ".join(refused)}))
