"""Who is meant by `x:@lea`: an account with all the ids and handles that are on record of it, and its posts."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from buzzwatch.ingest.normalise import author_key
from buzzwatch.model.mention import UNKNOWN_SOURCE, Author
from buzzwatch.rules.words import Said

_X = frozenset({"x", "twitter"})
_MOST_PASSES = 4
"""A handle leads to ids, those to further handles, and these to posts that bear no id."""
_LONGEST_SHOWN = 200


class PersonError(Exception):
    """Nobody can be meant by what was asked, or not for certain; the text says why and what to write instead."""


class Person(Struct):
    """One account of one platform.

    `ids` and `handles` are spelled as `spelled` gives them; `names` as they stand in posts. `keys` are those that
    sightings have for the author. `posts` are the ids of all posts of theirs on record, `texts` what these say.
    """

    asked: str
    source: str
    name: str
    ids: set[str] = set()
    handles: set[str] = set()
    names: set[str] = set()
    keys: set[int] = set()
    posts: set[str] = set()
    texts: set[str] = set()
    doubtful: int = 0
    """Posts that bear no id, only a handle which other accounts have had too: they are left alone."""


class Told(Struct):
    """Of a mention what tells whose it is, and its words."""

    id: str
    text: str
    source: str | None = None
    author: Author | None = None
    title: str | None = None


_decode = msgspec.json.Decoder(Told).decode
_encode = msgspec.json.Encoder().encode


def spelled(name: str) -> str:
    """One spelling of an id or a handle."""
    return name.strip().lstrip("@").casefold()


def platform(source: str | None) -> str:
    """Where an account is one: X by whichever of its names."""
    named = (source or UNKNOWN_SOURCE).casefold()
    return "x" if named in _X else named


def read_asked(asked: str) -> Person:
    """Who is asked for, before anything is looked up.

    Raises:
        PersonError: it is no account.
    """
    source, _, name = asked.strip().partition(":")
    if not source or not spelled(name):
        told = "'{text}' is no account: write the platform and the handle or the id, such as x:@lea, x:42"
        raise PersonError(Said(told, {"text": asked[:_LONGEST_SHOWN]}))
    return Person(asked.strip(), platform(source), spelled(name))


def find_persons(db: sqlite3.Connection, asked: Iterable[str]) -> list[Person]:
    """Those who are asked for, each once, with all that is on record of them; who has no posts is unknown.

    Every text on record is looked at, two to four times.

    Raises:
        PersonError: something asked for is no account, or is a handle that several accounts have had.
    """
    persons = list({(each.source, each.name): each for each in map(read_asked, asked)}.values())
    for _ in range(_MOST_PASSES):
        before = [(person.ids.copy(), person.handles.copy()) for person in persons]
        found = _look(db, persons)
        if before == [(person.ids, person.handles) for person in persons]:
            break
    persons = _united(persons)
    for person in persons:
        _take_bare(person, found)
        _add_keys(person)
    _add_unsigned(db, persons)
    return persons


class _Found:
    """By platform and handle: posts that bear no id, and the ids of those who have had the handle."""

    def __init__(self) -> None:
        self.bare: dict[tuple[str, str], list[Told]] = {}
        self.bearers: dict[tuple[str, str], set[str]] = {}


def _look(db: sqlite3.Connection, persons: Sequence[Person]) -> _Found:
    """Take the posts that bear an id which is known to be theirs, and learn ids and handles from them."""
    by_id: dict[tuple[str, str], list[Person]] = {}
    for person in persons:  # who is asked for by several names is told to be one only afterwards
        for key in {*person.ids, person.name}:
            by_id.setdefault((person.source, key), []).append(person)
    handles = {(person.source, handle) for person in persons for handle in (*person.handles, person.name)}
    found = _Found()
    for told in signed(db):
        source, author = platform(told.source), told.author or Author()
        key, handle = spelled(author.id or ""), spelled(author.handle or (author.name or "" if not author.id else ""))
        for person in by_id.get((source, key), ()) if key else ():
            _learn(person, told, key, handle)
        if (source, handle) in handles:
            if key:
                found.bearers.setdefault((source, handle), set()).add(key)
            else:
                found.bare.setdefault((source, handle), []).append(told)
    for person in persons:
        if not person.ids:
            person.ids |= _only_bearer(person, found)
    return found


def _only_bearer(person: Person, found: _Found) -> set[str]:
    """The id of the account that is asked for by its handle, if any post bears it."""
    bearers = found.bearers.get((person.source, person.name), set())
    if len(bearers) > 1:
        known = ", ".join(f"{person.source}:{each}" for each in sorted(bearers))
        told = "several accounts have had the name {text}: {known}; name one by its id"
        raise PersonError(Said(told, {"text": person.asked[:_LONGEST_SHOWN], "known": known}))
    return bearers


def signed(db: sqlite3.Connection) -> Iterator[Told]:
    """The posts on record of which it is known who wrote them."""
    for (body,) in db.execute("SELECT body FROM content"):
        if b'"author":{' in body:
            yield _decode(body)


def _learn(person: Person, told: Told, key: str, handle: str) -> None:
    author = told.author or Author()
    if key:
        person.ids.add(key)
    if author.handle:
        person.handles.add(handle)
    if author.name:
        person.names.add(author.name)
    person.keys.add(author_key(told.source or UNKNOWN_SOURCE, author))
    person.posts.add(told.id)
    person.texts.update(filter(None, (told.text, told.title)))


def _united(persons: Sequence[Person]) -> list[Person]:
    """Somebody asked for twice, by id and by handle, is one."""
    kept: dict[tuple[str, str], Person] = {}
    for person in persons:
        keys = [(person.source, key) for key in sorted(person.ids) or [person.name]]
        if not any(key in kept for key in keys):
            kept |= dict.fromkeys(keys, person)
    return list({id(person): person for person in kept.values()}.values())


def _take_bare(person: Person, found: _Found) -> None:
    """Posts without an id are theirs if nobody else is known to have had the handle."""
    for handle in {*person.handles, person.name}:
        bare = found.bare.get((person.source, handle), [])
        if found.bearers.get((person.source, handle), set()) <= person.ids:
            for told in bare:
                _learn(person, told, "", handle)
        else:
            person.doubtful += len(bare)


def _add_keys(person: Person) -> None:
    """The keys by which the account may have been counted, also where no text of it is left."""
    sources = ("x", "twitter") if person.source == "x" else (person.source,)
    names = {person.name, person.asked.partition(":")[2].strip(), *person.ids, *person.handles}
    for source in sources:
        for name in names:
            person.keys.add(author_key(source, Author(id=name)))
            person.keys.add(author_key(source, Author(handle=name)))
    person.keys.discard(0)


def _add_unsigned(db: sqlite3.Connection, persons: Iterable[Person]) -> None:
    """Posts that are theirs by the key that was counted, and of whose text nothing is left that says whose it was."""
    by_key = {key: person for person in persons for key in person.keys}
    rows = db.execute(
        "SELECT mention, author, (SELECT body FROM content c WHERE c.mention = found.mention) FROM "
        "(SELECT mention, CAST(body AS TEXT) ->> 'author' AS author FROM journal WHERE kind = 'sighting') AS found "
        "WHERE author IN (SELECT value FROM json_each(?))",
        (_encode(sorted(by_key)).decode(),),
    )
    for mention, key, body in rows:
        author = None if body is None else _decode(body).author
        if author is None or not (author.id or author.handle or author.name):
            by_key[key].posts.add(mention)
