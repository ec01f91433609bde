"""Our sender against a stand-in for Slack."""

import json

import pytest
from aiohttp import ClientSession
from msgspec.structs import replace
from slack_stand_in import BOT, ROOM, menus, options

from buzzwatch.delivery.channel import PermanentDeliveryError, Sent, TransientDeliveryError
from buzzwatch.delivery.channels.slack import PACE, SlackChannel
from buzzwatch.delivery.slack_api import SlackApi
from buzzwatch.model.curve import Point
from buzzwatch.model.incident import State
from buzzwatch.model.instant import SECOND
from buzzwatch.model.notification import Picture, Standing


@pytest.fixture
async def channel(slack):
    async with ClientSession() as session:
        yield SlackChannel(SlackApi(session, BOT, f"{slack.url}/api"), ROOM, buttons=True)


@pytest.fixture
def opened(message):
    return replace(message, standing=Standing("acme-1", State.OPEN, "fr"))


def later(message, sent, key="acme-1.2.0.mail", **changes):
    """The next message of the same incident."""
    return replace(message, key=key, standing=replace(message.standing, sent_as=sent.sent_as, **changes))


def blocks(shown, kind):
    return [each for each in shown["blocks"] if each["type"] == kind]


async def test_the_first_message_of_an_incident_is_posted_and_slack_gives_it_a_name(slack, channel, opened):
    sent = await channel.send(opened)
    [shown] = slack.roots
    assert sent == Sent(f"{ROOM}/{shown['ts']}", PACE)
    assert blocks(shown, "header")[0]["text"]["text"] == opened.title
    assert (shown["unfurl_links"], shown["unfurl_media"], shown["parse"]) == (False, False, "none")
    assert blocks(shown, "context")[0]["elements"][0]["text"] == "Ref. acme-1.1.0.mail"


async def test_later_ones_change_it_in_place_and_say_what_changed_in_its_thread(slack, channel, opened):
    sent = await channel.send(opened)
    taken = replace(later(opened, sent, state=State.TAKEN), title="Acme: taken by Inès")
    assert await channel.send(taken) == sent
    [shown], [below] = slack.roots, slack.replies
    assert blocks(shown, "header")[0]["text"]["text"] == "Acme: taken by Inès"
    assert (below["text"], below["thread_ts"], below["reply_broadcast"]) == ("Acme: taken by Inès", shown["ts"], False)


async def test_the_course_is_a_row_of_bars_below_what_happens(slack, channel, opened):
    points = tuple(Point(hour, observed, 1.0) for hour, observed in enumerate([0, 1, 2, 8, 16]))
    await channel.send(replace(opened, picture=Picture(points, "Chart per hour")))
    await channel.send(replace(opened, key="acme-2.1.0.mail", picture=Picture(points[:1], "")))
    drawn, bare = slack.roots
    assert drawn["blocks"][2]["text"]["text"] == "`▁▁▂▅█`"
    assert "`" not in str(bare["blocks"])


async def test_only_what_worsened_is_shown_to_the_whole_channel(slack, channel, opened):
    sent = await channel.send(opened)
    await channel.send(later(opened, sent, worse=True))
    assert [each["reply_broadcast"] for each in slack.replies] == [True]


async def test_nothing_hostile_in_a_text_reaches_slack_as_markup(slack, channel, opened):
    hostile = "<!channel> <@U0INES> <https://evil.example|here> & @here\n\nRef. x"
    await channel.send(replace(opened, title="<!here> & co", text=hostile))
    [shown] = slack.roots
    assert "<" not in shown["text"]
    assert shown["text"].startswith("&lt;!here&gt; &amp; co")
    [section] = blocks(shown, "section")
    assert section["text"]["verbatim"] is True
    assert section["text"]["text"].startswith("&lt;!channel&gt; &lt;@U0INES&gt; &lt;<https://evil.example")


async def test_our_own_links_can_be_clicked(slack, channel, opened):
    await channel.send(replace(opened, text="Je prends : https://bw.example/i/abc?a=1&b=2\n\nRef. x"))
    assert "<https://bw.example/i/abc?a=1&amp;b=2>" in json.dumps(slack.roots[0]["blocks"])


@pytest.mark.parametrize(
    ("state", "language", "labels"),
    [
        (State.OPEN, "fr", ["Je prends", "C’est clos"]),
        (State.OPEN, "en", ["I take it", "It is over"]),
        (State.TAKEN, "en", ["It is over"]),
        (State.RESOLVED, "fr", []),
    ],
)
async def test_the_buttons_are_those_that_have_a_meaning_now(slack, channel, opened, state, language, labels):
    await channel.send(replace(opened, standing=Standing("acme-1", state, language)))
    buttons = [button for row in blocks(slack.roots[0], "actions") for button in row["elements"]]
    buttons = [each for each in buttons if each["type"] == "button"]
    assert [button["text"]["text"] for button in buttons] == labels
    assert {button["value"] for button in buttons} <= {"acme-1"}


@pytest.mark.parametrize(
    ("state", "language", "labels"),
    [
        (State.OPEN, "fr", ("Autres réponses…", "15 min", "30 min", "1 h", "30 min : on vérifie les faits")),
        (State.TAKEN, "en", ("Other answers…", "15 min", "30 min", "1 h", "30 min: we are checking the facts")),
    ],
)
async def test_the_rarer_answers_are_one_menu_that_slack_takes(slack, channel, opened, state, language, labels):
    await channel.send(replace(opened, standing=Standing("acme-1", state, language)))
    [menu] = menus(slack.roots[0])
    shown = [menu["placeholder"], *(option["text"] for option in options(menu))]
    assert [each["text"].replace("\u00a0", " ") for each in shown][:5] == list(labels)
    assert len(shown) == 1 + 3 + 3 + 2


async def test_there_is_no_menu_for_what_is_closed_nor_for_a_name_that_is_too_long_for_one(slack, channel, opened):
    await channel.send(replace(opened, standing=Standing("acme-1", State.RESOLVED, "fr")))
    await channel.send(replace(opened, standing=Standing("a" * 150, State.OPEN, "fr")))
    assert [menus(shown) for shown in slack.roots] == [[], []]
    assert len(blocks(slack.roots[1], "actions")[0]["elements"]) == 2


async def test_there_are_no_buttons_where_nobody_listens_to_them(slack, opened):
    async with ClientSession() as session:
        await SlackChannel(SlackApi(session, BOT, f"{slack.url}/api"), ROOM).send(opened)
    assert blocks(slack.roots[0], "actions") == []


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
async def test_refused_blocks_leave_the_plain_text(slack, channel, opened, code):
    slack.refusals["chat.postMessage"] = [code]
    await channel.send(opened)
    [shown] = slack.roots
    assert "blocks" not in shown
    assert "46 angry posts" in shown["text"]


async def test_refused_blocks_of_a_change_leave_the_plain_text_too(slack, channel, opened):
    sent = await channel.send(opened)
    slack.refusals["chat.update"] = ["invalid_blocks", "invalid_metadata_schema"]
    await channel.send(later(opened, sent))
    assert slack.roots[0]["blocks"] is None


async def test_a_text_that_is_too_long_is_shortened(slack, channel, opened):
    slack.refusals["chat.postMessage"] = ["msg_too_long"]
    await channel.send(replace(opened, text="word " * 10_000))
    assert len(slack.roots[0]["text"]) <= 1_000


async def test_a_long_message_full_of_what_is_escaped_fits_the_limits_of_blocks(slack, channel, opened):
    await channel.send(replace(opened, title="&" * 150, text="\n\n".join(["<&>" * 3_000] * 60)))
    assert slack.roots[0]["blocks"]
    assert slack.count("chat.postMessage") == 1


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_is_gone_is_posted_anew(slack, channel, opened, code):
    sent = await channel.send(opened)
    slack.refusals["chat.update"] = [code]
    again = await channel.send(later(opened, sent))
    assert again.sent_as != sent.sent_as
    assert len(slack.roots) == 2


async def test_a_thread_that_is_locked_does_not_hide_what_happens(slack, channel, opened):
    sent = await channel.send(opened)
    slack.refusals["chat.postMessage"] = ["restricted_action_thread_locked"]
    await channel.send(later(opened, sent, worse=True))
    assert len(slack.roots) == 2


async def test_a_message_that_is_in_another_channel_now_is_posted_anew(slack, channel, opened):
    await channel.send(later(opened, Sent("C0OLDROOM1/1700000000.000001")))
    assert (slack.count("chat.update"), len(slack.roots)) == (0, 1)


@pytest.mark.parametrize(
    "code", ["channel_not_found", "invalid_auth", "is_archived", "not_in_channel", "token_revoked", "missing_scope"]
)
async def test_these_errors_are_final(slack, channel, opened, code):
    slack.refusals["chat.postMessage"] = [code]
    with pytest.raises(PermanentDeliveryError, match=f"^slack answered {code}$"):
        await channel.send(opened)


@pytest.mark.parametrize(
    ("refusal", "doubtful"),
    [
        ("ratelimited", False),
        ("service_unavailable", False),
        ("internal_error", True),
        ("an_error_of_next_year", False),
        ((503, {}), True),
        ((429, {}), False),
    ],
)
async def test_these_may_be_tried_again(slack, channel, opened, refusal, doubtful):
    slack.refusals["chat.postMessage"] = [refusal]
    with pytest.raises(TransientDeliveryError) as caught:
        await channel.send(opened)
    assert caught.value.doubtful is doubtful
    assert slack.messages == {}


@pytest.mark.parametrize(("asked", "obeyed"), [("37", 37 * SECOND), ("soon", None), ("9" * 40, None)])
async def test_the_time_that_slack_asks_for_is_known(slack, channel, opened, asked, obeyed):
    slack.refusals["chat.postMessage"] = [(429, {"Retry-After": asked})]
    with pytest.raises(TransientDeliveryError, match=r"^slack answered 429$") as caught:
        await channel.send(opened)
    assert caught.value.retry_after == obeyed


async def test_who_cannot_be_reached_may_be_later_and_no_secret_is_told(message, root_log):
    async with ClientSession() as session:
        channel = SlackChannel(SlackApi(session, BOT, "http://127.0.0.1:1/api"), ROOM)
        with pytest.raises(TransientDeliveryError, match=r"^slack cannot be reached$") as caught:
            await channel.send(message)
    assert not caught.value.doubtful
    assert BOT not in f"{channel!r} {caught.value!r} {root_log.getvalue()}"


async def test_what_left_before_a_crash_is_recognised_and_not_posted_twice(slack, channel, opened):
    sent = await channel.send(opened)
    repeat = replace(opened, standing=replace(opened.standing, doubtful=True))
    assert await channel.send(repeat) == sent
    assert len(slack.messages) == 1


async def test_a_change_that_left_before_a_crash_is_recognised_and_not_told_twice(slack, channel, opened):
    sent = await channel.send(opened)
    change = later(opened, sent, doubtful=True)
    for _ in range(2):
        assert await channel.send(change) == sent
    assert (len(slack.roots), len(slack.replies)) == (1, 1)


async def test_where_the_channel_may_not_be_read_a_doubtful_message_is_posted_again(slack, channel, opened):
    slack.may_read = False
    await channel.send(opened)
    await channel.send(replace(opened, standing=replace(opened.standing, doubtful=True)))
    assert len({each["metadata"]["event_payload"]["key"] for each in slack.roots}) == 1
    assert len(slack.roots) == 2


async def test_a_message_of_no_incident_is_simply_posted(slack, channel, message):
    await channel.send(message)
    assert len(slack.roots) == 1
