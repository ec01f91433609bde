"""The daemon killed while mentions flow: each is in the journal once, and every alert due has come."""

import random
import re

import pytest
from drill import COM, INES, gather

KILLS = 5


@pytest.mark.parametrize(
    ("number", "every"), [(2_000, 200), pytest.param(20_000, 400, marks=pytest.mark.soak)], ids=["quick", "soak"]
)
async def test_kills_lose_no_mention_and_no_alert(drill, daemon, news, mail_server, alert_receiver, number, every):
    mentions, angry = gather(number, every)
    await daemon.start(until="source_heard")
    publishing = drill.publish(mentions)
    for instant in sorted(random.Random(7).sample(range(1, number), KILLS)):
        await drill.acknowledged(instant)
        await daemon.kill()
        await daemon.start()
    await publishing
    await drill.acknowledged(number)
    await news.until(lambda: drill.everybody_told(len(angry)))
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(mentions)
    drill.assert_everybody_told(angry)
    for mail in mail_server.mails:
        assert f"Ref. {mail['X-Buzzwatch-Key']} " in mail.get_body(["plain"]).get_content()
    for _, key, body in alert_receiver.posts:
        assert f"Ref. {key} " in body["message"]


async def test_what_left_and_was_not_marked_before_a_kill_leaves_again_under_the_same_key(
    drill, daemon, news, mail_server, alert_receiver
):
    mentions, angry = gather(1, 1)
    mail_server.answers.clear()
    alert_receiver.answers.clear()
    await daemon.start(until="source_heard")
    await drill.publish(mentions)
    await news.until(lambda: all(drill.told().values()))
    await daemon.kill()
    mail_server.answers.set()
    alert_receiver.answers.set()
    await daemon.start()
    await news.until(lambda: all(len(keys) > 1 for keys in drill.told().values()))
    assert await daemon.stop() == 0
    assert {target: len(keys) for target, keys in drill.told().items()} == dict.fromkeys(drill.told(), 2)
    drill.assert_everybody_told(angry)
    said = [body["message"] for path, _, body in alert_receiver.posts if path == "/hook"]
    assert ["may have arrived already" in text for text in said] == [False, True]
    for address in (COM, INES):
        mails = [mail.get_body(["plain"]).get_content() for mail in mail_server.mails if mail["To"] == address]
        assert ["may have arrived already" in text for text in mails] == [False, True]


async def test_a_mail_server_that_is_down_answers_451_then_550_delays_what_it_may_and_the_next_person_hears_the_rest(
    drill, daemon, news, mail_server, alert_receiver
):
    mentions, angry = gather(100, 50)
    await mail_server.down()
    await daemon.start(until="source_heard")
    await drill.publish(mentions)
    await drill.acknowledged(len(mentions))
    why = "mailto:// did not answer (ConnectionRefusedError)"
    await news.until(
        lambda: {"com", "ines/email"} <= {line["target"] for line in daemon.said("notification_postponed", why=why)}
    )
    await daemon.kill()

    mail_server.refusals["*"] = "451 4.3.0 try later"
    await mail_server.up()
    await daemon.start()
    await news.until(lambda: {address for address, _ in mail_server.refused} == {COM, INES})
    await daemon.kill()
    assert not mail_server.mails

    mail_server.refusals = {INES: "550 5.1.1 no such mailbox"}
    await daemon.start()
    await news.until(lambda: drill.told()["com"] and alert_receiver.keys("/karim"))
    await news.until(lambda: len(drill.incidents_of(alert_receiver.keys("/karim"))) == len(angry))
    assert len(daemon.said("notification_given_up", target="ines/email", why="mailto:// answered 550")) == 1
    assert await daemon.stop() == 0

    drill.assert_nothing_lost(mentions)
    (com,) = drill.told()["com"]
    assert com.startswith("outage-"), "what was due before the downtimes came as one message"
    assert len(drill.incidents_of([com])) == len(angry)
    for (incident,) in daemon.rows("SELECT id FROM incident"):
        status, lines, _ = await daemon.command("explain", incident)
        assert status == 0
        assert "noted: ines/email: mailto:// answered 550" in lines
        assert re.search(r"ines/email: failed .*: mailto:// answered 550", lines)
        assert re.search(r"karim/push: sent 20", lines)
        assert re.search(r"com: sent 20", lines)
