"""What the doctor looks at, each part of it found when it is first asked for: nothing here changes anything."""

import http.client
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from buzzwatch.app.config import Config, load
from buzzwatch.app.control import SERVICE_STATE, NoDaemonError, fetch
from buzzwatch.app.doctor.secrets import Loaded, where_loaded
from buzzwatch.app.doctor.service import Unit, ask_systemd
from buzzwatch.app.secret import Secrets, Withheld
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.instant import Instant
from buzzwatch.rules.faults import RuleFaults

_PATIENCE_S = 5.0
_LARGEST_ANSWER = 10_000_000

Progress = Callable[[float], None]


class Page(Struct, frozen=True):
    """What an address of the daemon answered; `status` 0: nobody did, and `why` says how."""

    status: int
    body: bytes = b""
    why: str = ""


class Patient:
    """One installation, seen from outside, at one instant.

    `file` is its buzzwatch.yaml, None where there is none. `network` False: nobody is connected to. `login`: mail
    servers are logged in to. `progress` is told how far a long look has come, 0 to 1.
    """

    def __init__(
        self,
        file: Path | None,
        now: Instant,
        *,
        network: bool = True,
        login: bool = False,
        environment: Mapping[str, str] = os.environ,
        progress: Progress = lambda _fraction: None,
    ) -> None:
        self.file = file
        self.now = now
        self.network = network
        self.login = login
        self.progress = progress
        self._environment = environment

    @cached_property
    def config(self) -> Config | None:
        """The configuration, None where it cannot be read: its own check says why."""
        try:
            return load(self.file, self._environment) if self.file else None
        except RuleFaults:
            return None

    @property
    def state(self) -> Path | None:
        """The state directory, None where no configuration says it."""
        return self.config.state if self.config else None

    @property
    def served(self) -> bool:
        """Whether this is the installation that the service runs on: its configuration, or its state."""
        named = self.unit.config if self.unit else None
        here = self.file.absolute() if self.file else None
        return self.state == SERVICE_STATE or (named is not None and named == here)

    @property
    def start(self) -> str:
        """The command that starts the daemon, and lets one see why it does not."""
        if self.unit is not None and self.served:
            return "systemctl start buzzwatch; journalctl -u buzzwatch -n 50"
        return f"buzzwatch run --config {self.file}"

    @cached_property
    def unit(self) -> Unit | None:
        """The service as systemd knows it; None where systemd does not run here."""
        return ask_systemd()

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The daemon's own, where it may be read; else ours."""
        if self.pid is None:
            return self._environment
        try:
            raw = Path(f"/proc/{self.pid}/environ").read_bytes()
        except OSError:
            return self._environment
        pairs = (part.partition("=") for part in raw.decode(errors="replace").split("\0") if "=" in part)
        return {name: value for name, _, value in pairs}

    @cached_property
    def pid(self) -> int | None:
        """Of the daemon that works on this state, by its lock; None where none does, or it cannot be seen."""
        if self.state is None:
            return None
        try:
            holder = (self.state / "lock").read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return self.unit.pid if self.unit and self.served else None
        return int(holder) if holder.isdecimal() and self.status is not None else None

    @cached_property
    def secrets(self) -> Secrets:
        """The daemon's, as far as we may read them."""
        unit = self.unit if self.served else None
        if unit is not None and os.geteuid() != 0 and "CREDENTIALS_DIRECTORY" not in self._environment:
            return Withheld()
        return Loaded(where_loaded(self._environment, unit.credentials if unit else {}), self.environment)

    @cached_property
    def rules(self) -> Ruleset | None:
        """The rules on disk with what is known of their rotas, None where they are refused."""
        from buzzwatch.app.rota.known import look_up  # noqa: PLC0415 - without rules it is not needed
        from buzzwatch.app.rulebook import read_rules  # noqa: PLC0415 - likewise

        if self.config is None:
            return None
        try:
            rules = read_rules(self.config.rules)
        except RuleFaults:
            return None
        return look_up(rules, self.now, self.config.rules, self.config.state, secrets=self.secrets).rules

    @cached_property
    def status(self) -> dict[str, Any] | None:
        """What the control socket answers about the sources; None: nobody answers, and `silence` says why."""
        if self.config is None:
            return None
        try:
            body = fetch(self.config, "/sources")
            told: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        except (NoDaemonError, msgspec.DecodeError) as error:
            self.silence = error
            return None
        return told

    silence: Exception | None = None

    def ask(self, path: str) -> Page:
        """GET a page of the daemon, at the address that it listens on."""
        if self.config is None:
            return Page(0)
        host, _, port = self.config.web.listen.rpartition(":")
        here = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104 - where it listens
        connection = http.client.HTTPConnection(here, int(port), timeout=_PATIENCE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return Page(answer.status, answer.read(_LARGEST_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            return Page(0, why=getattr(error, "strerror", None) or type(error).__name__)
        finally:
            connection.close()

    @cached_property
    def metrics(self) -> Mapping[str, list[tuple[Mapping[str, str], float]]]:
        """The daemon's figures by name, each with its labels; none where it does not answer."""
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - of a daemon that answers

        page = self.ask("/metrics")
        found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        if page.status == http.client.OK:
            for family in text_string_to_metric_families(page.body.decode(errors="replace")):
                for sample in family.samples:
                    found.setdefault(sample.name, []).append((sample.labels, sample.value))
        return found

    def metric(self, name: str) -> float | None:
        """One figure without labels, None where it is not known."""
        samples = self.metrics.get(name)
        return samples[0][1] if samples else None
