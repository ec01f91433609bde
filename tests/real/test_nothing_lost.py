"""The daemon killed while mentions flow: each is in the journal once, and every alert due has come."""

import asyncio
import random

import pytest

KILLS = 5
ACKNOWLEDGED = "Received PUBACK from buzzwatch-broker"
COM, INES = "com@acme.example", "ines@acme.example"


@pytest.fixture
def watching(daemon, broker, mail_server, alert_receiver):
    """A daemon that hears the broker and tells by mail and over HTTP, not yet started."""
    daemon.configure(
        sources={"broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["mentions"]}}},
        channels={"com": f"{mail_server.url}&to={COM}", "hook": f"{alert_receiver.url}/hook", "ops": "console"},
        mail=mail_server.url,
    )
    daemon.watch()
    daemon.call(
        {"after": "0m", "tell": "ines", "by": ["email"]},
        {"after": "10m", "tell": "karim", "by": ["push"]},
        people={"ines": {"email": INES}, "karim": {"push": f"{alert_receiver.url}/karim"}},
        copy=["com", "hook"],
    )
    return daemon


@pytest.fixture
def drill(watching, broker, mail_server, alert_receiver, news):
    """Publish a crowd's mentions, kill the daemon at random instants meanwhile, and hold it to what it promises."""

    async def run(crowd, kills, seed):
        await watching.start(until="source_heard")
        chance = random.Random(seed)
        publishing = asyncio.create_task(asyncio.to_thread(broker.publish, "mentions", crowd.payloads))
        for instant in sorted(chance.sample(range(1, len(crowd.mentions)), kills)):
            await asyncio.to_thread(broker.wait_for_log, ACKNOWLEDGED, times=instant)
            await watching.kill()
            await watching.start()
        await publishing
        await asyncio.to_thread(broker.wait_for_log, ACKNOWLEDGED, times=len(crowd.mentions))
        due = len(crowd.angry)
        await news.until(
            lambda: min(
                len(set(keys)) for keys in (mail_server.keys(COM), mail_server.keys(INES), alert_receiver.keys("/hook"))
            )
            >= due
        )
        assert await watching.stop() == 0

    return run


def assert_nothing_lost(daemon, crowd):
    journalled = [name for (name,) in daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]
    assert sorted(journalled) == sorted(mention["id"] for mention in crowd.mentions)
    assert daemon.rows("SELECT count(*) FROM refused") == [(0,)]
    assert daemon.rows("SELECT count(*) FROM journal WHERE skipped IS NOT NULL") == [(0,)]


def assert_everybody_told(daemon, crowd, mail_server, alert_receiver):
    """Each angry voice rang, each alert came wherever it was due, and each repeat bears the key of the first."""
    threads = dict(daemon.rows("SELECT id, json_extract(body, '$.subject.thread') FROM incident"))
    assert sorted(threads.values()) == sorted(crowd.angry)
    received = {
        "com": mail_server.keys(COM),
        "ines/email": mail_server.keys(INES),
        "hook": alert_receiver.keys("/hook"),
    }
    for target, keys in received.items():
        rows = daemon.rows(f"SELECT key, incident, state FROM outbox WHERE target = '{target}'")
        assert set(keys) == {key for key, _, _ in rows}
        assert sorted(incident for _, incident, _ in rows) == sorted(threads)
        assert {state for _, _, state in rows} == {"sent"}
    for mail in mail_server.mails:
        assert f"Ref. {mail['X-Buzzwatch-Key']} " in mail.get_body(["plain"]).get_content()
    for _, key, body in alert_receiver.posts:
        assert f"Ref. {key} " in body["message"]


@pytest.mark.parametrize(
    ("number", "every"), [(2_000, 200), pytest.param(20_000, 400, marks=pytest.mark.soak)], ids=["quick", "soak"]
)
async def test_kills_lose_no_mention_and_no_alert(
    drill, crowd, watching, mail_server, alert_receiver, number, every
):
    said = crowd(number, every)
    await drill(said, KILLS, seed=7)
    assert_nothing_lost(watching, said)
    assert_everybody_told(watching, said, mail_server, alert_receiver)
