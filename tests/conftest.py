"""Real parts that more than one wing tests against."""

import io
import logging
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer
from hypothesis import settings
from msgspec.structs import replace
from paho.mqtt import publish
from slack_stand_in import Slack

from buzzwatch.model.incident import ChangeKind, Incident, Reason, Severity, State, Subject
from buzzwatch.model.input import Delivered
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Lease, Message, Notice, Target
from buzzwatch.model.signal import Trend

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command that was run here may have silenced the log."""
    yield
    structlog.reset_defaults()


class Mosquitto:
    """A real MQTT broker on a loopback port of its own, which keeps sessions and messages when started again."""

    host = "127.0.0.1"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    key_file: str | None = None

    def __init__(self, folder: Path) -> None:
        self.log: list[str] = []
        self._logged = threading.Condition()
        self._folder = folder
        with socket.create_server((self.host, 0)) as probe:
            self.port: int = probe.getsockname()[1]

    def secure(self, user: str, password: str) -> None:
        """Demand TLS and a password from the next start on; `ca_file` is what clients must trust."""
        self.user, self.password = user, password
        passwords = self._folder / "passwords"
        self.key_file, self.ca_file = str(self._folder / "key.pem"), str(self._folder / "certificate.pem")
        _run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key_file, "-out", self.ca_file)  # fmt: skip
        _run("mosquitto_passwd -c -b", passwords, user, password)

    def start(self) -> None:
        """Return once it listens."""
        config = self._folder / "mosquitto.conf"
        config.write_text("\n".join(self._settings()))
        self._process = subprocess.Popen(
            ["mosquitto", "-v", "-c", config], stderr=subprocess.PIPE, text=True, env=os.environ | {"PATH": _PATH}
        )
        seen = len(self.log)
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()
        self.wait_for_log(" running", since=seen)
        self._be_turned_away()

    def stop(self) -> None:
        """End it in order, so that it saves what it holds."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self._reader.join()

    def forget(self) -> None:
        """Lose every session and message; only while stopped."""
        (self._folder / "mosquitto.db").unlink()

    def wait_for_log(self, words: str, *, times: int = 1, since: int = 0, patience_s: int = 30) -> None:
        """Return once so many lines of the log contain the words."""
        seen, counted = since, 0

        def logged() -> bool:
            nonlocal seen, counted
            counted += sum(words in line for line in self.log[seen:])
            seen = len(self.log)
            return counted >= times

        with self._logged:
            found = self._logged.wait_for(logged, timeout=patience_s)
        assert found, f"mosquitto never logged {words!r}:\n" + "".join(self.log[since:][-100:])

    def publish(self, topic: str, payloads: Iterable[bytes], *, qos: int = 1) -> None:
        """Publish one message for each payload, and return once the broker has them all."""
        messages = [{"topic": topic, "payload": payload, "qos": qos} for payload in payloads]
        publish.multiple(
            messages,
            self.host,
            self.port,
            auth={"username": self.user, "password": self.password} if self.user else None,
            tls={"ca_certs": self.ca_file, "tls_version": ssl.PROTOCOL_TLS_CLIENT} if self.ca_file else None,
        )

    def _settings(self) -> Iterator[str]:
        yield f"listener {self.port} {self.host}"
        yield f"persistence true\npersistence_location {self._folder}/"
        yield "max_queued_messages 0"
        if os.geteuid() == 0:
            yield "user root"  # or it could not write where pytest lets it
        yield f"allow_anonymous {str(self.user is None).lower()}"
        if self.user:
            yield f"certfile {self.ca_file}\nkeyfile {self.key_file}\npassword_file {self._folder}/passwords"

    def _be_turned_away(self) -> None:
        """Return once it serves: it says that it runs a little before, and forgets a signal that comes in between."""
        with socket.create_connection((self.host, self.port), timeout=30) as probe, suppress(ConnectionError):
            probe.sendall(bytes(16))
            probe.recv(1)

    def _read_log(self) -> None:
        with self._process.stderr as lines:
            for line in lines:
                with self._logged:
                    self.log.append(line)
                    self._logged.notify_all()


_PATH = os.environ["PATH"] + ":/usr/sbin"  # Debian keeps mosquitto where plain users do not look


def _run(command: str, *arguments: object) -> None:
    subprocess.run([*command.split(), *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker without password."""
    yield from _running(Mosquitto(tmp_path))


@pytest.fixture
def secured_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with TLS and a password."""
    mosquitto = Mosquitto(tmp_path)
    mosquitto.secure("buzz", "pa55-of-the-broker")
    yield from _running(mosquitto)


def _running(mosquitto: Mosquitto) -> Iterator[Mosquitto]:
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Install a scorer as a package would: the name of its entry point, and code in which `Plugged` is its class."""

    def install(name: str, code: str) -> None:
        site = tmp_path / f"site-{name}"
        facts = site / f"{name}-1.dist-info"
        facts.mkdir(parents=True)
        (site / f"{name}_scorer.py").write_text(code)
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (facts / "entry_points.txt").write_text(f"[buzzwatch.scorers]\n{name} = {name}_scorer:Plugged\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)

    return install


class MemoryOutbox:
    """An outbox that forgets when the process ends; its `report` marks what was sent or given up."""

    def __init__(self) -> None:
        self.rows: dict[str, Lease] = {}
        self.due: dict[str, Instant] = {}
        self.leased: set[str] = set()
        self.postponed: list[tuple[str, Instant, str]] = []
        self.delivered: list[Delivered] = []

    def put(self, notice: Notice) -> None:
        """Queue a notice, due at once."""
        self.rows[notice.key] = Lease(notice, attempts=0, replaces=0, first_at=notice.due_at)
        self.due[notice.key] = notice.due_at

    async def lease(self, now: Instant, limit: int, left_alone: Mapping[Target, Instant]) -> list[Lease]:
        """See `Outbox`."""
        rows = [row for key, row in self.rows.items() if self.due[key] <= now and key not in self.leased]
        rows = [row for row in rows if row.first_at > left_alone.get(row.notice.target, -(2**62))]
        rows.sort(key=lambda row: (-row.notice.severity, row.first_at))
        nexts = {row.notice.target: row for row in reversed(rows)}
        leased = [row for row in rows if nexts[row.notice.target] is row][:limit]
        self.leased |= {row.notice.key for row in leased}
        return leased

    async def postpone(self, key: str, until: Instant, why: str, *, doubtful: bool = False) -> None:
        """See `Outbox`."""
        self.postponed.append((key, until, why))
        self.rows[key] = replace(self.rows[key], attempts=self.rows[key].attempts + 1, doubtful=doubtful)
        self.due[key] = until
        self.leased.discard(key)

    async def report(self, delivered: Delivered) -> None:
        """See `courier.Report`."""
        self.delivered.append(delivered)
        del self.rows[delivered.key]


@pytest.fixture
def outbox() -> MemoryOutbox:
    """An empty outbox."""
    return MemoryOutbox()


@pytest.fixture
def put(outbox: MemoryOutbox) -> Callable[..., Notice]:
    """Queue a notice by its key."""

    def put_notice(
        key: str, target: str = "mail", severity: Severity = Severity.CRITICAL, due_at: Instant = 0
    ) -> Notice:
        reason = Reason("bad-buzz", "Many angry posts", (), None, Trend.RISING, 46, 38, None, None, answered=False)
        incident = Incident(
            id="acme-1",
            subject=Subject("acme"),
            state=State.OPEN,
            severity=severity,
            began_at=0,
            opened_at=0,
            true_at=0,
            rules=("bad-buzz",),
            reason=reason,
            samples=(),
            route="oncall",
            worst=46.0,
        )
        notice = Notice(key, due_at, Target(target), ChangeKind.OPENED, severity, "en", "Acme", "UTC", incident)
        outbox.put(notice)
        return notice

    return put_notice


@pytest.fixture
def message() -> Message:
    """A message with something to escape in each form."""
    return Message(
        key="acme-1.1.0.mail",
        title="CRITICAL Acme: é & <46> angry posts",
        text="46 angry posts\n\n<!channel> @everyone *x* é\n\nRef. acme-1.1.0.mail",
        html="<html><body><p>46 angry posts é</p><p>Ref. acme-1.1.0.mail</p></body></html>",
        short="CRITICAL Acme: 46 angry posts https://bw.example/i/abc",
        severity=Severity.CRITICAL,
    )


@pytest.fixture
def root_log() -> Iterator[io.StringIO]:
    """All that reaches the root logger, as a daemon at DEBUG would show it; `caplog` also hears what stays below."""
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    """A stand-in for Slack, served."""
    slack = Slack()
    server = TestServer(slack.app())
    await server.start_server(access_log=None)
    slack.url = f"http://127.0.0.1:{server.port}"
    yield slack
    slack.answers.set()
    await server.close()
