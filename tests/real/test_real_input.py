"""Real conversations through a real broker: the journal and `replay` agree on what they are."""

import asyncio
import gzip
import json
import shutil
from pathlib import Path

import msgspec
import pytest
from drill import ACKNOWLEDGED, written

from buzzwatch.app.replay import Replay
from buzzwatch.app.rulebook import read_rules
from buzzwatch.model.mention import Sighting
from buzzwatch.sources.file import read

CONVERSATIONS = Path(__file__).parents[3] / "shared" / "data" / "mentions" / "twcs.jsonl.gz"
ALARMS = [
    {"name": "bad-buzz", "when": {"negativity": {"unusual": True, "at_least": 10}}, "severity": "critical"},
    {"name": "crowd", "when": {"volume": {"unusual": True, "at_least": 10}}, "severity": "warning"},
    {"name": "thread-escalating", "when": {"thread": {"escalating": True, "authors": 5}}, "severity": "critical"},
    {"name": "voice", "when": {"mention": {"negativity": 0.7}}, "severity": "warning"},
]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CONVERSATIONS.exists(), reason="the measuring data are not beside the checkout"),
    pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="mosquitto_pub is not installed"),
]


@pytest.fixture(scope="module")
def conversations():
    with gzip.open(CONVERSATIONS) as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
def rules(daemon, conversations):
    """A brand for each account that is not a customer's: those are numbers."""
    accounts = {mention["author"]["id"] for mention in conversations}
    folder = daemon.rules.parent
    for account in sorted(account for account in accounts if not account.isdecimal()):
        brand = {
            "brand": account.lower().strip("_"),
            "name": account,
            "timezone": "America/New_York",
            "language": "en",
            "role": "ours",
            "match": {"any": [f"@{account}"]},
            "official": [f"x:@{account}"],
            "rules": ALARMS,
        }
        (folder / f"{account}.yaml").write_text(written(brand))
    return read_rules(folder)


def replayed(rules, until):
    """The sightings that a replay of the file steps, and its summary."""
    replay, stepped = Replay(rules, until), []
    step = replay.spine.step

    def keep(item):
        if isinstance(item, Sighting):
            stepped.append(item)
        return step(item)

    replay.spine.step = keep
    for _ in replay.run(read(str(CONVERSATIONS))):
        pass
    return stepped, replay.summary


def essence(sightings):
    """All but when and by which source it was heard."""
    return {msgspec.structs.replace(sighting, seen_at=0, road="") for sighting in sightings}


async def test_real_conversations_published_line_by_line_are_what_replay_matches_all_late_and_ring_nothing(
    daemon, broker, rules, conversations
):
    daemon.configure(sources={"broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["mentions"]}}})
    await daemon.start(until="source_heard")
    publisher = await asyncio.create_subprocess_exec(
        *("mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-q", "1", "-t", "mentions", "-l"),
        stdin=asyncio.subprocess.PIPE,
    )
    await publisher.communicate(gzip.decompress(CONVERSATIONS.read_bytes()))
    await asyncio.to_thread(broker.wait_for_log, ACKNOWLEDGED, times=len(conversations))
    assert await daemon.stop() == 0

    journalled = [
        msgspec.json.decode(body, type=Sighting)
        for (body,) in daemon.rows("SELECT body FROM journal WHERE kind = 'sighting'")
    ]
    stepped, summary = replayed(rules, until=journalled[0].seen_at)
    assert len(journalled) == len(essence(journalled))
    assert essence(stepped) == essence(journalled)
    assert summary.refused == 0
    assert all(sighting.late for sighting in journalled)
    for table in ("refused", "incident", "outbox"):
        assert daemon.rows(f"SELECT count(*) FROM {table}") == [(0,)]
