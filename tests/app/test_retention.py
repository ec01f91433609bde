"""Texts go when their source's time is over; what was decided stays."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.app.quotes import sample_of
from buzzwatch.app.recover import recover
from buzzwatch.app.retention import Retention
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.input import RulesSwapped
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND
from buzzwatch.model.mention import Engagement, Mention
from buzzwatch.store.database import FILE, open_for_reading
from buzzwatch.store.journal import read_mentions
from buzzwatch.store.texts import let_go, read_let_go, wash

NOON = MONDAY + 12 * HOUR


@pytest.fixture
async def house(tmp_path: Path) -> House:
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    yield house
    await house.kill()


async def say(house: House, road: str, *mentions: Mention) -> object:
    return await house._hear(house.queue.submit(road, msgspec.json.encode(mentions)))


def told(house: House, name: str) -> Mention:
    database = open_for_reading(house.record.directory)
    try:
        return read_mentions(database, [name])[name][0]
    finally:
        database.close()


def retention(house: House, **keep: int | None) -> Retention:
    return Retention(keep, house.record, house.clock, house.metrics)


def count(house: House, road: str) -> float:
    return house.metrics.let_go.labels(road)._value.get()


async def later(house: House) -> None:
    await house.move(NOON + 8 * DAY)


OLD = replace(
    mention(NOON, "old", text="acme lost Zebulon's bag"), engagement=Engagement(likes=3), url="https://a.example/z"
)


async def test_texts_go_after_the_time_of_their_source_and_numbers_stay(house: House):
    await say(house, "short", OLD)
    await say(house, "long", mention(NOON, "long"))
    await say(house, "ever", mention(NOON, "ever"))
    await later(house)
    await say(house, "short", mention(NOON + 8 * DAY, "new"))
    await retention(house, short=7 * DAY, long=30 * DAY, ever=None).look()
    gone = told(house, OLD.id)
    assert (gone.text, gone.title, gone.url, gone.deleted) == ("", None, None, True)
    assert gone.author is not None
    assert (gone.author.id, gone.author.handle, gone.author.followers) == (None, None, OLD.author.followers)
    assert (gone.engagement, gone.created_at) == (OLD.engagement, OLD.created_at)
    assert all(told(house, f"x:{name}").text for name in ("long", "ever", "new"))
    assert count(house, "short") == 1


async def test_a_text_that_was_let_go_does_not_come_back_and_its_post_is_known(house: House):
    await say(house, "short", OLD)
    await later(house)
    await retention(house, short=7 * DAY).look()
    assert (await say(house, "short", OLD)).known == 1
    assert (await say(house, "short", replace(OLD, text="acme, edited"))).known == 1
    assert told(house, OLD.id).text == ""


async def test_what_was_decided_is_worked_out_again_without_the_texts(house: House):
    for number in range(30):
        await say(house, "short", mention(NOON, f"m{number}", angry=True))
    await later(house)
    seen = house.drive.spine.memory.digest()
    await retention(house, short=7 * DAY).look()
    assert count(house, "short") == 30
    database = open_for_reading(house.record.directory)
    assert recover(database, house.record.directory, compile_rules).memory.digest() == seen
    database.close()


async def test_texts_of_sources_that_are_gone_go_with_the_longest_span_if_all_have_one(house: House):
    await say(house, "removed", OLD)
    await later(house)
    await retention(house, short=DAY, ever=None).look()
    assert told(house, OLD.id).text
    await retention(house, short=DAY, long=30 * DAY).look()
    assert told(house, OLD.id).text
    await retention(house, short=DAY, long=2 * DAY).look()
    assert not told(house, OLD.id).text


async def test_many_texts_go_in_several_commits_and_others_write_meanwhile(house: House):
    await say(house, "short", *(mention(NOON, f"m{number}") for number in range(700)))
    await later(house)
    looking = asyncio.create_task(retention(house, short=7 * DAY).look())
    done = []
    while not looking.done():
        await settle()
        await house.record.write(lambda _: None)
        done.append(count(house, "short"))
        await house.clock.advance(SECOND)
    assert {500.0, 700.0} <= {*done, count(house, "short")}


async def test_a_post_that_was_let_go_is_shown_as_such(house: House):
    await say(house, "short", OLD)
    await house.record.write(lambda db: let_go(db, "short", NOON + MINUTE))
    database = open_for_reading(house.record.directory)
    assert read_let_go(database, [OLD.id, "x:other"]) == {OLD.id}
    database.close()
    assert sample_of(told(house, OLD.id), 0.1, None).text is None


async def test_an_erased_text_is_nowhere_in_the_files_once_they_are_packed(house: House):
    folder = house.record.directory
    secrets = [f"Zebulon{number:04d}" for number in range(200)]
    posts = [
        mention(NOON, f"{number * 7919 % 200:03d}-{number}", text=f"acme {secret} " + "word " * (number * 13 % 700))
        for number, secret in enumerate(secrets)
    ]
    for at in range(0, 200, 20):
        await say(house, "short", *posts[at : at + 20])
        await house.record.write(lambda db: db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
    await say(house, "short", *(Mention(post.id, "", post.created_at, deleted=True) for post in posts[::2]))
    await house.record.write(lambda db: let_go(db, "short", NOON + DAY, most=50))
    await house.record.write(lambda db: db.execute("VACUUM"))
    await house.record.write(lambda db: wash(db, NOON))
    raw = b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith(FILE))
    kept = {post.id for post in posts if told(house, post.id).text}
    left = [s for s, post in zip(secrets, posts, strict=True) if post.id not in kept and s.encode() in raw]
    assert len(kept) == 50
    assert left == []
    assert sum(secret.encode() in raw for secret in secrets) == 50, "what is kept is there: the test can fail"
