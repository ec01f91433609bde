"""One post told by several sources is one mention."""

import itertools
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.app.naming import join, open_payload, rename
from buzzwatch.app.recover import recover
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock
from buzzwatch.ingest.identity import post_id
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import HOUR, MINUTE
from buzzwatch.model.mention import Author, Kind, Mention
from buzzwatch.model.receipt import Receipt
from buzzwatch.store.database import open_for_reading
from buzzwatch.store.journal import read_mentions
from buzzwatch.store.texts import MOST_REMEMBERED, REMEMBERED

NOON = MONDAY + 12 * HOUR
URL = "https://x.com/lea/status/1790"
DID = "did:plc:abcdefghijklmnopqrstuvwx"


@pytest.fixture
async def house(tmp_path: Path) -> House:
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    yield house
    await house.kill()


NATIVE = mention(NOON, "1790", text="acme lost my bag, the whole story", url=URL)
TOOL = mention(NOON, "1790", id="t:55", text="acme lost my bag, the…", url=URL)
OTHER = mention(NOON, "1790", id="m:9", text="acme lost my bag", url="https://twitter.com/i/web/status/1790?s=20")


async def say(house: House, road: str, *mentions: Mention) -> Receipt:
    return await house._hear(house.queue.submit(road, msgspec.json.encode(mentions)))


def journalled(house: House) -> list[tuple[str, str]]:
    return house.rows("SELECT mention, brand FROM journal WHERE kind = 'sighting' ORDER BY seq")


def text_of(house: House, name: str) -> str:
    database = open_for_reading(house.record.directory)
    try:
        return read_mentions(database, [name])[name][0].text
    finally:
        database.close()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
async def test_a_post_told_by_three_sources_counts_once_and_keeps_the_first_text(house: House, order: tuple[int, ...]):
    told = [("x", NATIVE), ("tool", TOOL), ("other", OTHER)]
    receipts = [await say(house, *told[place]) for place in order]
    assert [(r.accepted, r.known) for r in receipts] == [(1, 0), (0, 1), (0, 1)]
    assert journalled(house) == [("x:1790", "acme")]
    assert text_of(house, "x:1790") == told[order[0]][1].text


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
async def test_three_sources_in_one_commit_count_once(house: House, order: tuple[int, ...]):
    told = [("x", NATIVE), ("tool", TOOL), ("other", OTHER)]
    promises = [house.queue.submit(told[p][0], msgspec.json.encode([told[p][1]])) for p in order]
    receipts = [await house._hear(promise) for promise in promises]
    assert sum(receipt.accepted for receipt in receipts) == 1
    assert sum(receipt.known for receipt in receipts) == 2
    assert journalled(house) == [("x:1790", "acme")]


async def test_only_the_source_that_brought_a_post_first_edits_it(house: House):
    await say(house, "x", NATIVE)
    assert (await say(house, "tool", replace(TOOL, text="acme, something else"))).known == 1
    assert text_of(house, "x:1790") == NATIVE.text
    assert (await say(house, "x", replace(NATIVE, text="acme found it"))).accepted == 1
    assert text_of(house, "x:1790") == "acme found it"


async def test_a_second_brand_named_by_another_source_counts_for_it_and_leaves_the_text(house: House):
    await say(house, "x", NATIVE)
    brands = list(house.drive.spine.memory.rules.brands)
    other = next(key for key in brands if key != "acme")
    assert (await say(house, "tool", replace(TOOL, brand=other))).accepted == 1
    assert journalled(house) == [("x:1790", "acme"), ("x:1790", other)]
    assert text_of(house, "x:1790") == NATIVE.text


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("first", [True, False])
async def test_a_reply_by_the_ids_of_a_tool_joins_the_conversation(house: House, *, apart: bool, first: bool):
    reply = mention(NOON, "r", id="t:60", text="same here, outrageous", parent="t:55", thread="t:55", kind=Kind.REPLY)
    reply = replace(reply, url="https://x.com/zoe/status/1791")
    if apart:
        await say(house, "x", NATIVE)
        await say(house, "tool", TOOL)
        receipt = await say(house, "tool", reply)
    else:
        await say(house, "x", NATIVE)
        receipt = await say(house, "tool", *((TOOL, reply) if first else (reply, TOOL)))
    assert receipt.accepted == 1
    sighting = house.rows("SELECT CAST(body AS TEXT) FROM journal WHERE mention = 'x:1791'")[0][0]
    assert msgspec.json.decode(sighting)["thread"] == msgspec.json.decode(sighting)["parent"] == "x:1790"


async def test_a_reply_by_the_address_of_its_parent_joins_the_conversation(house: House):
    await say(house, "x", NATIVE)
    reply = mention(NOON, "r", id="t:60", text="same here", parent=URL, kind=Kind.REPLY)
    assert (await say(house, "tool", reply)).accepted == 1


async def test_posts_known_by_a_name_that_only_one_source_has_meet(house: House):
    by_handle = mention(NOON, "b", id="t:1", text="acme is late", url="https://bsky.app/profile/lea.example/post/3kabc")
    native = mention(NOON, "b", id=f"bluesky:{DID}/3kabc", text="acme is late", source="bluesky")
    native = replace(native, author=Author(id=DID, handle="lea.example"))
    assert (await say(house, "tool", by_handle)).accepted == 1
    assert (await say(house, "sky", native)).known == 1
    answer = mention(NOON, "c", id=f"bluesky:{DID}/3kabd", text="same", parent=native.id, thread=native.id)
    assert (await say(house, "sky", answer)).accepted == 1, "it hangs on what the tool told first"


async def test_what_was_journalled_under_its_own_id_before_is_known_again(house: House):
    await say(house, "tool", replace(TOOL, url=None))
    assert (await say(house, "tool", TOOL)).accepted == 1, "an edit: the address is new"
    assert journalled(house) == [("t:55", "acme")]


async def test_taking_back_by_the_id_of_a_tool_erases_the_text(house: House):
    await say(house, "x", NATIVE)
    await say(house, "tool", TOOL)
    await say(house, "tool", Mention("t:55", "", NATIVE.created_at, deleted=True))
    assert text_of(house, "x:1790") == ""


@pytest.mark.parametrize("together", [True, False])
async def test_a_text_taken_back_before_it_came_is_never_kept_and_its_post_counts(house: House, *, together: bool):
    gone = Mention("x:1790", "", NATIVE.created_at, deleted=True)
    if together:
        promises = [house.queue.submit("x", msgspec.json.encode([each])) for each in (gone, NATIVE)]
        receipt = [await house._hear(promise) for promise in promises][1]
    else:
        await say(house, "x", gone)
        receipt = await say(house, "tool", TOOL)
    assert receipt.accepted == 1
    assert journalled(house) == [("x:1790", "acme")]
    assert text_of(house, "x:1790") == ""
    assert (await say(house, "x", NATIVE)).known == 1
    assert text_of(house, "x:1790") == ""


async def test_a_text_on_record_goes_where_one_of_its_names_turns_out_to_have_been_taken_back(house: House):
    await say(house, "x", NATIVE)
    await say(house, "tool", Mention("t:55", "", NATIVE.created_at, deleted=True))
    assert text_of(house, "x:1790") == NATIVE.text, "nobody can tell yet"
    assert (await say(house, "tool", TOOL)).known == 1
    assert text_of(house, "x:1790") == ""
    assert journalled(house) == [("x:1790", "acme")]
    assert (await say(house, "x", replace(NATIVE, text="acme again"))).known == 1
    assert text_of(house, "x:1790") == ""


async def test_what_was_taken_back_unheard_is_forgotten_after_a_day(house: House):
    await say(house, "x", Mention("x:1", "", NATIVE.created_at, deleted=True))
    await house.move(NOON + REMEMBERED + MINUTE)
    await say(house, "x", Mention("x:2", "", NATIVE.created_at, deleted=True))
    assert house.rows("SELECT count(*) FROM taken_back") == [(1,)]


async def test_of_too_many_taken_back_unheard_the_newest_are_remembered(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("buzzwatch.store.texts.MOST_REMEMBERED", 3)
    assert MOST_REMEMBERED > 3
    await say(house, "x", *(Mention(f"x:{n}", "", NATIVE.created_at, deleted=True) for n in range(9)))
    assert house.rows("SELECT count(*) FROM taken_back") == [(3,)]


async def test_nothing_is_asked_of_the_record_where_no_post_has_two_names(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(house.record, "find_named", None)
    assert (await say(house, "x", NATIVE)).accepted == 1


async def test_what_concerns_nobody_leaves_no_name(house: House):
    assert (await say(house, "tool", replace(TOOL, text="the weather is fine"))).ignored == 1
    assert house.rows("SELECT count(*) FROM alias") == [(0,)]


async def test_a_daemon_that_was_killed_knows_what_it_had_heard_and_by_which_names(tmp_path: Path):
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await say(house, "tool", mention(NOON, "a", id="t:1", url="https://x.com/lea/status/101"))
    await say(house, "x", mention(NOON, "101", url="https://x.com/lea/status/101"))
    house.queue.submit("tool", msgspec.json.encode([mention(NOON, "b", id="t:2", url="https://x.com/lea/status/102")]))
    await house.kill()
    again = House(tmp_path, VirtualClock(NOON))
    again.open()
    for road, name in (("x", "x:101"), ("tool", "t:1")):
        url = "https://x.com/lea/status/101"
        assert (await say(again, road, mention(NOON, "a", id=name, url=url))).known == 1
    reply = mention(NOON, "r", text="same", id="t:9", parent="t:1", thread="t:1", kind=Kind.REPLY)
    assert (await say(again, "tool", reply)).accepted == 1
    await say(again, "tool", mention(NOON, "b", id="t:2", url="https://x.com/lea/status/102"))
    assert [name for name, _ in journalled(again)].count("x:102") == 1
    database = open_for_reading(tmp_path)
    assert recover(database, tmp_path, compile_rules).memory.digest() == again.drive.spine.memory.digest()
    database.close()
    await again.kill()


NAMES = st.lists(
    st.tuples(st.sampled_from(["x", "tool", "sky"]), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=12
)


def told(road: str, number: int, form: int) -> Mention:
    """One of six posts as one of three sources tells it, with more or fewer of its names."""
    handle = "https://bsky.app/profile/lea.example/post/3k"
    by_did = f"bluesky:{DID}/3k{number}"
    author = Author(id=DID, handle="lea.example") if form > 1 else None
    if road == "sky":
        return mention(NOON, "s", id=by_did, author=author, url=None)
    return mention(NOON, "s", id=f"{road}:{number}", url=f"{handle}{number}" if form % 2 else None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.randoms(use_true_random=False))
def test_the_order_of_a_batch_does_not_change_which_posts_are_one(posts, chance):
    def groups(order):
        parts = [open_payload(msgspec.json.encode([told(*post)])) for post in order]
        join(parts, {})
        return {(post, part.mentions[0][1].id) for post, part in zip(order, parts, strict=True)}

    shuffled = list(posts)
    chance.shuffle(shuffled)
    assert groups(posts) == groups(shuffled)


def test_a_mention_that_goes_by_its_id_is_handed_on_as_it_is():
    assert rename(NATIVE, NATIVE.id) is NATIVE
    assert post_id(NATIVE.url or "") == NATIVE.id


async def test_a_repost_that_tells_no_text_any_more_is_no_edit(house: House):
    told = mention(NOON, "77", text="acme lost my bag", kind=Kind.REPOST, parent="x:1")
    assert (await say(house, "sky", told)).accepted == 1
    assert (await say(house, "sky", msgspec.structs.replace(told, text=""))).known == 1
    assert text_of(house, "x:77") == "acme lost my bag"
