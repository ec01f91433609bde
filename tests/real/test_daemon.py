"""The daemon and its commands, as a sysadmin and those on call use them."""

import asyncio
import json
import re

import aiohttp
import pytest
from drill import BIG_VOICE, COM, INES, gather

ANGRY = gather(1, 1)[0]


@pytest.fixture
async def watching(daemon, alert_receiver):
    """A daemon that takes mentions over HTTP and tells Inès and a channel, not yet started."""
    url = alert_receiver.url
    daemon.configure(
        sources={"push": {"http": {"listen": daemon.intake.removeprefix("http://")}}},
        channels={"hook": f"{url}/hook", "ops": f"{url}/ops"},
    )
    daemon.watch()
    daemon.call(
        {"after": "0m", "tell": "ines", "by": ["push"]}, people={"ines": {"push": f"{url}/ines"}}, copy=["hook"]
    )
    return daemon


@pytest.fixture
async def ringing(watching, alert_receiver, news):
    """A running daemon of which everybody was told about one incident; its id and the address of its page."""
    await watching.start(until="source_heard")
    status, receipt = await watching.post(*ANGRY)
    assert (status, receipt["accepted"]) == (200, 1)
    await news.until(lambda: alert_receiver.keys("/hook") and alert_receiver.keys("/ines"))
    [(incident,)] = watching.rows("SELECT id FROM incident")
    _, _, body = alert_receiver.posts[0]
    return incident, re.search(rf"{watching.web}/i/\w+", body["message"])[0]


async def test_probes_and_metrics_tell_how_it_is(watching):
    await watching.start(until="source_heard")
    mentions, _ = gather(3, 100)
    await watching.post(*mentions)
    assert await watching.get("/healthz") == (200, '{"alive": true}')
    assert await watching.get("/readyz") == (200, '{"ready": true, "reasons": []}')
    status, metrics = await watching.get("/metrics")
    assert status == 200
    assert 'buzzwatch_mentions_total{outcome="accepted",source="push"} 3.0' in metrics
    assert 'buzzwatch_source_connected{source="push"} 1.0' in metrics


async def test_what_is_bad_is_refused_by_its_place_and_its_good_neighbours_are_taken(watching):
    await watching.start(until="source_heard")
    [plain, long, nul, future, old] = [mention | {"id": f"m{n}"} for n, mention in enumerate(gather(5, 100)[0])]
    lines = [
        json.dumps(plain),
        '{"id": "x:1", "text": ',
        json.dumps(long | {"text": "Acme " * 5_000}),
        json.dumps({key: value for key, value in plain.items() if key != "created_at"}),
        json.dumps(nul | {"text": "Acme \0 \ud800"}),
        json.dumps(future | {"created_at": "2999-01-01T00:00:00Z"}),
        json.dumps(old | {"created_at": "2011-01-01T00:00:00Z"}),
        "[" * 40 + "]" * 40,
        json.dumps(plain | {"id": "m9", "text": "nothing of ours"}),
    ]
    status, receipt = await watching.post_raw("\n".join(lines).encode())
    assert status == 200
    assert [receipt[outcome] for outcome in ("accepted", "mended", "ignored")] == [5, 3, 1]
    refused = {refusal["position"]: refusal["reason"] for refusal in receipt["refused"]}
    assert sorted(refused) == [1, 3, 7]
    assert "broken JSON" in refused[1]
    assert "created_at" in refused[3]
    assert {name for (name,) in watching.rows("SELECT mention FROM journal WHERE mention IS NOT NULL")} == {
        "m0", "m1", "m2", "m3", "m4",
    }  # fmt: skip
    assert watching.rows("SELECT source, count(*) FROM refused GROUP BY source") == [("push", 3)]
    for body, why in ((b"\xff\xfe", 400), (b"", 400), (b"[1, 2]", 400), (b"0" * 8_000_001, 413)):
        status, _ = await watching.post_raw(body)
        assert status == why


async def test_the_same_mention_a_thousand_times_counts_once(watching):
    await watching.start(until="source_heard")
    status, receipt = await watching.post(*gather(1, 100)[0] * 1_000)
    assert (status, receipt["accepted"], receipt["known"]) == (200, 1, 999)
    assert watching.rows("SELECT count(*) FROM journal WHERE kind = 'sighting'") == [(1,)]


async def test_a_broken_message_of_a_broker_is_recorded_and_acknowledged(drill, daemon, broker):
    good, _ = gather(2, 100)
    payloads = [b"\xff", json.dumps(good[0]).encode(), b"{", b"", json.dumps(good[1]).encode(), b"x" * 8_000_001]
    await daemon.start(until="source_heard")
    await asyncio.to_thread(broker.publish, "mentions", payloads)
    await drill.acknowledged(len(payloads))
    assert {name for (name,) in daemon.rows("SELECT mention FROM journal WHERE kind = 'sighting'")} == {"x:0", "x:1"}
    assert [length <= 2_048 for (length,) in daemon.rows("SELECT length(head) FROM refused")] == [True] * 4
    assert await daemon.stop() == 0


async def test_a_command_takes_an_incident_and_closes_it_and_everybody_told_hears_of_it(
    watching, ringing, alert_receiver, news
):
    incident, _ = ringing
    status, _, why = await watching.command("ack", incident, "--as", "nobody")
    assert (status, why) == (1, "there is nobody called 'nobody' in oncall.yaml; people are: ines\n")
    assert await watching.command("ack", incident, "--as", "ines") == (0, f"{incident}: taken by ines\n", "")
    await news.until(lambda: len(alert_receiver.keys("/hook")) == len(alert_receiver.keys("/ines")) == 2)
    assert await watching.command("resolve", incident, "--as", "ines") == (0, f"{incident}: resolved by ines\n", "")
    await news.until(lambda: len(alert_receiver.keys("/hook")) == len(alert_receiver.keys("/ines")) == 3)
    assert (await watching.command("ack", incident, "--as", "ines"))[0] == 1
    _, lines, _ = await watching.command("explain", incident)
    assert re.search(r"taken by ines[^$]*resolved by ines", lines)
    status, _, why = await watching.command("explain", "acme-0")
    assert (status, why) == (1, f"no incident 'acme-0'; the latest are: {incident}\n")


async def test_a_command_marks_a_post_and_another_tells_what_was_learnt_even_after_a_kill(watching, ringing):
    post = ANGRY[0]["id"]
    status, _, why = await watching.command("correct", "x:none", "negative", "--brand", "acme", "--as", "ines")
    assert (status, why) == (1, "acme has no post 'x:none' on record whose text is known and not erased\n")
    marked = await watching.command("correct", post, "not-negative", "--brand", "acme", "--as", "ines")
    assert marked == (0, f"{post}: marked not-negative by ines; acme learns from 1 marked posts\n", "")
    await watching.kill()
    _, lines, _ = await watching.command("brand", "acme", "--learnt")
    assert f"{post}  not-negative by ines" in lines
    await watching.start(until="source_heard")
    await watching.post(ANGRY[0] | {"id": "x:later"})
    [(body,)] = watching.rows("SELECT body FROM journal WHERE mention = 'x:later'")
    assert json.loads(body)["scorer"].endswith("+acme.1")


async def test_the_buttons_of_the_page_take_the_incident_and_mark_a_post(watching, ringing):
    _, page = ringing
    async with aiohttp.ClientSession() as browser:
        async with browser.get(page) as answer:
            assert answer.status == 200
            assert f'action="..{page.removeprefix(watching.web)}/take"' in await answer.text()
        async with browser.post(f"{page}/take", data={"name": "ines"}) as answer:
            assert answer.status == 403
        async with browser.post(f"{page}/take", data={"name": "ines"}, headers={"Origin": watching.web}) as answer:
            assert answer.status == 200
            assert "Ines" in await answer.text()
        origin, post = {"Origin": watching.web, "Accept-Language": "en"}, ANGRY[0]["id"]
        for mark, shown in (("not-negative", "Not negative, says Ines"), ("withdraw", f"not-negative {post}")):
            data = {"name": "ines", "post": f"{mark} {post}"}
            async with browser.post(f"{page}/mark", data=data, headers=origin) as answer:
                assert (answer.status, answer.url.query_string) == (200, "as=ines")
                assert shown in await answer.text()
    assert watching.rows("SELECT state, json_extract(body, '$.taken_by') FROM incident") == [("taken", "ines")]
    marks = watching.rows("SELECT json_extract(body, '$.mark') FROM journal WHERE kind = 'corrected' ORDER BY seq")
    assert marks == [("not-negative",), ("withdraw",)]


async def test_good_rules_are_swapped_and_faulty_ones_leave_the_last_good_set_even_after_a_restart(
    watching, alert_receiver, news
):
    await watching.start(until="source_heard")
    assert await watching.command("reload") == (0, "nothing changed\n", "")
    watching.watch(BIG_VOICE, BIG_VOICE | {"name": "second"})
    status, changes, _ = await watching.command("reload")
    assert status == 0
    assert "second" in changes

    watching.watch(BIG_VOICE | {"severity": "criticl"})
    status, _, faults = await watching.command("reload")
    assert status == 1
    assert re.match(r"acme\.yaml:\d+", faults)
    assert "critical" in faults
    await news.until(lambda: alert_receiver.keys("/ops"))
    for _ in range(2):
        status, body = await watching.get("/readyz")
        assert status == 503
        assert "the rules on disk are refused: acme.yaml" in body
        assert "buzzwatch_rules_refused 1.0" in (await watching.get("/metrics"))[1]
        assert await watching.stop() == 0
        await watching.start(until="source_heard")
    await watching.post(*ANGRY)
    await news.until(lambda: alert_receiver.keys("/hook"))
    assert watching.rows("SELECT json_extract(body, '$.rules') FROM incident") == [('["big-voice","second"]',)]

    watching.watch()
    status, changes, _ = await watching.command("reload")
    assert status == 0
    assert "second" in changes
    assert await watching.get("/readyz") == (200, '{"ready": true, "reasons": []}')


async def test_a_test_message_goes_the_real_way_and_says_what_became_of_it(drill, daemon, mail_server, alert_receiver):
    await daemon.start()
    assert await daemon.command("notify-test", "hook") == (0, "hook: sent\n", "")
    assert await daemon.command("notify-test", "ines/email") == (0, "ines/email: sent\n", "")
    [title] = alert_receiver.titles("/hook")
    assert "TEST" in title
    assert "TEST" in mail_server.mails[0]["Subject"]
    mail_server.refusals[COM] = "550 5.1.1 no such mailbox"
    assert await daemon.command("notify-test", "com") == (1, "", "com: mailto:// answered 550\n")
    status, _, why = await daemon.command("notify-test", "nowhere")
    assert status == 1
    assert "nowhere is in neither oncall.yaml nor the channels of buzzwatch.yaml" in why


async def test_letters_of_one_incident_are_one_conversation(drill, daemon, mail_server, news):
    def letters():
        return [mail for mail in mail_server.mails if mail["To"] == COM]

    await daemon.start(until="source_heard")
    await drill.publish(ANGRY)
    await news.until(letters)
    [(incident,)] = daemon.rows("SELECT id FROM incident")
    await news.until(lambda: daemon.said("notification_sent", target="com"))
    assert (await daemon.command("ack", incident, "--as", "ines"))[0] == 0
    await news.until(lambda: len(letters()) > 1)
    first, second = letters()[0], letters()[-1]
    assert second["References"] == first["Message-ID"] != second["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert first["Subject"].endswith(f"[{incident}]")
    assert [part.get_content_type() for part in first.walk()] == [
        *("multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png")
    ]
    assert "The first post of this author that we know." in first.get_body(["plain"]).get_content()


async def test_an_export_of_the_past_is_learnt_and_rings_nothing(watching, tmp_path):
    export = tmp_path / "export.jsonl"
    mentions, _ = gather(300, 100)
    export.write_text("\n".join(map(json.dumps, mentions)))
    await watching.start()
    assert await watching.command("learn", str(export)) == (0, "acme: learnt\n", "")
    assert watching.rows("SELECT count(*) FROM journal WHERE kind = 'warmed'") == [(1,)]
    assert watching.rows("SELECT count(*) FROM incident") == [(0,)]
    export.write_text(json.dumps(mentions[0] | {"text": "nothing of ours"}))
    assert (await watching.command("learn", str(export)))[0] == 1


async def test_commands_without_a_daemon_say_so(watching):
    status, _, why = await watching.command("reload")
    assert status == 1
    assert why.startswith("no daemon answers (")


async def test_a_second_daemon_on_the_same_state_refuses(watching):
    await watching.start()
    status, _, why = await watching.command("run")
    assert status == 1
    assert f"another buzzwatch (process {watching.process.pid}) works on this state" in why
    assert (await watching.get("/healthz"))[0] == 200


async def test_being_told_to_stop_it_finishes_what_it_is_sending(watching, alert_receiver, news):
    alert_receiver.answers.clear()
    await watching.start(until="source_heard")
    await watching.post(*ANGRY)
    await news.until(lambda: alert_receiver.keys("/hook") and alert_receiver.keys("/ines"))
    watching.process.terminate()
    alert_receiver.answers.set()
    assert await watching.stop() == 0
    assert watching.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]
    assert watching.said("daemon_stopped")


async def test_without_broker_and_mail_server_it_starts_and_waits(drill, daemon, broker, mail_server, news):
    broker.stop()
    await mail_server.down()
    await daemon.start()
    status, body = await daemon.get("/readyz")
    assert status == 503
    assert "source broker is deaf" in body
    await mail_server.up()
    broker.start()
    await news.until(lambda: daemon.said("source_heard"))
    await drill.publish(ANGRY)
    await news.until(lambda: mail_server.keys(INES) and mail_server.keys(COM))
    assert (await daemon.get("/readyz"))[0] == 200


async def test_a_broker_started_again_leaves_a_gap_and_no_loss(drill, daemon, broker, news):
    mentions, _ = gather(200, 400)
    await daemon.start(until="source_heard")
    await drill.publish(mentions[:100])
    await drill.acknowledged(100)
    broker.stop()
    await news.until(lambda: daemon.said("source_lost"))
    broker.start()
    await news.until(lambda: len(daemon.said("source_heard")) > 1)
    await drill.publish(mentions[100:])
    await drill.acknowledged(200)
    assert await daemon.stop() == 0
    drill.assert_nothing_lost(mentions)
    spans = [json.loads(body) for (body,) in daemon.rows("SELECT body FROM journal WHERE kind = 'gap' ORDER BY seq")]
    assert any(gap["source"] == "broker" and gap["since"] < gap["until"] <= gap["seen_at"] for gap in spans[1:])
