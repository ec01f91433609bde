"""A press of a button in Slack does what the incident's page does, for people who are known."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from buzzwatch.app.channels import SlackApp
from buzzwatch.app.secret import Secrets
from buzzwatch.app.slack_answers import DEAF_AFTER, SlackAnswers
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.delivery.channels.slack_menu import ACTION
from buzzwatch.model.brand import Person
from buzzwatch.model.instant import HOUR, MINUTE, SECOND
from buzzwatch.web.desk import Answer

PEOPLE = {
    "ines": Person("ines", "Inès", "fr", {"console": "console"}, "U0INES"),
    "karim": Person("karim", "Karim", "fr", {"console": "console"}),
}


class Desk:
    def __init__(self):
        self.asked = []
        self.says = Answer(done=True)

    async def answer(self, reply):
        more = [part for part in (reply.span, reply.why) if part]
        self.asked.append((str(reply.verb), reply.incident, reply.by, *more))
        return self.says


@pytest.fixture
def told():
    return []


@pytest.fixture
async def press(told):
    """Press a button; gives what was asked of the desk."""

    async def respond(request):
        told.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/respond", respond)
    server = TestServer(app)
    await server.start_server(access_log=None)
    desk, url = Desk(), f"http://127.0.0.1:{server.port}"

    async def press(action="take", user="U0INES", people=PEOPLE, answer=None, reply=f"{url}/respond", option=None):
        desk.asked.clear()
        desk.says = answer or desk.says
        settings = SlackApp(app_token="xapp", api=f"{url}/api")
        answers = SlackAnswers(settings, Secrets({}), desk, lambda: people, VirtualClock(0))
        await answers.hear(
            {
                "type": "block_actions",
                "user": {"id": user, "username": "ines.b"},
                "response_url": reply,
                "actions": [
                    {"action_id": action, "value": "acme-1"}
                    if option is None
                    else {"action_id": ACTION, "type": "static_select", "selected_option": {"value": option}}
                ],
            }
        )
        await answers.close()
        return list(desk.asked)

    yield press
    await server.close()


@pytest.mark.parametrize("action", ["take", "resolve"])
async def test_the_press_counts_for_the_person_whose_account_it_is(press, told, action):
    assert await press(action) == [(action, "acme-1", "ines")]
    assert told == []


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("snooze 15m acme-1", ("snooze", "acme-1", "ines", "15m")),
        ("wait 1h acme-1", ("wait", "acme-1", "ines", "1h", "la réponse est en cours de rédaction")),
        ("help - acme-1", ("help", "acme-1", "ines")),
        ("no-matter - acme-1", ("no-matter", "acme-1", "ines")),
    ],
)
async def test_a_choice_of_the_menu_counts_for_the_person_with_a_reason_in_their_language(press, option, asked):
    assert await press(option=option) == [asked]


@pytest.mark.parametrize("option", ["", "snooze", "snooze 9h acme-1", "wait 1m acme-1", "take - acme-1", "x y z"])
async def test_a_choice_that_is_none_of_ours_does_nothing(press, option):
    assert await press(option=option) == []


async def test_what_could_not_be_done_is_told_in_the_language_of_who_pressed(press, told):
    await press(answer=Answer(done=False, lines=("acme-1 is closed already",), why="closed"))
    assert [reply["text"] for reply in told] == ["C'est déjà clos."]


async def test_who_is_unknown_is_told_so_and_nobody_else_is(press, told):
    assert await press(user="U0EVE") == []
    [reply] = told
    assert (reply["response_type"], reply["replace_original"]) == ("ephemeral", False)
    assert "U0EVE" in reply["text"]


async def test_what_could_not_be_done_is_told_to_the_one_who_pressed(press, told):
    await press(answer=Answer(done=False, lines=("acme-1 is closed <already>",)))
    assert [reply["text"] for reply in told] == ["acme-1 is closed &lt;already&gt;"]


async def test_where_no_people_are_known_anybody_answers_by_their_name(press):
    assert await press(user="U0EVE", people={}) == [("take", "acme-1", "ines.b")]


@pytest.mark.parametrize("reply", ["", "https://evil.example/x", "file:///etc/passwd", "http://evil127.0.0.1/x"])
async def test_nothing_is_told_to_an_address_that_is_not_slacks(press, told, reply):
    await press(user="U0EVE", reply=reply)
    assert told == []


async def test_other_buttons_and_strange_payloads_do_nothing(press):
    assert await press("something-else") == []
    answers = SlackAnswers(SlackApp(app_token="xapp"), Secrets({}), Desk(), lambda: PEOPLE, VirtualClock(0))
    await answers.hear({"type": "view_submission"})


async def test_a_loss_that_lasts_is_told_once_and_so_is_its_end():
    clock, told = VirtualClock(0), []
    answers = SlackAnswers(SlackApp(app_token="xapp", api="http://127.0.0.1:9/api"), Secrets({}), Desk(), dict, clock)
    answers.tell = told.append
    listening = asyncio.create_task(answers.run())
    await settle()
    await clock.advance(DEAF_AFTER - SECOND)
    assert told == []
    async with asyncio.timeout(20):
        while not told:
            await clock.advance(MINUTE)
    await clock.advance(HOUR)
    listening.cancel()
    await asyncio.wait([listening])
    answers._note(heard=True, why="")
    answers._note(heard=False, why="the connection ended")
    answers._note(heard=True, why="")
    await answers.close()
    assert [(trouble.key, trouble.since, trouble.over) for trouble in told] == [
        ("slack-answers", 0, False),
        ("slack-answers", 0, True),
    ]
    assert told[0].text.startswith("presses of buttons in Slack are not heard: ")
