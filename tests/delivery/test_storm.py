"""Five hundred incidents of ten brands at once, through the real outbox and a Slack that takes one message a second."""

import asyncio
import json
from collections import Counter

import pytest
from aiohttp import web
from msgspec.structs import replace
from slack_stand_in import ROOM

from buzzwatch.delivery.channel import PermanentDeliveryError
from buzzwatch.delivery.channels.slack import SlackChannel
from buzzwatch.delivery.courier import Courier
from buzzwatch.delivery.slack_api import judge
from buzzwatch.model.incident import ChangeKind, Severity, State, Subject
from buzzwatch.model.instant import MINUTE, SECOND
from buzzwatch.model.notification import Message, Standing, Target
from buzzwatch.store.database import open_database
from buzzwatch.store.outbox import OutboxTable, finish_notice, write_notice

INCIDENTS, BRANDS = 500, 10
CRISE = Target("crise")


class AtOnce:
    """The stand-in's methods without a network, so that the clock alone decides when."""

    def __init__(self, slack):
        self._methods = {"chat.postMessage": slack._post, "chat.update": slack._update}

    async def call(self, method, body=None, query=None):
        answer = self._methods[method](body)
        if isinstance(answer, web.Response):
            return judge(answer.status, answer.headers, b"")
        shown = {"ok": False, "error": answer} if isinstance(answer, str) else {"ok": True} | answer
        return judge(200, {}, json.dumps(shown).encode())


class SyncedOutbox:
    """The outbox of the database, on this thread."""

    def __init__(self, connection):
        self._db = connection
        self._table = OutboxTable(connection)
        self.delivered = []

    async def lease(self, now, limit, left_alone):
        return self._table.lease(now, limit, 3 * MINUTE, left_alone)

    async def postpone(self, key, until, why, *, doubtful=False):
        self._table.postpone(key, until, why, doubtful=doubtful)

    async def report(self, delivered):
        finish_notice(self._db, delivered)
        self.delivered.append(delivered)


@pytest.fixture
def db(tmp_path):
    connection = open_database(tmp_path)
    connection.execute("PRAGMA synchronous = OFF")
    yield connection
    connection.close()


async def compose(lease):
    notice = lease.notice
    standing = Standing(notice.incident.id, notice.incident.state, "en", sent_as=lease.sent_as)
    title = f"{notice.incident.id} {notice.incident.state}"
    return Message(notice.key, title, title, "", "", notice.severity, standing)


async def test_the_worst_leave_first_none_is_lost_and_each_state_is_told_at_most_once(db, put, slack, clock):
    template, outbox = put("template"), SyncedOutbox(db)
    slack.clock = clock
    channel = SlackChannel(AtOnce(slack), ROOM)

    def tell(number, state, revision):
        severity = Severity(1 + number % 3)
        subject, name = Subject(f"brand{number % BRANDS}"), f"brand{number % BRANDS}-{number:03}"
        incident = replace(template.incident, id=name, subject=subject, state=state, severity=severity)
        kind = ChangeKind.OPENED if state is State.OPEN else ChangeKind.TAKEN
        notice = replace(
            template, key=f"{name}.{revision}", target=CRISE, kind=kind, incident=incident, severity=severity
        )
        write_notice(db, notice, clock.now())

    def channel_for(target):
        if target != CRISE:
            raise PermanentDeliveryError("nobody else is here")
        return channel

    for number in range(INCIDENTS):
        tell(number, State.OPEN, 1)
    courier = Courier(outbox, compose, channel_for, outbox.report, clock)
    running = asyncio.create_task(courier.run())
    await clock.advance(60 * SECOND)
    first = [delivered.key for delivered in outbox.delivered]
    for number in range(0, INCIDENTS, 2):
        tell(number, State.TAKEN, 2)
    courier.notify()
    await clock.advance((INCIDENTS + INCIDENTS // 4) * SECOND)
    courier.stop()
    await running

    critical = {f"brand{n % BRANDS}-{n:03}.1" for n in range(INCIDENTS) if n % 3 == 2}
    assert len(first) >= 55
    assert set(first) <= critical
    assert db.execute("SELECT DISTINCT state FROM outbox ORDER BY 1").fetchall() == [("sent",), ("superseded",)]
    assert len(slack.roots) == INCIDENTS
    assert max(Counter(each["text"] for each in slack.roots + slack.replies).values()) <= 2
    shown = {each["text"].partition("\n")[0] for each in slack.roots}
    assert shown == {f"brand{n % BRANDS}-{n:03} {State.OPEN if n % 2 else State.TAKEN}" for n in range(INCIDENTS)}
    severities = [3 - (int(d.key[-5:-2]) % 3 == 2) - (int(d.key[-5:-2]) % 3 >= 1) for d in outbox.delivered]
    assert severities[60:] == sorted(severities[60:])
