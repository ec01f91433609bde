"""What is cut off amid forgetting is finished by whoever comes next, whatever lies in the files by then."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from buzzwatch.memory import Memory
from buzzwatch.model.mention import Author, Kind, Mention
from buzzwatch.store.database import FILE, open_database, open_for_reading
from buzzwatch.store.forgetting import clean, finish_renaming, forget, pending, read_forgotten
from buzzwatch.store.forgotten import find_returned, remember_forgotten
from buzzwatch.store.names import find_named
from buzzwatch.store.persons import find_persons
from buzzwatch.store.snapshot import list_snapshots, write_snapshot

AT = datetime(2026, 3, 2, tzinfo=UTC)
LEA = Author("did:plc:lea", "@lea.bsky.social", "L\u00e9a Quatrevaux", 12_400)
ROOT, PARENT = "bluesky:did:plc:lea/3k1", "bluesky:did:plc:lea/3never"
SAID = "Acme m'a laiss\u00e9e \u00e0 Poitiers avec ma valise \u00e9ventr\u00e9e"
TRACES = (b"plc:lea", b"lea.bsky", b"Quatrevaux", "valise \u00e9ventr".encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    posts = [
        Mention(ROOT, SAID, AT, "bluesky", LEA, url="https://bsky.app/profile/lea.bsky.social/post/3k1"),
        Mention("x:1", f"RT @lea.bsky.social: {SAID}", AT, "x", Author("9", "@leane")),
        Mention("x:2", "@leane oui", AT, "x", Author("8", "@tom"), parent=PARENT, thread=PARENT, kind=Kind.REPLY),
    ]
    db = open_database(tmp_path)
    rows = [(told.id, 1, 0.5, msgspec.json.encode(told), "push", 0) for told in posts]
    db.executemany("INSERT INTO content VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.execute("INSERT INTO cursor VALUES ('toot', 'status:1', 'https://a.example/2 https://a.example/1')")
    heads = (b'{"handle": "@lea.bsky.social"', b'[{"text": "' + b"x" * 2_037, b'{"id": "other"')
    rows = [(head,) for head in heads]
    db.executemany("INSERT INTO refused (seen_at, source, reason, head) VALUES (1, 'push', 'broken', ?)", rows)
    db.close()
    memory = Memory()
    memory.tracker._young[ROOT] = PARENT
    write_snapshot(tmp_path, 3, memory.dump())
    (tmp_path / "snapshot-000000000000002").write_bytes(b"broken: plc:lea")
    (tmp_path / f"{FILE}.before-0013").write_bytes(b"plc:lea")
    return tmp_path


def ask(folder: Path) -> None:
    with closing(open_database(folder)) as db:
        persons = find_persons(db, ["bluesky:lea.bsky.social"])
        remember_forgotten(folder, persons)
        forget(db, persons, 5, "ines")


def finish(folder: Path) -> bool:
    with closing(open_database(folder)) as db:
        finish_renaming(db, folder)
        return clean(db, folder)


def left(folder: Path) -> list[tuple[str, bytes]]:
    return [(path.name, trace) for path in folder.iterdir() for trace in TRACES if trace in path.read_bytes()]


def told(folder: Path) -> dict[str, Mention]:
    with closing(open_for_reading(folder)) as db:
        rows = db.execute("SELECT mention, body FROM content").fetchall()
    return {mention: msgspec.json.decode(body, type=Mention) for mention, body in rows}


def test_what_was_begun_is_finished_by_the_next_process_and_nothing_is_left_of_it(folder: Path):
    ask(folder)
    assert left(folder)
    assert finish(folder)
    assert left(folder) == []
    assert list_snapshots(folder) == [3]
    with closing(open_for_reading(folder)) as db:
        assert not pending(db)
        assert read_forgotten(db) == [(1, 5, "ines")]


def test_conversations_hold_together_and_names_on_record_are_known_again(folder: Path):
    ask(folder)
    finish(folder)
    posts = told(folder)
    with closing(open_for_reading(folder)) as db:
        known = find_named(db, [ROOT, PARENT])
    assert set(posts) == {known[ROOT], "x:1", "x:2"}
    assert posts["x:2"].parent == posts["x:2"].thread == known[PARENT]
    assert posts[known[ROOT]].author == Author(followers=12_400)
    assert posts["x:1"].author == Author("9", "@leane")
    assert posts["x:2"].text == "@leane oui"
    assert posts["x:1"].text == "RT […]: […]"


def test_refused_payloads_go_that_name_them_or_were_cut_and_no_others(folder: Path):
    ask(folder)
    with closing(open_for_reading(folder)) as db:
        assert [head for (head,) in db.execute("SELECT head FROM refused")] == [b"", b"", b'{"id": "other"']


def test_who_reads_puts_the_cleaning_off_and_it_is_taken_up(folder: Path):
    ask(folder)
    with closing(open_for_reading(folder)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM content").fetchone()
        with closing(open_database(folder)) as db:
            db.execute("PRAGMA busy_timeout = 10")
            finish_renaming(db, folder)
            assert not clean(db, folder)
            assert pending(db)
    assert finish(folder)
    assert left(folder) == []


def test_two_that_are_cut_off_one_after_the_other_are_both_finished(folder: Path):
    ask(folder)
    with closing(open_database(folder)) as db:
        forget(db, find_persons(db, ["x:@leane"]), 6, "ines")
    assert finish(folder)
    assert left(folder) == []
    assert "leane" not in "".join(map(str, told(folder).values()))


def test_whom_an_older_backup_brings_back_is_found(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    backup = tmp_path_factory.mktemp("backup") / FILE
    with closing(open_database(folder)) as db:
        db.execute("VACUUM INTO ?", (str(backup),))
    ask(folder)
    assert finish(folder)
    with closing(open_for_reading(folder)) as db:
        assert find_returned(db, folder) == []
    (folder / FILE).write_bytes(backup.read_bytes())
    with closing(open_for_reading(folder)) as db:
        assert find_returned(db, folder) == ["bluesky:did:plc:lea"]
