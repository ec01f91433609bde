"""The daemon killed while mentions flow: each is in the journal once, and every alert due has come."""

import asyncio
import json
import random
import re

import pytest

KILLS = 5
ACKNOWLEDGED = "Received PUBACK from buzzwatch-broker"
COM, INES = "com@acme.example", "ines@acme.example"


@pytest.fixture
def watching(daemon, broker, mail_server, alert_receiver):
    """A daemon that hears the broker and tells by mail and over HTTP, not yet started."""
    daemon.configure(
        sources={"broker": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}", "topics": ["mentions"]}}},
        channels={
            "com": f"{mail_server.url}&to={COM}",
            "hook": f"{alert_receiver.url}/hook",
            "ops": f"{alert_receiver.url}/ops",
        },
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
def publish(broker):
    """Publish mentions one by one while the test goes on."""

    def begin(mentions):
        payloads = [json.dumps(mention).encode() for mention in mentions]
        return asyncio.create_task(asyncio.to_thread(broker.publish, "mentions", payloads))

    return begin


@pytest.fixture
def acknowledged(broker):
    """Return once the broker got so many acknowledgements: each message gives one, however often it was sent."""

    async def wait(times):
        await asyncio.to_thread(broker.wait_for_log, ACKNOWLEDGED, times=times)

    return wait


@pytest.fixture
def told(mail_server, alert_receiver):
    """The keys of the alerts that came, by the target they were for."""

    def read():
        return {
            "com": mail_server.keys(COM),
            "ines/email": mail_server.keys(INES),
            "hook": alert_receiver.keys("/hook"),
        }

    return read


def assert_nothing_lost(daemon, mentions):
    journalled = [name for (name,) in daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")]
    assert sorted(journalled) == sorted(mention["id"] for mention in mentions)
    assert daemon.rows("SELECT count(*) FROM refused") == [(0,)]
    assert daemon.rows("SELECT count(*) FROM journal WHERE skipped IS NOT NULL") == [(0,)]


def assert_everybody_told(daemon, angry, told):
    """Each angry voice rang, and each alert came wherever it was due; a repeat bears the key of the first."""
    threads = dict(daemon.rows("SELECT id, json_extract(body, '$.subject.thread') FROM incident"))
    assert sorted(threads.values()) == sorted(angry)
    for target, keys in told.items():
        rows = daemon.rows(f"SELECT key, incident, state FROM outbox WHERE target = '{target}'")
        assert set(keys) == {key for key, _, _ in rows}
        assert sorted(incident for _, incident, _ in rows) == sorted(threads)
        assert {state for _, _, state in rows} == {"sent"}


@pytest.mark.parametrize(
    ("number", "every"), [(2_000, 200), pytest.param(20_000, 400, marks=pytest.mark.soak)], ids=["quick", "soak"]
)
async def test_kills_lose_no_mention_and_no_alert(
    watching, crowd, publish, acknowledged, told, news, mail_server, alert_receiver, number, every
):
    mentions, angry = crowd(number, every)
    await watching.start(until="source_heard")
    publishing = publish(mentions)
    for instant in sorted(random.Random(7).sample(range(1, number), KILLS)):
        await acknowledged(instant)
        await watching.kill()
        await watching.start()
    await publishing
    await acknowledged(number)
    await news.until(lambda: all(len(set(keys)) >= len(angry) for keys in told().values()))
    assert await watching.stop() == 0
    assert_nothing_lost(watching, mentions)
    assert_everybody_told(watching, angry, told())
    for mail in mail_server.mails:
        assert f"Ref. {mail['X-Buzzwatch-Key']} " in mail.get_body(["plain"]).get_content()
    for _, key, body in alert_receiver.posts:
        assert f"Ref. {key} " in body["message"]


async def test_what_left_and_was_not_marked_before_a_kill_leaves_again_under_the_same_key(
    watching, crowd, publish, told, news, mail_server, alert_receiver
):
    mentions, angry = crowd(1, 1)
    mail_server.answers.clear()
    alert_receiver.answers.clear()
    await watching.start(until="source_heard")
    await publish(mentions)
    await news.until(lambda: all(told().values()))
    await watching.kill()
    mail_server.answers.set()
    alert_receiver.answers.set()
    await watching.start()
    await news.until(lambda: all(len(keys) > 1 for keys in told().values()))
    assert await watching.stop() == 0
    assert {target: len(keys) for target, keys in told().items()} == dict.fromkeys(told(), 2)
    assert_everybody_told(watching, angry, told())


async def test_a_mail_server_that_is_down_answers_451_then_550_delays_what_it_may_and_the_next_person_hears_the_rest(
    watching, crowd, publish, acknowledged, told, news, mail_server, alert_receiver
):
    mentions, angry = crowd(100, 50)
    await mail_server.down()
    await watching.start(until="source_heard")
    await publish(mentions)
    await acknowledged(len(mentions))
    for target in ("com", "ines/email"):
        why = "mailto:// did not answer, or did not say why it failed"
        await news.until(lambda target=target: watching.said("notification_postponed", target=target, why=why))
    await watching.kill()

    mail_server.refusals["*"] = "451 4.3.0 try later"
    await mail_server.up()
    await watching.start()
    await news.until(lambda: {address for address, _ in mail_server.refused} == {COM, INES})
    await watching.kill()
    assert not mail_server.mails

    mail_server.refusals = {INES: "550 5.1.1 no such mailbox"}
    await watching.start()
    await news.until(lambda: len(told()["com"]) == len(alert_receiver.keys("/karim")) == len(angry))
    assert len(watching.said("notification_given_up", target="ines/email", why="mailto:// answered 550")) == len(angry)
    assert await watching.stop() == 0

    assert_nothing_lost(watching, mentions)
    assert len(set(told()["com"])) == len(set(alert_receiver.keys("/karim"))) == len(angry)
    for (incident,) in watching.rows("SELECT id FROM incident"):
        status, lines, _ = await watching.command("explain", incident)
        assert status == 0
        assert "noted: ines/email: mailto:// answered 550" in lines
        assert re.search(r"ines/email: failed at .*: mailto:// answered 550", lines)
        assert re.search(r"karim/push: sent at ", lines)
        assert re.search(r"com: sent at .*attempts [3-9]", lines)
