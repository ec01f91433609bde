"""The rules directory of a running daemon: read, refused or put in force; the last good set stays."""

import asyncio
import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog
from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.app.config import Config, unreachable
from buzzwatch.app.drive import Drive
from buzzwatch.app.saved import Stamp, read_whole, saved_files
from buzzwatch.app.secret import Secrets
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.input import RulesMended, RulesRefused, RulesSwapped
from buzzwatch.model.instant import MINUTE, SECOND, Instant, Span
from buzzwatch.model.reading import How, Origin
from buzzwatch.notify.refusal_words import MOST_FAULTS
from buzzwatch.rules.changes import changes
from buzzwatch.rules.faults import Fault, RuleFaults
from buzzwatch.rules.files import read
from buzzwatch.rules.ruleset import check_channels, dead_ends, digest_of, load
from buzzwatch.web.metrics import Metrics

LONG_UNREAD: Span = MINUTE
"""Files that were saved so long ago and are not read yet are worth a word."""
RECENT: Span = 10 * MINUTE
"""Whoever asks for a reading so soon after the files were read by themselves hears what that changed."""
_MOST_CHANGES = 50
"""Lines that are kept of what one reading changed, and files whose owners are."""
_LONGEST_FAULT = 500

log = structlog.get_logger()


def compile_rules(files: Mapping[str, str]) -> Ruleset:
    """Compile files, and keep them with what came of them. Raises `RuleFaults`."""
    return replace(load(files), files=dict(files))


def read_rules(directory: Path) -> Ruleset:
    """Read and compile a rules directory. Raises `RuleFaults`."""
    return compile_rules(read(directory))


class Reading(Struct):
    """The files as they were found: rules or faults; neither where they are what was refused last."""

    stamp: Stamp
    digest: str
    origin: Origin
    rules: Ruleset | None = None
    faults: RuleFaults | None = None


class Taken(Struct, frozen=True):
    """What came of a reading: its faults, or else what it changed, by language.

    `before`: nothing, but that had been read by itself shortly before.
    """

    faults: tuple[Fault, ...] = ()
    changes: dict[str, tuple[str, ...]] = {}
    before: bool = False


class Rulebook:
    """Which rules are in force, and what is wrong with them or with those that were refused."""

    def __init__(self, config: Config, secrets: Secrets, drive: Drive, metrics: Metrics, in_force: Instant) -> None:
        self.directory = config.rules
        self.stamp: Stamp = ()
        """Of the files that were read last."""
        self.unread_since: Instant | None = None
        """Since when the files are others than those."""
        self.in_force = in_force
        """Since when the present rules are in force; 0: they are not yet."""
        self._config = config
        self._secrets = secrets
        self._drive = drive
        self._metrics = metrics
        self._refused: Reading | None = None
        self._refused_at: Instant = 0
        self._warnings: tuple[str, ...] = ()
        self._by_itself: tuple[Instant, dict[str, tuple[str, ...]]] = (0, {})
        """When files were read by themselves last, and what that changed."""
        self._one_at_a_time = asyncio.Lock()
        self.follow(in_force)

    @property
    def refused_since(self) -> Instant | None:
        """Since when the files on disk are refused, restarts or not; None: they are not."""
        if self._refused is None:
            return None
        known = self._drive.spine.memory.refusal
        return known.since if known else self._refused_at

    @property
    def fault_count(self) -> int:
        """In the files that are refused."""
        return len(self._refused.faults.faults) if self._refused and self._refused.faults else 0

    def follow(self, in_force: Instant) -> None:
        """Rules were put in force at an instant."""
        self.in_force = in_force
        self._metrics.rules_since.set(in_force / SECOND)

    def begin(self) -> Reading:
        """Read at the start; what was refused is told and those on record stay. Raises `RuleFaults` if there are none.

        The reading is put in force by `accept`, once the drive runs.
        """
        current = self._drive.spine.memory.rules
        reading = self._read(current, Origin(How.START))
        self.stamp = reading.stamp
        if reading.faults is not None:
            if not current.digest:
                raise reading.faults
            self._refuse(reading)
        self._warnings = self._examine(reading.rules or current)
        return reading

    async def read_unasked(self, how: How) -> bool:
        """As `read_again`, where nobody waits for an answer; False where it failed, which is logged."""
        try:
            await self.read_again(how)
        except Exception:  # whatever it is, the rules in force stay, and the next save or signal is heard
            log.exception("rules_not_read")
            return False
        return True

    async def read_again(self, how: How, by: str = "", user: str = "") -> Taken:
        """Read the files, and put them in force if they are others and right; the loop goes on meanwhile."""
        async with self._one_at_a_time:
            current = self._drive.spine.memory.rules
            reading = await asyncio.to_thread(self._prepare, current, Origin(how, by, user))
            self.stamp = reading.stamp
            if reading.faults is not None:
                self._refuse(reading)
                return Taken(faults=reading.faults.faults)
            await self.accept(reading)
            if reading.rules is not current:
                return Taken(changes=reading.origin.changes)
            at, before = self._by_itself
            recent = bool(before) and self._drive.clock.now() - at < RECENT
            return Taken(changes=before if recent else {}, before=recent)

    def _prepare(self, current: Ruleset, origin: Origin) -> Reading:
        """All the work of a reading, for a thread: some ten milliseconds a brand that differs."""
        with _garbage_kept():
            reading = self._read(current, origin)
            if reading.rules is not None and reading.rules is not current:
                self._drive.hearing.prepare(reading.rules)
            if reading.rules is not None:
                self._warnings = self._examine(reading.rules)
        return reading

    def _read(self, current: Ruleset, origin: Origin) -> Reading:
        stamp, found = read_whole(self.directory)
        if isinstance(found, RuleFaults):
            return self._faulty(Reading(stamp, "", origin), found)
        reading = Reading(stamp, digest_of(found), origin)
        if reading.digest == current.digest and origin.how is not How.START:
            reading.rules = current
            return reading
        if origin.how is How.ITSELF and self._refused is not None and reading.digest == self._refused.digest:
            return reading
        differing = [name for name in found.keys() | current.files.keys() if found.get(name) != current.files.get(name)]
        saved = saved_files(self.directory, sorted(differing)[:_MOST_CHANGES])
        reading.origin = replace(origin, saved=saved)
        try:
            rules = current if reading.digest == current.digest else compile_rules(found)
        except RuleFaults as faults:
            return self._faulty(reading, faults)
        if unknown := check_channels(found, self._config.channels):
            return self._faulty(reading, RuleFaults(unknown))
        lines = changes(current, rules)
        reading.origin = replace(reading.origin, changes={key: told[:_MOST_CHANGES] for key, told in lines.items()})
        reading.rules = rules
        return reading

    def _faulty(self, reading: Reading, faults: RuleFaults) -> Reading:
        reading.faults = faults
        reading.digest = reading.digest or _digest_of_faults(faults)
        return reading

    def _refuse(self, reading: Reading) -> None:
        """Keep the rules in force, and say so everywhere until somebody mends the files."""
        faults = reading.faults.faults if reading.faults else ()
        same = self._refused is not None and self._refused.digest == reading.digest
        if same and reading.origin.how is How.ITSELF:
            return
        log.error("rules_refused", number=len(faults), faults=[str(fault) for fault in faults[:MOST_FAULTS]])
        self._metrics.rules_refused.set(1)
        self._metrics.rules_faults.set(len(faults))
        if self._refused is None:
            self._refused_at = self._drive.clock.now()
        self._refused = reading
        told = tuple(_said(fault) for fault in faults[:MOST_FAULTS])
        digest = _digest_of_faults(RuleFaults(faults))
        self._drive.queue.tell(RulesRefused(0, digest, told, len(faults), self.in_force, reading.origin))

    async def accept(self, reading: Reading) -> None:
        """Put rules in force; nothing comes of a reading that has none."""
        if reading.rules is None:
            return
        memory, queue = self._drive.spine.memory, self._drive.queue
        self._metrics.rules_refused.set(0)
        self._metrics.rules_faults.set(0)
        if self._refused is not None or memory.refusal is not None:
            queue.tell(RulesMended(0))
        self._refused = None
        if reading.rules.digest != memory.rules.digest:
            await queue.tell(RulesSwapped(0, reading.rules, reading.origin))
            itself = reading.origin.how is How.ITSELF
            self._by_itself = (self._drive.clock.now(), reading.origin.changes if itself else {})
            log.info("rules_swapped", digest=reading.rules.digest, brands=len(reading.rules.brands))

    def _examine(self, rules: Ruleset) -> tuple[str, ...]:
        """What keeps these rules from reaching people."""
        ends = dead_ends(rules, self._config.channels)
        return tuple(map(str, (*ends, *unreachable(rules.people.values(), self._config, self._secrets))))

    def troubles(self) -> tuple[str, ...]:
        """Why nobody may be told, or why other rules are in force than those on disk."""
        told = []
        if self._refused is not None and self._refused.faults is not None:
            told.append(f"the rules on disk are refused: {self._refused.faults.faults[0].head('en')}")
        if (unread := self.long_unread) is not None and self._config.reload == "by-itself":
            minutes = (self._drive.clock.now() - unread) // MINUTE
            told.append(f"rule files are being written for {minutes} min and are not read yet: `buzzwatch reload` does")
        return (*told, *self._warnings)

    @property
    def long_unread(self) -> Instant | None:
        """Since when files were saved and are not read, if that is long ago."""
        since = self.unread_since
        return None if since is None or self._drive.clock.now() - since < LONG_UNREAD else since


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Collect no garbage amid the many objects of a rule set, and look at those no more: each look halts the loop.

    With 500 brands the longest halt was half a second without this. What is frozen and in a cycle stays for good, and
    rule sets hold no cycles.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def _said(fault: Fault) -> dict[str, str]:
    """On one line, by language."""
    return {language: fault.head(language)[:_LONGEST_FAULT] for language in ("fr", "en")}


def _digest_of_faults(faults: RuleFaults) -> str:
    return hashlib.blake2b(str(faults).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
