"""A few people on a grave subject ring, however little or much else is said; and our own people are nobody's crowd."""

from typing import Any

import pytest
from stage import MONDAY, Scene, crowd, mention, ordinary_days, rules, sighting

from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.model.incident import Severity, Subject
from buzzwatch.model.instant import HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Author, Kind, Sighting
from buzzwatch.notify.facts import Facts

NOON = MONDAY + 12 * HOUR
READER = Reader(rules().brands, load())


def post(at: Instant, name: str, text: str, **changes: Any) -> Sighting:
    """What a text comes to."""
    (seen,) = READER.read(mention(at, name, text=text, **changes), at).sightings
    return seen


def smoke(minute: int, by: str | None = None) -> Sighting:
    """A post about smoke on board, so many minutes after noon."""
    author = Author(id=by, handle=f"@{by}") if by else None
    return post(NOON + minute * MINUTE, f"smoke{minute}", "De la fumée dans l'avion acme", author=author)


def play(*posts: Sighting, per_hour: float = 3.0) -> Scene:
    """An ordinary day on which these posts are heard."""
    scene = Scene(MONDAY, rules())
    day = [*ordinary_days(MONDAY, NOON + 2 * HOUR, per_hour, seed=4), *posts]
    scene.tell(*sorted(day, key=lambda each: each.seen_at))
    scene.run_to(NOON + 2 * HOUR)
    return scene


@pytest.mark.parametrize("per_hour", [3.0, 6.0])
def test_three_authors_about_smoke_page_whatever_the_volume(per_hour: float):
    scene = play(smoke(0, "lea"), smoke(14, "ali"), smoke(29, "eva"), per_hour=per_hour)
    opened = next(change for change in scene.changes if change.incident.rules == ("smoke",))
    assert opened.at == NOON + 29 * MINUTE + SECOND
    assert opened.incident.severity is Severity.CRITICAL
    assert opened.incident.subject == Subject("acme")
    assert opened.incident.samples == ("x:smoke29", "x:smoke14", "x:smoke0")
    assert opened.incident.began_at == NOON
    page = next(notice for notice in scene.notices if notice.page)
    assert page.incident.id == opened.incident.id
    assert "Several people speak of smoke on board" in Facts(page, opened.at).headline().within(200)


@pytest.mark.parametrize(
    "posts",
    [
        pytest.param([smoke(0, "lea"), smoke(14, "ali")], id="two authors"),
        pytest.param([smoke(0, "lea"), smoke(14, "ali"), smoke(45, "eva")], id="the third too late"),
        pytest.param([smoke(minute, "lea") for minute in (0, 9, 18, 27)], id="one author"),
        pytest.param([smoke(0, "lea"), smoke(14, "ali"), smoke(20, "acme_fr")], id="official"),
        pytest.param([smoke(0, "lea"), smoke(14, "ali"), smoke(20, "boss")], id="our people"),
        pytest.param([smoke(0, "lea"), smoke(14, "ali"), smoke(20)], id="unknown author"),
        pytest.param(
            [post(NOON + minute * MINUTE, f"calm{minute}", "un vol acme sans rien") for minute in (0, 9, 18)],
            id="another subject",
        ),
    ],
)
def test_less_than_three_customers_about_smoke_within_half_an_hour_do_not_ring(posts: list[Sighting]):
    assert play(*posts).changes == []


def test_smoke_is_told_though_another_trouble_of_the_brand_was_taken():
    scene = Scene(MONDAY, rules())
    scene.tell(*crowd(NOON - HOUR, 60, 40 * MINUTE))
    scene.run_to(NOON - MINUTE)
    before = len(scene.notices)
    assert scene.live
    scene.tell(smoke(0, "lea"), smoke(1, "ali"), smoke(2, "eva"))
    scene.run_to(NOON + 3 * MINUTE)
    told = [Facts(notice, notice.due_at).headline().within(200) for notice in scene.notices[before:]]
    assert any("Several people speak of smoke on board" in title for title in told)


def news(handle: str, text: str) -> Sighting:
    """A post at noon."""
    return post(NOON, "news", text, author=Author(id="7", handle=handle))


def test_a_press_voice_on_a_boycott_rings():
    scene = play(news("@paper", "Appel au boycott d'acme"))
    opened = scene.changes[0].incident
    assert (opened.rules, opened.severity, opened.samples) == (("press",), Severity.WARNING, ("x:news",))
    assert "The press speaks of a boycott" in Facts(scene.notices[0], NOON).headline().within(200)


@pytest.mark.parametrize(("handle", "text"), [("@paper", "acme ouvre une ligne"), ("@lea", "Appel au boycott d'acme")])
def test_neither_a_press_voice_nor_a_boycott_rings_alone(handle: str, text: str):
    assert play(news(handle, text)).changes == []


def test_what_our_own_people_post_is_no_traffic_and_no_answer():
    scene = Scene(MONDAY, rules())
    scene.tell(sighting(NOON, "root", negativity=0.9))
    ours = {"thread": "x:root", "parent": "x:root", "kind": Kind.REPLY, "voice": "ours"}
    scene.tell(*crowd(NOON + MINUTE, 60, 15 * MINUTE, **ours))
    scene.run_to(NOON + 20 * MINUTE)
    assert scene.changes == []
    slot = scene.spine.memory.tracker.slot_of("acme", "x:root")
    assert slot is not None
    thread = scene.spine.memory.tracker.view(slot, scene.spine.memory.now)
    assert (thread.mentions, thread.authors, thread.answered) == (1, 1, False)
