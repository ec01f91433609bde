"""A long drill: killed at every kind of moment, again and again, beside a failing mail server and a full disk."""

import random

import pytest
from drill import SCARCE, gather

ROUNDS = 60
EACH = 100
MOMENTS = {"acknowledging": 8, "sending": 4, "postponing": 1, "full": 2, "starting": 2}
"""Each with how often it is chosen."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3_600)]


@pytest.fixture
def moment(drill, daemon, news, mail_server, alert_receiver):
    """Waits until a moment of the given kind has come."""

    async def acknowledging(chance):
        await drill.acknowledged(drill.acknowledgements() + chance.randrange(EACH))

    async def sending(_chance):
        """Messages have left and are not marked."""
        seen = len(alert_receiver.posts) + len(mail_server.mails)
        alert_receiver.answers.clear()
        mail_server.answers.clear()
        await news.until(lambda: len(alert_receiver.posts) + len(mail_server.mails) > seen)

    async def postponing(_chance):
        seen = len(daemon.log)
        await mail_server.down()
        await news.until(lambda: daemon.said("notification_postponed", since=seen))
        await mail_server.up()

    async def full(_chance):
        seen = len(daemon.log)
        daemon.limit(SCARCE)
        await news.until(lambda: daemon.said("commit_failed", since=seen))

    async def starting(_chance):
        await daemon.kill()
        await daemon.start(until="state_recovered")

    return {wait.__name__: wait for wait in (acknowledging, sending, postponing, full, starting)}


@pytest.mark.parametrize("seed", [1, 2])
async def test_kills_at_every_kind_of_moment_lose_nothing(
    drill, daemon, moment, news, mail_server, alert_receiver, seed
):
    chance = random.Random(seed)
    mentions, angry = gather(ROUNDS * EACH, EACH)
    await daemon.start(until="source_heard")
    kinds = chance.choices([*MOMENTS], [*MOMENTS.values()], k=ROUNDS)
    assert set(kinds) == set(MOMENTS)
    for number, kind in enumerate(kinds):
        publishing = drill.publish(mentions[number * EACH :][:EACH])
        await moment[kind](chance)
        await daemon.kill()
        await publishing
        alert_receiver.answers.set()
        mail_server.answers.set()
        daemon.largest_file = None
        await daemon.start()
    await drill.acknowledged(len(mentions))
    await news.until(lambda: drill.everybody_told(len(angry)), patience=600)
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(mentions)
    drill.assert_everybody_told(angry)
