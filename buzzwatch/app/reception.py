"""Answers what pages, probes and commands ask of the running daemon. Implements `web.desk.Desk`."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

import msgspec

from buzzwatch.app.digest import unseen_accounts
from buzzwatch.app.drill import read_rehearsal
from buzzwatch.app.drive import Drive
from buzzwatch.app.ears.ears import zone_of
from buzzwatch.app.health import Health
from buzzwatch.app.latest import points_of
from buzzwatch.app.links import QUEUE, STATUS, Links
from buzzwatch.app.marks import Marks
from buzzwatch.app.queue import read_queue
from buzzwatch.app.quotes import read_samples
from buzzwatch.app.rulebook import Rulebook
from buzzwatch.app.saved import user_name
from buzzwatch.app.second_opinion import SecondOpinion
from buzzwatch.app.silences import LONGEST_WHY, describe, read_silence
from buzzwatch.app.status.board import Board
from buzzwatch.app.until import read_span, read_until
from buzzwatch.detect.pulse import Pulse
from buzzwatch.incidents.answers import LONGEST_SNOOZE, LONGEST_WAIT
from buzzwatch.model.incident import Incident, State
from buzzwatch.model.input import Command, Delivered, Mark, Trouble, Verb, Warmed
from buzzwatch.model.instant import Instant
from buzzwatch.model.notification import Target
from buzzwatch.model.reading import How
from buzzwatch.notify.quoting import clean
from buzzwatch.notify.troubles import notices_of_trouble
from buzzwatch.store.batch import Batch
from buzzwatch.store.journal import read_incident
from buzzwatch.store.outbox import write_notice
from buzzwatch.store.record import Record
from buzzwatch.web.desk import (
    AccountRow,
    Answer,
    Hush,
    PageView,
    QueueView,
    Rehearsal,
    Reload,
    Reply,
    RuleFiles,
    SourceRow,
    Sources,
)

_TEST_TIMEOUT_S = 90
_READ_BEFORE = {"en": "read already, by itself:", "fr": "déjà lu, tout seul :"}
_NOTHING_CHANGED = {"en": "nothing changed", "fr": "rien n'a changé"}


class Reception:
    """See `web.desk.Desk`. `wake_courier` is called when a notice was put into the outbox by hand."""

    def __init__(
        self,
        drive: Drive,
        record: Record,
        links: Links,
        rulebook: Rulebook,
        health: Health,
        wake_courier: Callable[[], None],
        opinion: SecondOpinion | None,
    ) -> None:
        self._drive = drive
        self._queue = drive.queue
        self._clock = drive.clock
        self._record = record
        self._links = links
        self._rulebook = rulebook
        self._health = health
        self._wake_courier = wake_courier
        self._opinion = opinion
        self._tests: dict[str, asyncio.Future[Delivered]] = {}
        self.marks = Marks(drive, record)
        self.board = Board(drive, record, links, rulebook, health, self.unready)

    def unready(self) -> tuple[str, ...]:
        """See `Desk`."""
        return (*self._health.ails(), *self._rulebook.troubles())

    def status(self) -> dict[str, Any]:
        """See `Desk`."""
        live = [i for i in self._drive.spine.memory.desk.incidents.values() if i.state is not State.RESOLVED]
        return {
            "unready": list(self.unready()),
            "now": self._clock.now(),
            "rules": self._drive.spine.memory.rules.digest,
            "rule_files": msgspec.to_builtins(self._rule_files()),
            "brands": len(self._drive.spine.memory.rules.brands),
            "incidents": [{"id": i.id, "state": i.state, "severity": i.severity.label} for i in live],
            "sources": self._health.ears.states(),
            "silences": [
                {"what": s.what, "until": s.until, "by": s.by, "why": s.why}
                for s in self._drive.spine.memory.silences.all
            ],
            "scorer": self._opinion.state() if self._opinion else None,
        }

    async def sources(self) -> Sources:
        """See `Desk`."""
        ears, rules, now = self._health.ears, self._drive.spine.memory.rules, self._clock.now()
        rows = tuple(msgspec.convert({"name": name, **state}, SourceRow) for name, state in ears.states().items())
        unseen = await self._record.read(lambda db: unseen_accounts(db, rules, now))
        accounts = tuple(AccountRow(each.brand, each.name, each.seen_at) for each in unseen)
        return Sources(now, str(zone_of(rules)), rows, accounts)

    async def page(self, code: str) -> PageView | None:
        """See `Desk`."""
        holder = await self._links.open(code, self._clock.now())
        found = await self._record.read(lambda db: read_incident(db, holder.incident)) if holder else None
        if holder is None or found is None:
            return None
        incident, history = found
        rules = self._drive.spine.memory.rules
        brand = rules.brands.get(incident.subject.brand)
        rule = next((r for r in brand.rules if r.name == incident.reason.rule), None) if brand else None
        marks = self.marks.standing(incident.subject.brand)
        return PageView(
            now=self._clock.now(),
            incident=incident,
            brand_name=brand.name if brand else incident.subject.brand,
            language=brand.language if brand else "en",
            timezone=brand.timezone if brand else "UTC",
            people={key: person.name for key, person in rules.people.items()},
            person=holder.person,
            do=rule.do if rule else (),
            runbook=rule.runbook if rule else None,
            samples=tuple(await read_samples(self._record, incident, self._drive.scorer)),
            history=tuple(history),
            points=points_of(self._drive.spine.memory, incident),
            silence=self._drive.spine.memory.silences.over(incident, self._clock.now()),
            unanswered_since=self._unanswered_since(incident),
            answer_within=rules.answer_within,
            waiting=self._waiting(incident.subject.brand),
            marks={key: marks[key] for key in incident.shown if key in marks},
            pending=await self.marks.pending(incident, holder.person),
            night_until=self.marks.night_until(),
            rule_files=self._rule_files(),
            deaf=self._health.ears.unheard(),
        )

    def _rule_files(self) -> RuleFiles:
        book = self._rulebook
        return RuleFiles(book.in_force, book.refused_since, book.long_unread)

    def _unanswered_since(self, incident: Incident) -> Instant | None:
        """Of an incident as it stands on record, what is so at this instant."""
        reason = msgspec.structs.replace(
            incident.reason, unanswered_since=self._drive.spine.memory.unanswered_since(incident)
        )
        return msgspec.structs.replace(incident, reason=reason).unanswered_since

    def _waiting(self, brand: str) -> int | None:
        complaints = self._drive.spine.memory.complaints.get(brand)
        return None if complaints is None else complaints.count(0, self._clock.now())

    async def queue(self, code: str) -> QueueView | None:
        """See `Desk`."""
        holder, now = await self._links.open(code, self._clock.now()), self._clock.now()
        rules = self._drive.spine.memory.rules
        key = await self._record.read(lambda db: _brand_of(db, holder.incident)) if holder else None
        brand = rules.brands.get(key or "")
        if brand is None:
            return None
        waiting, more = await self._record.read(lambda db: read_queue(db, brand, now))
        return QueueView(
            now=now,
            brand_name=brand.name,
            language=brand.language,
            timezone=brand.timezone,
            answer_within=rules.answer_within,
            waiting=tuple(waiting),
            more=more,
            rule_files=self._rule_files(),
            deaf=self._health.ears.unheard(),
        )

    async def link_queue(self, brand: str, by: str) -> Answer:
        """See `Desk`."""
        brands = self._drive.spine.memory.rules.brands
        if brand not in brands:
            return Answer(False, (f"there is no brand {brand!r}; brands are: {', '.join(brands)}",))
        if stranger := self._stranger(by):
            return stranger
        page = await self._links.url(f"{QUEUE}{brand}", by)
        return Answer(True, (f"{page}/queue",))

    async def silence(self, hush: Hush) -> Answer:
        """See `Desk`."""
        if stranger := self._stranger(hush.by):
            return stranger
        said = read_silence(hush, self._drive.spine.memory, self._clock.now())
        if isinstance(said, Answer):
            return said
        await self._queue.tell(said)
        told = [line for line in self.silences().lines if line.startswith(f"{hush.what}: ")]
        return Answer(True, tuple(told) or (f"{hush.what}: the silence is over",))

    def silences(self) -> Answer:
        """See `Desk`."""
        memory = self._drive.spine.memory
        return Answer(True, tuple(describe(s, memory) for s in memory.silences.all) or ("nothing is silenced",))

    async def rehearse(self, asked: Rehearsal) -> Answer:
        """See `Desk`."""
        if stranger := self._stranger(asked.by):
            return stranger
        drilled = read_rehearsal(asked, self._drive.spine.memory, self._clock.now())
        if isinstance(drilled, Answer):
            return drilled
        outcome = await self._queue.tell(drilled)
        begun = [change.incident for change in outcome.changes if change.incident.drill is not None]
        return Answer(True, (begun[0].id,)) if begun else Answer(False, ("something came between: ask again",))

    async def revoke(self, incident: str) -> Answer:
        """See `Desk`."""
        found = await self._record.read(lambda db: read_incident(db, incident))
        if found is None and incident != STATUS and not incident.startswith(QUEUE):
            return Answer(False, (f"there is no incident {incident!r}",))
        number = await self._links.revoke(incident, self._clock.now())
        return Answer(True, (f"{incident}: {number} links lead nowhere now; later messages carry others",))

    async def answer(self, reply: Reply) -> Answer:
        """See `Desk`."""
        spine = self._drive.spine
        known = spine.memory.desk.incidents.get(reply.incident)
        if known is None:
            live = [i.id for i in spine.memory.desk.incidents.values() if i.state is not State.RESOLVED]
            opened = ", ".join(live) or "none"
            return Answer(False, (f"there is no incident {reply.incident!r} open; open are: {opened}",), "closed")
        command = self._command(reply, known)
        if isinstance(command, Answer):
            return command
        outcome = await self._queue.tell(command)
        after = self._drive.spine.memory.desk.incidents.get(known.id, known)
        if not outcome.changes and not (after.taken_by == reply.by and reply.verb in {Verb.TAKE, Verb.SNOOZE}):
            return Answer(False, (f"{known.id}: nothing changed",), "unchanged")
        asked = dict.fromkeys(str(notice.target) for notice in outcome.notices)
        helpers = (f"told: {', '.join(asked) or 'nobody'}",) if reply.verb is Verb.HELP else ()
        return Answer(True, (f"{known.id}: {after.state} by {reply.by}", *helpers))

    def _command(self, reply: Reply, known: Incident) -> Command | Answer:
        """What a person says, ready for the journal; or why it cannot be done."""
        if stranger := self._stranger(reply.by):
            return stranger
        if known.state is State.RESOLVED:
            return Answer(False, (f"{known.id} is closed already",), "closed")
        if reply.verb is Verb.SNOOZE:
            return self._snooze(reply, known)
        return self._wait(reply, known) if reply.verb is Verb.WAIT else Command(0, reply.verb, known.id, reply.by)

    def _snooze(self, reply: Reply, known: Incident) -> Command | Answer:
        span = read_span(reply.span)
        if span is None or span > LONGEST_SNOOZE:
            longer = "whoever wants longer waits, and says why"
            return Answer(False, (f"{reply.span!r} is no snooze: write 15m, 30m or 1h at most; {longer}",), "span")
        return Command(0, reply.verb, known.id, reply.by, self._clock.now() + span)

    def _wait(self, reply: Reply, known: Incident) -> Command | Answer:
        brand = self._drive.spine.memory.rules.brands.get(known.subject.brand)
        why, now, span = clean(reply.why, LONGEST_WHY), self._clock.now(), read_span(reply.span)
        until = now + span if span else read_until(reply.until, brand.zone if brand else UTC, now)
        if until is None or until > now + LONGEST_WAIT:
            return Answer(False, (f"{reply.until!r} is no time of the next 24 hours: write it as 23:40",), "until")
        if not why:
            return Answer(False, ("say why it may wait: everybody who was told hears it",), "because")
        return Command(0, reply.verb, known.id, reply.by, until, why)

    def _stranger(self, by: str) -> Answer | None:
        """What is answered to somebody who is not one of the people."""
        people = self._drive.spine.memory.rules.people
        if not people or by in people:
            return None
        return Answer(
            False, (f"there is nobody called {by!r} in oncall.yaml; people are: {', '.join(people)}",), "name"
        )

    async def correct(self, brand: str, mention: str, mark: Mark, by: str, incident: str = "") -> Answer:
        """See `Desk`."""
        return self._stranger(by) or await self.marks.correct(brand, mention, mark, by, incident)

    async def confirm(self, posts: Sequence[tuple[str, str]], by: str) -> Answer:
        """See `Desk`."""
        return self._stranger(by) or await self.marks.confirm(posts, by)

    async def reload(self, asked: Reload, uid: int | None = None) -> Answer:
        """See `Desk`."""
        if asked.by and (stranger := self._stranger(asked.by)):
            return stranger
        taken = await self._rulebook.read_again(How.COMMAND, asked.by, "" if uid is None else user_name(uid))
        if taken.faults:
            return Answer(False, tuple(fault.said(asked.language) for fault in taken.faults))
        lines = taken.changes.get(asked.language, ())
        if not lines:
            return Answer(True, (_NOTHING_CHANGED[asked.language],))
        return Answer(True, (_READ_BEFORE[asked.language], *lines) if taken.before else lines)

    async def learn(self, habits: dict[str, dict[str, Any]]) -> Answer:
        """See `Desk`."""
        brands = self._drive.spine.memory.rules.brands
        unknown = sorted(set(habits) - set(brands))
        if unknown:
            return Answer(False, (f"no such brand here: {', '.join(unknown)}; brands are: {', '.join(brands)}",))
        try:
            for body in habits.values():
                Pulse(UTC, 0).adopt(body)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return Answer(False, (f"this does not fit, learn it again: {type(error).__name__}: {error}",))
        await self._queue.tell(Warmed(0, {key: msgspec.msgpack.encode(body) for key, body in habits.items()}))
        return Answer(True, tuple(f"{key}: learnt" for key in habits))

    async def notify_test(self, channel: str) -> Answer:
        """See `Desk`."""
        now = self._clock.now()
        trouble = Trouble(now, "test", now, "TEST")
        (template,) = notices_of_trouble(trouble, self._drive.spine.memory.rules, [Target(*channel.split("/", 1))])
        notice = msgspec.structs.replace(template, key=f"test.{now}.{channel}", test=True)
        delivered: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._tests[notice.key] = delivered
        try:
            await self._record.write(lambda db: write_notice(db, notice, now))
            self._wake_courier()
            async with asyncio.timeout(_TEST_TIMEOUT_S):
                result = await delivered
        except TimeoutError:
            return Answer(False, (f"{channel}: still trying after {_TEST_TIMEOUT_S} s; it stays in the outbox",))
        finally:
            del self._tests[notice.key]
        return Answer(result.sent, (f"{channel}: sent" if result.sent else f"{channel}: {result.why}",))

    def hear_commit(self, batch: Batch) -> None:
        """Let those go on who wait for what became of their test message."""
        for _, item in batch.inputs:
            if isinstance(item, Delivered) and (waiting := self._tests.get(item.key)) and not waiting.done():
                waiting.set_result(item)


def _brand_of(db: sqlite3.Connection, incident: str) -> str | None:
    """The brand that a link is about, which may be one to a queue."""
    if incident.startswith(QUEUE):
        return incident.removeprefix(QUEUE)
    found = read_incident(db, incident)
    return None if found is None else found[0].subject.brand
