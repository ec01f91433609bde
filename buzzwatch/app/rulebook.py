"""The rules directory of a running daemon: read, refused or put in force; the last good set stays."""

from collections.abc import Mapping
from pathlib import Path

import structlog
from msgspec.structs import replace

from buzzwatch.app.config import Config, unreachable
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.app.secret import Secrets
from buzzwatch.clock import Clock
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import RulesSwapped, Trouble
from buzzwatch.model.instant import Instant
from buzzwatch.rules.changes import changes
from buzzwatch.rules.faults import RuleFaults
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import check_channels, dead_ends, load
from buzzwatch.web.metrics import Metrics

log = structlog.get_logger()


def compile_rules(files: Mapping[str, str]) -> Ruleset:
    """Compile files, and keep them with what came of them. Raises `RuleFaults`."""
    return replace(load(files), files=dict(files))


def read_rules(directory: Path) -> Ruleset:
    """Read and compile a rules directory. Raises `RuleFaults`."""
    return compile_rules(read(directory))


class Rulebook:
    """Which rules are in force, and what is wrong with them or with those that were refused."""

    def __init__(self, config: Config, secrets: Secrets, clock: Clock, metrics: Metrics) -> None:
        self._config = config
        self._secrets = secrets
        self._clock = clock
        self._metrics = metrics
        self._refused: RuleFaults | None = None
        self._refused_at: Instant = 0
        self._warnings: tuple[str, ...] = ()

    def read(self, current: Ruleset) -> tuple[Ruleset, list[str]]:
        """The rules as they are on disk, and how they differ from the current ones. Raises `RuleFaults`."""
        found = read_rules(self._config.rules)
        faults = check_channels(found.files, self._config.channels)
        if faults:
            raise RuleFaults(faults)
        return found, changes(current, found)

    def refuse(self, faults: RuleFaults, queue: IntakeQueue) -> None:
        """Keep the rules in force, and say so everywhere until somebody mends the files."""
        log.error("rules_refused", faults=[str(fault) for fault in faults.faults])
        self._metrics.rules_refused.set(1)
        if self._refused is None:
            first = f"{len(faults.faults)} faults, the first: {faults.faults[0]}"
            text = f"the rules were refused, the last good ones stay in force; {first}"
            self._refused_at = self._clock.now()
            queue.tell(Trouble(0, "rules", self._refused_at, text))
        self._refused = faults

    async def accept(self, rules: Ruleset, current: Ruleset, queue: IntakeQueue) -> None:
        """Put rules in force."""
        self._metrics.rules_refused.set(0)
        if self._refused is not None:
            queue.tell(Trouble(0, "rules", self._refused_at, "the rules are accepted again", over=True))
        self._refused = None
        self.examine(rules)
        if rules.digest != current.digest:
            await queue.tell(RulesSwapped(0, rules))
            log.info("rules_swapped", digest=rules.digest, brands=len(rules.brands))

    def examine(self, rules: Ruleset) -> None:
        """Find what keeps these rules from reaching people."""
        ends = dead_ends(rules, self._config.channels)
        self._warnings = tuple(map(str, (*ends, *unreachable(rules.people.values(), self._config, self._secrets))))

    def troubles(self) -> tuple[str, ...]:
        """Why nobody may be told, or why other rules are in force than those on disk."""
        refused = (f"the rules on disk are refused: {self._refused.faults[0]}",) if self._refused else ()
        return (*refused, *self._warnings)
