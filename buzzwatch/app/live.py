"""The running daemon: every part put together, started in order, stopped in order."""

import asyncio
import signal
import sqlite3
from contextlib import AsyncExitStack, suppress
from zoneinfo import ZoneInfo

import structlog

from buzzwatch import __version__
from buzzwatch.app import systemd
from buzzwatch.app.config import Config
from buzzwatch.app.control import control_path
from buzzwatch.app.digest import DigestReader
from buzzwatch.app.disk import Disk
from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.adapters import make_sources
from buzzwatch.app.ears.ears import Ears, zone_of
from buzzwatch.app.ears.wanted import WantedNow
from buzzwatch.app.health import Health
from buzzwatch.app.hearing import Hearing
from buzzwatch.app.heartbeat import Beat
from buzzwatch.app.intake import IntakeQueue
from buzzwatch.app.latest import News
from buzzwatch.app.links import Links
from buzzwatch.app.oblivion import Oblivion
from buzzwatch.app.reception import Reception
from buzzwatch.app.recover import recover
from buzzwatch.app.retention import Lasting, Retention
from buzzwatch.app.rota.feed import RotaFeed
from buzzwatch.app.rulebook import Rulebook, compile_rules
from buzzwatch.app.saved import Hints, Inotify
from buzzwatch.app.second_opinion import SecondOpinion
from buzzwatch.app.secret import Secrets
from buzzwatch.app.slack_answers import SlackAnswers
from buzzwatch.app.upkeep import Upkeep
from buzzwatch.app.watch import Watcher
from buzzwatch.app.ways import Ways, Words
from buzzwatch.clock import Clock, Jump, SystemClock
from buzzwatch.delivery.courier import Courier
from buzzwatch.memory import Memory
from buzzwatch.model.incident import Change
from buzzwatch.model.input import EVERYTHING, ClockSet, Delivered, Gap, Outcome, RulesSwapped, Trouble
from buzzwatch.model.instant import SECOND, Instant
from buzzwatch.model.reading import How
from buzzwatch.proxies import unusable
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch
from buzzwatch.store.forgetting import finish_renaming
from buzzwatch.store.journal import read_cursors, rules_since
from buzzwatch.store.record import Record
from buzzwatch.store.rhythm import read_rhythms
from buzzwatch.web.control import control_app
from buzzwatch.web.metrics import Metrics
from buzzwatch.web.public import public_app
from buzzwatch.web.server import listening, listening_on_socket

STOP_SENDING_S = 20.0
_LOOK_AGAIN = 100
"""Milliseconds, while what fell due during a downtime is not decided upon yet: the first whole second does that."""
_LONGEST_PAUSE = 5 * SECOND
"""Where nothing can be decided since nothing can be written, what is on record leaves all the same."""

log = structlog.get_logger()


class Daemon:
    """One daemon on one state directory; made in a running loop. `clock` None: the machine's.

    Raises:
        StateError: the state directory cannot be used.
        SecretError: a source needs a secret that is not there.
        RuleFaults: the rules have faults, and there never were good ones.
    """

    def __init__(self, config: Config, secrets: Secrets, clock: Clock | None = None) -> None:
        self.config = config
        self.record = Record(config.state)
        try:
            self._assemble(secrets, clock)
        except BaseException:  # whatever stops us, another process may have the state
            self.record.close()
            raise

    def _assemble(self, secrets: Secrets, clock: Clock | None) -> None:
        self._take_up_the_record(clock)
        self._open_ears_and_mouth(secrets)
        self._add_what_looks_after_it(secrets)
        self.hints: Hints | None = None
        """When to look at the rule files; None: as the kernel says."""
        self.ready = asyncio.Event()
        self.stopped = asyncio.Event()

    def _take_up_the_record(self, clock: Clock | None) -> None:
        config, record = self.config, self.record
        self._seq, self._last_now = record.position
        self._resumed: asyncio.Future[Outcome] | None = None
        self.clock = clock or SystemClock(self._last_now)
        self.metrics = Metrics(__version__)
        self.queue = IntakeQueue(self.clock, self.metrics, record.write_now(read_cursors))
        if self._last_now:  # before all else: what was due meanwhile is not decided upon in the past
            self._resumed = self.queue.tell(Gap(0, EVERYTHING, self._last_now, self.clock.now()))
        if isinstance(self.clock, SystemClock):
            self.clock.jumped = self._report_jump
            self.clock.went_back = self._follow_back
        spine = record.write_now(self._rebuild)
        self.drive = Drive(
            spine, self.queue, Hearing(spine.memory.rules), record, self.clock, self.metrics, self._rebuild
        )
        self.drive.on_commit = self._hear_commit
        self.queue.wanted = WantedNow(self.drive)
        self.opinion = (
            SecondOpinion(config.scorer, self.clock, self.metrics, self.queue.tell) if config.scorer else None
        )
        if self.opinion is not None:
            self.drive.reconsider = self.opinion.reconsider

    def _open_ears_and_mouth(self, secrets: Secrets) -> None:
        config, record = self.config, self.record
        self.rulebook = Rulebook(config, secrets, self.drive, self.metrics, record.write_now(rules_since))
        self._first_reading = self.rulebook.begin()
        self.links = Links(record, config.state, config.web.base_url)
        self.ears = Ears(
            make_sources(config, secrets), self.queue, self.clock, self._zone, record.write_now(read_rhythms)
        )
        self.ears.kinds = {name: entry.kind for name, entry in config.sources.items()}
        self.drive.on_poison = self.ears.poison
        news = News(record, self.clock, self.drive.scorer, self._memory, self.ears.unheard)
        self._ways, words = Ways(config, secrets), Words(self.links, self.clock, news)
        words.digest = DigestReader(record, self._memory, self.ears)
        self.courier = Courier(
            record,
            words.compose,
            lambda target: self._ways.channel_for(target, self.drive.spine.memory.rules),
            self._report,
            self.clock,
        )

    def _add_what_looks_after_it(self, secrets: Secrets) -> None:
        config, record = self.config, self.record
        keep = {name: source.keep for name, source in config.sources.items()}
        lasting = Lasting(config.keep.mentions, config.keep.incidents, "keep" in config.model_fields_set)
        self._retention = Retention(keep, record, self.clock, self.metrics, lasting)
        self.health = Health(self.drive, self.ears, record, self.clock)
        self._retention.waits, self._retention.tell = lambda: self.queue.held, self.queue.tell
        self.disk = Disk(self.drive, self.ears, record, self.clock, self.metrics)
        self.health.others = self.disk.ails
        beat = config.heartbeat
        self.beat = Beat(beat, secrets, self.health, record, self.clock, self.metrics) if beat else None
        self.reception = Reception(
            self.drive, record, self.links, self.rulebook, self.health, self.courier.notify, self.opinion
        )
        self.oblivion = Oblivion(self.drive, record)
        people = lambda: self.drive.spine.memory.rules.people  # noqa: E731 - others' rules will be in force
        self.answers = SlackAnswers(config.slack, secrets, self.reception, people, self.clock) if config.slack else None
        self.rotas = RotaFeed(
            config.state, config.rules, secrets, self.queue, self.clock, lambda: self.drive.spine.memory
        )
        if self.answers is not None:
            self.answers.tell = self.queue.tell
        unready = self.reception.unready
        self.upkeep = Upkeep(self.drive, self.ears, self.health, record, self.clock, self.metrics, unready)

    def _memory(self) -> Memory:
        """That of the spine that is at work; another may take its place."""
        return self.drive.spine.memory

    def _zone(self) -> ZoneInfo:
        """Of the hours that sources are believed to keep: the people's, else the first brand's."""
        return zone_of(self._memory().rules)

    def _rebuild(self, connection: sqlite3.Connection) -> Spine:
        finish_renaming(connection, self.config.state)  # or snapshots and journal would name posts in two ways
        return recover(connection, self.config.state, compile_rules)

    def _report_jump(self, jump: Jump) -> None:
        log.warning("clock_jumped", by_seconds=jump.by / SECOND)
        self.metrics.clock_jumps.inc()
        text = f"the machine's clock jumped by {jump.by / SECOND:+.0f} s; it is believed if it stays so for ten minutes"
        self.queue.tell(Trouble(0, "clock", jump.since, text))

    def _follow_back(self, now: Instant) -> None:
        self.ears.set_back(now)
        self.queue.tell(ClockSet(0))

    def stop(self) -> None:
        """Let `run` end in order."""
        self.stopped.set()

    async def run(self) -> None:
        """Run until stopped, by `stop`, by SIGTERM or by SIGINT. Whatever ends a part for good ends it all."""
        async with AsyncExitStack() as stack:
            stack.callback(self.record.close)
            stack.push_async_callback(self._ways.close)
            self._begin()
            stopped = asyncio.create_task(self.stopped.wait())
            driving = asyncio.create_task(self.drive.run(self._seq), name="drive")
            ruling = asyncio.create_task(self._put_rules_in_force(), name="rules")
            scoring = asyncio.create_task(self._run_scorer(), name="scorer")
            await self.upkeep.forget_links()
            host, port = _address(self.config.web.listen)
            public = public_app(self.reception, self.metrics, self.config.web.public_url)
            if self.answers is not None:
                stack.push_async_callback(self.answers.close)
                self.answers.open(public)
            self.port = await stack.enter_async_context(listening(public, host, port))
            control = control_app(self.reception)
            self.oblivion.open(control)
            await stack.enter_async_context(listening_on_socket(control, control_path(self.config)))
            # Probes are answered while the first commit waits for a disk, and whatever happens to it ends the waiting.
            await asyncio.wait((stopped, driving, ruling), return_when=asyncio.FIRST_COMPLETED)
            sending = asyncio.create_task(self.courier.run(), name="courier")
            self._ways.warm(self.drive.spine.memory.rules)
            self._close_gaps_of_the_past()
            with suppress(OSError):  # as in its `run`
                await self.disk.look()
            hearing = asyncio.create_task(self.ears.listen(self._open_gaps()), name="ears")
            looking = asyncio.create_task(self.upkeep.run(), name="watch")
            answering = asyncio.create_task(self._hear_answers(), name="answers")
            teaching = asyncio.create_task(self._teach(), name="lessons")
            following = asyncio.create_task(self.rotas.run(), name="rotas")
            watching = asyncio.create_task(self._watch_rules(), name="saved rules")
            beating = asyncio.create_task(self._beat(), name="heartbeat")
            forgetting = asyncio.create_task(self._retention.run(), name="retention")
            cleaning = asyncio.create_task(self.oblivion.clean(), name="cleaning")
            measuring = asyncio.create_task(self.disk.run(), name="disk")
            if ruling.done():
                self._say_ready()
            ruling.cancel()
            parts = (driving, sending, hearing, looking)
            await asyncio.wait((stopped, *parts), return_when=asyncio.FIRST_COMPLETED)
            await self._end(
                stopped,
                driving,
                sending,
                hearing,
                looking,
                scoring,
                answering,
                teaching,
                following,
                watching,
                beating,
                forgetting,
                cleaning,
                measuring,
            )

    async def _put_rules_in_force(self) -> None:
        """Return once they are, and what was due while we were down has been decided upon under them."""
        await self.rulebook.accept(self._first_reading)
        until = self.clock.now() + _LONGEST_PAUSE
        while self._is_catching_up() and self.clock.now() < until:
            await self.clock.wait_until(self.clock.now() + _LOOK_AGAIN)

    async def _watch_rules(self) -> None:
        """Read what is saved, once the rules of the start are in force."""
        hints = self.hints or Inotify(self.config.rules, lambda why: log.warning("rules_not_watched", why=why))
        await Watcher(self.rulebook, self.clock, hints, reads=self.config.reload == "by-itself").run()

    def _close_gaps_of_the_past(self) -> None:
        """Those of sources that are configured no more: nothing else would ever close them."""
        now = self.clock.now()
        for source, since in self._open_gaps().items():
            if source not in self.config.sources:
                self.queue.tell(Gap(0, source, since, now))

    def _open_gaps(self) -> dict[str, Instant]:
        """Since when sources were deaf in the last run, those that were when it ended."""
        return {gap.source: gap.since for gap in self._memory().gaps if gap.until > self.clock.now()}

    def _is_catching_up(self) -> bool:
        """What fell due while we were down is not decided upon yet."""
        if self._resumed is None:
            return False
        return not self._resumed.done() or self.drive.spine.memory.outage is not None

    async def _teach(self) -> None:
        """Teach a new scorer what people have marked; the daemon hears meanwhile, and whatever comes of it."""
        try:
            await self.reception.marks.teach_anew()
        except Exception:  # whatever it is: scores are less good for it, and the daemon hears all the same
            log.exception("lessons_not_taught")

    async def _run_scorer(self) -> None:
        if self.opinion is not None:
            await self.opinion.run()

    async def _beat(self) -> None:
        if self.beat is not None:
            await self.beat.run()

    async def _hear_answers(self) -> None:
        if self.answers is not None:
            await self.answers.run()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _say_ready(self) -> None:
        for trouble in self.rulebook.troubles():
            log.error("receivers_missed", why=trouble)
        warnings = [*self.config.warnings, *(f"{variable} names no proxy of HTTP" for variable in unusable())]
        for warning in warnings:
            log.warning("configuration_doubted", why=warning)
        log.info("daemon_ready", port=self.port, brands=len(self.drive.spine.memory.rules.brands), seq=self._seq)
        systemd.notify("READY=1", status="listening")
        self.ready.set()

    async def _end(self, *tasks: "asyncio.Task[object]") -> None:
        stopped, driving, sending, hearing, looking, *asides = tasks
        systemd.notify("STOPPING=1")
        for task in (stopped, hearing, looking, *asides):
            task.cancel()
        await asyncio.wait((stopped, hearing, looking, *asides))
        await self.upkeep.keep_rhythms()
        self.courier.stop()
        if not driving.done():
            await asyncio.wait((sending,), timeout=STOP_SENDING_S)
        sending.cancel()
        self.queue.close()
        await asyncio.wait((driving, sending))
        log.info("daemon_stopped")
        for task in (driving, sending, hearing, looking):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _reload_soon(self) -> None:
        self._reloading = asyncio.create_task(self.rulebook.read_unasked(How.SIGNAL))

    async def _report(self, delivered: Delivered) -> None:
        await self.queue.tell(delivered)

    def _hear_commit(self, batch: Batch) -> None:
        self.reception.hear_commit(batch)
        for _, outcome in batch.outcomes:
            for change in outcome.changes:
                self._log_change(change)
            if outcome.notices:
                self.courier.notify()
            for each in outcome.complaints:
                if each.answered_at is not None:
                    self.metrics.response_seconds.labels(each.brand).observe(
                        (each.answered_at - each.complained_at) / SECOND
                    )
        for _, item in batch.inputs:
            if isinstance(item, Delivered):
                self.metrics.notifications.labels(str(item.target), "sent" if item.sent else "failed").inc()
            elif isinstance(item, RulesSwapped):
                self.rulebook.follow(item.seen_at)
                self.rotas.look_soon()

    def _log_change(self, change: Change) -> None:
        incident = change.incident
        if incident.drill is not None:
            log.info("drill_changed", change=change.kind, incident=incident.id)
            return
        self.metrics.signals.labels(incident.reason.signal.detector if incident.reason.signal else "none").inc()
        log.info("incident_changed", change=change.kind, incident=incident.id, severity=incident.severity.label)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
