"""A disk that fills up while mentions flow: nothing is acknowledged until it has room, and then nothing is missing."""

import json

import pytest
from drill import SCARCE, gather
from faults import Disk

KILLS = 1


class FullDisk(Disk):
    """Needs rights."""

    said, ails = "intake_held", "the disk of the state is nearly full"

    def __init__(self, daemon):
        super().__init__(daemon.folder / "state")
        if not self.is_own:
            pytest.skip("mounting a file system needs rights that this user does not have")


class Quota:
    """No file of the daemon's may grow: what a user without rights can do to it."""

    said, ails = "commit_failed", "the state cannot be written: "

    def __init__(self, daemon):
        self._daemon = daemon

    def fill(self):
        self._daemon.limit(SCARCE)

    def make_room(self):
        self._daemon.limit(None)

    def remove(self): ...


@pytest.fixture(params=[FullDisk, Quota])
async def disk(request, daemon):
    disk = request.param(daemon)
    yield disk
    await daemon.kill()
    disk.remove()


async def test_a_full_disk_and_kills_meanwhile_lose_nothing(drill, daemon, disk, news, mail_server, alert_receiver):
    mentions, angry = gather(400, 100)
    await mail_server.down()
    await daemon.start(until="source_heard")
    await drill.publish(mentions[:200])
    await drill.acknowledged(200)
    await news.until(lambda: daemon.said("notification_postponed", target="com"))

    disk.fill()
    if disk.said == "intake_held":  # until it is seen, the reserve lets commits through
        await news.until(lambda: daemon.said(disk.said))
    publishing = drill.publish(mentions[200:])
    for kills in range(KILLS + 1):
        if kills:
            await daemon.kill()
            await daemon.start()
        await news.until(lambda kills=kills: len(daemon.said(disk.said)) > kills)
        status, body = await daemon.get("/readyz")
        assert status == 503
        assert any(why.startswith(disk.ails) for why in json.loads(body)["reasons"])
    await publishing
    assert drill.acknowledgements() == 200

    disk.make_room()
    await mail_server.up()
    await drill.acknowledged(400)
    await news.until(lambda: drill.everybody_told(len(angry)))
    await news.until(lambda: alert_receiver.keys("/ops"))
    status, body = await daemon.get("/readyz")
    assert (status, json.loads(body)["reasons"]) == (200, [])
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(mentions)
    drill.assert_everybody_told(angry)
    assert alert_receiver.keys("/ops")
    assert all(key.startswith("ops-disk-") for key in alert_receiver.keys("/ops"))
