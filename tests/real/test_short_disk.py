"""A disk that fills up while an escalation is under way: nothing more is taken in, and people are still called."""

import json
import subprocess
from contextlib import suppress
from http import HTTPStatus

import pytest
from drill import Drill, gather

MEGABYTE = 1_000_000
STEP_S = 8


class SmallDisk:
    """A file system of its own under the state."""

    def __init__(self, daemon):
        self._folder = daemon.folder / "state"
        self._folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=128m,mode=0750", "tmpfs", self._folder],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("mounting a file system needs rights that this user does not have")
        self._filler = self._folder / "filler"

    def fill(self, but=0):
        """Let another program have all of it, or all but so many bytes."""
        with self._filler.open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(65_536))
        if but:
            with self._filler.open("rb+") as filler:
                filler.truncate(self._filler.stat().st_size - but)

    def make_room(self):
        self._filler.unlink()

    def has_reserve(self):
        return (self._folder / "reserve").exists()

    def remove(self):
        subprocess.run(["umount", self._folder], check=True)


@pytest.fixture
async def disk(daemon):
    disk = SmallDisk(daemon)
    yield disk
    await daemon.kill()
    disk.remove()


@pytest.fixture
def drill(daemon, disk, broker, mail_server, alert_receiver):
    """It hears a broker and a door, and calls the second person a while after the first."""
    drill = Drill(daemon, broker, mail_server, alert_receiver)
    daemon.configure(
        sources={
            "broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["mentions"]}},
            "push": {"http": {"listen": daemon.intake.removeprefix("http://")}},
        },
        channels={"ops": f"{alert_receiver.url}/ops", "hook": f"{alert_receiver.url}/hook"},
        mail=mail_server.url,
    )
    daemon.call(
        {"after": "0m", "tell": "ines", "by": ["push"]},
        {"after": f"{STEP_S}s", "tell": "karim", "by": ["push"]},
        people={"ines": {"push": f"{alert_receiver.url}/ines"}, "karim": {"push": f"{alert_receiver.url}/karim"}},
        copy=["hook"],
    )
    return drill


@pytest.mark.soak
@pytest.mark.parametrize("left", [0, 2 * MEGABYTE], ids=["to the last byte", "all but two megabytes"])
async def test_pages_leave_while_nothing_is_taken_in(drill, daemon, disk, news, alert_receiver, left):
    mentions, angry = gather(60, 60)
    later, _ = gather(160, 1_000)
    await daemon.start()
    await news.until(lambda: daemon.said("source_heard", source="broker") and disk.has_reserve())
    await drill.publish(mentions)
    await drill.acknowledged(60)
    await news.until(lambda: alert_receiver.keys("/ines"))
    assert not alert_receiver.keys("/karim")

    disk.fill(but=left)
    await news.until(lambda: daemon.said("intake_held"))
    publishing = drill.publish(later[60:110])
    status, _ = await daemon.post(*later[110:])
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    await news.until(lambda: alert_receiver.keys("/karim"), patience=4 * STEP_S)
    status, body = await daemon.get("/readyz")
    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert any(why.startswith("the disk of the state is nearly full") for why in json.loads(body)["reasons"])
    await news.until(lambda: any("nothing is taken" in title for title in told(alert_receiver)))
    [[incident]] = daemon.rows("SELECT id FROM incident")
    status, said, _ = await daemon.command("ack", incident, "--as", "karim")
    assert status == 0, said
    assert daemon.rows("SELECT state FROM incident") == [("taken",)]
    assert drill.acknowledgements() == 60
    await publishing
    assert drill.acknowledgements() == 60

    disk.make_room()
    await news.until(lambda: daemon.said("intake_released"))
    await drill.acknowledged(110)
    assert (await daemon.post(*later[110:]))[0] == HTTPStatus.OK
    await news.until(lambda: any("heard again" in title for title in told(alert_receiver)))
    await news.until(disk.has_reserve)
    status, body = await daemon.get("/readyz")
    assert (status, json.loads(body)["reasons"]) == (200, [])
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(later)
    gaps = daemon.rows(
        "SELECT body ->> 'source' FROM journal WHERE kind = 'gap' AND body ->> 'source' != '*' "
        "AND body ->> 'until' < 4000000000000 ORDER BY seq"
    )
    assert {("broker",), ("push",)} <= set(gaps[-2:])
    assert alert_receiver.keys("/karim")
    assert len(angry) == 1


def told(receiver):
    return [json.dumps(body) for path, _, body in receiver.posts if path == "/ops"]
