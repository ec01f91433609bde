import random
import subprocess
import sys
from array import array
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buzzwatch.ingest.likeness import keys_of
from buzzwatch.model.instant import DAY, HOUR, MINUTE
from buzzwatch.model.mention import Mention
from buzzwatch.model.story import StoryKeys
from buzzwatch.threads.stories import Stories

NOW = 1_767_571_200_000
LOST = "Three hours on the tarmac in Lisbon and nobody at Acme tells us whether this plane will ever leave"
WORDS = [f"{a}{b}" for a in ("ba", "do", "ki", "lu", "mo", "re", "ta", "vi", "so", "ne") for b in "bcdfglmnprst"]


def keys(text, **fields):
    return keys_of(Mention("x", text, datetime(2026, 1, 5, tzinfo=UTC), **fields))


def told(*texts, stories=None, at=NOW):
    """The stories of texts in a row, with their places as ids."""
    stories = stories or Stories()
    return [stories.place(str(number), keys(text), at).story for number, text in enumerate(texts)]


def invented(chance, length=18):
    return " ".join(chance.choices(WORDS, k=length))


@pytest.mark.parametrize(
    "copy",
    [
        f"RT @somebody: {LOST}",
        f"rt @somebody: {LOST.lower()}",
        f"{LOST} https://t.example/x1y2",
        " ".join(LOST.split()[:13]) + " …",
        LOST.replace("nobody", "not one soul"),
        LOST.replace(" tells us", ""),
        LOST.upper() + "!!!",
    ],
)
def test_an_edited_copy_tells_the_story_of_its_original(copy):
    assert told(LOST, copy) == ["0", "0"]


def test_texts_on_one_subject_in_other_words_are_two_stories():
    assert told(LOST, "Acme left us on the tarmac in Lisbon for half the night, then cancelled the plane") == ["0", "1"]


def test_a_copy_of_a_copy_tells_the_story_of_the_first():
    words = LOST.split()
    drift = [" ".join(words[: len(words) - cut]) for cut in (0, 4, 7)]
    assert told(*drift) == ["0", "0", "0"]


def test_the_same_few_words_are_no_copy():
    assert told("Merci beaucoup Acme", "Merci beaucoup Acme") == ["0", "1"]


def test_two_pairs_in_common_are_too_few_to_tell_a_copy():
    assert told("thank you for nothing", "thank you for everything") == ["0", "1"]


def test_a_long_article_cut_after_its_beginning_is_a_copy():
    article = invented(random.Random(1), 600)
    assert told(article, article[:1200]) == ["0", "0"]


def test_of_two_alike_stories_the_more_alike_is_joined():
    words = LOST.split()
    half = " ".join([*words[:6], "while dinner gets cold and the children cry again"])
    more = " ".join([*words[:12], "and the children cry"])
    assert told(half, more)[1] == told(LOST, more)[1] == "0"
    assert told(half, LOST, more) == ["0", "1", "1"]


def test_a_text_unheard_of_for_days_begins_a_new_story():
    stories = Stories()
    assert stories.place("a", keys(LOST), NOW).story == "a"
    assert stories.place("b", keys(LOST), NOW + 3 * DAY).story == "a"
    assert stories.place("c", keys(LOST), NOW + 6 * DAY + 1).story == "c"
    assert stories.place("d", keys(LOST), NOW + 6 * DAY + 2).story == "c"


def test_an_erased_text_tells_nothing():
    assert keys(LOST, deleted=True) == keys("")


def test_a_post_that_points_to_another_tells_its_story():
    stories = Stories()
    stories.place("x:1", keys(LOST, url="https://x.com/lea/status/1?s=20"), NOW)
    assert stories.place("x:2", keys("Read this! https://twitter.com/i/web/status/1"), NOW).story == "x:1"


def test_an_article_heard_from_two_feeds_is_one_story():
    stories = Stories()
    stories.place("feed:1", keys("Panne chez Acme", url="https://www.paper.example/acme?utm_source=a"), NOW)
    assert stories.place("other:1", keys("Acme à l’arrêt", url="http://paper.example/acme/"), NOW).story == "feed:1"


def after_a_week(*places):
    """Stories that have heard ordinary marks for over a week."""
    stories = Stories()
    for day in range(9):
        stories.place(f"before-{day}", keys("Ask us on #help or https://acme.example/help"), NOW + day * DAY)
    return [stories.place(mention, keys(text), NOW + 9 * DAY + at).story for mention, text, at in places]


@pytest.mark.parametrize("mark", ["#BoycottAcme", "https://paper.example/smoke-on-board"])
def test_a_mark_never_heard_before_makes_one_story_of_different_texts(mark):
    assert after_a_week(("a", f"Never again {mark}", 0), ("b", f"Smoke in the cabin {mark}", HOUR)) == ["a", "a"]


@pytest.mark.parametrize("mark", ["#help", "https://acme.example/help"])
def test_a_mark_heard_all_along_joins_nothing(mark):
    assert after_a_week(("a", f"My bag is lost {mark}", 0), ("b", f"No refund yet {mark}", HOUR)) == ["a", "b"]


def test_a_mark_stands_for_its_story_for_three_days():
    said = [("a", "Never again #BoycottAcme", 0), ("b", "Me neither #BoycottAcme", 3 * DAY + 1)]
    assert after_a_week(*said) == ["a", "b"]


def test_no_mark_is_rare_before_a_week_was_heard():
    assert told("Never again #BoycottAcme", "Me neither #BoycottAcme") == ["0", "1"]


def test_a_list_of_hashtags_is_about_none():
    assert keys("#a1 #b2 #c3 #d4 #e5 #f6").marks == ()


def test_a_story_lives_as_long_as_it_is_told_and_memory_stays_bounded():
    chance, stories = random.Random(2), Stories(capacity=200)
    stories.place("first", keys(LOST), NOW)
    for number in range(2_000):
        stories.place(f"x:{number}", keys(invented(chance)), NOW)
        if number % 90 == 0:
            assert stories.place(f"copy-{number}", keys(f"{LOST} {number}"), NOW).story == "first"
    dumped = stories.dump()
    assert len(dumped["texts"]["stories"]) == 201
    assert stories.place("again", keys(invented(random.Random(2))), NOW).story == "again"


def test_a_storm_of_one_text_drives_nothing_else_out():
    stories = Stories(capacity=10)
    stories.place("other", keys(invented(random.Random(3))), NOW)
    for number in range(100):
        stories.place(f"x:{number}", keys(LOST), NOW)
    assert stories.place("late", keys(invented(random.Random(3))), NOW).story == "other"


def random_mentions(chance, count):
    texts = []
    for _ in range(count):
        words = chance.choice(texts).split() if texts and chance.random() < 0.5 else invented(chance).split()
        words[chance.randrange(len(words))] = chance.choice(WORDS)
        texts.append(" ".join(words + chance.choices(["", f"#tag{chance.randrange(9)}"], k=1)))
    return [
        (f"x:{number}", keys(text, url=f"https://p.example/{chance.randrange(50)}" if number % 3 else None))
        for number, text in enumerate(texts)
    ]


@settings(max_examples=15)
@given(seed=st.integers(0, 1 << 32), cut=st.integers(0, 300), capacity=st.sampled_from([2, 40, 1_000]))
def test_dump_and_load_change_nothing(seed, cut, capacity):
    mentions = random_mentions(random.Random(seed), 300)
    stories, step = Stories(capacity), HOUR
    for number, (mention, said) in enumerate(mentions[:cut]):
        stories.place(mention, said, NOW + number * step)
    packed = msgspec.msgpack.encode(stories.dump())
    loaded = Stories.load(msgspec.msgpack.decode(packed))
    assert msgspec.msgpack.encode(loaded.dump()) == packed
    for number, (mention, said) in enumerate(mentions[cut:], cut):
        at = NOW + number * step
        assert loaded.place(mention, said, at) == stories.place(mention, said, at)
    assert loaded.dump() == stories.dump()


def test_a_memory_that_grows_keeps_what_it_knew_and_loads_the_same(monkeypatch):
    monkeypatch.setattr("buzzwatch.threads.stories._FEW_PLACES", 64)
    mentions = random_mentions(random.Random(7), 600)
    stories = Stories()
    placed = [stories.place(mention, said, NOW).story for mention, said in mentions]
    assert [stories.place(mention, said, NOW).story for mention, said in mentions] == placed
    loaded = Stories.load(stories.dump())
    assert loaded._texts._places == stories._texts._places
    assert len(stories._texts._places) > 64


def test_a_dump_is_not_changed_by_what_comes_later():
    stories = Stories()
    stories.place("a", keys(f"{LOST} #tag", url="https://p.example/1"), NOW)
    dumped = stories.dump()
    packed = msgspec.msgpack.encode(dumped)
    stories.place("b", keys(f"{LOST} again #other", url="https://p.example/2"), NOW + MINUTE)
    assert msgspec.msgpack.encode(dumped) == packed


def test_every_process_tells_the_same_stories():
    script = (
        "import random; from hashlib import sha1; import msgspec; from test_stories import *;"
        "stories = Stories(100);"
        "[stories.place(m, k, NOW) for m, k in random_mentions(random.Random(5), 300)];"
        "print(sha1(msgspec.msgpack.encode(stories.dump())).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": __file__.rpartition("/")[0]},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != ""


def test_of_random_copies_nearly_all_and_nothing_else_come_together():
    chance, stories = random.Random(6), Stories()
    given_texts = [(number, invented(chance)) for number in range(1_000)]
    stream = list(given_texts)
    for number, text in given_texts[:300]:
        words = text.split()
        for _ in range(chance.randint(1, 4)):
            kept = words[: chance.randint(13, 18)]
            kept[chance.randrange(len(kept))] = "really"
            stream.append((number, " ".join(kept)))
    chance.shuffle(stream)
    placed = [(number, stories.place(str(place), keys(text), NOW).story) for place, (number, text) in enumerate(stream)]
    of_story = {}
    for number, story in placed:
        of_story.setdefault(story, set()).add(number)
    assert all(len(numbers) == 1 for numbers in of_story.values())
    assert len(of_story) <= 1_010


def crafted(*pairs):
    return StoryKeys(array("I", sorted(pairs)).tobytes())


def test_texts_crafted_to_fall_into_one_place_push_out_nothing_else():
    stories = Stories()
    stories.place("other", keys(LOST), NOW)
    for number in range(1, 2_000):
        apart = crafted(*(number << 18 | pair << 29 | 7 for pair in range(8)))
        assert stories.place(f"x:{number}", apart, NOW).story == f"x:{number}"
    assert stories.place("copy", keys(LOST), NOW).story == "other"


def test_texts_crafted_to_share_one_pair_with_many_are_compared_with_few(monkeypatch):
    stories, compared = Stories(), []
    each = [crafted(number, *(number << 20 | 100 + pair for pair in range(23))) for number in range(1, 13)]
    for number, text in enumerate(each):
        stories.place(f"x:{number}", text, NOW)
    look = stories._texts._most_alike
    monkeypatch.setattr(
        type(stories._texts), "_most_alike", lambda _, mine, rows, at: compared.append(rows) or look(mine, rows, at)
    )
    assert stories.place("all", crafted(*range(1, 13)), NOW).story == "all"
    assert [len(rows) for rows in compared] == [4]


def test_a_copy_is_known_by_the_first_text_of_its_kind_and_a_mere_look_alike_by_its_own():
    stories = Stories()
    first = stories.place("a", keys(LOST), NOW, 1)
    near = stories.place("b", keys(LOST.replace("nobody", "not one soul")), NOW, 2)
    again = stories.place("c", keys(LOST.replace("nobody", "not one soul").replace("plane", "aircraft")), NOW, 3)
    assert [(each.copy, each.copied) for each in (first, near, again)] == [(1, False), (1, True), (1, True)]
    stories.place("want", keys("I want to go to Rome with my dog"), NOW, 4)
    alike = stories.place("too", keys("I want to go to Paris next week alone"), NOW, 5)
    assert (alike.story, alike.copy, alike.copied) == ("want", 5, False)


def test_what_a_story_began_with_is_given_with_each_telling():
    stories = Stories()
    assert stories.place("a", keys(LOST), NOW, opening=b"first").opening == b"first"
    assert stories.place("b", keys(f"RT {LOST}"), NOW, opening=b"second").opening == b"first"
