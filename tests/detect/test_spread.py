"""Who carries the talk of a brand, and when the press joins."""

import random

import msgspec
import pytest
from streams import MONDAY, sighting

from buzzwatch.detect.spread import LEAD, MOST_PRESS, MOST_SOURCES, Carriers
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant
from buzzwatch.model.mention import Kind, Sighting

NOON = MONDAY + 12 * HOUR


def carriers(*sightings: Sighting) -> Carriers:
    counted = Carriers()
    for each in sightings:
        counted.count(each)
    return counted


def press(at: Instant, name: str = "", thread: str = "") -> Sighting:
    name = name or f"press:{at}"
    return sighting(at, mention=name, thread=thread or name, source="press", kind=Kind.ARTICLE)


def joined(since: Instant, *posts: Sighting, threads: set[str] | None = None) -> str | None:
    post = carriers(*posts).jump(since, threads)
    return post and post.mention


def test_sources_are_those_heard_in_the_window_each_once():
    counted = carriers(
        sighting(NOON - HOUR, source="reddit"),
        sighting(NOON - HOUR + 1, source="bluesky"),
        sighting(NOON - 3 * HOUR, source="x"),
        sighting(NOON - MINUTE, source="x"),
        sighting(NOON - 2 * MINUTE, source="x"),
    )
    assert counted.sources(HOUR, NOON) == ("bluesky", "x")
    assert counted.sources(2 * HOUR, NOON) == ("bluesky", "reddit", "x")


@pytest.mark.parametrize("ours", [{"official": True}, {"voice": "ours"}])
def test_our_own_posts_carry_nothing_and_are_no_press(ours: dict[str, object]):
    counted = carriers(sighting(NOON, source="x", kind=Kind.ARTICLE, **ours), sighting(NOON, source="unknown"))
    assert counted.sources(HOUR, NOON) == ()
    assert counted.jump(NOON - HOUR, None) is None


def test_a_late_post_does_not_make_its_source_older():
    counted = carriers(sighting(NOON), sighting(NOON - 5 * HOUR, NOON))
    assert counted.sources(HOUR, NOON) == ("x",)


def test_whoever_invents_sources_fills_no_memory_and_no_order_changes_what_is_kept():
    posts = [sighting(NOON + number % 7, source=f"s{number}", kind=Kind.ARTICLE) for number in range(3_000)]
    kept = []
    for seed in range(3):
        random.Random(seed).shuffle(posts)
        kept.append(carriers(*posts).dump())
    assert kept[0] == kept[1] == kept[2]
    assert (len(kept[0]["heard"]), len(kept[0]["press"])) == (MOST_SOURCES, MOST_PRESS)


def test_the_first_post_of_the_press_after_the_beginning_is_the_jump():
    later, first = press(NOON + 20 * MINUTE), press(NOON + 6 * MINUTE)
    assert joined(NOON, later, first) == first.mention
    assert joined(NOON, sighting(NOON + 6 * MINUTE, voice="press")) is not None
    assert joined(NOON, sighting(NOON + 6 * MINUTE), sighting(NOON + 6 * MINUTE, voice="unions")) is None
    assert joined(NOON, press(NOON - 13 * HOUR)) is None


@pytest.mark.parametrize("earlier", [-LEAD, 0, MINUTE, 11 * HOUR])
def test_what_began_with_the_press_does_not_jump_to_it(earlier: int):
    assert joined(NOON, press(NOON - earlier), press(NOON + HOUR)) is None
    assert joined(NOON, press(NOON - 12 * HOUR), press(NOON + HOUR)) is not None


def test_a_brand_that_is_used_to_the_press_needs_more_of_it_than_usual():
    used = [press(NOON - number * 4 * HOUR) for number in range(1, 40)]
    first = NOON + 10 * MINUTE
    assert joined(NOON, *used, *(press(NOON + number * HOUR) for number in range(1, 3))) is None
    assert joined(NOON, *used, *(press(NOON + number * 4 * HOUR) for number in range(1, 12))) is None
    assert joined(NOON, *used, *(press(first + number * MINUTE) for number in range(3))) == f"press:{first}"


def test_where_the_past_is_forgotten_no_press_is_unusual():
    constant = [press(NOON + number * 5 * MINUTE) for number in range(2 * MOST_PRESS)]
    assert joined(NOON + DAY // 3, *constant) is None


def test_a_conversation_is_joined_in_itself():
    root, inside, outside = "x:root", press(NOON + HOUR, "p:1", "x:root"), press(NOON + MINUTE, "p:2")
    used = [press(NOON - number * HOUR) for number in range(1, 20)]
    assert joined(NOON, *used, outside, threads={root}) is None
    assert joined(NOON, *used, outside, inside, threads={root, "x:other"}) == "p:1"
    assert joined(NOON, press(NOON, "p:0", root), inside, threads={root}) is None, "its root is an article"


def test_a_dump_holds_everything():
    counted = carriers(*(press(NOON + number) for number in range(9)), sighting(NOON))
    again = Carriers.load(msgspec.msgpack.decode(msgspec.msgpack.encode(counted.dump())))
    for each in (counted, again):
        each.count(press(NOON + HOUR))
    assert again.dump() == counted.dump()
    assert again.jump(NOON - HOUR, None) == counted.jump(NOON - HOUR, None)
