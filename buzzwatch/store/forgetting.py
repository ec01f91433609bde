"""Forgetting an author: what they said and who they are goes everywhere, what was counted stays.

Their posts go by other ids from then on and they by another key, the same ones everywhere, so that conversations,
incidents, marks and complaints hold together and a replay comes to what it came to before. It is done in one
transaction; what lies in files beside the database is a to-do in that same transaction, which any later process ends.
"""

import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from ahocorasick_rs import BytesAhoCorasick
from msgspec import Struct
from msgspec.structs import replace

from buzzwatch.detect.distinct import key_at, place_of
from buzzwatch.ingest.decode import HEAD
from buzzwatch.model.instant import Instant
from buzzwatch.model.mention import Author, Kind, Mention
from buzzwatch.renaming import BLOT, Renaming, rename_dump
from buzzwatch.store.database import FILE, transaction
from buzzwatch.store.names import name_key
from buzzwatch.store.persons import Person, platform
from buzzwatch.store.snapshot import drop_snapshot, list_snapshots, read_snapshot, write_snapshot
from buzzwatch.store.swap import ASIDE
from buzzwatch.store.texts import LET_GO
from buzzwatch.store.traces import SHORTEST_TEXT, handle_pattern, raw_needles, traces_of, written

UNTOLD = "not kept: it may be of an author who was forgotten"
"""Why a payload was refused of which nothing is known any more."""
RENAME, CLEAN = "rename", "clean"
_KEYS = 1 << 32
_BODIES = (
    ("incident", ("id",), "body"),
    ("change", ("incident", "revision"), "body"),
    ("outbox", ("key",), "body"),
    ("shadow", ("id",), "body"),
    ("reading", ("seq",), "body"),
    ("ruleset", ("digest",), "files"),
)
"""Tables whose bodies may name posts, with their keys."""
_SENTENCES = (("held", "why"), ("attempt", "why"), ("outbox", "why"))

_OURS = (
    *(FILE, f"{FILE}-*", f"{FILE}.*", f"{ASIDE}*", "snapshot-*", "snapshot.part", "lock", "reserve", "calendars"),
    *("links.key", "links.part", "forgotten.json", "forgotten.part", "control.sock"),
)

_encode = msgspec.json.Encoder().encode
_decode_mention = msgspec.json.Decoder(Mention).decode


class _Todo(Struct):
    """What the snapshots are to be renamed by."""

    posts: dict[str, str]
    authors: dict[int, int]
    traces: dict[str, str]


def _chance() -> str:
    return secrets.token_hex(8)


def forget(db: sqlite3.Connection, persons: Sequence[Person], at: Instant, by: str) -> dict[tuple[str, str], str]:
    """Forget authors in the database, all or none; the cursors of sources that are others now.

    `finish_renaming` and `clean` are to follow, before anything is stepped that was not on record.
    """
    with transaction(db):
        work = _Work(db, persons)
        work.do()
        db.executemany("INSERT INTO forgotten (at, by) VALUES (?, ?)", [(at, by) for _ in persons])
        todo = _Todo(work.renaming.posts, work.renaming.authors, work.renaming.traces)
        _merge_todo(db, todo)
    return work.cursors


def _merge_todo(db: sqlite3.Connection, todo: _Todo) -> None:
    row = db.execute("SELECT body FROM forgetting WHERE stage = ?", (RENAME,)).fetchone()
    if row is not None:  # the one before was cut off
        before = msgspec.msgpack.decode(row[0], type=_Todo)
        todo = _Todo(before.posts | todo.posts, before.authors | todo.authors, before.traces | todo.traces)
    db.execute("INSERT OR REPLACE INTO forgetting VALUES (1, ?, ?)", (RENAME, msgspec.msgpack.encode(todo)))


def finish_renaming(db: sqlite3.Connection, directory: Path) -> None:
    """Rename in the snapshots what was renamed in the database; those that cannot be read are dropped."""
    row = db.execute("SELECT body FROM forgetting WHERE stage = ?", (RENAME,)).fetchone()
    if row is None:
        return
    todo = msgspec.msgpack.decode(row[0], type=_Todo)
    renaming = Renaming(todo.posts, todo.authors, todo.traces, _chance)
    kept = list_snapshots(directory)
    for seq in kept:
        dumped = read_snapshot(directory, seq)
        try:
            told = None if dumped is None else rename_dump(dumped, renaming)
        except (ValueError, KeyError, TypeError, IndexError):  # another version's
            told = None
        if told is None:
            drop_snapshot(directory, seq)
        else:
            write_snapshot(directory, seq, told, spared=kept)
    db.execute("UPDATE forgetting SET stage = ?, body = x''", (CLEAN,))


def clean(db: sqlite3.Connection, directory: Path) -> bool:
    """Let no remnant stay in the database, its log and what is kept of it; False: somebody reads, try again soon.

    Takes about as long as copying the file, and as much free room again as it has. Raises `sqlite3.Error` where there
    is too little; it is to be tried again then.
    """
    if db.execute("SELECT 1 FROM forgetting WHERE stage = ?", (CLEAN,)).fetchone() is None:
        return True
    for copy in copies_beside(directory):
        if copy.is_dir():
            shutil.rmtree(copy)
        else:
            copy.unlink(missing_ok=True)
    (directory / "snapshot.part").unlink(missing_ok=True)
    db.execute("PRAGMA temp_store = FILE")  # as large as the database
    db.execute(f"PRAGMA temp_store_directory = '{str(directory).replace(chr(39), chr(39) * 2)}'")
    try:
        db.execute("VACUUM")
    finally:
        db.execute("PRAGMA temp_store = MEMORY")
    if not _empty_log(db):
        return False
    db.execute("DELETE FROM forgetting")
    return _empty_log(db)


def copies_beside(directory: Path) -> list[Path]:
    """Copies from before a migration, and states from before a restore: `clean` removes them."""
    asides = (path for path in directory.glob(f"{ASIDE}*") if path.is_dir() and not path.is_symlink())
    return sorted([*directory.glob(f"{FILE}.*"), *asides])


def strangers_beside(directory: Path) -> list[str]:
    """What lies in the state directory and is none of ours; nobody knows what stands in it."""
    return sorted(path.name for path in directory.iterdir() if not any(path.match(ours) for ours in _OURS))


def _empty_log(db: sqlite3.Connection) -> bool:
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def pending(db: sqlite3.Connection) -> bool:
    """Whether something is left to do."""
    return db.execute("SELECT 1 FROM forgetting").fetchone() is not None


def read_forgotten(db: sqlite3.Connection) -> list[tuple[int, Instant, str]]:
    """Number, instant and who asked for it, of each author who was forgotten."""
    return db.execute("SELECT number, at, by FROM forgotten ORDER BY number").fetchall()


class _Work:
    def __init__(self, db: sqlite3.Connection, persons: Sequence[Person]) -> None:
        self.cursors: dict[tuple[str, str], str] = {}
        self._db = db
        self._persons = persons
        self._theirs = {post for person in persons for post in person.posts}
        traces = {hook: pattern for person in persons for hook, pattern in traces_of(person).items()}
        self.renaming = Renaming({}, self._choose_keys(), traces, _chance)
        for post in sorted(self._theirs):
            self.renaming.call(post)
        self._texts = sorted({t for p in persons for t in p.texts if len(t) >= SHORTEST_TEXT}, key=len, reverse=True)
        self._handles = {
            source: handle_pattern(person for person in persons if person.source == source)
            for source in {person.source for person in persons}
        }
        handles = {f"@{handle}" for person in persons for handle in person.handles}
        keys = {b'"author":%d,' % key for key in self.renaming.authors}
        self._needles = BytesAhoCorasick([*written((*self._theirs, *traces)), *keys])
        self._in_texts = BytesAhoCorasick([*written((*self._theirs, *traces, *handles, *self._texts))])

    def do(self) -> None:
        self._rename_texts()
        self._rename_journal()
        for table, keys, body in _BODIES:
            self._rename_bodies(table, keys, body)
        for table, sentence in _SENTENCES:
            self._blot_sentences(table, sentence)
        self._rename_cursors()
        self._drop_refused()
        self._rename_numbers()

    def _choose_keys(self) -> dict[int, int]:
        """Another key for each, at random between its neighbours: whatever keeps the lowest ones keeps the same."""
        old = sorted({key for person in self._persons for key in person.keys})
        rows = self._db.execute(f"SELECT DISTINCT key & {_KEYS - 1} FROM author")  # noqa: S608 - a number of ours
        taken = sorted({place_of(key) for (key,) in rows} | {place_of(key) for key in old})
        bounds = [0, *taken, _KEYS]
        around = {place: (bounds[at], bounds[at + 2]) for at, place in enumerate(taken)}
        chosen: dict[int, int] = {}
        for key in old:
            low, high = around[place_of(key)]
            room = high - low - 1
            chosen[key] = key_at(low + 1 + secrets.randbelow(room)) if room > 1 else key
        return chosen

    def _rename_texts(self) -> None:
        changed = []
        for mention, digest, body in self._db.execute("SELECT mention, digest, body FROM content"):
            if mention in self._theirs:
                told = self._emptied(_decode_mention(body))
                changed.append((told.id, min(digest, LET_GO) if digest > 0 else digest, _encode(told), mention))
            elif self._in_texts.find_matches_as_indexes(body.lower()):
                told = self._blotted(_decode_mention(body))
                changed.append((told.id, digest, _encode(told), mention))
        self._db.executemany("UPDATE content SET mention = ?, digest = ?, body = ? WHERE mention = ?", changed)

    def _emptied(self, told: Mention) -> Mention:
        followers = told.author.followers if told.author else None
        author = None if followers is None else Author(followers=followers)
        return replace(self._placed(told), text="", title=None, author=author, url=None, deleted=True)

    def _placed(self, told: Mention) -> Mention:
        """The same where it and what it hangs on go by their other names."""
        word = self.renaming.word
        parent, thread = (each and word(each) for each in (told.parent, told.thread))
        return replace(told, id=word(told.id), parent=parent, thread=thread)

    def _blotted(self, told: Mention) -> Mention:
        """What another author says, without what it says of those forgotten."""
        source, url = platform(told.source), told.url
        if told.kind is Kind.REPOST and told.parent in self._theirs:
            told = replace(told, text=BLOT, title=None)
        title = told.title and self._without(told.title, source)
        if url and self.renaming.names(url):
            url = None
        return replace(self._placed(told), text=self._without(told.text, source), title=title, url=url)

    def _without(self, text: str, source: str) -> str:
        for said in self._texts:
            if said in text:
                text = text.replace(said, BLOT)
        handles = self._handles.get(source)
        text = self.renaming.blot(text)
        return handles.sub(BLOT, text) if handles is not None else text

    def _rename_journal(self) -> None:
        authors, changed = self.renaming.authors, []
        for seq, kind, body in self._db.execute("SELECT seq, kind, body FROM journal WHERE kind != 'rules'"):
            if not self._needles.find_matches_as_indexes(body.lower()):
                continue
            told: dict[str, Any] = self.renaming.walk(msgspec.json.decode(body))
            if kind == "sighting":
                told["author"] = authors.get(told["author"], told["author"])
            changed.append((told["mention"] if kind == "sighting" else None, _encode(told), seq))
        self._db.executemany("UPDATE journal SET mention = ?, body = ? WHERE seq = ?", changed)

    def _rename_bodies(self, table: str, keys: tuple[str, ...], body: str) -> None:
        names = ", ".join(keys)
        changed = [
            (_encode(self.renaming.walk(msgspec.json.decode(held))), *key)
            for *key, held in self._db.execute(f"SELECT {names}, {body} FROM {table}")  # noqa: S608 - names of ours
            if self._needles.find_matches_as_indexes(held.lower())
        ]
        where = " AND ".join(f"{key} = ?" for key in keys)
        self._db.executemany(f"UPDATE {table} SET {body} = ? WHERE {where}", changed)  # noqa: S608 - likewise

    def _blot_sentences(self, table: str, sentence: str) -> None:
        rows = self._db.execute(f"SELECT DISTINCT {sentence} FROM {table}").fetchall()  # noqa: S608 - likewise
        changed = [(self.renaming.blot(said), said) for (said,) in rows if self.renaming.names(said)]
        self._db.executemany(f"UPDATE {table} SET {sentence} = ? WHERE {sentence} = ?", changed)  # noqa: S608 - likewise

    def _rename_cursors(self) -> None:
        """Of Mastodon they tell which status is which post, without the platform's name before it."""
        for source, name, value in self._db.execute("SELECT source, name, value FROM cursor").fetchall():
            renamed = " ".join(map(self._without_platform, value.split(" ")))
            if renamed != value:
                self.cursors[source, name] = renamed
        rows = [(renamed, *key) for key, renamed in self.cursors.items()]
        self._db.executemany("UPDATE cursor SET value = ? WHERE source = ? AND name = ?", rows)

    def _without_platform(self, word: str) -> str:
        before = f"mastodon:{word}"
        after = self.renaming.word(before)
        if after == before:
            return word
        self.renaming.posts[f"mastodon:{after}"] = after  # what the source makes of the cursor is known by it
        return after

    def _drop_refused(self) -> None:
        dropped = [(UNTOLD, key) for key in find_refused(self._db, self._persons)]
        self._db.executemany("UPDATE refused SET reason = ?, head = x'' WHERE id = ?", dropped)

    def _rename_numbers(self) -> None:
        db, posts, authors = self._db, self.renaming.posts, self.renaming.authors
        db.execute("CREATE TEMP TABLE renamed (old TEXT PRIMARY KEY, new TEXT NOT NULL)")
        db.execute("CREATE TEMP TABLE rekeyed (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
        db.executemany("INSERT INTO renamed VALUES (?, ?)", posts.items())
        db.executemany("INSERT INTO rekeyed VALUES (?, ?)", authors.items())
        for table in ("complaint", "alias"):
            db.execute(
                f"UPDATE {table} SET mention = (SELECT new FROM renamed WHERE old = mention) "  # noqa: S608 - names of ours
                "WHERE mention IN (SELECT old FROM renamed)"
            )
        db.execute(
            "UPDATE complaint SET author = (SELECT new FROM rekeyed WHERE old = author) "
            "WHERE author IN (SELECT old FROM rekeyed)"
        )
        low = f"key & {_KEYS - 1}"
        db.execute(
            f"UPDATE OR REPLACE author SET key = key - ({low}) + (SELECT new FROM rekeyed WHERE old = {low}) "  # noqa: S608 - a number of ours
            f"WHERE {low} IN (SELECT old FROM rekeyed)"
        )
        names = ((name_key(old), new) for old, new in posts.items())
        db.executemany("INSERT OR REPLACE INTO alias VALUES (?, ?)", names)
        accounts = {f"{person.source}:{each}" for person in self._persons for each in (*person.ids, *person.handles)}
        db.executemany("DELETE FROM official WHERE account = ?", [(each,) for each in sorted(accounts)])
        db.execute("DROP TABLE renamed")
        db.execute("DROP TABLE rekeyed")


def find_refused(db: sqlite3.Connection, persons: Sequence[Person]) -> list[int]:
    """The refused payloads that may be theirs: those that name them, and all that were cut in their midst."""
    needles = BytesAhoCorasick(sorted({each for person in persons for each in raw_needles(person)}))
    return [
        key
        for key, reason, head in db.execute("SELECT id, reason, head FROM refused")
        if len(head) >= HEAD
        or needles.find_matches_as_indexes(head.lower())
        or needles.find_matches_as_indexes(reason.encode("utf-8", "replace").lower())
    ]


def shown_counts(db: sqlite3.Connection, posts: Iterable[str]) -> dict[str, tuple[int, Instant, Instant]]:
    """By brand how many of these posts are on record, and when the first and the last was seen."""
    rows = db.execute(
        "SELECT brand, count(*), min(seen_at), max(seen_at) FROM journal "
        "WHERE mention IN (SELECT value FROM json_each(?)) GROUP BY brand ORDER BY brand",
        (_encode(sorted(posts)).decode(),),
    )
    return {brand: (number, first, last) for brand, number, first, last in rows}
