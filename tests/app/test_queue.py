"""The queue of a running daemon, on its page and at a terminal, and how fast a brand answers."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from buzzwatch.app.queue import describe
from buzzwatch.app.response import summarise
from buzzwatch.cli import app
from buzzwatch.model.input import Gap
from buzzwatch.model.instant import MINUTE, moment_of, next_second
from buzzwatch.model.response import ResponseTimes

PATIENCE_S = 20
RULES = (
    "brand: acme\nname: Acme Airlines\nmatch: {any: [acme]}\nofficial: ['x:@acme_fr']\n"
    "rules: [{name: v, when: {mention: {negativity: 0.5}}, severity: critical, notify: oncall}]\n"
)
ONCALL = """
people:
  ines: {name: Inès, language: fr, reach: {sms: console}}
routes: {oncall: {steps: [{after: 0m, tell: ines}], copy: [console]}}
answer_within: 10m
"""


async def say(daemon, name, text, author="@lea", parent=None):
    told = {
        "id": f"x:{name}",
        "text": text,
        "created_at": moment_of(daemon.clock.now() - 2 * MINUTE).isoformat(),
        "lang": "fr",
        "source": "x",
        "author": {"handle": author, "followers": 1200},
        "url": f"https://x.example/{name}",
        "parent": parent,
    }
    await asyncio.wait_for(daemon.queue.submit("push", json.dumps(told).encode()), PATIENCE_S)
    due = next_second(daemon.clock.now())
    await daemon.clock.wait_until(due + 1)
    await asyncio.wait_for(daemon.queue.tell(Gap(0, "push", due, due)), PATIENCE_S)  # after the tick that decides


async def code_of(daemon, incident):
    return (await daemon.links.url(incident, "ines")).rpartition("/")[2]


async def test_a_link_leads_to_the_queue_until_it_is_answered_or_revoked(daemon):
    await say(daemon, "one", "acme: honteux, scandale, plus jamais")
    (incident,) = daemon.drive.spine.memory.desk.incidents
    code = await code_of(daemon, incident)
    page = await daemon.reception.page(code)
    assert (page.waiting, page.answer_within) == (1, 10 * MINUTE)
    assert page.now - page.unanswered_since >= 2 * MINUTE
    queue = await daemon.reception.queue(code)
    assert [(each.author, each.followers, each.url) for each in queue.waiting] == [
        ("@lea", 1200, "https://x.example/one")
    ]
    assert (queue.brand_name, queue.answer_within) == ("Acme Airlines", 10 * MINUTE)
    told = await daemon.reception.link_queue("acme", "ines")
    own = told.lines[0].removesuffix("/queue").rpartition("/")[2]
    assert len((await daemon.reception.queue(own)).waiting) == 1
    assert await daemon.reception.page(own) is None, "it leads to no incident"
    await say(daemon, "us", "Désolés, nous regardons.", "@acme_fr", "x:one")
    assert (await daemon.reception.queue(own)).waiting == ()
    assert (await daemon.reception.page(code)).unanswered_since is None
    counted = daemon.metrics.registry.get_sample_value("buzzwatch_response_seconds_count", {"brand": "acme"})
    assert counted == 1
    assert (await daemon.reception.revoke("queue:acme")).done
    assert await daemon.reception.queue(own) is None
    assert await daemon.reception.queue("ABCDEFGH") is None


async def test_a_link_is_given_to_people_alone_and_of_brands_alone(daemon):
    assert not (await daemon.reception.link_queue("nobody", "ines")).done
    assert not (await daemon.reception.link_queue("acme", "stranger")).done


async def test_the_command_lists_who_waits_and_how_fast_others_were_answered(daemon, tmp_path):
    async def run(*words):
        told = ["queue", *words, "--config", str(tmp_path / "buzzwatch.yaml")]
        return await asyncio.to_thread(CliRunner().invoke, app, told)

    async def lines(*words):
        return (await run(*words)).output.splitlines()  # among them may be what the daemon logs meanwhile

    assert "acme: no complaint waits for an answer" in await lines()
    assert "acme, 30 days: no complaints" in await lines("acme", "--month")
    await say(daemon, "one", "acme: honteux, scandale, plus jamais \x1b[31m")
    listed = "\n".join(await lines("acme"))
    assert "acme: 1 complaint without an answer, the oldest first, target 10\u00a0min" in listed
    assert "@lea, 1,200 followers: “acme: honteux" in listed
    assert "\x1b[31m" not in listed
    assert "https://x.example/one" in listed
    assert "acme, 30 days: 0 answered, 1 not" in await lines("acme", "--month")
    assert any(line.endswith("/queue") for line in await lines("acme", "--link", "--as", "ines"))
    for words in (["nobody"], ["acme", "--link"]):
        assert (await run(*words)).exit_code == 1


@pytest.mark.parametrize(
    ("spans", "times", "said"),
    [
        ([], ResponseTimes(0, 0, None, None, None), "no complaints"),
        ([None], ResponseTimes(0, 1, None, None, 0.0), "0 answered, 1 not"),
        (
            [10 * MINUTE, None, 10 * MINUTE + 1, MINUTE],
            ResponseTimes(3, 1, 10 * MINUTE, 10 * MINUTE + 1, 0.5),
            "3 answered, 1 not; half within 10 min, nine of ten within 10 min; 50% of all within 10 min",
        ),
        (
            [n * MINUTE for n in range(1, 101)],
            ResponseTimes(100, 0, 50 * MINUTE, 90 * MINUTE, 0.1),
            "100 answered, 0 not; half within 50 min, nine of ten within 1 h 30 min; 10% of all within 10 min",
        ),
    ],
)
def test_times_are_those_that_occurred(spans, times, said):
    assert summarise(spans) == times
    assert describe(times).replace("\u00a0", " ") == said
