"""Five hundred incidents of ten brands at once, through the real outbox; receivers take one message a second."""

import asyncio
import io
import json
from collections import Counter
from concurrent.futures import Executor, Future

import pytest
import requests
from aiohttp import web
from msgspec.structs import replace
from slack_stand_in import ROOM

from buzzwatch.delivery.channel import PermanentDeliveryError, TransientDeliveryError
from buzzwatch.delivery.channels.apprise import KEY_HEADER, AppriseChannel
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


class Webhook:
    """What Apprise's JSON plug-in posts to, in the place of a network: one post a second by the clock, else 429."""

    def __init__(self, clock):
        self.posts = []
        self.refused = 0
        self._clock = clock
        self._taken_at = -SECOND

    def answer(self, request, **_options):
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url, 200
        response.raw = io.BytesIO()
        if self._clock.now() - self._taken_at < SECOND:
            response.status_code, response.headers["Retry-After"] = 429, "1"
            self.refused += 1
        else:
            self._taken_at = self._clock.now()
            self.posts.append((request.headers[KEY_HEADER], json.loads(request.body)["title"]))
        return response


class OnThisThread(Executor):
    """Runs the blocking plug-in at once, so that the clock alone decides when."""

    def submit(self, work, /, *args, **kwargs):
        done = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except (PermanentDeliveryError, TransientDeliveryError) as error:
            done.set_exception(error)
        return done


async def compose(lease):
    notice = lease.notice
    standing = Standing(notice.incident.id, notice.incident.state, "en", sent_as=lease.sent_as)
    title = f"{notice.incident.id} {notice.incident.state}"
    return Message(notice.key, title, title, "", "", notice.severity, standing)


async def rage(db, put, clock, channel, outbox, number=INCIDENTS):
    """So many incidents, half of them taken when an eighth was told, until all is said; what left before that."""
    template = put("template")

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

    for each in range(number):
        tell(each, State.OPEN, 1)
    courier = Courier(outbox, compose, channel_for, outbox.report, clock)
    running = asyncio.create_task(courier.run())
    await clock.advance(number * SECOND // 8)
    first = [delivered.key for delivered in outbox.delivered]
    for each in range(0, number, 2):
        tell(each, State.TAKEN, 2)
    courier.notify()
    await clock.advance((number + number // 4) * SECOND)
    courier.stop()
    await running
    return first


def assert_the_worst_left_first(db, outbox, first, number=INCIDENTS):
    critical = {f"brand{n % BRANDS}-{n:03}.1" for n in range(number) if n % 3 == 2}
    assert len(first) >= number // 10
    assert set(first) <= critical
    assert db.execute("SELECT DISTINCT state FROM outbox ORDER BY 1").fetchall() == [("sent",), ("superseded",)]
    severities = [3 - (int(d.key[-5:-2]) % 3 == 2) - (int(d.key[-5:-2]) % 3 >= 1) for d in outbox.delivered]
    assert severities[number // 8 :] == sorted(severities[number // 8 :])


async def test_the_worst_leave_first_none_is_lost_and_each_state_is_told_at_most_once(db, put, slack, clock):
    outbox, slack.clock = SyncedOutbox(db), clock
    first = await rage(db, put, clock, SlackChannel(AtOnce(slack), ROOM), outbox)
    assert_the_worst_left_first(db, outbox, first)
    assert len(slack.roots) == INCIDENTS
    assert max(Counter(each["text"] for each in slack.roots + slack.replies).values()) <= 2
    shown = {each["text"].partition("\n")[0] for each in slack.roots}
    assert shown == {f"brand{n % BRANDS}-{n:03} {State.OPEN if n % 2 else State.TAKEN}" for n in range(INCIDENTS)}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of Apprise
@pytest.mark.parametrize("number", [80, pytest.param(INCIDENTS, marks=pytest.mark.soak)], ids=["quick", "soak"])
async def test_through_apprise_likewise(db, put, clock, monkeypatch, number):
    outbox, webhook = SyncedOutbox(db), Webhook(clock)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", webhook.answer)
    channel = AppriseChannel("json://hook.example/alert", OnThisThread())
    first = await rage(db, put, clock, channel, outbox, number)
    assert_the_worst_left_first(db, outbox, first, number)
    assert webhook.refused
    assert max(Counter(webhook.posts).values()) == 1
    last = {title.partition(" ")[0]: title.partition(" ")[2] for _, title in webhook.posts}
    assert last == {f"brand{n % BRANDS}-{n:03}": State.OPEN if n % 2 else State.TAKEN for n in range(number)}
