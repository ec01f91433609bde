"""A choice of the menu below a message in Slack, from the message that the stand-in shows to what the desk is asked."""

import asyncio
import hashlib
import hmac
import json
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace
from slack_stand_in import APP, BOT, ROOM

from buzzwatch.app.channels import SlackApp
from buzzwatch.app.secret import Secrets
from buzzwatch.app.slack_answers import SlackAnswers
from buzzwatch.clock import VirtualClock
from buzzwatch.delivery.channels.slack import SlackChannel
from buzzwatch.delivery.slack_api import SlackApi
from buzzwatch.model.brand import Person
from buzzwatch.model.incident import State
from buzzwatch.model.input import Verb
from buzzwatch.model.notification import Standing
from buzzwatch.web.desk import Answer, Reply
from buzzwatch.web.slack import PATH

NOW = 1_795_473_600_000
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PEOPLE = {"ines": Person("ines", "Inès", "fr", {"console": "console"}, "U0INES")}
SAID = {
    "15 min": Reply(Verb.SNOOZE, "acme-1", "ines", span="15m"),
    "1 h": Reply(Verb.SNOOZE, "acme-1", "ines", span="1h"),
    "30 min\u00a0: on vérifie les faits": Reply(Verb.WAIT, "acme-1", "ines", span="30m", why="on vérifie les faits"),
    "J’ai besoin d’aide": Reply(Verb.HELP, "acme-1", "ines"),
    "Vrai, mais sans importance (clôt l’alerte)": Reply(Verb.NO_MATTER, "acme-1", "ines"),
}


class Desk:
    def __init__(self):
        self.asked = asyncio.Queue()

    async def answer(self, reply):
        await self.asked.put(reply)
        return Answer(done=True)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def shown(slack, message):
    """A message with its menu stands in the channel."""
    async with ClientSession() as session:
        channel = SlackChannel(SlackApi(session, BOT, f"{slack.url}/api"), ROOM, buttons=True)
        await channel.send(replace(message, standing=Standing("acme-1", State.OPEN, "fr")))
    return slack


def answers(slack, desk, **settings):
    app = SlackApp(api=f"{slack.url}/api", **settings)
    return SlackAnswers(app, Secrets({}), desk, lambda: PEOPLE, VirtualClock(NOW))


@pytest.mark.parametrize("label", SAID)
async def test_a_choice_comes_by_socket_mode(shown, desk, label):
    listener = answers(shown, desk, app_token=APP)
    task = asyncio.create_task(listener.run())
    await shown.until(lambda: shown.sockets)
    await shown.choose(label)
    assert await asyncio.wait_for(desk.asked.get(), 20) == SAID[label]
    await shown.until(lambda: shown.acknowledged == ["e2"])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await listener.close()


@pytest.mark.parametrize("label", SAID)
async def test_a_choice_comes_as_a_signed_request_and_counts_once(shown, desk, label):
    public = web.Application()
    answers(shown, desk, signing_secret=SECRET).open(public)
    body = urlencode({"payload": json.dumps(shown.chosen(label))}).encode()
    stamp = str(NOW // 1_000)
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
    async with TestClient(TestServer(public)) as client:
        assert [(await client.post(PATH, data=body, headers=headers)).status for _ in range(2)] == [200, 401]
        assert await asyncio.wait_for(desk.asked.get(), 20) == SAID[label]
    assert desk.asked.empty()
