"""The status page as text: what it says, to whom, and what it lets nobody do."""

import re

import pytest
from aiohttp.test_utils import TestClient, TestServer
from board_stand_in import CODE, NOW, WALL, StandIn, bad_buzz, brand, brands, calm, crisis, deaf, source
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from buzzwatch.gate.guesses import MOST_MISSES
from buzzwatch.model.ear import Ail
from buzzwatch.model.incident import Drill, Severity
from buzzwatch.model.input import Mark, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.proposal import Proposal
from buzzwatch.model.signal import Trend
from buzzwatch.web.board import BrandRow, Hour, Mood, SilenceRow, StatusView
from buzzwatch.web.control import control_app
from buzzwatch.web.desk import RuleFiles
from buzzwatch.web.public import public_app
from buzzwatch.web.status import MOST_CARDS, Reader, StatusPages, voice_of
from buzzwatch.web.status_lead import lead_of
from buzzwatch.web.status_words import _WORDS

FRENCH, ENGLISH = Reader("fr", personal=True), Reader("en", personal=True)


@pytest.fixture
def board(desk):
    desk.board = StandIn(crisis())
    return desk.board


@pytest.fixture
async def client(desk, board, metrics):
    async with TestClient(TestServer(public_app(desk, metrics))) as client:
        yield client


async def page_of(client, path=f"/i/{CODE}/status", **headers):
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200
        return plain(await answer.text())


def plain(text):
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def shown(view, reader=ENGLISH):
    return plain("".join(StatusPages().show(view, reader).whole.values()))


def sentence(view, language="en"):
    return plain(lead_of(view, voice_of(view, language)).sentence)


@pytest.mark.parametrize(
    ("view", "english", "french"),
    [
        (calm(), "All calm: 3 brands as usual", "Tout est calme : 3 marques comme d’habitude"),
        (calm(1), "All calm: Acme Airlines as usual", "Tout est calme : Acme Airlines comme d’habitude"),
        (calm(0), "No brand is watched yet", "Aucune marque n’est encore suivie"),
        (
            crisis(),
            "Acme Airlines: anger 4 times the usual since 23:10, Inès has it",
            "Acme Airlines : colère 4 fois l’habituelle depuis 23:10, Inès s’en occupe",
        ),
        (
            crisis(who=None),
            "Acme Airlines: anger 4 times the usual since 23:10, nobody has it yet",
            "Acme Airlines : colère 4 fois l’habituelle depuis 23:10, personne ne s’en occupe encore",
        ),
        (
            deaf(),
            "Calm as far as we hear: mastodon has not been heard since 22:53",
            "Calme, pour ce qu’on entend : mastodon est sourde depuis 22:53",
        ),
    ],
)
def test_one_sentence_says_how_everything_stands(view, english, french):
    assert (sentence(view), sentence(view, "fr")) == (english, french)


def test_nothing_heard_is_never_calm():
    view = replace(calm(), sources=(source(deaf=True, ail=Ail.AWAY, since=NOW - HOUR),))
    lead = lead_of(view, voice_of(view, "en"))
    assert (lead.tone, lead.sentence) == ("blind", "We hear nothing: no source has been heard since 22:40")


def test_an_ail_of_the_daemon_is_said_before_calm():
    view = replace(calm(), ails=("the state cannot be written: disk full",))
    assert sentence(view) == "buzzwatch itself needs a look"
    assert "the state cannot be written: disk full" in shown(view)


def test_a_drill_and_a_competitor_are_no_alarm():
    drill = bad_buzz(drill=Drill("ines", ()))
    other = replace(bad_buzz(), competitor=True)
    assert sentence(replace(calm(), incidents=(drill,))).startswith("Drill under way")
    assert sentence(replace(calm(), incidents=(other,))) == "All calm: 3 brands as usual"
    assert 'class="other"' in shown(replace(calm(), incidents=(other,)))
    loud = brand("o", "Other", competitor=True, mood=Mood.LOUD, severity=3, unusual=9.0)
    view = replace(calm(), brands=(*calm().brands, loud))
    assert sentence(view) == "All calm: 3 brands as usual"
    assert re.search(r'id="b-o" class="brand loud other">', shown(view))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"trend": Trend.FADING}, "Acme Airlines: critical incident since 23:10, fading, nobody has it yet"),
        ({}, "Acme Airlines: anger 4 times the usual since 23:10, nobody has it yet"),
    ],
)
def test_what_fades_is_no_longer_counted_in_times(changed, said):
    assert sentence(replace(calm(), incidents=(replace(bad_buzz(), **changed),))) == said


def test_learning_and_unusual_brands_are_named_for_what_they_are():
    first, *others = calm().brands
    learning = replace(first, mood=Mood.LEARNING, low=None, high=None)
    assert sentence(replace(calm(), brands=(learning, *others))) == "All calm: 2 brands as usual, 1 still learning"
    assert sentence(replace(calm(), brands=(learning,))) == "No incident. Still learning what is usual"
    loud = replace(first, mood=Mood.LOUD)
    assert sentence(replace(calm(), brands=(loud, *others))) == "No incident. Acme Airlines: far more posts than usual"


def test_now_stands_beside_usual_and_so_does_the_share():
    page = shown(crisis())
    assert ">61</strong>" in page
    assert "usual 8 to 15" in page
    assert "<strong>64%</strong> negative" in page
    assert "in 1 h, </span>usual 22%" in page


def test_every_picture_has_its_table_its_title_and_no_script():
    page = shown(crisis())
    assert page.count("<svg") == page.count("<table>") == page.count('role="img"') == page.count("<title") == 3
    assert "<td>not heard</td>" in shown(deaf())


def test_sources_messages_rules_and_silences_are_told():
    page = shown(deaf())
    assert "✕ out of reach, since 22:53" in page
    assert "21/h, usual 102" in page
    assert "The files on disk are refused since 22:40: 3 faults." in page
    page = shown(crisis())
    assert "2 wait to leave, the oldest since 23:28." in page
    assert "<strong>Delta Rail</strong> until 2026-11-24 01:40, by Karim: grève annoncée" in page


async def test_a_persons_page_leads_to_incidents_and_a_wall_screens_leads_nowhere(client):
    assert 'href="incident/b0-261123-2310"' in await page_of(client)
    wall = await page_of(client, f"/i/{WALL}/status")
    assert "<a " not in wall
    for code, status in ((CODE, 303), (WALL, 404)):
        async with client.get(f"/i/{code}/incident/b0-261123-2310", allow_redirects=False) as answer:
            assert answer.status == status
            assert answer.headers.get("Location") == ("../../k7Qm2xZ9" if status == 303 else None)


async def test_nothing_on_the_page_acts_and_every_address_is_relative(client):
    page = await page_of(client)
    assert not re.search(r"<form|<button|<input| style=| on[a-z]+=|<style|<script(?! src)", page)
    assert set(re.findall(r'(?:href|src)="([^"]+)"', page)) == {
        "../../static/status.css",
        "../../static/status.js",
        "incident/b0-261123-2310",
        "incident/b1-261123-2310",
    }
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page
    async with client.get(f"/i/{CODE}/status") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


async def test_the_page_is_behind_its_link_and_guessing_is_slowed(client):
    for path in ("status", "events", "incident/x"):
        async with client.get(f"/i/guessed9/{path}") as answer:
            assert answer.status == 404
    for _ in range(MOST_MISSES):
        await client.get("/i/guessed9/events")
    async with client.get(f"/i/{CODE}/status") as answer:
        assert answer.status == 429


@pytest.mark.parametrize("code", [WALL, WALL.lower()])
async def test_a_wall_screens_link_presses_no_button(client, desk, code):
    ours = {"Origin": f"http://{client.host}:{client.port}", "Sec-Fetch-Site": "same-origin"}
    form = {"name": "ines", "span": "15m", "until": "23:50", "why": "x", "post": "negative x:1", "shown": "x"}
    desk.proposals = {"x:1": Proposal("acme", "x:1", Mark.NEGATIVE, "ines", NOW, desk.record.id, NOW + DAY)}
    held = dict(desk.proposals)
    statuses = {"status": 405, "events": 405, "incident/b0-261123-2310": 405}
    for path in (*statuses, *Verb, "mark", "confirm", "drop"):
        async with client.post(f"/i/{code}/{path}", data=form, headers=ours) as answer:
            assert answer.status == statuses.get(path, 404)
    assert (desk.replies, desk.marks, desk.proposals) == ([], {}, held)


async def test_hostile_names_are_text(client, board):
    evil = '<script>alert("1")</script>'
    board.view = replace(
        crisis(),
        brands=(brand("b0", evil), *crisis().brands[1:]),
        incidents=(replace(bad_buzz(), brand_name=evil, who=evil),),
        sources=(source(evil),),
        silences=(SilenceRow(evil, NOW + HOUR, evil, evil),),
        ails=(evil,),
    )
    page = await page_of(client)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 8


def test_thirty_brands_have_pictures_as_far_as_they_fit_and_all_are_named():
    page = shown(replace(calm(), brands=brands(30)))
    assert page.count("<article") == MOST_CARDS
    assert "6 more brands" in page
    assert all(row.name.replace("&", "&amp;") in page for row in brands(30))
    assert 'class="few"' in shown(calm(3))
    assert "<article" not in shown(calm(0))
    assert '<details id="rest" hidden>' in shown(calm(3))


def test_the_list_of_the_calmest_is_new_once_a_minute():
    pages, before = StatusPages(), replace(calm(), brands=brands(30))
    first, (*others, last) = pages.show(before, ENGLISH), before.brands
    moved = replace(before, now=NOW + 1_000, brands=(*others, replace(last, now=99)))
    assert pages.show(moved, ENGLISH).since(first).keys() == {"clock"}
    assert "rest" in pages.show(replace(moved, now=NOW + MINUTE), ENGLISH).since(first)


def test_only_what_changed_is_told():
    pages, before = StatusPages(), crisis()
    first = pages.show(before, FRENCH)
    assert pages.show(before, FRENCH).since(first) == {}
    later = replace(before, now=NOW + 1_000)
    assert pages.show(later, FRENCH).since(first).keys() == {"clock"}
    acme, *others = before.brands
    louder = replace(before, brands=(replace(acme, now=62), *others))
    assert pages.show(louder, FRENCH).since(first).keys() == {"b-b0"}
    other_order = replace(before, brands=(*others, acme))
    assert pages.show(other_order, FRENCH).since(first).keys() == {"brands"}
    pages.forget(calm(0))
    assert pages.show(before, FRENCH) == first


def test_both_languages_fill_the_same_places():
    for english, french in _WORDS.values():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", french))
        assert not re.search(r"[^\s\u202f] ?[:;!?](?!\d)", french.replace("\u202f:", ""))


words = st.text('a<&"é', min_size=1, max_size=8)
numbers = st.one_of(st.just(0.0), st.floats(0, 1e12), st.just(1e-9))
some_hours = st.builds(
    Hour, st.integers(0, NOW), st.none() | st.integers(0, 10**12), numbers, st.integers(0, 10**12), st.none() | numbers,
    st.none() | numbers, st.booleans(),
)  # fmt: skip
rows = st.builds(
    BrandRow, words, words, st.booleans(), st.sampled_from(Mood), st.integers(0, 10**12),
    st.none() | numbers, st.none() | numbers, st.none() | st.floats(0, 1), st.integers(0, DAY),
    st.none() | st.floats(0, 1), numbers, st.sampled_from([0, *Severity]),
    st.just(()) | st.lists(some_hours, min_size=1, max_size=2).map(lambda few: tuple(few * 24)[:24]),
)  # fmt: skip
views = st.builds(
    StatusView,
    now=st.just(NOW),
    timezone=st.just("Europe/Paris"),
    language=st.sampled_from(["fr", "en", "de"]),
    brands=st.lists(rows, max_size=2, unique_by=lambda row: row.key).map(tuple),
    incidents=st.lists(st.builds(bad_buzz, who=st.none() | words, severity=st.sampled_from(Severity)), max_size=2),
    sources=st.lists(
        st.builds(source, words, deaf=st.booleans(), ail=st.none() | st.sampled_from(Ail)), max_size=2
    ).map(tuple),
    waiting=st.integers(0, 10**6),
    waiting_since=st.none() | st.integers(0, NOW),
    rule_files=st.builds(RuleFiles, st.integers(0, NOW), st.none() | st.just(NOW - MINUTE), st.none() | st.just(NOW)),
    ails=st.lists(words, max_size=1).map(tuple),
)


@given(views, st.sampled_from([FRENCH, ENGLISH]))
@settings(max_examples=8, deadline=None)
def test_the_page_is_rendered_whatever_the_state(view, reader):
    page = StatusPages().page(view, reader, "v")
    assert not re.search(r"\b(nan|inf)\b", page)


async def test_the_commands_get_the_same_and_links(desk, board, tmp_path):
    async with TestClient(TestServer(control_app(desk))) as client:
        async with client.post("/board") as answer:
            assert (await answer.json())["brands"][0]["name"] == "Acme Airlines"
        async with client.post("/status-link", json={"by": "ines"}) as answer:
            assert (await answer.json())["lines"] == [f"https://bw.example/i/{CODE}/status"]
        async with client.post("/status-link", json={"by": "eve"}) as answer:
            assert answer.status == 409
