"""The page of the complaints that wait, and the public clock on the page of an incident."""

import re

import pytest
from aiohttp.test_utils import TestClient, TestServer

from buzzwatch.gate.guesses import MOST_MISSES
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.web.control import control_app
from buzzwatch.web.desk import Waiting
from buzzwatch.web.public import public_app

CODE = "k7Qm2xZ9"
NOW = 1_795_473_600_000


@pytest.fixture
async def client(desk, metrics):
    async with TestClient(TestServer(public_app(desk, metrics, "https://bw.example"))) as client:
        yield client


@pytest.fixture
def waiting(desk):
    desk.queued = (
        Waiting("Acme", NOW - 3 * HOUR, "Huit heures à Orly", "@lea", 1_200, 9_000, 3, "https://x.example/1"),
        Waiting("Acme", NOW - 28 * MINUTE, '<script>x("1")</script>', "<b>eve</b>", 5, None, 1, "javascript:alert(1)"),
        Waiting("Acme", NOW - 20 * MINUTE, None, None, None, None, 1, None),
        Waiting("Acme", NOW - 4 * MINUTE, "Très suivi", "@star", 9_000_000, None, 1, None),
    )
    return desk.queued


async def page_of(client, path=f"/i/{CODE}/queue", **headers):
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200
        return " ".join((await answer.text()).replace("\u00a0", " ").replace("\u202f", " ").split())


async def test_the_oldest_comes_first_however_many_follow_the_others(client, waiting):
    page = await page_of(client)
    told = re.findall(r"attend depuis ([\w ]+?)</strong>", page)
    assert told == ["3 h", "28 min", "20 min", "4 min"]
    assert "5 plaintes attendent une réponse." in page
    assert "Et 1 autres." in page
    assert "1 200 abonnés · 9 000 vues · 3e plainte en un an" in page
    assert "9 000 000 abonnés" in page


async def test_waiting_stands_beside_the_target_and_what_is_over_it_says_so(client, waiting):
    page = await page_of(client, **{"Accept-Language": "en"})
    assert "target 10 min" in page
    assert page.count("over the target") == page.count('<li class="late">') == 3
    assert "waiting for 28 min" in page


async def test_nobody_waiting_is_said_in_one_sentence(client):
    assert "Aucune plainte n&#39;attend de réponse." in await page_of(client)
    assert "No complaint waits for an answer." in await page_of(client, **{"Accept-Language": "en"})


async def test_hostile_posts_and_links_are_text(client, waiting):
    page = await page_of(client)
    assert "&lt;script&gt;x(&#34;1&#34;)&lt;/script&gt;" in page
    assert not re.search(r"<script|<b>eve|javascript:| on[a-z]+=| style=", page)
    assert re.findall(r'href="(https?:[^"]*)" rel="([^"]*)"', page) == [
        ("https://x.example/1", "noreferrer nofollow noopener")
    ]
    assert "Ce texte a été effacé depuis." in page


async def test_the_queue_is_open_to_nobody_without_a_link_and_guessing_is_slowed(client):
    async with client.get("/queue") as answer:
        assert answer.status == 404
    for _ in range(MOST_MISSES):
        async with client.get("/i/guessed99/queue") as answer:
            assert answer.status == 404
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    async with client.get(f"/i/{CODE}/queue") as answer:
        assert answer.status == 429


async def test_the_incident_page_shows_the_public_clock_and_leads_to_the_queue(client, desk):
    assert "Sans réponse officielle" not in await page_of(client, f"/i/{CODE}")
    desk.clock = {"unanswered_since": NOW - 28 * MINUTE, "answer_within": 10 * MINUTE, "waiting": 4}
    page = await page_of(client, f"/i/{CODE}")
    assert "Sans réponse officielle depuis 28 min · objectif 10 min" in page
    assert f'<a href="../i/{CODE}/queue">Toutes les plaintes sans réponse (4)</a>' in page


async def test_a_link_to_the_queue_is_asked_for_through_the_control_socket(desk):
    async with TestClient(TestServer(control_app(desk))) as client:
        async with client.post("/queue-link", json={"brand": "acme", "by": "ines"}) as answer:
            assert (answer.status, (await answer.json())["lines"]) == (
                200,
                [f"https://bw.example/i/{CODE}/queue for ines"],
            )
        async with client.post("/queue-link", json={"brand": "nobody", "by": "ines"}) as answer:
            assert answer.status == 409
