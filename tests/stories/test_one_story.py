"""Texts that look alike, or share what nobody else says, are one story; copies of a text count once for its anger."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stage import MONDAY, Scene, mention, ordinary_days, own_words, rules

from buzzwatch.app.explain.incident import explain
from buzzwatch.detect.thread import Escalation
from buzzwatch.ingest.scorer import load
from buzzwatch.ingest.sight import Reader
from buzzwatch.memory import Memory
from buzzwatch.model.incident import ChangeKind, Incident, Subject
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Instant
from buzzwatch.model.mention import Author, Kind, Sighting
from buzzwatch.model.signal import Detector
from buzzwatch.notify.facts import Facts
from buzzwatch.notify.render import render
from buzzwatch.notify.sms import SEGMENT, septets
from buzzwatch.spine import Spine
from buzzwatch.store.batch import Batch
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import Ledger
from buzzwatch.threads.tales import MOST_TELLINGS, Tales
from buzzwatch.threads.tracker import Tracker

NOON = MONDAY + 12 * HOUR
READER = Reader(rules().brands, load())
AGENCY = "Acme cloue au sol toute sa flotte après un scandale de maintenance, des milliers de passagers bloqués à Paris"


def post(at: Instant, name: str, text: str, brand: str = "acme", **changes: Any) -> Sighting:
    """What a text comes to; `negativity` is said rather than read."""
    negativity = changes.pop("negativity", 0.9)
    seen = READER.read(mention(at, name, brand, text=text, **changes), at).sightings
    return msgspec.structs.replace(next(each for each in seen if each.brand == brand), negativity=negativity)


def agency(count: int, since: Instant = NOON, span: int = 15 * MINUTE, **changes: Any) -> list[Sighting]:
    """One text by as many accounts, evenly spread, each with a link of its own."""
    return [
        post(since + number * span // count, f"a{number}", f"{AGENCY} https://t.example/{number}", **changes)
        for number in range(count)
    ]


def edited(number: int, text: str = AGENCY) -> str:
    """As somebody else passes it on."""
    words = text.split()
    place = 2 + number * 5 % (len(words) - 4)
    ways = [
        [*words[:place], own_words(f"e{number}").split()[0], *words[place + 1 :]],
        [*words[:place], *words[place + 1 :]],
        ["RT", f"@somebody{number}:", *words],
        [*words[: len(words) - 3], "…"],
        [word.lower().replace("è", "e").replace("à", "a") for word in words],
        [*words, f"https://t.example/{number}", "@friend"],
    ]
    return " ".join(ways[number % len(ways)])


def play(posts: Iterable[Sighting], until: Instant = NOON + 30 * MINUTE, scene: Scene | None = None) -> Scene:
    scene = scene or Scene(MONDAY, rules())
    scene.tell(*sorted(posts, key=lambda each: each.seen_at))
    scene.run_to(until)
    return scene


def fresh(scene: Scene, brand: str = "acme", over: int = HOUR) -> float:
    """Negative mentions that count: a sum of probabilities."""
    return scene.spine.memory.pulses[brand].signal(Detector.NEGATIVITY, over).observed


def story_view(scene: Scene, story: str, brand: str = "acme") -> Any:
    tracker = scene.spine.memory.tales.tracker
    slot = tracker.slot_of(brand, story)
    return None if slot is None else tracker.view(slot, scene.spine.memory.now)


def opened(scene: Scene) -> list[Incident]:
    return [change.incident for change in scene.changes if change.kind is ChangeKind.OPENED]


def test_an_agencys_text_by_sixty_accounts_counts_once_for_anger_and_rings_volume():
    scene = play(agency(60))
    assert fresh(scene) == pytest.approx(0.9)
    assert scene.spine.memory.pulses["acme"].mentions(HOUR) == 60
    (incident,) = scene.live
    assert "sudden-volume" in incident.rules
    assert "bad-buzz" not in incident.rules
    assert incident.reason.copies == incident.reason.mentions >= 15, "all of those heard when it rang"


def test_sixty_angry_people_in_their_own_words_ring_bad_buzz_and_are_no_story():
    scene = play(post(NOON + n * 15 * SECOND, f"p{n}", f"acme honte {own_words(f'p{n}')}") for n in range(60))
    assert fresh(scene) == pytest.approx(54)
    assert len(scene.spine.memory.tales.tracker) == 0
    assert "bad-buzz" in scene.live[0].rules
    assert scene.live[0].reason.copies == 0


def test_a_copy_paste_campaign_escalates_as_one_story_and_opens_one_incident():
    scene = play(post(NOON + n * 12 * SECOND, f"c{n}", edited(n)) for n in range(80))
    view = story_view(scene, "x:c0")
    assert (view.mentions, view.authors, view.first_at) == (80, 80, NOON)
    assert view.negative_share == pytest.approx(0.9)
    (incident,) = opened(scene)
    assert "thread-escalating" in scene.live[0].rules
    assert incident.subject in {Subject("acme"), Subject("acme", story="x:c0")}
    assert Subject("acme", story="x:c0") in (incident.subject, *scene.live[0].covers)


def test_the_alert_of_a_story_says_what_it_is_and_its_sms_is_one_segment():
    scene = play(post(NOON + n * 12 * SECOND, f"c{n}", edited(n)) for n in range(80))
    notices = [n for n in scene.notices if n.incident.reason.story]
    assert notices
    for language, line, copies in (
        ("fr", "une même histoire se répand : ", "Dont 15 copies d’un même texte"),
        ("en", "one story is spreading: ", "Of these, 15 copies of one text"),
    ):
        notice = msgspec.structs.replace(notices[0], language=language)
        counted = msgspec.structs.replace(notice.incident.reason, copies=15)
        told = msgspec.structs.replace(notice, incident=msgspec.structs.replace(notice.incident, reason=counted))
        said = Facts(told, NOON).line().replace("\u00a0", " ")
        assert line in said
        assert "posts sans lien entre eux" in said or "separate posts" in said
        message = render(told, (), "https://bw.example/i/abcdefgh", NOON)
        assert copies in message.text.replace("\u00a0", " ")
        assert septets(message.short) <= SEGMENT
    assert notices[0].incident.samples[0] == "x:c0"


def learn_marks() -> list[Sighting]:
    """Over a week of ordinary marks."""
    return [
        post(MONDAY - 9 * DAY + day * DAY, f"w{day}", f"acme aide #help {own_words(f'w{day}')}", negativity=0.1)
        for day in range(9)
    ]


def test_forty_angry_texts_under_one_new_hashtag_are_one_story_and_all_count():
    scene = Scene(MONDAY - 10 * DAY, rules())
    play(learn_marks(), MONDAY, scene)
    posts = [post(NOON + n * 20 * SECOND, f"h{n}", f"#BoycottAcme {own_words(f'h{n}')}") for n in range(40)]
    play(posts, NOON + 14 * MINUTE, scene)
    assert fresh(scene) == pytest.approx(36)
    assert story_view(scene, "x:h0").mentions == 40
    assert scene.spine.memory.tales.copies("acme", NOON) == 0
    assert len(opened(scene)) == 1


def test_what_is_reposted_within_a_conversation_opens_no_second_incident_and_no_story():
    root = post(NOON, "root", AGENCY)
    talk = [
        post(NOON + (n + 1) * 10 * SECOND, f"r{n}", AGENCY, root="x:root", kind=Kind.REPOST, negativity=0.9)
        for n in range(80)
    ]
    scene = play([root, *talk])
    assert len(scene.spine.memory.tales.tracker) == 0
    assert len(opened(scene)) == 1
    assert fresh(scene) == pytest.approx(0.9)


def test_reposts_by_hand_of_a_live_conversation_are_its_incident():
    root = post(NOON, "root", AGENCY)
    replies = [
        post(NOON + (n + 1) * 10 * SECOND, f"r{n}", f"acme {own_words(f'r{n}')}", root="x:root") for n in range(60)
    ]
    by_hand = [post(NOON + 3 * MINUTE + n * 10 * SECOND, f"rt{n}", f"RT @x: {AGENCY}") for n in range(60)]
    scene = play([root, *replies, *by_hand])
    assert story_view(scene, "x:root").mentions == 61
    assert len(scene.live) == 1


def test_a_story_told_mostly_in_one_conversation_is_its_incident():
    first = post(NOON, "first", AGENCY)
    root = post(NOON + SECOND, "root", f"acme honte {own_words('root')}")
    pasted = [
        post(NOON + MINUTE + n * 8 * SECOND, f"p{n}", edited(n), **({"root": "x:root"} if n % 3 else {}))
        for n in range(90)
    ]
    scene = play([first, root, *pasted])
    assert scene.spine.memory.tales.share("acme", "x:first", "x:root") == pytest.approx(2 / 3, abs=0.02)
    assert len(opened(scene)) == 1


def test_two_brands_may_share_a_story():
    text = "Acme et Zephyr ferment ensemble leurs agences et licencient la moitié de leurs employés dès demain matin"
    seen = [post(NOON + n * 12 * SECOND, f"b{n}", text, brand) for n in range(60) for brand in ("acme", "zephyr")]
    scene = play(seen)
    assert story_view(scene, "x:b0", "acme").mentions == story_view(scene, "x:b0", "zephyr").mentions == 60
    assert {incident.subject.brand for incident in scene.live} >= {"acme"}
    assert fresh(scene, "zephyr") == pytest.approx(0.9)


def test_our_own_post_begins_a_story_without_counting_and_our_reply_answers_it():
    ours = Author(id="acme", handle="@acme_fr")
    scene = play([post(NOON, "us", AGENCY, author=ours), *agency(20, NOON + MINUTE)])
    assert story_view(scene, "x:us").mentions == 20
    assert not story_view(scene, "x:us").answered
    play([post(NOON + 31 * MINUTE, "re", "Désolés, acme.", author=ours, root="x:a19")], NOON + 32 * MINUTE, scene)
    assert story_view(scene, "x:us").answered


def test_a_late_copy_enters_no_story():
    late = msgspec.structs.replace(post(NOON, "late", AGENCY), posted_at=NOON - 13 * HOUR)
    scene = play([late, post(NOON + SECOND, "next", AGENCY)])
    assert len(scene.spine.memory.tales.tracker) == 0


@pytest.mark.parametrize("number", range(6))
def test_a_copy_with_a_word_or_two_changed_counts_once(number: int):
    again = edited(number, edited(number + 6, AGENCY)) if number in (0, 1) else edited(number)
    scene = play([post(NOON, "one", AGENCY), post(NOON + MINUTE, "two", again, negativity=0.8)])
    assert fresh(scene) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("acme est vraiment la pire des compagnies", "acme est vraiment la pire chose de ma vie entière hélas"),
        ("I want to go to Rome with acme tomorrow", "I want to go to Berlin with my dog acme says no"),
        ("honte à acme", "honte à acme"),
    ],
)
def test_what_people_say_in_the_words_of_their_language_is_no_copy(one: str, two: str):
    scene = play([post(NOON, "one", one), post(NOON + MINUTE, "two", two)])
    assert fresh(scene) == pytest.approx(1.8)


def test_the_first_text_may_be_erased_and_its_copies_are_still_known():
    first = post(NOON, "one", AGENCY)
    assert READER.read(mention(NOON, "one", text="", brand="acme", deleted=True), NOON).sightings == ()
    scene = play([first, *agency(5, NOON + MINUTE)])
    assert AGENCY.split()[1] not in str(scene.spine.memory.dump())
    assert story_view(scene, "x:one").mentions == 6


def test_counts_are_equal_in_whatever_order_the_copies_of_a_second_come():
    dice = random.Random(3)
    posts = [
        msgspec.structs.replace(
            post(NOON - n % 4 * MINUTE, f"o{n}", AGENCY if n % 2 else edited(2), negativity=n / 20), seen_at=NOON
        )
        for n in range(16)
    ]
    found = set()
    for _ in range(6):
        dice.shuffle(posts)
        scene = Scene(MONDAY, rules())
        scene.tell(post(NOON - HOUR, "before", "acme vole"), *posts)
        scene.run_to(NOON + SECOND)
        pulse = scene.spine.memory.pulses["acme"]
        views = [story_view(scene, each.mention) for each in posts]
        (view,) = [each for each in views if each is not None]
        found.add(
            (pulse.share(15 * MINUTE), pulse.mentions(HOUR), view.mentions, view.authors, view.first_at,
             view.negative_share, scene.spine.memory.tales.copies("acme", 0))
        )  # fmt: skip
    assert len(found) == 1


def all_sorts() -> list[Sighting]:
    """An hour with stories of every kind."""
    dice = random.Random(5)
    posts = [
        *agency(30),
        *(post(NOON + n * 30 * SECOND, f"s{n}", edited(n), negativity=dice.random()) for n in range(60)),
    ]
    posts += [post(NOON + n * MINUTE, f"t{n}", f"#AcmeGate {own_words(f't{n}')}") for n in range(20)]
    posts += [post(NOON + n * MINUTE + 1, f"u{n}", AGENCY, root="x:a0", kind=Kind.REPOST) for n in range(20)]
    posts += ordinary_days(NOON, NOON + HOUR, 30.0, seed=6)
    return sorted(posts, key=lambda each: (each.seen_at, each.mention))


def reloaded(spine: Spine) -> Spine:
    dumped = msgspec.msgpack.decode(msgspec.msgpack.encode(spine.memory.dump()))
    return Spine(Memory.load(dumped, rules()))


def test_a_story_survives_a_restart_in_the_middle():
    posts = all_sorts()
    for cut in (1, 40, len(posts) // 2):
        through, again = Scene(MONDAY, rules()), Scene(MONDAY, rules())
        through.tell(*posts[:cut])
        again.tell(*posts[:cut])
        again.spine = reloaded(again.spine)
        assert again.spine.memory.digest() == through.spine.memory.digest()
        for scene in (through, again):
            scene.tell(*posts[cut:])
            scene.run_to(NOON + 2 * HOUR)
        assert again.outcomes == through.outcomes
        assert again.spine.memory.digest() == through.spine.memory.digest()


def test_explain_names_the_story_and_its_copies(tmp_path: Path):
    scene = play(post(NOON + n * 12 * SECOND, f"c{n}", edited(n)) for n in range(80))
    database = open_database(tmp_path)
    batch = Batch(seq=1, now=scene.spine.memory.now, outcomes=scene.outcomes)
    Ledger(database).commit(batch)
    lines = "\n".join(explain(database, scene.live[0].id) or [])
    database.close()
    assert "copies of one text" in lines


def test_what_stories_remember_is_bounded():
    texts, capacity = 50, 20
    tales, talks = Tales(Escalation(), capacity, texts), Tracker(Escalation())
    sizes: list[int] = []
    for round_ in range(3):
        for number in range(600):
            name = f"{round_}.{number}"
            for half in "ab":
                seen = post(NOON + round_, f"{name}{half}", f"acme {own_words(name)}")
                talks.count(seen)
                tales.hear(seen, talks)
        sizes.append(len(msgspec.msgpack.encode(tales.dump()["stories"])))
    assert len(tales.tracker) <= capacity
    assert sizes[1] == pytest.approx(sizes[2], rel=0.05)
    assert len(tales.dump()["tellings"]["acme"]["columns"][0]) == 4 * MOST_TELLINGS


def hostile(posts: Sequence[Sighting]) -> Scene:
    scene = Scene(MONDAY, rules())
    for each in posts:
        scene.spine.step(each)
    return scene


def test_a_flood_of_different_texts_with_one_link_is_one_story_of_different_voices():
    told = post(NOON, "f", f"acme https://paper.example/one {own_words('f')}", url="https://paper.example/one")
    posts = [
        msgspec.structs.replace(
            told, mention=f"x:f{n}", thread=f"x:f{n}", author=n + 1, copy=n + 1,
            keys=msgspec.structs.replace(told.keys, pairs=random.Random(n).randbytes(96), address=n * (n > 0)),
        )
        for n in range(5_000)
    ]  # fmt: skip
    first = msgspec.structs.replace(told, mention="x:first", thread="x:first")
    scene = hostile([first, *posts])
    assert story_view(scene, "x:first").mentions == 5_001
    assert scene.spine.memory.pulses["acme"].share(HOUR) == pytest.approx(0.9)
