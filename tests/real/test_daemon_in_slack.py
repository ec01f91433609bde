"""A whole daemon that writes to a stand-in for Slack, and is killed on the way."""

import json

import pytest
from drill import gather
from slack_stand_in import APP, BOT, ROOM

SENT = "SELECT sent_as FROM outbox WHERE target = 'crise' AND state = 'sent'"


@pytest.fixture
def watching(daemon, slack):
    """A daemon that hears one angry voice over HTTP and tells Slack; not yet started."""
    api = f"{slack.url}/api"
    daemon.configure(
        channels={"crise": {"slack": {"token": BOT, "channel": ROOM, "api": api}}},
        slack={"app_token": APP, "api": api},
    )
    daemon.watch()
    daemon.call(copy=["crise"], people={"ines": {"terminal": "console"}})
    oncall = daemon.rules.with_name("oncall.yaml")
    document = json.loads(oncall.read_text())
    document["people"]["ines"]["slack"] = "U0INES"
    document["routes"] = {"oncall": {"copy": ["crise"]}, "ops": {"copy": ["console"]}}
    oncall.write_text(json.dumps(document))
    return daemon


async def test_one_message_follows_its_incident_through_kills_and_presses(watching, slack, news):
    await watching.start(until="slack_answers_heard")
    slack.answers.clear()
    await watching.post(*gather(1, 1)[0])
    await slack.until(lambda: slack.messages)
    await watching.kill()
    assert watching.rows(SENT) == []
    slack.answers.set()
    await watching.start(until="slack_answers_heard")
    await news.until(lambda: watching.said("notification_sent"))
    [(incident,)] = watching.rows("SELECT id FROM incident")
    await slack.choose("15 min")
    await slack.until(lambda: slack.replies)
    assert "snoozed by Ines, rings again at" in slack.roots[0]["text"]
    await slack.press("take", incident)
    await slack.until(lambda: len(slack.replies) == 2)
    await watching.kill()
    await watching.start(until="slack_answers_heard")
    await slack.press("resolve", incident)
    await slack.until(lambda: len(slack.replies) == 3)
    assert await watching.stop() == 0

    [root] = slack.roots
    assert "Ines" in root["text"]
    assert not [block for block in root["blocks"] if block["type"] == "actions"]
    assert [reply["reply_broadcast"] for reply in slack.replies] == [False, False, False]
    assert watching.rows("SELECT json_extract(body, '$.closed_by') FROM incident") == [("ines",)]
    assert watching.rows("SELECT DISTINCT sent_as FROM outbox WHERE state = 'sent'") == [(f"{ROOM}/{root['ts']}",)]
    said = json.dumps(watching.log)
    assert BOT not in said
    assert APP not in said


async def test_where_we_may_not_look_it_comes_twice_under_one_key_and_the_second_says_so(watching, slack, news):
    slack.may_read = False
    await watching.start(until="slack_answers_heard")
    slack.answers.clear()
    await watching.post(*gather(1, 1)[0])
    await slack.until(lambda: slack.messages)
    await watching.kill()
    slack.answers.set()
    await watching.start(until="slack_answers_heard")
    await news.until(lambda: watching.said("notification_sent"))
    assert await watching.stop() == 0

    first, second = slack.roots
    assert first["metadata"] == second["metadata"]
    assert ["may have arrived already" in each["text"] for each in (first, second)] == [False, True]
    [(sent_as,)] = watching.rows(SENT)
    assert sent_as == f"{ROOM}/{second['ts']}"
