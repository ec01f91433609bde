"""What is older than it is to be kept goes, in order and a little at a time; counts by hour stay for ever."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from stage import MONDAY, House, mention, rules, warmed

from buzzwatch.app.backtest.backtest import Period, of_journal
from buzzwatch.app.backtest.sheet import compose
from buzzwatch.app.counts import as_rows, count_hours
from buzzwatch.app.recover import recover
from buzzwatch.app.retention import ASIDE, EVERY, Lasting, Retention
from buzzwatch.app.rulebook import compile_rules
from buzzwatch.clock import VirtualClock, settle
from buzzwatch.model.incident import ChangeKind
from buzzwatch.model.input import Command, RulesSwapped, Silenced, Trouble, Verb
from buzzwatch.model.instant import DAY, HOUR, MINUTE, SECOND, Span
from buzzwatch.model.mention import Mention
from buzzwatch.store import keeping
from buzzwatch.store.database import FILE, open_database, open_for_reading
from buzzwatch.store.keeping import read_head
from buzzwatch.store.snapshot import read_snapshots

NOON = MONDAY + 12 * HOUR
YEAR = 365 * DAY
LASTING = Lasting(90 * DAY, 3 * YEAR)
ANSWERS = {
    "alias": "with the mention that it names",
    "anchor": "with its snapshot",
    "attempt": "with its incident, three years",
    "author": "a year after the last mention",
    "author_brand": "for ever: names of brands",
    "change": "with its incident",
    "complaint": "as incidents",
    "content": "the text as long as mentions, the rest with the journal's row",
    "cursor": "the present one alone",
    "disk": "sixty days",
    "disk_told": "until it is over",
    "forgetting": "until it is done, minutes",
    "forgotten": "for ever: that somebody was forgotten, not who",
    "head": "one row",
    "held": "with its incident",
    "hour": "for ever: counts",
    "incident": "as incidents, from its end",
    "journal": "mentions as mentions, all else as incidents",
    "link": "as long as it leads somewhere, 30 days after the end",
    "official": "as long as the account is listed",
    "outbox": "with its incident",
    "position": "one row",
    "reading": "with the journal's row",
    "refused": "thirty days, 10,000 rows",
    "rhythm": "as long as the source is configured",
    "rota": "as long as the journal names it",
    "ruleset": "as long as the journal names it",
    "shadow": "as incidents",
    "taken_back": "a day, 100,000 rows; of what had come, as long again as mentions",
}
"""How long each table keeps its rows. Who adds a table adds an answer, here and in docs/disk.md."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, VirtualClock(NOON))
    house.open()
    await house.tell(RulesSwapped(0, rules()))
    await house.tell(warmed(0))
    yield house
    await house.kill()


def retention(house: House, lasting: Lasting = LASTING) -> Retention:
    return Retention({"push": None}, house.record, house.clock, house.metrics, lasting)


async def later(house: House, span: Span) -> None:
    """A jump, of which nothing is decided on the way: years are long. It is looked every hour meanwhile."""
    await house.move(house.clock.now() + MINUTE)
    await house.clock.advance(span)
    await settle()
    house.rows("UPDATE head SET looked_at = 0")


async def snapshot(house: House) -> None:
    await house.drive._take_snapshot()


async def look(keeper: Retention, house: House) -> None:
    looking = asyncio.create_task(keeper.look())
    while not looking.done():
        await settle()
        await house.record.write(lambda _: None)
        await house.clock.advance(SECOND)
    looking.result()


def number(house: House, table: str, where: str = "1") -> int:
    return house.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


MENTIONS = "kind = 'sighting'"


def test_every_table_has_an_answer_and_the_docs_have_it_too(house: House):
    tables = {name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {name for name in tables if not name.startswith("sqlite_")} == set(ANSWERS)
    told = (Path(__file__).parents[2] / "docs/disk.md").read_text("utf-8")
    assert set(ANSWERS) <= set(re.findall(r"`(\w+)`", told))


async def test_over_four_years_what_is_kept_is_bounded_and_counts_are_exact(house: House):
    keeper, said, most, steps = retention(house, Lasting(2 * YEAR, 3 * YEAR)), 0, 0, 13
    for step in range(steps):
        posts = [mention(house.clock.now(), f"s{step}-{n}") for n in range(5)]
        said += (await house.say(*posts)).accepted
        await snapshot(house)
        await later(house, 122 * DAY)
        await look(keeper, house)
        rows = number(house, "journal", MENTIONS)
        [(counted,)] = house.rows("SELECT coalesce(sum(mentions), 0) FROM hour")
        most = max(most, rows)
        assert rows + counted == said == 5 * (step + 1)
    assert most <= 5 * ASIDE * (1 + 1 / ASIDE)
    assert number(house, "content") == rows
    assert number(house, "anchor") <= ASIDE + 2
    assert len(list(read_snapshots(house.record.directory, 1 << 62))) <= number(house, "anchor") + 2
    with closing(open_for_reading(house.record.directory)) as db:
        hours = keeping.read_hours(db, "acme", NOON, NOON + 5 * YEAR)
    assert sum(hour.mentions for hour in hours) == counted
    assert hours[0][:3] == ("acme", NOON // HOUR, 5)


async def test_a_text_goes_on_its_day_and_its_numbers_once_a_snapshot_stands_at_their_end(house: House):
    keeper = retention(house)
    await house.say(mention(NOON, "old"))
    await snapshot(house)
    await look(keeper, house)
    await later(house, 89 * DAY)
    await look(keeper, house)
    assert "acme" in str(house.rows("SELECT body FROM content")[0])
    await later(house, DAY + HOUR)
    await look(keeper, house)
    assert (number(house, "content"), number(house, "journal", MENTIONS), number(house, "hour")) == (0, 0, 1)


async def test_nothing_is_counted_out_of_the_journal_without_a_snapshot_that_holds_it(house: House):
    keeper = retention(house)
    house.drive._snapshots.is_due = lambda _seq: False
    await house.say(mention(NOON, "old"))
    await later(house, 200 * DAY)
    await look(keeper, house)
    assert number(house, "journal", MENTIONS) == 1
    assert house.rows("SELECT digest FROM content") == [(-1,)], "its text is gone all the same"


async def test_a_snapshot_that_is_damaged_lets_nothing_go(house: House):
    keeper = retention(house)
    await house.say(mention(NOON, "old"))
    await snapshot(house)
    await look(keeper, house)
    [path] = house.record.directory.glob("snapshot-*")
    path.write_bytes(b"damaged")
    await later(house, 100 * DAY)
    await look(keeper, house)
    assert number(house, "journal", MENTIONS) == 1
    assert number(house, "anchor") == 0


async def test_what_is_let_go_is_rebuilt_after_a_power_cut_from_each_snapshot(house: House):
    keeper = retention(house)
    for day in range(0, 120, 10):
        await house.say(*(mention(house.clock.now(), f"d{day}-{n}", angry=n % 3 == 0) for n in range(8)))
        await snapshot(house)
        await look(keeper, house)
        await later(house, 10 * DAY)
    await look(keeper, house)
    assert number(house, "hour") > 0
    await house.say(mention(house.clock.now(), "last"))
    memory = house.drive.spine.memory.digest()
    with closing(open_for_reading(house.record.directory)) as db:
        kept = [seq for seq, _ in read_snapshots(house.record.directory, 1 << 62)]
        assert len(kept) > 3
        for seq in kept:
            assert recover(db, house.record.directory, compile_rules).memory.digest() == memory
            (house.record.directory / f"snapshot-{seq:015d}").unlink()


async def test_what_an_open_incident_shows_stays_until_it_is_over(house: House):
    keeper = retention(house)
    for second in range(0, 600, 20):
        await house.move(NOON + second * SECOND)
        await house.say(mention(NOON + second * SECOND, f"mob{second}", angry=True))
    await house.move(NOON + 11 * MINUTE)
    [incident] = [i for i in house.drive.spine.memory.desk.real if "bad-buzz" in i.rules]
    shown = set(incident.shown)
    assert shown
    await house.tell(Command(0, Verb.TAKE, incident.id, "ines"))
    await snapshot(house)
    await look(keeper, house)
    house._driving.cancel()  # or it would be over before
    await house.clock.advance(100 * DAY)
    house.rows("UPDATE head SET looked_at = 0")
    house.rows(f"UPDATE incident SET state = 'taken' WHERE id = '{incident.id}'")
    await look(keeper, house)
    assert {m for (m,) in house.rows(f"SELECT mention FROM journal WHERE {MENTIONS}")} == shown
    assert {m for (m,) in house.rows("SELECT mention FROM content WHERE digest > 0")} == shown
    house.rows("UPDATE incident SET state = 'resolved'")
    await look(keeper, house)
    assert (number(house, "journal", MENTIONS), number(house, "content")) == (0, 0)


async def test_a_post_taken_back_stays_unsaid_after_its_row_is_gone(house: House):
    keeper = retention(house)
    post = mention(NOON, "regretted")
    await house.say(post)
    await house.say(Mention(post.id, "", post.created_at, deleted=True))
    await snapshot(house)
    await look(keeper, house)
    await later(house, 91 * DAY)
    await look(keeper, house)
    assert number(house, "content") == 0
    await house.say(post)
    [(body,)] = house.rows("SELECT body FROM content")
    assert b"acme" not in body


async def test_incidents_go_with_all_that_is_theirs_after_their_time(house: House):
    keeper = retention(house, Lasting(90 * DAY, YEAR))
    for second in range(0, 600, 20):
        await house.move(NOON + second * SECOND)
        await house.say(mention(NOON + second * SECOND, f"mob{second}", angry=True))
    await house.move(NOON + HOUR)
    await house.deliver()
    await house.tell(Silenced(0, "acme", house.clock.now() + HOUR, "enough", "ines"))
    await house.move(NOON + 2 * DAY)
    assert not house.drive.spine.memory.desk.real
    tables = ("incident", "change", "outbox", "attempt")
    assert all(number(house, table) for table in tables)
    await snapshot(house)
    await look(keeper, house)
    await later(house, 360 * DAY)
    await look(keeper, house)
    assert all(number(house, table) for table in tables)
    await later(house, 10 * DAY)
    await look(keeper, house)
    assert [table for table in tables if number(house, table)] == []
    assert {kind for (kind,) in house.rows("SELECT DISTINCT kind FROM journal")} == {"rules"}, "those in force stay"
    assert number(house, "ruleset") == 1


async def test_further_names_go_with_their_mentions(house: House):
    keeper = retention(house)
    await house.say(mention(NOON, "old"))
    house.rows("INSERT INTO alias VALUES (1, 'x:old'), (2, 'x:new')")
    await snapshot(house)
    await look(keeper, house)
    await later(house, 91 * DAY)
    await house.say(mention(house.clock.now(), "new"))
    await look(keeper, house)
    assert house.rows("SELECT name FROM alias") == [(2,)]


async def test_what_nobody_chose_to_erase_stays_for_a_week_after_an_upgrade_and_that_is_told(house: House):
    keeper, told = retention(house, LASTING._replace(chosen=False)), []
    keeper.tell = told.append
    house.rows(f"UPDATE head SET erases_from = {NOON + 97 * DAY}")
    await house.say(mention(NOON, "old"))
    await later(house, 91 * DAY)
    await look(keeper, house)
    await look(keeper, house)
    assert house.rows("SELECT digest > 0 FROM content") == [(1,)]
    [trouble] = told
    assert isinstance(trouble, Trouble)
    assert ("2026-06-07" in trouble.said["en"], "07/06/2026" in trouble.said["fr"]) == (True, True)
    await later(house, 7 * DAY)
    await look(keeper, house)
    assert number(house, "content", "digest > 0") == 0


async def test_nothing_goes_for_ever_where_that_is_asked(house: House):
    keeper = retention(house, Lasting(None, None))
    await house.say(mention(NOON, "old"))
    await snapshot(house)
    await later(house, 10 * YEAR)
    await look(keeper, house)
    assert (number(house, "journal", MENTIONS), number(house, "content", "digest > 0")) == (1, 1)


async def test_nothing_is_let_go_while_room_is_short(house: House):
    keeper, waits = retention(house), [True]
    keeper.waits = lambda: waits[0]
    await house.say(mention(NOON, "old"))
    await later(house, 91 * DAY)
    running = asyncio.create_task(keeper.run())
    for expected in (1, 0):
        for _ in range(20):
            await settle()
            await house.record.write(lambda _: None)
        assert number(house, "content", "digest > 0") == expected
        waits[0] = False
        await house.clock.advance(EVERY)
        await settle()
    running.cancel()


async def test_counts_of_all_times_are_one_row_of_hours(house: House):
    keeper = retention(house)
    await house.say(*(mention(NOON, f"old{n}", angry=n < 2) for n in range(5)))
    await snapshot(house)
    await look(keeper, house)
    await later(house, 91 * DAY)
    await look(keeper, house)
    at = house.clock.now()
    await house.say(*(mention(at, f"new{n}") for n in range(3)))
    with closing(open_for_reading(house.record.directory)) as db:
        hours = count_hours(db, "acme", NOON - DAY, at + HOUR)
        assert read_head(db).at >= NOON
    assert [(each.hour * HOUR, each.mentions, each.negative) for each in hours if each.mentions] == [
        (NOON, 5, 2), (at // HOUR * HOUR, 3, 0),
    ]  # fmt: skip
    assert len(hours) == (at + HOUR - NOON) // HOUR + 1
    header, first, *_ = as_rows(hours)
    assert header.startswith("timestamp,value,")
    assert first.startswith("2026-03-02T12:00:00Z,5,2,0.")


async def test_a_backtest_begins_where_every_mention_is_and_is_exact_by_the_snapshot_there(house: House):
    keeper = retention(house)
    for day in range(0, 130, 10):
        await house.say(*(mention(house.clock.now(), f"d{day}-{n}", angry=True) for n in range(12)))
        await snapshot(house)
        await look(keeper, house)
        await later(house, 10 * DAY)
    await look(keeper, house)
    await house.say(mention(house.clock.now(), "last"))
    with closing(open_for_reading(house.record.directory)) as db:
        whole = of_journal(db, None, None, Period("1800d"), directory=house.record.directory)
        bare = of_journal(db, None, None, Period("1800d"))
        head = read_head(db)
    rang = [
        change.incident.id
        for at, outcome in house.outcomes
        for change in outcome.changes
        if change.kind is ChangeKind.OPENED and at > head.at
    ]
    assert rang
    assert [ring.incident for ring in whole.these.rings] == rang
    assert (whole.facts.exact, bare.facts.exact, whole.facts.since) == (True, False, head.at)
    told = " ".join(compose(whole, "en").assumes)
    assert "are totals by hour" in told


async def test_a_clock_that_runs_ten_years_ahead_for_an_hour_erases_nothing(house: House):
    keeper = retention(house)
    await house.say(mention(NOON, "old"))
    await look(keeper, house)
    for leap, kept in ((10 * YEAR, 1), (23 * HOUR, 1), (2 * HOUR, 0)):
        await house.clock.advance(leap)
        await look(keeper, house)
        assert number(house, "content", "digest > 0") == kept


async def test_a_clock_that_is_right_again_is_trusted_at_once(house: House):
    write = house.record.write
    assert await write(lambda db: keeping.may_erase(db, NOON))
    assert not await write(lambda db: keeping.may_erase(db, NOON + 10 * YEAR))
    assert await write(lambda db: keeping.may_erase(db, NOON + HOUR))
    assert await write(lambda db: keeping.may_erase(db, NOON + 2 * HOUR))


@pytest.mark.parametrize(("seq", "waits"), [(0, False), (7, True)], ids=["new", "older"])
def test_only_a_record_from_before_waits_a_week_after_the_upgrade(tmp_path: Path, seq: int, waits: bool):  # noqa: FBT001
    scripts = sorted((files("buzzwatch.store") / "migrations").iterdir(), key=lambda script: script.name)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        for number, script in enumerate(scripts[:13], 1):
            db.executescript(f"{script.read_text('utf-8')}\nPRAGMA user_version = {number};")
        db.execute("UPDATE position SET seq = ?, now = ?", (seq, 3_000_000_000_000))
        db.commit()
    with closing(open_database(tmp_path)) as db:
        assert keeping.erases_from(db) == (3_000_000_000_000 + 7 * DAY if waits else 0)
        assert read_head(db) == (0, 0)


async def test_a_snapshot_put_aside_by_a_clock_that_ran_ahead_does_not_keep_the_others_from_it(house: House):
    keeper = retention(house)
    await house.say(mention(NOON, "old"))
    await snapshot(house)
    await look(keeper, house)
    house.rows(f"INSERT INTO anchor VALUES (1000000, {NOON + 10 * YEAR})")
    await later(house, 20 * DAY)
    await house.say(mention(house.clock.now(), "new"))
    await snapshot(house)
    await look(keeper, house)
    assert number(house, "anchor") == 3
    await later(house, DAY)
    await look(keeper, house)
    await later(house, 90 * DAY)
    await look(keeper, house)
    assert number(house, "journal", MENTIONS) == 0
