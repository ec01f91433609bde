import sqlite3

import pytest

from buzzwatch.app.config import CODE_LENGTH
from buzzwatch.app.links import KEPT, Holder, Links, forget_links
from buzzwatch.model.instant import DAY
from buzzwatch.store.database import FILE
from buzzwatch.store.record import Record

NOW = 1_795_473_600_000
BASE = "https://bw.acme.fr"


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path)
    record.write_now(lambda db: put(db, "acme-1"))
    yield record
    record.close()


@pytest.fixture
def links(record, tmp_path):
    return Links(record, tmp_path, BASE)


def put(db, incident, closed_at="null"):
    body = f'{{"closed_at": {closed_at}}}'
    db.execute("INSERT OR REPLACE INTO incident VALUES (?, 'acme', 'open', 0, ?)", (incident, body))


async def code_of(links, person="ines", incident="acme-1"):
    return (await links.url(incident, person)).removeprefix(f"{BASE}/i/")


async def test_a_link_fits_into_a_text_message_and_holds_nothing_that_is_misread(links):
    url = await links.url("acme-1", "ines")
    assert len(url) <= 30
    assert len(url.rpartition("/")[2]) == CODE_LENGTH
    assert not set(url.rpartition("/")[2]) & set("01ILOU")


async def test_each_holder_has_a_code_of_their_own_that_opens_in_either_case(links):
    codes = [await code_of(links, person) for person in ("ines", "karim", "")]
    assert len(set(codes)) == 3
    assert await links.open(codes[0].lower(), NOW) == Holder("acme-1", "ines")
    assert await links.open(codes[2], NOW) == Holder("acme-1", "")


async def test_the_same_message_carries_the_same_code_from_start_to_start(links, record, tmp_path):
    code = await code_of(links)
    again = Links(record, tmp_path, BASE)
    assert await code_of(again) == code
    assert await again.open(code, NOW) == Holder("acme-1", "ines")


async def test_the_database_does_not_hold_the_code(links, record, tmp_path):
    code = await code_of(links)
    record.write_now(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    assert code.encode() not in (tmp_path / FILE).read_bytes()


async def test_a_guessed_code_opens_nothing(links):
    code = await code_of(links)
    assert await links.open("22222222", NOW) is None
    assert await links.open(code[:-1], NOW) is None


async def test_a_revoked_code_opens_nothing_and_later_messages_carry_another(links):
    before, other = await code_of(links), await code_of(links, "karim")
    assert await links.revoke("acme-1", NOW) == 2
    assert await links.open(before, NOW) is await links.open(other, NOW) is None
    after = await code_of(links)
    assert after != before
    assert await links.open(after, NOW) == Holder("acme-1", "ines")


async def test_a_code_ends_thirty_days_after_its_incident_was_closed(links, record):
    code = await code_of(links)
    record.write_now(lambda db: put(db, "acme-1", NOW))
    assert await links.open(code, NOW + KEPT) is not None
    assert await links.open(code, NOW + KEPT + 1) is None
    record.write_now(lambda db: forget_links(db, NOW + KEPT + DAY))
    assert record.write_now(lambda db: db.execute("SELECT count(*) FROM link").fetchone()) == (0,)


async def test_two_installations_give_other_codes(record, tmp_path):
    (tmp_path / "b").mkdir()
    here, there = Links(record, tmp_path, BASE), Links(record, tmp_path / "b", BASE)
    assert await code_of(here) != await code_of(there, incident="acme-2")
    assert here._spell(Holder("a", "b"), 0) != there._spell(Holder("a", "b"), 0)


async def test_a_code_that_cannot_be_written_works_until_it_can(links, record):
    def refuse(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA query_only = ON")

    record.write_now(refuse)
    code = await code_of(links)
    assert await links.open(code, NOW) == Holder("acme-1", "ines")
    record.write_now(lambda db: db.execute("PRAGMA query_only = OFF"))
    assert await code_of(links) == code


def test_a_key_that_a_power_cut_emptied_is_made_anew(record, tmp_path):
    (tmp_path / "links.key").write_bytes(b"")
    Links(record, tmp_path, BASE)
    assert len((tmp_path / "links.key").read_bytes()) == 32


def test_nobody_else_can_read_the_key(links, tmp_path):
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600
