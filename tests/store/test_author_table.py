"""What is known of the authors of a brand."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec.structs import replace
from stage import mention, sighting

from buzzwatch.model.author import Past
from buzzwatch.model.instant import DAY, HOUR, MINUTE, Instant, instant_of
from buzzwatch.model.mention import Sighting
from buzzwatch.store import authors
from buzzwatch.store.authors import KEPT, forget_authors, read_pasts
from buzzwatch.store.batch import Batch, Heard, content_digest
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import Ledger

MARCH = instant_of(datetime(2026, 3, 10, 12, tzinfo=UTC))
LEA, TOM = 11, 22


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path)
    yield connection
    connection.close()


class Book:
    """Commits sightings one batch at a time; names count up."""

    def __init__(self, db: sqlite3.Connection):
        self.db = db
        self.seq = 0

    def keep(self, *sightings: Sighting) -> None:
        inputs = []
        heard = []
        for each in sightings:
            self.seq += 1
            inputs.append((self.seq, each))
            told = mention(each.posted_at, each.mention.removeprefix("x:"))
            heard.append(Heard(each, told, content_digest(told)))
        Ledger(self.db).commit(Batch(self.seq, MARCH, inputs, heard))

    def says(self, at: Instant, name: str, author: int = LEA, **changes: object) -> None:
        self.keep(sighting(at, name, author=author, **changes))

    def answers(self, at: Instant, parent: str, brand: str = "acme") -> None:
        self.keep(sighting(at, f"re{self.seq}", brand, author=99, official=True, parent=f"x:{parent}"))

    def past(self, name: str, now: Instant = MARCH, brand: str = "acme") -> Past | None:
        return read_pasts(self.db, [f"x:{name}"], brand, now).get(f"x:{name}")

    def take_back(self, name: str) -> None:
        gone = replace(mention(MARCH, name, text=""), deleted=True, author=None)
        Ledger(self.db).commit(Batch(self.seq, MARCH, erased=[gone]))


@pytest.fixture
def book(db: sqlite3.Connection) -> Book:
    return Book(db)


def test_an_author_is_known_from_their_first_mention_on_and_by_brand(book: Book):
    book.says(MARCH - 40 * DAY, "old")
    book.keep(sighting(MARCH, "a", author=LEA), sighting(MARCH, "b", author=LEA), sighting(MARCH, "c", author=TOM))
    book.says(MARCH, "z", brand="zephyr")
    assert book.past("a") == Past(MARCH - 40 * DAY, 3, 0, MARCH - 40 * DAY, None)
    assert book.past("c") == Past(MARCH, 1, 0)
    assert book.past("z", brand="zephyr") == Past(MARCH, 1, 0)
    assert book.past("nobody") is None


def test_who_is_not_known_and_our_own_people_have_no_past(book: Book):
    book.says(MARCH, "a", author=0)
    book.says(MARCH, "b", author=5, voice="ours")
    book.says(MARCH, "c", author=6, official=True)
    assert [book.past(name) for name in "abc"] == [None, None, None]


def test_only_the_last_twelve_months_count_while_the_first_mention_is_remembered(book: Book):
    eleven, twelve = (instant_of(datetime(2025, month, 28, tzinfo=UTC)) for month in (4, 3))
    book.says(twelve, "t")
    book.says(eleven, "e")
    book.says(MARCH, "now")
    assert book.past("now") == Past(twelve, 2, 0, eleven, None)


def test_a_month_of_last_year_takes_no_place_from_the_same_month_of_this_year(book: Book):
    book.says(MARCH, "now")
    book.says(MARCH - 365 * DAY, "late")
    assert book.past("now").mentions == 1
    assert book.past("now").first_at == MARCH - 365 * DAY


def test_the_last_outcome_is_of_the_exchange_before_until_this_one_is_answered(book: Book):
    book.says(MARCH - 9 * DAY, "old")
    book.answers(MARCH - 9 * DAY + 14 * MINUTE, "old")
    book.says(MARCH - HOUR, "new")
    assert book.past("new") == Past(MARCH - 9 * DAY, 2, 1, MARCH - 9 * DAY, 14 * MINUTE)
    book.answers(MARCH, "new")
    assert book.past("new") == Past(MARCH - 9 * DAY, 2, 2, MARCH - HOUR, HOUR)


def test_the_first_answer_says_how_long_an_exchange_waited(book: Book):
    book.says(MARCH, "one")
    book.says(MARCH + HOUR, "two")
    book.answers(MARCH + 2 * HOUR, "two")
    book.answers(MARCH + 9 * HOUR, "one")
    assert book.past("one", MARCH + DAY) == Past(MARCH, 2, 2, MARCH, HOUR)


def test_an_answer_that_comes_late_counts_for_the_exchange_that_it_answers(book: Book):
    book.says(MARCH - 3 * DAY, "old")
    book.says(MARCH, "new")
    book.answers(MARCH + HOUR, "old")
    assert book.past("new") == Past(MARCH - 3 * DAY, 2, 1, MARCH - 3 * DAY, 3 * DAY + HOUR)


def test_an_answer_of_the_same_batch_and_one_to_nobody(book: Book):
    asked = sighting(MARCH, "a", author=LEA)
    answer = sighting(MARCH + MINUTE, "re", author=99, official=True, parent="x:a")
    stray = sighting(MARCH + MINUTE, "re2", author=99, official=True, parent="x:unknown")
    book.keep(asked, answer, stray)
    assert book.past("a") == Past(MARCH, 1, 1, MARCH, MINUTE)


def test_a_mention_that_is_taken_back_counts_no_more_and_the_last_takes_its_author_along(book: Book):
    book.says(MARCH, "a")
    book.says(MARCH, "b")
    book.take_back("a")
    book.take_back("a")
    assert book.past("b").mentions == 1
    book.take_back("b")
    assert book.db.execute("SELECT count(*) FROM author").fetchone() == (0,)


def test_who_says_nothing_for_a_year_is_forgotten_and_of_too_many_the_longest_silent(book: Book):
    for days, name in enumerate("abcd"):
        book.says(MARCH + days * DAY, name, author=100 + days)
    forget_authors(book.db, MARCH + KEPT + 1)
    kept = "SELECT key & 0xFFFFFFFF FROM author ORDER BY key"
    assert book.db.execute(kept).fetchall() == [(101,), (102,), (103,)]
    forget_authors(book.db, MARCH, most=2)
    assert book.db.execute(kept).fetchall() == [(102,), (103,)]


def test_what_the_journal_knew_before_is_there_after_the_migration(book: Book):
    book.says(MARCH - 40 * DAY, "old")
    book.says(MARCH, "a", posted_at=MARCH - HOUR)
    book.says(MARCH, "b")
    book.says(MARCH - 400 * DAY, "older")
    book.answers(MARCH, "b")
    book.says(MARCH, "ours", author=5, voice="ours")
    book.says(MARCH, "nobody", author=0)
    before = book.past("a")
    book.db.execute("DROP TABLE author")
    book.db.execute("DROP TABLE author_brand")
    migration = files("buzzwatch.store") / "migrations" / "0005_authors.sql"
    again = book.db
    again.executescript(migration.read_text("utf-8"))
    assert read_pasts(again, ["x:a"], "acme", MARCH) == {
        "x:a": replace(before, answers=0, asked_at=None, answered_after=None)
    }
    assert again.execute("SELECT count(*) FROM author").fetchone() == (1,)


def test_a_commit_that_fails_counts_nobody(book: Book):
    twice = sighting(MARCH, "a", author=LEA)
    with pytest.raises(sqlite3.IntegrityError):
        Ledger(book.db).commit(Batch(2, MARCH, [(1, twice), (2, twice)]))
    assert book.db.execute("SELECT count(*) FROM author").fetchone() == (0,)


def test_no_author_can_count_into_the_neighbouring_number(book: Book):
    assert authors._MENTIONS >= 16_000_000
    assert authors._ANSWERS >= 65_000
