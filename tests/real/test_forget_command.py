"""Authors are forgotten by a daemon that runs: no byte of them is left in its files, and every number stays."""

import asyncio
import contextlib
import json
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from buzzwatch.app.recover import RulesOnRecord, replay_journal
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.model.forgotten import FORGOTTEN
from buzzwatch.renaming import Renaming
from buzzwatch.spine import Spine
from buzzwatch.store.journal import Ledger
from buzzwatch.store.names import name_key

BAD_BUZZ = {
    "name": "bad-buzz",
    "when": {"negativity": {"over": "15m", "at_least": 8, "authors": 6}},
    "severity": "warning",
    "notify": "oncall",
}
TALK = {"name": "talk", "when": {"thread": {"mentions": 5}}, "severity": "warning", "notify": "oncall"}
BIG = {
    "name": "big-voice",
    "when": {"mention": {"negativity": 0.6, "followers": 100_000}},
    "severity": "critical",
    "notify": "oncall",
}
BLAME = "Acme is a disgrace, the worst airline ever, I hate them"


class Crowd:
    """Invented people on three platforms, and what they post about Acme."""

    def __init__(self, people, seed=7):
        self._dice = random.Random(seed)
        self._serial = 0
        self.people = [self._person(number) for number in range(people)]

    def _person(self, number):
        word = "".join(self._dice.choice("bcdfghjklmnpqrstvwxz") for _ in range(9))
        name = f"Zoé {word.title()}"
        match number % 3:
            case 0:
                return {"source": "x", "id": str(7_318_254_901 + 97 * number), "handle": f"@{word}", "name": name}
            case 1:
                return {"source": "bluesky", "id": f"did:plc:{word}", "handle": f"@{word}.bsky.social", "name": name}
            case _:
                account = f"{word}@toot.example"
                return {"source": "mastodon", "id": account, "handle": f"@{account}", "name": name}

    def some(self, people, source, number):
        """Of one platform."""
        return self._dice.sample([person for person in people if person["source"] == source], number)

    def account(self, person):
        return f"{person['source']}:{person['handle' if person['source'] == 'x' else 'id']}"

    def post(self, person, *, angry=False, to=None, says="", followers=None):
        """A post with words that nobody else says."""
        self._serial += 1
        number, own = self._serial, f"{self._dice.getrandbits(64):x} {self._dice.getrandbits(64):x}"
        word = person["id"].rpartition(":")[2].partition("@")[0]
        names, url = {
            "x": (f"x:{1_790_000_000_000_000_000 + number}", f"https://x.com/{person['handle'][1:]}/status/{number}"),
            "bluesky": (
                f"bluesky:{person['id']}/3k{number}",
                f"https://bsky.app/profile/{word}.bsky.social/post/3k{number}",
            ),
            "mastodon": (
                f"mastodon:https://toot.example/users/{word}/statuses/{number}",
                f"https://toot.example/@{word}/{number}",
            ),
        }[person["source"]]
        at = datetime.now(UTC) - timedelta(seconds=self._dice.randrange(600))  # noqa: TID251 - the daemon runs by the real clock
        author = {key: person[key] for key in ("id", "handle", "name")}
        return {
            "id": names,
            "source": person["source"],
            "author": author | {"followers": self._dice.randrange(900) if followers is None else followers},
            "text": f"{BLAME if angry else 'Acme flight'} {own} {says}".strip(),
            "created_at": at.isoformat(),
            "url": url,
            "kind": "reply" if to else "post",
            "parent": to and to["id"],
            "thread": to and to.get("thread", to["id"]),
        }


def bytes_of(folder):
    """All that lies in the state directory."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def found_in(folder, needles):
    """Which of the needles stand in which files, whatever the case."""
    held = {name: raw.lower() for name, raw in bytes_of(folder).items()}
    return [(name, each) for name, raw in held.items() for each in needles if each.lower().encode() in raw]


def needles_of(person, posts):
    """What nobody may find: account, name, addresses, ids of posts, words."""
    found = {person["id"], person["handle"].lstrip("@"), person["name"].partition(" ")[2]}
    for post in posts:
        found |= {post["id"], post["url"], *post["text"].split()[-2:]}
    return {each for each in found if len(each) > 7}


def replayed(path):
    """What stepping a journal from its beginning comes to."""
    with closing(sqlite3.connect(path)) as db:
        seq, now = Ledger(db).position()
        spine = Spine()
        stepped = list(replay_journal(spine, db, 0, seq, now, RulesOnRecord(db, compile_rules)))
    told = [each for each in stepped if each[1].changes or each[1].notices]
    return spine, msgspec.json.decode(msgspec.json.encode(told))


def copied(daemon, to):
    """Its database as it stands."""
    with closing(sqlite3.connect(daemon.folder / "state" / "buzzwatch.db")) as db, closing(sqlite3.connect(to)) as copy:
        db.backup(copy)


def rows_of(path, query):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


async def drill(daemon, receiver, news, *, people, gone, posts):
    """Many talk, some of them are forgotten; what is left of them and what of the decisions."""
    crowd = Crowd(people)
    leaving, staying = crowd.people[:gone], crowd.people[gone:]
    said = {id(person): [] for person in crowd.people}

    def say(person, **more):
        post = crowd.post(person, **more)
        said[id(person)].append(post)
        return post

    first = [say(person, angry=number % 2 == 0) for number, person in enumerate(leaving)]
    first.append(say(leaving[0], angry=True, followers=400_000))
    await send(daemon, first)
    replies = []
    for root, person in zip(first, leaving, strict=False):
        talkers = crowd.some(staying, person["source"], 3)
        replies += [say(each, to=root, angry=True, says=f"{person['handle']} is right") for each in talkers]
        replies.append(say(person, to=replies[-1]))
    for number in range(posts):
        replies.append(say(crowd._dice.choice(crowd.people), angry=number % 3 == 0))
    await send(daemon, replies)
    await news.until(lambda: receiver.keys("/ines"))
    for person in leaving[:3]:
        refused = dict(said[id(person)][0])
        del refused["created_at"]
        await daemon.post(refused)
        await daemon.post_raw(b'[{"text": "' + b"x" * 3_000 + json.dumps(person).encode())
    for post in (first[0], first[1]):
        status, told, why = await daemon.command("correct", post["id"], "not-us", "--brand", "acme", "--as", "ines")
        assert status == 0, why
    before = daemon.folder / "before.db"
    copied(daemon, before)
    needles = set().union(*(needles_of(person, said[id(person)]) for person in leaving))
    assert len({each for _, each in found_in(daemon.folder / "state", needles)}) == len(needles)
    wanted = daemon.folder / "wanted.txt"
    wanted.write_text("\n".join(map(crowd.account, leaving)))
    status, told, why = await daemon.command("forget", "--from", str(wanted), "--as", "ines", "--yes", patience=500)
    assert status == 0, why
    assert f"forgotten: {gone} authors" in told
    assert found_in(daemon.folder / "state", needles) == []
    assert told.splitlines()[-1] == "no byte of them is left in the state directory"
    _, receipt = await daemon.post(*first)
    assert (receipt["accepted"], receipt["known"]) == (0, len(first))
    (state,) = daemon.rows("SELECT count(*) FROM journal WHERE kind = 'sighting'")[0]
    assert state == rows_of(before, "SELECT count(*) FROM journal WHERE kind = 'sighting'")[0][0]
    compare(before, daemon)
    assert await daemon.stop() == 0
    assert found_in(daemon.folder / "state", needles) == []
    await forgotten_at_rest(daemon, crowd, staying[0], needles_of(staying[0], said[id(staying[0])]))
    return told


async def forgotten_at_rest(daemon, crowd, person, needles):
    """Another one, with nobody at work; first they ask what is held of them."""
    account = crowd.account(person)
    status, held, why = await daemon.command("export", account)
    assert status == 0, why
    assert needles <= {each for each in needles if each in json.dumps(json.loads(held), ensure_ascii=False)}
    status, told, why = await daemon.command("forget", account, "--as", "ines", "--yes")
    assert status == 0, why
    assert told.splitlines()[-1] == "no byte of them is left in the state directory"
    assert found_in(daemon.folder / "state", needles) == []
    status, _, why = await daemon.command("forget", account, "--as", "ines", "--yes")
    assert (status, why) == (1, "nothing to erase\n")
    status, told, _ = await daemon.command("forget", "--again", "--as", "ines")
    assert (status, told) == (0, "nobody who was forgotten is on record\n")


def compare(before, daemon):
    """A replay comes to the same, by the other names."""
    after = daemon.folder / "after.db"
    copied(daemon, after)
    aliases = dict(rows_of(after, "SELECT name, mention FROM alias"))
    old = {mention for (mention,) in rows_of(before, "SELECT mention FROM content")}
    posts = {each: aliases[name_key(each)] for each in old if name_key(each) in aliases}
    assert posts
    assert all(new.startswith(FORGOTTEN) for new in posts.values() if new not in old)
    renaming = Renaming(posts, {}, {}, lambda: "")
    (spine, was), (other, now) = replayed(before), replayed(after)
    assert [each for each in now if each[0] <= was[-1][0]] == renaming.walk(was)
    assert was
    assert set(other.memory.pulses) == set(spine.memory.pulses)
    incidents = "SELECT id, opened_at, state FROM incident ORDER BY id"
    assert set(rows_of(before, incidents)) <= set(rows_of(after, incidents))


async def send(daemon, posts):
    for start in range(0, len(posts), 500):
        status, _ = await daemon.post(*posts[start : start + 500])
        assert status == 200


@pytest.fixture
async def watching(daemon, alert_receiver):
    url = alert_receiver.url
    daemon.configure(channels={"hook": f"{url}/hook", "ops": f"{url}/ops"})
    daemon.watch(BAD_BUZZ, TALK, BIG)
    people = {"ines": {"push": f"{url}/ines"}}
    daemon.call({"after": "0m", "tell": "ines", "by": ["push"]}, people=people, copy=["hook"])
    await daemon.start(until="source_heard")
    return daemon


async def test_no_byte_of_those_forgotten_is_left_and_every_decision_stands(watching, alert_receiver, news):
    await drill(watching, alert_receiver, news, people=40, gone=6, posts=60)


@pytest.mark.soak
async def test_a_hundred_authors_among_thousands_of_posts(watching, alert_receiver, news):
    print(await drill(watching, alert_receiver, news, people=1_500, gone=100, posts=6_000))  # noqa: T201 - a figure


@pytest.mark.soak
async def test_a_kill_amid_it_leaves_it_undone_or_it_is_finished_at_the_next_start(watching):
    crowd, state = Crowd(40), watching.folder / "state"
    posts = {id(person): [crowd.post(person, angry=True) for _ in range(20)] for person in crowd.people}
    await send(watching, [post for said in posts.values() for post in said])
    ends = []
    for number, person in enumerate(crowd.people[:12]):
        needles = needles_of(person, posts[id(person)])
        asking = asyncio.create_task(
            watching.command("forget", crowd.account(person), "--as", "ines", "--yes", patience=100)
        )
        if number % 4:
            await news_of(watching, "SELECT count(*) FROM forgetting", 1, patience=8)
        await asyncio.sleep(0.02 * number)
        await watching.kill()
        await asking
        await watching.start(patience=120)
        await news_of(watching, "SELECT count(*) FROM forgetting", 0)
        done = not watching.rows(f"SELECT 1 FROM content WHERE body LIKE '%{person['id']}%'")
        ends.append(done)
        if not done:
            assert (await watching.command("forget", crowd.account(person), "--as", "ines", "--yes"))[0] == 0
        assert found_in(state, needles) == []
    assert True in ends
    assert watching.rows("SELECT count(*) FROM forgotten") == [(12,)]


async def news_of(daemon, query, number, patience=60):
    """Until a query gives a number, as far as the daemon lives and patience lasts."""
    for _ in range(patience * 50):
        with contextlib.suppress(sqlite3.Error):
            if daemon.rows(query) == [(number,)]:
                return
        await asyncio.sleep(0.02)
