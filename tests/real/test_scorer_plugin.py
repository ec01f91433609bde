"""A daemon with a scorer that somebody plugged in, and that is not worth much."""

import asyncio
import json
import os
import select

import pytest
from drill import gather

from buzzwatch.ingest.scorer import load

MORTAL = """
import os, threading

class Plugged:
    name = "mortal@2"
    left = 4

    def __init__(self):
        threading.Thread(target=threading.Event().wait).start()  # keeps the process from ending by itself

    def score(self, texts, langs):
        print("a mention", flush=True)
        self.left -= 1
        if not self.left:
            os._exit(9)
        return [0.9 if "disgrace" in text else 0.1 for text in texts]
"""
PATIENCE_S = 30


@pytest.fixture
def mortal(plug_in, daemon, drill):
    """The drill's daemon, with a plug-in that dies at every fourth batch."""
    plug_in("mortal", MORTAL)
    settings = json.loads((daemon.folder / "buzzwatch.yaml").read_text())
    daemon.configure(**settings, scorer={"use": "mortal", "timeout": "5s"})


async def gone(pidfd):
    """Wait for the end of a process that is not ours to wait for."""
    readable, _, _ = await asyncio.to_thread(select.select, [pidfd], [], [], PATIENCE_S)
    os.close(pidfd)
    return bool(readable)


async def until_loaded(daemon, news, since=0, times=1):
    await news.until(lambda: len(daemon.said("scorer_loaded", since=since)) >= times)
    return daemon.said("scorer_loaded", since=since)[-1]["pid"]


async def test_it_may_die_and_the_daemon_be_killed_and_no_mention_and_no_alert_is_lost(mortal, drill, daemon, news):
    mentions, angry = gather(200, 50)
    await daemon.start(until="source_heard")
    first = os.pidfd_open(await until_loaded(daemon, news))
    publishing = drill.publish(mentions)
    await drill.acknowledged(60)
    await until_loaded(daemon, news, times=2)
    await daemon.kill()
    seen = len(daemon.log)
    await daemon.start()
    last = os.pidfd_open(await until_loaded(daemon, news, seen))
    await publishing
    await drill.acknowledged(len(mentions))
    await news.until(lambda: drill.everybody_told(len(angry)))
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(mentions)
    drill.assert_everybody_told(angry)
    rows = daemon.rows("SELECT DISTINCT json_extract(body, '$.scorer') FROM journal WHERE kind = 'sighting'")
    assert {scorer for (scorer,) in rows} == {"mortal@2", load().name}
    assert daemon.said("scorer_failed", why="its process ended with status 9")
    assert await gone(first)
    assert await gone(last)


async def test_it_ends_with_a_daemon_that_is_killed(mortal, daemon, news):
    await daemon.start(until="scorer_loaded")
    pidfd = os.pidfd_open(await until_loaded(daemon, news))
    await daemon.kill()
    assert await gone(pidfd)
