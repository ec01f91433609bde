"""Presses that Slack posts, signed."""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from buzzwatch.clock import VirtualClock
from buzzwatch.model.instant import SECOND
from buzzwatch.web.slack import PATH, WINDOW, add_slack_answers

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_795_473_600_000
PRESS = {"type": "block_actions", "actions": [{"action_id": "take", "value": "acme-1"}], "message": "m" * 50_000}
BODY = urlencode({"payload": json.dumps(PRESS)}).encode()


def signed(body: bytes, at: int = NOW // SECOND, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}


@pytest.fixture
def heard():
    return asyncio.Queue()


@pytest.fixture
def clock():
    return VirtualClock(NOW)


@pytest.fixture
async def client(heard, clock):
    app = web.Application(client_max_size=16_000)
    add_slack_answers(app, lambda: SECRET, heard.put, clock)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def door(client):
    return lambda body=BODY, headers=None: client.post(PATH, data=body, headers=headers)


async def test_what_slack_signed_is_heard_though_it_is_larger_than_our_own_forms_may_be(door, heard):
    assert (await door(headers=signed(BODY))).status == 200
    assert (await heard.get())["actions"] == PRESS["actions"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(BODY, secret="another"),
        signed(b"payload=another"),
        signed(BODY) | {"X-Slack-Signature": "v0=é"},
        signed(BODY) | {"X-Slack-Request-Timestamp": "²"},
        signed(BODY) | {"X-Slack-Request-Timestamp": "9" * 40},
        signed(BODY, (NOW - WINDOW) // SECOND - 1),
        signed(BODY, (NOW + WINDOW) // SECOND + 1),
    ],
    ids=["unsigned", "other key", "other body", "no ascii", "no digit", "absurd", "old", "of the future"],
)
async def test_what_is_not_signed_by_slack_now_is_refused(door, heard, headers):
    assert (await door(headers={k: v.encode().decode("latin-1") for k, v in headers.items()})).status == 401
    assert heard.empty()


async def test_a_signature_of_bytes_that_are_no_text_is_refused(client, heard):
    # Written by hand: clients do not send such bytes.
    reader, writer = await asyncio.open_connection(client.host, client.port)
    stamp = f"X-Slack-Request-Timestamp: {NOW // SECOND}\r\nX-Slack-Signature: v0="
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{stamp}".encode() + b"\xff\r\nContent-Length: 0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    writer.close()
    await writer.wait_closed()
    assert heard.empty()


async def test_what_was_heard_is_not_heard_again(door, heard, clock):
    assert (await door(headers=signed(BODY))).status == 200
    await clock.advance(WINDOW)
    assert (await door(headers=signed(BODY))).status == 401
    assert heard.qsize() == 1


@pytest.mark.parametrize("body", [b"", b"payload=", b"payload=%5B1%5D", b"\xff", b"payload=" + b"%7B%22a%22:" * 5_000])
async def test_what_is_signed_and_makes_no_sense_is_refused(door, heard, body):
    assert (await door(body, signed(body))).status == 400
    assert heard.empty()


async def test_what_is_far_too_large_is_not_read_to_its_end(door):
    assert (await door(b"x" * 600_000, signed(b""))).status == 413
