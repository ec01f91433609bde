"""Bluesky heard from a real server of it: its own records, its own repositories, its own stream."""

import asyncio
import json
import random

import pytest
from bluesky_world import World, card, link, tag

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

PATIENCE_S = 60
LONG_LINK = "https://news.example/acme-airlines?flight=12&late=<yes>"


@pytest.fixture
async def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("pds"))
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def hearing(daemon, world):
    """A daemon that hears the world."""
    sky = {"hosts": [world.url], "allow": ["127.0.0.1"], "profiles": False}
    daemon.configure(sources={"sky": {"bluesky": sky}})
    daemon.watch()
    await daemon.start()
    yield daemon
    assert not daemon.said("event_not_read")


def journalled(daemon):
    """By id: kind, parent, conversation; each on record once."""
    rows = daemon.rows(
        "SELECT mention, body ->> 'kind', body ->> 'parent', body ->> 'thread' FROM journal WHERE kind = 'sighting'"
    )
    found = {mention: tuple(rest) for mention, *rest in rows}
    assert len(found) == len(rows)
    return found


def texts(daemon):
    return {mention: json.loads(body) for mention, body in daemon.rows("SELECT mention, body FROM content")}


async def until(fact):
    """Look again and again: the daemon is another process."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():  # noqa: ASYNC110 - nothing tells us of a commit in another process
            await asyncio.sleep(0.05)


async def test_a_conversation_is_on_record_as_it_was_held(world, hearing):
    ana, ben, cleo = [await world.join(name) for name in ("ana", "ben", "cleo")]
    root = await ana.post("Three hours late, and nobody from Acme says a word")
    reply = await ben.reply(root, "Same here, outrageous")
    deeper = await cleo.reply(reply, "Me too")
    quote = await cleo.quote(root, "Look at this")
    again = await ben.repost(root)
    both = await ben.reply(deeper, "See", embed={"$type": "app.bsky.embed.record", "record": quote.ref})
    elsewhere = await cleo.post("Nice weather today")
    await ben.reply(elsewhere, "Indeed")
    await until(lambda: both.mention in journalled(hearing))
    last = await ana.post("That is all, Acme")
    await until(lambda: last.mention in journalled(hearing))

    talk = root.mention
    assert journalled(hearing) == {
        talk: ("post", None, talk),
        reply.mention: ("reply", talk, talk),
        deeper.mention: ("reply", reply.mention, talk),
        quote.mention: ("quote", talk, talk),
        again.mention: ("repost", talk, talk),
        both.mention: ("reply", deeper.mention, talk),
        last.mention: ("post", None, last.mention),
    }
    told = texts(hearing)
    assert told[again.mention]["text"] == told[talk]["text"] == "Three hours late, and nobody from Acme says a word"
    assert told[deeper.mention]["lang"] == "en"
    assert told[deeper.mention]["author"]["id"] == cleo.did


async def test_a_brand_is_found_wherever_a_record_holds_it(world, hearing):
    ana = await world.join("ana")
    short = "Lu à l’instant\xa0: news.example/ac… 😡"
    facets = [link(short, "news.example/ac…", LONG_LINK)]
    linked = await ana.post(short, facets=facets)
    tagged = await ana.post("never again #BoycottAcme", facets=[tag("never again #BoycottAcme", "#BoycottAcme")])
    hidden = await ana.post("never again", tags=["acme"])
    carded = await ana.post("well", embed=card("https://news.example/1", "Acme’s “late” fleet", "Read & weep"))
    described = await ana.post("oh", embed=card("https://news.example/2", "Late fleet", "<b>Acme</b> again"))
    pictured = await ana.post("no words", embed=await ana.picture("A board on which all Acme flights are late"))
    media = await ana.picture("A queue before the counter of Acme")
    quoted = {"$type": "app.bsky.embed.record", "record": linked.ref}
    mixed = await ana.post("this", embed={"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": media})
    await ana.post("no words", embed=await ana.picture("A cat"))
    accented = await ana.post("ÀCMÉ, encore")
    await until(lambda: accented.mention in journalled(hearing))

    said = {mention: content["text"] for mention, content in texts(hearing).items()}
    assert said == {
        linked.mention: f"{short}\n{LONG_LINK}",
        tagged.mention: "never again #BoycottAcme",
        hidden.mention: "never again\n#acme",
        carded.mention: "well\nhttps://news.example/1\nAcme’s “late” fleet",
        described.mention: "oh\nhttps://news.example/2\n<b>Acme</b> again",
        pictured.mention: "no words\nA board on which all Acme flights are late",
        mixed.mention: "this\nA queue before the counter of Acme",
        accented.mention: "ÀCMÉ, encore",
    }
    assert journalled(hearing)[mixed.mention] == ("quote", linked.mention, linked.mention)


async def test_what_is_taken_back_or_changed_is_so_on_record(world, hearing):
    ana, ben, cleo = [await world.join(name) for name in ("ana", "ben", "cleo")]
    deleted = await ana.post("Acme lost my bag")
    repost = await ben.repost(deleted)
    kept = await ana.post("Acme found my bag")
    undone = await ben.repost(kept)
    edited = await ana.post("Acme is grate")
    leaving = [await cleo.post(f"Acme lost bag {number}") for number in range(3)]
    everything = {said.mention for said in (deleted, repost, kept, undone, edited, *leaving)}
    await until(lambda: everything == set(journalled(hearing)))

    await ana.delete(deleted)
    await ben.delete(undone)
    await ana.edit(edited, "Acme is great")
    await world.remove(cleo)
    last = await ana.post("Acme, goodbye")  # deletions wait for the stream to go on
    gone = {said.mention for said in (deleted, repost, undone, *leaving)}

    def erased():
        return {mention for mention, content in texts(hearing).items() if content["deleted"]}

    await until(lambda: last.mention in journalled(hearing))
    assert erased() == gone
    assert texts(hearing)[edited.mention]["text"] == "Acme is great"
    assert {texts(hearing)[mention]["text"] for mention in gone} == {""}
    assert texts(hearing)[kept.mention]["text"] == "Acme found my bag"
    assert everything | {last.mention} == set(journalled(hearing))


async def test_what_is_said_while_it_is_dead_is_heard_after(world, hearing):
    chance = random.Random(11)
    people = [await world.join(name) for name in ("ana", "ben", "cleo", "dan")]
    root = await people[0].post("Acme cancelled everything")
    expected, taken_back = {root.mention: ("post", None, root.mention)}, set()
    await until(lambda: root.mention in journalled(hearing))
    said, reposts = [root], {}

    async def talk(times):
        for number in range(times):
            person, to = chance.choice(people), chance.choice(said)
            reply = await person.reply(to, f"number {number}")
            said.append(reply)
            expected[reply.mention] = ("reply", to.mention, root.mention)
            if number % 10 == 9:
                again = await person.repost(root)
                expected[again.mention] = ("repost", root.mention, root.mention)
                taken_back.add(reposts.get(person.did))  # the server keeps one of a post by an account, the newest
                reposts[person.did] = again.mention
                await person.delete(reply)
                said.remove(reply)
                taken_back.add(reply.mention)

    for _ in range(3):
        talking = asyncio.create_task(talk(60))
        await asyncio.sleep(chance.uniform(0.1, 1))
        await hearing.kill()
        await asyncio.sleep(chance.uniform(0.1, 1))
        await hearing.start()
        await talking
    last = await people[0].post("Acme, goodbye")
    expected[last.mention] = ("post", None, last.mention)
    await until(lambda: set(expected) - taken_back <= set(journalled(hearing)))

    assert journalled(hearing).items() <= expected.items()
    held = texts(hearing)
    assert {mention for mention in held if held[mention]["deleted"]} == taken_back & set(held)
