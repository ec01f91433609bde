"""A courier among channels that do as they are told."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from buzzwatch.clock import VirtualClock, settle
from buzzwatch.delivery.courier import Courier
from buzzwatch.model.notification import Message


class ScriptedChannel:
    """Raises what `failures` says, in turn, then succeeds; waits while `gate` is closed."""

    def __init__(self):
        self.failures = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.gives = None
        self.tried = []
        self.sent = []
        self.at_once = self.most_at_once = 0

    async def send(self, message):
        self.tried.append(message.key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
            self.sent.append(message.key)
            return self.gives
        finally:
            self.at_once -= 1


@pytest.fixture
def clock():
    return VirtualClock(0)


@pytest.fixture
def channels():
    """By the target's name; the courier knows no others."""
    return {name: ScriptedChannel() for name in ("mail", "slack")}


@pytest.fixture
def start(outbox, channels, clock):
    """Runs a courier for as long as the block lasts; what ends it early is raised."""

    @asynccontextmanager
    async def running(channel_for=None):
        async def compose(lease):
            return Message(lease.notice.key, "title", "text", "<p>text</p>", "short")

        courier = Courier(outbox, compose, channel_for or (lambda target: channels[target.name]), outbox.report, clock)
        task = asyncio.create_task(courier.run())
        await settle()
        yield courier
        courier.stop()
        await clock.advance(60_000)
        await task

    return running
