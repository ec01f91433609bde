"""What tests of X share."""

import asyncio
import random
from zoneinfo import ZoneInfo

from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.brand import Brand, Match
from buzzwatch.model.instant import SECOND
from buzzwatch.sources.x.account import Account
from buzzwatch.sources.x.adapter import X

NOW = 1_795_600_800_000  # 2026-11-25 10:00 UTC
STREAM, RULES, SEARCH = "/2/tweets/search/stream", "/2/tweets/search/stream/rules", "/2/tweets/search/recent"


class WrongClock(VirtualClock):
    """One that somebody has set."""

    ahead = 0

    def now(self):
        return super().now() + self.ahead

    async def wait_until(self, instant):
        await super().wait_until(instant - self.ahead)


def brand(key="acme", names=("acme",), **more):
    return Brand(
        key=key,
        name=key.title(),
        zone=ZoneInfo("Europe/Paris"),
        timezone="Europe/Paris",
        language="fr",
        competitor=more.pop("competitor", False),
        match=Match(tuple(names), tuple(more.pop("not_us", ())), tuple(more.pop("near", ()))),
        official=frozenset(more.pop("official", ())),
        rules=(),
    )


def x(server, **settings):
    account = {"token": server.token, "posts_a_day": 1_000, "url": server.url, "allow": (server.host,)}
    return X("x", Account(**account | settings), random.Random(7))


async def connected(server, start, intake, clock, **settings):
    task = start(x(server, **settings), clock)
    await intake.until_connected()
    return task


async def stopped(server, task):
    """Return once X has noticed too."""
    task.cancel()
    await asyncio.wait({task})
    await server.until(lambda: not server.streams)


async def until_heard_again(intake, clock):
    """Let time pass, slowly enough for a real network."""
    async with asyncio.timeout(30):
        while not intake.statuses[-1][0]:
            await clock.advance(SECOND)
            await settle()
