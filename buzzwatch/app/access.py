"""What is held of a person, for who asks to see it: everything, as JSON, and a summary that can be read."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from buzzwatch.model.incident import Incident
from buzzwatch.model.input import Corrected
from buzzwatch.model.instant import Instant, moment_of
from buzzwatch.model.mention import Mention, Sighting
from buzzwatch.rules.words import Language, Said, in_language
from buzzwatch.store.authors import read_pasts
from buzzwatch.store.forgetting import find_refused, shown_counts
from buzzwatch.store.persons import Person, platform
from buzzwatch.store.traces import handle_pattern

_encode = msgspec.json.Encoder().encode
_TOLD = ("source", "kind", "lang", "title", "text", "url", "parent", "thread", "engagement", "stars", "author")
_COUNTED = ("brand", "thread", "parent", "negativity", "scorer", "themes", "voice", "followers", "official", "unnamed")


def held_of(db: sqlite3.Connection, person: Person, now: Instant) -> dict[str, Any]:
    """Everything that is held of a person, as builtins; instants are written as dates in UTC."""
    posts = [_post(db, post) for post in sorted(person.posts)]
    incidents = list(_incidents(db, person.posts))
    return {
        "asked_for": person.asked,
        "made_at": _date(now),
        "account": {
            "platform": person.source,
            "ids": sorted(person.ids),
            "handles": sorted(person.handles),
            "names": sorted(person.names),
        },
        "posts": posts,
        "kept_numbers": _pasts(db, person.posts, now),
        "complaints": _rows(db, "complaint", "mention", person.posts),
        "marked_by_the_team": list(_marks(db, person.posts)),
        "incidents": incidents,
        "refused_payloads_that_may_be_theirs": len(find_refused(db, [person])),
        "posts_of_others_that_name_them": list(_named_by(db, person)),
        "posts_by_a_handle_that_others_have_had_too": person.doubtful,
    }


def found_of(db: sqlite3.Connection, person: Person, language: Language) -> list[str]:
    """What was found of a person, in lines: accounts, posts, brands, dates."""
    return [in_language(said, language) for said in _found(db, person)]


def _found(db: sqlite3.Connection, person: Person) -> Iterator[Said]:
    if not person.posts:
        yield Said("{account}: nothing is held of this account", {"account": person.asked})
        return
    known = ", ".join(f"{person.source}:{each}" for each in (*sorted(person.ids), *sorted(person.handles)))
    values = {"account": person.asked, "posts": len(person.posts), "known": known}
    yield Said("{account}: {posts} posts, by {known}", values)
    for brand, (number, first, last) in shown_counts(db, person.posts).items():
        values = {"brand": brand, "posts": number, "first": _day(first), "last": _day(last)}
        yield Said("  about {brand}: {posts}, heard from {first} to {last}", values)
    if shown := sum(bool(each["shown"]) for each in _incidents(db, person.posts)):
        yield Said("  shown in {n} incidents", {"n": shown})
    if person.doubtful:
        told = "  left alone: {n} posts by a handle that other accounts have had too, and without an id"
        yield Said(told, {"n": person.doubtful})


def _post(db: sqlite3.Connection, post: str) -> dict[str, Any]:
    row = db.execute("SELECT body, road, seen_at FROM content WHERE mention = ?", (post,)).fetchone()
    told: dict[str, Any] = {"id": post}
    if row is not None:
        mention = msgspec.json.decode(row[0], type=Mention)
        words = msgspec.to_builtins(mention)
        told |= {"posted_at": words["created_at"], "heard_at": _date(row[2]), "heard_by": row[1]}
        told |= {name: words[name] for name in _TOLD}
        told["text_is_kept"] = not mention.deleted
    rows = db.execute("SELECT body FROM journal WHERE mention = ? AND kind = 'sighting' ORDER BY seq", (post,))
    sightings = (msgspec.json.decode(body, type=Sighting) for (body,) in rows)
    told["counted"] = [
        {"at": _date(seen.counted_at), **{name: msgspec.to_builtins(getattr(seen, name)) for name in _COUNTED}}
        for seen in sightings
    ]
    return told


def _pasts(db: sqlite3.Connection, posts: Iterable[str], now: Instant) -> dict[str, Any]:
    """What is known of the author for each brand, whatever the post."""
    found: dict[str, Any] = {}
    for brand in shown_counts(db, posts):
        for past in read_pasts(db, posts, brand, now).values():
            words = msgspec.to_builtins(past)
            found[brand] = words | {name: _date(words[name]) for name in ("first_at", "asked_at") if words[name]}
    return found


def _rows(db: sqlite3.Connection, table: str, column: str, posts: Iterable[str]) -> list[dict[str, Any]]:
    query = f"SELECT * FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
    cursor = db.execute(query, (_encode(sorted(posts)).decode(),))
    names = [each[0] for each in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    return [{key: _date(each) if key.endswith("_at") and each else each for key, each in row.items()} for row in rows]


def _marks(db: sqlite3.Connection, posts: Iterable[str]) -> Iterator[dict[str, Any]]:
    rows = db.execute(
        "SELECT body FROM journal WHERE kind = 'corrected' AND CAST(body AS TEXT) ->> 'mention' IN "
        "(SELECT value FROM json_each(?)) ORDER BY seq",
        (_encode(sorted(posts)).decode(),),
    )
    for (body,) in rows:
        mark = msgspec.json.decode(body, type=Corrected)
        yield {"post": mark.mention, "brand": mark.brand, "mark": mark.mark, "by": mark.by, "at": _date(mark.said_at)}


def _incidents(db: sqlite3.Connection, posts: set[str]) -> Iterator[dict[str, Any]]:
    """Those that show a post of theirs, are about one, or counted one: heard about the brand while they lasted."""
    heard = db.execute(
        "SELECT brand, seen_at FROM journal WHERE mention IN (SELECT value FROM json_each(?))",
        (_encode(sorted(posts)).decode(),),
    ).fetchall()
    for (body,) in db.execute("SELECT body FROM incident ORDER BY opened_at, id"):
        incident = msgspec.json.decode(body, type=Incident)
        until = incident.closed_at or 1 << 62
        number = sum(b == incident.subject.brand and incident.began_at <= at <= until for b, at in heard)
        shown = sorted(posts.intersection(incident.shown))
        about = sorted(posts.intersection({incident.subject.thread, incident.subject.story}))
        if number or shown or about:
            yield {
                "incident": incident.id,
                "brand": incident.subject.brand,
                "opened_at": _date(incident.opened_at),
                "shown": shown,
                "about": about,
                "heard_meanwhile": number,
            }


def _named_by(db: sqlite3.Connection, person: Person) -> Iterator[str]:
    pattern = handle_pattern([person])
    for mention, body in db.execute("SELECT mention, body FROM content") if pattern else ():
        if mention not in person.posts and b"@" in body:
            told = msgspec.json.decode(body, type=Mention)
            if platform(told.source) == person.source and pattern is not None and pattern.search(told.whole):
                yield mention


def _date(instant: Instant) -> str:
    return moment_of(instant).isoformat()


def _day(instant: Instant) -> str:
    return f"{moment_of(instant):%Y-%m-%d}"
