"""Who is meant by an account, and that nobody else is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from buzzwatch.model.mention import Author, Mention
from buzzwatch.rules.words import words_of
from buzzwatch.store.database import open_database
from buzzwatch.store.persons import PersonError, find_persons, read_asked
from buzzwatch.store.traces import handle_pattern, traces_of

AT = datetime(2026, 3, 2, tzinfo=UTC)
CARE = "lea@piaille.fr"


def record(folder: Path, *posts: tuple[str, str, Author | None]):
    """A database with texts alone: name, source and author of each."""
    db = open_database(folder)
    bodies = [Mention(name, f"text of {name}", AT, source, author) for name, source, author in posts]
    rows = [(told.id, 1, 0.5, msgspec.json.encode(told), "push", 0) for told in bodies]
    db.executemany("INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)", rows)
    return db


def found(db, *asked: str) -> list[set[str]]:
    return [person.posts for person in find_persons(db, asked)]


def test_an_account_is_found_by_its_handle_and_by_its_id_with_all_the_handles_it_has_had(tmp_path: Path):
    db = record(
        tmp_path,
        ("x:1", "x", Author("42", "@lea", "Léa")),
        ("x:2", "twitter", Author("42", "@Lea_new")),
        ("x:3", "x", Author("42")),
        ("x:4", "x", Author(handle="@lea_NEW")),
        ("x:5", "x", Author("43", "@leane")),
        ("b:1", "bluesky", Author("did:plc:a", "@lea")),
        ("x:6", "x", None),
    )
    for asked in ("x:@lea", "x:42", "twitter:LEA", "x:lea_new"):
        assert found(db, asked) == [{"x:1", "x:2", "x:3", "x:4"}], asked
    assert found(db, "x:42", "x:@lea") == [{"x:1", "x:2", "x:3", "x:4"}]
    assert found(db, "x:@leane", "bluesky:@lea", "bluesky:did:plc:a") == [{"x:5"}, {"b:1"}]
    db.close()


def test_a_handle_that_two_accounts_have_had_is_nobodys_until_an_id_is_named(tmp_path: Path):
    db = record(
        tmp_path,
        ("x:1", "x", Author("42", "@lea")),
        ("x:2", "x", Author("77", "@lea")),
        ("x:3", "x", Author(handle="@lea")),
    )
    with pytest.raises(PersonError, match=re.escape("x:@lea: x:42, x:77; name one by its id")):
        found(db, "x:@lea")
    (person,) = find_persons(db, ["x:42"])
    assert (person.posts, person.doubtful) == ({"x:1"}, 1)
    db.close()


def test_where_only_ids_are_known_a_handle_finds_nobody_and_the_other_way_round(tmp_path: Path):
    db = record(tmp_path, ("b:1", "bluesky", Author("did:plc:a")), ("x:1", "x", Author(handle="@lea")))
    assert found(db, "bluesky:lea.bsky.social", "x:42") == [set(), set()]
    assert found(db, "bluesky:did:plc:a", "x:@lea") == [{"b:1"}, {"x:1"}]
    db.close()


@pytest.mark.parametrize("name", ["%", "'", "_", "a\0b", "é" * 5_000, '"', "\\", "a.b[c]*", "…", "[…]"])
def test_a_hostile_name_is_a_name_like_others(tmp_path: Path, name: str):
    db = record(tmp_path, ("x:1", "x", Author(name, f"@{name}")), ("x:2", "x", Author("43", "@other")))
    assert found(db, f"x:{name}", f"x:@{name}") == [{"x:1"}]
    db.close()


@pytest.mark.parametrize("asked", ["", "lea", "x:", "x:@", ":lea", "x: "])
def test_what_is_no_account_is_said_to_be_none(asked: str):
    with pytest.raises(PersonError) as raised:
        read_asked(asked)
    assert "is no account" in str(words_of(raised.value))


def person_of(account: str, *handles: str):
    person = read_asked(account)
    person.handles |= set(handles)
    person.ids |= {person.name}
    return person


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@lea bonjour", "[…] bonjour"),
        ("merci @Lea.", "merci […]."),
        ("@leane et @lea_2 et @lea-b", None),
        ("@lea@piaille.fr", None),
        ("lea@example.com", None),
        ("(@lea)", "([…])"),
    ],
)
def test_a_handle_is_blotted_and_none_that_begins_like_it(text: str, left: str | None):
    pattern = handle_pattern([person_of("x:42", "lea")])
    assert pattern is not None
    assert pattern.sub("[…]", text) == (left or text)


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ("mastodon:https://piaille.fr/users/lea/statuses/1", True),
        ("mastodon:https://piaille.fr/users/leane/statuses/1", False),
        ("https://piaille.fr/@lea/1", True),
        ("https://piaille.fr/@lea.b/1", False),
        ("https://other.fr/@lea/1", False),
        ("@lea@piaille.fr", True),
        ("@leane@piaille.fr", False),
        ("@lea@piaille.fr.example", False),
    ],
)
def test_addresses_and_ids_name_an_account_of_mastodon(named: str, *, known: bool):
    traces = traces_of(person_of(f"mastodon:{CARE}"))
    found = [re.search(pattern, named, re.IGNORECASE) for hook, pattern in traces.items() if hook in named.lower()]
    assert any(found) == known
