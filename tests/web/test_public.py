import asyncio
import re
from unittest.mock import AsyncMock

import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from buzzwatch.model.campaign import Campaign
from buzzwatch.model.cause import Cause
from buzzwatch.model.incident import Change, ChangeKind, Drill, Press, Sector, State
from buzzwatch.model.input import Verb
from buzzwatch.model.instant import DAY, MINUTE
from buzzwatch.model.proposal import Proposal
from buzzwatch.web.public import public_app

CODE = "k7Qm2xZ9"
NOW = 1_795_473_600_000  # 23:40 in Paris
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def client(desk, metrics):
    async with TestClient(TestServer(public_app(desk, metrics, "https://bw.example"))) as client:
        yield client


async def text_of(client, path, **headers):
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def press(client, verb, name="ines", headers=OURS, code=CODE):
    async with client.post(f"/i/{code}/{verb}", data={"name": name}, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_a_daemon_that_cannot_work_is_alive_but_not_ready_and_says_why(client, desk):
    desk.reasons = ("The disk is full.",)
    async with client.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": ["The disk is full."]})
    await text_of(client, "/healthz")


async def test_a_daemon_that_can_work_is_ready(client):
    assert await text_of(client, "/readyz") == '{"ready": true, "reasons": []}'


async def test_metrics_come_in_the_text_format_of_prometheus(client, metrics):
    metrics.mentions.labels("broker", "accepted").inc(3)
    assert 'buzzwatch_mentions_total{outcome="accepted",source="broker"} 3.0' in await text_of(client, "/metrics")


async def test_the_page_shows_the_number_beside_the_usual_one(client):
    page = await text_of(client, f"/i/{CODE}")
    assert "46 posts en colère en 15\u00a0min, d&#39;habitude 3,2." in page
    assert "<dd>46</dd>" in page
    assert "<dd>3,2</dd>" in page


async def test_the_page_speaks_the_language_of_the_reader_and_else_of_the_incident(client):
    assert "I take it" in await text_of(client, f"/i/{CODE}", **{"Accept-Language": "en-GB,en;q=0.9,fr;q=0.5"})
    assert "Je prends" in await text_of(client, f"/i/{CODE}", **{"Accept-Language": "de-CH,de;q=0.9"})


async def test_a_story_is_told_as_one_with_the_copies_in_it(client, desk):
    desk.become(reason=replace(desk.record.reason, story="x:9", copies=34))
    page = await text_of(client, f"/i/{CODE}")
    assert "Une même histoire dans 61 posts sans lien entre eux, de 44 auteurs, 72\u202f% en colère." in page
    assert "34 copies d&#39;un même texte" in page


@pytest.mark.parametrize(
    ("language", "word", "speed"),
    [("fr", "CRITIQUE · urgent", "double en 8"), ("en", "CRITICAL · urgent", "doubles in 8")],
)
async def test_how_urgent_it_is_stands_beside_how_important(client, desk, language, word, speed):
    page = await text_of(client, f"/i/{CODE}", **{"Accept-Language": language})
    assert "urgent" not in page
    desk.become(reason=replace(desk.record.reason, doubling=8 * MINUTE))
    page = await text_of(client, f"/i/{CODE}", **{"Accept-Language": language})
    assert word.casefold() in page.casefold()
    assert speed in page


async def test_times_on_the_page_are_those_of_the_brand(client):
    assert "Début : 23:00" in await text_of(client, f"/i/{CODE}")


async def test_hostile_posts_are_shown_as_text(client):
    page = await text_of(client, f"/i/{CODE}")
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;" in page
    assert "<b>eve" not in page
    assert "javascript:" not in page


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "Colère 97 %, pèse le plus : honte, &lt;b&gt;x"),
        ("en", "Anger 97%, weighs most: honte, &lt;b&gt;x"),
    ],
)
async def test_a_post_shows_the_words_that_weighed_most_as_text(client, desk, language, line):
    desk.why = (Cause("honte", 1.2), Cause("<b>x", 0.4))
    page = await text_of(client, f"/i/{CODE}", **{"Accept-Language": language})
    assert line in " ".join(re.sub(r"</?bdi>", "", page).split())
    assert page.count("<bdi>honte</bdi>") == 1


async def test_a_post_that_nobody_can_explain_shows_no_words(client):
    assert "pèse le plus" not in await text_of(client, f"/i/{CODE}")


async def test_links_that_leave_tell_the_other_site_nothing(client):
    links = re.findall(r"<a href=\"https?:[^>]*>", await text_of(client, f"/i/{CODE}"))
    assert len(links) == 2
    assert all('rel="noreferrer nofollow noopener"' in link for link in links)


async def test_an_erased_post_is_said_to_be_erased(client):
    assert "Ce texte a été effacé depuis." in await text_of(client, f"/i/{CODE}")


async def test_nothing_on_the_page_comes_from_elsewhere_or_runs(client):
    async with client.get(f"/i/{CODE}") as answer:
        page, headers = await answer.text(), answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script|<img|<iframe| on[a-z]+=| style=", page)


@pytest.mark.parametrize("path", ["/i/unknown99", "/nothing-here", "/i/%2e%2e"])
async def test_a_page_that_does_not_exist_is_not_found_and_carries_the_same_headers(client, path):
    async with client.get(path) as answer:
        assert answer.status == 404
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_opening_the_link_takes_nothing(client, desk):
    await text_of(client, f"/i/{CODE}")
    for verb in ("take", "wait", "help", "no-matter", "resolve", "snooze", "mark", "confirm", "drop"):
        async with client.get(f"/i/{CODE}/{verb}", headers=OURS) as answer:
            assert answer.status == 405
    assert desk.record.state is State.OPEN


async def test_the_button_takes_the_incident_and_leads_back_to_the_page(client, desk):
    async with client.post(f"/i/{CODE}/take", data={"name": "ines"}, headers=OURS, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"../../i/{CODE}")
    assert desk.record.state is State.TAKEN
    assert "Inès s&#39;en occupe depuis 23:40" in await text_of(client, f"/i/{CODE}")


async def test_an_incident_that_is_over_says_how_long_it_lasted_and_cannot_be_taken(client, desk):
    desk.become(state=State.RESOLVED, closed_at=desk.record.true_at, true_at=desk.record.began_at + 132 * MINUTE)
    page = await text_of(client, f"/i/{CODE}")
    assert "Cela a duré 2\u00a0h\u00a012" in page
    assert "/take" not in page
    assert "/resolve" not in page


async def test_an_incident_that_is_closed_already_cannot_be_taken_and_the_answer_says_so(client, desk):
    await press(client, "resolve")
    status, said = await press(client, "take")
    assert status == 409
    assert "C&#39;est déjà clos." in said
    _, said = await press(client, "take", headers=OURS | {"Accept-Language": "en"})
    assert "It is closed already." in said
    assert f'href="../../i/{CODE}"' in said


@pytest.mark.parametrize("name", ["", "mallory", "Inès"])
async def test_only_people_of_the_list_can_take(client, desk, name):
    assert (await press(client, "take", name))[0] == 400
    assert desk.record.state is State.OPEN


async def test_a_link_that_was_sent_to_a_person_knows_them_and_they_may_say_that_it_is_somebody_else(client, desk):
    desk.holder = "karim"
    page = await text_of(client, f"/i/{CODE}")
    assert "Vous êtes Karim" in page
    assert '<input type="hidden" name="name" value="karim">' in page
    assert "<select" not in page
    other = await text_of(client, f"/i/{CODE}?as=")
    assert "Vous êtes" not in other
    assert "<select" in other


async def test_who_has_left_the_list_is_not_known_by_their_link(client, desk):
    desk.holder = "sophie"
    assert "<select" in await text_of(client, f"/i/{CODE}")


async def test_a_wait_carries_its_time_and_reason(client, desk):
    form = {"name": "ines", "until": "23:59", "why": " le communiqué part "}
    async with client.post(f"/i/{CODE}/wait", data=form, headers=OURS, allow_redirects=False) as answer:
        assert answer.status == 303
    assert (desk.replies[0].until, desk.replies[0].why) == ("23:59", "le communiqué part")


async def test_a_snooze_carries_how_long_it_is(client, desk):
    form = {"name": "ines", "span": "30m", "until": "00:10", "why": ""}
    async with client.post(f"/i/{CODE}/snooze", data=form, headers=OURS, allow_redirects=False) as answer:
        assert answer.status == 303
    assert (desk.replies[0].verb, desk.replies[0].span, desk.replies[0].until) == (Verb.SNOOZE, "30m", "")
    assert "Cela sonnera de nouveau pour Inès à 23:55" in await text_of(client, f"/i/{CODE}")


async def test_a_snooze_that_does_not_say_how_long_is_asked_for_it(client, desk):
    assert (await press(client, "snooze"))[0] == 400
    assert desk.replies == []


async def test_who_has_it_is_not_asked_to_take_it_unless_something_about_it_is_open(client, desk):
    desk.holder = "ines"
    desk.become(state=State.TAKEN, taken_by="ines", taken_at=NOW)
    assert "Je prends" not in await text_of(client, f"/i/{CODE}")
    assert "Je prends le relais" in await text_of(client, f"/i/{CODE}?as=karim")
    desk.become(snooze_until=NOW + 15 * MINUTE)
    assert ">Je prends<" in await text_of(client, f"/i/{CODE}")


async def test_what_is_marked_at_night_waits_and_is_confirmed_or_dropped_by_day(client, desk):
    desk.night_until = NOW + 440 * MINUTE
    for mention in ("x:1", "x:2"):
        async with client.post(
            f"/i/{CODE}/mark", data={"name": "ines", "post": f"not-negative {mention}"}, headers=OURS
        ) as answer:
            assert "Pas négatif, selon Inès : pris en compte demain matin, après confirmation" in await answer.text()
    page = await text_of(client, f"/i/{CODE}/marks")
    assert "À confirmer à partir de 07:00" in page
    assert "Tout confirmer" not in page
    desk.night_until = None
    drop = {"name": "ines", "post": "acme not-negative x:1"}
    assert (await client.post(f"/i/{CODE}/drop", data=drop, headers=OURS, allow_redirects=False)).status == 303
    assert list(desk.proposals) == ["x:2"]
    page = await text_of(client, f"/i/{CODE}/marks")
    assert "Tout confirmer" in page
    shown = {"name": "karim", "shown": "acme not-negative x:2"}
    assert (await client.post(f"/i/{CODE}/confirm", data=shown, headers=OURS, allow_redirects=False)).status == 303
    assert desk.marks["x:2"].confirmed_by == "karim"
    assert "Rien n&#39;attend de confirmation." in await text_of(client, f"/i/{CODE}/marks")


async def test_nothing_is_confirmed_that_the_page_did_not_show(client, desk):
    desk.proposals["x:1"] = Proposal("acme", "x:1", "not-us", "ines", NOW, "acme-20261123-1", NOW + DAY)
    shown = {"name": "karim", "shown": "acme not-negative x:1"}
    assert (await client.post(f"/i/{CODE}/confirm", data=shown, headers=OURS)).status == 409
    assert (await client.post(f"/i/{CODE}/drop", data=shown | {"post": "acme x"}, headers=OURS)).status == 409
    assert list(desk.proposals) == ["x:1"]


@pytest.mark.parametrize("form", [{}, {"until": "23:59"}, {"why": "x"}, {"until": "23:59", "why": "  "}])
async def test_a_wait_without_a_time_or_a_reason_is_asked_for_them(client, desk, form):
    async with client.post(f"/i/{CODE}/wait", data={"name": "ines", **form}, headers=OURS) as answer:
        assert answer.status == 400
    assert desk.replies == []


async def test_the_wait_that_is_proposed_ends_in_half_an_hour_by_the_brands_clock(client):
    assert '<input id="until" name="until" type="time" value="00:10">' in await text_of(client, f"/i/{CODE}")


async def test_the_enter_key_presses_no_answer(client):
    page = await text_of(client, f"/i/{CODE}")
    assert "<button disabled hidden></button>" in page.partition("/take")[2].partition('name="why"')[0]


async def test_whoever_guesses_codes_is_asked_to_wait(client):
    for _ in range(10):
        assert (await press(client, "take", code="unknown99"))[0] == 404
    async with client.get(f"/i/{CODE}") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")


async def test_where_no_people_are_known_anybody_takes_by_name(client, desk):
    desk.people = {}
    assert '<input id="name"' in await text_of(client, f"/i/{CODE}")
    assert (await press(client, "take", "Zoé"))[0] == 303
    assert "Zoé s&#39;en occupe" in await text_of(client, f"/i/{CODE}")


@pytest.mark.parametrize("name", ["", "   ", "z" * 61, "Zoé\nInès"])
async def test_a_name_is_short_and_on_one_line(client, desk, name):
    desk.people = {}
    assert (await press(client, "take", name))[0] == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://bw.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_site_cannot_press_the_button(client, desk, headers):
    assert (await press(client, "take", headers=headers))[0] == 403
    assert desk.record.state is State.OPEN


async def test_a_browser_that_only_names_its_origin_is_believed_behind_a_proxy_too(client, desk):
    assert (await press(client, "take", headers={"Origin": "https://bw.example"}))[0] == 303
    assert desk.record.state is State.TAKEN


async def test_the_button_of_a_link_that_leads_nowhere_does_nothing(client):
    assert (await press(client, "take", code="unknown99"))[0] == 404


async def test_a_form_larger_than_a_name_is_refused(client):
    assert (await press(client, "take", "i" * 100_000))[0] == 413


async def test_the_page_tells_of_the_press_the_calendar_the_sources_and_the_sector(client, desk):
    desk.become(
        press=Press("x:1", desk.record.began_at, "x"),
        reason=replace(
            desk.record.reason,
            sources=("bluesky", "<x>"),
            sector=Sector("airlines", 3, 4),
            campaign=Campaign(0, MINUTE, 5.0, "<i>Soldes</i>"),
        ),
    )
    french, english = [await text_of(client, f"/i/{CODE}", **{"Accept-Language": each}) for each in ("fr", "en")]
    for line in (
        "La presse s&#39;en mêle : @lea, 23:00",
        "Attendu ×5 : &lt;i&gt;Soldes&lt;/i&gt;",
        "Sur 2 sources : bluesky, &lt;x&gt;",
        "Tout le secteur, pas vous seuls : 3 marques sur 4 (airlines)",
    ):
        assert line in french
    for line in (
        "The press has joined: @lea, 23:00",
        "Expected ×5: &lt;i&gt;Soldes",
        "On 2 sources: bluesky",
        "The whole sector, not you alone: 3 of 4 brands (airlines)",
    ):
        assert line in english


async def test_the_history_says_that_the_press_has_joined_in_the_readers_language(client, desk, monkeypatch):
    joined = Change(ChangeKind.WORSENED, desk.record.opened_at, desk.record, why="press")
    shown = replace(await desk.page(CODE), history=(joined,))
    monkeypatch.setattr(desk, "page", AsyncMock(return_value=shown))
    assert "la presse s&#39;en mêle" in await text_of(client, f"/i/{CODE}", **{"Accept-Language": "fr"})
    assert "the press has joined" in await text_of(client, f"/i/{CODE}", **{"Accept-Language": "en"})
    shown = replace(shown, history=(replace(joined, kind=ChangeKind.NOTED),))
    monkeypatch.setattr(desk, "page", AsyncMock(return_value=shown))
    assert "la presse" not in await text_of(client, f"/i/{CODE}", **{"Accept-Language": "fr"}), "a rule of that name"


async def put_mark(client, post, name="ines", headers=OURS):
    body = {"name": name, "post": post}
    async with client.post(f"/i/{CODE}/mark", data=body, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location")


async def test_a_button_under_a_post_marks_it_and_another_takes_the_mark_back(client, desk):
    page = await text_of(client, f"/i/{CODE}")
    for mark, word in (("not-negative", "Pas négatif"), ("negative", "Négatif"), ("not-us", "Pas sur nous")):
        assert f'name="post" value="{mark} x:1">{word}<' in page
    assert await put_mark(client, "not-negative x:1") == (303, f"../../i/{CODE}?as=ines#posts")
    page = await text_of(client, f"/i/{CODE}?as=ines", **{"Accept-Language": "en"})
    assert "Not negative, says Inès, 23:40" in page
    assert 'value="withdraw x:1">Undo<' in page
    assert 'value="negative x:1"' not in page
    assert '<option value="ines" selected>' in page
    assert (await put_mark(client, "withdraw x:1"))[0] == 303
    assert desk.marks == {}


async def test_opening_the_page_marks_nothing(client, desk):
    async with client.get(f"/i/{CODE}/mark", headers=OURS) as answer:
        assert answer.status == 405
    assert desk.marks == {}


async def test_an_erased_post_has_no_buttons(client):
    assert "x:3" not in await text_of(client, f"/i/{CODE}")


async def test_a_post_can_still_be_marked_once_the_incident_is_over(client, desk):
    desk.become(state=State.RESOLVED, closed_at=desk.record.true_at)
    assert 'value="negative x:1"' in await text_of(client, f"/i/{CODE}")
    assert (await put_mark(client, "negative x:1"))[0] == 303


@pytest.mark.parametrize("post", ["", "negative", "negative x:9", "negative x:4", "nice x:1", "negative  x:1"])
async def test_only_what_the_page_shows_can_be_marked_from_it(client, desk, post):
    assert (await put_mark(client, post))[0] == 400
    assert desk.marks == {}


async def test_neither_another_site_nor_a_stranger_can_mark(client, desk):
    assert (await put_mark(client, "negative x:1", headers={"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert (await put_mark(client, "negative x:1", name="mallory"))[0] == 400
    assert desk.marks == {}


async def test_the_enter_key_in_the_name_marks_nothing(client, desk):
    desk.people = {}
    page = await text_of(client, f"/i/{CODE}")
    first = re.search(r'<form id="answers".*?<button([^>]*)>', page, re.DOTALL)[1]
    assert first == " disabled hidden", "a browser presses the first button of a form, unless it is disabled"


async def test_a_name_that_the_address_gives_is_shown_as_text(client, desk):
    desk.people = {}
    assert "<b>" not in await text_of(client, f"/i/{CODE}?as=%22%3E%3Cb%3E")


@pytest.mark.parametrize(("language", "word"), [("fr", "EXERCICE"), ("en", "DRILL")])
@pytest.mark.parametrize("state", [State.OPEN, State.RESOLVED])
async def test_the_page_of_a_drill_says_what_it_is_before_all_else(client, desk, language, word, state):
    reason = replace(desk.record.reason, signal=None, rule="drill")
    desk.become(drill=Drill("karim", (0,)), reason=reason, state=state, closed_at=desk.record.opened_at)
    page = await text_of(client, f"/i/{CODE}", **{"Accept-Language": language})
    title = re.search(r"<title>(.*?)</title>", page).group(1)
    shown = re.sub(r"<head>.*?</head>|<[^>]+>", " ", page, flags=re.DOTALL).split()
    assert title.startswith(f"{word} · ")
    assert shown[0] == word
    assert "posts en colère en" not in page
    assert "angry posts in" not in page


async def test_a_form_is_read_from_whoever_has_a_link_and_no_longer_than_a_form_takes(client, desk, monkeypatch):
    monkeypatch.setattr("buzzwatch.web.public._READ_WITHIN", 0.05)
    for code, status in (("GUESSED9", b"404"), (CODE, b"408")):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"POST /i/{code}/take HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: 9\r\n"
        writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname".encode())
        line = await asyncio.wait_for(reader.readline(), 5)
        assert line.split()[1] == status
        writer.transport.abort()
    assert desk.replies == []
