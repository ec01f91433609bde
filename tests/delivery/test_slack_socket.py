"""Socket Mode against a stand-in for Slack."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import ClientSession
from slack_stand_in import APP

from buzzwatch.delivery.slack_api import SlackApi
from buzzwatch.delivery.slack_socket import FIRST_WAIT, REFUSED_WAIT, SlackSocket


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listening(slack, clock, heard):
    """Runs the listener for as long as the block lasts."""

    @asynccontextmanager
    async def running(hear=None):
        async def keep(payload):
            heard.append(payload["actions"][0]["action_id"])

        async with ClientSession() as session:
            socket = SlackSocket(session, lambda: SlackApi(session, APP, f"{slack.url}/api"), hear or keep, clock)
            task = asyncio.create_task(socket.run())
            yield
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return running


async def test_a_press_is_acknowledged_at_once_and_heard(slack, listening, heard):
    async with listening():
        await slack.until(lambda: slack.sockets)
        await slack.press("take", "acme-1")
        await slack.until(lambda: slack.acknowledged)
    assert slack.acknowledged == ["e1"]
    assert heard == ["take"]


async def test_it_is_acknowledged_before_anything_is_done_about_it(slack, listening):
    done = asyncio.Event()

    async def hear(_):
        await done.wait()

    async with listening(hear):
        await slack.until(lambda: slack.sockets)
        for envelope in ("e1", "e2"):
            await slack.press("take", "acme-1", envelope=envelope)
        await slack.until(lambda: slack.acknowledged == ["e1", "e2"])


async def test_what_fails_in_one_press_does_not_end_the_listening(slack, listening, root_log):
    failing = [ValueError("a secret"), None]

    async def hear(_):
        if error := failing.pop(0):
            raise error

    async with listening(hear):
        await slack.until(lambda: slack.sockets)
        for envelope in ("e1", "e2"):
            await slack.press("take", "acme-1", envelope=envelope)
        await slack.until(lambda: slack.acknowledged == ["e1", "e2"])
    assert failing == []
    assert "a secret" not in root_log.getvalue()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_it_connects_anew_at_once_when_slack_asks_for_it(slack, listening, heard, reason):
    async with listening():
        await slack.until(lambda: slack.sockets)
        await slack.sockets[0].send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
        await slack.until(lambda: len(slack.sockets) == 2)
        await slack.press("resolve", "acme-1")
        await slack.until(lambda: slack.acknowledged)
    assert heard == ["resolve"]


async def test_a_connection_that_breaks_is_opened_again_after_a_moment(slack, listening, clock):
    async with listening():
        await slack.until(lambda: slack.sockets)
        await slack.sockets[0].close()
        await waiting(clock)
        assert len(slack.sockets) == 1
        await clock.advance(FIRST_WAIT)
        await slack.until(lambda: len(slack.sockets) == 2)


@pytest.mark.parametrize(
    ("refusal", "pause"), [("invalid_auth", REFUSED_WAIT), ((429, {}), FIRST_WAIT), ("internal_error", FIRST_WAIT)]
)
async def test_what_slack_refuses_is_asked_again_later(slack, listening, clock, refusal, pause):
    slack.refusals["apps.connections.open"] = [refusal]
    async with listening():
        await slack.until(lambda: slack.calls)
        await waiting(clock)
        await clock.advance(pause - 1)
        assert slack.count("apps.connections.open") == 1
        await clock.advance(1)
        await slack.until(lambda: slack.sockets)


async def test_socket_mode_that_is_switched_off_is_looked_for_later(slack, listening, clock):
    async with listening():
        await slack.until(lambda: slack.sockets)
        await slack.sockets[0].send_json({"type": "disconnect", "reason": "link_disabled"})
        await waiting(clock)
        await clock.advance(REFUSED_WAIT)
        await slack.until(lambda: len(slack.sockets) == 2)


async def test_what_is_no_press_is_acknowledged_and_passed_over(slack, listening, heard):
    async with listening():
        await slack.until(lambda: slack.sockets)
        await slack.sockets[0].send_json({"envelope_id": "e0", "type": "events_api", "payload": {"event": {}}})
        await slack.press("take", "acme-1")
        await slack.until(lambda: slack.acknowledged == ["e0", "e1"])
    assert heard == ["take"]


async def waiting(clock):
    """Return once somebody waits for the clock."""
    async with asyncio.timeout(10):
        while not clock._waiters:
            await asyncio.to_thread(lambda: None)
