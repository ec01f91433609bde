"""A disk that fills up while mentions flow: nothing is acknowledged until it has room, and then nothing is missing."""

import json
import subprocess
from contextlib import suppress

import pytest
from drill import SCARCE, gather

KILLS = 1


class FullDisk:
    """A small file system of its own under the state, filled to the last byte."""

    said, ails = "intake_held", "the disk of the state is nearly full"

    def __init__(self, daemon):
        self._folder = daemon.folder / "state"
        self._folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0750", "tmpfs", self._folder],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("mounting a file system needs rights that this user does not have")
        self._filler = self._folder / "filler"

    def fill(self):
        with self._filler.open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def make_room(self):
        self._filler.unlink()

    def remove(self):
        subprocess.run(["umount", self._folder], check=True)


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
