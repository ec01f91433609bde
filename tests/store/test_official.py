"""When official accounts were last seen."""

from types import SimpleNamespace

import pytest
from stage import MONDAY, mention, sighting

from buzzwatch.app.digest import unseen_accounts
from buzzwatch.model.instant import DAY
from buzzwatch.notify.digest_words import Unseen
from buzzwatch.store.batch import Batch, Heard
from buzzwatch.store.database import open_database
from buzzwatch.store.journal import Ledger
from buzzwatch.store.official import know_officials, read_officials


@pytest.fixture
def db(tmp_path):
    connection = open_database(tmp_path)
    yield connection
    connection.close()


def brands(*accounts):
    return {"acme": SimpleNamespace(name="Acme", official=frozenset(accounts))}


def say(db, seq, at, name, **changes):
    said = mention(at, name)
    seen = sighting(at, name, **changes)
    Ledger(db).commit(Batch(seq, at, [(seq, seen)], [Heard(seen, said, seq)]))


def test_an_account_is_waited_for_since_it_is_listed_and_seen_when_it_speaks(db):
    know_officials(db, brands("x:@A-news"), MONDAY)
    know_officials(db, brands("x:@A-news"), MONDAY + DAY)
    assert read_officials(db) == {("acme", "x:a-news"): (MONDAY, None)}
    say(db, 1, MONDAY + 2 * DAY, "other")
    assert read_officials(db)["acme", "x:a-news"] == (MONDAY, None)
    say(db, 2, MONDAY + 3 * DAY, "news", official=True)
    assert read_officials(db)["acme", "x:a-news"] == (MONDAY, MONDAY + 3 * DAY)


def test_one_that_is_listed_no_more_is_forgotten(db):
    know_officials(db, brands("x:@a", "x:@b"), MONDAY)
    know_officials(db, brands("x:@b"), MONDAY + DAY)
    assert read_officials(db) == {("acme", "x:b"): (MONDAY, None)}


def test_one_never_seen_in_thirty_days_is_told_and_one_just_listed_is_not(db):
    rules = SimpleNamespace(brands=brands("x:@old", "x:@a-news"))
    know_officials(db, brands("x:@old", "x:@a-news"), MONDAY)
    say(db, 1, MONDAY + 3 * DAY, "news", official=True)
    assert unseen_accounts(db, rules, MONDAY + 29 * DAY) == []
    assert unseen_accounts(db, rules, MONDAY + 31 * DAY) == [Unseen("Acme", "x:@old", None)]
    later = unseen_accounts(db, rules, MONDAY + 40 * DAY)
    assert later == [Unseen("Acme", "x:@a-news", MONDAY + 3 * DAY), Unseen("Acme", "x:@old", None)]
    rules.brands = brands("x:@new")
    assert unseen_accounts(db, rules, MONDAY + 40 * DAY) == []
