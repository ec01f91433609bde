"""A small world to play stories in: rules, mentions, and a drive on a real record under a clock that stands still."""

import asyncio
import hashlib
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from math import cos, pi
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.wanted import WantedNow
from buzzwatch.app.hearing import Hearing
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.app.recover import recover
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.app.ticking import feed, run_to
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.detect.pulse import Pulse
from buzzwatch.model.brand import Ruleset
from buzzwatch.model.incident import Change, Incident, State
from buzzwatch.model.input import EVERYTHING, Delivered, Gap, Input, Outcome, RulesSwapped, Warmed
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, moment_of, next_second
from buzzwatch.model.mention import Author, Kind, Mention, Sighting
from buzzwatch.model.notification import Notice
from buzzwatch.model.receipt import Receipt
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch
from buzzwatch.store.forgetting import finish_renaming
from buzzwatch.store.journal import read_cursors
from buzzwatch.store.record import Record
from buzzwatch.web.metrics import Metrics

MONDAY: Instant = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * SECOND
"""Midnight, and the start of a week."""
T = TypeVar("T")
PATIENCE_S = 20
"""How long a test waits for what comes at once."""

ACME = """
brand: acme
name: Acme Airlines
timezone: {zone}
language: fr
sector: trade
match: {{any: [acme]}}
official: ["x:@acme_fr"]
voices: {{press: ["x:@paper"], ours: ["x:@boss"]}}
themes: {{safety: [fumée, "départ de feu"], boycott: [boycott]}}
rules:
  - name: bad-buzz
    says: Many angry posts
    when: {{negativity: {{unusual: true, over: 15m, at_least: 8, authors: 6}}}}
    severity: critical
    notify: oncall
    do: [Read the posts]
  - name: thread-escalating
    when: {{thread: {{escalating: true, negative_share: 40%, authors: 8}}}}
    severity: critical
    notify: oncall
  - name: sudden-volume
    when: {{volume: {{unusual: true, over: 1h, at_least: 15, authors: 10}}}}
    budget: 1 per 2 weeks
    severity: warning
    notify: room
  - name: big-voice
    when: {{mention: {{negativity: 0.6, followers: 100000}}}}
    severity: warning
    notify: room
  - name: chorus
    when: {{mention: {{negativity: 0.6, authors: 25, over: 1h}}}}
    severity: watch
    notify: room
  - name: smoke
    says: Several people speak of smoke on board
    when: {{mention: {{theme: safety, authors: 3, over: 30m}}}}
    severity: critical
    notify: oncall
  - name: press
    says: The press speaks of a boycott
    when: {{mention: {{voice: press, theme: boycott}}}}
    severity: warning
    notify: room
"""
ZEPHYR = """
brand: zephyr
timezone: Europe/London
language: en
sector: trade
match: {any: [zephyr]}
rules:
  - name: bad-buzz
    when: {negativity: {unusual: true, over: 15m, at_least: 8, authors: 6}}
    severity: critical
    notify: oncall
"""
MUTE = """
brand: mute
language: en
match: {any: [mute]}
rules:
  - {name: silence, when: {quiet: {over: 6h}}, severity: warning, notify: room}
"""
RIVAL = """
brand: rival
role: competitor
language: en
sector: trade
match: {any: [rival]}
rules:
  - name: bad-buzz
    when: {negativity: {over: 15m, at_least: 8, authors: 6}}
    severity: critical
    notify: oncall
"""
ONCALL = """
timezone: Europe/Paris
people:
  ines: {name: Inès, language: fr, reach: {push: console, sms: console}}
  karim: {name: Karim, language: fr, reach: {push: console}}
  sophie: {name: Sophie, language: en, reach: {sms: console}}
routes:
  oncall:
    steps:
      - {after: 0m, tell: ines, by: [push]}
      - {after: 5m, tell: ines, by: [sms]}
      - {after: 10m, tell: karim, by: [push]}
      - {after: 20m, tell: sophie, by: [sms]}
    repeat: every 15m
    copy: [console]
  room: {copy: [console]}
  ops: {copy: [console]}
"""


@cache
def rules(zone: str = "Europe/Paris", *without: str) -> Ruleset:
    """The rules of the small world; `zone` is that of acme."""
    files = {"acme.yaml": ACME.format(zone=zone), "zephyr.yaml": ZEPHYR, "mute.yaml": MUTE, "rival.yaml": RIVAL}
    return compile_rules({name: text for name, text in files.items() if name not in without} | {"oncall.yaml": ONCALL})


ANGRY = ("{} est une honte, service nul et scandaleux !", "scandale {}, horrible, plus jamais", "{} : arnaque, honteux")
CALM = ("{} vol de 18 h, porte 12", "demain je pars avec {}", "{} a ouvert une ligne")


def mention(at: Instant, name: str, brand: str = "acme", *, angry: bool = False, **changes: Any) -> Mention:
    """A post by an author of its own; `changes` name fields, `root` the mention that it answers."""
    number = crc32(name.encode())
    text = (ANGRY if angry else CALM)[number % 3].format(brand)
    root = changes.pop("root", None)
    told: dict[str, Any] = {
        "id": f"x:{name}",
        "text": f"{text} ({name}) {own_words(name)}",
        "created_at": moment_of(at),
        "source": "x",
        "author": Author(id=f"a-{name}", handle=f"@a-{name}", followers=number % 500),
        "thread": root,
        "parent": root,
        "kind": Kind.REPLY if root else Kind.POST,
    }
    return Mention(**(told | changes))


def own_words(name: str) -> str:
    """Words that nobody else says: people agree, but each in other words."""
    digest = hashlib.blake2b(name.encode(), digest_size=36).hexdigest()
    return " ".join(digest[at : at + 6] for at in range(0, len(digest), 6))


def sighting(at: Instant, name: str, brand: str = "acme", **changes: Any) -> Sighting:
    """What a post comes to: calm unless `negativity` says otherwise."""
    key = crc32(name.encode())
    fields: dict[str, Any] = {
        "seen_at": at,
        "posted_at": at,
        "mention": f"x:{name}",
        "brand": brand,
        "source": "x",
        "thread": f"x:{name}",
        "parent": None,
        "kind": Kind.POST,
        "author": key,
        "followers": None,
        "official": False,
        "negativity": 0.1,
        "scorer": "test@1",
        "lang": "fr",
        "copy": key,
    }
    return Sighting(**(fields | changes))


def poisson(dice: random.Random, since: Instant, until: Instant, per_hour: float) -> Iterator[Instant]:
    """Instants of chance alone with a daily rhythm, fewest at midnight; `per_hour` is their mean."""
    at = since
    while (at := at + int(dice.expovariate(per_hour * 2) * HOUR)) < until:
        if dice.random() < 0.5 - 0.4 * cos(2 * pi * (at % DAY) / DAY):
            yield at


def ordinary_days(since: Instant, until: Instant, per_hour: float, seed: int) -> Iterator[Sighting]:
    """A daily rhythm and chance; one post in six is angry."""
    dice = random.Random(seed)
    for number, at in enumerate(poisson(dice, since, until, per_hour)):
        name = f"o{seed}-{number}"
        author = crc32(name.encode()) % 5_000 + 1
        yield sighting(at, name, negativity=dice.random() ** 5, author=author)


@cache
def habits(per_hour: float = 6.0, days: int = 28, seed: int = 5) -> bytes:
    """What a brand has learnt from ordinary weeks up to MONDAY."""
    dice = random.Random(seed)
    pulse = Pulse(rules().brands["acme"].zone, MONDAY - days * DAY)
    due: Instant | None = None
    for number, at in enumerate(poisson(dice, MONDAY - days * DAY, MONDAY, per_hour)):
        if due is not None and at > due:
            pulse.look(due)
        pulse.count(sighting(at, f"h{number}", negativity=dice.random() ** 3))
        due = next_second(at)
    pulse.look(MONDAY)
    return msgspec.msgpack.encode(pulse.habits())


def warmed(at: Instant, *brands: str) -> Warmed:
    """An input that gives brands an ordinary past."""
    return Warmed(at, dict.fromkeys(brands or ("acme", "zephyr"), habits()))


def rule_set(digest_of: Ruleset) -> dict[str, RulesSwapped]:
    """As the journal asks for it."""
    return {digest_of.digest: RulesSwapped(0, digest_of)}


class Scene:
    """A spine alone, told one input after the other; keeps every outcome that says something."""

    def __init__(self, start: Instant, ruleset: Ruleset, *warm: str) -> None:
        self.spine = Spine()
        self.outcomes: list[tuple[Instant, Outcome]] = []
        self.tell(RulesSwapped(start, ruleset))
        self.tell(warmed(start, *warm))

    def tell(self, *items: Input) -> None:
        """Step inputs in the order of their instants, and the ticks before each."""
        for item in items:
            self._keep(feed(self.spine, item))

    def run_to(self, instant: Instant) -> None:
        """Let the time pass."""
        self._keep(run_to(self.spine, instant + 1))

    def _keep(self, stepped: Iterable[tuple[Instant, Outcome]]) -> None:
        self.outcomes += [(at, outcome) for at, outcome in stepped if says(outcome)]

    @property
    def changes(self) -> list[Change]:
        """Every change so far."""
        return [change for _, outcome in self.outcomes for change in outcome.changes]

    @property
    def notices(self) -> list[Notice]:
        """Every message so far."""
        return [notice for _, outcome in self.outcomes for notice in outcome.notices]

    @property
    def pages(self) -> list[tuple[int, str]]:
        """Minutes since the first change, and who was paged then."""
        began = self.changes[0].at if self.changes else 0
        return [((at - began) // MINUTE, str(n.target)) for at, o in self.outcomes for n in o.notices if n.page]

    @property
    def live(self) -> list[Incident]:
        """Incidents that are open or taken."""
        return [i for i in self.spine.memory.desk.incidents.values() if i.state is not State.RESOLVED]


def says(outcome: Outcome) -> bool:
    """Whether the drive keeps an outcome."""
    told = outcome.changes or outcome.notices or outcome.held or outcome.touched
    return bool(told or outcome.complaints or outcome.shadows)


def crowd(since: Instant, count: int, span: Span, brand: str = "acme", **changes: Any) -> list[Sighting]:
    """Angry posts by as many authors, evenly spread."""
    return [
        sighting(at, f"{brand}{at}", brand, **({"negativity": 0.9} | changes))
        for at in (since + number * span // count for number in range(count))
    ]


class House:
    """A record, a spine and a drive; another one on the same folder is what comes after a power cut."""

    def __init__(self, folder: Path, clock: VirtualClock, record: Callable[[Path], Record] = Record) -> None:
        self.clock = clock
        self.record = record(folder)
        self.metrics = Metrics("test")
        self.queue = IntakeQueue(clock, self.metrics, self.record.write_now(read_cursors))
        spine = self.record.write_now(self._rebuild)
        hearing = Hearing(spine.memory.rules)
        self.drive = Drive(spine, self.queue, hearing, self.record, clock, self.metrics, self._rebuild)
        self.queue.wanted = WantedNow(self.drive)
        self.drive.on_commit = self._keep
        self.outcomes: list[tuple[Instant, Outcome]] = []
        """All that was committed."""
        self._seq, self.last_now = self.record.position
        self._driving: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(0))

    def _rebuild(self, connection: sqlite3.Connection) -> Spine:
        finish_renaming(connection, self.record.directory)
        return recover(connection, self.record.directory, compile_rules)

    def _keep(self, batch: Batch) -> None:
        self.outcomes += batch.outcomes

    def open(self) -> None:
        """Begin to drive, as the daemon does."""
        if self.last_now:
            self.queue.tell(Gap(0, EVERYTHING, self.last_now, self.clock.now()))
        self._driving = asyncio.create_task(self.drive.run(self._seq))

    async def say(self, *mentions: Mention) -> Receipt:
        """Hand over one payload, and wait for its receipt."""
        return await self._hear(self.queue.submit("push", msgspec.json.encode(mentions)))

    async def tell(self, item: Input) -> Outcome:
        """Tell something else, and wait for what comes of it."""
        return await self._hear(self.queue.tell(item))

    async def _hear(self, promise: "asyncio.Future[T]") -> T:
        """What was promised, or what ended the drive before it could be kept."""
        await asyncio.wait((promise, self._driving), timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not promise.done():
            self._driving.result()
        return promise.result()

    async def move(self, until: Instant) -> None:
        """Move the clock to an instant, and wait until all that was due by then is committed."""
        await self.clock.advance(until - self.clock.now())
        async with asyncio.timeout(PATIENCE_S):
            due: Instant | None = until
            while due is not None and due <= until:
                await settle()
                due = self.drive.spine.memory.next_due
                await self.record.write(lambda _: None)  # comes after what the drive has asked for
                await settle()
                if self._driving.done():
                    self._driving.result()

    async def deliver(self, *, fails: Callable[[Notice], bool] = lambda _: False) -> list[Notice]:
        """Do the courier's work once: send all that is due."""
        notices = []
        while leases := await self.record.lease(self.clock.now(), 1_000, {}):
            for lease in leases:
                notice, sent = lease.notice, not fails(lease.notice)
                why = "" if sent else "no such number"
                await self.tell(Delivered(0, notice.key, notice.incident.id, notice.target, sent, why))
                notices.append(notice)
        return notices

    async def close(self) -> None:
        """Stop in order."""
        self.queue.close()
        await asyncio.wait_for(self._driving, PATIENCE_S)
        self.record.close()

    async def kill(self) -> None:
        """Stop as a power cut does: whatever was not committed is gone."""
        self._driving.cancel()
        await asyncio.wait([self._driving], timeout=PATIENCE_S)
        self.record.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the record holds."""
        return self.record.write_now(lambda db: db.execute(query).fetchall())
